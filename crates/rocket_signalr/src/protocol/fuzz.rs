//! What fuzzers are let loose on: nothing that comes over a wire may panic or loop.

use std::collections::HashMap;

use bytes::BytesMut;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use crate::protocol::handshake::{HandshakeRequest, handshake_response, parse_handshake};
use crate::protocol::{
    Framer, FromProtocol, HubProtocol, HubProtocols, Incoming, Outcome, PropertyNaming, Timestamp,
    TransferFormat,
};

/// Takes `input` as what a client says in JSON, and binds and answers all of it.
pub fn json(input: &[u8]) {
    exchange(HubProtocol::JSON, input);
}

/// As [`json`], in MessagePack.
pub fn messagepack(input: &[u8]) {
    exchange(HubProtocol::MessagePack, input);
}

fn exchange(protocol: HubProtocol, input: &[u8]) {
    let (mut framer, mut input) = (Framer::default(), BytesMut::from(input));
    while let Ok(Some(record)) = framer.next_record(protocol, &mut input, Some(32 * 1024)) {
        let value = match protocol.parse(&record) {
            Ok(Incoming::Invocation(mut call)) => {
                let mut again = call.arguments.clone();
                while let Ok(Some(argument)) = call.arguments.next_optional::<Value>() {
                    let answer = protocol.invocation(
                        &call.target,
                        call.invocation_id.as_deref(),
                        &[argument],
                    );
                    assert_eq!(
                        answer.map(|frame| parses(protocol, &frame.payload())).ok(),
                        Some(true)
                    );
                }
                while let Ok(Some(_)) = again.next_optional::<Typed>() {}
                continue;
            }
            Ok(Incoming::StreamItem { item, .. }) => item,
            Ok(Incoming::Completion { outcome: Outcome::Result(result), .. }) => result,
            Ok(_) | Err(_) => continue,
        };
        let _ = value.bind::<Typed>();
        if let Ok(value) = value.bind::<Value>() {
            let answer = protocol.completion("1", &value);
            assert_eq!(answer.map(|frame| parses(protocol, &frame.payload())).ok(), Some(true));
        }
    }
}

/// Something of everything that a hub method may take.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Typed {
    first_number: u8,
    second_number: i64,
    a_float: f32,
    a_letter: Option<char>,
    a_text: String,
    some_bytes: Vec<u8>,
    a_time: Option<Timestamp>,
    a_form: Option<FromProtocol<i16, (String, u8)>>,
    raw: Option<Box<RawValue>>,
    a_map: HashMap<i16, Self>,
    a_tree: Option<Tree>,
    pairs: Vec<(bool, ())>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only made")]
enum Tree {
    Leaf,
    Branch(Box<Self>),
    Fork(Box<Self>, Box<Self>),
    Named { left_side: Box<Self> },
}

/// Takes `input` as the first words of a client.
pub fn handshake(input: &[u8]) {
    let mut input = BytesMut::from(input);
    let request = parse_handshake(&mut Framer::default(), &mut input, Some(32 * 1024));
    let accept = |request: HandshakeRequest| {
        request.accept(TransferFormat::Text, HubProtocols::ALL, PropertyNaming::CamelCase)
    };
    if let Err(error) = request.and_then(|request| request.map(accept).transpose()) {
        assert!(handshake_response(Some(&error.message(true))).payload().len() > 2);
    }
}

/// Whether what the server says could come from a client just as well.
fn parses(protocol: HubProtocol, payload: &[u8]) -> bool {
    let record = Framer::default().next_record(protocol, &mut BytesMut::from(payload), None);
    record.is_ok_and(|record| record.is_some_and(|record| protocol.parse(&record).is_ok()))
}
