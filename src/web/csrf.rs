//! Protection of forms against other sites that post with our visitors' cookies.
//!
//! A page puts `{{ page.csrf }}` into a hidden field `csrf` of each form, and its route
//! takes the form as [`CsrfForm`]:
//!
//! ```text
//! #[post("/polls", data = "<form>")]
//! async fn create(staff: Staff, form: CsrfForm<NewPoll>) -> Result<Redirect, Failure> { … }
//! ```

use std::borrow::Cow;
use std::ops::Deref;

use rocket::data::{Data, FromData, Limits, Outcome};
use rocket::form::{self, DataField, Form, FromForm, Options, ValueField};
use rocket::http::{ContentType, Cookie, RawStr, SameSite, Status};
use rocket::request::Request;

use super::Failure;
use crate::keys::{equal_in_constant_time, random_token};

const COOKIE: &str = "csrf";
const FIELD: &str = "csrf";

/// A URL-encoded form that proved to come from one of our own pages. Refused with 403
/// otherwise, with 413 when longer than Rocket's limit `form`, and with 422 when the
/// fields do not make a `T`.
#[derive(Debug)]
pub struct CsrfForm<T>(T);

impl<T> CsrfForm<T> {
    /// The form itself.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for CsrfForm<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// A form of buttons alone: nothing but the token matters.
#[derive(Debug)]
pub struct NoFields;

#[rocket::async_trait]
impl<'r> FromForm<'r> for NoFields {
    type Context = ();

    fn init(_: Options) {}

    fn push_value((): &mut (), _: ValueField<'r>) {}

    async fn push_data((): &mut (), _: DataField<'r, '_>) {}

    fn finalize((): ()) -> form::Result<'r, Self> {
        Ok(Self)
    }
}

/// The token of this browser, made when it has none. Empty, and so never accepted, when
/// the system has no random numbers.
pub(super) fn token(request: &Request<'_>) -> String {
    request.local_cache(|| Token(known(request).unwrap_or_else(|| make(request)))).0.clone()
}

struct Token(String);

fn known(request: &Request<'_>) -> Option<String> {
    let cookie = request.cookies().get_private(COOKIE)?;
    Some(cookie.value().to_owned()).filter(|token| !token.is_empty())
}

fn make(request: &Request<'_>) -> String {
    let token = random_token().unwrap_or_default();
    let cookie =
        Cookie::build((COOKIE, token.clone())).path("/").http_only(true).same_site(SameSite::Lax);
    request.cookies().add_private(cookie);
    token
}

#[rocket::async_trait]
impl<'r, T: for<'f> FromForm<'f> + 'static> FromData<'r> for CsrfForm<T> {
    type Error = Failure;

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r, Self> {
        match read(request, data).await {
            Ok(form) => Outcome::Success(Self(form)),
            Err(failure) => {
                failure.remember(request);
                Outcome::Error((failure.status(), failure))
            }
        }
    }
}

async fn read<'r, T: for<'f> FromForm<'f> + 'static>(
    request: &'r Request<'_>,
    data: Data<'r>,
) -> Result<T, Failure> {
    if request.content_type() != Some(&ContentType::Form) {
        return Err(Failure::new(
            Status::UnsupportedMediaType,
            "Send the form as application/x-www-form-urlencoded.",
        ));
    }
    let limit = request.limits().get("form").unwrap_or(Limits::FORM);
    let text = data.open(limit).into_string().await?;
    if !text.is_complete() {
        return Err(Failure::new(Status::PayloadTooLarge, "The form is too long."));
    }
    let raw = RawStr::new(text.as_str());
    let given = raw
        .split('&')
        .filter_map(|field| field.split_at_byte(b'=').into())
        .find(|(name, _)| *name == FIELD)
        .and_then(|(_, value)| value.url_decode().ok().map(Cow::into_owned))
        .unwrap_or_default();
    let ours = known(request)
        .is_some_and(|expected| equal_in_constant_time(expected.as_bytes(), given.as_bytes()));
    if !ours {
        return Err(Failure::new(
            Status::Forbidden,
            "This form was open for too long, or cookies are off. Go back, reload the page and send it again.",
        ));
    }
    Form::parse_encoded(raw).map_err(|errors| {
        let error = errors.iter().next();
        let field = error.and_then(|error| error.name.as_ref()).map(ToString::to_string);
        let text = error.map_or_else(String::new, ToString::to_string);
        Failure::invalid(field.unwrap_or_default(), text)
    })
}
