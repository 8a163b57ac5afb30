use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::*;
use crate::protocol::{HubProtocol, PropertyNaming, RawValue, json, messagepack};

const JSON: HubProtocol = HubProtocol::JSON;

/// What JSON and MessagePack make of it.
fn written<T: Serialize>(value: &T) -> (String, Vec<u8>) {
    let (mut text, mut binary) = (Vec::new(), Vec::new());
    json::payload::write(&mut text, PropertyNaming::CamelCase, value).unwrap();
    messagepack::payload::write(&mut binary, value).unwrap();
    (String::from_utf8(text).unwrap(), binary)
}

fn read<T: DeserializeOwned>(protocol: HubProtocol, bytes: &[u8]) -> Option<T> {
    RawValue::new(protocol, bytes).bind().ok()
}

#[test]
fn each_encoding_gets_its_form_wherever_the_value_stands() {
    let value = PerProtocol { json: 1, messagepack: "Red" };
    assert_eq!(written(&value), ("1".into(), b"\xa3Red".to_vec()));
    assert_eq!(
        written(&(Some(value), [value], BTreeMap::from([("k", value)]))),
        (r#"[1,[1],{"k":1}]"#.into(), b"\x93\xa3Red\x91\xa3Red\x81\xa1k\xa3Red".to_vec())
    );
}

#[test]
fn each_encoding_is_read_in_its_form_only() {
    type Colour = FromProtocol<u8, String>;
    assert_eq!(read(JSON, b"1"), Some(Colour::Json(1)));
    assert_eq!(read(HubProtocol::MessagePack, b"\xa3Red"), Some(Colour::MessagePack("Red".into())));
    assert_eq!(read(HubProtocol::MessagePack, b"\x91\xc0"), Some([None::<Colour>]));
    assert_eq!(read::<Colour>(JSON, br#""Red""#), None);
    assert_eq!(read::<Colour>(HubProtocol::MessagePack, b"\x01"), None);
}

#[test]
fn what_is_inside_of_a_form_is_written_and_read_as_elsewhere() {
    let id = Uuid::from_u128(7);
    let ((text, binary), plain) =
        (written(&PerProtocol { json: id, messagepack: (id, [id]) }), written(&(id, [id])));
    assert_eq!((text, &binary), (written(&id).0, &plain.1));
    assert_eq!(
        read(HubProtocol::MessagePack, &binary),
        Some(FromProtocol::<(), _>::MessagePack((id, [id])))
    );
}

#[test]
fn other_formats_get_the_form_for_their_readers() {
    let value = PerProtocol { json: 1, messagepack: "Red" };
    assert_eq!(serde_json::to_string(&value).unwrap(), "1");
    let compact = rmp_serde::to_vec(&value).unwrap();
    assert_eq!(compact, b"\xa3Red");
    let read: FromProtocol<u8, String> = rmp_serde::from_slice(&compact).unwrap();
    assert_eq!(read, FromProtocol::MessagePack("Red".into()));
}
