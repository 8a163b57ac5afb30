//! Who users are: whoever asks for a token gets one, as this is a lab, and is known by it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use rocket::{Request, async_trait, get};
use rocket_signalr::{Authenticate, User, bearer_token};
use serde::{Deserialize, Serialize};

const KEY: &[u8] = b"a key that only the tests of this server know";

const ID: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier";
const NAME: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name";
const ROLE: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";

/// What a token says, under the names that ASP.NET gives to it.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    #[serde(rename = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier")]
    id: String,
    #[serde(rename = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name")]
    name: String,
    #[serde(rename = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role")]
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    /// When it expires, in seconds since the epoch.
    exp: u64,
}

/// GET /token?user=ann&role=admin&seconds=60
#[get("/token?<user>&<role>&<seconds>")]
pub(crate) fn issue(
    user: String,
    role: Option<String>,
    seconds: Option<f64>,
) -> Result<String, String> {
    let lifetime = Duration::try_from_secs_f64(seconds.unwrap_or(3600.0));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let exp = now.saturating_add(lifetime.map_err(|error| error.to_string())?).as_secs();
    let claims = Claims { id: user.clone(), name: user, role, exp };
    let key = EncodingKey::from_secret(KEY);
    jsonwebtoken::encode(&Header::default(), &claims, &key).map_err(|error| error.to_string())
}

/// Knows users by their tokens.
#[derive(Debug)]
pub(crate) struct Tokens;

#[async_trait]
impl Authenticate for Tokens {
    async fn user(&self, request: &Request<'_>) -> Option<User> {
        let token = bearer_token(request)?;
        let key = DecodingKey::from_secret(KEY);
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = 0;
        let Claims { id, name, role, exp } =
            jsonwebtoken::decode(&*token, &key, &validation).ok()?.claims;

        let user = User::new(&*id)
            .with_claim(ID, id)
            .with_claim(NAME, &*name)
            .with_claim("exp", exp.to_string())
            .with_name(name)
            .expires_at(UNIX_EPOCH + Duration::from_secs(exp));
        Some(match role {
            Some(role) => user.with_claim(ROLE, &*role).with_role(role),
            None => user,
        })
    }
}
