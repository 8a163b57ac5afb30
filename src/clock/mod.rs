//! The clock: the time in UTC, twice a second.

mod hub;
mod service;

use askama::Template;
use chrono::{DateTime, Utc};
use rocket::fairing::AdHoc;
use rocket_signalr::Hub;

pub use self::hub::TimeHub;
use self::service::ClockService;
use crate::host::Host;

/// Long date and time as .NET's format "F" writes them in American English:
/// `Friday, November 20, 2026 9:05:07 AM`.
pub fn long_time(time: DateTime<Utc>) -> String {
    time.format("%A, %B %-d, %Y %-I:%M:%S %p").to_string()
}

/// Attaches `/hubs/time` and its service. Comes after the host.
pub fn stage() -> AdHoc {
    AdHoc::try_on_ignite("clock", |rocket| async {
        let Some(host) = rocket.state::<Host>().cloned() else { return Err(rocket) };
        let endpoint = TimeHub.at("/hubs/time");
        host.add(ClockService::new(endpoint.context()));
        Ok(rocket.attach(endpoint))
    })
}

/// The dashboard's clock.
#[derive(Debug, Template)]
#[template(path = "clock/widget.html")]
pub struct Widget {
    text: String,
}

/// The clock with the time of the moment. Its script is the entry `clock`.
pub fn widget() -> Widget {
    Widget { text: long_time(Utc::now()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_dotnet_does() -> Result<(), chrono::ParseError> {
        for (time, text) in [
            ("2026-11-20T09:05:07.999Z", "Friday, November 20, 2026 9:05:07 AM"),
            ("2026-11-20T00:00:00Z", "Friday, November 20, 2026 12:00:00 AM"),
            ("2026-11-20T12:30:00Z", "Friday, November 20, 2026 12:30:00 PM"),
            ("2024-02-05T23:59:59Z", "Monday, February 5, 2024 11:59:59 PM"),
        ] {
            assert_eq!(long_time(time.parse()?), text);
        }
        Ok(())
    }
}
