//! Polls: staff ask, an audience votes through a short code without an account, and the tally moves
//! on every page that shows it.
//!
//! A vote goes by form, API or hub method through the rules ([`poll`]) and the ballot box, which
//! puts it on disk, to the tally in memory ([`Polls`]) and from there through the hub to all who
//! watch.

mod api;
mod ballot_box;
pub mod code;
pub mod hub;
mod join;
mod pace;
mod pages;
pub mod poll;
mod registry;
mod service;
mod store;
#[cfg(test)]
mod testing;
pub mod voter;
mod widget;

use rocket::fairing::AdHoc;
use rocket_signalr::{Hub, HubError};

pub use registry::{Polls, Receipt};
pub use store::Ballot;
pub use widget::{Widget, widget};

use crate::host::Host;
use crate::store::Store;
use crate::web::Failure;
use hub::PollHub;
use poll::PollError;
use service::TalliesService;

/// Manages [`Polls`], attaches the hub `/hubs/menti`, adds the tallies service, and mounts the
/// pages and the API. Comes after the database and the host.
#[must_use]
pub fn stage() -> AdHoc {
    AdHoc::try_on_ignite("polls", |rocket| async {
        let (Some(store), Some(host)) = (rocket.state::<Store>(), rocket.state::<Host>()) else {
            tracing::error!("the stage of polls needs the database and the host before it");
            return Err(rocket);
        };
        let polls = Polls::open(store.pool().clone());
        let hub = PollHub::new(polls.clone()).at("/hubs/menti");
        host.add(TalliesService::new(polls.clone(), hub.context()));
        Ok(rocket
            .manage(polls)
            .attach(hub)
            .mount("/", pages::routes())
            .mount("/api/polls", api::routes()))
    })
}

impl From<PollError> for Failure {
    fn from(error: PollError) -> Self {
        match error {
            PollError::NotFound => Self::not_found(error.to_string()),
            PollError::Closed => Self::conflict(error.to_string()),
            PollError::Invalid { field, text } => Self::invalid(field, text),
            PollError::Failed(cause) => Self::internal(cause),
        }
    }
}

impl From<PollError> for HubError {
    fn from(error: PollError) -> Self {
        if let PollError::Failed(cause) = &error {
            tracing::error!("{cause}");
        }
        Self::new(error.to_string())
    }
}
