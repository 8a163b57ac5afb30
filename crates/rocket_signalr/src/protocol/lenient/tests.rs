use std::collections::BTreeMap;

use serde::Deserialize;

use super::*;

fn json<T: for<'de> Deserialize<'de>>(text: &str) -> serde_json::Result<T> {
    T::deserialize(Lenient::json(&mut serde_json::Deserializer::from_str(text)))
}

#[derive(Debug, PartialEq, Deserialize)]
struct Person {
    known_as: String,
    #[serde(default)]
    best_friend: Option<Box<Self>>,
    #[serde(default, alias = "nick")]
    nick_names: Vec<String>,
}

fn person(name: &str) -> Person {
    Person { known_as: name.into(), best_friend: None, nick_names: Vec::new() }
}

#[test]
fn names_are_found_in_any_spelling() {
    for name in ["known_as", "knownAs", "KnownAs", "KNOWNAS", r"known\u0041s"] {
        assert_eq!(json::<Person>(&format!(r#"{{"{name}":"x"}}"#)).unwrap(), person("x"));
    }
    assert!(json::<Person>(r#"{"known as":"x"}"#).is_err());
    assert_eq!(json::<Person>(r#"{"Nick":["y"],"knownAs":"x"}"#).unwrap().nick_names, ["y"]);
}

#[test]
fn names_are_found_inside_of_everything() {
    #[derive(Debug, PartialEq, Deserialize)]
    enum Event {
        Joined { new_member: Person },
        Left(Person),
        Both(Person, Person),
    }
    let x = r#"{"KNOWNAS":"x"}"#;
    assert_eq!(
        json::<Person>(&format!(r#"{{"bestFriend":{x},"KnownAs":"y"}}"#)).unwrap(),
        Person { best_friend: Some(Box::new(person("x"))), ..person("y") }
    );
    let map: BTreeMap<String, (Person, [Person; 1])> =
        json(&format!(r#"{{"known_as":[{x},[{x}]]}}"#)).unwrap();
    assert_eq!(map["known_as"], (person("x"), [person("x")]));
    assert_eq!(
        json::<Vec<Event>>(&format!(
            r#"[{{"Joined":{{"NewMember":{x}}}}},{{"Left":{x}}},{{"Both":[{x},{x}]}}]"#
        ))
        .unwrap(),
        [
            Event::Joined { new_member: person("x") },
            Event::Left(person("x")),
            Event::Both(person("x"), person("x")),
        ]
    );
}

#[test]
fn minus_zero_is_a_whole_number() {
    assert_eq!(json::<(i32, u8, f64)>("[-0,-0,-0]").unwrap(), (0, 0, -0.0));
    assert!(json::<i32>("0.0").is_err());
    assert!(json::<i32>("1e1").is_err());
}

#[test]
fn blanks_in_base64_count_for_nothing() {
    let bytes: serde_bytes::ByteBuf = json(r#""AQ I\nD\t\r""#).unwrap();
    assert_eq!(*bytes, [1, 2, 3]);
    assert!(json::<serde_bytes::ByteBuf>(r#""AQ-ID""#).is_err());
}

#[test]
fn an_array_is_no_struct_in_json() {
    let error = json::<Person>(r#"["x",null,[]]"#).unwrap_err().to_string();
    assert!(error.starts_with("invalid type: sequence, expected struct Person"), "{error}");
    assert_eq!(json::<(String, [i32; 1])>(r#"["x",[1]]"#).unwrap(), ("x".into(), [1]));
}

#[test]
fn what_is_unknown_stays_so() {
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Strict {
        #[expect(dead_code)]
        known_as: String,
    }
    assert_eq!(json::<Person>(r#"{"knownAs":"x","more":{"knownAs":5}}"#).unwrap(), person("x"));
    assert!(json::<Strict>(r#"{"KnownAs":"x"}"#).is_ok());
    let error = json::<Strict>(r#"{"KnownAs":"x","moreOfIt":1}"#).unwrap_err().to_string();
    assert!(error.starts_with("unknown field `moreOfIt`"), "{error}");
    let error = json::<Person>(r#"{"knownAs":"x","known_as":"y"}"#).unwrap_err().to_string();
    assert!(error.starts_with("duplicate field `known_as`"), "{error}");
}

/// What the documentation of `PropertyNaming` says of types that serde reads through a buffer.
#[test]
fn buffered_types_are_read_as_serde_spells_them() {
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
    enum Tagged {
        Line { end_point: i32 },
    }
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(untagged)]
    enum Untagged {
        Number(i32),
        Object { end_point: i32 },
    }
    #[derive(Debug, PartialEq, Deserialize)]
    struct Flattened {
        own_field: i32,
        #[serde(flatten)]
        rest: BTreeMap<String, i32>,
    }
    assert_eq!(
        json::<Tagged>(r#"{"kind":"line","endPoint":1}"#).unwrap(),
        Tagged::Line { end_point: 1 }
    );
    assert_eq!(json::<Untagged>("1").unwrap(), Untagged::Number(1));
    assert_eq!(json::<Untagged>(r#"{"end_point":1}"#).unwrap(), Untagged::Object { end_point: 1 });
    assert!(json::<Untagged>(r#"{"endPoint":1}"#).is_err());
    assert_eq!(
        json::<Flattened>(r#"{"own_field":1,"otherField":2}"#).unwrap(),
        Flattened { own_field: 1, rest: BTreeMap::from([("otherField".into(), 2)]) }
    );
}
