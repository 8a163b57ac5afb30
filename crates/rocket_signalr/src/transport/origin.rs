//! Which pages may use a hub: the Origin check, and CORS for those of other origins.

use rocket::{
    Request, Response,
    http::{Header, Method, Status},
};

/// Whose pages may open a hub. Requests without an `Origin` header (they come from no browser, or
/// from a page of this server) pass in any case.
///
/// What is allowed is told to browsers by CORS headers, with credentials. Since those do not protect
/// WebSockets, requests from all other origins are refused with 403.
///
/// ```
/// use rocket_signalr::{AllowedOrigins, HubOptions};
///
/// let options = HubOptions {
///     allowed_origins: AllowedOrigins::List(vec!["https://shop.example.org".to_owned()]),
///     ..HubOptions::default()
/// };
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedOrigins {
    /// Only pages that this server itself has sent: their origin's host and port are those of the
    /// request's `Host` header.
    SameOrigin,
    /// The same origin and these, written as browsers do: `https://example.org`,
    /// `http://localhost:3000`.
    List(Vec<String>),
    /// All. Any page in the world can then act as a visitor whose browser sends cookies along.
    Any,
}

impl AllowedOrigins {
    /// Whether a request may come in that was sent by a page of this origin, if by any.
    pub(crate) fn allow(&self, origin: Option<&str>, request: &Request<'_>) -> bool {
        origin.is_none_or(|origin| {
            is_same(origin, request.headers().get_one("Host")) || self.names(origin)
        })
    }

    /// The answer to a browser that asks whether a page of this origin may send a request.
    pub(crate) fn preflight(
        &self,
        origin: Option<&str>,
        request: &Request<'_>,
    ) -> Option<Response<'static>> {
        if request.method() != Method::Options || !self.names(origin?) {
            return None;
        }
        let asked = |name| request.headers().get_one(name).map(ToOwned::to_owned);
        let method = asked("Access-Control-Request-Method")?;
        let mut response = Response::build()
            .status(Status::NoContent)
            .header(Header::new("Access-Control-Allow-Methods", method))
            .finalize();
        if let Some(headers) = asked("Access-Control-Request-Headers") {
            response.set_header(Header::new("Access-Control-Allow-Headers", headers));
        }
        Some(response)
    }

    /// Lets a page of another origin read the response.
    pub(crate) fn grant(&self, origin: Option<&str>, response: &mut Response<'_>) {
        if let Some(origin) = origin.filter(|origin| self.names(origin)) {
            response.set_header(Header::new("Access-Control-Allow-Origin", origin.to_owned()));
            response.set_header(Header::new("Access-Control-Allow-Credentials", "true"));
            response.adjoin_header(Header::new("Vary", "Origin"));
        }
    }

    fn names(&self, origin: &str) -> bool {
        match self {
            Self::SameOrigin => false,
            Self::List(list) => list.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin)),
            Self::Any => true,
        }
    }
}

fn is_same(origin: &str, host: Option<&str>) -> bool {
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    matches!((authority, host), (Some(a), Some(b)) if a.eq_ignore_ascii_case(b))
}
