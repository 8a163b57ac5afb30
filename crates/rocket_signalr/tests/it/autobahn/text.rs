//! Group 6: text in UTF-8, and what is none.

use super::{BEGIN, END, KOSME, MIDDLE, TEXT, case, fragments, frame, run, serve};
use crate::support::within;

#[tokio::test]
async fn group_6_utf8() {
    let text = "Hello-µ@ßöäüàá-UTF-8!!".as_bytes();
    let middle = "middle frame payload";
    let invalid = [KOSME, b"\xed\xa0\x80edited"].concat();
    let mut cases = vec![
        case("6.1.2", &[frame(BEGIN, ""), frame(MIDDLE, ""), frame(END, ""), frame(TEXT, "x")])
            .echoes("x"),
        case("6.1.3", &[frame(BEGIN, ""), frame(MIDDLE, middle), frame(END, "")]).echoes(middle),
        case("6.2.1", &[frame(TEXT, text)]).echoes(text),
        case("6.2.2", &[frame(BEGIN, &text[..12]), frame(END, &text[12..])]).echoes(text),
        case("6.2.3", &[fragments(TEXT, text, 1)]).echoes(text),
        case("6.2.4", &[fragments(TEXT, KOSME, 1)]).echoes(KOSME),
        case("6.3.1", &[frame(TEXT, &invalid)]).echoes(KOSME).ends(1007),
        case("6.3.2", &[fragments(TEXT, &invalid, 1)]).echoes(KOSME).ends(1007),
    ];
    for (number, payload) in [
        ("6.5", &b"hello\xf0\xa4\xad\xa2world"[..]),
        ("6.6", &KOSME[..4]),
        ("6.6", &KOSME[..5]),
        ("6.7", b"\xf0\x90\x80\x80"),
        ("6.8", b"\xf8\x88\x80\x80\x80"),
        ("6.9", b"\xf4\x8f\xbf\xbf"),
        ("6.10", b"\xf7\xbf\xbf\xbf"),
        ("6.11", b"\xed\x9f\xbf"),
        ("6.11", b"\xf4\x90\x80\x80"),
        ("6.12", b"\x80\xbf"),
        ("6.13", b"\xe0 \xe1 \xe2 "),
        ("6.14", b"\xef\xbf"),
        ("6.15", b"\xdf\xef\xbf\xf7\xbf\xbf"),
        ("6.16", b"\xfe\xfe\xff\xff"),
        ("6.17", b"\xc0\xaf"),
        ("6.18", b"\xe0\x9f\xbf"),
        ("6.19", b"\xf0\x80\x80\x80"),
        ("6.20", b"\xed\xaf\xbf"),
        ("6.21", b"\xed\xa0\x80\xed\xb0\x80"),
        ("6.22", b"\xf1\x8f\xbf\xbe"),
        ("6.23", b"\xef\xbf\xbd"),
    ] {
        let sent = case(number, &[frame(TEXT, payload)]);
        cases.push(match std::str::from_utf8(payload) {
            Ok(text) => sent.echoes(text),
            Err(error) => sent.echoes(&payload[..error.valid_up_to()]).ends(1007),
        });
    }
    run(cases).await;
}

/// The socket ends with the first byte that is wrong, though the message, or the frame, goes on.
#[tokio::test]
async fn group_6_text_that_is_not_utf8_fails_fast() {
    let server = serve().await;
    // A frame of which only the begin is ever sent.
    let begun = |len: usize, payload: &[u8]| {
        let mut frame = frame(TEXT, [payload, &vec![0; len - payload.len()]].concat());
        frame.truncate(frame.len() - len + payload.len());
        frame
    };
    let first = [KOSME, b"\xf4"].concat();
    for (number, good, bad) in [
        ("6.4.1", frame(BEGIN, KOSME), frame(MIDDLE, b"\xf4\x90\x80\x80")),
        ("6.4.2", frame(BEGIN, &first), frame(MIDDLE, b"\x90")),
        ("6.4.3", begun(21, KOSME), begun(21, &[KOSME, b"\xf4\x90"].concat())[6 + 11..].to_vec()),
        ("6.4.4", begun(21, &first), begun(21, &[&first[..], b"\x90"].concat())[6 + 12..].to_vec()),
    ] {
        let mut socket = server.socket("/echo", &[]).await;
        socket.write(&good).await;
        let mut echo = Vec::new();
        while echo.len() < KOSME.len() {
            echo.extend_from_slice(&within(number, socket.read()).await.unwrap().payload);
        }
        assert_eq!(echo, KOSME, "{number}");
        socket.write(&bad).await;
        let close = within(number, socket.read()).await.unwrap();
        assert_eq!(close.close_code(), Some(1007), "{number}");
        assert_eq!(within(number, socket.read()).await, None, "{number}");
    }
}
