//! One client's life: its id and token, its outbox, its clocks, and how it ends.

mod calls;
mod ending;
mod inbox;
mod outbox;
mod queue;
mod rate;
mod raw;
mod receive;
mod replay;
mod slot;

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    mem::offset_of,
    sync::{
        Arc, LazyLock, OnceLock,
        atomic::{
            AtomicBool, AtomicU64,
            Ordering::{Acquire, Relaxed, Release},
        },
    },
    time::SystemTime,
};

use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore};
use tracing::{debug, info, trace};

pub use self::raw::RawConnection;
pub(crate) use self::{
    calls::{Calls, Delivery, Stop, Undelivered, UploadEnd, UploadSink},
    ending::Ending,
    outbox::Taken,
    raw::{Panicked, run_raw},
    receive::{Dispatch, run},
    slot::Slot,
};
use self::{
    inbox::Inbox,
    outbox::{Outbox, Sent},
};
use crate::{
    auth::User,
    clock,
    id::ConnectionId,
    options::HubOptions,
    prefetch::prefetch,
    protocol::{Frame, HubProtocol, handshake::handshake_response},
    request::ConnectRequest,
    transport::{Socket, Transport},
};

/// A client, from its negotiation to its end.
///
/// What a delivery needs stands first, and together: see [`prefetch`](Self::prefetch).
#[repr(C)]
pub(crate) struct Connection {
    /// Chosen by the handshake.
    protocol: OnceLock<HubProtocol>,
    pub(crate) options: Arc<HubOptions>,
    outbox: Outbox,
    pub(crate) id: ConnectionId,
    pub(crate) token: ConnectionId,
    /// It was agreed that the client may come back when its socket is lost.
    reconnects: bool,
    busy: AtomicBool,
    opened: OnceLock<Opened>,
    /// What was posted. None on a WebSocket.
    inbox: OnceLock<Box<Inbox>>,
    ending: OnceLock<Box<Ending>>,
    aborted: Notify,
    clocks: Clocks,
    /// Free places for invocations that run at the same time.
    slots: Semaphore,
    pub(crate) calls: Calls,
    items: Mutex<Option<Box<Items>>>,
}

type Items = HashMap<TypeId, Box<dyn Any + Send + Sync>>;

/// What is known when a transport connects.
struct Opened {
    transport: Transport,
    request: ConnectRequest,
    user: Option<Box<User>>,
}

