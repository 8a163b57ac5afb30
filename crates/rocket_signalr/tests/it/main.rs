//! What the library promises, through its public face and real sockets. `README.md` beside this
//! file says which test of ASP.NET Core each of these answers to.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::large_futures,
    clippy::needless_pass_by_value,
    reason = "a test fails by panicking, and hub methods take what clients send"
)]

mod support;

mod auth;
mod autobahn;
mod bursts;
mod client_results;
mod compression;
mod endpoints;
mod event_stream;
mod filters;
mod groups;
mod handshake;
mod hangs;
mod keep_alive;
mod lifecycle;
mod listen_backlog;
mod macros;
mod messagepack;
mod methods;
mod metrics;
mod negotiate;
mod newest;
mod options;
mod origin;
mod parallelism;
mod polling;
mod presence;
mod protocols;
mod rate;
mod raw;
mod reconnect;
mod sending;
mod serialisation;
mod server_streams;
mod shutdown;
mod sizes;
mod slow_clients;
mod sockets;
mod tracing;
#[cfg(feature = "typescript")]
mod typescript;
mod upload_streams;
