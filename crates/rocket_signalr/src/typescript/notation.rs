//! How things are written in TypeScript.

use std::{iter::Peekable, str::Chars};

use crate::protocol::PropertyNaming;

/// Words that cannot name a parameter.
const RESERVED: &str = "\
    arguments await break case catch class const continue debugger default delete do else enum \
    eval export extends false finally for function if implements import in instanceof interface \
    let new null package private protected public return static super switch this throw true try \
    typeof var void while with yield";

/// The name of a parameter. One that has none is called by its place.
pub(super) fn parameter(name: &str, index: usize) -> String {
    if !is_identifier(name) {
        format!("argument{}", index + 1)
    } else if RESERVED.split_whitespace().any(|word| word == name) {
        format!("{name}_")
    } else {
        name.to_owned()
    }
}

/// The name of a property, in quotes where it needs them.
pub(super) fn property(name: &str) -> String {
    if is_identifier(name) { name.to_owned() } else { quoted(name) }
}

/// A string literal.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn is_identifier(name: &str) -> bool {
    let letter = |c: char| c.is_alphabetic() || c == '_' || c == '$';
    name.starts_with(letter) && name.chars().all(|c| letter(c) || c.is_numeric())
}

/// A TSDoc comment of these lines, or nothing.
pub(super) fn documented(lines: &[String], indent: &str) -> String {
    let lines: Vec<_> = lines
        .iter()
        .map(|line| {
            without_paths(line.strip_prefix(' ').unwrap_or(line)).trim_end().replace("*/", "*\\/")
        })
        .collect();
    match &*lines {
        [] => String::new(),
        [line] => format!("{indent}/** {line} */\n"),
        lines => {
            let body = lines.iter().map(|line| match line.as_str() {
                "" => format!("{indent} *\n"),
                line => format!("{indent} * {line}\n"),
            });
            format!("{indent}/**\n{}{indent} */\n", body.collect::<String>())
        }
    }
}

/// The line with links to items of Rust, such as ``[`Poll`](super::Poll)``, as plain text.
fn without_paths(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some((before, link)) = rest.split_once('[') {
        text += before;
        match link.split_once("](").and_then(|(label, after)| Some((label, after.split_once(')')?)))
        {
            Some((label, (target, after))) if target.contains("::") && !label.contains('[') => {
                text += label;
                rest = after;
            }
            _ => {
                text.push('[');
                rest = link;
            }
        }
    }
    text + rest
}

/// The lines of a comment that `ts-rs` has written.
pub(super) fn lines(comment: &str) -> Vec<String> {
    let text = comment.trim().trim_start_matches("/**").trim_end_matches("*/").trim_end();
    let text = text.strip_prefix('\n').unwrap_or(text);
    let lines = text.lines().map(|line| line.strip_prefix(" *").unwrap_or(line).to_owned());
    if text.is_empty() { Vec::new() } else { lines.collect() }
}

/// A type inside of a signature, in one line.
pub(super) fn reference(text: &str, naming: PropertyNaming) -> String {
    write(&parse(text), naming, "", false)
}

/// A declaration that `ts-rs` has written, with its properties in lines of their own.
pub(super) fn declaration(text: &str, naming: PropertyNaming) -> String {
    match text.split_once('=') {
        Some((head, body)) if head.starts_with("type ") => {
            let body = body.trim().trim_end_matches(';');
            format!("{}= {};", head, write(&parse(body), naming, "", true))
        }
        _ => text.to_owned(),
    }
}

/// A part of a type.
enum Piece {
    Text(String),
    Object(Vec<Member>),
}

/// A property of an object.
struct Member {
    docs: Vec<String>,
    /// With the `?` of one that may be missing.
    key: String,
    /// `None`: it is no property but something that is kept as it is.
    value: Option<Vec<Piece>>,
}

fn parse(text: &str) -> Vec<Piece> {
    pieces(&mut text.chars().peekable(), "")
}

/// Reads up to one of the characters in `end`, which is left.
fn pieces(text: &mut Peekable<Chars<'_>>, end: &str) -> Vec<Piece> {
    let mut found = Vec::new();
    let mut plain = String::new();
    let mut depth = 0_i32;
    while let Some(&next) = text.peek() {
        if depth <= 0 && end.contains(next) {
            break;
        }
        text.next();
        match next {
            '{' => {
                found.push(Piece::Text(std::mem::take(&mut plain)));
                found.push(Piece::Object(members(text)));
                continue;
            }
            '"' | '\'' | '`' => {
                plain.push(next);
                literal(text, next, &mut plain);
                continue;
            }
            '(' | '[' | '<' => depth += 1,
            '>' if plain.ends_with('=') => {}
            ')' | ']' | '>' => depth -= 1,
            _ => {}
        }
        plain.push(next);
    }
    found.push(Piece::Text(plain));
    found
}

/// Reads the rest of a string literal.
fn literal(text: &mut Peekable<Chars<'_>>, quote: char, into: &mut String) {
    let mut escaped = false;
    for next in text.by_ref() {
        into.push(next);
        if next == quote && !escaped {
            break;
        }
        escaped = next == '\\' && !escaped;
    }
}

/// Reads the properties of an object, and the brace that ends it.
fn members(text: &mut Peekable<Chars<'_>>) -> Vec<Member> {
    let mut found = Vec::new();
    let mut docs = Vec::new();
    loop {
        while text.next_if(|next| next.is_whitespace() || ",;".contains(*next)).is_some() {}
        match text.peek() {
            None => break,
            Some('}') => {
                text.next();
                break;
            }
            Some('/') => docs = comment(text),
            Some(_) => {
                let docs = std::mem::take(&mut docs);
                let key = write(&pieces(text, ":,;}"), PropertyNaming::AsIs, "", false);
                let value = text.next_if_eq(&':').map(|_| pieces(text, ",;}"));
                found.push(Member { docs, key: key.trim().to_owned(), value });
            }
        }
    }
    found
}

