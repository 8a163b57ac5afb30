use proptest::prelude::*;

use super::*;

fn read(text: &[u8]) -> Result<Option<HandshakeRequest>, HandshakeError> {
    parse_handshake(&mut Framer::default(), &mut BytesMut::from(text), Some(32_768))
}

fn request(json: &str) -> Result<HandshakeRequest, HandshakeError> {
    Ok(read(format!("{json}\u{1e}").as_bytes())?.unwrap())
}

fn accept(
    request: &HandshakeRequest,
    transport: TransferFormat,
) -> Result<HubProtocol, HandshakeError> {
    request.accept(transport, HubProtocols::ALL, PropertyNaming::CamelCase)
}

/// What a client on a WebSocket is told with detailed errors; empty if all is well.
fn answer(json: &str) -> String {
    request(json)
        .and_then(|request| accept(&request, TransferFormat::Binary))
        .map_or_else(|error| error.message(true), |_| String::new())
}

#[test]
fn a_good_request_leaves_what_follows() {
    let mut input =
        BytesMut::from(&b"{\"protocol\":\"json\",\"version\":1}\x1e{\"type\":6}\x1e"[..]);
    let request = parse_handshake(&mut Framer::default(), &mut input, None).unwrap().unwrap();
    assert_eq!(request, HandshakeRequest { protocol: "json".into(), version: 1 });
    assert_eq!(accept(&request, TransferFormat::Text), Ok(HubProtocol::JSON));
    assert_eq!(input, &b"{\"type\":6}\x1e"[..]);
}

#[test]
fn what_the_reference_takes_is_taken() {
    let records = [
        r#"{"protocol":"json","version":2}"#,
        r#"{"protocol":"json","version":0}"#,
        r#"{"protocol":"json","version":-1}"#,
        r#"{"protocol":"json","version":1}x"#,
        r#"{"protocol":"json","version":1}{"#,
        r#"{"protocol":"JSON","version":1}"#,
        r#"{"protocol":"js\u006fn","version":1}"#,
        r#"{"protocol":"x","protocol":"json","version":5,"version":1}"#,
        r#"{"extra":{"a":[1,{"b":null}]},"version":1,"type":1,"protocol":"json","more":"x"}"#,
    ];
    for record in records {
        assert_eq!(answer(record), "", "{record}");
    }
}

