//! The socket of a client: TCP itself where it can be had, else what Rocket makes of it.

#[cfg(target_os = "linux")]
mod takeover;

use std::{
    io::{self, IoSlice},
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
};

use rocket::{Request, data::IoStream};
#[cfg(target_os = "linux")]
use rustix::{
    io::Errno,
    net::{SendFlags, send},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
#[cfg(target_os = "linux")]
use tokio::net::TcpStream;

/// Bytes to and from a client.
pub(crate) struct Socket {
    /// What was read from Rocket's stream before the socket was taken out of it.
    early: Option<Box<[u8]>>,
    stream: Stream,
}

enum Stream {
    #[cfg(target_os = "linux")]
    Tcp(TcpStream),
    Rocket(IoStream),
}

/// Between whom a socket is.
#[derive(Clone, Copy)]
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "nothing is looked for there"))]
pub(crate) struct Ends {
    peer: SocketAddr,
    /// Where the server listens.
    port: u16,
}

impl Ends {
    /// Those of the socket that a request came by, if it is one of plain TCP.
    pub(crate) fn of(request: &Request<'_>) -> Option<Self> {
        let config = request.rocket().config();
        let peer = request.remote().filter(|_| !config.tls_enabled())?;
        Some(Self { peer, port: config.port })
    }
}

impl Socket {
    /// `ends` are those of the TCP socket that the stream is. An error means that the connection is
    /// lost.
    pub(crate) fn new(stream: IoStream, ends: Option<Ends>) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        if let Some(ends) = ends {
            return takeover::take_over(stream, ends);
        }
        #[cfg(not(target_os = "linux"))]
        let _ = ends;
        Ok(Self { early: None, stream: Stream::Rocket(stream) })
    }

    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(early) = self.early.take() {
            let (now, later) = early.split_at(early.len().min(buffer.remaining()));
            buffer.put_slice(now);
            self.early = (!later.is_empty()).then(|| later.into());
            return Poll::Ready(Ok(()));
        }
        match &mut self.stream {
            #[cfg(target_os = "linux")]
            Stream::Tcp(stream) => Pin::new(stream).poll_read(cx, buffer),
            Stream::Rocket(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }

    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            #[cfg(target_os = "linux")]
            Stream::Tcp(stream) => {
                // The kernel is asked first, since nearly always there is room. Whether there is, tokio
                // keeps in memory of its own, which a message to many finds in no cache.
                match send(&*stream, bytes, SendFlags::NOSIGNAL) {
                    Err(Errno::AGAIN | Errno::INTR) => Pin::new(stream).poll_write(cx, bytes),
                    sent => Poll::Ready(sent.map_err(io::Error::from)),
                }
            }
            Stream::Rocket(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    pub(crate) fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            #[cfg(target_os = "linux")]
            Stream::Tcp(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Stream::Rocket(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        }
    }

    pub(crate) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            #[cfg(target_os = "linux")]
            Stream::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Rocket(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
