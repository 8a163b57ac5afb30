//! How clients write their messages. Tests name each message by its JSON, in either encoding.

use serde_json::{Value, json};

use super::RS;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Json,
    MessagePack,
}

impl Encoding {
    /// As handshakes name it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::MessagePack => "messagepack",
        }
    }

    /// The kind of WebSocket frame it goes in.
    pub(super) const fn opcode(self) -> u8 {
        match self {
            Self::Json => 1,
            Self::MessagePack => 2,
        }
    }

    pub(crate) fn write(self, message: &Value) -> Vec<u8> {
        match self {
            Self::Json => format!("{message}{RS}").into_bytes(),
            Self::MessagePack => record(&array(message)),
        }
    }

    /// All messages of a frame or response: each is whole.
    pub(crate) fn read(self, bytes: &[u8]) -> Vec<Value> {
        match self {
            Self::Json if bytes.is_empty() => Vec::new(),
            Self::Json => {
                let text = std::str::from_utf8(bytes).expect("text is UTF-8");
                let whole = text.strip_suffix(RS).expect("whole messages");
                whole.split(RS).map(|record| serde_json::from_str(record).expect("JSON")).collect()
            }
            Self::MessagePack => records(bytes).into_iter().map(|array| object(&array)).collect(),
        }
    }
}

/// An array as it is sent, behind its length.
pub(crate) fn record(array: &Value) -> Vec<u8> {
    prefixed(&rmp_serde::to_vec(array).expect("MessagePack"))
}

/// Bytes behind their length.
pub(crate) fn prefixed(bytes: &[u8]) -> Vec<u8> {
    let (mut length, mut record) = (bytes.len(), Vec::new());
    while length > 0x7f {
        record.push(length as u8 | 0x80);
        length >>= 7;
    }
    record.push(length as u8);
    record.extend_from_slice(bytes);
    record
}

/// The arrays of whole messages.
fn records(mut bytes: &[u8]) -> Vec<Value> {
    let mut records = Vec::new();
    while !bytes.is_empty() {
        let (mut length, mut shift) = (0, 0);
        while let Some((byte, rest)) = bytes.split_first() {
            bytes = rest;
            length |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let (record, rest) = bytes.split_at_checked(length).expect("whole messages");
        records.push(rmp_serde::from_slice(record).expect("MessagePack"));
        bytes = rest;
    }
    records
}

/// The array that stands for a message of a client.
fn array(message: &Value) -> Value {
    let part = |name: &str| message[name].clone();
    let list = |name: &str| message.get(name).cloned().unwrap_or(json!([]));
    let (kind, id) = (part("type"), part("invocationId"));
    match kind.as_u64() {
        Some(1 | 4) => {
            let headers = message.get("headers").cloned().unwrap_or(json!({}));
            json!([kind, headers, id, part("target"), list("arguments"), list("streamIds")])
        }
        Some(2) => json!([2, {}, id, part("item")]),
        Some(3) => match (message.get("error"), message.get("result")) {
            (Some(error), _) => json!([3, {}, id, 1, error]),
            (None, Some(result)) => json!([3, {}, id, 3, result]),
            (None, None) => json!([3, {}, id, 2]),
        },
        Some(5) => json!([5, {}, id]),
        Some(6) => json!([6]),
        Some(7) => json!([7, part("error")]),
        Some(8 | 9) => json!([kind, part("sequenceId")]),
        _ => panic!("{message} is no message of a client"),
    }
}

/// The message that an array of the server stands for. It has all items, and no headers.
fn object(array: &Value) -> Value {
    let items = array.as_array().expect("an array");
    let none = |value: &Value| value.as_object().is_some_and(serde_json::Map::is_empty);
    let kind = items.first().and_then(Value::as_u64);
    match (kind, &items[1..]) {
        (Some(1), [headers, id, target, arguments, streams]) if none(headers) => {
            assert_eq!(*streams, json!([]), "a server opens no streams");
            let mut message = json!({"type": 1, "target": target, "arguments": arguments});
            if !id.is_null() {
                message["invocationId"] = id.clone();
            }
            message
        }
        (Some(2), [headers, id, item]) if none(headers) => {
            json!({"type": 2, "invocationId": id, "item": item})
        }
        (Some(3), [headers, id, kind, rest @ ..]) if none(headers) => {
            let mut message = json!({"type": 3, "invocationId": id});
            match (kind.as_u64(), rest) {
                (Some(1), [error]) => message["error"] = error.clone(),
                (Some(2), []) => {}
                (Some(3), [result]) => message["result"] = result.clone(),
                _ => panic!("{array} is no completion"),
            }
            message
        }
        (Some(6), []) => json!({"type": 6}),
        (Some(7), [error, allow_reconnect]) => {
            let mut message = json!({"type": 7});
            if !error.is_null() {
                message["error"] = error.clone();
            }
            if allow_reconnect == true {
                message["allowReconnect"] = json!(true);
            }
            message
        }
        (Some(kind @ (8 | 9)), [number]) => json!({"type": kind, "sequenceId": number}),
        _ => panic!("{array} is no message of a server"),
    }
}
