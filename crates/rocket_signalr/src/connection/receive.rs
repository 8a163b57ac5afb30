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
    let input = Mutex::new(Input::default());
    let mut known = false;
    let mut told = false;
    let mut unfinished = None;
    debug!(
        name: "ConnectedStarting",
        connection_id = connection.id.as_str(),
        transport = connection.transport().map(Transport::name),
        "connection begins"
    );

    // A match keeps what it looks at until its end: a future there would stay as long as the client.
    let shaken = drive(&connection, &input, pin!(shake_hands(&connection, &input)), true).await;
    let ending = match shaken {
        Ok(Ok((protocol, version))) => {
            dispatch.add(&connection);
            known = true;
            connection.establish(protocol, version);
            let mut connecting = dispatch.connected(&connection);
            let connected = drive(&connection, &input, connecting.as_mut(), true).await;
            match connected {
                Ok(Ok(())) => {
                    told = true;
                    drop(connecting);
                    let receive = pin!(receive(&connection, &input, &*dispatch));
                    match drive(&connection, &input, receive, true).await {
                        Ok(Ok(never)) => match never {},
                        Ok(Err(ending)) | Err(ending) => ending,
                    }
                }
                Ok(Err(error)) => Ending::connect_refused(error),
                Err(ending) => {
                    unfinished = Some(connecting);
                    ending
                }
            }
        }
        Ok(Err(ending)) => ending,
        Err(ending) => {
            let connection_id = connection.id.as_str();
            debug!(name: "HandshakeCanceled", connection_id, "no handshake");
            ending
        }
    };

    // Boxed, since it would have its place in every idle connection.
    Box::pin(part(&connection, &input, ending, async |ending| {
        if let Some(connecting) = unfinished {
            // The client is gone; the hub is told of one thing after the other.
            told = connecting.await.is_ok();
        }
        if told
            && !ending.by_client
            && let Some(error) = &ending.error
        {
            let connection_id = connection.id.as_str();
            debug!(name: "ErrorProcessingRequest", connection_id, %error, "connection fails");
        }
        if known {
            dispatch.disconnected(&connection, ending.reason(), told).await;
        }
    }))
    .await;
    let connection_id = connection.id.as_str();
    debug!(name: "ConnectedEnding", connection_id, "connection is over");
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
pub(super) async fn drive<T>(
    connection: &Connection,
    input: &Mutex<Input>,
    mut work: Pin<&mut (impl Future<Output = T> + ?Sized)>,
    interruptible: bool,
) -> Result<T, Ending> {
    poll_fn(|cx| {
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
    .await
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
    let max = connection.options.maximum_receive_message_size;
    let protocol = connection.protocol().unwrap_or(HubProtocol::JSON);
    let mut allowance = connection.options.message_rate.map(Allowance::new);
    loop {
        loop {
            let record = {
                let Input { records, buffer, .. } = &mut *input.lock();
                records.next_record(protocol, buffer, max)
            };
            let record = match record {
                Ok(Some(record)) => record,
                Ok(None) => break,
                Err(FrameError::TooLarge(too_large)) => {
                    return Err(Ending::too_large(too_large.max));
                }
                Err(FrameError::Protocol(error)) => {
                    return Err(Ending::protocol(error.kind(), &error));
                }
            };
            connection.heard();
            if allowance.as_mut().is_some_and(|allowance| !allowance.take()) {
                return Err(Ending::too_many_messages());
            }
            let message =
                protocol.parse(&record).map_err(|error| Ending::protocol(error.kind(), &error))?;
            if message.is_counted() && !connection.outbox.receive() {
                trace!(
                    name: "DroppingMessage",
                    connection_id = connection.id.as_str(),
                    "message came before"
                );
                continue;
            }
            if matches!(message, Incoming::Invocation(_)) && !connection.is_drained() {
                // Boxed, since it is rare and would have its place in every idle connection.
                Box::pin(connection.pause(connection.drained())).await;
            }
            match message {
                Incoming::Ack { sequence_id } => {
                    trace!(
                        name: "ReceivedAckMessage",
                        connection_id = connection.id.as_str(),
                        sequence_id,
                        "client has taken messages"
                    );
                    connection.outbox.acknowledge(sequence_id);
                }
                Incoming::Sequence { sequence_id } => {
                    trace!(
                        name: "ReceivedSequenceMessage",
                        connection_id = connection.id.as_str(),
                        sequence_id,
                        "client goes on"
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
                        connection.pause(rest).await;
                    }
                }
            }
        }
        {
            let mut input = input.lock();
            if !input.buffer.is_empty()
                && let Some(end) = input.end.take()
            {
                input.ends(end.in_a_message());
            }
        }
        more(input).await;
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
