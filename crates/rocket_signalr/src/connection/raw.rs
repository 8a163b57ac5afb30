//! Connections without a hub protocol: bytes in, bytes out.

use std::{
    fmt,
    future::{Future, poll_fn},
    pin::pin,
    sync::Arc,
    task::Poll,
};

use bytes::Bytes;
use futures::task::AtomicWaker;
use parking_lot::Mutex;
use tokio::{task::coop::consume_budget, time::timeout};

use super::{
    Connection,
    ending::Ending,
    receive::{Input, drive, part},
};
use crate::{
    auth::User,
    protocol::{Frame, TransferFormat},
    request::ConnectRequest,
};

/// A connection that carries whatever its two sides agree on, over any transport: ASP.NET's
/// `ConnectionContext`. A [`ConnectionHandler`](crate::ConnectionHandler) is given one for each
/// client.
///
/// ```
/// use std::time::Duration;
///
/// use rocket::{async_trait, tokio::time::sleep};
/// use rocket_signalr::{ConnectionHandler, RawConnection};
///
/// struct Ticker;
///
/// #[async_trait]
/// impl ConnectionHandler for Ticker {
///     async fn connected(&self, mut connection: RawConnection) {
///         loop {
///             tokio::select! {
///                 () = sleep(Duration::from_secs(1)) => connection.send_text("tick").await,
///                 bytes = connection.read() => match bytes {
///                     Some(bytes) => println!("{} has sent {} bytes", connection.id(), bytes.len()),
///                     None => break, // it has left
///                 },
///             }
///         }
///     }
/// }
/// ```
pub struct RawConnection {
    connection: Arc<Connection>,
    input: Arc<Mutex<Input>>,
    /// Who waits in [`read`](Self::read).
    reader: Arc<AtomicWaker>,
}

impl fmt::Debug for RawConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawConnection").field("id", &self.id()).finish_non_exhaustive()
    }
}

impl RawConnection {
    /// The id of the connection, which is public.
    pub fn id(&self) -> &str {
        self.connection.id.as_str()
    }

    /// The user, if signed in.
    pub fn user(&self) -> Option<&User> {
        self.connection.user()
    }

    /// The request that the client connected with.
    pub fn request(&self) -> &ConnectRequest {
        self.connection.request()
    }

    /// The next bytes from the client, as many as there are; `None` when it has left. The bounds of
    /// messages, frames and requests mean nothing here.
    ///
    /// It resolves only within the task that [`ConnectionHandler::connected`] runs in.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped, nothing is lost.
    ///
    /// [`ConnectionHandler::connected`]: crate::ConnectionHandler::connected
    pub async fn read(&mut self) -> Option<Bytes> {
        poll_fn(|cx| {
            self.reader.register(cx.waker());
            let mut input = self.input.lock();
            match input.take() {
                Some(bytes) => Poll::Ready(Some(bytes)),
                None if input.end().is_some() || self.connection.ending().is_some() => {
                    Poll::Ready(None)
                }
                None => Poll::Pending,
            }
        })
        .await
    }

    /// Sends bytes to the client, as one binary message where the transport knows messages. Waits
    /// while much of what was sent before is not taken. If the client has left, nothing happens.
    ///
    /// Event streams carry text only: what is sent there must be UTF-8.
    pub async fn send(&self, bytes: &[u8]) {
        self.write(&Frame::raw(bytes, TransferFormat::Binary)).await;
    }

    /// As [`send`](Self::send), as a text message.
    pub async fn send_text(&self, text: &str) {
        self.write(&Frame::raw(text.as_bytes(), TransferFormat::Text)).await;
    }

    async fn write(&self, frame: &Frame) {
        // Who sends without a pause must not keep the thread for ever.
        consume_budget().await;
        self.connection.send(frame);
        tokio::select! {
            () = self.connection.writable() => {}
            () = self.connection.aborted() => {}
        }
    }

    /// Resolves when the connection has ended, for whatever reason.
    pub async fn aborted(&self) {
        self.connection.aborted().await;
    }
}

/// A handler panicked.
#[derive(Debug)]
pub(crate) struct Panicked;

/// Serves a connection: runs `handler`, and closes when it is done. When the client has left, the
/// handler has the time of `close_timeout` to say its last words; what it does after that is its own.
pub(crate) async fn run_raw<F>(
    connection: Arc<Connection>,
    handler: impl FnOnce(RawConnection) -> F,
) where
    F: Future<Output = Result<(), Panicked>> + Send + 'static,
{
    let input = Arc::new(Mutex::new(Input::default()));
    connection.establish_raw();
    let reader = Arc::new(AtomicWaker::new());
    let raw = RawConnection {
        connection: connection.clone(),
        input: input.clone(),
        reader: reader.clone(),
    };
    let handled = handle(connection.clone(), input.clone(), reader, handler(raw));
    let mut handler = Box::pin(handled);
    let ending = match drive(&connection, &input, handler.as_mut(), true).await {
        Ok(result) => {
            let done = result.map_or_else(|Panicked| Ending::failed(), |()| Ending::done());
            // It may be done because the client is, or has broken the rules.
            let ended = input.lock().end().cloned();
            Box::pin(part(&connection, &input, ended.unwrap_or(done), tell_nobody)).await;
            return;
        }
        Err(ending) => ending,
    };
    let last_words = drive(&connection, &input, handler.as_mut(), false);
    let done = timeout(connection.options.close_timeout, last_words).await.is_ok();
    Box::pin(part(&connection, &input, ending, tell_nobody)).await;
    if !done {
        tokio::spawn(handler);
    }
}

/// Runs a handler, and wakes its read when there is something for it: among other futures that may
/// be the only time at which it is looked at.
async fn handle<T>(
    connection: Arc<Connection>,
    input: Arc<Mutex<Input>>,
    reader: Arc<AtomicWaker>,
    handler: impl Future<Output = T>,
) -> T {
    let mut handler = pin!(handler);
    poll_fn(|cx| {
        if (input.lock().is_ready() || connection.ending().is_some())
            && let Some(reader) = reader.take()
            && !reader.will_wake(cx.waker())
        {
            reader.wake();
        }
        handler.as_mut().poll(cx)
    })
    .await
}

async fn tell_nobody(_: &Ending) {}
