//! Carries out the messages of a connection.

use std::{
    any::Any,
    borrow::Cow,
    fmt,
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
};

use tokio::sync::oneshot;
use tracing::{Instrument, debug, error, instrument::Instrumented, warn};

use super::{
    call::{Binder, Call, HubMethod, Reply, Running, StreamFault, Work},
    slot::Slot,
};
use crate::{
    auth::{Authenticate, Authorize, Resource},
    caller::{Asking, Caller},
    connection::{Connection, Dispatch, Ending, Stop, UploadEnd},
    context::HubContext,
    error::{DisconnectReason, HubError},
    hub::Hub,
    lifetime::{Answer, Answered},
    protocol::{Frame, Incoming, Invocation, Outcome},
};

/// Brings a hub's messages to its methods.
pub(crate) struct HubDispatcher<H: Hub> {
    hub: Arc<H>,
    context: HubContext<H>,
    methods: &'static [HubMethod<H>],
    authenticate: Arc<dyn Authenticate>,
}

impl<H: Hub> HubDispatcher<H> {
    pub(crate) fn new(
        hub: Arc<H>,
        context: HubContext<H>,
        authenticate: Arc<dyn Authenticate>,
    ) -> Self {
        Self { hub, context, methods: H::methods(), authenticate }
    }

    fn method(&self, target: &str) -> Option<&'static HubMethod<H>> {
        self.methods.iter().find(|method| method.name.eq_ignore_ascii_case(target))
    }

    fn caller(&self, connection: &Arc<Connection>, asking: Asking) -> Caller<H> {
        Caller::new(connection.clone(), self.context.clone(), asking)
    }
}

impl<H: Hub> Dispatch for HubDispatcher<H> {
    fn add(&self, connection: &Arc<Connection>) {
        self.context.lifetime().add(connection);
    }

    async fn connected(&self, connection: &Arc<Connection>) -> Result<(), HubError> {
        let caller = self.caller(connection, Asking::Forbidden("OnConnectedAsync"));
        let connected = caught(self.hub.on_connected(&caller)).await.flatten();
        connected.inspect_err(|error| error!(hub = H::NAME, %error, "error in on_connected"))
    }

    async fn message(
        &self,
        connection: &Arc<Connection>,
        message: Incoming<'_>,
    ) -> Result<(), Ending> {
        match message {
            Incoming::Invocation(invocation) => self.invoke(connection, invocation).await,
            Incoming::StreamItem { invocation_id, item } => {
                let delivery = connection.calls.upload_item(&invocation_id, item);
                if let Some(delivery) = delivery {
                    delivery.await;
                }
            }
            Incoming::Completion { invocation_id, outcome } => {
                return self.completion(connection, &invocation_id, outcome);
            }
            Incoming::CancelInvocation { invocation_id } => {
                connection.calls.cancel_stream(&invocation_id);
            }
            Incoming::Ping => connection.arm_client_timeout(),
            Incoming::Close { error } => {
                return Err(Ending::client_close(error.map(Cow::into_owned)));
            }
            // The layer below has taken these.
            Incoming::Ack { .. } | Incoming::Sequence { .. } => {}
            Incoming::Unknown { message_type } => {
                debug!(hub = H::NAME, message_type, "unsupported message");
            }
        }
        Ok(())
    }

    async fn disconnected(
        &self,
        connection: &Arc<Connection>,
        reason: DisconnectReason,
        told: bool,
    ) {
        if told {
            let caller = self.caller(connection, Asking::Forbidden("OnDisconnectedAsync"));
            if let Err(error) = caught(self.hub.on_disconnected(&caller, &reason)).await {
                error!(hub = H::NAME, %error, "error in on_disconnected");
            }
        }
        self.context.lifetime().remove(connection);
    }
}

impl<H: Hub> HubDispatcher<H> {
    async fn authorized(
        &self,
        connection: &Connection,
        authorize: &Authorize,
        method: &str,
    ) -> bool {
        let Some(user) = connection.user() else { return false };
        let resource = Resource {
            hub: H::NAME,
            method: Some(method),
            connection_id: Some(connection.id.as_str()),
        };
        authorize.permits(&*self.authenticate, user, &resource).await
    }

