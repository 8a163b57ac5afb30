use proptest::prelude::*;

use super::*;
use crate::protocol::{HubProtocol, Incoming, Invocation, Outcome};

fn text(frame: &Frame) -> String {
    String::from_utf8(frame.payload().to_vec()).unwrap()
}

fn parsed(frame: &Frame) -> Vec<u8> {
    let payload = frame.payload();
    payload.strip_suffix(&[RECORD_SEPARATOR]).unwrap().to_vec()
}

#[test]
fn messages_are_written_to_the_byte() {
    let cases = [
        (
            invocation(PropertyNaming::CamelCase, "Received", None, &("hello",)),
            r#"{"type":1,"target":"Received","arguments":["hello"]}"#,
        ),
        (
            invocation(PropertyNaming::CamelCase, "Ask", Some("s1"), &(1, [2.0], None::<i32>)),
            r#"{"type":1,"invocationId":"s1","target":"Ask","arguments":[1,[2],null]}"#,
        ),
        (
            invocation(PropertyNaming::CamelCase, "None", None, &[(); 0]),
            r#"{"type":1,"target":"None","arguments":[]}"#,
        ),
        (
            invocation(PropertyNaming::CamelCase, "None", None, &()),
            r#"{"type":1,"target":"None","arguments":[]}"#,
        ),
        (
            stream_item(PropertyNaming::CamelCase, "1", &0),
            r#"{"type":2,"invocationId":"1","item":0}"#,
        ),
        (
            stream_item(PropertyNaming::CamelCase, "1", &None::<i32>),
            r#"{"type":2,"invocationId":"1","item":null}"#,
        ),
        (
            completion(PropertyNaming::CamelCase, "1", "slow"),
            r#"{"type":3,"invocationId":"1","result":"slow"}"#,
        ),
        (
            completion(PropertyNaming::CamelCase, "1", &()),
            r#"{"type":3,"invocationId":"1","result":null}"#,
        ),
        (
            completion(PropertyNaming::CamelCase, "\u{1f600}é", &1),
            r#"{"type":3,"invocationId":"\uD83D\uDE00é","result":1}"#,
        ),
        (Ok(completion_void("1")), r#"{"type":3,"invocationId":"1"}"#),
        (
            Ok(completion_error("1", "Failed to invoke 'X'.")),
            r#"{"type":3,"invocationId":"1","error":"Failed to invoke 'X'."}"#,
        ),
        (Ok(ping()), r#"{"type":6}"#),
        (Ok(close(None, false)), r#"{"type":7}"#),
        (Ok(close(None, true)), r#"{"type":7,"allowReconnect":true}"#),
        (Ok(close(Some(""), false)), r#"{"type":7,"error":""}"#),
        (
            Ok(close(Some("Connection closed with an error."), true)),
            r#"{"type":7,"error":"Connection closed with an error.","allowReconnect":true}"#,
        ),
        (Ok(ack(42)), r#"{"type":8,"sequenceId":42}"#),
        (Ok(sequence(i64::MAX)), r#"{"type":9,"sequenceId":9223372036854775807}"#),
    ];
    for (frame, expected) in cases {
        assert_eq!(text(&frame.unwrap()), format!("{expected}\u{1e}"));
    }
}

#[test]
fn the_ping_that_is_made_beforehand_is_framed_like_the_rest() {
    assert_eq!(ping(), Message::new(6).finish());
}

#[test]
fn what_can_not_be_written_is_an_error() {
    assert!(completion(PropertyNaming::CamelCase, "1", &f64::NAN).is_err());
    assert!(stream_item(PropertyNaming::CamelCase, "1", &[f32::INFINITY]).is_err());
    assert!(invocation(PropertyNaming::CamelCase, "T", None, &(1, f64::NEG_INFINITY)).is_err());
}

#[test]
fn arguments_must_be_a_list() {
    assert!(invocation(PropertyNaming::CamelCase, "T", None, &5).is_err());
    assert!(invocation(PropertyNaming::CamelCase, "T", None, "x").is_err());
    assert!(
        invocation(
            PropertyNaming::CamelCase,
            "T",
            None,
            &std::collections::HashMap::from([("a", 1)])
        )
        .is_err()
    );
}

proptest! {
    #[test]
    fn invocations_read_back(target: String, id: String, values: (String, i64, Vec<Option<bool>>, char)) {
        let record = parsed(&invocation(PropertyNaming::CamelCase, &target, Some(&id), &values)?);
        let Incoming::Invocation(Invocation { invocation_id, target: read, mut arguments, .. }) =
            HubProtocol::JSON.parse(&record)?
        else {
            panic!("no invocation");
        };
        prop_assert_eq!(&*read, target);
        prop_assert_eq!(invocation_id.as_deref(), Some(&*id).filter(|id| !id.is_empty()));
        prop_assert_eq!(arguments.count(), 4);
        prop_assert_eq!(arguments.next::<String>(4)?, values.0);
        prop_assert_eq!(arguments.next::<i64>(4)?, values.1);
        prop_assert_eq!(arguments.next::<Vec<Option<bool>>>(4)?, values.2);
        prop_assert_eq!(arguments.next::<char>(4)?, values.3);
        arguments.finish(4)?;
    }

    #[test]
    fn results_and_errors_read_back(id in ".+", text: String) {
        let record = parsed(&completion(PropertyNaming::CamelCase, &id, &text)?);
        let Incoming::Completion { invocation_id, outcome: Outcome::Result(result) } = HubProtocol::JSON.parse(&record)? else {
            panic!("no result");
        };
        prop_assert_eq!(&*invocation_id, &*id);
        prop_assert_eq!(&result.bind::<String>()?, &text);

        let record = parsed(&completion_error(&id, &text));
        let Incoming::Completion { outcome: Outcome::Error(error), .. } = HubProtocol::JSON.parse(&record)? else {
            panic!("no error");
        };
        prop_assert_eq!(&*error, &*text);
    }
}
