use std::{borrow::Cow, fmt, io::Write};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::{Arguments, Invocation, Message, SEPARATOR, Value, kind, record};

pub(super) fn encode(message: &Message<'_>, out: &mut Vec<u8>) {
    match message {
        Message::Invocation(call) => invocation(kind::INVOCATION, call, out),
        Message::StreamInvocation(call) => invocation(kind::STREAM_INVOCATION, call, out),
        Message::Item { id, value: item } => {
            put(out, format_args!(r#"{{"type":2,"invocationId":"{id}","item":"#));
            value(item, out);
        }
        Message::Completion { id, outcome } => {
            put(out, format_args!(r#"{{"type":3,"invocationId":"{id}","#));
            match outcome {
                Ok(result) => {
                    put(out, format_args!(r#""result":"#));
                    value(result, out);
                }
                Err(error) => {
                    put(out, format_args!(r#""error":"#));
                    text(error, out);
                }
            }
        }
        Message::Ping => put(out, format_args!(r#"{{"type":6"#)),
        Message::Close { error } => {
            put(out, format_args!(r#"{{"type":7"#));
            if let Some(error) = error {
                put(out, format_args!(r#","error":"#));
                text(error, out);
            }
        }
        Message::Other(kind) => put(out, format_args!(r#"{{"type":{kind}"#)),
    }
    out.extend([b'}', SEPARATOR]);
}

fn invocation(kind: u64, call: &Invocation<'_>, out: &mut Vec<u8>) {
    put(out, format_args!(r#"{{"type":{kind},"#));
    if let Some(id) = call.id {
        put(out, format_args!(r#""invocationId":"{id}","#));
    }
    put(out, format_args!(r#""target":"#));
    text(&call.target, out);
    put(out, format_args!(r#","arguments":["#));
    for (n, argument) in call.arguments.iter().flatten().enumerate() {
        if n > 0 {
            out.push(b',');
        }
        value(argument, out);
    }
    out.push(b']');
    if let Some(upload) = call.upload {
        put(out, format_args!(r#","streamIds":["{upload}"]"#));
    }
}

fn value(value: &Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Text(string) => text(string, out),
        Value::Number(number) => put(out, format_args!("{number}")),
        Value::Null | Value::Other => put(out, format_args!("null")),
    }
}

fn text(string: &str, out: &mut Vec<u8>) {
    // Writing a string to memory cannot fail.
    let _ = serde_json::to_writer(out, string);
}

fn put(out: &mut Vec<u8>, text: fmt::Arguments<'_>) {
    // Nor can this.
    let _ = out.write_fmt(text);
}

pub(super) fn decode(bytes: &[u8]) -> Result<Option<(Message<'_>, usize)>, String> {
    let Some((record, length)) = record(bytes) else {
        return Ok(None);
    };
    let record: Record<'_> =
        serde_json::from_slice(record).map_err(|error| format!("not a hub message: {error}"))?;
    Ok(Some((message(record)?, length)))
}

fn message(record: Record<'_>) -> Result<Message<'_>, String> {
    let id = || record.id.ok_or("a hub message without its 'invocationId'");
    Ok(match record.kind {
        kind::INVOCATION => Message::Invocation(call(record)?),
        kind::STREAM_INVOCATION => Message::StreamInvocation(call(record)?),
        kind::ITEM => Message::Item { id: id()?, value: record.item },
        kind::COMPLETION => Message::Completion {
            id: id()?,
            outcome: match record.error {
                Some(error) => Err(error.0),
                None => Ok(record.result),
            },
        },
        kind::PING => Message::Ping,
        kind::CLOSE => Message::Close { error: record.error.map(|error| error.0) },
        other => Message::Other(other),
    })
}

fn call(record: Record<'_>) -> Result<Invocation<'_>, String> {
    Ok(Invocation {
        id: record.id,
        target: record.target.ok_or("an invocation without its 'target'")?.0,
        arguments: record.arguments.0,
        upload: record.uploads.first().and_then(|id| id.parse().ok()),
    })
}

/// The properties of all kinds of messages: their order is free.
#[derive(Deserialize)]
struct Record<'a> {
    #[serde(rename = "type")]
    kind: u64,
    #[serde(rename = "invocationId", default, deserialize_with = "number")]
    id: Option<u32>,
    #[serde(borrow)]
    target: Option<Text<'a>>,
    #[serde(borrow, default)]
    arguments: Two<'a>,
    #[serde(borrow, default)]
    item: Value<'a>,
    #[serde(borrow, default)]
    result: Value<'a>,
    #[serde(borrow)]
    error: Option<Text<'a>>,
    #[serde(borrow, default, rename = "streamIds")]
    uploads: Vec<&'a str>,
}

/// All ids are ours, and ours are numbers.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let id = <&str>::deserialize(deserializer)?;
    id.parse().map(Some).map_err(|_| D::Error::custom(format!("nobody used the id '{id}'")))
}

/// Borrowed where nothing in it is escaped, also inside an option.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Default)]
struct Two<'a>(Arguments<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Two<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Two<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of arguments")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Two<'de>, A::Error> {
                let two = [list.next_element()?, list.next_element()?];
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Two(two))
            }
        }
        deserializer.deserialize_seq(List)
    }
}

impl Default for Value<'_> {
    /// A property that is not there.
    fn default() -> Self {
        Self::Null
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Value<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Value<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
                Ok(Value::text(text))
            }

            fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
                Ok(Value::Text(text.to_owned().into()))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Value<'de>, E> {
                Ok(i64::try_from(number).map_or(Value::Other, Value::Number))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Value<'de>, E> {
                Ok(Value::Number(number))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Value<'de>, E> {
                Ok(Value::Other)
            }

            fn visit_bool<E>(self, _: bool) -> Result<Value<'de>, E> {
                Ok(Value::Other)
            }

            fn visit_unit<E>(self) -> Result<Value<'de>, E> {
                Ok(Value::Null)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value<'de>, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Value::Other)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'de>, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Value::Other)
            }
        }
        deserializer.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_those_of_the_specification() {
        let mut out = Vec::new();
        encode(
            &Message::Invocation(Invocation {
                id: Some(1),
                upload: Some(2),
                ..Invocation::new("T", [Some(Value::text("x")), Some(Value::Number(3))])
            }),
            &mut out,
        );
        let expected = concat!(
            r#"{"type":1,"invocationId":"1","target":"T","arguments":["x",3],"streamIds":["2"]}"#,
            "\u{1e}"
        );
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn properties_come_in_any_order_and_unknown_ones_are_skipped() {
        let record = "{\"x\":[{}],\"result\":\"\\u0041\",\"invocationId\":\"5\",\"type\":3}\u{1e}";
        let (message, _) = decode(record.as_bytes()).unwrap().unwrap();
        assert_eq!(message, Message::Completion { id: 5, outcome: Ok(Value::text("A")) });
    }

    #[test]
    fn what_is_no_message_is_told() {
        for wrong in ["[]\u{1e}", "\u{1e}", "{\"type\":3}\u{1e}", "{\"type\":1}\u{1e}"] {
            assert!(decode(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
