//! What waits to be written to one client, and the socket that it is written to.
//!
//! A sender locks the outbox and, if nothing waits, writes to the socket itself: no queue, no
//! wake-up, no task switch. It does so with the waker of the connection's own task, so that the
//! socket's readiness wakes that task, which alone drains what had to be queued.

use std::{
    collections::VecDeque,
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, Waker},
};

use bytes::{Buf, Bytes};
use parking_lot::Mutex;
use rocket::data::IoStream;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::Notify,
};

use crate::clock;

/// How many frames one vectored write takes at most.
const SLICES: usize = 32;

/// What became of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    /// It is with the kernel, or waits for the socket.
    Accepted,
    /// More waits than this client is allowed: the caller ends the connection.
    Overflow,
    /// The connection takes nothing any more.
    Closed,
}

#[derive(Debug)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    /// Tells those who wait in [`Outbox::writable`] that there is room again.
    drained: Notify,
}

struct State {
    socket: Option<IoStream>,
    /// Wakes the connection's task. None until that task ran for the first time.
    task: Option<Waker>,
    queue: VecDeque<Bytes>,
    queued_bytes: usize,
    /// When the socket last took something, or the queue began to fill.
    progress: u64,
    closed: bool,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("connected", &self.socket.is_some())
            .field("queued_bytes", &self.queued_bytes)
            .field("closed", &self.closed)
            .finish_non_exhaustive()
    }
}

impl Outbox {
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                socket: None,
                task: None,
                queue: VecDeque::new(),
                queued_bytes: 0,
                progress: 0,
                closed: false,
            }),
            drained: Notify::new(),
        }
    }

    pub(crate) fn attach(&self, socket: IoStream) {
        self.state.lock().socket = Some(socket);
    }

    /// Takes a frame for the client: writes it at once if nothing waits before it.
    pub(crate) fn send(&self, frame: Bytes, limit: usize) -> Sent {
        let mut state = self.state.lock();
        if state.closed {
            return Sent::Closed;
        }
        if state.queued_bytes > 0 && state.queued_bytes.saturating_add(frame.len()) > limit {
            return Sent::Overflow;
        }
        state.write_or_queue(frame);
        Sent::Accepted
    }

    /// Takes the last frames of a connection; what is sent after them is dropped.
    pub(crate) fn finish(&self, frames: impl IntoIterator<Item = Bytes>) {
        let mut state = self.state.lock();
        if state.closed {
            return;
        }
        for frame in frames {
            state.write_or_queue(frame);
        }
        state.closed = true;
    }

    /// Waits while more than `limit` bytes wait for the socket. A closed outbox keeps nobody.
    pub(crate) async fn writable(&self, limit: usize) {
        loop {
            let drained = self.drained.notified();
            tokio::pin!(drained);
            // Enabled before the look, so that room made in between is not missed.
            drained.as_mut().enable();
            if self.state.lock().queued_bytes <= limit {
                return;
            }
            drained.await;
        }
    }

    /// Whether something has waited since before `time` with the socket taking nothing.
    pub(crate) fn stuck_since(&self, time: u64) -> bool {
        let state = self.state.lock();
        state.queued_bytes > 0 && state.progress < time
    }

    /// Writes what waits, as the connection's task. Ready when nothing waits any more.
    pub(crate) fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.state.lock();
        state.remember(cx);
        if state.queue.is_empty() {
            return Poll::Ready(Ok(()));
        }
        let result = state.poll_drain(cx);
        drop(state);
        self.drained.notify_waiters();
        result
    }

    /// Reads from the socket, as the connection's task. An empty read is the end.
    pub(crate) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut state = self.state.lock();
        state.remember(cx);
        match &mut state.socket {
            Some(socket) => Pin::new(socket).poll_read(cx, buffer),
            None => Poll::Ready(Ok(())),
        }
    }

    /// Tells the client that nothing more will be written.
    pub(crate) fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.state.lock().socket {
            Some(socket) => Pin::new(socket).poll_shutdown(cx),
            None => Poll::Ready(Ok(())),
        }
    }

    /// Lets the socket and all that waits go. Senders that still hold the connection keep no file
    /// descriptor open.
    pub(crate) fn detach(&self) {
        let (socket, queue) = {
            let mut state = self.state.lock();
            state.closed = true;
            state.queued_bytes = 0;
            state.task = None;
            (state.socket.take(), std::mem::take(&mut state.queue))
        };
        drop((socket, queue));
        self.drained.notify_waiters();
    }

    /// Wakes the connection's task, which then looks whether the connection is to end.
    pub(crate) fn wake(&self) {
        let task = self.state.lock().task.clone();
        if let Some(task) = task {
            task.wake();
        }
    }
}

impl State {
    fn remember(&mut self, cx: &Context<'_>) {
        match &mut self.task {
            Some(task) => task.clone_from(cx.waker()),
            None => self.task = Some(cx.waker().clone()),
        }
    }

    fn write_or_queue(&mut self, mut frame: Bytes) {
        if self.queue.is_empty()
            && let (Some(socket), Some(task)) = (&mut self.socket, &self.task)
        {
            let mut cx = Context::from_waker(task);
            match Pin::new(socket).poll_write(&mut cx, &frame) {
                Poll::Ready(Ok(written)) if written == frame.len() => return,
                Poll::Ready(Ok(written)) => frame.advance(written),
                // The task learns of a broken socket when it reads or drains.
                Poll::Ready(Err(_)) | Poll::Pending => {}
            }
        }
        if self.queue.is_empty() {
            self.progress = clock::now();
            // Readiness that was used up by a partial write must be asked for anew.
            if let Some(task) = &self.task {
                task.wake_by_ref();
            }
        }
        self.queued_bytes += frame.len();
        self.queue.push_back(frame);
    }

    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(socket) = &mut self.socket else {
            return Poll::Ready(Ok(()));
        };
        while !self.queue.is_empty() {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let count = self.queue.len().min(SLICES);
            for (slice, frame) in slices.iter_mut().zip(&self.queue) {
                *slice = IoSlice::new(frame);
            }
            let written = match Pin::new(&mut *socket).poll_write_vectored(cx, &slices[..count]) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(written)) => written,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            };
            self.progress = clock::now();
            self.queued_bytes -= written;
            let mut rest = written;
            while rest > 0 {
                let Some(frame) = self.queue.front_mut() else {
                    break;
                };
                if rest < frame.len() {
                    frame.advance(rest);
                    break;
                }
                rest -= frame.len();
                self.queue.pop_front();
            }
        }
        // A burst must not leave its queue behind at every idle connection.
        self.queue = VecDeque::new();
        Poll::Ready(Ok(()))
    }
}
