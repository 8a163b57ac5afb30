//! `/hubs/time`: clients only listen.

use rocket_signalr::{hub, hub_client};

/// What listeners are called with.
#[hub_client]
pub trait TimeClient {
    /// The present time in UTC as [`long_time`](super::long_time) writes it.
    async fn update_current_time(&self, text: &str);
}

/// Has no methods of its own.
#[derive(Debug)]
pub struct TimeHub;

#[hub(client = TimeClient)]
impl TimeHub {}
