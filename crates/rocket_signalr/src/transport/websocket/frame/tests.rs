//! The cases of the Autobahn test suite at the level of frames, and what must hold for any bytes.

use bytes::BytesMut;
use proptest::prelude::*;

use super::{
    Event, FrameError, FrameHeader, FrameReader, Opcode,
    check::{self, Transcript, check},
    close, pong,
};

mod deflate;

const MASK: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];

/// How a length is written.
#[derive(Debug, Clone, Copy)]
enum Form {
    Bits16,
    Bits64,
}

/// A frame as a client may write it, rules or no rules.
#[derive(Debug, Clone)]
struct Frame {
    first: u8,
    masked: bool,
    mask: [u8; 4],
    form: Option<Form>,
    payload: Vec<u8>,
}

impl Frame {
    fn new(opcode: u8, payload: impl AsRef<[u8]>) -> Self {
        Self {
            first: 0x80 | opcode,
            masked: true,
            mask: MASK,
            form: None,
            payload: payload.as_ref().to_vec(),
        }
    }

    fn text(payload: impl AsRef<[u8]>) -> Self {
        Self::new(1, payload)
    }

    fn binary(payload: impl AsRef<[u8]>) -> Self {
        Self::new(2, payload)
    }

    fn go_on(payload: impl AsRef<[u8]>) -> Self {
        Self::new(0, payload)
    }

    fn ping(payload: impl AsRef<[u8]>) -> Self {
        Self::new(9, payload)
    }

    fn pong(payload: impl AsRef<[u8]>) -> Self {
        Self::new(10, payload)
    }

    fn close(payload: impl AsRef<[u8]>) -> Self {
        Self::new(8, payload)
    }

    fn more(mut self) -> Self {
        self.first &= !0x80;
        self
    }

    fn reserved(mut self, bits: u8) -> Self {
        self.first |= bits << 4;
        self
    }

    fn unmasked(mut self) -> Self {
        self.masked = false;
        self
    }

    fn form(mut self, form: Form) -> Self {
        self.form = Some(form);
        self
    }

    fn write(&self, to: &mut Vec<u8>) {
        let len = self.payload.len();
        let flag = if self.masked { 0x80 } else { 0 };
        to.push(self.first);
        match self.form {
            None if len < 126 => to.push(flag | len as u8),
            Some(Form::Bits16) | None if len < 65536 => {
                to.push(flag | 126);
                to.extend_from_slice(&(len as u16).to_be_bytes());
            }
            _ => {
                to.push(flag | 127);
                to.extend_from_slice(&(len as u64).to_be_bytes());
            }
        }
        if self.masked {
            to.extend_from_slice(&self.mask);
            to.extend(
                self.payload.iter().zip(self.mask.iter().cycle()).map(|(byte, key)| byte ^ key),
            );
        } else {
            to.extend_from_slice(&self.payload);
        }
    }
}

fn stream(frames: &[Frame]) -> Vec<u8> {
    let mut stream = Vec::new();
    for frame in frames {
        frame.write(&mut stream);
    }
    stream
}

/// Reads as for a client with which no extension was agreed on.
fn transcript(stream: &[u8], sizes: &[usize]) -> Transcript {
    check::transcript(stream, false, sizes, usize::MAX)
}

/// Reads the bytes in one piece, chopped into octets and in other pieces, which must not differ.
fn read_bytes(stream: &[u8]) -> Transcript {
    let whole = transcript(stream, &[stream.len()]);
    for sizes in [&[1][..], &[2], &[3, 1], &[7], &[13, 4], &[64], &[997], &[2048], &[8192]] {
        assert_eq!(transcript(stream, sizes), whole, "in pieces of {sizes:?}");
    }
    whole
}

fn read(frames: &[Frame]) -> Transcript {
    read_bytes(&stream(frames))
}

/// What valid frames without control frames give.
#[track_caller]
fn data(frames: &[Frame]) -> Vec<u8> {
    let read = read(frames);
    assert_eq!((read.error, read.events), (None, Vec::new()));
    read.output
}

/// What frames without data give.
#[track_caller]
fn events(frames: &[Frame]) -> Vec<Event<'static>> {
    let read = read(frames);
    assert_eq!((read.error, read.output), (None, Vec::new()));
    read.events.into_iter().map(|(_, event)| event).collect()
}

