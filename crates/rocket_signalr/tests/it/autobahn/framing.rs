//! Groups 1 to 5: frames, pings and pongs, reserved bits, opcodes, fragments.

use super::{BEGIN, BINARY, CLOSE, Case, END, MIDDLE, PING, PONG, TEXT, case, frame, run, serve};
use crate::support::within;

#[tokio::test]
async fn group_1_framing() {
    let mut cases = Vec::new();
    for (group, first, byte) in [(1, TEXT, b'*'), (2, BINARY, 0xFE)] {
        let sizes = [125, 126, 127, 128, 65_535, 65_536];
        for (number, size) in (2..).zip(sizes) {
            let payload = vec![byte; size];
            let number = format!("1.{group}.{number}");
            cases.push(case(number, &[frame(first, &payload)]).echoes(payload));
        }
        let payload = vec![byte; 65_536];
        let number = format!("1.{group}.8");
        cases.push(case(number, &[frame(first, &payload)]).chopped(997).echoes(payload));
        let number = format!("1.{group}.1, and a byte");
        cases.push(case(number, &[frame(first, ""), frame(first, [byte])]).echoes([byte]));
    }
    run(cases).await;
}

#[tokio::test]
async fn group_2_pings_and_pongs() {
    let binary = [0x00, 0xFF, 0xFE, 0xFD, 0xFC, 0xFB, 0x00, 0xFF];
    let payloads: Vec<_> = (0..10).map(|at| format!("payload-{at}")).collect();
    let pings: Vec<_> = payloads.iter().map(|payload| frame(PING, payload)).collect();
    let ten = |number| payloads.iter().fold(case(number, &pings), Case::pongs);
    run([
        case("2.1", &[frame(PING, "")]).pongs(""),
        case("2.2", &[frame(PING, "Hello, world!")]).pongs("Hello, world!"),
        case("2.3", &[frame(PING, binary)]).pongs(binary),
        case("2.4", &[frame(PING, [0xFE; 125])]).pongs([0xFE; 125]),
        case("2.5", &[frame(PING, [0xFE; 126])]).ends(1002),
        case("2.6", &[frame(PING, [0xFE; 125])]).chopped(1).pongs([0xFE; 125]),
        case("2.7", &[frame(PONG, "")]),
        case("2.8", &[frame(PONG, "unsolicited pong payload")]),
        case("2.9", &[frame(PONG, "unsolicited"), frame(PING, "ping")]).pongs("ping"),
        ten("2.10"),
        ten("2.11").chopped(1),
    ])
    .await;
}

/// `bits` are RSV1 to RSV3. No extension is offered.
#[tokio::test]
async fn group_3_reserved_bits() {
    let hello = || frame(TEXT, "Hello, world!");
    let reserved = |bits: u8, first, payload| frame(first | bits << 4, payload);
    let second = |number, bits| {
        let frames = [hello(), reserved(bits, TEXT, "Hello, world!"), frame(PING, "")];
        case(number, &frames).echoes("Hello, world!").ends(1002)
    };
    run([
        case("3.1", &[reserved(1, TEXT, "Hello, world!")]).ends(1002),
        second("3.2", 2),
        second("3.3", 3),
        second("3.4", 4).chopped(1),
        case("3.5", &[reserved(5, BINARY, "\0\u{ff}")]).ends(1002),
        case("3.6", &[reserved(6, PING, "Hello, world!")]).ends(1002),
        case("3.7", &[reserved(7, CLOSE, "")]).ends(1002),
    ])
    .await;
}

