//! Endpoints without a hub: bytes in, bytes out.

mod events_and_polls;
mod flow;
mod websocket;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use rocket_signalr::{
    Authenticate, ConnectionHandler, HubOptions, RawConnection, User, bearer_token,
};
use tokio::sync::Semaphore;

use crate::support::{Log, OnDrop, Server, Socket};

/// Does what the path that a client connects with asks for: `?do=…`.
#[derive(Clone)]
struct Raw {
    log: Log,
    /// A permit for each read of `gated`.
    gate: Arc<Semaphore>,
    /// How many bytes were read, and sent.
    read: Arc<AtomicUsize>,
    sent: Arc<AtomicUsize>,
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            log: Log::default(),
            gate: Arc::new(Semaphore::new(0)),
            read: Arc::default(),
            sent: Arc::default(),
        }
    }
}

/// How much `flood` sends at once.
const CHUNK: usize = 100_000;

#[rocket::async_trait]
impl ConnectionHandler for Raw {
    async fn connected(&self, mut connection: RawConnection) {
        let _ended = OnDrop(self.log.clone(), "ended");
        self.log.add("connected");
        let task = connection.request().query("do").map(String::from);
        match task.as_deref() {
            Some("text") => {
                while let Some(bytes) = connection.read().await {
                    connection.send_text(&String::from_utf8_lossy(&bytes)).await;
                }
            }
            Some("bye") => {
                connection.send(b"one").await;
                connection.send(b"two").await;
            }
            Some("panic") => {
                connection.send(b"before").await;
                panic!("in a handler");
            }
            Some("who") => {
                let user = connection.user().map_or("nobody", User::id);
                let colour = connection.request().header("x-colour").unwrap_or("colourless");
                connection.send_text(&format!("{} {user} {colour}", connection.id())).await;
                connection.aborted().await;
            }
            Some("aborted") => {
                connection.aborted().await;
                self.log.add("aborted");
                assert!(connection.read().await.is_none());
            }
            Some("impatient") => self.impatient(connection).await,
            Some("gated") => loop {
                self.gate.acquire().await.unwrap().forget();
                let Some(bytes) = connection.read().await else { break };
                self.read.fetch_add(bytes.len(), Relaxed);
            },
            Some("flood") => {
                let chunk = vec![b'x'; CHUNK];
                for _ in 0..number(&connection, "count") {
                    connection.send(&chunk).await;
                    self.sent.fetch_add(CHUNK, Relaxed);
                }
                self.log.add("all is sent");
            }
            Some("hang") => std::future::pending().await,
            _ => {
                while let Some(bytes) = connection.read().await {
                    connection.send(&bytes).await;
                }
                self.log.add("left");
            }
        }
    }
}

impl Raw {
    /// Gives each read up at once if there is nothing, and tries again.
    async fn impatient(&self, mut connection: RawConnection) {
        loop {
            tokio::select! {
                biased;
                bytes = connection.read() => match bytes {
                    Some(bytes) => connection.send(&bytes).await,
                    None => break,
                },
                () = tokio::task::yield_now() => {}
            }
        }
    }
}

fn number(connection: &RawConnection, name: &str) -> usize {
    connection.request().query(name).and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// A token is the name of a user.
struct Tokens;

#[rocket::async_trait]
impl Authenticate for Tokens {
    async fn user(&self, request: &rocket::Request<'_>) -> Option<User> {
        bearer_token(request).map(User::new)
    }
}

/// Serves at `/raw`.
async fn serve(options: HubOptions) -> (Server, Raw) {
    let raw = Raw::default();
    let endpoint = raw.clone().at("/raw").options(options).authenticate(Tokens);
    (Server::launch(|rocket| rocket.attach(endpoint)).await, raw)
}

/// Reads frames of bytes until there are so many, whatever their bounds.
async fn read_bytes(socket: &mut Socket, length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < length {
        let frame = socket.next().await;
        assert_eq!(frame.opcode, 2);
        bytes.extend_from_slice(&frame.payload);
    }
    bytes
}

/// Expects the close frame 1000, answers it, and sees the end of the socket.
async fn expect_close(socket: &mut Socket) {
    let close = socket.next().await;
    assert_eq!(close.close_code(), Some(1000), "{close:?}");
    socket.frame(8, true, &close.payload).await;
    socket.expect_end().await;
}