/// What broke the rules, and the data before it.
#[track_caller]
fn broken(frames: &[Frame]) -> (FrameError, Vec<u8>) {
    let read = read(frames);
    (read.error.unwrap(), read.output)
}

fn ping(payload: impl AsRef<[u8]>) -> Event<'static> {
    Event::Ping(payload.as_ref().to_vec().into())
}

fn pong_event(payload: impl AsRef<[u8]>) -> Event<'static> {
    Event::Pong(payload.as_ref().to_vec().into())
}

fn closed(code: impl Into<Option<u16>>, reason: &str) -> Event<'static> {
    Event::Close { code: code.into(), reason: reason.to_owned().into() }
}

fn close_payload(code: u16, reason: impl AsRef<[u8]>) -> Vec<u8> {
    [&code.to_be_bytes(), reason.as_ref()].concat()
}

// State

#[test]
fn a_reader_takes_at_most_56_bytes() {
    assert!(size_of::<FrameReader>() <= 56, "{}", size_of::<FrameReader>());
}

#[test]
fn a_declared_length_reserves_no_memory() {
    for opcode in [0x81, 0x82] {
        let mut header =
            vec![opcode, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, b'x'];
        let mut output = BytesMut::new();
        let mut chunk = header.as_mut_slice();
        assert_eq!(FrameReader::default().read(&mut chunk, &mut output, usize::MAX), Ok(None));
        assert_eq!(&output[..], b"x");
        assert!(output.capacity() < 1024);
    }
}

#[test]
fn an_event_leaves_the_rest_of_the_chunk_unread() {
    let mut bytes = stream(&[Frame::text("a"), Frame::ping("b"), Frame::text("c")]);
    let mut chunk = bytes.as_mut_slice();
    let mut output = BytesMut::new();
    let mut reader = FrameReader::default();
    assert_eq!(reader.read(&mut chunk, &mut output, usize::MAX), Ok(Some(ping("b"))));
    assert_eq!((chunk.len(), &output[..]), (7, &b"a"[..]));
    assert_eq!(reader.read(&mut chunk, &mut output, usize::MAX), Ok(None));
    assert_eq!((chunk.len(), &output[..]), (0, &b"ac"[..]));
}

#[test]
fn a_control_frame_in_one_piece_is_borrowed() {
    let mut bytes = stream(&[Frame::ping("hello")]);
    let mut chunk = bytes.as_mut_slice();
    let event = FrameReader::default().read(&mut chunk, &mut BytesMut::new(), usize::MAX);
    assert!(matches!(event, Ok(Some(Event::Ping(std::borrow::Cow::Borrowed(b"hello"))))));
}

// 1: framing

#[test]
fn data_of_every_size_of_length_is_read() {
    for len in [0, 1, 7, 8, 9, 125, 126, 127, 128, 65535, 65536] {
        let payload = vec![b'*'; len];
        assert_eq!(data(&[Frame::text(&payload)]), payload);
        let payload = vec![0xFE; len];
        assert_eq!(data(&[Frame::binary(&payload)]), payload);
    }
}

#[test]
fn a_length_may_be_written_longer_than_needed() {
    for form in [Form::Bits16, Form::Bits64] {
        for len in [0, 1, 125, 126, 65535] {
            let payload = vec![b'*'; len];
            assert_eq!(data(&[Frame::text(&payload).form(form)]), payload);
        }
        assert_eq!(events(&[Frame::ping("hi").form(form)]), [ping("hi")]);
    }
}

