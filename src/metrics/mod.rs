//! Series of samples that clients follow over `/hubs/metrics`.
//!
//! A feature makes a [`Source`] and publishes samples; this room numbers them, keeps the recent
//! ones, and pushes them to those who follow. Following opens full: it answers with the newest
//! sample and the recent history.

mod hub;
mod series;
mod services;

use std::{collections::BTreeMap, fmt, sync::Arc};

use chrono::Utc;
use parking_lot::RwLock;
use rocket::fairing::AdHoc;
use rocket_signalr::{Hub, HubContext};
use serde_json::Value;

pub use self::{
    hub::MetricsHub,
    series::{HistoryRow, Point, Snapshot, SourceInfo},
};
use self::{series::Series, services::StatusService};
use crate::host::{Host, ServiceError};

/// All sources. Clones share them.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    hub: HubContext<MetricsHub>,
}

impl Metrics {
    /// Adds a source, or replaces the one of that name.
    pub fn source(&self, info: SourceInfo) -> Source {
        Source { series: self.registry.add(info), hub: self.hub.clone() }
    }

    /// The newest sample and all recent history of a source; `None` if there is no such source.
    pub fn snapshot(&self, source: &str) -> Option<Snapshot> {
        self.registry.snapshot(source, 0, None).ok()
    }
}

/// A series that its owner publishes to.
#[derive(Debug, Clone)]
pub struct Source {
    series: Arc<Series>,
    hub: HubContext<MetricsHub>,
}

impl Source {
    /// Keeps a sample and pushes it to those who follow. `at` is its time in epoch milliseconds,
    /// `values` are the numbers for the history in the order of the source's columns.
    ///
    /// # Errors
    /// The sample cannot be encoded.
    pub async fn publish(
        &self,
        at: i64,
        sample: Value,
        values: &[f64],
    ) -> Result<(), ServiceError> {
        let sequence = self.series.push(at, sample.clone(), values);
        let name = self.series.name();
        Ok(self.hub.clients().group(name).metrics_update(name, sequence, &sample).await?)
    }

    /// Whether anybody follows.
    pub fn is_watched(&self) -> bool {
        self.hub.groups().count(self.series.name()) > 0
    }
}

/// The sources by name, in one run of the server.
#[derive(Debug)]
struct Registry {
    epoch: String,
    series: RwLock<BTreeMap<&'static str, Arc<Series>>>,
}

impl Registry {
    fn new() -> Self {
        Self { epoch: format!("{:x}", Utc::now().timestamp_millis()), series: RwLock::default() }
    }

    fn add(&self, info: SourceInfo) -> Arc<Series> {
        let series = Arc::new(Series::new(info));
        self.series.write().insert(info.name, Arc::clone(&series));
        series
    }

    fn find(&self, source: &str) -> Result<Arc<Series>, UnknownSource> {
        let series = self.series.read();
        series.get(source).cloned().ok_or_else(|| UnknownSource {
            source: source.to_owned(),
            known: series.keys().copied().collect(),
        })
    }

    fn snapshot(
        &self,
        source: &str,
        since: u64,
        epoch: Option<&str>,
    ) -> Result<Snapshot, UnknownSource> {
        let same_run = epoch.is_none_or(|epoch| epoch == self.epoch);
        Ok(self.find(source)?.snapshot(&self.epoch, since, same_run))
    }
}

/// There is no source of that name.
#[derive(Debug, Clone, PartialEq, Eq)]
struct UnknownSource {
    source: String,
    known: Vec<&'static str>,
}

impl fmt::Display for UnknownSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "There is no source '{}'. Sources: {}.", self.source, self.known.join(", "))
    }
}

/// Manages [`Metrics`] and attaches its hub. Comes after the host and before the features that
/// publish.
pub fn stage() -> AdHoc {
    AdHoc::try_on_ignite("metrics", |rocket| async {
        let Some(host) = rocket.state::<Host>().cloned() else { return Err(rocket) };
        let registry = Arc::new(Registry::new());
        let endpoint = MetricsHub::new(Arc::clone(&registry)).at("/hubs/metrics");
        let metrics = Metrics { registry, hub: endpoint.context() };
        host.add(StatusService::new(host.clone(), &metrics));
        Ok(rocket.manage(metrics).attach(endpoint))
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn registry() -> Registry {
        let registry = Registry::new();
        for name in ["services", "host"] {
            let interval = Duration::from_secs(1);
            registry.add(SourceInfo { name, interval, keep: 3, columns: &["n"] });
        }
        registry
    }

    #[test]
    fn an_unknown_source_is_named_with_those_that_are_known() {
        let error = registry().find("hots").err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some("There is no source 'hots'. Sources: host, services."));
    }

    #[test]
    fn another_run_gets_all_history() -> Result<(), UnknownSource> {
        let registry = registry();
        let host = registry.find("host")?;
        for n in 1..=3 {
            host.push(n, Value::Null, &[0.0]);
        }
        let epoch = registry.epoch.clone();
        let newer = |since, epoch| {
            registry.snapshot("host", since, epoch).map(|snapshot| snapshot.history.len())
        };
        assert_eq!(newer(2, Some(epoch.as_str()))?, 1);
        assert_eq!(newer(2, None)?, 1);
        assert_eq!(newer(2, Some("another"))?, 3);
        Ok(())
    }
}