#[test]
fn what_the_reference_does_not_support_is_told() {
    let cases = [
        (
            r#"{"protocol":"carrier-pigeon","version":9}"#,
            "The protocol 'carrier-pigeon' is not supported.",
        ),
        (
            r#"{"protocol":"messagepack","version":3}"#,
            "The server does not support version 3 of the 'messagepack' protocol.",
        ),
        (r#"{"protocol":"","version":1}"#, "The protocol '' is not supported."),
        (
            r#"{"protocol":"JSON","version":9}"#,
            "The server does not support version 9 of the 'JSON' protocol.",
        ),
        (
            r#"{"protocol":"json","version":2147483647}"#,
            "The server does not support version 2147483647 of the 'json' protocol.",
        ),
    ];
    for (record, expected) in cases {
        assert_eq!(answer(record), expected);
    }
}

#[test]
fn what_is_wrong_with_a_request_is_told_in_detail() {
    let cases = [
        (
            r#"["json",1]"#,
            "InvalidDataException: Unexpected JSON Token Type 'Array'. Expected a JSON Object.",
        ),
        (
            "null",
            "InvalidDataException: Unexpected JSON Token Type 'Null'. Expected a JSON Object.",
        ),
        (
            r#"{"version":1}"#,
            r#"InvalidDataException: Missing required property 'protocol'. Message content: {"version":1}"#,
        ),
        (
            r#"{"protocol":"json"}"#,
            r#"InvalidDataException: Missing required property 'version'. Message content: {"protocol":"json"}"#,
        ),
        (
            r#"{"protocol":"json","version":null}"#,
            r#"InvalidDataException: Missing required property 'version'. Message content: {"protocol":"json","version":null}"#,
        ),
        (
            r#"{"protocol":null,"version":1}"#,
            "InvalidDataException: Expected 'protocol' to be of type String.",
        ),
        (
            r#"{"protocol":"json","version":"1"}"#,
            "InvalidDataException: Expected 'version' to be of type Number.",
        ),
        (
            r#"{"protocol":"json","version":1.0}"#,
            "FormatException: Either the JSON value is not in a supported format, or is out of bounds for an Int32.",
        ),
        (
            r#"{"protocol":"\ud800\u0041","version":1}"#,
            "InvalidOperationException: Cannot read invalid UTF-16 JSON text as string. Invalid surrogate value: '0x41'.",
        ),
    ];
    for (record, expected) in cases {
        assert_eq!(
            answer(record),
            format!("An unexpected error occurred during connection handshake. {expected}")
        );
    }
}

#[test]
fn no_json_is_told_as_such() {
    for record in [
        "",
        " ",
        "hello",
        r#"{"protocol":"json","version":1"#,
        r#"{"protocol":"json" "version":1}"#,
    ] {
        let error = request(record).unwrap_err();
        assert_eq!(
            error.message(false),
            "An unexpected error occurred during connection handshake."
        );
        assert!(error.message(true).contains("handshake. JsonReaderException: "));
    }
}

#[test]
fn a_request_that_is_too_large_is_cancelled() {
    let input = vec![b' '; 32_769];
    assert_eq!(read(&input).unwrap_err().to_string(), "Handshake was canceled.");
    assert_eq!(read(&input[1..]), Ok(None));
}

#[test]
fn a_binary_protocol_does_not_go_over_text() {
    let request = request(r#"{"protocol":"MessagePack","version":1}"#).unwrap();
    assert_eq!(accept(&request, TransferFormat::Binary), Ok(HubProtocol::MessagePack));
    assert_eq!(
        accept(&request, TransferFormat::Text).unwrap_err().to_string(),
        "Cannot use the 'messagepack' protocol on the current transport. The transport does not support 'Binary' transfer format."
    );
}

#[test]
fn a_hub_may_leave_protocols_out() {
    for (name, left) in [
        ("json", HubProtocols { json: false, ..HubProtocols::ALL }),
        ("messagepack", HubProtocols { message_pack: false, ..HubProtocols::ALL }),
        ("json", HubProtocols::NONE),
    ] {
        let request = HandshakeRequest { protocol: name.into(), version: 1 };
        let refused = request.accept(TransferFormat::Binary, left, PropertyNaming::AsIs);
        assert_eq!(
            refused.unwrap_err().to_string(),
            format!("The protocol '{name}' is not supported.")
        );
    }
}

#[test]
fn names_are_spelled_as_the_hub_says() {
    let request = HandshakeRequest { protocol: "json".into(), version: 1 };
    let accepted = request.accept(TransferFormat::Text, HubProtocols::ALL, PropertyNaming::AsIs);
    assert_eq!(accepted, Ok(HubProtocol::Json(PropertyNaming::AsIs)));
}

#[test]
fn answers_are_framed() {
    assert_eq!(handshake_response(None).websocket(), &b"\x81\x03{}\x1e"[..]);
    assert_eq!(
        handshake_response(Some("The protocol 'Ж<\u{1f600}' is not supported.")).payload(),
        "{\"error\":\"The protocol 'Ж<\\uD83D\\uDE00' is not supported.\"}\u{1e}"
    );
}

proptest! {
    #[test]
    fn a_request_may_come_in_any_pieces(cuts in prop::collection::vec(0usize..33, 0..6)) {
        let text = b"{\"protocol\":\"json\",\"version\":1}\x1e!";
        let mut cuts = cuts;
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        let (mut framer, mut input, mut found) = (Framer::default(), BytesMut::new(), 0);
        for cut in cuts.windows(2) {
            input.extend_from_slice(&text[cut[0]..cut[1]]);
            if found == 0 {
                found += usize::from(parse_handshake(&mut framer, &mut input, None)?.is_some());
            }
        }
        prop_assert_eq!((found, &input[..]), (1, &b"!"[..]));
    }

    #[test]
    fn garbage_does_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let _ = read(&bytes);
    }
}
