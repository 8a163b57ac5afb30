//! One client's life: its id and token, its outbox, its clocks, and how it ends.

mod calls;
mod ending;
mod outbox;
mod receive;

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    sync::{
        Arc, OnceLock,
        atomic::{
            AtomicBool, AtomicU64,
            Ordering::{Acquire, Relaxed, Release},
        },
    },
};

use parking_lot::Mutex;
use rocket::data::IoStream;
use tokio::sync::{Notify, Semaphore};

use self::outbox::{Outbox, Sent};
pub(crate) use self::{
    calls::{Calls, Delivery, Stop, UploadEnd, UploadSink},
    ending::Ending,
    receive::{Dispatch, run},
};
use crate::{
    clock,
    id::ConnectionId,
    options::HubOptions,
    protocol::{Frame, HubProtocol},
    request::ConnectRequest,
};

/// A client, from its negotiation to its end.
pub(crate) struct Connection {
    pub(crate) id: ConnectionId,
    pub(crate) token: ConnectionId,
    pub(crate) request: ConnectRequest,
    pub(crate) user_id: Option<Box<str>>,
    pub(crate) options: Arc<HubOptions>,
    /// Chosen by the handshake.
    protocol: OnceLock<HubProtocol>,
    outbox: Outbox,
    ending: OnceLock<Ending>,
    aborted: Notify,
    clocks: Clocks,
    /// Free places for invocations that run at the same time.
    pub(crate) slots: Semaphore,
    pub(crate) calls: Calls,
    items: Mutex<Option<Box<Items>>>,
}

type Items = HashMap<TypeId, Box<dyn Any + Send + Sync>>;

/// When things last happened, in milliseconds of [`clock::now`]. The sweeper compares them.
struct Clocks {
    created: u64,
    /// A transport has been connected.
    started: AtomicBool,
    /// When the server last pinged; 0 until the handshake is done.
    pinged: AtomicU64,
    /// When the last whole message came.
    heard: AtomicU64,
    /// The client has pinged, and so can be expected to go on with it.
    armed: AtomicBool,
    /// A call waits for its turn: the client cannot be heard, and is not to blame.
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
        request: ConnectRequest,
        options: Arc<HubOptions>,
    ) -> Self {
        Self {
            id,
            token,
            request,
            user_id: None,
            protocol: OnceLock::new(),
            outbox: Outbox::new(),
            ending: OnceLock::new(),
            aborted: Notify::new(),
            clocks: Clocks {
                created: clock::now(),
                started: AtomicBool::new(false),
                pinged: AtomicU64::new(0),
                heard: AtomicU64::new(0),
                armed: AtomicBool::new(false),
                waiting: AtomicBool::new(false),
            },
            slots: Semaphore::new(options.maximum_parallel_invocations_per_client.max(1)),
            calls: Calls::default(),
            items: Mutex::new(None),
            options,
        }
    }

    pub(crate) fn attach(&self, socket: IoStream) {
        self.outbox.attach(socket);
    }

    /// Takes the one transport of this connection. False if it has one already.
    pub(crate) fn start(&self) -> bool {
        !self.clocks.started.swap(true, Relaxed)
    }

    pub(crate) fn protocol(&self) -> Option<HubProtocol> {
        self.protocol.get().copied()
    }

    /// Sends a frame. A client that takes too little, too slowly, is dropped here.
    pub(crate) fn send(&self, frame: &Frame) {
        if self.outbox.send(frame.websocket().clone(), self.options.slow_client_limit)
            == Sent::Overflow
        {
            tracing::info!(connection_id = %self.id.as_str(), "client is too slow: dropped");
            self.end(Ending::too_slow());
        }
    }

    /// Sends a control frame, which counts as little as it weighs.
    fn send_control(&self, frame: bytes::Bytes) {
        self.outbox.send(frame, self.options.slow_client_limit);
    }

    /// Ends the connection; its task does the rest. Only the first reason counts.
    pub(crate) fn end(&self, ending: Ending) {
        if self.ending.set(ending).is_ok() {
            self.aborted.notify_waiters();
            self.outbox.wake();
        }
    }

    pub(crate) fn ending(&self) -> Option<&Ending> {
        self.ending.get()
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

    /// Waits while more lies in the outbox than the client's own calls may let pile up.
    pub(crate) async fn writable(&self) {
        self.outbox.writable(self.options.transport_max_buffer_size).await;
    }

    /// A whole message came.
    pub(crate) fn heard(&self) {
        self.clocks.heard.store(clock::now(), Relaxed);
    }

    /// The client pings: from now on its silence means something.
    pub(crate) fn arm_client_timeout(&self) {
        self.clocks.armed.store(true, Release);
    }

    /// Stops and restarts the client's clock while a call waits for its turn.
    pub(crate) fn set_waiting(&self, waiting: bool) {
        self.heard();
        self.clocks.waiting.store(waiting, Release);
    }

    /// The sweeper's look, once a second: what is overdue ends the connection, and a ping that is
    /// due goes out. `false` if it can be forgotten, since nobody ever came for it.
    pub(crate) fn sweep(&self, now: u64) -> bool {
        let Clocks { created, started, pinged, heard, armed, waiting } = &self.clocks;
        let options = &*self.options;
        let overdue = |since: u64, limit| now.saturating_sub(since) >= clock::millis(limit);

        if !started.load(Relaxed) {
            return !overdue(*created, options.disconnect_timeout);
        }
        if self.ending.get().is_some() {
            return true;
        }
        if self
            .outbox
            .stuck_since(now.saturating_sub(clock::millis(options.transport_send_timeout)))
        {
            self.end(Ending::too_slow());
            return true;
        }
        let last_ping = pinged.load(Relaxed);
        if last_ping == 0 {
            if overdue(*created, options.handshake_timeout) {
                self.end(Ending::handshake_timeout());
            }
            return true;
        }
        if armed.load(Acquire)
            && !waiting.load(Acquire)
            && overdue(heard.load(Relaxed), options.client_timeout_interval)
        {
            self.end(Ending::client_timeout());
            return true;
        }
        if overdue(last_ping, options.keep_alive_interval)
            && let Some(protocol) = self.protocol()
        {
            pinged.store(now, Relaxed);
            self.send(&protocol.ping());
        }
        true
    }

    /// The handshake is done: keep-alive and client timeout begin.
    fn established(&self, protocol: HubProtocol) {
        let _ = self.protocol.set(protocol);
        self.heard();
        self.clocks.pinged.store(clock::now(), Relaxed);
    }

    /// Reads or changes what hub methods keep with the connection.
    pub(crate) fn items<R>(&self, with: impl FnOnce(&mut Items) -> R) -> R {
        with(self.items.lock().get_or_insert_default())
    }
}
