//! `/hubs/metrics`: following sources.

use std::sync::Arc;

use futures::{Stream, stream};
use rocket_signalr::{Caller, HubError, hub, hub_client};
use serde_json::Value;

use super::{Point, Registry, Snapshot, UnknownSource};

/// What followers are called with.
#[hub_client]
pub trait MetricsClient {
    /// A new sample of a source. Numbers follow each other without holes.
    async fn metrics_update(&self, source: &str, sequence: u64, sample: &Value);
}

/// Hands out the samples of sources.
#[derive(Debug)]
pub struct MetricsHub {
    registry: Arc<Registry>,
}

impl MetricsHub {
    pub(super) fn new(registry: Arc<Registry>) -> Self {
        Self { registry }
    }
}

#[hub(client = MetricsClient)]
impl MetricsHub {
    /// Begins to follow a source, and answers with what the caller needs to start from: the newest
    /// sample, and the history after number `since` (0: all that is kept).
    ///
    /// A client that was here before names the epoch of its `since` too; if the server has begun
    /// anew meanwhile, it gets all history. Updates may arrive before this answer: those with a
    /// number up to the answer's `sequence` are already in it, the others follow it.
    async fn subscribe(
        &self,
        caller: &Caller<Self>,
        source: String,
        since: u64,
        #[optional] epoch: Option<String>,
    ) -> Result<Snapshot, HubError> {
        self.registry.find(&source)?;
        // First join, then look: a sample that falls between is in both, and never in none.
        caller.join(&source).await;
        Ok(self.registry.snapshot(&source, since, epoch.as_deref())?)
    }

    /// Ceases to follow a source.
    async fn unsubscribe(&self, caller: &Caller<Self>, source: String) -> Result<(), HubError> {
        self.registry.find(&source)?;
        caller.leave(&source).await;
        Ok(())
    }

    /// The kept samples of a source from one time to another, in epoch milliseconds, oldest first.
    async fn history(
        &self,
        source: String,
        from: i64,
        to: i64,
    ) -> Result<impl Stream<Item = Point> + Send + use<>, HubError> {
        Ok(stream::iter(self.registry.find(&source)?.between(from, to)))
    }
}

impl From<UnknownSource> for HubError {
    fn from(error: UnknownSource) -> Self {
        Self::new(error.to_string())
    }
}
