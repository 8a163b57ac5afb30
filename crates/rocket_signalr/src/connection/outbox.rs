//! What waits to be written to one client, and the way it goes.
//!
//! A sender locks the outbox and, if nothing waits, writes to the socket itself: no queue, no
//! wake-up, no task switch. It does so with the waker of the connection's own task, so that the
//! socket's readiness wakes that task, which alone drains what had to be queued.
//!
//! Where there is no socket, responses take what waits: an event stream, or poll after poll.

use std::{
    borrow::Cow,
    io::{self, IoSlice},
    task::{Context, Poll, Waker, ready},
};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::{io::ReadBuf, sync::Notify};

use super::{
    queue::Queue,
    replay::{Replay, SequenceTooHigh},
};
use crate::{
    clock,
    protocol::{Frame, HubProtocol},
    transport::{Socket, websocket::frame},
};

/// How many frames one vectored write takes at most.
const SLICES: usize = 32;

/// What became of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sent {
    /// It is with the kernel, or waits.
    Accepted,
    /// More waits than this client is allowed: the caller ends the connection.
    Overflow,
    /// The connection takes nothing any more.
    Closed,
}

/// What a response gets that takes what waits.
#[derive(Debug)]
pub(crate) enum Taken {
    /// Nobody gets more until it is told what became of these: [`Outbox::settle`].
    Frames(Vec<Bytes>),
    /// Another response takes them now.
    Replaced,
    /// Nothing came in the time that a response may wait.
    TimedOut,
    /// Nothing will come any more.
    End,
}

/// The socket that a read was from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SocketRead {
    pub(crate) number: u64,
    /// Compression was agreed on for it.
    pub(crate) deflate: bool,
}

#[derive(Debug)]
pub(crate) struct Outbox {
    state: Mutex<State>,
    /// Tells those who wait in [`Outbox::writable`] that there is room again.
    drained: Notify,
}

struct State {
    link: Link,
    /// Since when there is no link.
    idle_since: u64,
    /// How often a link was made. Tells a new socket, or a new poll, from the one before.
    links: u64,
    /// Wakes the connection's task. None until that task ran for the first time.
    task: Option<Waker>,
    shape: Shape,
    queue: Queue,
    /// What is in the queue has not been tried to be written: the next write takes it along.
    corked: bool,
    /// A response has taken frames, and may yet put them back.
    lent: bool,
    /// When something was last taken, or the queue began to fill.
    progress: u64,
    replay: Option<Box<Replay>>,
    /// The client has been told that its handshake is good, and has missed nothing since.
    takes_messages: bool,
    closed: bool,
    /// The client knows that nothing will come any more.
    end_told: bool,
}

/// How messages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Without the header of a WebSocket frame.
    Bare,
    Framed,
    /// Framed, and compressed where that makes them smaller: it was agreed on for the socket.
    Deflated,
}

enum Link {
    /// None yet, none between two polls, none until a lost client is back.
    None,
    Socket(Socket),
    Response(Option<Waker>),
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("queued_bytes", &self.queue.bytes())
            .field("closed", &self.closed)
            .finish_non_exhaustive()
    }
}

