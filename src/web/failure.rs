//! What goes wrong in a route, said in plain words: as a page to people, as JSON to
//! programs.

use std::fmt::Display;
use std::io::Cursor;

use askama::Template;
use rocket::Catcher;
use rocket::catcher::Handler;
use rocket::http::{Accept, ContentType, Status};
use rocket::request::Request;
use rocket::response::{self, Responder, Response};
use serde::Serialize;

use super::{PageHead, Visit};

/// The error type of routes. Programs get `{"error": "…", "field": "…"}`, people a page.
///
/// Any other error becomes an internal one by `?`: logged, and never shown.
#[derive(Debug, Clone)]
pub struct Failure {
    status: Status,
    text: String,
    field: Option<String>,
}

impl Failure {
    /// An error with a status of its own.
    pub fn new(status: Status, text: impl Into<String>) -> Self {
        Self { status, text: text.into(), field: None }
    }

    /// 404: what is asked for does not exist.
    pub fn not_found(text: impl Into<String>) -> Self {
        Self::new(Status::NotFound, text)
    }

    /// 409: right in itself, but not in the present state of things.
    pub fn conflict(text: impl Into<String>) -> Self {
        Self::new(Status::Conflict, text)
    }

    /// 422: the field of that name is wrong; the text says how to put it right.
    pub fn invalid(field: impl Into<String>, text: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..Self::new(Status::UnprocessableEntity, text) }
    }

    /// 500: our own fault. The cause goes into the log and nowhere else.
    pub fn internal(cause: impl Display) -> Self {
        tracing::error!("{cause}");
        Self::of_status(Status::InternalServerError)
    }

    /// The status of the response.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status
    }

    /// Keeps it for the catcher, to which Rocket gives no more than the status when a
    /// request guard fails.
    pub(super) fn remember(&self, request: &Request<'_>) {
        request.local_cache(|| Remembered(Some(self.clone())));
    }

    fn of_status(status: Status) -> Self {
        let text = match status.code {
            400 => "The server does not understand this request.",
            401 | 403 => "You may not see this page.",
            404 => "There is nothing at this address.",
            405 => "This address does not take this kind of request.",
            413 => "That is more than the server takes.",
            415 => "The server does not read this kind of content.",
            422 => "The server cannot use what was sent.",
            503 => "The server is not ready. Try again in a moment.",
            500..=599 => "Something went wrong here. It is in the log; try again in a moment.",
            _ => status.reason_lossy(),
        };
        Self::new(status, text)
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(cause: E) -> Self {
        Self::internal(cause)
    }
}

struct Remembered(Option<Failure>);

#[derive(Serialize)]
struct Json<'a> {
    error: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    page: PageHead,
    code: u16,
    text: &'a str,
}

impl<'r> Responder<'r, 'static> for Failure {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let (content_type, body) = if wants_json(request) {
            let json = Json { error: &self.text, field: self.field.as_deref() };
            (ContentType::JSON, serde_json::to_string(&json).ok())
        } else {
            let page = ErrorPage {
                page: PageHead::new(self.status.reason_lossy(), &Visit::of(request)),
                code: self.status.code,
                text: &self.text,
            };
            (ContentType::HTML, page.render().ok())
        };
        let body = body.unwrap_or_default();
        Response::build()
            .status(self.status)
            .header(content_type)
            .sized_body(body.len(), Cursor::new(body))
            .ok()
    }
}

/// Programs call the API, or say that they rather take JSON than a page.
fn wants_json(request: &Request<'_>) -> bool {
    request.uri().path().starts_with("/api/")
        || request.accept().map(Accept::preferred).is_some_and(|media| media.is_json())
}

#[derive(Clone)]
struct CatchAll;

#[rocket::async_trait]
impl Handler for CatchAll {
    async fn handle<'r>(&self, status: Status, request: &'r Request<'_>) -> response::Result<'r> {
        request
            .local_cache(|| Remembered(None))
            .0
            .clone()
            .unwrap_or_else(|| Failure::of_status(status))
            .respond_to(request)
    }
}

/// One catcher for every status.
pub(super) fn catchers() -> Vec<Catcher> {
    vec![Catcher::new(None, CatchAll)]
}
