use std::collections::HashMap;

use serde_json::value::RawValue as RawJson;

use super::*;

fn raw(json: &str) -> RawValue<'_> {
    RawValue::new(HubProtocol::JSON, json.as_bytes())
}

fn arguments(items: &str, count: usize) -> Arguments<'_> {
    Arguments::new(HubProtocol::JSON, items.as_bytes(), count)
}

fn is_wrong_type<T>(result: &Result<T, BindError>) -> bool {
    matches!(result, Err(BindError::Type(_)))
}

#[test]
fn arguments_are_bound_in_order() {
    let mut arguments = arguments(" 1 , \"a, ]\" ,[2,{\"x\":[]}], null ,{} ] , \"rest\"", 5);
    assert_eq!(arguments.count(), 5);
    assert_eq!(arguments.next::<i32>(5).unwrap(), 1);
    assert_eq!(arguments.next::<String>(5).unwrap(), "a, ]");
    assert_eq!(arguments.next::<Box<RawJson>>(5).unwrap().get(), r#"[2,{"x":[]}]"#);
    assert_eq!(arguments.next::<Option<u8>>(5).unwrap(), None);
    assert!(arguments.next::<HashMap<String, i32>>(5).unwrap().is_empty());
    assert!(arguments.finish(5).is_ok());
}

#[test]
fn too_few_arguments_are_told() {
    let mut arguments = arguments("1]", 1);
    assert_eq!(arguments.next::<i32>(2).unwrap(), 1);
    assert_eq!(
        arguments.next::<i32>(2).unwrap_err().to_string(),
        "Invocation provides 1 argument(s) but target expects 2."
    );
}

#[test]
fn too_many_arguments_are_told() {
    let mut arguments = arguments("1,\"x\",{}]", 3);
    assert_eq!(arguments.next::<i32>(1).unwrap(), 1);
    assert_eq!(
        arguments.finish(1).unwrap_err().to_string(),
        "Invocation provides 3 argument(s) but target expects 1."
    );
}

#[test]
fn a_wrong_type_comes_before_a_wrong_count() {
    let mut arguments = arguments("\"x\"]", 1);
    let first = arguments.next::<i32>(2);
    assert!(is_wrong_type(&first));
    assert_eq!(
        first.unwrap_err().to_string(),
        "Error binding arguments. Make sure that the types of the provided values match the types of \
         the hub method being invoked."
    );
}

#[test]
fn optional_arguments_may_be_missing_but_not_wrong() {
    let mut one = arguments("1]", 1);
    assert_eq!(one.next_optional::<i32>().unwrap(), Some(1));
    assert_eq!(one.next_optional::<i32>().unwrap(), None);
    assert!(is_wrong_type(&arguments("true]", 1).next_optional::<i32>()));
}

#[test]
fn what_is_no_32_bit_integer_is_refused() {
    for json in
        ["2147483648", "-2147483649", "1.5", "1.0", "1e0", "\"5\"", "null", "true", "[5]", "{}"]
    {
        assert!(is_wrong_type(&raw(json).bind::<i32>()), "{json}");
    }
}

#[test]
fn text_that_is_no_unicode_is_of_the_wrong_type() {
    for bytes in [&b"\"\xff\""[..], b"\"\xed\xa0\x80\"", br#""\ud800""#, br#""\udc00\ud800""#] {
        assert!(is_wrong_type(&RawValue::new(HubProtocol::JSON, bytes).bind::<String>()));
    }
}

#[test]
fn values_bind_whatever_stands_around_them() {
    assert_eq!(raw("5").bind::<u64>().unwrap(), 5);
    assert_eq!(raw("\"\\u00e9\\ud83d\\ude00\"").bind::<String>().unwrap(), "é😀");
    assert_eq!(raw("[1,2]").bind::<Vec<u8>>().unwrap(), [1, 2]);
    raw("null").bind::<()>().unwrap();
}

#[test]
fn the_deepest_payload_that_passes_the_parser_binds() {
    let json = format!("{}{}", "[".repeat(62), "]".repeat(62));
    raw(&json).bind::<serde_json::Value>().unwrap();
}