/// Reads a comment.
fn comment(text: &mut Peekable<Chars<'_>>) -> Vec<String> {
    let mut comment = String::new();
    for next in text.by_ref() {
        comment.push(next);
        if comment.len() > 3 && comment.ends_with("*/") {
            break;
        }
    }
    lines(&comment)
}

/// `whole`: it is a declaration, and gets lines if it is a single object.
fn write(pieces: &[Piece], naming: PropertyNaming, indent: &str, whole: bool) -> String {
    let blank = |piece: &&Piece| matches!(piece, Piece::Text(text) if text.trim().is_empty());
    let alone = whole && pieces.iter().filter(|piece| !blank(piece)).count() == 1;
    let text: String = pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Object(members) => object(members, naming, indent, alone),
        })
        .collect();
    text.trim().to_owned()
}

fn object(members: &[Member], naming: PropertyNaming, indent: &str, lines: bool) -> String {
    let mapped = |member: &Member| member.key.starts_with('[');
    let lines = lines && !members.iter().any(mapped);
    if members.is_empty() {
        return "Record<string, never>".to_owned();
    }
    let inner = format!("{indent}  ");
    let write = |member: &Member| {
        let Member { key, value, .. } = member;
        let value = value.as_ref().map(|value| write(value, naming, &inner, false));
        value.map_or_else(|| key.clone(), |value| format!("{}: {value}", spelled(key, naming)))
    };
    if lines || members.iter().any(|member| !member.docs.is_empty()) {
        let members = members.iter().map(|member| {
            format!("{}{inner}{};\n", documented(&member.docs, &inner), write(member))
        });
        format!("{{\n{}{indent}}}", members.collect::<String>())
    } else {
        format!("{{ {} }}", members.iter().map(write).collect::<Vec<_>>().join("; "))
    }
}

/// A property as it is named on the wire. What is in quotes is no field of Rust.
fn spelled(key: &str, naming: PropertyNaming) -> String {
    let (name, missing) = key.strip_suffix('?').map_or((key, ""), |name| (name, "?"));
    if is_identifier(name) {
        let mut spelled = String::new();
        naming.spell(name, |piece| spelled.push_str(piece));
        spelled + missing
    } else {
        key.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(text: &str) -> String {
        declaration(text, PropertyNaming::CamelCase)
    }

    #[test]
    fn an_object_gets_lines_and_the_spelling_of_the_wire() {
        let text = "type Page<T> = { \n/**\n * All of\n *\n * them.\n */\nall_items: Array<T>, \"x-y\"?: [number, Map<A, B>] | null, of: { a_b: { c_d: \"e_f: g, }\", }, }, };";
        let expected = "type Page<T> = {\n  /**\n   * All of\n   *\n   * them.\n   */\n  allItems: Array<T>;\n  \"x-y\"?: [number, Map<A, B>] | null;\n  of: { aB: { cD: \"e_f: g, }\" } };\n};";
        assert_eq!(declared(text), expected);
        assert!(declaration(text, PropertyNaming::AsIs).contains("all_items: "));
    }

    #[test]
    fn variants_stay_as_they_are() {
        for (text, expected) in [
            (
                "type A = \"x_y\" | { \"Up_Down\": { a_b: number, } };",
                "type A = \"x_y\" | { \"Up_Down\": { aB: number } };",
            ),
            (
                "type B = { \"t\": \"a_b\", \"c\": Array<{ x: 1, }> } | null;",
                "type B = { \"t\": \"a_b\"; \"c\": Array<{ x: 1 }> } | null;",
            ),
            ("type C = { [key in string]?: D };", "type C = { [key in string]?: D };"),
            (
                "type E = (a: string, b?: () => void) => { x: 1 };",
                "type E = (a: string, b?: () => void) => { x: 1 };",
            ),
            ("type F = {  };", "type F = Record<string, never>;"),
            ("enum G { A = 1, B = 2 }", "enum G { A = 1, B = 2 }"),
        ] {
            assert_eq!(declared(text), expected);
        }
        let documented = "type H = { \"A\": { \n/**\n * Doc.\n */\nb: number, } } | \"I\";";
        let expected = "type H = { \"A\": {\n    /** Doc. */\n    b: number;\n  } } | \"I\";";
        assert_eq!(declared(documented), expected);
    }

    #[test]
    fn broken_text_does_no_harm() {
        for text in
            ["type A = { b: {", "type A = { \"", "type A = { b } }", "type A = /* {", "{ /* ", "}"]
        {
            let _ = declared(text);
            let _ = reference(text, PropertyNaming::CamelCase);
        }
    }

    #[test]
    fn names_are_such_as_typescript_takes() {
        assert_eq!(parameter("from", 0), "from");
        assert_eq!(parameter("default", 0), "default_");
        assert_eq!(parameter("", 1), "argument2");
        assert_eq!(property("SendMessage"), "SendMessage");
        assert_eq!(property("say-it"), "\"say-it\"");
    }

    #[test]
    fn comments_end_where_they_should() {
        assert_eq!(documented(&[" a */ b".to_owned()], ""), "/** a *\\/ b */\n");
        assert_eq!(documented(&[], "  "), "");
        for (line, expected) in [
            ("[a](x::y) [b](https://c) [[d](e::f)]", "a [b](https://c) [d]"),
            ("[a] [`b`](", "[a] [`b`]("),
        ] {
            assert_eq!(without_paths(line), expected);
        }
    }
}
