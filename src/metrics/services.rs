//! The source `services`: how the hosted services do, once a second.

use std::time::Duration;

use serde_json::json;

use super::{Metrics, Source, SourceInfo};
use crate::host::{Host, HostedService, Schedule, ServiceError, TickContext};

const INTERVAL: Duration = Duration::from_secs(1);

/// Publishes the host's status, itself included. Nothing of it is kept as history.
pub(super) struct StatusService {
    host: Host,
    source: Source,
}

impl StatusService {
    pub(super) fn new(host: Host, metrics: &Metrics) -> Self {
        let source = metrics.source(SourceInfo {
            name: "services",
            interval: INTERVAL,
            keep: 0,
            columns: &[],
        });
        Self { host, source }
    }
}

#[rocket::async_trait]
impl HostedService for StatusService {
    fn name(&self) -> &'static str {
        "service status"
    }

    fn schedule(&self) -> Schedule {
        Schedule::Every(INTERVAL)
    }

    async fn tick(&self, cx: &TickContext) -> Result<(), ServiceError> {
        let at = cx.at.timestamp_millis();
        self.source.publish(at, json!({ "at": at, "services": self.host.status() }), &[]).await
    }
}
