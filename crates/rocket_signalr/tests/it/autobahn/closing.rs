//! Group 7: close frames and their codes.

use super::{BEGIN, CLOSE, END, KOSME, PING, TEXT, case, close, frame, run, serve};
use crate::support::within;

#[tokio::test]
async fn group_7_close_handling() {
    let hello = || frame(TEXT, "Hello World!");
    let normal = || close(1000, "");
    let reason = "x".repeat(123);
    let large = vec![b'B'; 256 * 1024];
    let mut cases = vec![
        case("7.1.1", &[hello(), normal()]).echoes("Hello World!").ends(1000),
        case("7.1.2", &[normal(), normal()]).ends(1000),
        case("7.1.3", &[normal(), frame(PING, "")]).ends(1000),
        case("7.1.4", &[normal(), hello()]).ends(1000),
        case("7.1.5", &[frame(BEGIN, "fragment1"), normal(), frame(END, "fragment2")])
            .echoes("fragment1")
            .ends(1000),
        case("7.3.1", &[frame(CLOSE, "")]).ends(1000),
        case("7.3.2", &[frame(CLOSE, "a")]).ends(1002),
        case("7.3.3", &[normal()]).ends(1000),
        case("7.3.4", &[close(1000, "Hello World!")]).ends(1000),
        case("7.3.5", &[close(1000, &reason)]).ends(1000),
        case("7.3.6", &[close(1000, format!("{reason}x"))]).ends(1002),
        case("7.5.1", &[close(1000, [KOSME, b"\xed\xa0\x80edited"].concat())]).ends(1007),
    ];
    let valid = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999];
    for (number, code) in (1..).zip(valid) {
        cases.push(case(format!("7.7.{number}"), &[close(code, "")]).ends(1000));
    }
    for (number, code) in (1..).zip([0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999]) {
        cases.push(case(format!("7.9.{number}"), &[close(code, "")]).ends(1002));
    }
    for (number, code) in [("7.13.1", 5000), ("7.13.2", 65_535)] {
        cases.push(case(number, &[close(code, "")]).ends(1002));
    }
    run(cases).await;

    // 7.1.6: how much of the message is echoed is for the server to say.
    let server = serve().await;
    let mut socket = server.socket("/echo", &[]).await;
    let frames = [frame(TEXT, &large), hello(), normal(), frame(PING, "")];
    socket.write(&frames.concat()).await;
    let code = within("7.1.6", async {
        loop {
            let frame = socket.read().await.unwrap();
            if frame.opcode == 8 {
                return frame.close_code();
            }
        }
    });
    assert_eq!(code.await, Some(1000), "7.1.6");
    assert_eq!(within("7.1.6", socket.read()).await, None, "7.1.6");
}
