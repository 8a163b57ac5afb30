//! Visitors without an account: one random name for each browser.

use rocket::http::{Cookie, SameSite, Status};
use rocket::request::{FromRequest, Outcome, Request};
use rocket::time::Duration;

use super::Failure;
use crate::keys::random_token;

/// The cookie that holds the name; hubs read it too.
pub const COOKIE: &str = "visitor";

/// A browser, known by a long-lived cookie that the guard sets when it is absent. Scripts
/// cannot read it, and other sites cannot send it along with their forms.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// 32 random letters.
    pub id: String,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Visitor {
    type Error = Failure;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Failure> {
        let known = request
            .cookies()
            .get(COOKIE)
            .map(Cookie::value)
            .filter(|id| (16..=64).contains(&id.len()));
        if let Some(id) = known {
            return Outcome::Success(Self { id: id.to_owned() });
        }
        match random_token() {
            Ok(id) => {
                let cookie = Cookie::build((COOKIE, id.clone()))
                    .path("/")
                    .http_only(true)
                    .same_site(SameSite::Lax)
                    .max_age(Duration::days(365));
                request.cookies().add(cookie);
                Outcome::Success(Self { id })
            }
            Err(error) => {
                let failure = Failure::internal(error);
                failure.remember(request);
                Outcome::Error((Status::InternalServerError, failure))
            }
        }
    }
}
