//! The socket that a client is served on: taken out of Rocket's stream, or left in it.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
};

use rocket::fairing::AdHoc;
use rocket_signalr::{Hub, HubContext, HubOptions, hub, hub_client};
use serde_json::json;
use tokio::net::{TcpSocket, TcpStream};

use crate::support::{Client, Encoding, RS, Server, Socket, eventually, masked, options, within};

#[hub_client]
trait WordClient {
    async fn word(&self, word: &str);
}

struct WordHub;

#[hub(client = WordClient)]
impl WordHub {
    fn echo(&self, text: String) -> String {
        text
    }
}

async fn serve() -> (Server, HubContext<WordHub>) {
    Server::of(WordHub, options()).await
}

/// A server whose clients have another address than their sockets: theirs are not found.
async fn serve_in_rockets_stream() -> (Server, HubContext<WordHub>) {
    let options = HubOptions { slow_client_limit: 1 << 30, ..options() };
    let endpoint = WordHub.at("/hub").options(options);
    let context = endpoint.context();
    let disguise = AdHoc::on_request("disguise", |request, _| {
        Box::pin(async { request.set_remote(([192, 0, 2, 1], 1).into()) })
    });
    (Server::launch(|rocket| rocket.attach(endpoint).attach(disguise)).await, context)
}

/// The numbers of this process's files that are the server's end of this client's connection.
fn numbers_of(client: SocketAddr, server: SocketAddr) -> Vec<u64> {
    // The columns of the table are described in the kernel's Documentation/networking/proc_net_tcp.rst.
    let hex = |addr: SocketAddr| format!("0100007F:{:04X}", addr.port());
    let table = fs::read_to_string("/proc/self/net/tcp").unwrap();
    let inode = table.lines().find_map(|line| {
        let columns: Vec<_> = line.split_whitespace().collect();
        (columns[1] == hex(server) && columns[2] == hex(client)).then(|| columns[9].to_owned())
    });
    let socket = format!("socket:[{}]", inode.expect("the connection stands"));
    let files = fs::read_dir("/proc/self/fd").unwrap().map(|entry| entry.unwrap().path());
    files
        .filter(|file| fs::read_link(file).is_ok_and(|is| is.as_os_str() == socket.as_str()))
        .map(|file| file.file_name().unwrap().to_str().unwrap().parse().unwrap())
        .collect()
}

/// The lowest number that a socket has which was taken over.
fn first_of_ours() -> u64 {
    let limits = fs::read_to_string("/proc/self/limits").unwrap();
    let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let soft: u64 = files.split_whitespace().nth(3).unwrap().parse().unwrap();
    (soft / 2).min(16_384)
}

#[tokio::test]
async fn socket_is_taken_out_of_rockets_stream() {
    let (server, _) = serve().await;
    let mut clients = Vec::new();
    for _ in 0..3 {
        clients.push(server.connect().await);
    }
    for client in &clients {
        let numbers = numbers_of(client.socket.local_addr(), server.addr);
        assert_eq!(numbers.len(), 1, "Rocket's stream is gone: {numbers:?}");
        assert!(numbers[0] >= first_of_ours(), "{numbers:?}");
    }
}

#[tokio::test]
async fn client_whose_socket_is_not_found_is_served_all_the_same() {
    let (server, context) = serve_in_rockets_stream().await;
    let mut client = server.connect().await;
    let numbers = numbers_of(client.socket.local_addr(), server.addr);
    assert!(numbers[0] < first_of_ours(), "Rocket has it: {numbers:?}");
    assert_eq!(client.invoke("Echo", json!(["here"])).await, Ok(json!("here")));
    // More than the kernel takes for a client that does not read.
    let long = "long ".repeat(2_000_000);
    context.clients().all().word(&long).await.unwrap();
    context.clients().all().word("short").await.unwrap();
    client.expect_call("word", json!([long])).await;
    client.expect_call("word", json!(["short"])).await;
    drop(client);
    eventually("nobody", || context.connection_count() == 0).await;
    let mut last = server.connect().await;
    server.stop();
    last.expect_close(json!({"type": 7, "allowReconnect": true})).await;
}

