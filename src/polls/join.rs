//! How voters get to a poll: its address in full, in words, and as a QR code.

use qrcode::QrCode;
use qrcode::render::svg;
use qrcode::types::QrError;
use rocket::http::uri::Host;
use rocket::request::{FromRequest, Outcome, Request};

use super::code::Code;

/// This site as the sender of a request addresses it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Site {
    scheme: &'static str,
    host: String,
}

impl Site {
    /// The address of the voters' page.
    pub(super) fn join_url(&self, code: &Code) -> String {
        format!("{}://{}/p/{code}", self.scheme, self.host)
    }

    /// The address where voters type the code, short enough to be read out.
    pub(super) fn join_words(&self) -> String {
        format!("{}/p", self.host)
    }

    /// Whether the address means this machine only, so that no phone can reach it.
    pub(super) fn is_local(&self) -> bool {
        ["localhost", "127.0.0.1", "[::1]"].iter().any(|local| {
            let rest = self.host.strip_prefix(local);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
        })
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Site {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        // Proxies that speak TLS for us say so. Who lies here gets a wrong link to read.
        let secure = request.headers().get_one("X-Forwarded-Proto") == Some("https");
        let host = request.host().map_or_else(|| "localhost".to_owned(), Host::to_string);
        Outcome::Success(Self { scheme: if secure { "https" } else { "http" }, host })
    }
}

/// A QR code as an SVG image: black on white in every theme, since readers want it so.
///
/// # Errors
/// The text is too long for a QR code.
pub(super) fn qr_svg(text: &str) -> Result<String, QrError> {
    Ok(QrCode::new(text)?.render::<svg::Color<'_>>().min_dimensions(256, 256).build())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(host: &str) -> Site {
        Site { scheme: "http", host: host.into() }
    }

    #[test]
    fn addresses_lead_to_the_voters_page() {
        let site = site("polls.example:8000");
        let code = Code::parse("KM7Q2X").unwrap();
        assert_eq!(site.join_url(&code), "http://polls.example:8000/p/KM7Q2X");
        assert_eq!(site.join_words(), "polls.example:8000/p");
    }

    #[test]
    fn local_addresses_are_known() {
        for host in ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000", "[::1]"] {
            assert!(site(host).is_local(), "{host}");
        }
        for host in ["polls.example", "192.168.1.7:8000", "localhost.example"] {
            assert!(!site(host).is_local(), "{host}");
        }
    }

    #[test]
    fn the_image_needs_no_inline_style() {
        let svg = qr_svg("http://polls.example:8000/p/KM7Q2X").unwrap();
        assert!(svg.contains("<svg") && !svg.contains("style"));
    }
}
