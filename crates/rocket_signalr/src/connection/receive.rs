//! The task of a connection: it reads, lets messages be carried out, drains the outbox, and says
//! goodbye. There is one for each connection, and no timer.

use std::{
    convert::Infallible,
    future::{Future, poll_fn},
    mem::MaybeUninit,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
};

use bytes::{Bytes, BytesMut};
use futures::future::BoxFuture;
use parking_lot::Mutex;
use tokio::{io::ReadBuf, task::coop::poll_proceed, time::timeout};
use tracing::{debug, trace};

use super::{
    Connection,
    ending::{CLOSED_WITH_AN_ERROR, Ending, Farewell},
    inbox::{Inbox, Posted},
    outbox::SocketRead,
    rate::Allowance,
};
use crate::{
    error::{DisconnectReason, HubError},
    protocol::{
        FrameError, Framer, HubProtocol, Incoming, TransferFormat,
        handshake::{self, HandshakeError, HandshakeRequest},
    },
    transport::{
        Transport,
        websocket::frame::{self, Event, FrameReader},
    },
};

/// How much one read takes at most. The buffer lies on the stack of the poll, so that an idle
/// connection owns none.
const READ: usize = 8 * 1024;

/// While so much is unread by the hub, nothing more is read from the socket.
const MAX_INPUT: usize = 64 * 1024;

/// What is done with a connection and its messages: the layer above.
pub(crate) trait Dispatch: Send + Sync + 'static {
    /// The handshake is good: messages may be sent to the connection. It takes them as soon as the
    /// client is told.
    fn add(&self, connection: &Arc<Connection>);

    /// The handshake is done: the hub is told.
    fn connected<'a>(
        &'a self,
        connection: &'a Arc<Connection>,
    ) -> BoxFuture<'a, Result<(), HubError>>;

    /// Carries out a message. If it has to wait, the rest of it is returned: no further message of
    /// this connection is read until that is done.
    fn message<'a>(
        &'a self,
        connection: &'a Arc<Connection>,
        message: Incoming<'_>,
    ) -> Result<Option<BoxFuture<'a, ()>>, Ending>;

    /// The end. `told` says whether the hub had accepted the connection, and so is to hear of it.
    fn disconnected<'a>(
        &'a self,
        connection: &'a Arc<Connection>,
        reason: DisconnectReason,
        told: bool,
    ) -> BoxFuture<'a, ()>;
}

/// Serves a connection from its first byte to its last.
pub(crate) async fn run<D: Dispatch>(connection: Arc<Connection>, dispatch: Arc<D>) {
    let connection_id = connection.id.as_str();
    debug!(
        name: "ConnectedStarting",
        connection_id,
        transport = connection.transport().map(Transport::name),
        "connection begins"
    );
    let input = Mutex::new(Input::default());
    let mut hub = Hub::Unaware;
    let ending = live(&connection, &input, &*dispatch, &mut hub).await;
    // Boxed, since it would have its place in every idle connection.
    Box::pin(part(&connection, &input, ending, async |ending| {
        let told = match hub {
            Hub::Unaware => return,
            // The client is gone; the hub is told of one thing after the other.
            Hub::BeingTold(connecting) => connecting.await.is_ok(),
            Hub::Refused => false,
            Hub::Told => true,
        };
        if told
            && !ending.by_client
            && let Some(error) = &ending.error
        {
            debug!(name: "ErrorProcessingRequest", connection_id, %error, "connection fails");
        }
        dispatch.disconnected(&connection, ending.reason(), told).await;
    }))
    .await;
    debug!(name: "ConnectedEnding", connection_id, "connection is over");
}

/// What the hub knows of a connection.
enum Hub<'a> {
    Unaware,
    /// The connection ends before the hub has taken note of it.
    BeingTold(BoxFuture<'a, Result<(), HubError>>),
    Refused,
    Told,
}

