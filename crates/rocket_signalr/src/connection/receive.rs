//! The task of a connection: it reads, lets messages be carried out, drains the outbox, and says
//! goodbye. There is one for each connection, and no timer.

use std::{
    convert::Infallible,
    future::{Future, poll_fn},
    mem::MaybeUninit,
    pin::pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::BytesMut;
use parking_lot::Mutex;
use tokio::{io::ReadBuf, time::timeout};

use super::{
    Connection,
    ending::{CLOSED_WITH_AN_ERROR, Ending, Farewell},
};
use crate::{
    error::{DisconnectReason, HubError},
    protocol::{
        Framer, HubProtocol, Incoming, TransferFormat,
        handshake::{self, HandshakeRequest},
    },
    transport::websocket::frame::{self, Event, FrameReader},
};

/// How much one read takes at most. The buffer lies on the stack of the poll, so that an idle
/// connection owns none.
const READ: usize = 8 * 1024;

/// While so much is unread by the hub, nothing more is read from the socket.
const MAX_INPUT: usize = 64 * 1024;

/// What is done with a connection and its messages: the layer above.
pub(crate) trait Dispatch: Send + Sync + 'static {
    /// The handshake is done: the connection becomes known, and the hub is told.
    fn connected(
        &self,
        connection: &Arc<Connection>,
    ) -> impl Future<Output = Result<(), HubError>> + Send;

    /// Carries out a message. While it waits, no further message of this connection is read.
    fn message(
        &self,
        connection: &Arc<Connection>,
        message: Incoming<'_>,
    ) -> impl Future<Output = Result<(), Ending>> + Send;

    /// The end. `told` says whether the hub had accepted the connection, and so is to hear of it.
    fn disconnected(
        &self,
        connection: &Arc<Connection>,
        reason: DisconnectReason,
        told: bool,
    ) -> impl Future<Output = ()> + Send;
}

/// Serves a connection from its first byte to its last.
pub(crate) async fn run<D: Dispatch>(connection: Arc<Connection>, dispatch: Arc<D>) {
    let input = Mutex::new(Input::default());
    let mut known = false;
    let mut told = false;

    let ending = match drive(&connection, &input, shake_hands(&connection, &input), true).await {
        Ok(Ok(())) => {
            known = true;
            match drive(&connection, &input, dispatch.connected(&connection), false).await {
                Ok(Ok(())) => {
                    told = true;
                    let receive = receive(&connection, &input, &*dispatch);
                    match drive(&connection, &input, receive, true).await {
                        Ok(Ok(never)) => match never {},
                        Ok(Err(ending)) | Err(ending) => ending,
                    }
                }
                Ok(Err(error)) => Ending::connect_refused(error),
                Err(ending) => ending,
            }
        }
        Ok(Err(ending)) | Err(ending) => ending,
    };

    connection.end(ending);
    if let Some(ending) = connection.ending() {
        let answered = say_goodbye(&connection, &ending.farewell, ending.error.as_ref());
        connection.calls.end();
        if known {
            let disconnected = dispatch.disconnected(&connection, ending.reason(), told);
            let _ = drive(&connection, &input, disconnected, false).await;
        }
        if answered {
            let close = close(&connection, &input, &ending.farewell);
            let _ = timeout(connection.options.close_timeout, close).await;
        }
    }
    connection.outbox.detach();
}

/// What has been read and not yet been carried out.
#[derive(Default)]
struct Input {
    frames: FrameReader,
    records: Framer,
    buffer: BytesMut,
    /// Nothing more will be read, for this reason.
    end: Option<Ending>,
    /// All that was read has been looked at.
    hungry: bool,
}

impl Input {
    /// Reads once, if the hub keeps up. True if something came.
    fn poll_read(&mut self, connection: &Connection, cx: &mut Context<'_>) -> bool {
        if self.end.is_some() || (!self.hungry && self.buffer.len() >= MAX_INPUT) {
            return false;
        }
        let mut bytes = [MaybeUninit::uninit(); READ];
        let mut read = ReadBuf::uninit(&mut bytes);
        match connection.outbox.poll_read(cx, &mut read) {
            Poll::Pending => return false,
            Poll::Ready(Err(error)) => self.end = Some(Ending::gone(Some(&error))),
            Poll::Ready(Ok(())) if read.filled().is_empty() => {
                self.end = Some(Ending::gone(None));
            }
            Poll::Ready(Ok(())) => self.frames(connection, read.filled_mut()),
        }
        self.hungry = false;
        true
    }

