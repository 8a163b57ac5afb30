//! Server streams.

use std::{pin::pin, sync::Arc};

use futures::{Stream, StreamExt};
use serde::Serialize;

use super::StreamFault;
use crate::{connection::Connection, error::HubError, metrics::Metrics, protocol::HubProtocol};

/// Where a streaming method's items go: to the client that asked for them.
pub struct StreamSink {
    connection: Arc<Connection>,
    protocol: HubProtocol,
    metrics: Arc<Metrics>,
    id: Box<str>,
    /// It waits for acknowledgements too. A stream of what the client itself uploads must not: they
    /// come behind the items that would wait for it.
    patient: bool,
}

impl std::fmt::Debug for StreamSink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StreamSink").field("id", &self.id).finish_non_exhaustive()
    }
}

impl StreamSink {
    pub(super) fn new(
        connection: Arc<Connection>,
        protocol: HubProtocol,
        metrics: Arc<Metrics>,
        id: Box<str>,
        patient: bool,
    ) -> Self {
        Self { connection, protocol, metrics, id, patient }
    }

    /// Sends all items of a stream, as fast as the client takes them.
    ///
    /// # Errors
    ///
    /// If an item cannot be written down.
    pub async fn send_all<T, S>(self, items: S) -> Result<(), StreamFault>
    where
        T: Serialize,
        S: Stream<Item = T>,
    {
        let mut items = pin!(items);
        while let Some(item) = items.next().await {
            self.send(&item).await?;
        }
        Ok(())
    }

    /// As [`send_all`](Self::send_all), of a stream that may fail on its way.
    ///
    /// # Errors
    ///
    /// The stream's own, or if an item cannot be written down.
    pub async fn try_send_all<T, E, S>(self, items: S) -> Result<(), StreamFault>
    where
        T: Serialize,
        E: Into<HubError>,
        S: Stream<Item = Result<T, E>>,
    {
        let mut items = pin!(items);
        while let Some(item) = items.next().await {
            let item = item.map_err(|error| StreamFault::Failed(error.into()))?;
            self.send(&item).await?;
        }
        Ok(())
    }

    async fn send(&self, item: &impl Serialize) -> Result<(), StreamFault> {
        let frame = self.protocol.stream_item(&self.id, item);
        let frame = frame.map_err(|error| StreamFault::Failed(error.into()))?;
        self.connection.send(&frame);
        self.metrics.sent(1);
        if self.patient {
            self.connection.writable().await;
        } else {
            self.connection.drained().await;
        }
        Ok(())
    }
}
