//! Groups 12 and 13: compressed messages.

use super::{BINARY, TEXT, case, echo, fragments, serve};
use crate::support::{RSV1, Server, deflate, within};

/// The sizes of messages and of their fragments.
const COMPRESSED: [(usize, usize); 18] = [
    (16, 0),
    (64, 0),
    (256, 0),
    (1024, 0),
    (4096, 0),
    (8192, 0),
    (16_384, 0),
    (32_768, 0),
    (65_536, 0),
    (131_072, 0),
    (8192, 256),
    (16_384, 256),
    (32_768, 256),
    (65_536, 256),
    (131_072, 256),
    (131_072, 1024),
    (131_072, 4096),
    (131_072, 32_768),
];

/// Some messages of each size; the suite sends 1000.
async fn compressed(server: &Server, group: &str, offer: &str, first: u8, data: &[u8]) {
    for (number, (size, fragment)) in (1..).zip(COMPRESSED) {
        let number = format!("{group}.{number}");
        let mut socket = server.socket("/echo", &[("Sec-WebSocket-Extensions", offer)]).await;
        assert!(socket.extensions.is_some(), "{number}");
        let mut came_compressed = false;
        for at in 0..2 {
            let payload: Vec<_> = data.iter().cycle().skip(at * size).take(size).copied().collect();
            let deflated = deflate(&payload);
            let fragment = if fragment == 0 { deflated.len() } else { fragment };
            let mut sent = fragments(first, &deflated, fragment);
            sent[0] |= RSV1;
            came_compressed |= echo(&mut socket, &number, &sent, &payload).await;
        }
        assert_eq!(came_compressed, first == TEXT && size >= 1024, "{number}");
        within(&number, case(&number, &[]).run_on(&mut socket)).await;
    }
}

fn json() -> Vec<u8> {
    let record = |n: u32| format!("{{\"id\":{n},\"name\":\"n{}\",\"on\":true}},", n * 7919 % 1000);
    (0..2000).map(record).collect::<String>().into_bytes()
}

/// What cannot be made smaller.
fn noise() -> Vec<u8> {
    let mut random = 1_u32;
    let next = || {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 24) as u8
    };
    std::iter::repeat_with(next).take(100_003).collect()
}

/// The suite has five files; here are two that differ in what counts.
#[tokio::test]
async fn group_12_compression() {
    let server = serve().await;
    let offer = "permessage-deflate; client_no_context_takeover; client_max_window_bits";
    compressed(&server, "12.1", offer, TEXT, &json()).await;
    compressed(&server, "12.2", offer, BINARY, &noise()).await;
}

#[tokio::test]
async fn group_13_compression_with_parameters() {
    let server = serve().await;
    let json = json();
    let any = "permessage-deflate; client_no_context_takeover; client_max_window_bits";
    let fresh = format!("{any}; server_no_context_takeover");
    for (group, offer) in [
        ("13.1", any.to_owned()),
        ("13.2", fresh.clone()),
        ("13.4", format!("{any}; server_max_window_bits=15")),
        ("13.6", format!("{fresh}; server_max_window_bits=15")),
        ("13.7", format!("{fresh}; server_max_window_bits=8, {fresh}, {any}")),
    ] {
        compressed(&server, group, &offer, TEXT, &json).await;
    }
}