impl Outbox {
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                link: Link::None,
                idle_since: clock::now(),
                links: 0,
                task: None,
                shape: Shape::Framed,
                queue: Queue::default(),
                corked: false,
                lent: false,
                progress: 0,
                replay: None,
                takes_messages: false,
                closed: false,
                end_told: false,
            }),
            drained: Notify::new(),
        }
    }

    /// The frames are for responses, which need no WebSocket header.
    pub(crate) fn without_headers(&self) {
        self.state.lock().shape = Shape::Bare;
    }

    /// From now on messages are remembered until the client acknowledges them.
    pub(crate) fn remember(&self, limit: usize) {
        self.state.lock().replay = Some(Box::new(Replay::new(limit)));
    }

    pub(crate) fn remembers(&self) -> bool {
        self.state.lock().replay.is_some()
    }

    /// Takes a message for the client: writes it at once if nothing waits before it. If it must wait,
    /// it takes the place of one with the same key.
    pub(crate) fn send(&self, frame: &Frame, key: Option<u64>, limit: usize) -> Sent {
        let mut state = self.state.lock();
        let corked = state.corked;
        let sent = state.take(frame, key, limit, State::write_or_queue_as);
        drop(state);
        if corked {
            self.drained.notify_waiters();
        }
        sent
    }

    /// As [`send`](Self::send), but leaves it to a later [`flush`](Self::flush) to write the message,
    /// together with others. True if the caller must see to that; else somebody else does.
    pub(crate) fn cork(&self, frame: &Frame, key: Option<u64>, limit: usize) -> (Sent, bool) {
        let mut state = self.state.lock();
        let first = state.queue.is_empty() && matches!(state.link, Link::Socket(_));
        state.corked |= first;
        let sent = state.take(frame, key, limit, State::queue);
        state.corked &= !state.queue.is_empty();
        (sent, first && state.corked)
    }

    /// Writes what was corked, as the connection's task would.
    pub(crate) fn flush(&self) {
        let drained = self.state.lock().uncork();
        if drained {
            self.drained.notify_waiters();
        }
    }

    /// Answers the handshake. What was sent before is dropped, as for anybody who is not connected.
    pub(crate) fn greet(&self, frame: &Frame) {
        let mut state = self.state.lock();
        if !state.closed {
            let bytes = state.bytes_of(frame);
            state.write_or_queue(bytes);
            state.takes_messages = true;
        }
    }

    /// Messages may be sent, without any greeting.
    pub(crate) fn open(&self) {
        self.state.lock().takes_messages = true;
    }

    /// Takes a message that is not counted and not sent again: a ping or an Ack.
    pub(crate) fn signal(&self, frame: &Frame) {
        let mut state = self.state.lock();
        let lost = state.replay.is_some() && matches!(state.link, Link::None);
        if !state.closed && !lost {
            let bytes = state.bytes_of(frame);
            state.write_or_queue(bytes);
        }
    }

    /// Takes a control frame of the WebSocket.
    pub(crate) fn control(&self, frame: Bytes, limit: usize) {
        let mut state = self.state.lock();
        if !state.closed && state.queue.bytes() < limit {
            state.write_or_queue(Cow::Owned(frame));
        }
    }

    /// Takes the last message and, on a WebSocket, the close frame. What is sent after them is
    /// dropped.
    pub(crate) fn finish(&self, last: Option<&Frame>, close_code: u16) {
        let mut state = self.state.lock();
        if state.closed {
            return;
        }
        if let Some(last) = last {
            let bytes = state.bytes_of(last);
            state.write_or_queue(bytes);
        }
        if state.shape != Shape::Bare {
            state.write_or_queue(Cow::Owned(frame::close(close_code, "")));
        }
        state.closed = true;
        state.wake_response();
        drop(state);
        self.drained.notify_waiters();
    }

    /// Waits while more than `limit` bytes wait, `with_held` those that wait for acknowledgements. A
    /// closed outbox keeps nobody.
    pub(crate) async fn writable(&self, limit: usize, with_held: bool) {
        loop {
            let drained = self.drained.notified();
            tokio::pin!(drained);
            // Enabled before the look, so that room made in between is not missed.
            drained.as_mut().enable();
            if self.has_room(limit, with_held) {
                return;
            }
            drained.await;
        }
    }

    /// Whether [`writable`](Self::writable) would not wait.
    pub(crate) fn has_room(&self, limit: usize, with_held: bool) -> bool {
        let state = self.state.lock();
        let waiting = if with_held { state.waiting_bytes() } else { state.queue.bytes() };
        state.closed || waiting <= limit
    }

    /// Whether something has waited since before `time` and nothing of it was taken.
    pub(crate) fn stuck_since(&self, time: u64) -> bool {
        let state = self.state.lock();
        !state.queue.is_empty() && state.progress < time && !matches!(state.link, Link::None)
    }

    /// Since when nothing connects the client, if so.
    pub(crate) fn idle_since(&self) -> Option<u64> {
        let state = self.state.lock();
        matches!(state.link, Link::None).then_some(state.idle_since)
    }

    /// Lets the link and all that waits go. Senders that still hold the connection keep no file
    /// descriptor open.
    pub(crate) fn detach(&self) {
        let (link, queue) = {
            let mut state = self.state.lock();
            state.closed = true;
            state.task = None;
            state.replay = None;
            state.wake_response();
            (state.set_link(Link::None), std::mem::take(&mut state.queue))
        };
        drop((link, queue));
        self.drained.notify_waiters();
    }

    /// Wakes the connection's task.
    pub(crate) fn wake(&self) {
        let task = self.state.lock().task.clone();
        if let Some(task) = task {
            task.wake();
        }
    }
}