/// Everything up to the end, and the reason for that. Nothing that is done with stays in the future
/// while messages are waited for.
async fn live<'a, D: Dispatch>(
    connection: &'a Arc<Connection>,
    input: &Mutex<Input>,
    dispatch: &'a D,
    hub: &mut Hub<'a>,
) -> Ending {
    let (protocol, version) = {
        let shaking = pin!(shake_hands(connection, input));
        match drive(connection, input, shaking, true).await {
            Ok(Ok(agreed)) => agreed,
            Ok(Err(ending)) => return ending,
            Err(ending) => {
                let connection_id = connection.id.as_str();
                debug!(name: "HandshakeCanceled", connection_id, "no handshake");
                return ending;
            }
        }
    };
    dispatch.add(connection);
    connection.establish(protocol, version);
    let mut connecting = dispatch.connected(connection);
    match drive(connection, input, connecting.as_mut(), true).await {
        Ok(Ok(())) => *hub = Hub::Told,
        Ok(Err(error)) => {
            *hub = Hub::Refused;
            return Ending::connect_refused(error);
        }
        Err(ending) => {
            *hub = Hub::BeingTold(connecting);
            return ending;
        }
    }
    drop(connecting);
    match drive(connection, input, pin!(receive(connection, input, dispatch)), true).await {
        Ok(Ok(never)) => match never {},
        Ok(Err(ending)) | Err(ending) => ending,
    }
}

/// The end of a connection: the last words, then `tell`, then the end of its transport, for which
/// a `tell` that takes its time is not waited for.
pub(super) async fn part(
    connection: &Connection,
    input: &Mutex<Input>,
    ending: Ending,
    tell: impl AsyncFnOnce(&Ending),
) {
    connection.end(ending);
    let Some(ending) = connection.ending() else { return };
    let answered = say_goodbye(connection, ending);
    connection.calls.end();
    let limit = connection.options.close_timeout;
    let mut tell = pin!(tell(ending));
    let told = timeout(limit, drive(connection, input, tell.as_mut(), false)).await;
    if answered {
        let _ = timeout(limit, close(connection, input, ending)).await;
    }
    connection.outbox.detach();
    if told.is_err() {
        tell.await;
    }
}

/// What has been read and not yet been carried out.
#[derive(Default)]
pub(super) struct Input {
    frames: FrameReader,
    /// What was read from the socket and would make too much when it is decompressed now.
    unread: Vec<u8>,
    records: Framer,
    buffer: BytesMut,
    /// Which of the connection's sockets is being read.
    socket: u64,
    /// Nothing more will be read, for this reason.
    end: Option<Box<Ending>>,
    /// All that was read has been looked at.
    hungry: bool,
}

impl Input {
    /// Takes all that was read. If that is nothing, more is read.
    pub(super) fn take(&mut self) -> Option<Bytes> {
        self.hungry = self.buffer.is_empty();
        (!self.hungry).then(|| std::mem::take(&mut self.buffer).freeze())
    }

    /// Whether there is something to be taken, or never will be.
    pub(super) fn is_ready(&self) -> bool {
        !self.buffer.is_empty() || self.end.is_some()
    }

    /// Why nothing more will be read, if so.
    pub(super) fn end(&self) -> Option<&Ending> {
        self.end.as_deref()
    }

    fn ends(&mut self, ending: Ending) {
        self.end = Some(Box::new(ending));
    }

    /// Whether there is room for more.
    fn wants_more(&self) -> bool {
        self.end.is_none() && (self.hungry || self.buffer.len() < MAX_INPUT)
    }

