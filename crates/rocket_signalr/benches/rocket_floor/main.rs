//! Rocket's floor: the least that a broadcast over Server-Sent Events or long polling costs in
//! Rocket 0.5. It does for a load generator what a SignalR server does on these transports, and
//! nothing else: no hub, no groups, no pings, no timeouts. Whatever a server in Rocket costs beyond
//! this is its own.
//!
//! ```text
//! cargo run --release -p rocket_signalr --example rocket_floor -- --urls http://127.0.0.1:0
//! hubload broadcast --transport sse --through post --url http://127.0.0.1:PORT/bench
//! ```

use std::{
    collections::HashMap,
    io::Write,
    net::SocketAddr,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use futures::stream;
use parking_lot::Mutex;
use rocket::{
    Build, Orbit, Rocket, State,
    config::{Ident, LogLevel},
    delete,
    fairing::AdHoc,
    get,
    http::{Accept, ContentType, Header, Status},
    post,
    response::{Responder, content::RawJson, status::NoContent, stream::ByteStream},
    routes,
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What stands around a hub message in an event.
const BEFORE: &str = "data: ";
const AFTER: &str = "\r\n\r\n";

/// Hub messages end with it.
const SEPARATOR: char = '\x1e';

fn main() -> ExitCode {
    let Some(address) = address(std::env::args().skip(1)) else {
        eprintln!("rocket_floor: give it --urls http://ADDRESS:PORT");
        return ExitCode::FAILURE;
    };
    match rocket::execute(server(address).launch()) {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rocket_floor: {error}");
            ExitCode::FAILURE
        }
    }
}

fn address(mut words: impl Iterator<Item = String>) -> Option<SocketAddr> {
    words.next().filter(|word| word == "--urls")?;
    words.next()?.strip_prefix("http://")?.parse().ok()
}

fn server(address: SocketAddr) -> Rocket<Build> {
    let config = rocket::Config {
        address: address.ip(),
        port: address.port(),
        ident: Ident::none(),
        log_level: LogLevel::Off,
        // The release profile asks for a secret key where another crate of the build has turned
        // private cookies on; there are none here.
        ..rocket::Config::debug_default()
    };
    rocket::custom(config)
        .manage(Clients::default())
        .mount("/bench", routes![negotiate, events, poll, receive, leave, broadcast])
        .attach(AdHoc::on_liftoff("now listening", |rocket| Box::pin(now_listening(rocket))))
}

async fn now_listening(rocket: &Rocket<Orbit>) {
    let rocket::Config { address, port, .. } = rocket.config();
    let address = SocketAddr::new(*address, *port);
    let mut stdout = std::io::stdout().lock();
    // Whoever has closed stdout does not wait for this line.
    let _ = writeln!(stdout, "Now listening on: http://{address}").and_then(|()| stdout.flush());
}

/// By the id that they were given in the negotiation.
#[derive(Default)]
struct Clients {
    negotiated: AtomicU64,
    senders: Mutex<HashMap<u64, UnboundedSender<Bytes>>>,
    /// What waits for those who poll.
    polled: Mutex<HashMap<u64, Arc<Waiting>>>,
}

type Waiting = tokio::sync::Mutex<UnboundedReceiver<Bytes>>;

impl Clients {
    fn add(&self, id: u64) -> UnboundedReceiver<Bytes> {
        let (sender, receiver) = unbounded_channel();
        self.senders.lock().insert(id, sender);
        receiver
    }

    /// All get the same bytes.
    fn send(&self, message: &str) {
        let event = event(message);
        self.senders.lock().retain(|_, sender| sender.send(event.clone()).is_ok());
    }
}

fn event(message: &str) -> Bytes {
    format!("{BEFORE}{message}{SEPARATOR}{AFTER}").into()
}

#[post("/negotiate")]
fn negotiate(clients: &State<Clients>) -> RawJson<String> {
    let id = clients.negotiated.fetch_add(1, Relaxed);
    RawJson(format!(
        r#"{{"negotiateVersion":1,"connectionId":"{id}","connectionToken":"{id}","availableTransports":[{{"transport":"ServerSentEvents","transferFormats":["Text"]}},{{"transport":"LongPolling","transferFormats":["Text"]}}]}}"#
    ))
}

/// A poll has no header that says what it accepts.
#[get("/?<id>", format = "text/event-stream")]
fn events(
    id: u64,
    _accept: &Accept,
    clients: &State<Clients>,
) -> (ContentType, ByteStream![Bytes]) {
    let mut waiting = clients.add(id);
    let events = stream::poll_fn(move |cx| waiting.poll_recv(cx));
    (ContentType::EventStream, ByteStream(events))
}

/// What a poll is answered with, and that nobody on the way may keep it.
#[derive(Responder)]
struct Polled {
    messages: Vec<u8>,
    cache_control: Header<'static>,
    pragma: Header<'static>,
    expires: Header<'static>,
}

impl Polled {
    fn new(messages: Vec<u8>) -> Self {
        Self {
            messages,
            cache_control: Header::new("Cache-Control", "no-cache, no-store"),
            pragma: Header::new("Pragma", "no-cache"),
            expires: Header::new("Expires", "Thu, 01 Jan 1970 00:00:00 GMT"),
        }
    }
}

#[get("/?<id>", rank = 2)]
async fn poll(id: u64, clients: &State<Clients>) -> Result<Polled, NoContent> {
    let known = clients.polled.lock().get(&id).cloned();
    let Some(waiting) = known else {
        // The first poll is answered at once.
        clients.polled.lock().insert(id, Arc::new(Waiting::new(clients.add(id))));
        return Ok(Polled::new(Vec::new()));
    };
    let mut events = Vec::new();
    match waiting.lock().await.recv_many(&mut events, usize::MAX).await {
        0 => Err(NoContent),
        _ => {
            let messages = events.iter().map(|event| message(event)).collect::<Vec<_>>().concat();
            Ok(Polled::new(messages))
        }
    }
}

fn message(event: &[u8]) -> &[u8] {
    &event[BEFORE.len()..event.len() - AFTER.len()]
}

/// All that a client says is its handshake, and pings, which need no answer.
#[post("/?<id>", data = "<message>")]
fn receive(id: u64, message: &str, clients: &State<Clients>) {
    if message.contains("\"protocol\"")
        && let Some(sender) = clients.senders.lock().get(&id)
    {
        // Who has left gets none.
        let _ = sender.send(event("{}"));
    }
}

#[delete("/?<id>")]
fn leave(id: u64, clients: &State<Clients>) -> Status {
    clients.senders.lock().remove(&id);
    clients.polled.lock().remove(&id);
    Status::Accepted
}

/// Sends `count` messages of `size` bytes, one each `interval` ms. Each begins with the microseconds
/// since the epoch at which it was sent.
#[post("/broadcast?<count>&<size>&<interval>")]
async fn broadcast(count: u32, size: usize, interval: u64, clients: &State<Clients>) {
    let mut due = tokio::time::interval(Duration::from_millis(interval.max(1)));
    for _ in 0..count {
        due.tick().await;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
        clients.send(&format!(r#"{{"type":1,"target":"message","arguments":["{now:.<size$}"]}}"#));
    }
}