#[tokio::test]
async fn group_4_opcodes() {
    let mut cases = Vec::new();
    for (group, opcodes) in [(1, 3..8_u8), (2, 11..16)] {
        for (number, opcode) in (1..).zip(opcodes) {
            let payload = if number % 2 == 0 { "reserved opcode payload" } else { "" };
            let unknown = frame(0x80 | opcode, payload);
            let number = format!("4.{group}.{number}");
            cases.push(match opcode {
                3 | 4 | 11 | 12 => case(number, &[unknown]).ends(1002),
                _ => case(number, &[frame(TEXT, "Hello, world!"), unknown, frame(PING, "")])
                    .chopped(if opcode % 8 == 7 { 1 } else { usize::MAX })
                    .echoes("Hello, world!")
                    .ends(1002),
            });
        }
    }
    run(cases).await;
}

#[tokio::test]
async fn group_5_fragmentation() {
    let [one, two, three, four] = ["fragment1", "fragment2", "fragment3", "fragment4"];
    let ping = || frame(PING, "ping payload");
    let whole = format!("{one}{two}");
    let two_parts = |number| case(number, &[frame(BEGIN, one), frame(END, two)]).echoes(&whole);
    let with_ping = |number| {
        let frames = [frame(BEGIN, one), ping(), frame(END, two)];
        case(number, &frames).echoes(&whole).pongs("ping payload")
    };
    let nothing_to_continue = |number, first| {
        let frames = [frame(first, "non-continuation payload"), frame(TEXT, "Hello, world!")];
        case(number, &frames).ends(1002)
    };
    let twice = |number, first| {
        let once = [frame(first, one), frame(BEGIN, two), frame(END, three)].concat();
        case(number, &[once.clone(), once]).ends(1002)
    };
    run([
        case("5.1", &[frame(PING & 0x7F, one), frame(END, two)]).ends(1002),
        case("5.2", &[frame(PONG & 0x7F, one), frame(END, two)]).ends(1002),
        two_parts("5.3"),
        two_parts("5.4").chopped(15),
        two_parts("5.5").chopped(1),
        with_ping("5.6"),
        with_ping("5.7").chopped(15),
        with_ping("5.8").chopped(1),
        nothing_to_continue("5.9", END),
        nothing_to_continue("5.10", END).chopped(30),
        nothing_to_continue("5.11", END).chopped(1),
        nothing_to_continue("5.12", MIDDLE),
        nothing_to_continue("5.13", MIDDLE).chopped(30),
        nothing_to_continue("5.14", MIDDLE).chopped(1),
        case(
            "5.15",
            &[frame(BEGIN, one), frame(END, two), frame(MIDDLE, three), frame(TEXT, four)],
        )
        .echoes(&whole)
        .ends(1002),
        twice("5.16", MIDDLE),
        twice("5.17", END),
        case("5.18", &[frame(BEGIN, one), frame(TEXT, two)]).echoes(one).ends(1002),
    ])
    .await;
}

#[tokio::test]
async fn group_5_a_ping_is_answered_before_the_end_of_the_message_it_is_in() {
    let server = serve().await;
    for (number, chop) in [("5.19", usize::MAX), ("5.20", 1)] {
        let mut socket = server.socket("/echo", &[]).await;
        let begin =
            [frame(BEGIN, "fragment1"), frame(MIDDLE, "fragment2"), frame(PING, "pongme 1!")];
        for chunk in begin.concat().chunks(chop) {
            socket.write(chunk).await;
        }
        let mut early = Vec::new();
        within("the first pong", async {
            loop {
                let frame = socket.read().await.unwrap();
                if frame.opcode == 10 {
                    break assert_eq!(frame.payload, "pongme 1!", "{number}");
                }
                early.extend_from_slice(&frame.payload);
            }
        })
        .await;
        let rest = [
            frame(MIDDLE, "fragment3"),
            frame(MIDDLE, "fragment4"),
            frame(PING, "pongme 2!"),
            frame(END, "fragment5"),
        ];
        let whole = "fragment1fragment2fragment3fragment4fragment5".as_bytes();
        let late = whole.strip_prefix(&early[..]).unwrap();
        let rest = case(number, &rest).chopped(chop).echoes(late).pongs("pongme 2!");
        within(number, rest.run_on(&mut socket)).await;
    }
}
