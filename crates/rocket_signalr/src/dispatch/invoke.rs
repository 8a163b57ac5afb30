//! Carries out the messages of a connection.

use std::{borrow::Cow, sync::Arc};

use futures::future::BoxFuture;
use tracing::{Instrument, debug, error, trace};

use super::{
    activity,
    call::HubMethod,
    caught::caught,
    filter::{FilterContext, HubFilter, NextConnected, NextDisconnected},
};
use crate::{
    auth::{Authenticate, Authorize},
    caller::Caller,
    clients::Asking,
    connection::{Connection, Dispatch, Ending, Undelivered, UploadEnd, run},
    context::HubContext,
    endpoint::Service,
    error::{DisconnectReason, HubError},
    hub::Hub,
    lifetime::{Answer, Answered},
    metrics::Metrics,
    protocol::{Incoming, Outcome},
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
    pub(super) fn method(&self, target: &str) -> Option<(usize, &'static HubMethod<H>)> {
        let is_meant =
            |(_, method): &(usize, &HubMethod<H>)| method.name.eq_ignore_ascii_case(target);
        self.methods.iter().enumerate().find(is_meant)
    }

    pub(super) fn hub(&self) -> &Arc<H> {
        &self.hub
    }

    pub(super) fn filters(&self) -> &Arc<[Arc<dyn HubFilter>]> {
        &self.filters
    }

    pub(super) fn authenticate(&self) -> &dyn Authenticate {
        &*self.authenticate
    }

    pub(super) fn metrics(&self) -> &Arc<Metrics> {
        &self.context.lifetime().metrics
    }

    pub(super) fn caller(&self, connection: &Arc<Connection>, asking: Asking) -> Caller<H> {
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

    fn connected<'a>(
        &'a self,
        connection: &'a Arc<Connection>,
    ) -> BoxFuture<'a, Result<(), HubError>> {
        Box::pin(self.tell_connected(connection))
    }

    fn message<'a>(
        &'a self,
        connection: &'a Arc<Connection>,
        message: Incoming<'_>,
    ) -> Result<Option<BoxFuture<'a, ()>>, Ending> {
        self.metrics().received();
        let (hub, connection_id) = (H::NAME, connection.id.as_str());
        match message {
            Incoming::Invocation(invocation) => return Ok(self.invoke(connection, invocation)),
            Incoming::StreamItem { invocation_id, item } => {
                let stream_id = &*invocation_id;
                match connection.calls.upload_item(stream_id, item) {
                    Ok(delivery) => {
                        trace!(
                            name: "ReceivedStreamItem",
                            hub, connection_id, stream_id, "stream item received"
                        );
                        return Ok(delivery);
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
                self.completion(connection, &invocation_id, outcome)?;
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
        Ok(None)
    }

    fn disconnected<'a>(
        &'a self,
        connection: &'a Arc<Connection>,
        reason: DisconnectReason,
        told: bool,
    ) -> BoxFuture<'a, ()> {
        Box::pin(self.tell_disconnected(connection, reason, told))
    }
}

impl<H: Hub> HubDispatcher<H> {
    async fn tell_connected(&self, connection: &Arc<Connection>) -> Result<(), HubError> {
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

    async fn tell_disconnected(
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
}
