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
