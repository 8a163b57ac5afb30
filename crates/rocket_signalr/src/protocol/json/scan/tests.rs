use proptest::prelude::*;
use serde::de::IgnoredAny;

use super::*;

fn scan(input: &[u8]) -> Result<&[u8], Malformed> {
    let mut scanner = Scanner::new(input);
    let value = scanner.value()?;
    if scanner.peek().is_some() { scanner.malformed() } else { Ok(value) }
}

fn nested(open: &str, close: &str, depth: usize) -> String {
    format!("{}1{}", open.repeat(depth), close.repeat(depth))
}

#[test]
fn a_value_is_told_without_the_white_space_around_it() {
    assert_eq!(scan(b" \t\r\n[1, {\"a\" : \"b\"} ]\n").unwrap(), b"[1, {\"a\" : \"b\"} ]");
}

#[test]
fn containers_nest_up_to_the_limit_of_the_reference() {
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}"), (r#"[{"a":"#, "}]")] {
        let levels = open.matches(['[', '{']).count();
        let deepest = MAX_DEPTH as usize / levels;
        assert!(scan(nested(open, close, deepest).as_bytes()).is_ok());
        assert!(scan(nested(open, close, deepest + 1).as_bytes()).is_err());
    }
}

#[test]
fn bottomless_nesting_is_refused_at_once() {
    assert_eq!(scan(&b"[".repeat(1_000_000)), Err(Malformed { at: 65 }));
}

#[test]
fn containers_must_close_in_their_order() {
    for text in ["[}", "{]", "[{]}", r#"{"a":[}"#, "]", "}", "[[]", "[]]"] {
        assert!(scan(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn bytes_in_strings_need_not_be_unicode() {
    assert!(scan(b"[\"\xff\xc0\x80\",{\"\xed\xa0\x80\":1}]").is_ok());
    assert!(scan(br#""\ud800""#).is_ok());
}

#[test]
fn what_only_some_parsers_take_is_refused() {
    for text in [
        "// x\n1",
        "1/* x */",
        "[1,]",
        "{\"a\":1,}",
        "+1",
        ".5",
        "1.",
        "01",
        "-",
        "1e",
        "NaN",
        "'a'",
        "a",
    ] {
        assert!(scan(text.as_bytes()).is_err(), "{text}");
    }
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::hash_map(any::<String>(), inner, 0..6)
                .prop_map(|map| map.into_iter().collect()),
        ]
    })
}

fn agrees_with_serde_json(text: &str) -> Result<(), TestCaseError> {
    let expected = serde_json::from_str::<IgnoredAny>(text).is_ok();
    prop_assert_eq!(scan(text.as_bytes()).is_ok(), expected, "{}", text);
    Ok(())
}

/// Pieces of which chance makes JSON, and nearly JSON.
const PIECES: [&str; 30] = [
    "{", "}", "[", "]", ",", ":", "\"", "\"a\"", "\"b\":", "0", "1", "-", ".", "e", "E", "+", "12",
    "true", "false", "null", "nul", " ", "\n", "\\", "\\u00e9", "\\u0g", "\\n", "\u{1}", "é", "[]",
];

proptest! {
    #[test]
    fn agrees_with_serde_json_on_values(value in json()) {
        let text = value.to_string();
        prop_assert_eq!(scan(text.as_bytes()), Ok(text.as_bytes()));
        agrees_with_serde_json(&serde_json::to_string_pretty(&value)?)?;
    }

    #[test]
    fn agrees_with_serde_json_on_damaged_values(
        value in json(),
        at in any::<prop::sample::Index>(),
        piece in prop::sample::select(&PIECES[..]),
        replace: bool,
    ) {
        let text: Vec<char> = value.to_string().chars().collect();
        let at = at.index(text.len());
        let (before, after) = text.split_at(at);
        let after = &after[usize::from(replace)..];
        let damaged: String = before.iter().copied().chain(piece.chars()).chain(after.iter().copied()).collect();
        agrees_with_serde_json(&damaged)?;
    }

    #[test]
    fn agrees_with_serde_json_on_pieces(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..12)) {
        agrees_with_serde_json(&pieces.concat())?;
    }

    #[test]
    fn agrees_with_serde_json_on_any_text(text: String) {
        agrees_with_serde_json(&text)?;
        agrees_with_serde_json(&format!("\"{text}\""))?;
    }

    #[test]
    fn no_bytes_are_too_much(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = scan(&bytes);
    }
}