    /// Reads once, if there is room. True if something came; otherwise the task is woken when
    /// something does.
    fn poll_read(&mut self, connection: &Connection, cx: &mut Context<'_>) -> bool {
        if let Some(inbox) = connection.posted() {
            // Makes this task known before the look, so that what comes after it is not missed.
            let _ = connection.outbox.poll_flush(cx);
            return self.end.is_none() && self.posted(inbox);
        }
        if !self.wants_more() {
            return false;
        }
        if !self.unread.is_empty() {
            // As much work as a read, and more: other tasks have a turn, too.
            let Poll::Ready(turn) = poll_proceed(cx) else { return false };
            turn.made_progress();
            let mut unread = std::mem::take(&mut self.unread);
            self.frames(connection, &mut unread);
            self.hungry = false;
            return true;
        }
        let mut bytes = [MaybeUninit::uninit(); READ];
        let mut read = ReadBuf::uninit(&mut bytes);
        let (socket, result) = connection.outbox.poll_read(cx, &mut read);
        match result {
            Poll::Pending => return false,
            Poll::Ready(Ok(())) if !read.filled().is_empty() => {
                self.go_on_with(socket);
                self.frames(connection, read.filled_mut());
            }
            Poll::Ready(_) if connection.can_return() => {
                connection.outbox.lose(socket.number);
                return false;
            }
            Poll::Ready(Err(error)) => self.ends(Ending::gone(Some(&error))),
            Poll::Ready(Ok(())) => self.ends(Ending::gone(None)),
        }
        self.hungry = false;
        true
    }

    fn posted(&mut self, inbox: &Inbox) -> bool {
        match inbox.take(self.wants_more()) {
            Posted::Nothing => return false,
            Posted::Bytes(bytes) => self.buffer.unsplit(bytes),
            Posted::End(end) => self.ends(end),
        }
        self.hungry = false;
        true
    }

    /// What came over an earlier socket and was not carried out is sent again by the client, with
    /// whatever was cut off there.
    fn go_on_with(&mut self, socket: SocketRead) {
        if self.socket != socket.number {
            let repeated = self.socket != 0;
            self.socket = socket.number;
            self.frames = FrameReader::new(socket.deflate);
            if repeated {
                self.records = Framer::default();
                self.buffer.clear();
            }
        }
    }

    fn frames(&mut self, connection: &Connection, mut chunk: &mut [u8]) {
        let full = self.buffer.len() + MAX_INPUT;
        loop {
            match self.frames.read(&mut chunk, &mut self.buffer, full) {
                Ok(None) => {
                    self.unread = chunk.to_vec();
                    return;
                }
                Ok(Some(Event::Ping(payload))) => {
                    let limit = connection.options.slow_client_limit;
                    connection.outbox.control(frame::pong(&payload), limit);
                }
                Ok(Some(Event::Pong(_))) => {}
                Ok(Some(Event::Close { .. })) => {
                    // 1000 whatever the client's code is, as the reference does.
                    self.ends(Ending::close_frame(1000, None));
                    return;
                }
                Err(error) => {
                    self.ends(Ending::close_frame(error.close_code(), Some(error.into())));
                    return;
                }
            }
        }
    }
}

/// Lets `work` go on while the socket is read and written. The connection's end interrupts it if
/// that is allowed; else the end is noted, and `work` is finished first.
///
/// Before the end that was read takes effect, `work` does all that it can do without waiting.
///
/// It is borrowed, since a future that is moved into another has its place in both.
pub(super) fn drive<T>(
    connection: &Connection,
    input: &Mutex<Input>,
    mut work: Pin<&mut (impl Future<Output = T> + ?Sized)>,
    interruptible: bool,
) -> impl Future<Output = Result<T, Ending>> {
    poll_fn(move |cx| {
        loop {
            let (came, was_full) = {
                let mut input = input.lock();
                (input.poll_read(connection, cx), !input.wants_more())
            };
            if interruptible && let Some(ending) = connection.ending() {
                return Poll::Ready(Err(ending.clone()));
            }
            if let Poll::Ready(done) = work.as_mut().poll(cx) {
                return Poll::Ready(Ok(done));
            }
            // Room that the work has made must be used now: nothing would wake the task for it.
            let has_room = was_full && input.lock().wants_more();
            if !came && !has_room {
                break;
            }
        }
        let end = input.lock().end().cloned();
        if let Some(end) = end {
            connection.end(end.clone());
            if interruptible {
                return Poll::Ready(Err(end));
            }
        }
        if let (socket, Poll::Ready(Err(error))) = connection.outbox.poll_flush(cx) {
            if connection.can_return() {
                connection.outbox.lose(socket);
            } else {
                connection.end(Ending::gone(Some(&error)));
            }
        }
        Poll::Pending
    })
}

