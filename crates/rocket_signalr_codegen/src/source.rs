//! What is passed on from the source as it stands there.

use proc_macro2::Span;
use syn::{Attribute, spanned::Spanned};

/// The `#[cfg]` of a method: what is made of it has the same conditions.
pub(crate) fn conditions(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"))
}

/// Where it stands in the source, for the compiler's errors; still known as made by a macro.
pub(crate) fn place(of: &impl Spanned) -> Span {
    of.span().resolved_at(Span::call_site())
}
