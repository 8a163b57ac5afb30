//! How often a server asks for memory: for each delivery of a broadcast, for each echoed call, and
//! for each connection that stays. Real sockets; what the clients here ask for is not counted, since
//! they ask for nothing.

#![expect(clippy::expect_used, reason = "a benchmark that cannot go on says why")]

use std::{
    alloc::System,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::mpsc,
    thread,
    time::Duration,
};

use rocket::{config::LogLevel, fairing::AdHoc};
use rocket_signalr::{Hub, HubContext, hub, hub_client};
use stats_alloc::{Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: StatsAlloc<System> = StatsAlloc::system();

const CLIENTS: usize = 500;
const MESSAGES: usize = 200;
const CALLS: usize = 2000;

#[hub_client]
trait Client {
    async fn message(&self, text: &str);
}

struct BenchHub;

#[hub(client = Client)]
impl BenchHub {
    fn echo(&self, text: String) -> String {
        text
    }
}

fn main() {
    let (told, tell) = mpsc::channel();
    thread::spawn(move || serve(&told));
    let (addr, hub, runtime) = tell.recv().expect("the server starts");
    let text = "x".repeat(100);

    // Some come and go first, so that tables have grown.
    drop((0..CLIENTS).map(|_| connect(addr)).collect::<Vec<_>>());
    until(|| hub.connection_count() == 0);
    let before = Region::new(&ALLOCATOR);
    let mut clients: Vec<_> = (0..CLIENTS).map(|_| connect(addr)).collect();
    until(|| hub.connection_count() == CLIENTS);
    let stats = before.change();
    let kept = stats.bytes_allocated as i64 - stats.bytes_deallocated as i64
        + stats.bytes_reallocated as i64;
    println!("connection: {} bytes that stay", kept / CLIENTS as i64);

    let broadcast = |count: usize| {
        for _ in 0..count {
            runtime.block_on(hub.clients().all().message(&text)).expect("it can be written");
        }
    };
    broadcast(1);
    let length = clients.iter_mut().map(read_frame).max().unwrap_or(0);
    let mut read = |count: usize| {
        let mut buffer = vec![0; count * length];
        for client in &mut clients {
            client.read_exact(&mut buffer).expect("messages");
        }
    };
    // Each when the one before has long arrived, and then all at once.
    for (name, at_once) in [("paced", 1), ("burst", MESSAGES)] {
        let before = Region::new(&ALLOCATOR);
        for _ in 0..MESSAGES / at_once {
            broadcast(at_once);
            read(at_once);
            thread::sleep(Duration::from_millis(20));
        }
        // But for what the clients have read into.
        let asked =
            before.change().allocations + before.change().reallocations - MESSAGES / at_once;
        println!(
            "{name} broadcast to {CLIENTS}: {:.2} allocations a broadcast, {:.4} a delivery",
            asked as f64 / MESSAGES as f64,
            asked as f64 / (MESSAGES * CLIENTS) as f64
        );
    }

    let client = &mut clients[0];
    let call = masked(&format!(
        "{{\"type\":1,\"invocationId\":\"1\",\"target\":\"Echo\",\"arguments\":[\"{text}\"]}}\u{1e}"
    ));
    client.write_all(&call).expect("a call");
    let mut buffer = vec![0; read_frame(client)];
    let before = Region::new(&ALLOCATOR);
    for _ in 0..CALLS {
        client.write_all(&call).expect("a call");
        client.read_exact(&mut buffer).expect("an answer");
    }
    let stats = before.change();
    let asked = stats.allocations + stats.reallocations;
    println!("echo: {:.2} allocations a call", asked as f64 / CALLS as f64);
}

type Told = (SocketAddr, HubContext<BenchHub>, tokio::runtime::Handle);

fn serve(told: &mpsc::Sender<Told>) {
    let endpoint = BenchHub.at("/hub");
    let (hub, told) = (endpoint.context(), told.clone());
    let tell = AdHoc::on_liftoff("tell where", move |rocket| {
        Box::pin(async move {
            let addr = ([127, 0, 0, 1], rocket.config().port).into();
            let _ = told.send((addr, hub, tokio::runtime::Handle::current()));
        })
    });
    let config =
        rocket::Config { port: 0, log_level: LogLevel::Off, ..rocket::Config::release_default() };
    let rocket = rocket::custom(config).attach(endpoint).attach(tell);
    rocket::execute(rocket.launch()).expect("a server");
}

/// A client that has shaken hands.
fn connect(addr: SocketAddr) -> TcpStream {
    let mut socket = TcpStream::connect(addr).expect("a connection");
    let upgrade = "GET /hub HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    socket.write_all(upgrade.as_bytes()).expect("an upgrade");
    let mut last = [0; 4];
    while last != *b"\r\n\r\n" {
        last.rotate_left(1);
        socket.read_exact(&mut last[3..]).expect("an answer");
    }
    socket.write_all(&masked("{\"protocol\":\"json\",\"version\":1}\u{1e}")).expect("a handshake");
    read_frame(&mut socket);
    socket
}

/// Reads a frame of up to 64 KB, and tells its length with its header.
fn read_frame(socket: &mut TcpStream) -> usize {
    let mut header = [0; 4];
    socket.read_exact(&mut header[..2]).expect("a frame");
    let (header, payload) = match header[1] {
        126 => {
            socket.read_exact(&mut header[2..]).expect("a length");
            (4, u16::from_be_bytes([header[2], header[3]]).into())
        }
        length => (2, usize::from(length)),
    };
    socket.read_exact(&mut vec![0; payload]).expect("a payload");
    header + payload
}

/// A text frame as clients send it, of up to 64 KB. The mask is zero.
fn masked(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81];
    match u8::try_from(text.len()) {
        Ok(length @ 0..=125) => frame.push(0x80 | length),
        _ => {
            frame.push(0x80 | 126);
            frame.extend((text.len() as u16).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(text.as_bytes());
    frame
}

fn until(mut done: impl FnMut() -> bool) {
    while !done() {
        thread::yield_now();
    }
}