    fn frames(&mut self, connection: &Connection, mut chunk: &mut [u8]) {
        loop {
            match self.frames.read(&mut chunk, &mut self.buffer) {
                Ok(None) => return,
                Ok(Some(Event::Ping(payload))) => connection.send_control(frame::pong(&payload)),
                Ok(Some(Event::Pong(_))) => {}
                Ok(Some(Event::Close { .. })) => {
                    // 1000 whatever the client's code is, as the reference does.
                    self.end = Some(Ending::close_frame(1000, None));
                    return;
                }
                Err(error) => {
                    self.end = Some(Ending::close_frame(error.close_code(), Some(error.into())));
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
async fn drive<T>(
    connection: &Connection,
    input: &Mutex<Input>,
    work: impl Future<Output = T>,
    interruptible: bool,
) -> Result<T, Ending> {
    let mut work = pin!(work);
    poll_fn(|cx| {
        if let Poll::Ready(Err(error)) = connection.outbox.poll_flush(cx) {
            connection.end(Ending::gone(Some(&error)));
        }
        loop {
            let read = input.lock().poll_read(connection, cx);
            if interruptible && let Some(ending) = connection.ending() {
                return Poll::Ready(Err(ending.clone()));
            }
            if let Poll::Ready(done) = work.as_mut().poll(cx) {
                return Poll::Ready(Ok(done));
            }
            if !read {
                break;
            }
        }
        let end = input.lock().end.clone();
        if let Some(end) = end {
            connection.end(end.clone());
            if interruptible {
                return Poll::Ready(Err(end));
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

async fn shake_hands(connection: &Connection, input: &Mutex<Input>) -> Result<(), Ending> {
    let max = connection.options.maximum_receive_message_size;
    loop {
        let request = {
            let Input { records, buffer, .. } = &mut *input.lock();
            handshake::parse_handshake(records, buffer, max)
        };
        let accept = |request: Option<HandshakeRequest>| {
            request.map(|request| request.accept(TransferFormat::Binary)).transpose()
        };
        match request.and_then(accept) {
            Ok(Some(protocol)) => {
                connection.established(protocol);
                connection.send(&handshake::handshake_response(None));
                tracing::debug!(
                    connection_id = connection.id.as_str(),
                    protocol = protocol.name(),
                    "handshake complete"
                );
                return Ok(());
            }
            Ok(None) => {}
            Err(error) => {
                let detailed = connection.options.enable_detailed_errors;
                return Err(Ending::handshake(error.message(detailed)));
            }
        }
        more(input).await;
    }
}

async fn receive<D: Dispatch>(
    connection: &Arc<Connection>,
    input: &Mutex<Input>,
    dispatch: &D,
) -> Result<Infallible, Ending> {
    let max = connection.options.maximum_receive_message_size;
    let protocol = connection.protocol().unwrap_or(HubProtocol::Json);
    loop {
        loop {
            let record = {
                let Input { records, buffer, .. } = &mut *input.lock();
                records.next_record(protocol, buffer, max)
            };
            let record = match record {
                Ok(Some(record)) => record,
                Ok(None) => break,
                Err(too_large) => return Err(Ending::too_large(too_large.max)),
            };
            connection.heard();
            let message =
                protocol.parse(&record).map_err(|error| Ending::protocol(error.kind(), &error))?;
            connection.writable().await;
            dispatch.message(connection, message).await?;
        }
        {
            let mut input = input.lock();
            if !input.buffer.is_empty()
                && let Some(end) = input.end.take()
            {
                input.end = Some(end.in_a_message());
            }
        }
        more(input).await;
    }
}

/// Sends the last words. True if there is somebody to close the socket with.
fn say_goodbye(connection: &Connection, farewell: &Farewell, error: Option<&HubError>) -> bool {
    let code = match farewell {
        Farewell::None => return false,
        Farewell::CloseFrame(code) => *code,
        Farewell::Close { .. } | Farewell::Handshake { .. } => 1000,
    };
    let last = match farewell {
        Farewell::Close { allow_reconnect } => connection.protocol().map(|protocol| {
            let detailed = connection.options.enable_detailed_errors;
            let text = error.map(|error| error.describe(CLOSED_WITH_AN_ERROR, detailed));
            protocol.close(text.as_deref(), *allow_reconnect)
        }),
        Farewell::Handshake { error } => Some(handshake::handshake_response(Some(error))),
        Farewell::CloseFrame(_) | Farewell::None => None,
    };
    let last = last.map(|frame| frame.websocket().clone());
    connection.outbox.finish(last.into_iter().chain([frame::close(code, "")]));
    true
}

/// Writes what is left and, if the server closed first, waits for the client's close frame.
async fn close(connection: &Connection, input: &Mutex<Input>, farewell: &Farewell) {
    let flushed = poll_fn(|cx| connection.outbox.poll_flush(cx)).await;
    if flushed.is_ok() && !matches!(farewell, Farewell::CloseFrame(_)) {
        poll_fn(|cx| {
            let mut input = input.lock();
            loop {
                if input.end.is_some() {
                    return Poll::Ready(());
                }
                input.buffer.clear();
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
