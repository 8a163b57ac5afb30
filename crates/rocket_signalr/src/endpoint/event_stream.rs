//! Server-Sent Events: one response that never ends, an event for what waits.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes, BytesMut};
use rocket::{Response, http::Header};
use tokio::io::{AsyncRead, ReadBuf};

use crate::{
    clock,
    connection::{Connection, Ending, Taken},
};

/// A comment, which clients pass over.
const COMMENT: &str = ":\r\n";

/// How long nothing is written at most, in milliseconds. Rocket learns that a client has gone only
/// when it writes.
const SILENCE: u64 = 2000;

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
            // So that browsers fire their `open` event at once.
            unread: BytesMut::from(COMMENT),
            written: clock::now(),
            connection,
        })
        .finalize()
}

struct EventStream {
    connection: Arc<Connection>,
    ticket: u64,
    unread: BytesMut,
    /// When something was written last.
    written: u64,
}

impl AsyncRead for EventStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.unread.is_empty() {
            let deadline = this.written + SILENCE;
            let outbox = this.connection.outbox();
            this.unread = match ready!(outbox.poll_take(this.ticket, deadline, cx)) {
                Taken::Frames(frames) => {
                    outbox.settle(Vec::new());
                    event(&frames)
                }
                Taken::TimedOut => BytesMut::from(COMMENT),
                Taken::End | Taken::Replaced => return Poll::Ready(Ok(())),
            };
            this.written = clock::now();
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

/// One event for all that waits: a line of data for each line. Hub messages have no line breaks, so
/// theirs are one line. The space is required by the .NET client.
fn event(frames: &[Bytes]) -> BytesMut {
    let mut event = BytesMut::from("data: ");
    for frame in frames {
        for (index, line) in frame.split(|byte| *byte == b'\n').enumerate() {
            if index > 0 {
                if event.ends_with(b"\r") {
                    event.truncate(event.len() - 1);
                }
                event.extend_from_slice(b"\r\ndata: ");
            }
            event.extend_from_slice(line);
        }
    }
    event.extend_from_slice(b"\r\n\r\n");
    event
}

impl Drop for EventStream {
    fn drop(&mut self) {
        self.connection.outbox().end_response(self.ticket);
        self.connection.leave(Ending::gone(None));
    }
}
