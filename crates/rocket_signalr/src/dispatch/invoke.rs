//! Carries out the messages of a connection.

use std::{borrow::Cow, sync::Arc, time::Instant};

use futures::future::BoxFuture;
use tracing::{Instrument, debug, error, trace};

use super::{
    activity,
    call::{Binder, Call, HubMethod, Work},
    filter::{self, FilterContext, HubFilter, NextConnected, NextDisconnected},
    running::{Invoked, caught, caught_at_once},
    slot::Slot,
};
use crate::{
    auth::{Authenticate, Authorize, Resource},
    caller::{Asking, Caller},
    connection::{Connection, Dispatch, Ending, Undelivered, UploadEnd, run},
    context::HubContext,
    endpoint::Service,
    error::{DisconnectReason, HubError},
    hub::Hub,
    lifetime::{Answer, Answered},
    metrics::Metrics,
    protocol::{Incoming, Invocation, Outcome},
};

/// Brings a hub's messages to its methods.
pub(crate) struct HubDispatcher<H: Hub> {
    hub: Arc<H>,
    context: HubContext<H>,
    methods: &'static [HubMethod<H>],
    authenticate: Arc<dyn Authenticate>,
    filters: Arc<[Arc<dyn HubFilter>]>,
}

impl<H: Hub> HubDispatcher<H> {
    pub(crate) fn new(
        hub: Arc<H>,
        context: HubContext<H>,
        authenticate: Arc<dyn Authenticate>,
        filters: Arc<[Arc<dyn HubFilter>]>,
    ) -> Self {
        let methods = H::methods();
        for method in methods {
            let method = method.name;
            trace!(name: "HubMethodBound", hub = H::NAME, method, "hub method is bound");
        }
        context.lifetime().metrics.with_methods(methods.iter().map(|method| method.name));
        Self { hub, context, methods, authenticate, filters }
    }

    /// A method, and its place among the hub's methods.
    fn method(&self, target: &str) -> Option<(usize, &'static HubMethod<H>)> {
        let is_meant =
            |(_, method): &(usize, &HubMethod<H>)| method.name.eq_ignore_ascii_case(target);
        self.methods.iter().enumerate().find(is_meant)
    }

    fn metrics(&self) -> &Arc<Metrics> {
        &self.context.lifetime().metrics
    }

    fn caller(&self, connection: &Arc<Connection>, asking: Asking) -> Caller<H> {
        Caller::new(connection.clone(), self.context.clone(), asking)
    }
}

impl<H: Hub> Service for HubDispatcher<H> {
    fn name(&self) -> &'static str {
        H::NAME
    }

    fn authorize(&self) -> Option<Authorize> {
        H::AUTHORIZE
    }

    fn reconnects(&self) -> bool {
        true
    }

    fn metrics(&self) -> &Metrics {
        self.metrics()
    }

    fn serve(self: Arc<Self>, connection: Arc<Connection>) -> BoxFuture<'static, ()> {
        Box::pin(run(connection, self))
    }
}

impl<H: Hub> Dispatch for HubDispatcher<H> {
    fn add(&self, connection: &Arc<Connection>) {
        self.context.lifetime().add(connection);
    }

    async fn connected(&self, connection: &Arc<Connection>) -> Result<(), HubError> {
        let caller = self.caller(connection, Asking::Forbidden("OnConnectedAsync"));
        let span = activity::connected(H::NAME);
        let connected = if self.filters.is_empty() {
            caught(self.hub.on_connected(&caller)).instrument(span.clone()).await
        } else {
            let context = FilterContext::new(H::NAME, None, None, connection.clone());
            let next = NextConnected {
                filters: &self.filters,
                context: &context,
                connected: Box::pin(self.hub.on_connected(&caller)),
            };
            caught(next.run()).instrument(span.clone()).await
        };
        connected.flatten().inspect_err(|error| {
            activity::failed(&span, error);
            let (hub, connection_id) = (H::NAME, connection.id.as_str());
            error!(
                name: "ErrorDispatchingHubEvent",
                hub, connection_id, method = "OnConnectedAsync", %error, "on_connected failed"
            );
        })
    }

