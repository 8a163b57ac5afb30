//! WebSockets (RFC 6455): the upgrade, and the frames.

mod deflate;
pub(crate) mod frame;

use std::{
    future::{Future, ready},
    io,
    pin::Pin,
};

use rocket::{
    Request, Response,
    data::{IoHandler, IoStream},
    http::Header,
    request::{FromRequest, Outcome},
    tokio::io::empty,
};
use rocket_ws::WebSocket;

use super::{Ends, Socket};

/// A well-formed upgrade request, and what accepts it.
pub(crate) struct Upgrade {
    accept_key: String,
    extensions: Option<&'static str>,
    sub_protocol: Option<String>,
    ends: Option<Ends>,
}

/// Chooses one of the subprotocols that a client offers (RFC 6455, section 1.9).
pub(crate) type SubProtocolSelector = for<'a> fn(&[&'a str]) -> Option<&'a str>;

impl Upgrade {
    /// Reads the upgrade headers. A request whose key is not 16 bytes of base64 is none. With
    /// `deflate`, compression is agreed on if the client offers it; `select` chooses a subprotocol.
    pub(crate) async fn of(
        request: &Request<'_>,
        deflate: bool,
        select: Option<SubProtocolSelector>,
    ) -> Option<Self> {
        // The encoding of 16 bytes is 24 characters long (RFC 6455, section 4.1).
        let key = request.headers().get_one("Sec-WebSocket-Key")?;
        if key.len() != 24 || !key.ends_with("==") {
            return None;
        }
        let Outcome::Success(socket) = WebSocket::from_request(request).await else { return None };
        let extensions = deflate
            .then(|| deflate::agree(request.headers().get("Sec-WebSocket-Extensions")))
            .flatten();
        let sub_protocol = select.and_then(|select| {
            let offered = request.headers().get("Sec-WebSocket-Protocol");
            let offered: Vec<_> =
                offered.flat_map(|header| header.split(',')).map(str::trim).collect();
            select(&offered).map(str::to_owned)
        });
        Some(Self {
            accept_key: socket.accept_key().to_owned(),
            extensions,
            sub_protocol,
            ends: Ends::of(request),
        })
    }

    /// Whether compression is agreed on.
    pub(crate) const fn deflates(&self) -> bool {
        self.extensions.is_some()
    }

    /// The answer 101. Once it is sent, `serve` is run with the socket in a task of its own.
    pub(crate) fn accept<F, S>(self, serve: F) -> Response<'static>
    where
        F: FnOnce(Socket) -> S + Send + Unpin + 'static,
        S: Future<Output = ()> + Send + 'static,
    {
        let mut response = Response::build();
        if let Some(extensions) = self.extensions {
            response.header(Header::new("Sec-WebSocket-Extensions", extensions));
        }
        if let Some(sub_protocol) = self.sub_protocol {
            response.header(Header::new("Sec-WebSocket-Protocol", sub_protocol));
        }
        response
            .header(Header::new("Sec-WebSocket-Accept", self.accept_key))
            // Without a streamed body Rocket adds `content-length`, which a 101 must not have
            // (RFC 9110, section 8.6).
            .streamed_body(empty())
            .upgrade("websocket", Detached { serve, ends: self.ends })
            .finalize()
    }
}

/// Takes the socket away from Rocket's request task. While `io()` is pending, that task keeps the
/// request, its headers and its buffers alive: 25 KB for each connection.
struct Detached<F> {
    serve: F,
    ends: Option<Ends>,
}

impl<F, S> IoHandler for Detached<F>
where
    F: FnOnce(Socket) -> S + Send + Unpin + 'static,
    S: Future<Output = ()> + Send + 'static,
{
    fn io<'a>(
        self: Pin<Box<Self>>,
        io: IoStream,
    ) -> Pin<Box<dyn Future<Output = io::Result<()>> + Send + 'a>>
    where
        Self: 'a,
    {
        let Self { serve, ends } = *Pin::into_inner(self);
        let served = Socket::new(io, ends).map(|socket| {
            tokio::spawn(serve(socket));
        });
        Box::pin(ready(served))
    }
}
