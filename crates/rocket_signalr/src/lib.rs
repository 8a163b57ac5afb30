//! A SignalR server for [Rocket](https://rocket.rs), wire-compatible with ASP.NET Core SignalR.
//!
//! The official clients (JavaScript, .NET, Java, Python, Swift) connect to it unmodified. A hub is a
//! type with methods that clients call; the methods it calls on clients are declared as a trait, so
//! that a wrong argument does not compile.
//!
//! ```
//! use rocket_signalr::{Caller, Hub, HubError, hub, hub_client};
//!
//! /// The methods that the server calls on clients.
//! #[hub_client]
//! pub trait ChatClient {
//!     async fn receive_message(&self, user: &str, text: &str); // as "receiveMessage"
//! }
//!
//! pub struct ChatHub;
//!
//! /// The methods that clients call on the server.
//! #[hub(client = ChatClient)]
//! impl ChatHub {
//!     /// Clients call it "SendMessage", in any case.
//!     async fn send_message(&self, caller: &Caller<Self>, user: String, text: String) -> Result<(), HubError> {
//!         if text.is_empty() {
//!             return Err(HubError::new("Say something."));
//!         }
//!         caller.clients().all().receive_message(&user, &text).await?;
//!         Ok(())
//!     }
//! }
//!
//! let rocket = rocket::build().attach(ChatHub.at("/hubs/chat"));
//! ```
//!
//! From outside, a hub's clients are called through its [`HubContext`]: a request guard for
//! handlers, and given to services by [`HubEndpoint::context`].
//!
//! # Logs and traces
//!
//! What happens is told to [`tracing`](https://docs.rs/tracing), with the names that ASP.NET Core
//! SignalR gives it. Arguments, tokens and headers are not among it. Most of it is at the levels
//! debug and trace, and costs nothing unless it is listened to: `RUST_LOG=rocket_signalr=debug`.
//!
//! - Spans: `Microsoft.AspNetCore.SignalR.Server.InvocationIn` around a method that a client calls,
//!   `….OnConnected` and `….OnDisconnected`, at level debug, with the fields `rpc.system`,
//!   `rpc.service` (the hub), `rpc.method`, and `error.type` if it fails. `otel.name`, `otel.kind`
//!   and `otel.status_code` are read by `tracing-opentelemetry`; `traceparent` and `tracestate` are
//!   those that the client gave in the headers of the call.
//! - Events: `HandshakeComplete`, `ReceivedHubInvocation`, `UnknownHubMethod`,
//!   `FailedInvokingHubMethod` (an error), `ClientTimeout` and so on, as far as they can happen here,
//!   as [names of the events](tracing::Metadata::name), with the fields `connection_id`, `hub`,
//!   `method`, `invocation_id` and what else is known. `SlowClient` (info) is a client that is
//!   dropped since it takes too little.
//!
//! # Features
//!
//! - `typescript`: `TypeScript` writes declarations of hubs, so that clients in TypeScript are
//!   checked by their compiler, too. Off by default.

mod auth;
#[cfg(feature = "bench")]
mod bench;
mod caller;
mod clients;
mod clock;
mod connection;
mod context;
mod dispatch;
mod endpoint;
mod error;
mod groups;
mod hub;
mod hub_endpoint;
mod id;
mod lifetime;
mod metrics;
mod options;
mod protocol;
mod raw_endpoint;
mod request;
mod transport;
#[cfg(feature = "typescript")]
mod typescript;

pub use rocket_signalr_codegen::{hub, hub_client};

#[cfg(feature = "typescript")]
pub use self::typescript::{TypeScript, TypeScriptError};
pub use self::{
    auth::{Authenticate, Authorize, Resource, User, bearer_token},
    caller::Caller,
    clients::{CallerClients, ClientProxy, Clients, HubClient, Many, NoClient, Single},
    context::HubContext,
    dispatch::{
        FilterContext, HubFilter, HubFilters, NextConnected, NextDisconnected, NextMethod, Reply,
        UploadStream,
    },
    error::{DisconnectReason, HubError, SendError},
    groups::Groups,
    hub::Hub,
    hub_endpoint::HubEndpoint,
    metrics::HubMetrics,
    options::{HubOptions, MessageRate},
    protocol::{HubProtocols, PropertyNaming, Timestamp, TimestampError},
    raw_endpoint::{ConnectionHandler, RawConnection, RawEndpoint},
    request::ConnectRequest,
    transport::{AllowedOrigins, NegotiateRedirect, Transports},
};

/// What the attributes' expansions name. Not for use by hand.
#[doc(hidden)]
pub mod __private {
    pub use crate::{
        clients::argument,
        dispatch::{Binder, Call, HubMethod, StreamFault, StreamSink, hub_result},
        protocol::BindError,
    };

    pub use crate::__if_typescript as if_typescript;
    #[cfg(feature = "typescript")]
    pub use crate::typescript::{Carrier, Face, Known, Opaque, Probe, Unknown};
}

/// What it is given, if the feature `typescript` is on: the attributes cannot see that.
#[cfg(feature = "typescript")]
#[doc(hidden)]
#[macro_export]
macro_rules! __if_typescript {
    ($($item:tt)*) => { $($item)* };
}

/// Nothing, since the feature `typescript` is off.
#[cfg(not(feature = "typescript"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __if_typescript {
    ($($item:tt)*) => {};
}

/// Entry points for the benchmarks.
#[cfg(feature = "bench")]
#[doc(hidden)]
pub mod __bench {
    pub use crate::bench::*;
}

/// Entry points for the fuzz targets.
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod __fuzz {
    pub use crate::protocol::fuzz::*;

    pub fn websocket_frames(input: &[u8]) {
        crate::transport::websocket::frame::check::check(input);
    }
}