#[test]
fn a_length_with_the_highest_of_64_bits_is_a_violation() {
    for opcode in [0x81, 0x82, 0x89] {
        let read = read_bytes(&[opcode, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(read.error, Some(FrameError::Length));
    }
}

#[test]
fn messages_are_one_stream_of_bytes() {
    assert_eq!(
        data(&[Frame::text("ab"), Frame::binary("cd"), Frame::text(""), Frame::text("ef")]),
        b"abcdef"
    );
}

#[test]
fn a_frame_without_a_mask_is_a_violation() {
    for frame in [Frame::text("x"), Frame::binary(""), Frame::ping(""), Frame::close("")] {
        assert_eq!(
            broken(&[Frame::text("a"), frame.unmasked()]),
            (FrameError::Unmasked, b"a".to_vec())
        );
    }
}

#[test]
fn a_violation_is_found_at_its_first_byte() {
    for (bytes, error) in [
        (&[0xC1][..], FrameError::ReservedBits),
        (&[0x83], FrameError::UnknownOpcode(3)),
        (&[0x80], FrameError::NothingToContinue),
        (&[0x09], FrameError::FragmentedControl),
        (&[0x81, 0x00], FrameError::Unmasked),
        (&[0x81, 0xFF, 0x80], FrameError::Length),
        (&[0x89, 0xFE, 0, 126], FrameError::LongControl),
    ] {
        assert_eq!(read_bytes(bytes).error, Some(error));
        assert_eq!(read_bytes(&bytes[..bytes.len() - 1]).error, None);
    }
}

// 2: pings and pongs

#[test]
fn a_ping_is_told_with_its_payload() {
    for payload in [&b""[..], b"Hello, world!", &[0, 0xFF, 0xFE, 0xFD, 0xFC, 0xFB, 0], &[0xFE; 125]]
    {
        assert_eq!(events(&[Frame::ping(payload)]), [ping(payload)]);
    }
}

#[test]
fn a_ping_of_126_bytes_is_a_violation() {
    assert_eq!(broken(&[Frame::ping([0xFE; 126])]), (FrameError::LongControl, Vec::new()));
}

#[test]
fn pings_are_told_in_their_order() {
    let payloads: Vec<_> = (0..10).map(|at| format!("payload-{at}")).collect();
    let frames: Vec<_> = payloads.iter().map(Frame::ping).collect();
    assert_eq!(events(&frames), payloads.iter().map(ping).collect::<Vec<_>>());
}

#[test]
fn an_unsolicited_pong_is_no_violation() {
    let read = events(&[Frame::pong(""), Frame::pong("unasked"), Frame::ping("x")]);
    assert_eq!(read, [pong_event(""), pong_event("unasked"), ping("x")]);
}

#[test]
fn a_pong_answers_with_the_payload() {
    assert_eq!(&pong(b"")[..], [0x8A, 0]);
    assert_eq!(&pong(b"Hello")[..], b"\x8A\x05Hello");
    assert_eq!(pong(&[0xFE; 125])[..2], [0x8A, 125]);
    assert_eq!(pong(&[0xFE; 126]), pong(&[0xFE; 125]));
}

// 3: reserved bits

#[test]
fn reserved_bits_are_a_violation() {
    for bits in 1..8 {
        for frame in [
            Frame::text("x"),
            Frame::binary("x"),
            Frame::ping("x"),
            Frame::pong(""),
            Frame::close(""),
        ] {
            let frames = [Frame::text("Hello"), frame.reserved(bits), Frame::ping("")];
            assert_eq!(broken(&frames), (FrameError::ReservedBits, b"Hello".to_vec()));
        }
    }
}

// 4: opcodes

#[test]
fn unknown_opcodes_are_a_violation() {
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        for payload in ["", "x"] {
            let frames = [Frame::text("Hello"), Frame::new(opcode, payload), Frame::ping("")];
            assert_eq!(broken(&frames), (FrameError::UnknownOpcode(opcode), b"Hello".to_vec()));
        }
    }
}

// 5: fragments

#[test]
fn control_frames_must_not_be_fragmented() {
    for frame in [Frame::ping("a"), Frame::pong("a"), Frame::close("")] {
        let frames = [frame.more(), Frame::go_on("b")];
        assert_eq!(broken(&frames), (FrameError::FragmentedControl, Vec::new()));
    }
}

#[test]
fn fragments_are_joined() {
    assert_eq!(data(&[Frame::text("frag").more(), Frame::go_on("ment")]), b"fragment");
    assert_eq!(
        data(&[Frame::binary([0xFF]).more(), Frame::go_on([0xFE]).more(), Frame::go_on([0xFD])]),
        [0xFF, 0xFE, 0xFD]
    );
}

#[test]
fn fragments_may_be_empty() {
    assert_eq!(data(&[Frame::text("").more(), Frame::go_on("").more(), Frame::go_on("")]), b"");
    assert_eq!(data(&[Frame::text("").more(), Frame::go_on("a").more(), Frame::go_on("")]), b"a");
}

#[test]
fn control_frames_may_stand_between_fragments() {
    let frames = [
        Frame::text("a").more(),
        Frame::ping("1"),
        Frame::go_on("b").more(),
        Frame::pong("2"),
        Frame::ping("3"),
        Frame::go_on("c"),
        Frame::text("d"),
    ];
    let read = read(&frames);
    assert_eq!(read.error, None);
    assert_eq!(read.output, b"abcd");
    assert_eq!(read.events, [(1, ping("1")), (2, pong_event("2")), (2, ping("3"))]);
}

#[test]
fn a_continuation_of_nothing_is_a_violation() {
    let nothing = FrameError::NothingToContinue;
    for frame in [Frame::go_on("x"), Frame::go_on("x").more(), Frame::go_on("")] {
        assert_eq!(broken(std::slice::from_ref(&frame)), (nothing, Vec::new()));
        assert_eq!(broken(&[Frame::text("a"), frame.clone()]), (nothing, b"a".to_vec()));
        let frames = [Frame::text("a").more(), Frame::go_on("b"), frame];
        assert_eq!(broken(&frames), (nothing, b"ab".to_vec()));
    }
}

#[test]
fn a_message_inside_a_message_is_a_violation() {
    for frame in [Frame::text("x"), Frame::binary("x"), Frame::text("").more()] {
        for begin in [Frame::text("a"), Frame::binary("a")] {
            let frames = [begin.more(), Frame::ping(""), frame.clone()];
            assert_eq!(broken(&frames), (FrameError::MessageInMessage, b"a".to_vec()));
        }
    }
}

// 6: UTF-8

const KOSME: &[u8] = b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";

const VALID: &[&[u8]] = &[
    b"",
    "Hello-µ@ßöäüàá-UTF-8!!".as_bytes(),
    KOSME,
    // The first and the last of every length
    b"\x00",
    b"\xc2\x80",
    b"\xe0\xa0\x80",
    b"\xf0\x90\x80\x80",
    b"\x7f",
    b"\xdf\xbf",
    b"\xef\xbf\xbf",
    b"\xf4\x8f\xbf\xbf",
    // Around the surrogates, and the replacement character
    b"\xed\x9f\xbf",
    b"\xee\x80\x80",
    b"\xef\xbf\xbd",
    // Characters that are none, and specials
    b"\xef\xbf\xbe",
    b"\xf0\x9f\xbf\xbe",
    b"\xf0\x9f\xbf\xbf",
    b"\xf0\xaf\xbf\xbe",
    b"\xf0\xaf\xbf\xbf",
    b"\xf0\xbf\xbf\xbe",
    b"\xf0\xbf\xbf\xbf",
    b"\xf1\x8f\xbf\xbe",
    b"\xf1\x8f\xbf\xbf",
    b"\xf1\x9f\xbf\xbe",
    b"\xf1\x9f\xbf\xbf",
    b"\xf1\xaf\xbf\xbe",
    b"\xf1\xaf\xbf\xbf",
    b"\xf1\xbf\xbf\xbe",
    b"\xf1\xbf\xbf\xbf",
    b"\xf2\x8f\xbf\xbe",
    b"\xf2\x8f\xbf\xbf",
    b"\xf2\x9f\xbf\xbe",
    b"\xf2\x9f\xbf\xbf",
    b"\xf2\xaf\xbf\xbe",
    b"\xf2\xaf\xbf\xbf",
    b"\xf2\xbf\xbf\xbe",
    b"\xf2\xbf\xbf\xbf",
    b"\xf3\x8f\xbf\xbe",
    b"\xf3\x8f\xbf\xbf",
    b"\xf3\x9f\xbf\xbe",
    b"\xf3\x9f\xbf\xbf",
    b"\xf3\xaf\xbf\xbe",
    b"\xf3\xaf\xbf\xbf",
    b"\xf3\xbf\xbf\xbe",
    b"\xf3\xbf\xbf\xbf",
    b"\xf4\x8f\xbf\xbe",
    b"\xef\xbf\xb9",
    b"\xef\xbf\xba",
    b"\xef\xbf\xbb",
    b"\xef\xbf\xbc",
];

/// Texts that are wrong at a byte, which stands behind the bar, and those that only end too soon.
const INVALID: &[(&[u8], &[u8])] = &[
    (b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed", b"\xa0\x80edited"),
    // Codes that are too large, or of five and six bytes
    (b"", b"\xf8\x88\x80\x80\x80"),
    (b"", b"\xfc\x84\x80\x80\x80\x80"),
    (b"", b"\xf7\xbf\xbf\xbf"),
    (b"", b"\xfb\xbf\xbf\xbf\xbf"),
    (b"", b"\xfd\xbf\xbf\xbf\xbf\xbf"),
    (b"\xf4", b"\x90\x80\x80"),
    (b"", b"\xf5\x80\x80\x80"),
    // Continuations of nothing
    (b"", b"\x80"),
    (b"", b"\xbf"),
    (b"", b"\x80\xbf"),
    (b"", b"\x80\xbf\x80\xbf\x80\xbf"),
    (b"a", b"\x80b"),
    (b"\xc3\xa9", b"\xa9"),
    // Begins without an end
    (b"\xc2", b" \xc3 \xc4 "),
    (b"\xe1", b" "),
    (b"\xe1\x80", b" "),
    (b"\xf1", b" "),
    (b"\xf1\x80", b" "),
    (b"\xf1\x80\x80", b" "),
    (b"\xc2", b"\xc2"),
    (b"\xe1\x80", b"\xe1"),
    (b"", b"\xf8 \xf9 "),
    (b"", b"\xfc \xfd "),
    (b"", b"\xc0"),
    (b"\xe0", b"\x80"),
    (b"\xf0", b"\x80\x80"),
    (b"", b"\xf8\x80\x80\x80"),
    (b"", b"\xfc\x80\x80\x80\x80"),
    (b"\xef\xbf", b"\xf7\xbf\xbf"),
    // Impossible bytes
    (b"", b"\xfe"),
    (b"", b"\xff"),
    (b"", b"\xfe\xfe\xff\xff"),
    // Written longer than needed
    (b"", b"\xc0\xaf"),
    (b"\xe0", b"\x80\xaf"),
    (b"\xf0", b"\x80\x80\xaf"),
    (b"", b"\xf8\x80\x80\x80\xaf"),
    (b"", b"\xfc\x80\x80\x80\x80\xaf"),
    (b"", b"\xc1\xbf"),
    (b"\xe0", b"\x9f\xbf"),
    (b"\xf0", b"\x8f\xbf\xbf"),
    (b"", b"\xf8\x87\xbf\xbf\xbf"),
    (b"", b"\xfc\x83\xbf\xbf\xbf\xbf"),
    (b"", b"\xc0\x80"),
    (b"\xe0", b"\x80\x80"),
    (b"\xf0", b"\x80\x80\x80"),
    // Surrogates, alone and in pairs
    (b"\xed", b"\xa0\x80"),
    (b"\xed", b"\xad\xbf"),
    (b"\xed", b"\xae\x80"),
    (b"\xed", b"\xaf\xbf"),
    (b"\xed", b"\xb0\x80"),
    (b"\xed", b"\xbe\x80"),
    (b"\xed", b"\xbf\xbf"),
    (b"\xed", b"\xa0\x80\xed\xb0\x80"),
    (b"\xed", b"\xa0\x80\xed\xbf\xbf"),
    (b"\xed", b"\xad\xbf\xed\xb0\x80"),
    (b"\xed", b"\xae\x80\xed\xb0\x80"),
    (b"\xed", b"\xaf\xbf\xed\xbf\xbf"),
];

const CUT: &[&[u8]] = &[
    b"\xce",
    b"\xce\xba\xe1",
    b"\xce\xba\xe1\xbd",
    b"\xce\xba\xe1\xbd\xb9\xcf",
    b"\xdf",
    b"\xe0\xa0",
    b"\xef\xbf",
    b"\xf0\x90\x80",
    b"\xf4\x8f\xbf",
    b"\xf4\x8f",
    b"\xf4",
];

/// The text as one message in fragments of `size` bytes.
fn fragments(text: &[u8], size: usize) -> Vec<Frame> {
    let mut frames = vec![Frame::text("").more()];
    frames.extend(text.chunks(size).map(|part| Frame::go_on(part).more()));
    frames.push(Frame::go_on(""));
    frames
}

#[test]
fn valid_text_is_read_however_it_is_cut() {
    for text in VALID {
        assert_eq!(data(&[Frame::text(text)]), *text);
        for size in 1..=4 {
            assert_eq!(data(&fragments(text, size)), *text);
        }
    }
}

#[test]
fn every_character_is_read() {
    let all: String = ('\0'..=char::MAX).collect();
    let stream = stream(&[Frame::text(&all)]);
    for size in [stream.len(), 8192, 61, 1] {
        let read = transcript(&stream, &[size]);
        assert_eq!(read.error, None);
        assert!(read.output == all.as_bytes());
    }
}

#[test]
fn text_that_is_not_utf8_is_found_at_the_first_impossible_byte() {
    for (begin, wrong) in INVALID {
        let text = [*begin, *wrong].concat();
        let whole = std::str::from_utf8(&text).unwrap_err().valid_up_to();
        for ahead in ["", "ahead ", &"long ahead ".repeat(50)] {
            let text = [ahead.as_bytes(), &text].concat();
            let output = &text[..ahead.len() + whole];
            assert_eq!(broken(&[Frame::text(&text)]), (FrameError::Utf8, output.to_vec()));
            for size in 1..=4 {
                assert_eq!(broken(&fragments(&text, size)), (FrameError::Utf8, output.to_vec()));
            }
        }

        // The frame goes on, but is lost with this byte and not before.
        let sent = 14 + begin.len();
        let stream = stream(&[Frame::text(&text).form(Form::Bits64)]);
        assert_eq!(read_bytes(&stream[..sent]).error, None);
        assert_eq!(read_bytes(&stream[..=sent]).error, Some(FrameError::Utf8), "{text:x?}");
    }
}

#[test]
fn text_must_not_end_inside_a_character() {
    for text in CUT {
        let whole = text[..std::str::from_utf8(text).unwrap_err().valid_up_to()].to_vec();
        assert_eq!(broken(&[Frame::text(text)]), (FrameError::Utf8, whole.clone()));
        for size in 1..=4 {
            assert_eq!(broken(&fragments(text, size)), (FrameError::Utf8, whole.clone()));
        }
        let next = [Frame::text(text), Frame::text(b"\x80")];
        assert_eq!(broken(&next), (FrameError::Utf8, whole));
    }
}

#[test]
fn a_text_frame_that_goes_on_may_end_inside_a_character() {
    let frames =
        [Frame::text(&KOSME[..3]).more(), Frame::ping("between"), Frame::go_on(&KOSME[3..])];
    let read = read(&frames);
    assert_eq!((read.error, &read.output[..]), (None, KOSME));
    assert_eq!(read.events, [(2, ping("between"))]);
}

#[test]
fn binary_messages_need_not_be_utf8() {
    for (begin, wrong) in INVALID {
        let bytes = [*begin, *wrong].concat();
        assert_eq!(data(&[Frame::binary(&bytes)]), bytes);
        assert_eq!(data(&[Frame::binary(begin).more(), Frame::go_on(wrong)]), bytes);
    }
    for bytes in CUT {
        assert_eq!(
            data(&[Frame::binary(bytes), Frame::text("next")]),
            [bytes, &b"next"[..]].concat()
        );
    }
}

// 7: close

#[test]
fn a_close_is_told_with_its_code_and_reason() {
    let long = "*".repeat(123);
    assert_eq!(events(&[Frame::close("")]), [closed(None, "")]);
    assert_eq!(events(&[Frame::close(close_payload(1000, ""))]), [closed(1000, "")]);
    assert_eq!(events(&[Frame::close(close_payload(1001, "bye, µ"))]), [closed(1001, "bye, µ")]);
    assert_eq!(events(&[Frame::close(close_payload(1000, &long))]), [closed(1000, &long)]);
}

#[test]
fn a_close_may_come_inside_a_message() {
    let read = read(&[Frame::text("a").more(), Frame::close(close_payload(1000, ""))]);
    assert_eq!((read.error, &read.output[..]), (None, &b"a"[..]));
    assert_eq!(read.events, [(1, closed(1000, ""))]);
}

#[test]
fn a_close_of_one_byte_is_a_violation() {
    assert_eq!(broken(&[Frame::close("a")]).0, FrameError::ClosePayload);
}

#[test]
fn a_close_of_126_bytes_is_a_violation() {
    assert_eq!(
        broken(&[Frame::close(close_payload(1000, [b'*'; 124]))]).0,
        FrameError::LongControl
    );
}

#[test]
fn a_close_reason_must_be_utf8() {
    for reason in [KOSME, b"\xed\xa0\x80edited", &KOSME[..1]] {
        let read = read(&[Frame::close(close_payload(1000, reason))]);
        assert_eq!(read.error, (reason != KOSME).then_some(FrameError::Utf8));
    }
}

#[test]
fn close_codes_are_those_that_may_be_sent() {
    for code in 0..=u16::MAX {
        let bytes = stream(&[Frame::close(close_payload(code, ""))]);
        let read = transcript(&bytes, &[bytes.len()]);
        let valid = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
        assert_eq!(read.error, (!valid).then_some(FrameError::CloseCode(code)));
    }
}

#[test]
fn a_close_is_written_with_its_code_and_reason() {
    assert_eq!(&close(1000, "")[..], [0x88, 2, 0x03, 0xE8]);
    assert_eq!(&close(1002, "no")[..], b"\x88\x04\x03\xEAno");
}

#[test]
fn a_close_reason_that_is_too_long_is_cut_between_characters() {
    assert_eq!(close(1000, &"x".repeat(200))[..2], [0x88, 125]);
    let frame = close(1000, &"é".repeat(100));
    assert_eq!((frame[1], &frame[4..]), (124, "é".repeat(61).as_bytes()));
}

#[test]
fn errors_tell_the_close_code() {
    for (error, code) in [
        (FrameError::ReservedBits, 1002),
        (FrameError::UnknownOpcode(3), 1002),
        (FrameError::Unmasked, 1002),
        (FrameError::Length, 1002),
        (FrameError::NothingToContinue, 1002),
        (FrameError::MessageInMessage, 1002),
        (FrameError::FragmentedControl, 1002),
        (FrameError::LongControl, 1002),
        (FrameError::ClosePayload, 1002),
        (FrameError::CloseCode(999), 1002),
        (FrameError::Utf8, 1007),
        (FrameError::Deflate, 1007),
    ] {
        assert_eq!(error.close_code(), code);
        assert!(!error.to_string().is_empty());
    }
}

// Headers of the server

#[test]
fn headers_take_the_shortest_length() {
    for (opcode, len, bytes) in [
        (Opcode::Text, 0, &[0x81, 0][..]),
        (Opcode::Binary, 125, &[0x82, 125]),
        (Opcode::Text, 126, &[0x81, 126, 0, 126]),
        (Opcode::Text, 65535, &[0x81, 126, 0xFF, 0xFF]),
        (Opcode::Binary, 65536, &[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        (Opcode::Continuation, 1, &[0x80, 1]),
        (Opcode::Close, 2, &[0x88, 2]),
        (Opcode::Ping, 0, &[0x89, 0]),
        (Opcode::Pong, 0, &[0x8A, 0]),
    ] {
        assert_eq!(FrameHeader::new(opcode, len).as_ref(), bytes);
    }
}

// Any bytes

fn any_frame() -> impl Strategy<Value = Frame> {
    let first = prop_oneof![
        20 => prop::sample::select(vec![0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8A, 0x88]),
        1 => any::<u8>(),
    ];
    let form = prop_oneof![
        8 => Just(None),
        1 => Just(Some(Form::Bits16)),
        1 => Just(Some(Form::Bits64)),
    ];
    let payload = prop_oneof![
        6 => "\\PC{0,40}".prop_map(String::into_bytes),
        2 => prop::collection::vec(any::<u8>(), 0..200),
        1 => prop::sample::select(vec![1000u16, 1001, 1005, 3000]).prop_map(|code| close_payload(code, "é")),
        1 => "[a-zé]{0,2000}".prop_map(String::into_bytes),
    ];
    (first, prop::bool::weighted(0.98), any::<[u8; 4]>(), form, payload).prop_map(
        |(first, masked, mask, form, payload)| Frame { first, masked, mask, form, payload },
    )
}

/// A message in fragments of any sizes, with pings between them.
fn message() -> impl Strategy<Value = (bool, Vec<u8>, Vec<usize>)> {
    let payload = prop_oneof![
        "\\PC{0,300}".prop_map(|text| (true, text.into_bytes())),
        prop::collection::vec(any::<u8>(), 0..1000).prop_map(|bytes| (false, bytes)),
    ];
    (payload, prop::collection::vec(0usize..200, 0..6))
        .prop_map(|((text, bytes), sizes)| (text, bytes, sizes))
}

proptest! {
    #[test]
    fn cuts_never_matter(
        frames in prop::collection::vec(any_frame(), 0..8),
        sizes in prop::collection::vec(1usize..300, 1..20),
    ) {
        let stream = stream(&frames);
        prop_assert_eq!(transcript(&stream, &sizes), transcript(&stream, &[stream.len()]));
    }

    #[test]
    fn both_readers_agree_on_frames(cuts: [u8; 4], frames in prop::collection::vec(any_frame(), 0..8)) {
        check(&[&cuts[..], &stream(&frames)].concat());
    }

    #[test]
    fn both_readers_agree_on_frames_with_a_wrong_byte(
        cuts: [u8; 4],
        frames in prop::collection::vec(any_frame(), 1..8),
        at: prop::sample::Index,
        byte: u8,
    ) {
        let mut stream = stream(&frames);
        let at = at.index(stream.len());
        stream[at] = byte;
        check(&[&cuts[..], &stream].concat());
    }

    #[test]
    fn garbage_never_panics(garbage in prop::collection::vec(any::<u8>(), 0..600)) {
        check(&garbage);
    }

    #[test]
    fn reading_on_after_an_error_never_panics(
        frames in prop::collection::vec(any_frame(), 0..8),
        mut garbage in prop::collection::vec(any::<u8>(), 0..600),
        size in 1usize..100,
    ) {
        garbage.extend(stream(&frames));
        let mut reader = FrameReader::default();
        for mut chunk in garbage.chunks_mut(size) {
            while let Ok(Some(_)) = reader.read(&mut chunk, &mut BytesMut::new(), usize::MAX) {}
        }
    }

    #[test]
    fn garbage_in_a_valid_frame_never_panics(
        opcode in prop::sample::select(vec![1u8, 2, 8, 9, 10]),
        cuts: [u8; 4],
        garbage in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        check(&[&cuts[..], &stream(&[Frame::new(opcode, garbage)])].concat());
    }

    #[test]
    fn masked_messages_come_back_whole(
        messages in prop::collection::vec((message(), any::<[u8; 4]>()), 0..6),
        sizes in prop::collection::vec(1usize..300, 1..20),
    ) {
        let mut frames = Vec::new();
        let mut expected = Vec::new();
        let mut pings = 0;
        for ((text, payload, cuts), mask) in messages {
            expected.extend_from_slice(&payload);
            let mut rest = &payload[..];
            let mut opcode = if text { 1 } else { 2 };
            for cut in cuts {
                let (part, after) = rest.split_at(cut.min(rest.len()));
                frames.push(Frame { mask, ..Frame::new(opcode, part).more() });
                frames.push(Frame { mask, ..Frame::ping(part.iter().take(125).copied().collect::<Vec<_>>()) });
                pings += 1;
                (rest, opcode) = (after, 0);
            }
            frames.push(Frame { mask, ..Frame::new(opcode, rest) });
        }
        let read = transcript(&stream(&frames), &sizes);
        prop_assert_eq!(read.error, None);
        prop_assert_eq!(read.events.len(), pings);
        prop_assert_eq!(read.output, expected);
    }

    #[test]
    fn headers_are_read_back(len in 0usize..200_000, text: bool) {
        let opcode = if text { Opcode::Text } else { Opcode::Binary };
        let header = FrameHeader::new(opcode, len);
        // What a client would send differs by the mask only.
        let mut bytes = header.as_ref().to_vec();
        bytes[1] |= 0x80;
        bytes.extend_from_slice(&MASK);
        bytes.extend((0..len).map(|at| b'*' ^ MASK[at % 4]));
        let read = transcript(&bytes, &[bytes.len()]);
        prop_assert_eq!(read.error, None);
        prop_assert!(read.output == vec![b'*'; len]);
    }
}
