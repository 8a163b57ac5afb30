//! Whatever a server does wrong is told, and counts.

use std::process::Command;

use crate::{hubload, meddler, server::Server, texts};

/// What is told of a load through something that meddles with what the server sends. It is so slow
/// that the frames come one by one. Each client has a thread of its own.
#[track_caller]
fn told(scenario: &[&str], meddle: fn(Vec<u8>, usize) -> Vec<u8>) -> String {
    let floor = Server::floor();
    let url = format!("http://{}/bench", meddler::start(&floor.address, meddle));
    let common =
        ["--url", &url, "-n", "2", "--threads", "2", "--duration", "0.5", "--warm-up", "0"];
    let output = hubload(&[scenario, &common].concat());
    let (stdout, stderr) = texts(&output);
    assert_eq!(output.status.code(), Some(1), "{stdout}\n{stderr}");
    stderr
}

/// Without completions the frames of each connection are the messages alone, behind the answers to
/// the upgrade and to the handshake.
const BROADCAST: &[&str] = &["broadcast", "--through", "post", "--rate", "20"];

fn is_message(bytes: &[u8]) -> bool {
    bytes.windows(9).any(|word| word == b"\"message\"")
}

#[test]
fn a_lost_message_is_told() {
    // Sent by a client, the messages are numbered.
    let told = told(&["broadcast", "--rate", "20"], |bytes, number| {
        if number == 6 && is_message(&bytes) { Vec::new() } else { bytes }
    });
    assert!(told.contains("a message was lost: "), "{told}");
}

#[test]
fn a_message_that_comes_twice_is_told() {
    let told = told(&["broadcast", "--rate", "20"], |bytes, number| {
        if number == 4 && is_message(&bytes) { [&bytes[..], &bytes].concat() } else { bytes }
    });
    assert!(told.contains("a message came twice: "), "{told}");
}

#[test]
fn a_changed_message_is_told() {
    let told = told(BROADCAST, |mut bytes, number| {
        let padding = bytes.iter().rposition(|&byte| byte == b'.');
        if let Some(place) = padding.filter(|_| number == 4) {
            bytes[place] = b',';
        }
        bytes
    });
    assert!(told.contains("a text that nobody sent: 2 ×"), "{told}");
}

#[test]
fn a_wrong_answer_is_told() {
    let told = told(&["echo", "--rate", "20"], |mut bytes, number| {
        let padding = bytes.iter().rposition(|&byte| byte == b'.');
        if let Some(place) = padding.filter(|_| number == 4) {
            bytes[place] = b',';
        }
        bytes
    });
    assert!(told.contains("a text that nobody sent: 2 ×"), "{told}");
}

#[test]
fn a_connection_that_is_closed_is_told() {
    let told = told(
        BROADCAST,
        |bytes, number| {
            if number == 4 { vec![0x88, 2, 0x03, 0xf3] } else { bytes }
        },
    );
    assert!(told.contains("closed by the server: 1011: 2 ×"), "{told}");
}

#[test]
fn a_refused_connection_is_told() {
    let told = told(&["echo"], |bytes, _| {
        if bytes.starts_with(b"HTTP/1.1 101") {
            b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n".to_vec()
        } else {
            bytes
        }
    });
    assert!(told.contains("upgrade: 503: 2 ×"), "{told}");
}

#[test]
fn a_server_that_is_not_there_is_told() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let output = hubload(&["echo", "-n", "3", "--url", &format!("http://127.0.0.1:{port}/bench")]);
    let (_, stderr) = texts(&output);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr.contains("connect: Connection refused (os error 111): 3 ×"), "{stderr}");
}

#[test]
fn more_connections_than_files_are_refused() {
    // Also the limit that could be raised.
    let url = "http://127.0.0.1:1/bench";
    let command =
        format!("ulimit -n 256 && exec {} idle --url {url}", env!("CARGO_BIN_EXE_hubload"));
    let output = Command::new("sh").args(["-c", &command]).output().unwrap();
    let (_, stderr) = texts(&output);
    assert_eq!(output.status.code(), Some(2));
    let told = "--connections 1000 takes 1080 open files, and the limit is 256";
    assert!(stderr.contains(told), "{stderr}");
}

#[test]
fn what_cannot_be_measured_at_all_ends_with_2() {
    for wrong in [
        &["echo"][..],
        &["echo", "--url", "https://127.0.0.1/bench"],
        &["echo", "--url", "http://127.0.0.1:1/bench", "--pid", "4294967295"],
        &["echo", "--url", "http://127.0.0.1:1/bench", "--rate", "0"],
        &["echo", "--floor", "--transport", "sse", "--skip-negotiation"],
        &["nothing"],
    ] {
        assert_eq!(hubload(wrong).status.code(), Some(2), "{wrong:?}");
    }
}
