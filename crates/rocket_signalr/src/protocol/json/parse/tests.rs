mod refused;

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

/// What becomes of a record, in a form that is easy to compare.
fn shown(record: &str) -> String {
    match parse(record.as_bytes()) {
        Ok(message) => format!("{message:?}"),
        Err(error) => format!("{}: {error}", error.kind()),
    }
}

fn invocation(record: &str) -> Invocation<'_> {
    match parse(record.as_bytes()) {
        Ok(Incoming::Invocation(invocation)) => invocation,
        other => panic!("{record} is {other:?}"),
    }
}

#[test]
fn what_the_reference_refuses_is_refused_in_its_words() {
    for (kind, text, records) in refused::REFUSED {
        for record in *records {
            assert_eq!(shown(record), format!("{kind}: {text}"), "{record}");
        }
    }
}

#[test]
fn what_the_reference_takes_is_taken() {
    let records = [
        r#"{"type":6} "#,
        r#" {"type":6}"#,
        r#"{"type":-1}"#,
        r#"{"type":6,"sequenceId":null}"#,
        r#"{"type":1,"target":"","arguments":[]}"#,
        r#"{"t\u0079pe":6}"#,
        r#"{"type":6,"x":"\ud800"}"#,
        r#"{"type":6,"x":"\/"}"#,
        "{\"type\":6,\"x\":\"\u{7f}\"}",
        "\t\n\r {\"type\":6}\t\n\r ",
        r#"{"type":6,"x":1e99999}"#,
        r#"{"type":-0}"#,
        r#"{"type":6,"x":"\ud83d\ude00"}"#,
    ];
    for record in records {
        assert!(parse(record.as_bytes()).is_ok(), "{record}");
    }
}

#[test]
fn what_follows_the_object_is_passed_over() {
    for record in ["{\"type\":6}x", "{\"type\":6}{}", "{\"type\":6},"] {
        assert_eq!(shown(record), "Ping");
    }
}