/// As a WebSocket.
impl Outbox {
    /// Connects the first socket, or, for a client that comes back, the next: it is told with what
    /// number the server goes on, and what it has not acknowledged is sent again. False if the
    /// connection has ended.
    pub(crate) fn attach(&self, socket: Socket, deflate: bool, protocol: HubProtocol) -> bool {
        let mut state = self.state.lock();
        if state.closed {
            return false;
        }
        let resumes = state.links > 0;
        if resumes && let Link::Socket(old) = &mut state.link {
            // The old one, if it still stands, is told; nobody waits for its answer.
            let mut cx = Context::from_waker(Waker::noop());
            let _ = old.poll_write(&mut cx, &frame::close(1000, ""));
        }
        state.set_link(Link::Socket(socket));
        state.shape = if deflate { Shape::Deflated } else { Shape::Framed };
        if resumes && let Some(replay) = state.replay.take() {
            state.queue = Queue::default();
            let (number, frames) = replay.resume();
            let sequence = protocol.sequence(i64::try_from(number).unwrap_or(i64::MAX));
            state.write_or_queue(Cow::Borrowed(sequence.websocket()));
            for bytes in frames {
                state.write_or_queue(Cow::Borrowed(bytes));
            }
            state.replay = Some(replay);
        }
        if let Some(task) = &state.task {
            task.wake_by_ref();
        }
        drop(state);
        // What waited for the old socket is queued anew, or has been written.
        self.drained.notify_waiters();
        true
    }

    /// The socket of this number is lost, but the client may come back. If it already has, the new
    /// socket stays.
    pub(crate) fn lose(&self, socket: u64) {
        let mut state = self.state.lock();
        let link = (state.links == socket).then(|| state.set_link(Link::None));
        drop(state);
        drop(link);
    }

    /// Writes what waits, as the connection's task, and tells the number of the socket. Ready when
    /// nothing waits for it.
    pub(crate) fn poll_flush(&self, cx: &mut Context<'_>) -> (u64, Poll<io::Result<()>>) {
        let mut state = self.state.lock();
        state.remember_task(cx);
        if state.queue.is_empty() {
            return (state.links, Poll::Ready(Ok(())));
        }
        let result = (state.links, state.poll_drain(cx));
        drop(state);
        self.drained.notify_waiters();
        result
    }

    /// Reads from the socket, as the connection's task, and tells which that is. An empty read is its
    /// end. Pending while there is none.
    pub(crate) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> (SocketRead, Poll<io::Result<()>>) {
        let mut state = self.state.lock();
        state.remember_task(cx);
        let result = match &mut state.link {
            Link::Socket(socket) => socket.poll_read(cx, buffer),
            Link::None | Link::Response(_) => Poll::Pending,
        };
        let deflate = state.shape == Shape::Deflated;
        (SocketRead { number: state.links, deflate }, result)
    }

    /// Tells the client that nothing more will be written.
    pub(crate) fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.state.lock().link {
            Link::Socket(socket) => socket.poll_shutdown(cx),
            Link::None | Link::Response(_) => Poll::Ready(Ok(())),
        }
    }
}