    /// The end of an upload stream, or an answer to what the client was asked.
    fn completion(
        &self,
        connection: &Arc<Connection>,
        id: &str,
        outcome: Outcome<'_>,
    ) -> Result<(), Ending> {
        if connection.calls.has_upload(id) {
            let end = match outcome {
                Outcome::Error(text) => UploadEnd::Failed(HubError::new(text.into_owned())),
                Outcome::Void | Outcome::Result(_) => UploadEnd::Completed,
            };
            connection.calls.end_upload(id, end);
            return Ok(());
        }
        let Some(protocol) = connection.protocol() else { return Ok(()) };
        match self.context.lifetime().answer(connection, id, Answer::new(protocol, outcome)) {
            Answered::Question => Ok(()),
            Answered::Nothing => {
                debug!(hub = H::NAME, "unexpected completion");
                Ok(())
            }
            Answered::OfAnother => {
                let own = connection.id.as_str();
                let text = format!("Connection ID '{own}' is not valid for invocation ID '{id}'.");
                Err(Ending::protocol("InvalidOperationException", text))
            }
        }
    }

    async fn invoke(&self, connection: &Arc<Connection>, invocation: Invocation<'_>) {
        let Invocation { invocation_id, target, arguments, stream_ids, streaming, headers } =
            invocation;
        let detailed = connection.options.enable_detailed_errors;
        let Some(protocol) = connection.protocol() else {
            return;
        };
        let id = invocation_id.as_deref();
        let refuse = |text: &str| {
            debug!(hub = H::NAME, target = &*target, error = text, "invocation refused");
            if let Some(id) = id {
                connection.send(&protocol.completion_error(id, text));
            }
        };

        let Some(method) = self.method(&target) else {
            refuse(&format!(
                "Failed to invoke '{target}' due to an error on the server. HubException: Method does not exist."
            ));
            return;
        };
        let name = method.name;
        // Calls with streams in either direction take no slot: they may last.
        let slot =
            (!streaming && method.upload_streams == 0).then(|| Arc::new(Slot::of(connection)));
        let asking = slot.clone().map_or(Asking::Free, Asking::Within);
        let binder = Binder {
            hub: &self.hub,
            caller: self.caller(connection, asking),
            protocol,
            invocation_id: id.map(Into::into),
            arguments,
            stream_ids: &stream_ids,
            uploads: Vec::new(),
        };
        let Call { work, uploads } = match (method.bind)(binder) {
            Ok(call) => call,
            Err(error) => {
                let error = HubError::with_kind("InvalidDataException", error.to_string());
                let general =
                    format_args!("Failed to invoke '{name}' due to an error on the server.");
                refuse(&error.describe(general, detailed));
                return;
            }
        };
        if streaming && !method.streaming {
            refuse(&format!(
                "The client attempted to invoke the non-streaming '{name}' method with a streaming invocation."
            ));
            return;
        }

        if let Some(slot) = &slot {
            slot.take().await;
        }
        if let Some(authorize) = &method.authorize
            && !self.authorized(connection, authorize, name).await
        {
            refuse(&format!("Failed to invoke '{name}' because user is unauthorized"));
            return;
        }
        if !streaming && method.streaming {
            refuse(&format!(
                "The client attempted to invoke the streaming '{name}' method with a non-streaming invocation."
            ));
            return;
        }
        if stream_ids.len() != method.upload_streams {
            refuse(&format!(
                "An unexpected error occurred invoking '{name}' on the server. HubException: Client sent {} stream(s), Hub method expects {}.",
                stream_ids.len(),
                method.upload_streams
            ));
            return;
        }

        let running = Invoked {
            connection: connection.clone(),
            id: id.map(Into::into),
            name,
            uploads: uploads.iter().map(|(id, _)| id.clone()).collect(),
            streaming,
            slot,
        };
        let header = |name| headers.iter().rev().find(|(n, _)| n == name).map(|(_, v)| &**v);
        let span = tracing::debug_span!(
            "SignalR.Server.InvocationIn",
            rpc.system = "signalr",
            rpc.service = H::NAME,
            rpc.method = name,
            traceparent = header("traceparent"),
            tracestate = header("tracestate"),
        );
        match work {
            Work::Plain(work) => {
                if !uploads.is_empty() {
                    connection.calls.open_uploads(uploads);
                }
                running.run(work.instrument(span)).await;
            }
            Work::Stream(work) => {
                let id = id.unwrap_or_default();
                let Some(stopped) = connection.calls.open_stream(id) else {
                    refuse(&format!("Invocation ID '{id}' is already in use."));
                    return;
                };
                connection.calls.open_uploads(uploads);
                tokio::spawn(running.stream(work, stopped).instrument(span));
            }
        }
    }
}

