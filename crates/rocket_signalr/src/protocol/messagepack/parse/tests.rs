use base64::{Engine, engine::general_purpose::STANDARD};
use proptest::prelude::*;

use super::*;

/// What becomes of a record, in a form that is easy to compare.
fn shown(record: &[u8]) -> String {
    match parse(record) {
        Ok(message) => format!("{message:?}"),
        Err(error) => format!("{}: {error}", error.kind()),
    }
}

fn invocation(record: &[u8]) -> Invocation<'_> {
    match parse(record) {
        Ok(Incoming::Invocation(invocation)) => invocation,
        other => panic!("{record:x?} is {other:?}"),
    }
}

#[test]
fn the_messages_of_the_reference_are_read() {
    let cases = [
        ("lAKAo3h5eio=", r#"StreamItem { invocation_id: "xyz", item: RawValue(*) }"#),
        (
            "lQOAo3h5egGwRXJyb3Igbm90IGZvdW5kIQ==",
            r#"Completion { invocation_id: "xyz", outcome: Error("Error not found!") }"#,
        ),
        ("lAOAo3h5egI=", r#"Completion { invocation_id: "xyz", outcome: Void }"#),
        ("lQOAo3h5egMq", r#"Completion { invocation_id: "xyz", outcome: Result(RawValue(*)) }"#),
        ("kwWAo3h5eg==", r#"CancelInvocation { invocation_id: "xyz" }"#),
        ("kQY=", "Ping"),
        ("kwfAwg==", "Close { error: None }"),
        ("kwemRXJyb3Ihwg==", r#"Close { error: Some("Error!") }"#),
        ("kwfAww==", "Close { error: None }"),
        ("kggq", "Ack { sequence_id: 42 }"),
        ("kgnMkg==", "Sequence { sequence_id: 146 }"),
    ];
    for (record, expected) in cases {
        assert_eq!(shown(&STANDARD.decode(record).unwrap()), expected);
    }
}

#[test]
fn the_invocations_of_the_reference_are_read() {
    for (record, id, count, streaming) in [
        ("lgGAo3h5eqZtZXRob2SQkA==", Some("xyz"), 0, false),
        ("lgGAwKZtZXRob2SRKpA=", None, 1, false),
        ("lgSAo3h5eqZtZXRob2SRKpA=", Some("xyz"), 1, true),
    ] {
        let record = STANDARD.decode(record).unwrap();
        let mut call = invocation(&record);
        assert_eq!(call.invocation_id.as_deref(), id);
        assert_eq!(call.target, "method");
        assert_eq!(call.arguments.count(), count);
        assert_eq!(call.streaming, streaming);
        assert!(call.stream_ids.is_empty() && call.headers.is_empty());
        if count == 1 {
            assert_eq!(call.arguments.next::<i32>(1).unwrap(), 42);
        }
        call.arguments.finish(count).unwrap();
    }
}

#[test]
fn five_items_will_do_and_more_than_six_too() {
    assert_eq!(invocation(b"\x95\x01\x80\xa1a\xa1T\x91\x2a").arguments.count(), 1);
    let call = invocation(b"\x97\x01\x80\xa0\xa1T\x92\x2a\x91\xc0\x92\xa1x\xa1y\xa5extra");
    assert_eq!(call.invocation_id, None);
    assert_eq!(call.stream_ids, ["x", "y"]);
    assert_eq!(call.arguments.count(), 2);
    assert_eq!(shown(b"\x92\x07\xa0"), r#"Close { error: Some("") }"#);
    assert_eq!(shown(b"\x94\x06\xc1\xc1\xc1"), "Ping");
    assert_eq!(shown(b"\x91\x2a"), "Unknown { message_type: 42 }");
    assert_eq!(shown(b"\x91\xff"), "Unknown { message_type: -1 }");
    assert_eq!(
        shown(b"\x95\x03\x80\xa1a\x01\xc0"),
        r#"Completion { invocation_id: "a", outcome: Error("") }"#
    );
}

#[test]
fn numbers_may_have_any_width() {
    assert_eq!(shown(b"\xdc\x00\x01\xd3\0\0\0\0\0\0\0\x06"), "Ping");
    assert_eq!(shown(b"\x92\xcc\x08\xce\0\0\0\x2a"), "Ack { sequence_id: 42 }");
}

#[test]
fn headers_are_read() {
    let call = invocation(b"\x96\x01\x82\xa1a\xa1b\xa1c\xa1d\xc0\xa1T\x90\x90");
    assert_eq!(call.headers, [("a".into(), "b".into()), ("c".into(), "d".into())]);
}

#[test]
fn what_is_no_unicode_is_replaced() {
    assert_eq!(invocation(b"\x95\x01\x80\xa2\xffx\xa2T\xc3\x90").target, "T\u{fffd}");
}

#[test]
fn what_the_reference_refuses_is_refused_in_its_words() {
    let cases: [(&[u8], &str); 44] = [
        (b"", "Reading array length for 'message' failed."),
        (b"\x06", "Reading array length for 'message' failed."),
        (b"\x92\x06", "Reading array length for 'message' failed."),
        (b"\xc1", "Reading array length for 'message' failed."),
        (b"\x90", "Reading 'messageType' as Int32 failed."),
        (b"\x91\xa3foo", "Reading 'messageType' as Int32 failed."),
        (b"\x91\xce\x80\0\0\0", "Reading 'messageType' as Int32 failed."),
        (b"\x92\x01\xa3foo", "Reading map length for 'headers' failed."),
        (b"\x91\x01", "Reading map length for 'headers' failed."),
        (b"\x92\x01\x82\x2a\xa3foo", "Reading 'headers[0].Key' as String failed."),
        (b"\x92\x01\x82\xa3foo\x2a", "Reading 'headers[0].Value' as String failed."),
        (b"\x92\x01\x82\xc0\xa3foo\xa1x", "Null or empty key in header."),
        (b"\x92\x01\x82\xa3foo\xa0\xa1x", "Null or empty value in header."),
        (
            b"\x92\x01\x84\xa3foo\xa3foo\x90\xa3foo\xa3foo",
            "Reading 'headers[1].Key' as String failed.",
        ),
        (
            b"\x92\x01\x84\xa3foo\xa3foo\xa3foo\x90\xa1x",
            "Reading 'headers[1].Value' as String failed.",
        ),
        (b"\x92\x01\x80", "Reading 'invocationId' as String failed."),
        (b"\x91\x01\x80\xc2", "Reading 'invocationId' as String failed."),
        (b"\x93\x01\x80\xa3abc", "Reading 'target' as String failed."),
        (b"\x94\x01\x80\xa3abc\x2a", "Reading 'target' as String failed."),
        (b"\x94\x01\x80\xa3abc\xc0", "Null or empty target for Invocation message."),
        (b"\x94\x01\x80\xa3abc\xa0", "Null or empty target for Invocation message."),
        (b"\x94\x01\x80\xa3abc\xa3xyz", "Reading array length for 'arguments' failed."),
        (b"\x95\x01\x80\xa3abc\xa3xyz\x2a", "Reading array length for 'arguments' failed."),
        (b"\x96\x01\x80\xa3abc\xa3xyz\x90\xc0", "Reading array length for 'streamIds' failed."),
        (b"\x96\x01\x80\xa1a\xa1T\x90\x91\x05", "Reading 'streamIds' as String failed."),
        (b"\x96\x01\x80\xa1a\xa1T\x90\x91\xa0", "Null or empty value in streamIds received."),
        (b"\x95\x01\x80\xa1a\xa1T\x91\xc1", "Deserializing object for 'argument' failed."),
        (b"\x92\x04\x80", "Reading 'invocationId' as String failed."),
        (b"\x93\x04\x80\xc2", "Reading 'invocationId' as String failed."),
        (b"\x93\x04\x80\xc0", "Null or empty invocation ID for StreamInvocation message."),
        (b"\x93\x04\x80\xa3abc", "Reading 'target' as String failed."),
        (b"\x94\x04\x80\xa3abc\xc0", "Null or empty target for StreamInvocation message."),
        (b"\x92\x02\x80", "Reading 'invocationId' as String failed."),
        (b"\x93\x02\x80\xa0", "Null or empty invocation ID for StreamItem message."),
        (b"\x93\x02\x80\xa3xyz", "Deserializing object for 'item' failed."),
        (b"\x93\x03\x80\xc0", "Null or empty invocation ID for Completion message."),
        (b"\x93\x03\x80\xc2", "Reading 'invocationId' as String failed."),
        (b"\x94\x03\x80\xa3xyz\xa3abc", "Reading 'resultKind' as Int32 failed."),
        (b"\x94\x03\x80\xa3xyz\x2a", "Invalid invocation result kind."),
        (b"\x94\x03\x80\xa3xyz\x01", "Reading 'error' as String failed."),
        (b"\x93\x05\x80\xc0", "Null or empty invocation ID for CancelInvocation message."),
        (b"\x93\x07\xc0\x05", "Reading 'allowReconnect' as Boolean failed."),
        (b"\x92\x08\xa1x", "Reading 'sequenceId' as Int64 failed."),
        (b"\x92\x09\xcf\x80\0\0\0\0\0\0\0", "Reading 'sequenceId' as Int64 failed."),
    ];
    for (record, expected) in cases {
        assert_eq!(shown(record), format!("InvalidDataException: {expected}"), "{record:x?}");
    }
}

#[test]
fn payloads_that_are_nested_too_deep_are_refused() {
    let nested = |depth| [&b"\x94\x02\x80\xa1a"[..], &vec![0x91; depth], &[0xc0]].concat();
    assert!(parse(&nested(64)).is_ok());
    assert!(parse(&nested(65)).is_err());
    assert!(parse(&nested(1_000_000)).is_err());
}

proptest! {
    #[test]
    fn garbage_does_no_harm(
        start in prop::sample::select(vec![&b""[..], b"\x96\x01\x80", b"\x95\x03\x80\xa1a"]),
        bytes in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let _ = parse(&[start, &bytes].concat());
    }

    #[test]
    fn records_that_are_cut_off_are_refused(at in 1_usize..24) {
        let whole = b"\x96\x01\x81\xa1a\xa1b\xa3xyz\xa6method\x92\x2a\xc0\x91\xa1s";
        prop_assert!(parse(whole).is_ok());
        prop_assert!(parse(&whole[..whole.len() - at]).is_err());
    }
}
