//! How Rust names become those on the wire.

use syn::{Attribute, Error, Expr, ExprLit, Lit, Meta, Result};

/// `send_message` → `SendMessage`
pub(crate) fn pascal_case(name: &str) -> String {
    name.split('_')
        .flat_map(|word| {
            let mut letters = word.chars();
            letters.next().map(char::to_uppercase).into_iter().flatten().chain(letters)
        })
        .collect()
}

/// `view_count_update` → `viewCountUpdate`
pub(crate) fn camel_case(name: &str) -> String {
    let pascal = pascal_case(name);
    let mut letters = pascal.chars();
    letters.next().map(char::to_lowercase).into_iter().flatten().chain(letters).collect()
}

/// Takes `#[name = "…"]` out of the attributes.
pub(crate) fn take_name(attributes: &mut Vec<Attribute>) -> Result<Option<String>> {
    let Some(index) = attributes.iter().position(|a| a.path().is_ident("name")) else {
        return Ok(None);
    };
    let attribute = attributes.remove(index);
    match &attribute.meta {
        Meta::NameValue(pair) => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) if !text.value().is_empty() => {
                Ok(Some(text.value()))
            }
            other => Err(Error::new_spanned(other, "a name is a string literal that is not empty")),
        },
        other => Err(Error::new_spanned(other, "write it as #[name = \"…\"]")),
    }
}

/// Takes a plain attribute such as `#[skip]` out of the attributes; whether it was there.
pub(crate) fn take_flag(attributes: &mut Vec<Attribute>, name: &str) -> bool {
    let before = attributes.len();
    attributes.retain(|a| !a.path().is_ident(name));
    attributes.len() < before
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_respelled() {
        assert_eq!(pascal_case("send_message"), "SendMessage");
        assert_eq!(pascal_case("join3"), "Join3");
        assert_eq!(camel_case("view_count_update"), "viewCountUpdate");
        assert_eq!(camel_case("received"), "received");
    }
}
