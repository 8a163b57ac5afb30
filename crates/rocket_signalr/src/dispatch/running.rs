//! An invocation that runs, and its end.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Instant,
};

use tokio::sync::oneshot;
use tracing::{Span, debug, error, instrument::Instrumented, trace};

use super::{
    activity,
    call::{Reply, Running, StreamFault},
    caught::{caught, poll_caught},
};
use crate::{
    connection::{Connection, Slot, Stop},
    error::HubError,
    metrics::Metrics,
    protocol::Frame,
};

/// What is meant for the client is none of the server's errors: clients could fill its log.
macro_rules! log_failure {
    ($invoked:expr, $error:expr, $event:literal, $text:literal) => {{
        let (hub, connection_id) = ($invoked.hub, $invoked.connection.id.as_str());
        let (method, invocation_id) = ($invoked.name, $invoked.id.as_deref());
        let error = &$error;
        if error.is_exposed() {
            debug!(name: $event, hub, connection_id, method, invocation_id, %error, $text);
        } else {
            error!(name: $event, hub, connection_id, method, invocation_id, %error, $text);
        }
    }};
}

/// An invocation that runs, and what is to be done when it is over.
pub(super) struct Invoked {
    pub(super) connection: Arc<Connection>,
    pub(super) id: Option<Box<str>>,
    pub(super) hub: &'static str,
    pub(super) name: &'static str,
    pub(super) uploads: Vec<Box<str>>,
    /// The number under which they were opened.
    pub(super) call: u64,
    pub(super) streaming: bool,
    pub(super) slot: Option<Arc<Slot>>,
    pub(super) metrics: Arc<Metrics>,
    /// The method's place among the hub's methods.
    pub(super) place: usize,
    pub(super) begin: Instant,
}

impl Invoked {
    /// Runs a method, within the task of its connection. Most are done at their first poll: those
    /// need no task of their own.
    pub(super) fn run(self, mut work: Instrumented<Running<Reply, HubError>>) {
        // A task that takes the work over polls it again, and so is woken for it.
        let mut cx = Context::from_waker(Waker::noop());
        match poll_caught(Pin::new(&mut work), &mut cx) {
            Poll::Ready(result) => self.complete(result.flatten(), work.span(), Connection::reply),
            Poll::Pending => {
                tokio::spawn(async move {
                    let activity = work.span().clone();
                    let result = caught(work).await.flatten();
                    self.complete(result, &activity, Connection::send);
                });
            }
        }
    }

    fn complete(
        self,
        result: Result<Reply, HubError>,
        activity: &Span,
        send: fn(&Connection, &Frame),
    ) {
        let failed = result.is_err();
        let (hub, connection_id) = (self.hub, self.connection.id.as_str());
        let (method, invocation_id) = (self.name, self.id.as_deref());
        let frame = match result {
            Ok(Reply(frame)) => {
                trace!(
                    name: "SendingResult",
                    hub, connection_id, method, invocation_id, "hub method has a result"
                );
                frame
            }
            Err(error) => {
                log_failure!(self, error, "FailedInvokingHubMethod", "hub method failed");
                let name = self.name;
                self.failure(
                    format_args!("An unexpected error occurred invoking '{name}' on the server."),
                    &error,
                    activity,
                )
            }
        };
        self.answer(frame, failed, send);
    }

    /// Runs a streaming method until it ends, fails, or the client wants no more of it.
    pub(super) async fn stream(
        self,
        work: Instrumented<Running<(), StreamFault>>,
        stopped: oneshot::Receiver<Stop>,
    ) {
        let activity = work.span().clone();
        let (hub, connection_id) = (self.hub, self.connection.id.as_str());
        let (method, invocation_id) = (self.name, self.id.as_deref());
        trace!(
            name: "StreamingResult",
            hub, connection_id, method, invocation_id, "stream begins"
        );
        let result = tokio::select! {
            biased;
            _ = stopped => Ok(()),
            result = caught(work) => result.unwrap_or_else(|panic| Err(StreamFault::Failed(panic))),
        };
        let failed = result.is_err();
        let frame = match result {
            Ok(()) => self
                .id
                .as_deref()
                .zip(self.connection.protocol())
                .map(|(id, protocol)| protocol.completion_void(id)),
            Err(StreamFault::Refused(error)) => {
                self.complete(Err(error), &activity, Connection::send);
                return;
            }
            Err(StreamFault::Failed(error)) => {
                log_failure!(self, error, "FailedStreaming", "stream failed");
                self.failure(
                    format_args!("An error occurred on the server while streaming results."),
                    &error,
                    &activity,
                )
            }
        };
        self.answer(frame, failed, Connection::send);
    }

    /// What the client is told of an error.
    fn failure(
        &self,
        general: fmt::Arguments<'_>,
        error: &HubError,
        activity: &Span,
    ) -> Option<Frame> {
        activity::failed(activity, error);
        let text = error.describe(general, self.connection.options.enable_detailed_errors);
        Some(self.connection.protocol()?.completion_error(self.id.as_deref()?, &text))
    }

    /// What belongs to the invocation is let go before its client learns that it is over: the
    /// client may use the ids again at once.
    fn answer(self, frame: Option<Frame>, failed: bool, send: fn(&Connection, &Frame)) {
        let Self { connection, id, uploads, streaming, slot, metrics, .. } = self;
        metrics.called(self.place, failed, self.begin.elapsed());
        if streaming && let Some(id) = &id {
            connection.calls.close_stream(id);
        }
        connection.calls.close_uploads(self.call, &uploads);
        if let Some(frame) = frame {
            send(&connection, &frame);
            metrics.sent(1);
        }
        // Not left to its last owner, which may be a task that outlives the invocation.
        if let Some(slot) = slot {
            slot.give_back();
        }
    }
}
