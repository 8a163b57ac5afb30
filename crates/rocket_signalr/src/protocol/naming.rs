//! How the properties of payload objects are named on the wire.

use serde::Deserialize;

/// How the names of properties are spelled in JSON that the server writes: the
/// `PropertyNamingPolicy` of ASP.NET's `PayloadSerializerOptions`.
///
/// It concerns the fields of structs and of enum variants, as serde knows them; the keys of maps
/// are data and stay as they are. When names are read, case and underscores do not matter,
/// whichever of the two is chosen.
///
/// serde hides from an encoding what it handles as a map or reads through a buffer. So a struct that
/// flattens one of its fields is written and read as serde spells it; and untagged enums, enums with
/// their tag beside the content, and what is flattened are read only as serde spells them. Such
/// types are best given `#[serde(rename_all = "camelCase")]` (enums `rename_all_fields`), which
/// agrees with both.
///
/// MessagePack knows no such choice: names are written as they are.
///
/// ```
/// use rocket_signalr::{HubOptions, PropertyNaming};
///
/// let options = HubOptions { property_naming: PropertyNaming::AsIs, ..HubOptions::default() };
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Deserialize)]
pub enum PropertyNaming {
    /// `known_as` and `KnownAs` are written as `knownAs`, `URL` as `url`, as ASP.NET does.
    #[default]
    CamelCase,
    /// As serde gives them.
    AsIs,
}

impl PropertyNaming {
    /// Hands over `name` in this spelling, in pieces that stand one behind the other.
    pub(crate) fn spell(self, name: &str, mut push: impl FnMut(&str)) {
        if self == Self::AsIs || is_camel_case(name) {
            push(name);
        } else {
            camel_case(name, push);
        }
    }
}

/// Whether there is nothing to be changed, as with most names.
fn is_camel_case(name: &str) -> bool {
    !name.contains('_') && !name.starts_with(char::is_uppercase)
}

/// Hands over `name` in camel case, in pieces.
///
/// Words are told apart by underscores; those that lead are kept, for names such as `_id`. The
/// first word follows .NET's `JsonNamingPolicy.CamelCase`: its capitals become small, but not the
/// last of several, if a small letter follows it (`URLText` is `urlText`). Each further one gets a
/// capital, as serde's `rename_all` has it.
fn camel_case(name: &str, mut push: impl FnMut(&str)) {
    let rest = name.trim_start_matches('_');
    let leading = name.len() - rest.len();
    let (first, others) = rest.split_once('_').unwrap_or((rest, ""));
    let capitals = if leading == 0 { capitals(first) } else { 0 };
    name[..capitals].chars().for_each(|capital| push(small(capital).encode_utf8(&mut [0; 4])));
    push(&name[capitals..leading + first.len()]);
    for word in others.split('_') {
        let mut characters = word.chars();
        if let Some(initial) = characters.next() {
            push(capital(initial).encode_utf8(&mut [0; 4]));
            push(characters.as_str());
        }
    }
}

/// How many bytes of a first word become small.
fn capitals(word: &str) -> usize {
    let others = word.trim_start_matches(char::is_uppercase);
    let capitals = &word[..word.len() - others.len()];
    match capitals.char_indices().next_back() {
        Some((last @ 1.., _)) if !others.is_empty() => last,
        _ => capitals.len(),
    }
}

/// The small letter, if it is a single one.
fn small(character: char) -> char {
    only(character.to_lowercase()).unwrap_or(character)
}

fn capital(character: char) -> char {
    only(character.to_uppercase()).unwrap_or(character)
}

fn only(mut characters: impl Iterator<Item = char>) -> Option<char> {
    characters.next().filter(|_| characters.next().is_none())
}

/// The one of `fields` that is meant by `name`: the same, or else the first that differs only in
/// case and underscores. `name` itself if there is none.
pub(super) fn field<'a>(fields: &[&'a str], name: &'a str) -> &'a str {
    if fields.contains(&name) {
        return name;
    }
    fields.iter().find(|field| is_same(field, name)).copied().unwrap_or(name)
}

fn is_same(field: &str, name: &str) -> bool {
    if field.is_ascii() && name.is_ascii() {
        ascii_letters(field).eq(ascii_letters(name))
    } else {
        letters(field).eq(letters(name))
    }
}

fn ascii_letters(text: &str) -> impl Iterator<Item = u8> {
    text.bytes().filter(|byte| *byte != b'_').map(|byte| byte.to_ascii_lowercase())
}

fn letters(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|character| *character != '_').flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests;
