//! What methods are in TypeScript: code that tells it to a `Face`. It is there only if the library
//! has its feature `typescript`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Expr, Meta, Pat, Type};

use crate::{naming::camel_case, source::conditions, types};

/// A member of `impl Hub` or `impl HubClient`, of what [`method`] made for each method.
pub(crate) fn member(methods: &[TokenStream]) -> TokenStream {
    let body = (!methods.is_empty()).then(|| {
        quote! {
            use ::rocket_signalr::__private::{Known as _, Unknown as _};
            #(#methods)*
        }
    });
    quote! {
        ::rocket_signalr::__private::if_typescript! {
            #[allow(clippy::all, deprecated, unused_imports, unused_variables)]
            fn describe(face: &mut ::rocket_signalr::__private::Face) {
                #body
            }
        }
    }
}

/// Tells of a method; `parts` are its arguments and its result.
pub(crate) fn method(attributes: &[Attribute], name: &str, parts: &[TokenStream]) -> TokenStream {
    let conditions = conditions(attributes);
    let docs = attributes.iter().filter_map(doc);
    quote! {
        #(#conditions)*
        {
            face.method(#name, &[#(#docs),*]);
            #(#parts)*
        }
    }
}

/// `#[doc = …]`
fn doc(attribute: &Attribute) -> Option<&Expr> {
    match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => Some(&pair.value),
        Meta::Path(_) | Meta::List(_) | Meta::NameValue(_) => None,
    }
}

/// The name of an argument; none if it is taken apart.
pub(crate) fn argument_name(pattern: &Pat) -> String {
    match pattern {
        Pat::Ident(name) => camel_case(&name.ident),
        _ => String::new(),
    }
}

/// The expression for the name of a type.
pub(crate) fn name_of(ty: &impl ToTokens) -> TokenStream {
    quote!((&::rocket_signalr::__private::Probe::<#ty>::NEW).name(face))
}

/// The type of an argument: what is behind references, and a stand-in for what has no name.
pub(crate) fn named(mut ty: &Type) -> TokenStream {
    loop {
        ty = match ty {
            Type::Reference(reference) => &reference.elem,
            Type::Paren(inner) => &inner.elem,
            Type::Group(inner) => &inner.elem,
            _ if types::has_impl(ty) => {
                return quote!(::rocket_signalr::__private::Opaque);
            }
            _ => return ty.to_token_stream(),
        };
    }
}

/// The value type of a type that carries it: a `Result`, an `UploadStream`.
pub(crate) fn carried(ty: &Type) -> TokenStream {
    if types::has_impl(ty) {
        return quote!(::rocket_signalr::__private::Opaque);
    }
    quote!(<#ty as ::rocket_signalr::__private::Carrier>::Value)
}
