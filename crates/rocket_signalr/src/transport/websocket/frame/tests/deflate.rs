//! Compressed messages (RFC 7692).

use flate2::{Compress, Compression, FlushCompress};

use super::*;

/// As [`super::read_bytes`], where compression was agreed on.
fn read(frames: &[Frame]) -> Transcript {
    let stream = stream(frames);
    let whole = check::transcript(&stream, true, &[stream.len()], usize::MAX);
    for sizes in [&[1][..], &[2], &[3, 1], &[7], &[13, 4], &[64], &[997], &[2048], &[8192]] {
        for room in [1, 100, usize::MAX] {
            let read = check::transcript(&stream, true, sizes, room);
            assert_eq!(read, whole, "in pieces of {sizes:?}");
        }
    }
    whole
}

#[track_caller]
fn data(frames: &[Frame]) -> Vec<u8> {
    let read = read(frames);
    assert_eq!((read.error, read.events), (None, Vec::new()));
    read.output
}

#[track_caller]
fn broken(frames: &[Frame]) -> (FrameError, Vec<u8>) {
    let read = read(frames);
    (read.error.unwrap(), read.output)
}

fn deflated(payload: &[u8], flush: FlushCompress) -> Vec<u8> {
    let mut compressed = Vec::with_capacity(payload.len() + 100);
    let mut compress = Compress::new(Compression::default(), false);
    compress.compress_vec(payload, &mut compressed, flush).unwrap();
    compressed
}

/// As section 7.2.1 says.
fn compressed(payload: &[u8]) -> Vec<u8> {
    let mut compressed = deflated(payload, FlushCompress::Sync);
    assert_eq!(compressed.split_off(compressed.len() - 4), [0, 0, 0xFF, 0xFF]);
    compressed
}

const RSV1: u8 = 4;
const HELLO: [u8; 7] = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];

// The examples of section 7.2.3

#[test]
fn a_message_of_one_frame_is_read() {
    assert_eq!(data(&[Frame::text(HELLO).reserved(RSV1)]), b"Hello");
    assert_eq!(data(&[Frame::binary(HELLO).reserved(RSV1), Frame::text("!")]), b"Hello!");
}

#[test]
fn a_message_of_fragments_is_read() {
    for cut in 0..=HELLO.len() {
        let (begin, end) = HELLO.split_at(cut);
        let frames = [Frame::text(begin).more().reserved(RSV1), Frame::go_on(end)];
        assert_eq!(data(&frames), b"Hello");
    }
}

#[test]
fn a_block_without_compression_is_read() {
    let block = [0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00];
    assert_eq!(data(&[Frame::text(block).reserved(RSV1)]), b"Hello");
}

#[test]
fn a_block_that_says_it_is_the_last_is_read() {
    let last = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00];
    assert_eq!(data(&[Frame::text(last).reserved(RSV1)]), b"Hello");
    let twice = [&last[..7], &last].concat();
    assert_eq!(data(&[Frame::text(twice).reserved(RSV1)]), b"HelloHello");
}

#[test]
fn a_message_of_two_blocks_is_read() {
    let blocks = [0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00];
    assert_eq!(data(&[Frame::text(blocks).reserved(RSV1)]), b"Hello");
}

#[test]
fn a_message_must_not_refer_to_the_one_before() {
    let frames = [
        Frame::text(HELLO).reserved(RSV1),
        Frame::text([0xf2, 0x00, 0x11, 0x00, 0x00]).reserved(RSV1),
    ];
    // Its first letter is spelled out.
    assert_eq!(broken(&frames), (FrameError::Deflate, b"HelloH".to_vec()));
}

// The rest of the extension

#[test]
fn an_empty_message_may_be_compressed() {
    assert_eq!(
        data(&[Frame::text([0x00]).reserved(RSV1), Frame::text(HELLO).reserved(RSV1)]),
        b"Hello"
    );
    assert_eq!(data(&[Frame::text("").reserved(RSV1), Frame::text("a")]), b"a");
}

#[test]
fn messages_may_be_compressed_or_not_by_turns() {
    let frames = [
        Frame::text("a"),
        Frame::text(HELLO).reserved(RSV1),
        Frame::binary("b").more(),
        Frame::go_on("c"),
        Frame::binary(HELLO).reserved(RSV1),
    ];
    assert_eq!(data(&frames), b"aHellobcHello");
}

#[test]
fn control_frames_may_stand_in_a_compressed_message() {
    let frames = [
        Frame::text(&HELLO[..2]).more().reserved(RSV1),
        Frame::ping("1"),
        Frame::go_on(&HELLO[2..5]).more(),
        Frame::pong("2"),
        Frame::go_on(&HELLO[5..]),
        Frame::close(""),
    ];
    let read = read(&frames);
    assert_eq!((read.error, &read.output[..]), (None, &b"Hello"[..]));
    let events: Vec<_> = read.events.into_iter().map(|(_, event)| event).collect();
    assert_eq!(events, [ping("1"), pong_event("2"), closed(None, "")]);
}

