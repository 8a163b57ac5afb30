//! `authorize`, `authorize(role = "admin")`, `authorize(policy = "owner")`

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, LitStr, Meta, Result};

/// The expression for what an `authorize` asks.
pub(crate) fn authorize(meta: &Meta) -> Result<TokenStream> {
    let mut roles = Vec::new();
    let mut policy = None;
    match meta {
        Meta::Path(_) => {}
        Meta::List(list) => list.parse_nested_meta(|setting| {
            if setting.path.is_ident("role") {
                let text = setting.value()?.parse::<LitStr>()?;
                if !roles.is_empty() {
                    return Err(
                        setting.error("one of several roles is asked for as \"admin,owner\"")
                    );
                }
                // Any of several, as in ASP.NET.
                roles.extend(text.value().split(',').map(|role| role.trim().to_owned()));
                if roles.iter().any(String::is_empty) {
                    return Err(Error::new(text.span(), "a role has a name"));
                }
            } else if setting.path.is_ident("policy") {
                let text = setting.value()?.parse::<LitStr>()?;
                if policy.replace(text).is_some() {
                    return Err(setting.error("only one policy can be asked for"));
                }
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
        ::rocket_signalr::Authorize {
            roles: &[#(#roles),*],
            policy: #policy,
        }
    })
}
