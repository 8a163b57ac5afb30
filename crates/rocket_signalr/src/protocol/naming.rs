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
    /// Calls `write` with `name` in this spelling. Only very long names take memory for that.
    pub(crate) fn spell<R>(self, name: &str, write: impl FnOnce(&str) -> R) -> R {
        if self == Self::AsIs || is_camel_case(name) {
            return write(name);
        }
        let mut short = Short { bytes: [0; 64], length: 0 };
        if camel_case(name, |character| short.push(character)).is_some() {
            return write(short.as_str());
        }
        let mut long = String::with_capacity(name.len());
        let _ = camel_case(name, |character| {
            long.push(character);
            Some(())
        });
        write(&long)
    }
}

/// Whether there is nothing to be changed, as with most names.
fn is_camel_case(name: &str) -> bool {
    !name.contains('_') && !name.starts_with(char::is_uppercase)
}

/// Hands over the characters of `name` in camel case, until `push` takes no more.
///
/// Words are told apart by underscores; those that lead are kept, for names such as `_id`. The
/// first word follows .NET's `JsonNamingPolicy.CamelCase`: its capitals become small, but not the
/// last of several, if a small letter follows it (`URLText` is `urlText`). Each further one gets a
/// capital, as serde's `rename_all` has it.
fn camel_case(name: &str, mut push: impl FnMut(char) -> Option<()>) -> Option<()> {
    let rest = name.trim_start_matches('_');
    name.chars().take(name.len() - rest.len()).try_for_each(&mut push)?;
    let mut words = rest.split('_').filter(|word| !word.is_empty());

    let mut capitals = rest.len() == name.len();
    let mut first = words.next().unwrap_or_default().chars().enumerate().peekable();
    while let Some((index, character)) = first.next() {
        let ends_capitals = first.peek().is_some_and(|(_, next)| !next.is_uppercase());
        capitals &= character.is_uppercase() && !(index > 0 && ends_capitals);
        push(if capitals { small(character) } else { character })?;
    }
    for word in words {
        let mut characters = word.chars();
        characters.next().map_or(Some(()), |initial| push(capital(initial)))?;
        characters.try_for_each(&mut push)?;
    }
    Some(())
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

/// A name that fits on the stack.
struct Short {
    bytes: [u8; 64],
    length: usize,
}

impl Short {
    fn push(&mut self, character: char) -> Option<()> {
        let end = self.length + character.len_utf8();
        character.encode_utf8(self.bytes.get_mut(self.length..end)?);
        self.length = end;
        Some(())
    }

    fn as_str(&self) -> &str {
        self.bytes.get(..self.length).and_then(|name| str::from_utf8(name).ok()).unwrap_or_default()
    }
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
