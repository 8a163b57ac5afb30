use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use proptest::prelude::*;
use serde_bytes::ByteBuf;
use serde_json::value::RawValue as RawJson;

use super::*;
use crate::protocol::{BindError, HubProtocol, RawValue, Timestamp};

fn written<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut output = Vec::new();
    write(&mut output, value).unwrap();
    output
}

fn bind<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, BindError> {
    RawValue::new(HubProtocol::MessagePack, bytes).bind()
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Shape {
    Point,
    Circle(f64),
    Line(f32, f32),
    Box { line_width: f64, names: Vec<String> },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Unit;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Wrapper(i64);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Everything {
    unit: Unit,
    wrapper: Wrapper,
    pair: (i8, u64),
    shapes: Vec<Shape>,
    map: BTreeMap<u32, Option<char>>,
    none: Option<()>,
    text: String,
    big: u128,
    bytes: ByteBuf,
    id: uuid::Uuid,
    time: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    absent: Option<bool>,
}

fn everything() -> Everything {
    Everything {
        unit: Unit,
        wrapper: Wrapper(-1),
        pair: (-33, u64::MAX),
        shapes: vec![
            Shape::Point,
            Shape::Circle(1000.0),
            Shape::Line(1.5, 1e-7),
            Shape::Box { line_width: 1e17, names: vec!["\u{1f600}".into()] },
        ],
        map: BTreeMap::from([(5, Some('x')), (6, None)]),
        none: None,
        text: "x".repeat(300),
        big: 1 << 40,
        bytes: ByteBuf::from(vec![7; 256]),
        id: uuid::Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef),
        time: Timestamp(UNIX_EPOCH + Duration::from_millis(1_500)),
        absent: None,
    }
}

#[test]
fn values_of_every_kind_are_written_and_read_back() {
    let bytes = written(&everything());
    assert_eq!(read::<Everything>(&bytes).unwrap(), (everything(), bytes.len()));
}

#[test]
fn shapes_are_those_of_the_reference() {
    assert_eq!(written(&Shape::Point), b"\xa5Point");
    assert_eq!(written(&Shape::Circle(0.5)), b"\x81\xa6Circle\xcb\x3f\xe0\0\0\0\0\0\0");
    assert_eq!(
        written(&Shape::Box { line_width: 0.0, names: Vec::new() }),
        b"\x81\xa3Box\x82\xaaline_width\xcb\0\0\0\0\0\0\0\0\xa5names\x90"
    );
    assert_eq!(written(&uuid::Uuid::nil())[..2], [0xd9, 36]);
    assert_eq!(written(&ByteBuf::from([1, 2])), [0xc4, 2, 1, 2]);
    assert_eq!(written(&[1_u8, 2]), [0x92, 1, 2]);
    assert_eq!(written(&()), [0xc0]);
    assert_eq!(written(&BTreeMap::from([(1, true)])), [0x81, 1, 0xc3]);
}

#[test]
fn numbers_are_as_short_as_can_be() {
    let cases: [(i64, &[u8]); 14] = [
        (0, &[0]),
        (127, &[0x7f]),
        (128, &[0xcc, 0x80]),
        (255, &[0xcc, 0xff]),
        (256, &[0xcd, 1, 0]),
        (65_536, &[0xce, 0, 1, 0, 0]),
        (1 << 32, &[0xcf, 0, 0, 0, 1, 0, 0, 0, 0]),
        (-1, &[0xff]),
        (-32, &[0xe0]),
        (-33, &[0xd0, 0xdf]),
        (-128, &[0xd0, 0x80]),
        (-129, &[0xd1, 0xff, 0x7f]),
        (-32_769, &[0xd2, 0xff, 0xff, 0x7f, 0xff]),
        (i64::MIN, &[0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0]),
    ];
    for (number, expected) in cases {
        assert_eq!(written(&number), expected);
        assert_eq!(bind::<i64>(expected).unwrap(), number);
    }
    let mut output = Vec::new();
    assert!(write(&mut output, &(u128::from(u64::MAX) + 1)).is_err());
    assert!(write(&mut output, &(i128::from(i64::MIN) - 1)).is_err());
}

#[test]
fn lists_of_unknown_length_are_counted() {
    struct Unknown(u32);
    impl Serialize for Unknown {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_seq((0..self.0).filter(|number| number % 2 == 0))
        }
    }
    assert_eq!(written(&Unknown(4)), [0xdd, 0, 0, 0, 2, 0, 2]);
    let bytes = written(&(Unknown(1000), 5));
    assert_eq!(bind::<(Vec<u32>, u8)>(&bytes).unwrap().0.len(), 500);
}

#[test]
fn a_length_that_is_not_kept_is_refused() {
    struct Liar;
    impl Serialize for Liar {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serde::ser::SerializeSeq::end(serializer.serialize_seq(Some(1))?)
        }
    }
    assert!(write(&mut Vec::new(), &Liar).is_err());
}

#[test]
fn whole_numbers_may_come_as_floats() {
    let float = |value: f64| written(&value);
    assert_eq!(bind::<i32>(&float(5.0)).unwrap(), 5);
    assert_eq!(bind::<u8>(&written(&7_f32)).unwrap(), 7);
    assert_eq!(
        bind::<Option<i64>>(&float(-9_007_199_254_740_994.0)).unwrap(),
        Some(-9_007_199_254_740_994)
    );
    assert_eq!(bind::<u64>(&float(1e19)).unwrap(), 10_000_000_000_000_000_000);
    assert_eq!(bind::<Vec<i64>>(&written(&[1.0, -2.0])).unwrap(), [1, -2]);
    for refused in [0.5, 1e300, f64::NAN, f64::INFINITY, -1e19] {
        assert!(bind::<i64>(&float(refused)).is_err(), "{refused}");
    }
    assert!(bind::<u8>(&float(256.0)).is_err());
    assert!(bind::<u8>(&float(-1.0)).is_err());
    assert!(bind::<i32>(b"\xa15").is_err());
    assert_eq!(bind::<f64>(&[5]).unwrap(), 5.0);
}

