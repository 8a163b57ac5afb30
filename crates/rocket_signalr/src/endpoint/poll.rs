//! Long polling: a response waits until there is something to say.

use std::{
    io::{self, SeekFrom},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use rocket::{
    Response,
    http::{Header, Status},
};
use tokio::io::{AsyncRead, AsyncSeek, ReadBuf};
use tracing::trace;

use crate::{
    clock,
    connection::{Connection, Taken},
};

/// Waits for what a poll is answered with.
pub(crate) async fn respond(connection: Arc<Connection>) -> Response<'static> {
    let poll = WaitingPoll::begin(connection);
    let timeout = clock::millis(poll.connection.options.poll_timeout);
    let deadline = clock::now().saturating_add(timeout);
    let outbox = poll.connection.outbox();
    match std::future::poll_fn(|cx| outbox.poll_take(poll.ticket, deadline, cx)).await {
        Taken::Frames(frames) => {
            let length = frames.iter().map(Bytes::len).sum();
            let body = PollBody { connection: poll.connection.clone(), frames, next: 0, read: 0 };
            answer(Status::Ok, "application/octet-stream", length, body)
        }
        Taken::TimedOut => empty(Status::Ok, "text/plain"),
        Taken::Replaced => {
            trace!(
                name: "PollCanceled",
                connection_id = poll.connection.id.as_str(),
                "another poll takes its place"
            );
            empty(Status::NoContent, "text/plain")
        }
        Taken::End => empty(Status::NoContent, "text/plain"),
    }
}

/// The answer to the first poll, which only tells that the connection is there.
pub(crate) fn first() -> Response<'static> {
    empty(Status::Ok, "application/octet-stream")
}

fn empty(status: Status, content_type: &'static str) -> Response<'static> {
    answer(status, content_type, 0, io::Cursor::new(""))
}

fn answer<B>(
    status: Status,
    content_type: &'static str,
    length: usize,
    body: B,
) -> Response<'static>
where
    B: AsyncRead + AsyncSeek + Send + 'static,
{
    Response::build()
        .status(status)
        .header(Header::new("Content-Type", content_type))
        .sized_body(length, body)
        .finalize()
}

/// A poll that waits. Dropped, it waits no more.
struct WaitingPoll {
    connection: Arc<Connection>,
    ticket: u64,
}

impl WaitingPoll {
    fn begin(connection: Arc<Connection>) -> Self {
        Self { ticket: connection.outbox().begin_response(), connection }
    }
}

impl Drop for WaitingPoll {
    fn drop(&mut self) {
        self.connection.outbox().end_response(self.ticket);
    }
}

/// Messages on their way to a client. If it left before it read them, they go to its next poll, which
/// waits until that is clear: Rocket does not tell a handler that its client is gone.
struct PollBody {
    connection: Arc<Connection>,
    /// None once all of them were read.
    frames: Vec<Bytes>,
    /// The frame that is read next.
    next: usize,
    /// How much of it was read.
    read: usize,
}

impl AsyncRead for PollBody {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while let Some(frame) = this.frames.get(this.next)
            && buffer.remaining() > 0
        {
            let rest = &frame[this.read..];
            let length = rest.len().min(buffer.remaining());
            buffer.put_slice(&rest[..length]);
            this.read += length;
            if this.read == frame.len() {
                (this.next, this.read) = (this.next + 1, 0);
            }
        }
        if this.next == this.frames.len() {
            this.frames.clear();
            this.next = 0;
        }
        Poll::Ready(Ok(()))
    }
}

/// Rocket asks for the trait though the size is given.
impl AsyncSeek for PollBody {
    fn start_seek(self: Pin<&mut Self>, _: SeekFrom) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn poll_complete(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Poll::Ready(Ok(0))
    }
}

impl Drop for PollBody {
    fn drop(&mut self) {
        self.connection.outbox().settle(std::mem::take(&mut self.frames));
    }
}
