//! The spans of what a hub does: ASP.NET's activities, with their names and fields, and those that
//! OpenTelemetry reads. They cost nothing where nobody listens.

use tracing::{Span, debug_span, field::Empty};

use crate::{error::HubError, protocol::Headers};

macro_rules! activity {
    ($name:literal, $kind:literal, $hub:expr, $method:expr
        $(, $more:ident = $value:expr)*) => {
        debug_span!(
            $name,
            otel.name = %format_args!("{}/{}", $hub, $method),
            otel.kind = $kind,
            otel.status_code = Empty,
            rpc.system = "signalr",
            rpc.service = $hub,
            rpc.method = $method,
            error.type = Empty,
            $($more = $value,)*
        )
    };
}

/// Around a method that a client calls. Its parent is with the client, as the headers of the call
/// say.
pub(super) fn invocation(hub: &'static str, method: &'static str, headers: &Headers<'_>) -> Span {
    let header = |name| headers.iter().rev().find(|(n, _)| n == name).map(|(_, v)| &**v);
    activity!(
        "Microsoft.AspNetCore.SignalR.Server.InvocationIn",
        "server",
        hub,
        method,
        traceparent = header("traceparent"),
        tracestate = header("tracestate")
    )
}

/// Around `on_connected`.
pub(super) fn connected(hub: &'static str) -> Span {
    activity!(
        "Microsoft.AspNetCore.SignalR.Server.OnConnected",
        "internal",
        hub,
        "OnConnectedAsync"
    )
}

/// Around `on_disconnected`.
pub(super) fn disconnected(hub: &'static str) -> Span {
    activity!(
        "Microsoft.AspNetCore.SignalR.Server.OnDisconnected",
        "internal",
        hub,
        "OnDisconnectedAsync"
    )
}

/// Notes that what ran in a span has failed.
pub(super) fn failed(span: &Span, error: &HubError) {
    span.record("error.type", error.kind());
    span.record("otel.status_code", "ERROR");
}