/// Waits until `drive` has read something more.
async fn more(input: &Mutex<Input>) {
    let mut asked = false;
    poll_fn(|_| {
        let mut input = input.lock();
        if asked && !input.hungry {
            return Poll::Ready(());
        }
        if !asked {
            asked = true;
            input.hungry = true;
            if input.buffer.is_empty() {
                input.buffer = BytesMut::new();
            }
        }
        Poll::Pending
    })
    .await;
}

async fn shake_hands(
    connection: &Connection,
    input: &Mutex<Input>,
) -> Result<(HubProtocol, i32), Ending> {
    let max = connection.options.maximum_receive_message_size;
    let format = connection.transport().map_or(TransferFormat::Text, Transport::transfer_format);
    loop {
        let request = {
            let Input { records, buffer, .. } = &mut *input.lock();
            handshake::parse_handshake(records, buffer, max)
        };
        let accept = |request: Option<HandshakeRequest>| {
            let Some(request) = request else { return Ok(None) };
            let options = &connection.options;
            let protocol =
                request.accept(format, options.supported_protocols, options.property_naming)?;
            Ok(Some((protocol, request.version)))
        };
        match request.and_then(accept) {
            Ok(Some(agreed)) => return Ok(agreed),
            Ok(None) => more(input).await,
            Err(error) => {
                log_failed(connection, &error);
                let detailed = connection.options.enable_detailed_errors;
                return Err(Ending::handshake(error.message(detailed)));
            }
        }
    }
}

/// What a client has sent in the place of a handshake may be secret: no more is logged than what it
/// is told without detailed errors.
fn log_failed(connection: &Connection, error: &HandshakeError) {
    let connection_id = connection.id.as_str();
    match error {
        HandshakeError::UnsupportedVersion(HandshakeRequest { protocol, version }) => debug!(
            name: "ProtocolVersionFailed",
            connection_id, protocol, version, "unknown version of the protocol"
        ),
        HandshakeError::TooLarge(too_large) => debug!(
            name: "HandshakeSizeLimitExceeded",
            connection_id, max = too_large.max, "handshake is too large"
        ),
        error => debug!(name: "HandshakeFailed", connection_id, %error, "handshake failed"),
    }
}

async fn receive<D: Dispatch>(
    connection: &Arc<Connection>,
    input: &Mutex<Input>,
    dispatch: &D,
) -> Result<Infallible, Ending> {
    let mut messages = Messages {
        protocol: connection.protocol().unwrap_or(HubProtocol::JSON),
        allowance: connection.options.message_rate.map(Allowance::new),
        held: None,
    };
    loop {
        let pause = messages.carry_out(connection, input, dispatch)?;
        match pause {
            Some(pause) => connection.pause(pause).await,
            None => more(input).await,
        }
    }
}

/// The messages of a client, one after the other.
struct Messages {
    protocol: HubProtocol,
    allowance: Option<Allowance>,
    /// A call that came while the client took no answers.
    held: Option<Bytes>,
}

