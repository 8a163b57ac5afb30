//! The service that samples the machine.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use sysinfo::MINIMUM_CPU_UPDATE_INTERVAL;

use super::{KEEP, SOURCE, Vitals, sample::COLUMNS, sampler::Sampler};
use crate::{
    host::{HostedService, Schedule, ServiceError, TickContext},
    metrics::{Metrics, Source, SourceInfo},
};

const INTERVAL: Duration = Duration::from_secs(1);

/// Samples once a second, for the history also while nobody looks, and publishes as `host`.
pub(super) struct VitalsService {
    sampler: Arc<Mutex<Sampler>>,
    vitals: Vitals,
    source: Source,
}

impl VitalsService {
    /// # Errors
    /// The operating system is not one that can be read.
    pub(super) fn new(metrics: &Metrics, vitals: Vitals) -> Result<Self, sysinfo::Error> {
        let source = metrics.source(SourceInfo {
            name: SOURCE,
            interval: INTERVAL,
            keep: KEEP,
            columns: &COLUMNS,
        });
        Ok(Self { sampler: Arc::new(Mutex::new(Sampler::new()?)), vitals, source })
    }

    async fn sample(&self, time: DateTime<Utc>) -> Result<(), ServiceError> {
        let at = time.timestamp_millis();
        let watched = self.source.is_watched();
        let sampler = Arc::clone(&self.sampler);
        let sample =
            tokio::task::spawn_blocking(move || sampler.lock().sample(at, watched)).await??;
        let (json, values) = (serde_json::to_value(&sample)?, sample.values());
        self.vitals.set(sample);
        self.source.publish(at, json, &values).await
    }
}

#[rocket::async_trait]
impl HostedService for VitalsService {
    fn name(&self) -> &'static str {
        "host vitals"
    }

    fn schedule(&self) -> Schedule {
        Schedule::Every(INTERVAL)
    }

    async fn start(&self) -> Result<(), ServiceError> {
        // A page that is opened at once finds a sample. Before this interval there is no CPU usage.
        tokio::time::sleep(MINIMUM_CPU_UPDATE_INTERVAL).await;
        self.sample(Utc::now()).await
    }

    async fn tick(&self, cx: &TickContext) -> Result<(), ServiceError> {
        self.sample(cx.at).await
    }
}
