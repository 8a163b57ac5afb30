use proptest::prelude::*;

use super::*;

fn records(pieces: &[&[u8]], max: Option<usize>) -> Result<Vec<Bytes>, FrameError> {
    cut(HubProtocol::JSON, pieces, max)
}

fn binary(pieces: &[&[u8]], max: Option<usize>) -> Result<Vec<Bytes>, FrameError> {
    cut(HubProtocol::MessagePack, pieces, max)
}

fn too_large<T>(max: usize) -> Result<T, FrameError> {
    Err(FrameError::TooLarge(TooLarge { max }))
}

fn cut(
    protocol: HubProtocol,
    pieces: &[&[u8]],
    max: Option<usize>,
) -> Result<Vec<Bytes>, FrameError> {
    let (mut framer, mut input, mut records) = (Framer::default(), BytesMut::new(), Vec::new());
    for piece in pieces {
        input.extend_from_slice(piece);
        while let Some(record) = framer.next_record(protocol, &mut input, max)? {
            records.push(record);
        }
    }
    Ok(records)
}

#[test]
fn records_come_without_their_separators() {
    let records = records(&[b"one\x1e\x1etwo\x1ethr"], None).unwrap();
    assert_eq!(records, [&b"one"[..], b"", b"two"]);
}

#[test]
fn the_limit_counts_the_separator_and_is_exact() {
    let mut record = vec![b'x'; 32_767];
    record.push(RECORD_SEPARATOR);
    assert_eq!(records(&[&record], Some(32_768)).unwrap().len(), 1);
    assert_eq!(records(&[&record], Some(32_767)), too_large(32_767));
}

#[test]
fn the_limit_counts_unfinished_records_too() {
    assert_eq!(records(&[&[b'x'; 100]], Some(100)), Ok(Vec::new()));
    assert_eq!(records(&[&[b'x'; 101]], Some(100)), too_large(100));
}

#[test]
fn many_small_records_may_be_larger_together() {
    assert_eq!(records(&[&b"12345\x1e".repeat(100)], Some(6)).unwrap().len(), 100);
}

#[test]
fn the_reason_for_an_end_is_told_in_the_words_of_the_reference() {
    assert_eq!(
        TooLarge { max: 32_768 }.to_string(),
        "The maximum message size of 32768B was exceeded. The message size can be configured in AddHubOptions."
    );
}

#[test]
fn binary_records_come_without_their_lengths() {
    let records = binary(&[b"\x03one\x00\x80\x00\x03two\x05thr"], None).unwrap();
    assert_eq!(records, [&b"one"[..], b"", b"", b"two"]);
    let long = [&[0x80, 0x01][..], &[b'x'; 128]].concat();
    assert_eq!(binary(&[&long], None).unwrap(), [&[b'x'; 128][..]]);
}

#[test]
fn the_limit_counts_the_length_and_is_exact() {
    // 32,765 bytes and a length of three.
    let record = [&[0xfd, 0xff, 0x01][..], &[b'x'; 32_765]].concat();
    assert_eq!(binary(&[&record], Some(32_768)).unwrap().len(), 1);
    assert_eq!(binary(&[&record], Some(32_767)), too_large(32_767));
    assert_eq!(binary(&[&record[..3]], Some(32_767)), too_large(32_767));
    assert_eq!(binary(&[b"\xff\xff\xff\xff\x07"], Some(32_768)), too_large(32_768));
}

#[test]
fn what_is_announced_takes_no_memory() {
    let mut input = BytesMut::from(&b"\xff\xff\xff\xff\x07some"[..]);
    let next = Framer::default().next_record(HubProtocol::MessagePack, &mut input, None);
    assert_eq!(next, Ok(None));
    assert!(input.capacity() < 1000);
}

#[test]
fn lengths_beyond_two_gigabytes_are_refused() {
    for prefix in [
        &b"\xff\xff\xff\xff\x08"[..],
        b"\x80\x80\x80\x80\x80",
        b"\x80\x80\x80\x80\x80\x01",
        b"\x80\x80\x80\x80\xff",
        b"\xff\xff\xff\xff\x7f",
    ] {
        let Err(FrameError::Protocol(error)) = binary(&[prefix], Some(100)) else {
            panic!("{prefix:x?} is taken");
        };
        assert_eq!(error.kind(), "FormatException");
        assert_eq!(error.to_string(), "Messages over 2GB in size are not supported.");
    }
    assert_eq!(binary(&[b"\x80\x80\x80\x80"], Some(4)), Ok(Vec::new()));
    assert_eq!(binary(&[b"\x80\x80\x80\x80\x00!"], None), Ok(vec![Bytes::new()]));
}

fn cuts(cuts: &[prop::sample::Index], input: &[u8]) -> Vec<usize> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(input.len() + 1)).collect();
    cuts.extend([0, input.len()]);
    cuts.sort_unstable();
    cuts
}

proptest! {
    #[test]
    fn binary_records_do_not_depend_on_how_the_input_is_split(
        records in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..6),
        at in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let mut input = Vec::new();
        for record in &records {
            let (low, high) = (record.len() % 128, record.len() / 128);
            input.push(u8::try_from(low)? | 0x80);
            input.push(u8::try_from(high)?);
            input.extend(record);
        }
        let cuts = cuts(&at, &input);
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &input[cut[0]..cut[1]]).collect();
        prop_assert_eq!(binary(&pieces, None)?, records);
    }

    #[test]
    fn garbage_does_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let _ = binary(&[&bytes], Some(30));
    }

    #[test]
    fn records_do_not_depend_on_how_the_input_is_split(
        input in prop::collection::vec(prop_oneof![Just(RECORD_SEPARATOR), any::<u8>()], 0..60),
        at in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let cuts = cuts(&at, &input);
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &input[cut[0]..cut[1]]).collect();
        let mut whole: Vec<&[u8]> = input.split(|&byte| byte == RECORD_SEPARATOR).collect();
        whole.pop();
        prop_assert_eq!(records(&pieces, None)?, whole);
    }
}
