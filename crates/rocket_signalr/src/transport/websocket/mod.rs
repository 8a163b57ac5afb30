//! WebSockets (RFC 6455): the upgrade, and the frames.

mod deflate;
pub(crate) mod frame;

use std::{future::Future, io, pin::Pin};

use rocket::{
    Request, Response,
    data::{IoHandler, IoStream},
    http::Header,
    request::{FromRequest, Outcome},
    tokio::io::empty,
};
use rocket_ws::WebSocket;

/// A well-formed upgrade request, and what accepts it.
pub(crate) struct Upgrade {
    accept_key: String,
    extensions: Option<&'static str>,
}

impl Upgrade {
    /// Reads the upgrade headers. A request whose key is not 16 bytes of base64 is none. With
    /// `deflate`, compression is agreed on if the client offers it.
    pub(crate) async fn of(request: &Request<'_>, deflate: bool) -> Option<Self> {
        // The encoding of 16 bytes is 24 characters long (RFC 6455, section 4.1).
        let key = request.headers().get_one("Sec-WebSocket-Key")?;
        if key.len() != 24 || !key.ends_with("==") {
            return None;
        }
        let Outcome::Success(socket) = WebSocket::from_request(request).await else { return None };
        let offers = request.headers().get("Sec-WebSocket-Extensions").filter(|_| deflate);
        Some(Self {
            accept_key: socket.accept_key().to_owned(),
            extensions: deflate::agree(offers),
        })
    }

    /// Whether compression is agreed on.
    pub(crate) const fn deflates(&self) -> bool {
        self.extensions.is_some()
    }

    /// The answer 101. Once it is sent, `serve` is run with the socket in a task of its own.
    pub(crate) fn accept<F, S>(self, serve: F) -> Response<'static>
    where
        F: FnOnce(IoStream) -> S + Send + Unpin + 'static,
        S: Future<Output = ()> + Send + 'static,
    {
        let mut response = Response::build();
        if let Some(extensions) = self.extensions {
            response.header(Header::new("Sec-WebSocket-Extensions", extensions));
        }
        response
            .header(Header::new("Sec-WebSocket-Accept", self.accept_key))
            // Without a streamed body Rocket adds `content-length`, which a 101 must not have
            // (RFC 9110, section 8.6).
            .streamed_body(empty())
            .upgrade("websocket", Detached(serve))
            .finalize()
    }
}

/// Takes the socket away from Rocket's request task. While `io()` is pending, that task keeps the
/// request, its headers and its buffers alive: 25 KB for each connection.
struct Detached<F>(F);

impl<F, S> IoHandler for Detached<F>
where
    F: FnOnce(IoStream) -> S + Send + Unpin + 'static,
    S: Future<Output = ()> + Send + 'static,
{
    fn io<'a>(
        self: Pin<Box<Self>>,
        io: IoStream,
    ) -> Pin<Box<dyn Future<Output = io::Result<()>> + Send + 'a>>
    where
        Self: 'a,
    {
        let Self(serve) = *Pin::into_inner(self);
        tokio::spawn(serve(io));
        Box::pin(async { Ok(()) })
    }
}
