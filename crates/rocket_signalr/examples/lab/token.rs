//! Signs users in: whoever asks for a token gets one, as this is a lab.

use chrono::{TimeDelta, Utc};
use jsonwebtoken::{EncodingKey, Header};
use rocket::get;
use serde::Serialize;

const KEY: &[u8] = b"a key that only the tests of this server know";

/// What a token says, under the names that ASP.NET writes.
#[derive(Debug, Serialize)]
struct Claims<'a> {
    nameid: &'a str,
    unique_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'a str>,
    /// In seconds since the epoch.
    exp: i64,
}

/// GET /token?user=ann&role=admin&seconds=60
#[get("/token?<user>&<role>&<seconds>")]
pub(crate) fn issue(
    user: &str,
    role: Option<&str>,
    seconds: Option<f64>,
) -> Result<String, String> {
    let lifetime = TimeDelta::milliseconds((seconds.unwrap_or(3600.0) * 1000.0) as i64);
    let exp = (Utc::now() + lifetime).timestamp();
    let claims = Claims { nameid: user, unique_name: user, role, exp };
    jsonwebtoken::encode(&Header::default(), &claims, &EncodingKey::from_secret(KEY))
        .map_err(|error| error.to_string())
}