/// Handshake and a call, as frames.
fn eager(text: &str) -> Vec<u8> {
    let handshake = format!("{}{RS}", json!({"protocol": "json", "version": 1}));
    let call = json!({"type": 1, "invocationId": "1", "target": "Echo", "arguments": [text]});
    let frames = [handshake, format!("{call}{RS}")].map(|text| masked(1, true, text.as_bytes()));
    frames.concat()
}

#[tokio::test]
async fn what_comes_together_with_the_upgrade_is_read_first() {
    for (server, _) in [serve().await, serve_in_rockets_stream().await] {
        // Some fits into what is read before the socket is taken over, some just does not.
        for length in [10, 3_900, 4_000, 4_100, 30_000] {
            let text = "e".repeat(length);
            let stream = TcpStream::connect(server.addr).await.unwrap();
            let socket = Socket::open_on(stream, "/hub", &[], &eager(&text)).await.unwrap();
            let mut client = Client::new(socket);
            client.expect(json!({})).await;
            client.expect(json!({"type": 3, "invocationId": "1", "result": text})).await;
            assert_eq!(client.invoke("Echo", json!(["later"])).await, Ok(json!("later")));
        }
    }
}

/// A socket from this port. Others may be from there, too, if they go elsewhere.
async fn connect_from(port: u16, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind((Ipv4Addr::LOCALHOST, port).into()).unwrap();
    within("a connection", socket.connect(to)).await.unwrap()
}

#[tokio::test]
async fn client_of_two_servers_has_the_right_socket_at_each() {
    let ((server, _), (other, _)) = (serve().await, serve().await);
    for _ in 0..20 {
        let waiting = connect_from(0, other.addr).await;
        let stream = connect_from(waiting.local_addr().unwrap().port(), server.addr).await;
        for (stream, text) in [(stream, "mine"), (waiting, "yours")] {
            let mut client = Client::new(Socket::open_on(stream, "/hub", &[], &[]).await.unwrap());
            client.shake_hands(Encoding::Json, 1).await;
            assert_eq!(client.invoke("Echo", json!([text])).await, Ok(json!(text)));
        }
    }
}

#[tokio::test]
async fn sockets_of_one_client_at_two_addresses_are_not_mixed_up() {
    let server = Server::launch(|rocket| {
        let everywhere = rocket.figment().clone().merge(("address", Ipv4Addr::UNSPECIFIED));
        rocket.configure(everywhere).attach(WordHub.at("/hub"))
    })
    .await;
    let second = SocketAddr::from(([127, 0, 0, 2], server.addr.port()));
    let mut lost = 0;
    for _ in 0..20 {
        let waiting = connect_from(0, second).await;
        let stream = connect_from(waiting.local_addr().unwrap().port(), server.addr).await;
        let mut client = Client::new(Socket::open_on(stream, "/hub", &[], &[]).await.unwrap());
        client.send(json!({"protocol": "json", "version": 1})).await;
        // If the other socket is found in its place, this one is lost, and its client may come back.
        match within("an answer", client.receive()).await {
            Some(answer) => {
                assert_eq!(answer, json!({}));
                assert_eq!(client.invoke("Echo", json!(["mine"])).await, Ok(json!("mine")));
            }
            None => lost += 1,
        }
        // In any case nothing was written to the other one, and nothing was read.
        let mut client = Client::new(Socket::open_on(waiting, "/hub", &[], &[]).await.unwrap());
        client.shake_hands(Encoding::Json, 1).await;
        assert_eq!(client.invoke("Echo", json!(["yours"])).await, Ok(json!("yours")));
    }
    assert!(lost < 20, "some are found at the first look");
}