impl Messages {
    /// Carries out what has been read, up to a message that takes more than a moment: none is read
    /// until what is returned is done.
    ///
    /// All that is not needed while messages are waited for stays on the stack here.
    fn carry_out<'a, D: Dispatch>(
        &mut self,
        connection: &'a Arc<Connection>,
        input: &Mutex<Input>,
        dispatch: &'a D,
    ) -> Result<Option<BoxFuture<'a, ()>>, Ending> {
        while let Some(record) = self.next(connection, input)? {
            let connection_id = connection.id.as_str();
            let message = self.protocol.parse(&record);
            let message = message.map_err(|error| Ending::protocol(error.kind(), &error))?;
            if matches!(message, Incoming::Invocation(_)) && !connection.is_drained() {
                drop(message);
                self.held = Some(record);
                return Ok(Some(Box::pin(connection.drained())));
            }
            if message.is_counted() && !connection.outbox.receive() {
                trace!(name: "DroppingMessage", connection_id, "message came before");
                continue;
            }
            match message {
                Incoming::Ack { sequence_id } => {
                    trace!(
                        name: "ReceivedAckMessage",
                        connection_id, sequence_id, "client has taken messages"
                    );
                    connection.outbox.acknowledge(sequence_id);
                }
                Incoming::Sequence { sequence_id } => {
                    trace!(
                        name: "ReceivedSequenceMessage",
                        connection_id, sequence_id, "client goes on"
                    );
                    connection.outbox.sequence(sequence_id).map_err(|_| {
                        let text = "Sequence ID greater than amount of messages we've received.";
                        Ending::protocol("InvalidOperationException", text)
                    })?;
                }
                message => {
                    // The answer to one that is not the last goes out together with the next.
                    let more = !input.lock().buffer.is_empty();
                    connection.set_busy(more);
                    if let Some(rest) = dispatch.message(connection, message)? {
                        return Ok(Some(rest));
                    }
                }
            }
        }
        Ok(None)
    }

    fn next(
        &mut self,
        connection: &Connection,
        input: &Mutex<Input>,
    ) -> Result<Option<Bytes>, Ending> {
        if let Some(held) = self.held.take() {
            return Ok(Some(held));
        }
        let max = connection.options.maximum_receive_message_size;
        let mut input = input.lock();
        let Input { records, buffer, .. } = &mut *input;
        match records.next_record(self.protocol, buffer, max) {
            Ok(Some(record)) => {
                connection.heard();
                if self.allowance.as_mut().is_some_and(|allowance| !allowance.take()) {
                    return Err(Ending::too_many_messages());
                }
                Ok(Some(record))
            }
            Ok(None) => {
                if !buffer.is_empty()
                    && let Some(end) = input.end.take()
                {
                    input.ends(end.in_a_message());
                }
                Ok(None)
            }
            Err(FrameError::TooLarge(too_large)) => Err(Ending::too_large(too_large.max)),
            Err(FrameError::Protocol(error)) => Err(Ending::protocol(error.kind(), &error)),
        }
    }
}

/// Sends the last words. True if there is somebody to hear them.
fn say_goodbye(connection: &Connection, ending: &Ending) -> bool {
    let detailed = connection.options.enable_detailed_errors;
    let (last, code) = match &ending.farewell {
        Farewell::None => return false,
        Farewell::CloseFrame(code) => (None, *code),
        Farewell::Handshake { error } => (Some(handshake::handshake_response(Some(error))), 1000),
        Farewell::Close { allow_reconnect, code, .. } => {
            let close = connection.protocol().map(|protocol| {
                let error = ending.error.as_ref();
                // What the client itself gave as the reason of its Close is not repeated.
                let error = error.filter(|_| !ending.by_client);
                let text = error.map(|error| error.describe(CLOSED_WITH_AN_ERROR, detailed));
                protocol.close(text.as_deref(), *allow_reconnect)
            });
            (close, *code)
        }
    };
    connection.outbox.finish(last.as_ref(), code);
    true
}

/// Sees to it that the last words are heard: that they are written and, if the server closed first,
/// that the client has closed too; or that a response has brought them.
async fn close(connection: &Connection, input: &Mutex<Input>, ending: &Ending) {
    if connection.posted().is_some() {
        let until_heard = matches!(
            ending.farewell,
            Farewell::Close { until_heard: true, .. } | Farewell::Handshake { .. }
        );
        let waits = until_heard || connection.outbox.idle_since().is_none();
        if waits {
            poll_fn(|cx| connection.outbox.poll_end_told(cx)).await;
        }
        return;
    }
    let flushed = poll_fn(|cx| connection.outbox.poll_flush(cx).1).await;
    if flushed.is_ok() && !matches!(ending.farewell, Farewell::CloseFrame(_)) {
        poll_fn(|cx| {
            let mut input = input.lock();
            input.frames.discard();
            input.buffer.clear();
            loop {
                if input.end.is_some() {
                    return Poll::Ready(());
                }
                input.hungry = true;
                if !input.poll_read(connection, cx) {
                    return Poll::Pending;
                }
            }
        })
        .await;
    }
    let _ = poll_fn(|cx| connection.outbox.poll_shutdown(cx)).await;
}

#[cfg(test)]
mod tests;