#[test]
fn each_type_is_told() {
    let cases = [
        (
            r#"{"type":2,"invocationId":"1","item":null}"#,
            r#"StreamItem { invocation_id: "1", item: RawValue(null) }"#,
        ),
        (r#"{"type":3,"invocationId":"1"}"#, r#"Completion { invocation_id: "1", outcome: Void }"#),
        (
            r#"{"invocationId":"s1","result":{"a":1},"type":3}"#,
            r#"Completion { invocation_id: "s1", outcome: Result(RawValue({\"a\":1})) }"#,
        ),
        (
            r#"{"type":3,"invocationId":"1","result":null}"#,
            r#"Completion { invocation_id: "1", outcome: Result(RawValue(null)) }"#,
        ),
        (
            r#"{"type":3,"invocationId":"1","error":""}"#,
            r#"Completion { invocation_id: "1", outcome: Error("") }"#,
        ),
        (r#"{"type":5,"invocationId":"1"}"#, r#"CancelInvocation { invocation_id: "1" }"#),
        (r#"{"type":6,"target":"x"}"#, "Ping"),
        (r#"{"type":7}"#, "Close { error: None }"),
        (r#"{"type":7,"error":"","allowReconnect":true}"#, r#"Close { error: Some("") }"#),
        (
            r#"{"type":8,"sequenceId":9223372036854775807}"#,
            "Ack { sequence_id: 9223372036854775807 }",
        ),
        (r#"{"type":9,"sequenceId":-1}"#, "Sequence { sequence_id: -1 }"),
        (r#"{"type":99,"anything":[1,2]}"#, "Unknown { message_type: 99 }"),
        (r#"{"type":0}"#, "Unknown { message_type: 0 }"),
    ];
    for (record, expected) in cases {
        assert_eq!(shown(record), expected);
    }
}

#[test]
fn an_invocation_keeps_what_the_client_said() {
    let mut call = invocation(
        r#"{"headers":{"a":"1","\u0062":"\n"},"streamIds":["2","3"],"arguments":[ 1,"x"],"invocationId":"7","target":"Add","type":4}"#,
    );
    assert_eq!(call.target, "Add");
    assert_eq!(call.invocation_id.as_deref(), Some("7"));
    assert_eq!(call.stream_ids, ["2", "3"]);
    assert_eq!(call.headers, [("a".into(), "1".into()), ("b".into(), "\n".into())]);
    assert!(call.streaming);
    assert_eq!(call.arguments.count(), 2);
    assert_eq!(call.arguments.next::<i32>(2).unwrap(), 1);
    assert_eq!(call.arguments.next::<String>(2).unwrap(), "x");
    assert!(call.arguments.finish(2).is_ok());
}

#[test]
fn an_empty_or_missing_id_wants_no_answer() {
    for record in [
        r#"{"type":1,"target":"T","arguments":[]}"#,
        r#"{"type":1,"target":"T","arguments":[],"invocationId":""}"#,
    ] {
        assert_eq!(invocation(record).invocation_id, None);
    }
}

#[test]
fn properties_of_other_types_do_not_matter() {
    let call = invocation(
        r#"{"type":1,"x":{"y":[1,{"z":null}]},"target":"T","item":5,"error":"odd","result":[],"sequenceId":5,"arguments":[2]}"#,
    );
    assert_eq!((call.target.as_ref(), call.arguments.count()), ("T", 1));
}

#[test]
fn of_a_property_that_comes_twice_the_last_counts() {
    let mut call = invocation(
        r#"{"type":6,"type":1,"target":"A","target":"B","arguments":[1,2],"arguments":[3],"streamIds":["x"],"streamIds":[]}"#,
    );
    assert_eq!(call.target, "B");
    assert_eq!(call.arguments.next::<i32>(1).unwrap(), 3);
    assert!(call.arguments.finish(1).is_ok());
    assert!(call.stream_ids.is_empty());
}

#[test]
fn plain_text_is_borrowed() {
    let call = invocation(r#"{"type":1,"target":"T\u0041","arguments":[],"invocationId":"é"}"#);
    assert!(matches!(call.invocation_id, Some(Cow::Borrowed("é"))));
    assert!(matches!(call.target, Cow::Owned(target) if target == "TA"));
}

#[test]
fn text_that_is_no_unicode_breaks_the_protocol_only_where_it_is_needed() {
    let damaged = |json: &str| -> Vec<u8> {
        json.bytes().map(|byte| if byte == b'?' { 0xff } else { byte }).collect()
    };
    for json in [
        r#"{"type":6,"invocationId":"?"}"#,
        r#"{"type":6,"target":"?"}"#,
        r#"{"type":6,"error":"?"}"#,
        r#"{"type":6,"streamIds":["?"]}"#,
        r#"{"type":6,"headers":{"a":"?"}}"#,
        r#"{"type":6,"headers":{"?":"a"}}"#,
        r#"{"type":6,"error":"\n?"}"#,
    ] {
        let error = parse(&damaged(json)).unwrap_err();
        assert_eq!(error.kind(), "InvalidOperationException");
        assert_eq!(error.to_string(), "Cannot transcode invalid UTF-8 JSON text to UTF-16 string.");
    }
    for json in [
        r#"{"type":6,"x":"?"}"#,
        r#"{"type":6,"?":1}"#,
        r#"{"type":1,"target":"T","arguments":["?"]}"#,
    ] {
        assert!(parse(&damaged(json)).is_ok());
    }
}

#[test]
fn arguments_nest_62_deep_and_no_deeper() {
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let record = |depth| {
            let (open, close) = (open.repeat(depth), close.repeat(depth));
            format!(r#"{{"type":1,"target":"T","arguments":[{open}1{close}]}}"#)
        };
        assert_eq!(invocation(&record(62)).arguments.count(), 1);
        assert_eq!(shown(&record(63)), "InvalidDataException: Error reading JSON.");
    }
}

proptest! {
    #[test]
    fn properties_come_in_any_order(order in Just(vec![
        r#""type":1"#,
        r#""invocationId":"7""#,
        r#""target":"T""#,
        r#""arguments":[1,[2]]"#,
        r#""streamIds":["8"]"#,
        r#""headers":{"a":"b"}"#,
        r#""more":{"type":9}"#,
    ]).prop_shuffle()) {
        let record = format!("{{{}}}", order.join(","));
        let call = invocation(&record);
        prop_assert_eq!(call.invocation_id.as_deref(), Some("7"));
        prop_assert_eq!(&*call.target, "T");
        prop_assert_eq!(call.arguments.count(), 2);
        prop_assert_eq!(&call.stream_ids[..], ["8"]);
        prop_assert_eq!(call.headers.len(), 1);
    }

    #[test]
    fn garbage_does_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn damaged_messages_do_no_harm(at: Index, byte: u8) {
        let mut record = br#"{"type":1,"invocationId":"\u00e9","target":"T","arguments":[1,{"a":"b"}],"headers":{"a":"b"}}"#.to_vec();
        let at = at.index(record.len());
        record[at] = byte;
        if let Ok(Incoming::Invocation(mut call)) = parse(&record) {
            while let Ok(Some(_)) = call.arguments.next_optional::<serde_json::Value>() {}
        }
    }
}