/// As responses.
impl Outbox {
    /// A response begins to take what waits, in the place of any other. Returns its ticket.
    pub(crate) fn begin_response(&self) -> u64 {
        let mut state = self.state.lock();
        state.wake_response();
        state.set_link(Link::Response(None));
        state.links
    }

    /// A response ends.
    pub(crate) fn end_response(&self, ticket: u64) {
        let mut state = self.state.lock();
        if state.links == ticket {
            state.set_link(Link::None);
        }
    }

    /// Waits for frames, at most until `deadline`, and takes them all.
    pub(crate) fn poll_take(&self, ticket: u64, deadline: u64, cx: &Context<'_>) -> Poll<Taken> {
        let mut state = self.state.lock();
        if state.links != ticket {
            return Poll::Ready(if state.closed { Taken::End } else { Taken::Replaced });
        }
        let waits = state.lent && !state.closed;
        if !state.queue.is_empty() && !waits {
            let frames = state.queue.take();
            state.lent = true;
            state.progress = clock::now();
            drop(state);
            self.drained.notify_waiters();
            return Poll::Ready(Taken::Frames(frames));
        }
        if state.closed {
            state.end_told = true;
            if let Some(task) = &state.task {
                task.wake_by_ref();
            }
            return Poll::Ready(Taken::End);
        }
        if clock::now() >= deadline {
            return Poll::Ready(Taken::TimedOut);
        }
        if let Link::Response(waker) = &mut state.link {
            *waker = Some(cx.waker().clone());
        }
        Poll::Pending
    }

    /// Lets a waiting response look at the time.
    pub(crate) fn wake_response(&self) {
        self.state.lock().wake_response();
    }

    /// A response has given its client what it took, but for these frames: they go first to whoever
    /// comes next.
    pub(crate) fn settle(&self, undelivered: Vec<Bytes>) {
        let mut state = self.state.lock();
        state.lent = false;
        state.queue.put_back(undelivered);
        if !state.queue.is_empty() {
            state.wake_response();
        }
    }

