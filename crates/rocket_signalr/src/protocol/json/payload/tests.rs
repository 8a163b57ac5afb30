use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;
use serde_json::value::RawValue;

use super::*;

fn spelled<T: Serialize + ?Sized>(naming: PropertyNaming, value: &T) -> Option<String> {
    let mut output = Vec::new();
    write(&mut output, naming, value).ok()?;
    String::from_utf8(output).ok()
}

fn written<T: Serialize + ?Sized>(value: &T) -> Option<String> {
    spelled(PropertyNaming::CamelCase, value)
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Shape {
    Point,
    Circle(f64),
    Line(f32, f32),
    Box { width: f64, names: Vec<String> },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Unit;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Wrapper(i64);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Pair(i8, u64);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Everything {
    unit: Unit,
    wrapper: Wrapper,
    pair: Pair,
    shapes: Vec<Shape>,
    map: BTreeMap<u32, Option<char>>,
    none: Option<()>,
    text: String,
    big: u128,
    bytes: (u8, i16),
    #[serde(skip_serializing_if = "Option::is_none")]
    absent: Option<bool>,
}

#[test]
fn values_of_every_kind_are_written_and_read_back() {
    let value = Everything {
        unit: Unit,
        wrapper: Wrapper(-1),
        pair: Pair(-2, u64::MAX),
        shapes: vec![
            Shape::Point,
            Shape::Circle(1000.0),
            Shape::Line(1.5, 1e-7),
            Shape::Box { width: 1e17, names: vec!["\u{1f600}".into()] },
        ],
        map: BTreeMap::from([(5, Some('x')), (6, None)]),
        none: None,
        text: "<\n>".into(),
        big: u128::from(u64::MAX),
        bytes: (1, -1),
        absent: None,
    };
    let json = written(&value).unwrap();
    assert_eq!(
        json,
        concat!(
            r#"{"unit":null,"wrapper":-1,"pair":[-2,18446744073709551615],"shapes":["Point",{"Circle":1000},"#,
            r#"{"Line":[1.5,1E-07]},{"Box":{"width":1E+17,"names":["\uD83D\uDE00"]}}],"map":{"5":"x","6":null},"#,
            r#""none":null,"text":"<\n>","big":18446744073709551615,"bytes":[1,-1]}"#,
        )
    );
    assert_eq!(read::<Everything>(json.as_bytes()).unwrap(), (value, json.len()));
}

#[test]
fn numbers_that_are_not_finite_are_refused_wherever_they_are() {
    for number in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
        assert_eq!(written(&number), None);
        assert_eq!(written(&[1.0, number]), None);
        assert_eq!(written(&(1, number)), None);
        assert_eq!(written(&Some(number)), None);
        assert_eq!(written(&Some(f32::NAN)), None);
        assert_eq!(written(&HashMap::from([("a", number)])), None);
        assert_eq!(written(&Shape::Circle(number)), None);
        assert_eq!(written(&Shape::Line(0.0, f32::INFINITY)), None);
        assert_eq!(written(&Shape::Box { width: number, names: Vec::new() }), None);
        assert_eq!(written(&vec![BTreeMap::from([(1, [Some((number,))])])]), None);
    }
}

#[test]
fn json_that_is_given_stays_as_it_was_written() {
    let json = "[1.0,1e2,1E+2,-0,0.10,123456789012345678901234567890,1e400]";
    let (value, _) = read::<Box<RawValue>>(json.as_bytes()).unwrap();
    assert_eq!(written(&value).unwrap(), json);
    assert_eq!(written(&[Some(&value)]).unwrap(), format!("[{json}]"));
}

#[test]
fn json_that_is_given_passes_inside_of_structs_too() {
    #[derive(Serialize, Deserialize)]
    struct Owner<'a> {
        first_part: Box<RawValue>,
        #[serde(borrow)]
        second_part: Vec<&'a RawValue>,
    }
    let json = r#"{"firstPart":{"snake_case":[1.0]},"secondPart":[1e2, null,"\u00e9"]}"#;
    let (owner, _) = read::<Owner<'_>>(json.as_bytes()).unwrap();
    assert_eq!(owner.second_part[2].get(), r#""\u00e9""#);
    assert_eq!(written(&owner).unwrap(), json.replace(", null", ",null"));
}

#[test]
fn fields_are_spelled_as_told_and_keys_are_not() {
    #[derive(Serialize)]
    enum Event {
        NameChanged { new_name: &'static str },
    }
    #[derive(Serialize)]
    #[serde(tag = "event_kind")]
    enum Tagged {
        Joined { at_once: bool },
    }
    #[derive(Serialize)]
    #[allow(non_snake_case)]
    struct Member {
        known_as: &'static str,
        URL: (),
        PhotoPath: (),
        inner_map: BTreeMap<&'static str, Event>,
        tagged_one: Tagged,
    }
    let member = Member {
        known_as: "ann",
        URL: (),
        PhotoPath: (),
        inner_map: BTreeMap::from([("a_key", Event::NameChanged { new_name: "bea" })]),
        tagged_one: Tagged::Joined { at_once: true },
    };
    assert_eq!(
        written(&member).unwrap(),
        concat!(
            r#"{"knownAs":"ann","url":null,"photoPath":null,"innerMap":{"a_key":{"NameChanged":{"newName":"bea"}}},"#,
            r#""taggedOne":{"eventKind":"Joined","atOnce":true}}"#,
        )
    );
    assert_eq!(
        spelled(PropertyNaming::AsIs, &member).unwrap(),
        concat!(
            r#"{"known_as":"ann","URL":null,"PhotoPath":null,"inner_map":{"a_key":{"NameChanged":{"new_name":"bea"}}},"#,
            r#""tagged_one":{"event_kind":"Joined","at_once":true}}"#,
        )
    );
}

#[test]
fn bytes_are_base64() {
    use serde_bytes::ByteBuf;

    let bytes = ByteBuf::from([0, 1, 0xfb, 0xff]);
    assert_eq!(written(&bytes).unwrap(), r#""AAH7/w==""#);
    assert_eq!(read::<ByteBuf>(br#""AAH7\/w==""#).unwrap().0, bytes);
    assert_eq!(read::<Option<ByteBuf>>(b"[0,1,251,255]").unwrap().0, Some(bytes));
    assert_eq!(read::<Option<ByteBuf>>(b"null").unwrap().0, None);
    assert!(read::<ByteBuf>(br#""AAH7_w==""#).is_err());
    assert!(read::<ByteBuf>(b"5").is_err());
}

#[test]
fn scalars_may_be_keys() {
    let json = r#"{"-1":"a","2":"b"}"#;
    assert_eq!(written(&BTreeMap::from([(-1, "a"), (2, "b")])).unwrap(), json);
    assert_eq!(read::<BTreeMap<i8, &str>>(json.as_bytes()).unwrap().0[&2], "b");
    assert_eq!(written(&BTreeMap::from([(true, 1)])).unwrap(), r#"{"true":1}"#);
    assert_eq!(written(&BTreeMap::from([('"', 1)])).unwrap(), r#"{"\"":1}"#);
    for refused in [written(&BTreeMap::from([((), 1)])), written(&BTreeMap::from([([1], 1)]))] {
        assert_eq!(refused, None);
    }
}

#[test]
fn displayed_text_is_escaped_too() {
    struct Shown;
    impl Serialize for Shown {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(&format_args!("\u{1f600}{}", '"'))
        }
    }
    assert_eq!(written(&Shown).unwrap(), r#""\uD83D\uDE00\"""#);
}

#[test]
fn keys_that_are_no_text_are_refused() {
    assert_eq!(written(&BTreeMap::from([((1, 2), 3)])), None);
}

#[test]
fn a_value_is_read_up_to_its_end() {
    assert_eq!(read::<i32>(b"12,3").unwrap(), (12, 2));
    assert_eq!(read::<Vec<i32>>(b" [1] ,2").unwrap(), (vec![1], 4));
    assert!(read::<i32>(b"").is_err());
    assert!(read::<i32>(b" ]").is_err());
}

type Rows = Vec<(String, i64, Option<bool>, BTreeMap<String, u8>)>;

fn rows() -> impl Strategy<Value = Rows> {
    let map = prop::collection::btree_map(any::<String>(), any::<u8>(), 0..4);
    prop::collection::vec((any::<String>(), any::<i64>(), any::<Option<bool>>(), map), 0..4)
}

proptest! {
    #[test]
    fn everything_is_written_as_serde_json_would(rows in rows()) {
        let json = written(&rows).unwrap();
        let value: serde_json::Value = serde_json::from_str(&json)?;
        prop_assert_eq!(value, serde_json::to_value(&rows)?);
    }

    #[test]
    fn what_is_written_reads_back(rows in rows()) {
        let json = written(&rows).unwrap();
        prop_assert_eq!(read::<Rows>(json.as_bytes())?, (rows, json.len()));
    }
}
