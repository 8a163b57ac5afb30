use proptest::prelude::*;

use super::*;

fn spelled(naming: PropertyNaming, name: &str) -> String {
    let mut spelled = String::new();
    naming.spell(name, |piece| spelled.push_str(piece));
    spelled
}

fn camel(name: &str) -> String {
    spelled(PropertyNaming::CamelCase, name)
}

#[test]
fn pascal_case_becomes_camel_case_as_in_dotnet() {
    let cases = [
        ("", ""),
        ("already", "already"),
        ("alreadyCamel", "alreadyCamel"),
        ("KnownAs", "knownAs"),
        ("URL", "url"),
        ("URLText", "urlText"),
        ("XMLHttpRequest", "xmlHttpRequest"),
        ("IsCIA", "isCIA"),
        ("VmQ", "vmQ"),
        ("I", "i"),
        ("IPhone", "iPhone"),
        ("Id", "id"),
        ("ID", "id"),
        ("Xml2Json", "xml2Json"),
        ("SN2Key", "sN2Key"),
        ("Ärger", "ärger"),
    ];
    for (name, expected) in cases {
        assert_eq!(camel(name), expected, "{name}");
        assert_eq!(spelled(PropertyNaming::AsIs, name), name);
    }
}

#[test]
fn words_are_joined() {
    let cases = [
        ("known_as", "knownAs"),
        ("a_b", "aB"),
        ("x_position", "xPosition"),
        ("line_1", "line1"),
        ("Known_As", "knownAs"),
        ("URL_path", "urlPath"),
        ("type_", "type"),
        ("two__lines", "twoLines"),
        ("_id", "_id"),
        ("_user_id", "_userId"),
        ("_", "_"),
        ("straße_äcker", "straßeÄcker"),
    ];
    for (name, expected) in cases {
        assert_eq!(camel(name), expected, "{name}");
    }
}

#[test]
fn names_may_be_of_any_length() {
    for length in [62, 63, 64, 65, 200] {
        let name = format!("{}_b", "a".repeat(length));
        assert_eq!(camel(&name), format!("{}B", "a".repeat(length)));
    }
}

#[test]
fn fields_are_found_in_any_spelling() {
    let fields = ["known_as", "url", "KNOWN_as", "größe"];
    for (name, expected) in [
        ("known_as", "known_as"),
        ("KNOWN_as", "KNOWN_as"),
        ("knownAs", "known_as"),
        ("KNOWNAS", "known_as"),
        ("Url", "url"),
        ("u_r_l", "url"),
        ("GRÖSSE", "GRÖSSE"),
        ("GRÖßE", "größe"),
        ("known", "known"),
        ("", ""),
        ("_", "_"),
    ] {
        assert_eq!(field(&fields, name), expected, "{name}");
    }
}

proptest! {
    #[test]
    fn every_field_is_found_by_its_spelling(name in "[a-z_A-Z0-9äÖ]{1,80}") {
        let spelled = camel(&name);
        prop_assert_eq!(field(&[&name], &spelled), &name);
    }

    #[test]
    fn spelling_twice_changes_nothing(name in "[a-z]{1,9}(_[a-z]{1,9}){0,9}") {
        prop_assert_eq!(camel(&camel(&name)), camel(&name));
    }
}
