//! Upload streams: items that a client sends to a running method.

use std::{
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll, ready},
};

use futures::Stream;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc::{self, error::TrySendError};

use super::caught::caught_at_once;
use crate::{
    connection::{Delivery, UploadEnd, UploadSink},
    error::HubError,
    options::HubOptions,
    protocol::RawValue,
};

/// The items that a client uploads to a hub method, as a [`Stream`].
///
/// It ends when the client ends it. An item of the wrong type, an error that the client gives as
/// the reason of its end, or the loss of the connection come as an `Err`, after which it ends.
///
/// ```
/// use futures::TryStreamExt;
/// use rocket_signalr::{HubError, UploadStream, hub};
///
/// struct Files;
///
/// #[hub]
/// impl Files {
///     /// Clients give a `Subject`, or what their language has for that, as the argument.
///     async fn save(&self, name: String, lines: UploadStream<String>) -> Result<usize, HubError> {
///         let lines: Vec<String> = lines.try_collect().await?;
///         Ok(lines.len())
///     }
/// }
/// ```
///
/// While a method does not take them, [`stream_buffer_capacity`] items wait; then the client's
/// whole connection does.
///
/// [`stream_buffer_capacity`]: crate::HubOptions::stream_buffer_capacity
pub struct UploadStream<T> {
    items: mpsc::Receiver<T>,
    end: Arc<OnceLock<UploadEnd>>,
    over: bool,
}

impl<T> std::fmt::Debug for UploadStream<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UploadStream").field("end", &self.end).finish_non_exhaustive()
    }
}

impl<T> Stream for UploadStream<T> {
    type Item = Result<T, HubError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.over {
            return Poll::Ready(None);
        }
        if let Some(item) = ready!(self.items.poll_recv(cx)) {
            return Poll::Ready(Some(Ok(item)));
        }
        self.over = true;
        Poll::Ready(match self.end.get() {
            Some(UploadEnd::Completed) => None,
            Some(UploadEnd::Failed(error)) => Some(Err(error.clone())),
            None => Some(Err(HubError::with_kind(
                "OperationCanceledException",
                "The underlying connection was closed.",
            ))),
        })
    }
}

struct Sink<T> {
    items: mpsc::Sender<T>,
    end: Arc<OnceLock<UploadEnd>>,
    /// The client is told why an item does not bind.
    detailed: bool,
}

pub(super) fn channel<T: DeserializeOwned + Send + 'static>(
    options: &HubOptions,
) -> (impl UploadSink + 'static, UploadStream<T>) {
    let (sender, items) = mpsc::channel(options.stream_buffer_capacity);
    let end = Arc::new(OnceLock::new());
    let detailed = options.enable_detailed_errors;
    let sink = Sink { items: sender, end: end.clone(), detailed };
    (sink, UploadStream { items, end, over: false })
}

impl<T: DeserializeOwned + Send + 'static> UploadSink for Sink<T> {
    fn item(&self, item: RawValue<'_>) -> Result<Option<Delivery>, HubError> {
        let bound = caught_at_once(|| item.bind());
        let bound = bound.and_then(|bound| {
            bound.map_err(|error| HubError::with_kind(item.exception(), error.reason()))
        });
        let item = bound.map_err(|error| {
            HubError::new(error.describe("Failed to bind Stream message.", self.detailed))
        })?;
        match self.items.try_send(item) {
            // A method that reads no more has no use for the item.
            Ok(()) | Err(TrySendError::Closed(_)) => Ok(None),
            Err(TrySendError::Full(item)) => {
                let items = self.items.clone();
                Ok(Some(Box::pin(async move {
                    let _ = items.send(item).await;
                })))
            }
        }
    }

    fn end(self: Box<Self>, end: UploadEnd) {
        let _ = self.end.set(end);
    }
}
