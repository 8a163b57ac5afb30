//! How Rust names become those on the wire.

use syn::{Ident, ext::IdentExt};

/// `send_message` → `SendMessage`, `r#move` → `Move`
pub(crate) fn pascal_case(name: &Ident) -> String {
    let name = name.unraw().to_string();
    let words = name.split('_').map(|word| initial(word, char::to_uppercase));
    words.collect()
}

/// `view_count_update` → `viewCountUpdate`, `r#type` → `type`
pub(crate) fn camel_case(name: &Ident) -> String {
    initial(&pascal_case(name), char::to_lowercase)
}

fn initial<C: Iterator<Item = char>>(word: &str, spell: fn(char) -> C) -> String {
    let mut letters = word.chars();
    letters.next().map(spell).into_iter().flatten().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use proc_macro2::Span;

    use super::*;

    #[test]
    fn names_are_respelled() {
        let pascal = |name| pascal_case(&Ident::new(name, Span::call_site()));
        let camel = |name| camel_case(&Ident::new(name, Span::call_site()));
        assert_eq!(pascal("send_message"), "SendMessage");
        assert_eq!(pascal("join3"), "Join3");
        assert_eq!(pascal("_übung"), "Übung");
        assert_eq!(camel("view_count_update"), "viewCountUpdate");
        assert_eq!(camel("received"), "received");
    }

    #[test]
    fn raw_names_lose_their_mark() {
        let raw = |name| Ident::new_raw(name, Span::call_site());
        assert_eq!(pascal_case(&raw("move")), "Move");
        assert_eq!(camel_case(&raw("type")), "type");
    }
}