/// When things last happened, in milliseconds of [`clock::now`]. The sweeper compares them.
struct Clocks {
    /// When the transport connected.
    opened: AtomicU64,
    /// When the server last pinged; 0 until the handshake is done.
    pinged: AtomicU64,
    /// When the last whole message came.
    heard: AtomicU64,
    /// The client has pinged, and so can be expected to go on with it.
    armed: AtomicBool,
    /// A message waits before it is carried out: those behind it cannot be heard, and the client is
    /// not to blame.
    waiting: AtomicBool,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Connection {
    pub(crate) fn new(
        id: ConnectionId,
        token: ConnectionId,
        options: Arc<HubOptions>,
        reconnects: bool,
    ) -> Self {
        Self {
            id,
            token,
            reconnects,
            opened: OnceLock::new(),
            protocol: OnceLock::new(),
            outbox: Outbox::new(),
            inbox: OnceLock::new(),
            ending: OnceLock::new(),
            aborted: Notify::new(),
            clocks: Clocks {
                opened: AtomicU64::new(0),
                pinged: AtomicU64::new(0),
                heard: AtomicU64::new(0),
                armed: AtomicBool::new(false),
                waiting: AtomicBool::new(false),
            },
            busy: AtomicBool::new(false),
            slots: Semaphore::new(options.maximum_parallel_invocations_per_client),
            calls: Calls::default(),
            items: Mutex::new(None),
            options,
        }
    }

    /// Asks for the memory that a delivery will need, and does not wait for it.
    pub(crate) fn prefetch(&self) {
        prefetch(self, 0..offset_of!(Self, id));
    }

    /// Takes the one transport of this connection. False if it has one already.
    pub(crate) fn open(
        &self,
        transport: Transport,
        request: impl FnOnce() -> ConnectRequest,
        user: Option<User>,
    ) -> bool {
        let opened = || Opened { transport, request: request(), user: user.map(Box::new) };
        let first = self.opened.get().is_none() && self.opened.set(opened()).is_ok();
        if first {
            self.clocks.opened.store(clock::now(), Relaxed);
            if transport != Transport::WebSockets {
                self.outbox.without_headers();
                self.inbox();
            }
        }
        first
    }

    /// The transport, once there is one.
    pub(crate) fn transport(&self) -> Option<Transport> {
        self.opened.get().map(|opened| opened.transport)
    }

    /// The request that the transport came with; an empty one before.
    pub(crate) fn request(&self) -> &ConnectRequest {
        static NONE: LazyLock<ConnectRequest> = LazyLock::new(ConnectRequest::default);
        self.opened.get().map_or(&NONE, |opened| &opened.request)
    }

    /// Who is signed in.
    pub(crate) fn user(&self) -> Option<&User> {
        self.opened.get()?.user.as_deref()
    }

    pub(crate) fn protocol(&self) -> Option<HubProtocol> {
        self.protocol.get().copied()
    }

    pub(crate) fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Where posts go. A client may post before its transport is there.
    pub(crate) fn inbox(&self) -> &Inbox {
        self.inbox.get_or_init(Box::default)
    }

    /// What was posted, unless a WebSocket came after all.
    fn posted(&self) -> Option<&Inbox> {
        let inbox = self.inbox.get()?;
        (self.transport() != Some(Transport::WebSockets)).then_some(inbox)
    }

    /// Gives the connection its socket, the first or the next, on which compression was agreed on or
    /// not. False if the connection has ended.
    pub(crate) fn attach(&self, socket: Socket, deflate: bool) -> bool {
        self.heard();
        self.outbox.attach(socket, deflate, self.protocol().unwrap_or(HubProtocol::JSON))
    }

    /// Whether another socket may take the place of this connection's.
    pub(crate) fn can_return(&self) -> bool {
        self.outbox.remembers() && self.ending.get().is_none()
    }

    /// Sends a message. A client that takes too little, too slowly, is dropped here.
    pub(crate) fn send(&self, frame: &Frame) {
        self.send_as(frame, None);
    }

    /// As [`send`](Self::send). If it has to wait, it takes the place of one with the same key.
    pub(crate) fn send_as(&self, frame: &Frame, key: Option<u64>) {
        self.drop_if_slow(self.outbox.send(frame, key, self.options.slow_client_limit));
    }

    /// As [`send_as`](Self::send_as), but what is sent waits for a [`flush`](Self::flush), which the
    /// caller must see to if this is true.
    pub(crate) fn cork(&self, frame: &Frame, key: Option<u64>) -> bool {
        let (sent, flush) = self.outbox.cork(frame, key, self.options.slow_client_limit);
        self.drop_if_slow(sent);
        flush
    }

    /// Writes what waits for it.
    pub(crate) fn flush(&self) {
        self.outbox.flush();
    }

    /// Within the connection's own task: more messages of the client are about to be carried out.
    fn set_busy(&self, busy: bool) {
        self.busy.store(busy, Relaxed);
    }

    /// Answers within the connection's own task, which writes before it waits: answers to what came
    /// together go together.
    pub(crate) fn reply(&self, frame: &Frame) {
        if self.busy.load(Relaxed) {
            self.cork(frame, None);
        } else {
            self.send(frame);
        }
    }

    fn drop_if_slow(&self, sent: Sent) {
        if sent == Sent::Overflow {
            info!(name: "SlowClient", connection_id = self.id.as_str(), "too much waits for client");
            self.end(Ending::too_slow());
        }
    }

    /// Bytes that a client has posted. Waits while too many are unread. False if nobody will ever
    /// read what is waited for.
    pub(crate) async fn post(&self, bytes: &[u8]) -> bool {
        tokio::select! {
            biased;
            () = self.inbox().write(bytes, self.options.application_max_buffer_size) => {
                self.outbox.wake();
                true
            }
            () = self.aborted() => false,
        }
    }

    /// A client without a WebSocket has gone. What it posted before is still carried out.
    pub(crate) fn leave(&self, ending: Ending) {
        self.inbox().end(ending);
        self.outbox.wake();
    }

    /// Ends the connection; its task does the rest. Only the first reason counts.
    pub(crate) fn end(&self, ending: Ending) {
        if self.ending.set(Box::new(ending)).is_ok() {
            self.aborted.notify_waiters();
            self.outbox.wake();
        }
    }

    pub(crate) fn ending(&self) -> Option<&Ending> {
        self.ending.get().map(|ending| &**ending)
    }

    /// Resolves when the connection ends, at once if it already has.
    pub(crate) async fn aborted(&self) {
        let notified = self.aborted.notified();
        tokio::pin!(notified);
        // Enabled before the look, so that an end in between is not missed.
        notified.as_mut().enable();
        if self.ending.get().is_none() {
            notified.await;
        }
    }

    /// Waits while more lies in the outbox than a client's own calls may let pile up: what waits for
    /// its socket, and for its acknowledgements.
    pub(crate) async fn writable(&self) {
        self.outbox.writable(self.options.transport_max_buffer_size, true).await;
    }

    /// Waits for the socket alone. For whoever would keep the client's acknowledgements from being
    /// read.
    pub(crate) async fn drained(&self) {
        self.outbox.writable(self.options.transport_max_buffer_size, false).await;
    }

    /// Whether [`drained`](Self::drained) would not wait.
    fn is_drained(&self) -> bool {
        self.outbox.has_room(self.options.transport_max_buffer_size, false)
    }

    /// A whole message came.
    fn heard(&self) {
        self.clocks.heard.store(clock::now(), Relaxed);
    }

    /// The client pings: from now on its silence means something.
    pub(crate) fn arm_client_timeout(&self) {
        self.clocks.armed.store(true, Release);
    }

    /// Waits for what keeps the next message from being read. The client's clock stands still.
    async fn pause(&self, until: impl Future<Output = ()>) {
        self.clocks.waiting.store(true, Release);
        until.await;
        self.heard();
        self.clocks.waiting.store(false, Release);
    }

    /// Tells the client that its handshake is good. Keep-alive and client timeout begin.
    pub(crate) fn establish(&self, protocol: HubProtocol, version: i32) {
        let _ = self.protocol.set(protocol);
        let (connection_id, protocol) = (self.id.as_str(), protocol.name());
        // Version 1 knows no Ack and no Sequence.
        if self.reconnects && version > 1 {
            self.outbox.remember(self.options.stateful_reconnect_buffer_size);
        } else if self.reconnects {
            debug!(
                name: "DisablingReconnect",
                connection_id, protocol, version, "no stateful reconnect with this version"
            );
        }
        self.heard();
        self.clocks.pinged.store(clock::now(), Relaxed);
        self.outbox.greet(&handshake_response(None));
        debug!(name: "HandshakeComplete", connection_id, protocol, version, "handshake complete");
    }

    /// There is no handshake, and no keep-alive.
    fn establish_raw(&self) {
        self.clocks.pinged.store(clock::now(), Relaxed);
        self.outbox.open();
    }

    /// The sweeper's look, once a second: what is overdue ends the connection; pings and Acks that
    /// are due go out. False if nobody came for it, or came back, in time.
    pub(crate) fn sweep(&self, now: u64) -> bool {
        let Clocks { opened, pinged, heard, armed, waiting } = &self.clocks;
        let options = &*self.options;
        let overdue = |since: u64, limit| now.saturating_sub(since) >= clock::millis(limit);

        if self.ending.get().is_some() {
            return true;
        }
        if self.outbox.idle_since().is_some_and(|since| overdue(since, options.disconnect_timeout))
        {
            self.end(Ending::abandoned());
            return false;
        }
        let Some(transport) = self.transport() else { return true };
        let stuck = now.saturating_sub(clock::millis(options.transport_send_timeout));
        if self.outbox.stuck_since(stuck) {
            info!(name: "SlowClient", connection_id = self.id.as_str(), "client takes nothing");
            self.end(Ending::stuck());
            return true;
        }
        if options.close_on_authentication_expiration && self.expired() {
            self.end(Ending::sign_in_expired());
            return true;
        }
        // Responses look at the time only when they are woken.
        self.outbox.wake_response();
        let last_ping = pinged.load(Relaxed);
        if last_ping == 0 && overdue(opened.load(Relaxed), options.handshake_timeout) {
            self.end(Ending::handshake_timeout());
        }
        let (Some(protocol), 1..) = (self.protocol(), last_ping) else { return true };
        // Who has lost the socket and may come back cannot be heard meanwhile.
        let lost = transport == Transport::WebSockets && self.outbox.idle_since().is_some();
        if !lost
            && armed.load(Acquire)
            && !waiting.load(Acquire)
            && overdue(heard.load(Relaxed), options.client_timeout_interval)
        {
            debug!(
                name: "ClientTimeout",
                connection_id = self.id.as_str(),
                timeout = ?options.client_timeout_interval,
                "client is silent"
            );
            self.end(Ending::client_timeout());
            return true;
        }
        // A poll that ends is sign of life enough.
        if transport != Transport::LongPolling && overdue(last_ping, options.keep_alive_interval) {
            pinged.store(now, Relaxed);
            self.outbox.signal(&protocol.ping());
            trace!(name: "SentPing", connection_id = self.id.as_str(), "ping sent");
        }
        if let Some(number) = self.outbox.ack_due() {
            self.outbox.signal(&protocol.ack(i64::try_from(number).unwrap_or(i64::MAX)));
        }
        true
    }

    fn expired(&self) -> bool {
        let expires = self.user().and_then(User::expires);
        expires.is_some_and(|expires| expires <= SystemTime::now())
    }

    /// Reads or changes what hub methods keep with the connection.
    pub(crate) fn items<R>(&self, with: impl FnOnce(&mut Items) -> R) -> R {
        with(self.items.lock().get_or_insert_default())
    }
}