    async fn message(
        &self,
        connection: &Arc<Connection>,
        message: Incoming<'_>,
    ) -> Result<(), Ending> {
        self.metrics().received();
        let (hub, connection_id) = (H::NAME, connection.id.as_str());
        match message {
            Incoming::Invocation(invocation) => self.invoke(connection, invocation).await,
            Incoming::StreamItem { invocation_id, item } => {
                let stream_id = &*invocation_id;
                match connection.calls.upload_item(stream_id, item) {
                    Ok(delivery) => {
                        trace!(
                            name: "ReceivedStreamItem",
                            hub, connection_id, stream_id, "stream item received"
                        );
                        if let Some(delivery) = delivery {
                            delivery.await;
                        }
                    }
                    Err(Undelivered::NoStream) => debug!(
                        name: "UnexpectedStreamItem",
                        hub, connection_id, stream_id, "unexpected stream item"
                    ),
                    Err(Undelivered::Unbound) => debug!(
                        name: "ClosingStreamWithBindingError",
                        hub, connection_id, stream_id, "stream item of the wrong type"
                    ),
                }
            }
            Incoming::Completion { invocation_id, outcome } => {
                return self.completion(connection, &invocation_id, outcome);
            }
            Incoming::CancelInvocation { invocation_id } => {
                let invocation_id = &*invocation_id;
                if connection.calls.cancel_stream(invocation_id) {
                    debug!(
                        name: "CancelStream",
                        hub, connection_id, invocation_id, "stream is cancelled"
                    );
                } else {
                    debug!(
                        name: "UnexpectedCancel",
                        hub, connection_id, invocation_id, "nothing to cancel"
                    );
                }
            }
            Incoming::Ping => connection.arm_client_timeout(),
            Incoming::Close { error } => {
                return Err(Ending::client_close(error.map(Cow::into_owned)));
            }
            // The layer below has taken these.
            Incoming::Ack { .. } | Incoming::Sequence { .. } => {}
            Incoming::Unknown { message_type } => {
                debug!(
                    name: "UnsupportedMessageReceived",
                    hub, connection_id, message_type, "unsupported message"
                );
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
            let span = activity::disconnected(H::NAME);
            let disconnected = if self.filters.is_empty() {
                caught(self.hub.on_disconnected(&caller, &reason)).instrument(span.clone()).await
            } else {
                let context = FilterContext::new(H::NAME, None, None, connection.clone());
                let next = NextDisconnected {
                    filters: &self.filters,
                    context: &context,
                    reason: &reason,
                    disconnected: Box::pin(self.hub.on_disconnected(&caller, &reason)),
                };
                caught(next.run()).instrument(span.clone()).await
            };
            if let Err(error) = disconnected {
                activity::failed(&span, &error);
                let (hub, connection_id) = (H::NAME, connection.id.as_str());
                error!(
                    name: "ErrorDispatchingHubEvent",
                    hub, connection_id, method = "OnDisconnectedAsync", %error,
                    "on_disconnected failed"
                );
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
        let permitted = caught(authorize.permits(&*self.authenticate, user, &resource)).await;
        permitted.unwrap_or_else(|error| {
            error!(hub = H::NAME, method, %error, "error in a policy");
            false
        })
    }

    /// The end of an upload stream, or an answer to what the client was asked.
    fn completion(
        &self,
        connection: &Arc<Connection>,
        id: &str,
        outcome: Outcome<'_>,
    ) -> Result<(), Ending> {
        let (hub, connection_id) = (H::NAME, connection.id.as_str());
        if connection.calls.has_upload(id) {
            trace!(
                name: "CompletingStream",
                hub, connection_id, stream_id = id, "stream is complete"
            );
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
                debug!(
                    name: "UnexpectedCompletion",
                    hub, connection_id, invocation_id = id, "unexpected completion"
                );
                Ok(())
            }
            Answered::OfAnother => {
                let text = format!(
                    "Connection ID '{connection_id}' is not valid for invocation ID '{id}'."
                );
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
        // What is said to a client may hold its arguments: it is not logged.
        macro_rules! log {
            ($event:literal, $text:literal) => {
                debug!(
                    name: $event,
                    hub = H::NAME,
                    connection_id = connection.id.as_str(),
                    method = &*target,
                    invocation_id = id,
                    $text
                )
            };
        }
        let refuse = |text: &str| {
            if let Some(id) = id {
                connection.send(&protocol.completion_error(id, text));
                self.metrics().sent(1);
            }
        };
        if streaming {
            log!("ReceivedStreamHubInvocation", "stream invocation received");
        } else {
            log!("ReceivedHubInvocation", "invocation received");
        }

        let Some((place, method)) = self.method(&target) else {
            log!("UnknownHubMethod", "unknown hub method");
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
        // The types of arguments are the application's, and may panic as they are read.
        let bound = caught_at_once(|| (method.bind)(binder)).and_then(|bound| {
            bound.map_err(|e| HubError::with_kind("InvalidDataException", e.to_string()))
        });
        let Call { work, uploads } = match bound {
            Ok(call) => call,
            Err(error) => {
                log!("InvalidHubParameters", "arguments do not fit the hub method");
                let general =
                    format_args!("Failed to invoke '{name}' due to an error on the server.");
                refuse(&error.describe(general, detailed));
                return;
            }
        };
        if let Some(slot) = &slot {
            slot.take().await;
        }
        if let Some(authorize) = &method.authorize
            && !self.authorized(connection, authorize, name).await
        {
            log!("HubMethodNotAuthorized", "user may not call the hub method");
            refuse(&format!("Failed to invoke '{name}' because user is unauthorized"));
            return;
        }
        if streaming && !method.streaming {
            log!("NonStreamingMethodCalledWithStream", "hub method has no stream");
            refuse(&format!(
                "The client attempted to invoke the non-streaming '{name}' method with a streaming invocation."
            ));
            return;
        }
        if !streaming && method.streaming {
            log!("StreamingMethodCalledWithInvoke", "hub method has a stream");
            refuse(&format!(
                "The client attempted to invoke the streaming '{name}' method with a non-streaming invocation."
            ));
            return;
        }
        if stream_ids.len() != method.upload_streams {
            log!("InvalidHubParameters", "upload streams do not fit the hub method");
            refuse(&format!(
                "An unexpected error occurred invoking '{name}' on the server. HubException: Client sent {} stream(s), Hub method expects {}.",
                stream_ids.len(),
                method.upload_streams
            ));
            return;
        }

        let work = if self.filters.is_empty() {
            work
        } else {
            let id = id.map(Into::into);
            let context = FilterContext::new(H::NAME, Some(name), id, connection.clone());
            match work {
                Work::Plain(work) => Work::Plain(filter::around(&self.filters, context, work)),
                Work::Stream(work) => {
                    Work::Stream(filter::around_stream(&self.filters, context, work))
                }
            }
        };
        for (stream_id, _) in &uploads {
            trace!(
                name: "StartingParameterStream",
                hub = H::NAME,
                connection_id = connection.id.as_str(),
                stream_id,
                "upload stream begins"
            );
        }
        let mut running = Invoked {
            connection: connection.clone(),
            id: id.map(Into::into),
            hub: H::NAME,
            name,
            uploads: uploads.iter().map(|(id, _)| id.clone()).collect(),
            call: 0,
            streaming,
            slot,
            metrics: self.metrics().clone(),
            place,
            begin: Instant::now(),
        };
        let activity = activity::invocation(H::NAME, name, &headers);
        match work {
            Work::Plain(work) => {
                if !uploads.is_empty() {
                    running.call = connection.calls.open_uploads(uploads);
                }
                running.run(work.instrument(activity)).await;
            }
            Work::Stream(work) => {
                let id = id.unwrap_or_default();
                let Some(stopped) = connection.calls.open_stream(id) else {
                    log!("InvocationIdInUse", "invocation id is already in use");
                    refuse(&format!("Invocation ID '{id}' is already in use."));
                    return;
                };
                running.call = connection.calls.open_uploads(uploads);
                tokio::spawn(running.stream(work.instrument(activity), stopped));
            }
        }
    }
}