#[test]
fn only_the_first_frame_of_data_says_that_it_is_compressed() {
    for frame in [
        Frame::go_on(&HELLO[3..]).reserved(RSV1),
        Frame::go_on("").more().reserved(RSV1),
        Frame::ping("").reserved(RSV1),
        Frame::pong("").reserved(RSV1),
        Frame::close("").reserved(RSV1),
    ] {
        for begin in [Frame::text(&HELLO[..3]).reserved(RSV1), Frame::text("He")] {
            let frames = [begin.more(), frame.clone()];
            assert_eq!(broken(&frames), (FrameError::ReservedBits, b"He".to_vec()));
        }
    }
    // A continuation of a message that said nothing.
    let frames = [Frame::text("a").more(), Frame::go_on("b").reserved(RSV1)];
    assert_eq!(broken(&frames), (FrameError::ReservedBits, b"a".to_vec()));
}

#[test]
fn other_reserved_bits_are_a_violation() {
    for bits in [1, 2, 3, 5, 6, 7] {
        for frame in [Frame::text(HELLO), Frame::binary(HELLO), Frame::ping("")] {
            assert_eq!(broken(&[frame.reserved(bits)]).0, FrameError::ReservedBits);
        }
    }
}

#[test]
fn a_compressed_message_inside_a_message_is_a_violation() {
    let frames = [Frame::text("a").more(), Frame::text(HELLO).reserved(RSV1)];
    assert_eq!(broken(&frames), (FrameError::MessageInMessage, b"a".to_vec()));
}

#[test]
fn what_is_no_deflate_is_told() {
    // A block type that does not exist, a length that does not fit its complement.
    for garbage in [&[0x06][..], &[0x07, 0, 0], &[0x00, 0x05, 0x00, 0xfa, 0xfe, 0x48]] {
        let frames = [Frame::text("a"), Frame::binary(garbage).reserved(RSV1), Frame::ping("")];
        assert_eq!(broken(&frames), (FrameError::Deflate, b"a".to_vec()));
    }
}

#[test]
fn compressed_text_must_be_utf8() {
    for text in VALID {
        assert_eq!(data(&[Frame::text(compressed(text)).reserved(RSV1)]), *text);
    }
    for (text, valid) in
        [(&b"ab\xed\xa0\x80"[..], &b"ab"[..]), (b"abc\xc3", b"abc"), (b"a\xff\xff", b"a")]
    {
        let frame = Frame::text(compressed(text)).reserved(RSV1);
        assert_eq!(broken(&[frame]), (FrameError::Utf8, valid.to_vec()));
        assert_eq!(data(&[Frame::binary(compressed(text)).reserved(RSV1)]), text);
    }
}

#[test]
fn a_window_of_32_kb_is_referred_back_to() {
    let mut random = 1_u32;
    let noise: Vec<_> = std::iter::repeat_with(|| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 24) as u8
    })
    .take(32 * 1024 - 300)
    .collect();
    let payload = noise.repeat(3);
    let compressed = compressed(&payload);
    assert!(compressed.len() < noise.len() + 1000);
    assert!(data(&[Frame::binary(compressed).reserved(RSV1)]) == payload);
}

#[test]
fn a_bomb_goes_off_in_small_pieces() {
    let bomb = compressed(&vec![0; 16 * 1024 * 1024]);
    assert!(bomb.len() < 17 * 1024);
    let mut bytes = stream(&[Frame::binary(&bomb).reserved(RSV1), Frame::ping("")]);
    let mut reader = FrameReader::new(true);
    let mut chunk = bytes.as_mut_slice();
    let mut total = 0;
    loop {
        let mut output = BytesMut::new();
        let event = reader.read(&mut chunk, &mut output, 1).unwrap();
        assert!(output.len() <= 66 * 1024);
        assert!(output.capacity() <= 128 * 1024);
        total += output.len();
        if event.is_some() {
            break;
        }
    }
    assert_eq!(total, 16 * 1024 * 1024);
}

#[test]
fn between_messages_nothing_is_kept() {
    let mut reader = FrameReader::new(true);
    let mut bytes = stream(&[Frame::text(HELLO).reserved(RSV1)]);
    let last = bytes.len() - 1;
    let mut output = BytesMut::new();
    reader.read(&mut &mut bytes[..last], &mut output, usize::MAX).unwrap();
    assert!(reader.inflater.is_some());
    reader.read(&mut &mut bytes[last..], &mut output, usize::MAX).unwrap();
    assert!(reader.inflater.is_none());
}