/// An invocation that runs, and what is to be done when it is over.
struct Invoked {
    connection: Arc<Connection>,
    id: Option<Box<str>>,
    name: &'static str,
    uploads: Vec<Box<str>>,
    streaming: bool,
    slot: Option<Arc<Slot>>,
}

impl Invoked {
    /// Runs a method. Most are done at their first poll: those need no task of their own.
    async fn run(self, mut work: Instrumented<Running<Reply, HubError>>) {
        match poll_fn(|cx| Poll::Ready(poll_caught(Pin::new(&mut work), cx))).await {
            Poll::Ready(result) => self.complete(result.flatten()),
            Poll::Pending => {
                tokio::spawn(async move {
                    let result = caught(work).await.flatten();
                    self.complete(result);
                });
            }
        }
    }

    fn complete(self, result: Result<Reply, HubError>) {
        let frame = match result {
            Ok(Reply(frame)) => frame,
            Err(error) => {
                let name = self.name;
                self.failure(
                    format_args!("An unexpected error occurred invoking '{name}' on the server."),
                    &error,
                )
            }
        };
        self.answer(frame);
    }

    /// Runs a streaming method until it ends, fails, or the client wants no more of it.
    async fn stream(self, work: Running<(), StreamFault>, stopped: oneshot::Receiver<Stop>) {
        let result = tokio::select! {
            result = caught(work) => result.unwrap_or_else(|panic| Err(StreamFault::Failed(panic))),
            _ = stopped => Ok(()),
        };
        let frame = match result {
            Ok(()) => self
                .id
                .as_deref()
                .zip(self.connection.protocol())
                .map(|(id, protocol)| protocol.completion_void(id)),
            Err(StreamFault::Refused(error)) => {
                self.complete(Err(error));
                return;
            }
            Err(StreamFault::Failed(error)) => self.failure(
                format_args!("An error occurred on the server while streaming results."),
                &error,
            ),
        };
        self.answer(frame);
    }

    fn failure(&self, general: fmt::Arguments<'_>, error: &HubError) -> Option<Frame> {
        warn!(method = self.name, %error, "hub method failed");
        let text = error.describe(general, self.connection.options.enable_detailed_errors);
        Some(self.connection.protocol()?.completion_error(self.id.as_deref()?, &text))
    }

    /// What belongs to the invocation is let go before its client learns that it is over: the
    /// client may use the ids again at once.
    fn answer(self, frame: Option<Frame>) {
        let Self { connection, id, uploads, streaming, slot, .. } = self;
        if streaming && let Some(id) = &id {
            connection.calls.close_stream(id);
        }
        connection.calls.close_uploads(&uploads);
        if let Some(frame) = frame {
            connection.send(&frame);
        }
        // Not left to its last owner, which may be a task that outlives the invocation.
        if let Some(slot) = slot {
            slot.give_back();
        }
    }
}

/// Runs to the end. A panic is an error like others, the outer one.
async fn caught<F: Future>(work: F) -> Result<F::Output, HubError> {
    let mut work = pin!(work);
    poll_fn(|cx| poll_caught(work.as_mut(), cx)).await
}

fn poll_caught<F>(work: Pin<&mut F>, cx: &mut Context<'_>) -> Poll<Result<F::Output, HubError>>
where
    F: Future + ?Sized,
{
    match catch_unwind(AssertUnwindSafe(|| work.poll(cx))) {
        Ok(poll) => poll.map(Ok),
        Err(panic) => Poll::Ready(Err(panicked(&*panic))),
    }
}

fn panicked(panic: &(dyn Any + Send)) -> HubError {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    HubError::with_kind("Panic", text.unwrap_or_default())
}
