//! Signalbox: a live monitoring dashboard with hosted timer services.
//!
//! Services tick and push through the hubs of [`rocket_signalr`] to pages that change
//! while people look at them. Each feature is a folder here, and [`rocket()`] is the one
//! place where they are put together.

pub mod clock;
pub mod config;
pub mod dashboard;
pub mod health;
pub mod host;
pub mod keys;
pub mod lobby;
pub mod logging;
pub mod metrics;
pub mod polls;
pub mod store;
pub mod stringtools;
pub mod typescript;
pub mod views;
pub mod vitals;
pub mod web;

use rocket::{Build, Rocket};
use rocket_signalr::ListenBacklog;

use config::Config;

/// The whole application, ready to launch.
#[must_use]
pub fn rocket(config: Config) -> Rocket<Build> {
    rocket::custom(config.figment)
        .manage(config.settings)
        .manage(config.staff_key)
        .attach(ListenBacklog::default())
        .attach(store::stage())
        .attach(web::stage())
        .attach(host::stage())
        .attach(metrics::stage())
        .attach(clock::stage())
        .attach(vitals::stage())
        .attach(views::stage())
        .attach(lobby::stage())
        .attach(polls::stage())
        .attach(stringtools::stage())
        .attach(dashboard::stage())
        .attach(health::stage())
}