#[test]
fn names_are_found_in_any_spelling() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Person {
        known_as: String,
    }
    let expected = Person { known_as: "a".into() };
    for name in ["known_as", "knownAs", "KnownAs"] {
        let bytes = written(&BTreeMap::from([(name, "a"), ("other", "b")]));
        assert_eq!(bind::<Person>(&bytes).unwrap(), expected, "{name}");
    }
    assert_eq!(bind::<Person>(b"\x91\xa1a").unwrap(), expected);
}

#[test]
fn bytes_come_as_bytes_or_lists() {
    assert_eq!(bind::<ByteBuf>(b"\xc4\x02\x01\xff").unwrap(), [1, 255]);
    assert_eq!(bind::<Vec<u8>>(b"\xc4\x02\x01\xff").unwrap(), [1, 255]);
    assert_eq!(bind::<ByteBuf>(b"\x92\x01\xcc\xff").unwrap(), [1, 255]);
    assert!(bind::<String>(b"\xc4\x01\xff").is_err());
}

#[test]
fn times_have_three_forms() {
    let cases: [(Timestamp, &[u8]); 4] = [
        (Timestamp(UNIX_EPOCH), b"\xd6\xff\0\0\0\0"),
        (Timestamp(UNIX_EPOCH + Duration::new(1, 1)), b"\xd7\xff\0\0\0\x04\0\0\0\x01"),
        (
            Timestamp(UNIX_EPOCH + Duration::from_secs(1 << 34)),
            b"\xc7\x0c\xff\0\0\0\0\0\0\0\x04\0\0\0\0",
        ),
        (
            Timestamp(UNIX_EPOCH - Duration::from_nanos(1)),
            b"\xc7\x0c\xff\x3b\x9a\xc9\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        ),
    ];
    for (time, expected) in cases {
        assert_eq!(written(&time), expected);
        assert_eq!(bind::<Timestamp>(expected).unwrap(), time);
        assert_eq!(bind::<Option<Timestamp>>(expected).unwrap(), Some(time));
        assert_eq!(bind::<Timestamp>(&written(&time.to_string())).unwrap(), time);
        assert_eq!(bind::<String>(expected).unwrap(), time.to_string());
    }
    let chrono: chrono::DateTime<chrono::Utc> = bind(b"\xd6\xff\0\0\0\x3c").unwrap();
    assert_eq!(chrono.timestamp(), 60);
    for refused in [&b"\xd6\x01\0\0\0\0"[..], b"\xd5\xff\0\0", b"\xc7\x00\xff", b"\x05", b"\xc0"] {
        assert!(bind::<Timestamp>(refused).is_err(), "{refused:x?}");
    }
    let beyond = b"\xc7\x0c\xff\0\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff";
    let _ = bind::<Timestamp>(beyond);
    let _ = bind::<String>(beyond);
}

#[test]
fn raw_json_is_converted() {
    let json = r#"{"b":[1,-2.5,"é",null,true],"a_b":18446744073709551615}"#;
    let raw: Box<RawJson> = serde_json::from_str(json).unwrap();
    let bytes = written(&(&raw, 5));
    assert_eq!(bytes[..2], [0x92, 0x82]);
    let (back, five) = bind::<(Box<RawJson>, u8)>(&bytes).unwrap();
    assert_eq!(five, 5);
    let value = |json: &RawJson| serde_json::from_str::<serde_json::Value>(json.get()).unwrap();
    assert_eq!(value(&back), value(&raw));
    assert!(bind::<Box<RawJson>>(b"\xc4\x01\xff").is_err());
}

/// Nothing but such a type follows the input down without end.
#[test]
fn depth_is_limited_for_types_that_recur() {
    #[derive(Debug, Deserialize)]
    enum Nested {
        N(Box<Self>),
        End,
    }
    let nested = |depth| [b"\x81\xa1N".repeat(depth), b"\xa3End".to_vec()].concat();
    let mut value = bind::<Nested>(&nested(64)).unwrap();
    while let Nested::N(inner) = value {
        value = *inner;
    }
    assert!(matches!(value, Nested::End));
    assert!(bind::<Nested>(&nested(65)).is_err());
    assert!(bind::<Nested>(&nested(100_000)).is_err());
}

proptest! {
    #[test]
    fn json_values_read_back(value in json()) {
        let bytes = written(&value);
        prop_assert_eq!(read::<serde_json::Value>(&bytes)?, (value, bytes.len()));
    }

    #[test]
    fn garbage_does_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let _ = bind::<serde_json::Value>(&bytes);
        let _ = bind::<Everything>(&bytes);
        let _ = bind::<Vec<Timestamp>>(&bytes);
        let _ = bind::<Vec<String>>(&bytes);
        let _ = bind::<Box<RawJson>>(&bytes);
        let _ = bind::<BTreeMap<String, Shape>>(&bytes);
    }
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        (-1e9..1e9).prop_map(|number: f64| number.into()),
        ".{0,40}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 60, 20, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..20).prop_map(Into::into),
            prop::collection::btree_map(".{0,9}", inner, 0..20)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}