#[test]
fn what_is_discarded_is_not_decompressed() {
    let frames = [
        Frame::go_on("no DEFLATE").more(),
        Frame::go_on([0xFF]),
        Frame::text("no DEFLATE").reserved(RSV1),
        Frame::text([0xFF]),
        Frame::close(""),
    ];
    for begin in
        [Frame::text(&HELLO[..3]).reserved(RSV1), Frame::text("\u{b5}"), Frame::binary("a")]
    {
        let mut reader = FrameReader::new(true);
        let mut output = BytesMut::new();
        let mut bytes = stream(&[begin.more()]);
        reader.read(&mut bytes.as_mut_slice(), &mut output, usize::MAX).unwrap();
        output.clear();
        reader.discard();
        let mut bytes = stream(&frames);
        let event = reader.read(&mut bytes.as_mut_slice(), &mut output, usize::MAX);
        assert_eq!(event, Ok(Some(closed(None, ""))));
        assert!(output.is_empty());
    }
}

// Any bytes

fn any_deflated() -> impl Strategy<Value = Vec<u8>> {
    let payload = prop_oneof![
        4 => "[a-cé]{0,200}".prop_map(String::into_bytes),
        2 => "\\PC{0,100}".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..300),
        1 => (any::<u8>(), 0usize..50_000).prop_map(|(byte, len)| vec![byte; len]),
    ];
    let blocks = prop::collection::vec((payload, any::<bool>()), 1..4);
    blocks.prop_map(|blocks| {
        let mut all = Vec::new();
        let last = blocks.len() - 1;
        for (at, (payload, finish)) in blocks.into_iter().enumerate() {
            match (finish, at == last) {
                (true, false) => all.extend(deflated(&payload, FlushCompress::Finish)),
                (false, false) => all.extend(deflated(&payload, FlushCompress::Sync)),
                (_, true) => all.extend(compressed(&payload)),
            }
        }
        all
    })
}

/// A compressed message in fragments, with pings between them.
fn any_message() -> impl Strategy<Value = Vec<Frame>> {
    let cuts = prop::collection::vec(0usize..100, 0..5);
    (any::<bool>(), any_deflated(), cuts, any::<[u8; 4]>()).prop_map(
        |(text, payload, cuts, mask)| {
            let mut frames = Vec::new();
            let mut rest = &payload[..];
            let mut begin = Frame::new(if text { 1 } else { 2 }, "").reserved(RSV1);
            for cut in cuts {
                let (part, after) = rest.split_at(cut.min(rest.len()));
                frames.push(Frame { mask, payload: part.to_vec(), ..begin.more() });
                frames.push(Frame::ping("p"));
                (begin, rest) = (Frame::go_on(""), after);
            }
            frames.push(Frame { mask, payload: rest.to_vec(), ..begin });
            frames
        },
    )
}

proptest! {
    #[test]
    fn both_readers_agree_on_compressed_messages(
        cuts: [u8; 4],
        messages in prop::collection::vec(any_message(), 0..4),
    ) {
        check(&[&cuts[..], &stream(&messages.concat())].concat());
    }

    #[test]
    fn both_readers_agree_on_compressed_messages_with_a_wrong_byte(
        cuts: [u8; 4],
        messages in prop::collection::vec(any_message(), 1..3),
        at: prop::sample::Index,
        byte: u8,
    ) {
        let mut stream = stream(&messages.concat());
        let at = at.index(stream.len());
        stream[at] = byte;
        check(&[&cuts[..], &stream].concat());
    }

    #[test]
    fn both_readers_agree_on_garbage_as_a_compressed_message(
        cuts: [u8; 4],
        garbage in prop::collection::vec(any::<u8>(), 0..300),
        text: bool,
    ) {
        let frame = Frame::new(if text { 1 } else { 2 }, garbage).reserved(RSV1);
        check(&[&cuts[..], &stream(&[frame])].concat());
    }

    #[test]
    fn what_was_compressed_comes_back(
        payload in prop::collection::vec("[a-f]{0,2000}", 0..4),
        cut: prop::sample::Index,
        sizes in prop::collection::vec(1usize..300, 1..20),
        room in 1usize..5000,
    ) {
        let mut frames = Vec::new();
        for text in &payload {
            let compressed = compressed(text.as_bytes());
            let (begin, end) = compressed.split_at(cut.index(compressed.len() + 1));
            frames.push(Frame::text(begin).more().reserved(RSV1));
            frames.push(Frame::go_on(end));
        }
        let read = check::transcript(&stream(&frames), true, &sizes, room);
        prop_assert_eq!(read.error, None);
        prop_assert_eq!(read.output, payload.concat().into_bytes());
    }
}
