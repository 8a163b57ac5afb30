//! Bytes in, bytes out: the transports, and how client and server agree on one.

pub(crate) mod http;
pub(crate) mod negotiate;
pub(crate) mod websocket;
