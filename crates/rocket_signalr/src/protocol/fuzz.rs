//! What fuzzers are let loose on: nothing that comes over a wire may panic or loop.

use bytes::BytesMut;
use serde_json::Value;

use crate::protocol::handshake::{handshake_response, parse_handshake};
use crate::protocol::{Framer, HubProtocol, Incoming, Outcome, TransferFormat};

/// Takes `input` as what a client says, and binds and answers all of it.
pub fn json(input: &[u8]) {
    let protocol = HubProtocol::Json;
    let (mut framer, mut input) = (Framer::default(), BytesMut::from(input));
    while let Ok(Some(record)) = framer.next_record(protocol, &mut input, Some(32 * 1024)) {
        let value = match protocol.parse(&record) {
            Ok(Incoming::Invocation(mut call)) => {
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
                continue;
            }
            Ok(Incoming::StreamItem { item, .. }) => item,
            Ok(Incoming::Completion { outcome: Outcome::Result(result), .. }) => result,
            Ok(_) | Err(_) => continue,
        };
        if let Ok(value) = value.bind::<Value>() {
            let answer = protocol.completion("1", &value);
            assert_eq!(answer.map(|frame| parses(protocol, &frame.payload())).ok(), Some(true));
        }
    }
}

/// Takes `input` as the first words of a client.
pub fn handshake(input: &[u8]) {
    let mut input = BytesMut::from(input);
    let request = parse_handshake(&mut Framer::default(), &mut input, Some(32 * 1024));
    if let Err(error) = request
        .and_then(|request| request.map(|request| request.accept(TransferFormat::Text)).transpose())
    {
        assert!(handshake_response(Some(&error.message(true))).payload().len() > 2);
    }
}

/// Whether what the server says could come from a client just as well.
fn parses(protocol: HubProtocol, payload: &[u8]) -> bool {
    payload.strip_suffix(b"\x1e").is_some_and(|record| protocol.parse(record).is_ok())
}
