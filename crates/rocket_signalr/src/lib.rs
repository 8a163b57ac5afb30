//! A SignalR server for [Rocket](https://rocket.rs), wire-compatible with ASP.NET Core SignalR:
//! clients of SignalR connect to it unmodified. A hub is a type with methods that clients call;
//! what it calls on them is declared as a trait, so that a wrong argument does not compile.
//!
//! ```
//! use rocket_signalr::{Caller, Hub, SendError, hub, hub_client};
//!
//! #[hub_client]
//! trait ChatClient {
//!     /// Clients handle "receiveMessage".
//!     async fn receive_message(&self, user: &str, text: &str);
//! }
//!
//! struct ChatHub;
//!
//! #[hub(client = ChatClient)]
//! impl ChatHub {
//!     /// Clients call "SendMessage".
//!     async fn send_message(
//!         &self,
//!         caller: &Caller<Self>,
//!         user: String,
//!         text: String,
//!     ) -> Result<(), SendError> {
//!         caller.clients().all().receive_message(&user, &text).await
//!     }
//! }
//!
//! let rocket = rocket::build().attach(ChatHub.at("/chat"));
//! ```
//!
//! In a page:
//!
//! ```js
//! const chat = new signalR.HubConnectionBuilder().withUrl("/chat").build();
//! chat.on("receiveMessage", (user, text) => console.log(`${user}: ${text}`));
//! await chat.start();
//! await chat.invoke("SendMessage", "ann", "Hello");
//! ```
//!
//! # A tour
//!
//! | To | there is |
//! |---|---|
//! | write methods that clients call | [`#[hub]`](hub#methods), [`Caller`] |
//! | call clients: all, one, a group, a user | [`Clients`], and as seen by a caller, [`CallerClients`] |
//! | call them from handlers and services | [`HubContext`] |
//! | keep connections in groups | [`Groups`] |
//! | stream results, and take streams | [methods that return `impl Stream`](hub#streams), [`UploadStream`] |
//! | ask a client for a result | [methods that return](hub_client#results) |
//! | tell clients what went wrong | [`HubError`] |
//! | know users, and let only some in | [`Authenticate`], [`#[authorize]`](hub#attributes-of-methods) |
//! | do something around every method | [`HubFilter`] |
//! | set timeouts, sizes, transports, origins | [`HubOptions`], also [in `Rocket.toml`](HubOptions#in-rockettoml) |
//! | send times that clients read as dates | [`Timestamp`] |
//! | send enums as .NET has them in both encodings | [`PerProtocol`] |
//! | send clients elsewhere | [`HubEndpoint::redirect`] |
//! | carry bytes, without a hub | [`ConnectionHandler`] |
//! | have clients checked by TypeScript | [`TypeScript`] |
//!
//! # Tests
//!
//! A hub method without a caller is called as any method. Everything else can be tried with
//! Rocket's local client and no socket at all, by long polling: a GET takes what the server has
//! sent, a POST sends. Messages are JSON, each ended by the character 0x1E.
//!
//! ```
//! use rocket::local::blocking::Client;
//! use rocket_signalr::{Hub, hub};
//!
//! struct Calculator;
//!
//! #[hub]
//! impl Calculator {
//!     fn add(&self, a: i32, b: i32) -> i32 {
//!         a + b
//!     }
//! }
//!
//! assert_eq!(Calculator.add(1, 2), 3);
//!
//! let rocket = rocket::build().attach(Calculator.at("/calc"));
//! let client = Client::debug(rocket).unwrap();
//! let answer = client.post("/calc/negotiate?negotiateVersion=1").dispatch();
//! let answer = answer.into_json::<serde_json::Value>().unwrap();
//! let path = format!("/calc?id={}", answer["connectionToken"].as_str().unwrap());
//! let poll = || client.get(&path).dispatch().into_string().unwrap();
//! let send = |text: &str| client.post(&path).body(format!("{text}\x1e")).dispatch();
//!
//! assert_eq!(poll(), ""); // the first one opens the connection
//! send(r#"{"protocol": "json", "version": 1}"#);
//! assert_eq!(poll(), "{}\x1e");
//! send(r#"{"type": 1, "target": "Add", "arguments": [1, 2], "invocationId": "1"}"#);
//! assert_eq!(poll().trim_end_matches('\x1e'), r#"{"type":3,"invocationId":"1","result":3}"#);
//! ```
//!
//! # What users of SignalR ask for, and get here
//!
//! - Client methods without magic strings, for Rust and for TypeScript: [`#[hub_client]`](hub_client),
//!   [`TypeScript`].
//! - Who is here: [`HubContext::connections`], [`HubContext::users`], [`HubContext::is_online`],
//!   [`Groups::names`], [`Groups::members`], [`Groups::of`].
//! - Ending a connection from outside: [`HubContext::disconnect`], [`HubContext::disconnect_user`].
//! - Slow clients that harm nobody: [`HubOptions::slow_client_limit`], and `newest`, which keeps only
//!   [the newest of a kind](hub_client) for them.
//! - A limit on how much a client may send: [`MessageRate`].
//! - Restarts that clients get over by themselves: at shutdown, each is told to come back, and
//!   [`ListenBacklog`] has room for all of them at once.
//! - Numbers for Prometheus, for each hub and method: [`HubMetrics`].
//! - A check of the `Origin`, without which any page can use its visitors' cookies on a WebSocket:
//!   [`AllowedOrigins`], which begins with the same origin only.
//!
//! There is no backplane: all connections of a hub are to one process.
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
//! # Sockets
//!
//! On Linux, the TCP socket of a WebSocket is taken out of Rocket's stream, which would take a lock of
//! the whole process for each message. It is found by its client's address, and stays with Rocket, where
//! it does as well and costs more, with TLS or if a fairing changes
//! [`Request::remote`](rocket::Request::remote); set `ip_header` instead where a proxy tells addresses.
//! Rocket's `shutdown.grace` and `shutdown.mercy` do not hold for such sockets: at shutdown they are
//! closed within a second.
//!
//! The numbers of such files begin at 16,384, or at half of the limit of open files if that is less.
//!
//! # Features
//!
//! - `typescript`: [`TypeScript`] writes declarations of hubs. Off by default.
//!
#![cfg_attr(
    not(feature = "typescript"),
    doc = "[`TypeScript`]: https://docs.rs/rocket_signalr/latest/rocket_signalr/struct.TypeScript.html"
)]

mod attributes;
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
#[cfg(target_os = "linux")]
mod files;
mod groups;
mod hub;
mod hub_endpoint;
mod id;
mod lifetime;
mod listen_backlog;
mod metrics;
mod options;
mod prefetch;
mod protocol;
mod raw_endpoint;
mod request;
mod transport;
#[cfg(feature = "typescript")]
mod typescript;

#[cfg(feature = "typescript")]
pub use self::typescript::{TypeScript, TypeScriptError};
pub use self::{
    attributes::{hub, hub_client},
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
    listen_backlog::ListenBacklog,
    metrics::HubMetrics,
    options::{HubOptions, MessageRate},
    protocol::{
        FromProtocol, HubProtocols, PerProtocol, PropertyNaming, Timestamp, TimestampError,
    },
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

/// What the README shows is compiled, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// Entry points for the fuzz targets.
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod __fuzz {
    pub use crate::protocol::fuzz::*;

    pub fn websocket_frames(input: &[u8]) {
        crate::transport::websocket::frame::check::check(input);
    }
}
