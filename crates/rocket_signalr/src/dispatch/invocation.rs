//! Carries out invocations: binds them, lets them have their turn, and begins them.

use std::{sync::Arc, time::Instant};

use futures::future::BoxFuture;
use tracing::{Instrument, Span, debug, error, trace};

use super::{
    activity,
    call::{Binder, Call, HubMethod, Work},
    caught::{caught, caught_at_once},
    filter::{self, FilterContext},
    invoke::HubDispatcher,
    running::Invoked,
};
use crate::{
    auth::{Authorize, Resource},
    clients::Asking,
    connection::{Connection, Slot},
    error::HubError,
    hub::Hub,
    protocol::Invocation,
};

/// What is said to a client may hold its arguments: it is not logged.
macro_rules! log {
    ($connection:expr, $method:expr, $id:expr, $event:literal, $text:literal) => {
        debug!(
            name: $event,
            hub = H::NAME,
            connection_id = $connection.id.as_str(),
            method = $method,
            invocation_id = $id,
            $text
        )
    };
}

/// An invocation whose arguments are bound.
struct Bound<'a, H: Hub> {
    connection: &'a Arc<Connection>,
    id: Option<Box<str>>,
    streaming: bool,
    /// How many upload streams the client has opened for it.
    upload_streams: usize,
    /// The method, and its place among the hub's methods.
    method: &'static HubMethod<H>,
    place: usize,
    call: Call,
    slot: Option<Arc<Slot>>,
    activity: Span,
}

impl<H: Hub> HubDispatcher<H> {
    /// Begins an invocation, or returns what is to be awaited for that.
    pub(super) fn invoke<'a>(
        &'a self,
        connection: &'a Arc<Connection>,
        invocation: Invocation<'_>,
    ) -> Option<BoxFuture<'a, ()>> {
        let Invocation { invocation_id, target, arguments, stream_ids, streaming, headers } =
            invocation;
        let protocol = connection.protocol()?;
        let id = invocation_id.as_deref();
        if streaming {
            log!(
                connection,
                &*target,
                id,
                "ReceivedStreamHubInvocation",
                "stream invocation received"
            );
        } else {
            log!(connection, &*target, id, "ReceivedHubInvocation", "invocation received");
        }

        let Some((place, method)) = self.method(&target) else {
            log!(connection, &*target, id, "UnknownHubMethod", "unknown hub method");
            self.refuse(connection, id, &format!(
                "Failed to invoke '{target}' due to an error on the server. HubException: Method does not exist."
            ));
            return None;
        };
        let name = method.name;
        // Calls with streams in either direction take no slot: they may last.
        let slot =
            (!streaming && method.upload_streams == 0).then(|| Arc::new(Slot::of(connection)));
        let asking = slot.clone().map_or(Asking::Free, Asking::Within);
        let binder = Binder {
            hub: self.hub(),
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
        let call = match bound {
            Ok(call) => call,
            Err(error) => {
                log!(
                    connection,
                    name,
                    id,
                    "InvalidHubParameters",
                    "arguments do not fit the hub method"
                );
                let general =
                    format_args!("Failed to invoke '{name}' due to an error on the server.");
                let detailed = connection.options.enable_detailed_errors;
                self.refuse(connection, id, &error.describe(general, detailed));
                return None;
            }
        };
        let bound = Bound {
            connection,
            id: id.map(Into::into),
            streaming,
            upload_streams: stream_ids.len(),
            method,
            place,
            call,
            activity: activity::invocation(H::NAME, name, &headers),
            slot,
        };
        let its_turn = bound.slot.as_ref().is_none_or(|slot| slot.try_take());
        if its_turn && method.authorize.is_none() {
            self.begin(bound);
            return None;
        }
        Some(Box::pin(async move {
            if let Some(slot) = bound.slot.as_ref().filter(|_| !its_turn) {
                slot.take().await;
            }
            if let Some(authorize) = &method.authorize
                && !self.authorized(connection, authorize, name).await
            {
                let id = bound.id.as_deref();
                log!(
                    connection,
                    name,
                    id,
                    "HubMethodNotAuthorized",
                    "user may not call the hub method"
                );
                let text = format!("Failed to invoke '{name}' because user is unauthorized");
                self.refuse(connection, id, &text);
                return;
            }
            self.begin(bound);
        }))
    }

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
        let permitted = caught(authorize.permits(self.authenticate(), user, &resource)).await;
        permitted.unwrap_or_else(|error| {
            error!(hub = H::NAME, method, %error, "error in a policy");
            false
        })
    }

    /// It is its turn, and its client may call the method.
    fn begin(&self, bound: Bound<'_, H>) {
        let Bound {
            connection,
            id,
            streaming,
            upload_streams,
            method,
            place,
            call,
            slot,
            activity,
        } = bound;
        let name = method.name;
        let invocation_id = id.as_deref();
        if streaming && !method.streaming {
            log!(
                connection,
                name,
                invocation_id,
                "NonStreamingMethodCalledWithStream",
                "hub method has no stream"
            );
            self.refuse(connection, invocation_id, &format!(
                "The client attempted to invoke the non-streaming '{name}' method with a streaming invocation."
            ));
            return;
        }
        if !streaming && method.streaming {
            log!(
                connection,
                name,
                invocation_id,
                "StreamingMethodCalledWithInvoke",
                "hub method has a stream"
            );
            self.refuse(connection, invocation_id, &format!(
                "The client attempted to invoke the streaming '{name}' method with a non-streaming invocation."
            ));
            return;
        }
        if upload_streams != method.upload_streams {
            log!(
                connection,
                name,
                invocation_id,
                "InvalidHubParameters",
                "upload streams do not fit the hub method"
            );
            self.refuse(connection, invocation_id, &format!(
                "An unexpected error occurred invoking '{name}' on the server. HubException: Client sent {upload_streams} stream(s), Hub method expects {}.",
                method.upload_streams
            ));
            return;
        }

        let Call { work, uploads } = call;
        let work = if self.filters().is_empty() {
            work
        } else {
            let context = FilterContext::new(H::NAME, Some(name), id.clone(), connection.clone());
            match work {
                Work::Plain(work) => Work::Plain(filter::around(self.filters(), context, work)),
                Work::Stream(work) => {
                    Work::Stream(filter::around_stream(self.filters(), context, work))
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
            hub: H::NAME,
            name,
            uploads: uploads.iter().map(|(id, _)| id.clone()).collect(),
            call: 0,
            streaming,
            slot,
            metrics: self.metrics().clone(),
            place,
            begin: Instant::now(),
            id,
        };
        match work {
            Work::Plain(work) => {
                if !uploads.is_empty() {
                    running.call = connection.calls.open_uploads(uploads);
                }
                running.run(work.instrument(activity));
            }
            Work::Stream(work) => {
                let id = running.id.as_deref().unwrap_or_default();
                let Some(stopped) = connection.calls.open_stream(id) else {
                    log!(
                        connection,
                        name,
                        id,
                        "InvocationIdInUse",
                        "invocation id is already in use"
                    );
                    self.refuse(
                        connection,
                        Some(id),
                        &format!("Invocation ID '{id}' is already in use."),
                    );
                    return;
                };
                running.call = connection.calls.open_uploads(uploads);
                tokio::spawn(running.stream(work.instrument(activity), stopped));
            }
        }
    }

    fn refuse(&self, connection: &Connection, id: Option<&str>, text: &str) {
        if let (Some(id), Some(protocol)) = (id, connection.protocol()) {
            connection.reply(&protocol.completion_error(id, text));
            self.metrics().sent(1);
        }
    }
}
