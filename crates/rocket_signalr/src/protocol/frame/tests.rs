use flate2::{Decompress, FlushDecompress};

use super::*;

fn frame(length: usize, format: TransferFormat) -> Frame {
    let mut builder = FrameBuilder::new();
    builder.payload().resize(ROOM + length, b'x');
    builder.finish(format)
}

#[test]
fn the_header_is_as_short_as_the_length_allows() {
    let cases: [(usize, &[u8]); 6] = [
        (0, b"\x81\x00"),
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (65_535, b"\x81\x7e\xff\xff"),
        (65_536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
        (70_000, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x11\x70"),
    ];
    for (length, header) in cases {
        let frame = frame(length, TransferFormat::Text);
        assert_eq!(frame.websocket()[..header.len()], *header);
        assert_eq!(frame.websocket().len(), header.len() + length);
        assert_eq!(frame.payload().len(), length);
        assert_eq!(frame.payload(), vec![b'x'; length]);
    }
}

#[test]
fn the_opcode_tells_the_format() {
    assert_eq!(frame(1, TransferFormat::Text).websocket()[0], 0x81);
    assert_eq!(frame(1, TransferFormat::Binary).websocket()[0], 0x82);
}

#[test]
fn binary_messages_are_told_their_length() {
    let cases: [(usize, &[u8]); 8] = [
        (0, b"\x82\x01\x00"),
        (1, b"\x82\x02\x01"),
        (124, b"\x82\x7d\x7c"),
        (125, b"\x82\x7e\x00\x7e\x7d"),
        (127, b"\x82\x7e\x00\x80\x7f"),
        (128, b"\x82\x7e\x00\x82\x80\x01"),
        (16_383, b"\x82\x7e\x40\x01\xff\x7f"),
        (16_384, b"\x82\x7e\x40\x03\x80\x80\x01"),
    ];
    for (length, start) in cases {
        let frame = frame(length, TransferFormat::Binary);
        assert_eq!(frame.websocket()[..start.len()], *start);
        assert_eq!(frame.websocket().len(), start.len() + length);
        assert!(frame.payload().ends_with(&vec![b'x'; length]));
    }
    assert_eq!(length_prefix(0x7fff_ffff, &mut [0; MAX_PREFIX]), [0xff, 0xff, 0xff, 0xff, 7]);
}

#[test]
fn clones_and_payloads_share_the_bytes() {
    let frame = frame(300, TransferFormat::Text);
    assert_eq!(frame.clone().websocket().as_ptr(), frame.websocket().as_ptr());
    assert_eq!(frame.payload().as_ptr(), frame.websocket()[4..].as_ptr());
}

/// The payload of a compressed frame, decompressed.
fn inflated(frame: &[u8], header: usize) -> Vec<u8> {
    let compressed = [&frame[header..], FLUSHED].concat();
    let mut payload = Vec::with_capacity(1_000_000);
    let mut decompress = Decompress::new(false);
    decompress.decompress_vec(&compressed, &mut payload, FlushDecompress::None).unwrap();
    assert_eq!(decompress.total_in(), compressed.len() as u64);
    payload
}

#[test]
fn what_is_worth_it_is_compressed_with_its_prefix() {
    for (format, first) in [(TransferFormat::Text, 0xC1), (TransferFormat::Binary, 0xC2)] {
        for (length, header) in [(1024, 2), (5000, 2), (70_000, 2), (500_000, 4)] {
            let frame = frame(length, format);
            let deflated = frame.deflated();
            assert_eq!(deflated[0], first);
            assert_eq!(inflated(deflated, header), frame.payload(), "{length}");
            assert!(deflated.len() < length / 50);
        }
    }
}

#[test]
fn what_is_short_is_not_compressed() {
    let frame = frame(1023, TransferFormat::Text);
    assert_eq!(frame.deflated().as_ptr(), frame.websocket().as_ptr());
}

#[test]
fn what_does_not_get_smaller_is_not_compressed() {
    let mut random = 1_u32;
    let noise: Vec<_> = std::iter::repeat_with(|| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 24) as u8
    })
    .take(3000)
    .collect();
    for length in 1024..3000 {
        let frame = Frame::raw(&noise[..length], TransferFormat::Binary);
        assert_eq!(frame.deflated().as_ptr(), frame.websocket().as_ptr());
    }
}

#[test]
fn frame_is_compressed_once() {
    let frame = frame(3000, TransferFormat::Text);
    let first = frame.deflated().clone();
    assert_eq!(frame.deflated().as_ptr(), first.as_ptr());
    assert_ne!(frame.websocket().as_ptr(), first.as_ptr());
}
