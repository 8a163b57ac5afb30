//! The tallies service: pushes what was held back while polls were busy.

use std::time::Duration;

use rocket_signalr::HubContext;

use super::hub::{PollHub, push};
use super::registry::Polls;
use crate::host::{HostedService, Schedule, ServiceError, TickContext};

/// Half of the least time between two pushes of a poll: held-back news wait at most this much
/// longer.
const PERIOD: Duration = Duration::from_millis(50);

/// Sends the last value of every tally that moved. Of a poll that nobody watches nothing is
/// encoded.
#[derive(Debug)]
pub(super) struct TalliesService {
    polls: Polls,
    hub: HubContext<PollHub>,
}

impl TalliesService {
    /// Pushes the news of these polls through this hub.
    pub(super) fn new(polls: Polls, hub: HubContext<PollHub>) -> Self {
        Self { polls, hub }
    }
}

#[rocket::async_trait]
impl HostedService for TalliesService {
    fn name(&self) -> &'static str {
        "tallies"
    }

    fn schedule(&self) -> Schedule {
        Schedule::Every(PERIOD)
    }

    async fn tick(&self, _: &TickContext) -> Result<(), ServiceError> {
        for poll in self.polls.take_all_news() {
            push(poll, &self.hub).await;
        }
        Ok(())
    }
}
