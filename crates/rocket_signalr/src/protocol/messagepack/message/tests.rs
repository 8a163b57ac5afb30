use base64::{Engine, engine::general_purpose::STANDARD};
use proptest::prelude::*;

use super::*;
use crate::protocol::{HubProtocol, Incoming, Invocation, Outcome};

/// A message behind its prefix, which is a single byte in all tests with short texts.
fn record(frame: &Frame) -> Vec<u8> {
    let payload = frame.payload();
    let prefix = payload.iter().take_while(|byte| **byte >= 0x80).count() + 1;
    payload[prefix..].to_vec()
}

#[test]
fn messages_are_written_to_the_byte() {
    let cases = [
        (invocation("method", Some("xyz"), &()), "lgGAo3h5eqZtZXRob2SQkA=="),
        (invocation("method", None, &(42,)), "lgGAwKZtZXRob2SRKpA="),
        (invocation("method", Some(""), &[42]), "lgGAwKZtZXRob2SRKpA="),
        (stream_item("xyz", &42), "lAKAo3h5eio="),
        (Ok(completion_error("xyz", "Error not found!")), "lQOAo3h5egGwRXJyb3Igbm90IGZvdW5kIQ=="),
        (Ok(completion_void("xyz")), "lAOAo3h5egI="),
        (completion("xyz", &42), "lQOAo3h5egMq"),
        (completion("xyz", &()), "lQOAo3h5egPA"),
        (Ok(ping()), "kQY="),
        (Ok(close(None, false)), "kwfAwg=="),
        (Ok(close(Some(""), false)), "kwfAwg=="),
        (Ok(close(Some("Error!"), false)), "kwemRXJyb3Ihwg=="),
        (Ok(close(None, true)), "kwfAww=="),
        (Ok(ack(42)), "kggq"),
        (Ok(sequence(146)), "kgnMkg=="),
    ];
    for (frame, expected) in cases {
        assert_eq!(STANDARD.encode(record(&frame.unwrap())), expected);
    }
}

#[test]
fn frames_are_binary_and_tell_the_length() {
    assert_eq!(ping().websocket(), &b"\x82\x03\x02\x91\x06"[..]);
    assert_eq!(ping(), Message::new(1, 6).finish());
    assert_eq!(ping().payload(), &b"\x02\x91\x06"[..]);
    let long = completion("1", &"x".repeat(200)).unwrap();
    assert_eq!(long.payload()[..11], b"\xd0\x01\x95\x03\x80\xa1\x31\x03\xd9\xc8x"[..]);
}

#[test]
fn arguments_must_be_a_list() {
    assert!(invocation("T", None, &5).is_err());
    assert!(invocation("T", None, "x").is_err());
    assert!(invocation("T", None, &std::collections::HashMap::from([("a", 1)])).is_err());
}

proptest! {
    #[test]
    fn invocations_read_back(target in ".+", id: String, values: (String, i64, Vec<Option<bool>>, char)) {
        let record = record(&invocation(&target, Some(&id), &values)?);
        let Incoming::Invocation(Invocation { invocation_id, target: read, mut arguments, .. }) =
            HubProtocol::MessagePack.parse(&record)?
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
        let ok = record(&completion(&id, &text)?);
        let Incoming::Completion { invocation_id, outcome: Outcome::Result(result) } =
            HubProtocol::MessagePack.parse(&ok)?
        else {
            panic!("no result");
        };
        prop_assert_eq!(&*invocation_id, &*id);
        prop_assert_eq!(&result.bind::<String>()?, &text);

        let failed = record(&completion_error(&id, &text));
        let Incoming::Completion { outcome: Outcome::Error(error), .. } =
            HubProtocol::MessagePack.parse(&failed)?
        else {
            panic!("no error");
        };
        prop_assert_eq!(&*error, &*text);
    }
}
