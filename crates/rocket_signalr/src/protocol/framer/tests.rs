use proptest::prelude::*;

use super::*;

fn records(pieces: &[&[u8]], max: Option<usize>) -> Result<Vec<Bytes>, TooLarge> {
    let (mut framer, mut input, mut records) = (Framer::default(), BytesMut::new(), Vec::new());
    for piece in pieces {
        input.extend_from_slice(piece);
        while let Some(record) = framer.next_record(HubProtocol::Json, &mut input, max)? {
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
    assert_eq!(records(&[&record], Some(32_767)), Err(TooLarge { max: 32_767 }));
}

#[test]
fn the_limit_counts_unfinished_records_too() {
    assert_eq!(records(&[&[b'x'; 100]], Some(100)), Ok(Vec::new()));
    assert_eq!(records(&[&[b'x'; 101]], Some(100)), Err(TooLarge { max: 100 }));
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

proptest! {
    #[test]
    fn records_do_not_depend_on_how_the_input_is_split(
        input in prop::collection::vec(prop_oneof![Just(RECORD_SEPARATOR), any::<u8>()], 0..60),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(input.len() + 1)).collect();
        cuts.extend([0, input.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &input[cut[0]..cut[1]]).collect();
        let mut whole: Vec<&[u8]> = input.split(|&byte| byte == RECORD_SEPARATOR).collect();
        whole.pop();
        prop_assert_eq!(records(&pieces, None)?, whole);
    }
}
