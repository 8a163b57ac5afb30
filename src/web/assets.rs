//! Scripts and styles, embedded in the binary.
//!
//! The build gives them stable names; their addresses carry a hash of their content, so
//! that browsers may keep them for ever and never show an old one with a new page.

use std::borrow::Cow;
use std::fmt::Write;
use std::io::Cursor;
use std::path::Path;

use rocket::fairing::AdHoc;
use rocket::http::{ContentType, Header, Status};
use rocket::request::Request;
use rocket::response::{self, Responder, Response};
use rocket::{get, routes};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/static/dist"]
struct Files;

/// The address of the asset `name`, such as `clock.js`; `None` when there is none.
#[must_use]
pub fn url(name: &str) -> Option<String> {
    let file = Files::get(name)?;
    let (stem, extension) = name.rsplit_once('.')?;
    Some(format!("/assets/{stem}.{}.{extension}", hash(&file)))
}

/// Mounts `/assets`.
#[must_use]
pub fn stage() -> AdHoc {
    AdHoc::on_ignite("assets", |rocket| async { rocket.mount("/", routes![asset, favicon]) })
}

struct Asset {
    name: String,
    file: EmbeddedFile,
    cache: &'static str,
}

#[get("/assets/<name>")]
fn asset(name: &str) -> Option<Asset> {
    find(name).map(|(name, file)| Asset {
        name,
        file,
        cache: "public, max-age=31536000, immutable",
    })
}

/// Browsers ask for it unbidden.
#[get("/favicon.ico")]
fn favicon() -> Option<Asset> {
    Some(Asset {
        name: "icon.svg".into(),
        file: Files::get("icon.svg")?,
        cache: "public, max-age=86400",
    })
}

/// The file that the address names: one whose name has the hash in it from the build
/// (a chunk), or one whose content has the hash of the address.
fn find(name: &str) -> Option<(String, EmbeddedFile)> {
    let (stem, extension) = name.rsplit_once('.')?;
    let (stem, expected) = stem.rsplit_once('.')?;
    if stem == "chunk" {
        return Some((name.to_owned(), Files::get(name)?));
    }
    let stable = format!("{stem}.{extension}");
    let file = Files::get(&stable)?;
    (hash(&file) == expected).then_some((stable, file))
}

/// The first 64 bits of the content's SHA-256.
fn hash(file: &EmbeddedFile) -> String {
    file.metadata.sha256_hash()[..8].iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl<'r> Responder<'r, 'static> for Asset {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let etag = format!("\"{}\"", hash(&self.file));
        let content_type = Path::new(&self.name)
            .extension()
            .and_then(|extension| ContentType::from_extension(&extension.to_string_lossy()))
            .unwrap_or(ContentType::Binary);
        let mut response = Response::build();
        response
            .header(content_type)
            .header(Header::new("Cache-Control", self.cache))
            .header(Header::new("Vary", "Accept-Encoding"))
            .header(Header::new("ETag", etag.clone()));
        if request.headers().get_one("If-None-Match") == Some(&etag) {
            return response.status(Status::NotModified).ok();
        }
        let zipped =
            takes_gzip(request).then(|| Files::get(&format!("{}.gz", self.name))).flatten();
        let body: Cow<'static, [u8]> = match zipped {
            Some(zipped) => {
                response.header(Header::new("Content-Encoding", "gzip"));
                zipped.data
            }
            None => self.file.data,
        };
        response.sized_body(body.len(), Cursor::new(body)).ok()
    }
}

fn takes_gzip(request: &Request<'_>) -> bool {
    request.headers().get("Accept-Encoding").flat_map(|header| header.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        name.trim().eq_ignore_ascii_case("gzip") && !matches!(weight.trim(), "q=0" | "q=0.0")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_an_asset_leads_to_it() {
        let url = url("app.css").expect("the style sheet is built");
        let name = url.strip_prefix("/assets/").expect("below /assets");
        assert_eq!(find(name).map(|(name, _)| name), Some("app.css".into()));
    }

    #[test]
    fn another_hash_and_a_bare_name_lead_nowhere() {
        assert!(find("app.0000000000000000.css").is_none());
        assert!(find("app.css").is_none());
        assert!(find("../Cargo.toml").is_none());
    }
}
