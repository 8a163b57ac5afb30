//! Server-Sent Events: one response that never ends, an event for what waits.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::{Buf, BytesMut};
use rocket::{Response, http::Header};
use tokio::io::{AsyncRead, ReadBuf};

use crate::connection::{Connection, Ending, Taken};

/// The response of an event stream. When it is dropped, the client is gone.
pub(crate) fn respond(connection: Arc<Connection>) -> Response<'static> {
    Response::build()
        .header(Header::new("Content-Type", "text/event-stream"))
        .header(Header::new("Cache-Control", "no-cache,no-store"))
        .header(Header::new("Pragma", "no-cache"))
        // Compression on the way would hold events back.
        .header(Header::new("Content-Encoding", "identity"))
        .streamed_body(EventStream {
            ticket: connection.outbox().begin_response(),
            // A comment, so that browsers fire their `open` event at once.
            unread: BytesMut::from(":\r\n"),
            connection,
        })
        .finalize()
}

struct EventStream {
    connection: Arc<Connection>,
    ticket: u64,
    unread: BytesMut,
}

impl AsyncRead for EventStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.unread.is_empty() {
            match ready!(this.connection.outbox().poll_take(this.ticket, u64::MAX, cx)) {
                Taken::Frames(frames) => {
                    // One event for all that waits. Text messages have no line breaks. The space
                    // is required by the .NET client.
                    this.unread.extend_from_slice(b"data: ");
                    for frame in frames {
                        this.unread.extend_from_slice(&frame);
                    }
                    this.unread.extend_from_slice(b"\r\n\r\n");
                }
                Taken::End | Taken::Replaced | Taken::TimedOut => return Poll::Ready(Ok(())),
            }
        }
        let length = this.unread.len().min(buffer.remaining());
        buffer.put_slice(&this.unread[..length]);
        this.unread.advance(length);
        if this.unread.is_empty() {
            // An idle stream keeps no buffer.
            this.unread = BytesMut::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        self.connection.outbox().end_response(self.ticket);
        self.connection.end(Ending::gone(None));
    }
}
