mod reader;

use rmp::encode as put;

use self::reader::Reader;
use super::{Invocation, Message, Value, kind};

pub(super) fn encode(message: &Message<'_>, out: &mut Vec<u8>) {
    let mut body = Vec::with_capacity(64);
    // Writing to memory cannot fail.
    let _ = write(message, &mut body);
    let mut length = body.len();
    while length > 0x7f {
        out.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    out.append(&mut body);
}

fn write(message: &Message<'_>, out: &mut Vec<u8>) -> Result<(), put::ValueWriteError> {
    match message {
        Message::Invocation(call) => invocation(kind::INVOCATION, call, out)?,
        Message::StreamInvocation(call) => invocation(kind::STREAM_INVOCATION, call, out)?,
        Message::Item { id, value: item } => {
            head(4, kind::ITEM, out)?;
            put::write_str(out, &id.to_string())?;
            value(item, out)?;
        }
        Message::Completion { id, outcome } => {
            head(5, kind::COMPLETION, out)?;
            put::write_str(out, &id.to_string())?;
            match outcome {
                Ok(result) => {
                    put::write_uint(out, outcome::RESULT)?;
                    value(result, out)?;
                }
                Err(error) => {
                    put::write_uint(out, outcome::ERROR)?;
                    put::write_str(out, error)?;
                }
            }
        }
        Message::Ping => {
            put::write_array_len(out, 1)?;
            put::write_uint(out, kind::PING)?;
        }
        Message::Close { error } => {
            put::write_array_len(out, 3)?;
            put::write_uint(out, kind::CLOSE)?;
            match error {
                Some(error) => put::write_str(out, error)?,
                None => out.push(NIL),
            }
            out.push(FALSE);
        }
        Message::Other(kind) => {
            put::write_array_len(out, 1)?;
            put::write_uint(out, *kind)?;
        }
    }
    Ok(())
}

const NIL: u8 = 0xc0;
const FALSE: u8 = 0xc2;

/// Whether a completion brings an error, nothing or a value.
mod outcome {
    pub(super) const ERROR: u64 = 1;
    pub(super) const VOID: u64 = 2;
    pub(super) const RESULT: u64 = 3;
}

fn head(length: u32, kind: u64, out: &mut Vec<u8>) -> Result<(), put::ValueWriteError> {
    put::write_array_len(out, length)?;
    put::write_uint(out, kind)?;
    put::write_map_len(out, 0)?;
    Ok(())
}

fn invocation(
    kind: u64,
    call: &Invocation<'_>,
    out: &mut Vec<u8>,
) -> Result<(), put::ValueWriteError> {
    head(6, kind, out)?;
    match call.id {
        Some(id) => put::write_str(out, &id.to_string())?,
        None => out.push(NIL),
    }
    put::write_str(out, &call.target)?;
    put::write_array_len(out, call.arguments.iter().flatten().count() as u32)?;
    for argument in call.arguments.iter().flatten() {
        value(argument, out)?;
    }
    put::write_array_len(out, u32::from(call.upload.is_some()))?;
    if let Some(upload) = call.upload {
        put::write_str(out, &upload.to_string())?;
    }
    Ok(())
}

fn value(value: &Value<'_>, out: &mut Vec<u8>) -> Result<(), put::ValueWriteError> {
    match value {
        Value::Text(text) => put::write_str(out, text)?,
        Value::Number(number) => {
            put::write_sint(out, *number)?;
        }
        Value::Null | Value::Other => out.push(NIL),
    }
    Ok(())
}

pub(super) fn decode(bytes: &[u8]) -> Result<Option<(Message<'_>, usize)>, String> {
    let Some((length, prefix)) = length(bytes)? else {
        return Ok(None);
    };
    let Some(body) = bytes.get(prefix..prefix + length) else {
        return Ok(None);
    };
    let message = Reader::new(body).message().ok_or("not a hub message")?;
    Ok(Some((message, prefix + length)))
}

/// Seven bits a byte, low first, in at most five bytes.
fn length(bytes: &[u8]) -> Result<Option<(usize, usize)>, String> {
    let mut length = 0;
    for (n, &byte) in bytes.iter().take(5).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * n);
        if byte < 0x80 {
            return Ok(Some((length, n + 1)));
        }
    }
    if bytes.len() < 5 { Ok(None) } else { Err("a length of more than five bytes".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_those_of_the_specification() {
        let bytes = b"\x0e\x96\x01\x80\xc0\xa6method\x91\x2a\x90";
        let call = Message::Invocation(Invocation::new("method", [Some(Value::Number(42)), None]));
        assert_eq!(decode(bytes), Ok(Some((call.clone(), 15))));
        let mut out = Vec::new();
        encode(&call, &mut out);
        assert_eq!(out, bytes);
    }

    #[test]
    fn values_of_every_kind_are_read_over() {
        let body = [
            0x95, 0x03, 0x81, 0xa1, b'h', 0xcb, 0, 0, 0, 0, 0, 0, 0, 0, 0xa1, b'1', 0x03, 0x92,
            0xc4, 0x01, 0xff, 0xd6, 0xff, 0, 0, 0, 0,
        ];
        let bytes: Vec<u8> = [body.len() as u8].into_iter().chain(body).collect();
        let (message, _) = decode(&bytes).unwrap().unwrap();
        assert_eq!(message, Message::Completion { id: 1, outcome: Ok(Value::Other) });
    }

    #[test]
    fn what_is_no_message_is_told() {
        assert!(decode(&[0x01, 0xc0]).is_err());
        assert!(decode(&[0xff; 5]).is_err());
        assert!(decode(&[0x02, 0x94, 0x02]).is_err());
    }
}
