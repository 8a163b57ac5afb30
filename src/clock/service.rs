//! The service that tells the time.

use std::time::Duration;

use rocket_signalr::HubContext;

use super::{TimeHub, long_time};
use crate::host::{HostedService, Schedule, ServiceError, TickContext};

/// Sends the time to all who listen, every 500 ms.
pub(super) struct ClockService {
    hub: HubContext<TimeHub>,
}

impl ClockService {
    pub(super) fn new(hub: HubContext<TimeHub>) -> Self {
        Self { hub }
    }
}

#[rocket::async_trait]
impl HostedService for ClockService {
    fn name(&self) -> &'static str {
        "clock"
    }

    fn schedule(&self) -> Schedule {
        Schedule::Every(Duration::from_millis(500))
    }

    async fn tick(&self, cx: &TickContext) -> Result<(), ServiceError> {
        if self.hub.connection_count() > 0 {
            self.hub.clients().all().update_current_time(&long_time(cx.at)).await?;
        }
        Ok(())
    }
}
