//! Lets pages of any origin use this server, as a lab may.

use rocket::{
    Request, Response, async_trait,
    fairing::{Fairing, Info, Kind},
    http::{Header, Method, Status},
};

/// Answers preflights, and tells browsers that they may show the answers to their pages.
#[derive(Debug)]
pub(crate) struct AnyOrigin;

#[async_trait]
impl Fairing for AnyOrigin {
    fn info(&self) -> Info {
        Info { name: "any origin", kind: Kind::Response }
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let asked = request.headers();
        let Some(origin) = asked.get_one("Origin") else { return };
        response.set_header(Header::new("Access-Control-Allow-Origin", origin.to_owned()));
        response.set_header(Header::new("Access-Control-Allow-Credentials", "true"));
        response.adjoin_header(Header::new("Vary", "Origin"));

        let method = asked.get_one("Access-Control-Request-Method");
        if let (Method::Options, Some(method)) = (request.method(), method) {
            response.set_status(Status::NoContent);
            response.set_sized_body(0, std::io::empty());
            response.remove_header("Content-Type");
            response.set_header(Header::new("Access-Control-Allow-Methods", method.to_owned()));
            if let Some(headers) = asked.get_one("Access-Control-Request-Headers") {
                let headers = headers.to_owned();
                response.set_header(Header::new("Access-Control-Allow-Headers", headers));
            }
        }
    }
}
