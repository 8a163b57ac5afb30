//! The security headers of every response.

use rocket::http::Header;
use rocket::shield::{Frame, NoSniff, Permission, Policy, Referrer, Shield};

/// Scripts, styles, sockets and forms of this site alone; nothing inline, nothing from
/// elsewhere.
const CONTENT_SECURITY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'self'; \
    base-uri 'none'";

#[derive(Default)]
struct ContentSecurity;

impl Policy for ContentSecurity {
    const NAME: &'static str = "Content-Security-Policy";

    fn header(&self) -> Header<'static> {
        Header::new(Self::NAME, CONTENT_SECURITY)
    }
}

/// Rocket's shield with a content security policy and without referrers to other sites.
#[must_use]
pub fn shield() -> Shield {
    Shield::new()
        .enable(NoSniff::default())
        .enable(Frame::default())
        .enable(Permission::default())
        .enable(Referrer::SameOrigin)
        .enable(ContentSecurity)
}
