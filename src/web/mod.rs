//! What all pages share: layout, assets, forms and their protection, error pages,
//! headers, and who is looking.

pub mod assets;
pub mod csrf;
mod failure;
pub mod headers;
mod page;
pub mod staff;
#[cfg(test)]
mod tests;
pub mod theme;
pub mod visitor;

use rocket::fairing::AdHoc;

pub use failure::Failure;
pub use page::{Page, PageHead, Visit};

/// Mounts what every page needs and turns every error into a page in plain words.
#[must_use]
pub fn stage() -> AdHoc {
    AdHoc::on_ignite("web", |rocket| async {
        rocket
            .attach(headers::shield())
            .attach(assets::stage())
            .attach(theme::stage())
            .attach(staff::stage())
            .register("/", failure::catchers())
    })
}