    /// Resolves when a response has told the client of the end.
    pub(crate) fn poll_end_told(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.state.lock();
        state.remember_task(cx);
        if state.end_told { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// With stateful reconnect.
impl Outbox {
    /// The client has everything up to `number`.
    pub(crate) fn acknowledge(&self, number: i64) {
        let mut state = self.state.lock();
        let Some(mut replay) = state.replay.take() else { return };
        let connected = !matches!(state.link, Link::None);
        replay.acknowledge(number, |frame| {
            if connected {
                state.write_or_queue(Cow::Borrowed(frame));
            }
        });
        state.replay = Some(replay);
        drop(state);
        self.drained.notify_waiters();
    }

    /// A counted message came. False if it is a repetition.
    pub(crate) fn receive(&self) -> bool {
        self.state.lock().replay.as_mut().is_none_or(|replay| replay.receive())
    }

    /// The client says with what number it goes on.
    pub(crate) fn sequence(&self, number: i64) -> Result<(), SequenceTooHigh> {
        self.state.lock().replay.as_mut().map_or(Ok(()), |replay| replay.sequence(number))
    }

    /// What is to be acknowledged to the client.
    pub(crate) fn ack_due(&self) -> Option<u64> {
        let mut state = self.state.lock();
        if matches!(state.link, Link::None) {
            return None;
        }
        state.replay.as_mut()?.due()
    }
}

impl State {
    fn bytes_of<'a>(&self, frame: &'a Frame) -> Cow<'a, Bytes> {
        match self.shape {
            Shape::Bare => Cow::Owned(frame.payload()),
            Shape::Framed => Cow::Borrowed(frame.websocket()),
            Shape::Deflated => Cow::Borrowed(frame.deflated()),
        }
    }

    /// What waits for the client, or for its acknowledgements.
    fn waiting_bytes(&self) -> usize {
        self.queue.bytes() + self.replay.as_ref().map_or(0, |replay| replay.held_bytes())
    }

    fn set_link(&mut self, link: Link) -> Link {
        match link {
            Link::None => self.idle_since = clock::now(),
            Link::Socket(_) | Link::Response(_) => self.links += 1,
        }
        std::mem::replace(&mut self.link, link)
    }

    fn remember_task(&mut self, cx: &Context<'_>) {
        match &mut self.task {
            Some(task) => task.clone_from(cx.waker()),
            None => self.task = Some(cx.waker().clone()),
        }
    }

    fn wake_response(&mut self) {
        if let Link::Response(waker) = &mut self.link
            && let Some(waker) = waker.take()
        {
            waker.wake();
        }
    }

    /// Takes a message, if there is room for it, and lets `then` write or queue it.
    fn take(
        &mut self,
        frame: &Frame,
        key: Option<u64>,
        limit: usize,
        then: fn(&mut Self, Cow<'_, Bytes>, Option<u64>),
    ) -> Sent {
        if self.closed || !self.takes_messages {
            return Sent::Closed;
        }
        let bytes = self.bytes_of(frame);
        // Messages that are counted cannot be left out any more.
        if let Some(key) = key
            && self.replay.is_none()
        {
            self.queue.supersede(key);
        }
        // The message that crosses the limit is taken: a client that reads may get a large one at any
        // time. Its bytes are shared by all who wait for it.
        if self.waiting_bytes() > limit {
            // Nothing may follow what was left out.
            self.takes_messages = false;
            return Sent::Overflow;
        }
        if let Some(replay) = &mut self.replay {
            // Remembered as it is: the socket that comes back may have agreed on no compression.
            // Without a link it is sent again, with all others, when there is one.
            if !replay.push(frame.websocket().clone()) || matches!(self.link, Link::None) {
                return Sent::Accepted;
            }
        }
        then(self, bytes, key);
        Sent::Accepted
    }

    fn queue(&mut self, frame: Cow<'_, Bytes>, key: Option<u64>) {
        if self.queue.is_empty() {
            self.progress = clock::now();
        }
        self.queue.push(frame.into_owned(), key);
        self.wake_response();
    }

    /// Writes what was corked, with the waker of the connection's task. False if nothing was.
    fn uncork(&mut self) -> bool {
        let corked = std::mem::take(&mut self.corked);
        if corked && let Some(task) = self.task.clone() {
            let mut cx = Context::from_waker(&task);
            // The task learns of a broken socket when it reads or drains.
            if let Poll::Ready(Err(_)) = self.poll_drain(&mut cx) {
                task.wake();
            }
        }
        corked
    }

    fn write_or_queue(&mut self, frame: Cow<'_, Bytes>) {
        self.write_or_queue_as(frame, None);
    }

    fn write_or_queue_as(&mut self, frame: Cow<'_, Bytes>, key: Option<u64>) {
        if !self.queue.is_empty() {
            self.queue(frame, key);
            self.uncork();
            return;
        }
        if let (Link::Socket(socket), Some(task)) = (&mut self.link, &self.task) {
            let mut cx = Context::from_waker(task);
            match socket.poll_write(&mut cx, &frame) {
                Poll::Ready(Ok(written)) if written == frame.len() => return,
                Poll::Ready(Ok(written)) => {
                    // Readiness that was used up by a partial write must be asked for anew.
                    task.wake_by_ref();
                    self.progress = clock::now();
                    self.queue.push_rest(frame.slice(written..));
                    return;
                }
                // The task learns of a broken socket when it reads or drains.
                Poll::Ready(Err(_)) => task.wake_by_ref(),
                Poll::Pending => {}
            }
        }
        self.queue(frame, key);
    }

    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.corked = false;
        let Link::Socket(socket) = &mut self.link else { return Poll::Ready(Ok(())) };
        while !self.queue.is_empty() {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let count = self.queue.slices(&mut slices);
            match ready!(socket.poll_write_vectored(cx, &slices[..count]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.queue.written(written),
            }
            self.progress = clock::now();
        }
        Poll::Ready(Ok(()))
    }
}
