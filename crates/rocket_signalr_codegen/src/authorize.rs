//! `authorize`, `authorize(role = "admin")`, `authorize(policy = "owner")`

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Error, LitStr, Meta, Result};

/// Takes `#[authorize]` out of the attributes of a method: the expression for its table entry.
pub(crate) fn take_authorize(attributes: &mut Vec<Attribute>) -> Result<TokenStream> {
    match attributes.iter().position(|a| a.path().is_ident("authorize")) {
        Some(index) => authorize(&attributes.remove(index).meta),
        None => Ok(quote!(::core::option::Option::None)),
    }
}

/// The expression for what an `authorize` asks.
pub(crate) fn authorize(meta: &Meta) -> Result<TokenStream> {
    let mut roles = Vec::new();
    let mut policy = None;
    match meta {
        Meta::Path(_) => {}
        Meta::List(list) => list.parse_nested_meta(|setting| {
            if setting.path.is_ident("role") {
                // Any of several, as in ASP.NET: "admin,owner".
                let text = setting.value()?.parse::<LitStr>()?.value();
                roles.extend(text.split(',').map(|role| role.trim().to_owned()));
            } else if setting.path.is_ident("policy") {
                policy = Some(setting.value()?.parse::<LitStr>()?);
            } else {
                return Err(setting.error("it asks for a `role` or a `policy`"));
            }
            Ok(())
        })?,
        Meta::NameValue(other) => {
            return Err(Error::new_spanned(other, "write it as authorize(role = \"…\")"));
        }
    }
    let policy = match policy {
        Some(policy) => quote!(::core::option::Option::Some(#policy)),
        None => quote!(::core::option::Option::None),
    };
    Ok(quote! {
        ::core::option::Option::Some(::rocket_signalr::Authorize {
            roles: &[#(#roles),*],
            policy: #policy,
        })
    })
}
