//! Types as they are written: the attributes see no more of them.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{GenericArgument, Ident, PathArguments, Type};

/// `Caller` of `rocket_signalr::Caller<Self>`
pub(crate) fn last_ident(ty: &Type) -> Option<&Ident> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|segment| &segment.ident),
        _ => None,
    }
}

pub(crate) fn is(ty: &Type, name: &str) -> bool {
    last_ident(ty).is_some_and(|ident| ident == name)
}

/// The types between the angle brackets of a type.
pub(crate) fn arguments(ty: &Type) -> impl Iterator<Item = &Type> {
    let segment = match ty {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    };
    let arguments = segment.and_then(|segment| match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => Some(arguments.args.iter()),
        PathArguments::None | PathArguments::Parenthesized(_) => None,
    });
    arguments.into_iter().flatten().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// The type where one has to be named: errors of the compiler then point at it. `_` if it is not
/// told or has no name.
pub(crate) fn or_inferred(ty: Option<&Type>) -> TokenStream {
    match ty {
        Some(ty) if !has_impl(ty) => ty.to_token_stream(),
        _ => quote!(_),
    }
}

/// Whether `impl Trait` is somewhere in it.
pub(crate) fn has_impl(ty: &Type) -> bool {
    any_token(ty.to_token_stream(), |token| matches!(token, TokenTree::Ident(i) if i == "impl"))
}

/// Whether a reference is somewhere in it.
pub(crate) fn has_reference(ty: &Type) -> bool {
    any_token(ty.to_token_stream(), |t| matches!(t, TokenTree::Punct(p) if p.as_char() == '&'))
}

fn any_token(tokens: TokenStream, is_it: fn(&TokenTree) -> bool) -> bool {
    tokens.into_iter().any(|token| match &token {
        TokenTree::Group(group) => any_token(group.stream(), is_it),
        token => is_it(token),
    })
}
