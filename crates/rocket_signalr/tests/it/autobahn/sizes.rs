//! Groups 9 and 10: large messages, many pieces, many messages.

use super::{BINARY, TEXT, case, echo, fragments, frame, run, serve};
use crate::support::within;

#[tokio::test]
async fn group_9_limits() {
    const KB: usize = 1024;
    const MB: usize = 1024 * KB;
    let mut cases = Vec::new();
    for (group, first, byte) in [(1, TEXT, b'*'), (2, BINARY, 0xFE)] {
        for (number, size) in (1..).zip([64 * KB, 256 * KB, MB, 4 * MB, 8 * MB, 16 * MB]) {
            let payload = vec![byte; size];
            let number = format!("9.{group}.{number}");
            cases.push(case(number, &[frame(first, &payload)]).echoes(payload));
        }
        // The suite has 4 MB here.
        let payload = vec![byte; MB];
        let sizes = [64, 256, KB, 4 * KB, 16 * KB, 64 * KB, 256 * KB, MB, 4 * MB];
        for (number, size) in (1..).zip(sizes) {
            let number = format!("9.{}.{number}", group + 2);
            cases.push(case(number, &[fragments(first, &payload, size)]).echoes(&payload));
        }
        for (number, size) in (1..).zip([64, 128, 256, 512, KB, 2 * KB]) {
            let number = format!("9.{}.{number}", group + 4);
            cases.push(case(number, &[frame(first, &payload)]).chopped(size).echoes(&payload));
        }
    }
    run(cases).await;
}

/// 1000 messages one after the other, each sent when the one before was echoed.
#[tokio::test]
async fn group_9_round_trips() {
    let server = serve().await;
    for (group, first, byte) in [(7, TEXT, b'*'), (8, BINARY, 0xFE)] {
        for (number, size) in (2..).zip([16, 64, 256, 1024, 4096]) {
            let mut socket = server.socket("/echo", &[]).await;
            let number = format!("9.{group}.{number}");
            for _ in 0..1000 {
                echo(&mut socket, &number, &frame(first, vec![byte; size]), &vec![byte; size])
                    .await;
            }
            within(&number, case(&number, &[]).run_on(&mut socket)).await;
        }
    }
}

#[tokio::test]
async fn group_10_misc() {
    let payload = vec![b'*'; 65_536];
    run([case("10.1.1", &[fragments(TEXT, &payload, 1300)]).echoes(payload)]).await;
}
