//! Server streams.

use std::{future::poll_fn, pin::pin, sync::Arc};

use futures::{Stream, StreamExt};
use serde::Serialize;
use tokio::task::coop::consume_budget;

use super::StreamFault;
use crate::{connection::Connection, error::HubError, metrics::Metrics, protocol::HubProtocol};

/// How many bytes of items are written together at most, but for the last item.
const CORKED: usize = 16 * 1024;

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
        self.try_send_all(items.map(Ok::<_, HubError>)).await
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
        let mut corked = 0;
        // Items that are there at once go together; nothing is held back while the next is waited
        // for.
        while let Some(item) = poll_fn(|cx| {
            let next = items.as_mut().poll_next(cx);
            if next.is_pending() {
                self.connection.flush();
            }
            next
        })
        .await
        {
            let item = item.map_err(|error| StreamFault::Failed(error.into()))?;
            let frame = self.protocol.stream_item(&self.id, &item);
            let frame = frame.map_err(|error| StreamFault::Failed(error.into()))?;
            self.connection.cork(&frame, None);
            self.metrics.sent(1);
            corked += frame.websocket().len();
            if corked >= CORKED {
                self.connection.flush();
                corked = 0;
                self.room().await;
                // There is always room where nobody listens any more: the end must be noticed.
                consume_budget().await;
            }
        }
        Ok(())
    }

    /// Waits until the client has taken what it was sent.
    async fn room(&self) {
        if self.patient {
            self.connection.writable().await;
        } else {
            self.connection.drained().await;
        }
    }
}
