//! `#[hub_client]`

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, FnArg, Ident, ItemTrait, Pat, Result, ReturnType, TraitItem, TraitItemFn};

use crate::naming::{camel_case, take_name};

pub(crate) fn expand(item: &ItemTrait) -> Result<TokenStream> {
    if !item.generics.params.is_empty() {
        return Err(Error::new_spanned(
            &item.generics,
            "the clients of a hub have no generics",
        ));
    }
    let mut methods = Vec::new();
    let mut errors = None::<Error>;
    for member in &item.items {
        let method = match member {
            TraitItem::Fn(method) => expand_method(method),
            other => Err(Error::new_spanned(
                other,
                "clients have methods and nothing else",
            )),
        };
        match (method, &mut errors) {
            (Ok(method), _) => methods.push(method),
            (Err(error), Some(errors)) => errors.combine(error),
            (Err(error), None) => errors = Some(error),
        }
    }
    if let Some(errors) = errors {
        return Err(errors);
    }

    let ItemTrait {
        attrs, vis, ident, ..
    } = item;
    Ok(quote! {
        #(#attrs)*
        #[derive(Clone, Debug)]
        #vis struct #ident(::rocket_signalr::ClientProxy);

        #[automatically_derived]
        impl ::rocket_signalr::HubClient for #ident {
            fn new(proxy: ::rocket_signalr::ClientProxy) -> Self {
                Self(proxy)
            }
        }

        impl #ident {
            #(#methods)*
        }
    })
}

fn expand_method(method: &TraitItemFn) -> Result<TokenStream> {
    let mut attributes = method.attrs.clone();
    let name = take_name(&mut attributes)?;
    let signature = &method.sig;
    if signature.asyncness.is_none() {
        return Err(Error::new_spanned(
            signature.fn_token,
            "what clients are sent is `async fn`",
        ));
    }
    if !matches!(signature.output, ReturnType::Default) {
        return Err(Error::new_spanned(
            &signature.output,
            "clients answer nothing: leave the type out",
        ));
    }
    if method.default.is_some() {
        return Err(Error::new_spanned(
            &method.default,
            "the body is made by #[hub_client]",
        ));
    }
    if !signature.generics.params.is_empty() {
        return Err(Error::new_spanned(
            &signature.generics,
            "a method of clients has no generics",
        ));
    }
    let mut inputs = signature.inputs.iter();
    if !matches!(inputs.next(), Some(FnArg::Receiver(this)) if this.reference.is_some()) {
        return Err(Error::new_spanned(
            signature,
            "a method of clients takes `&self`",
        ));
    }
    let inputs: Vec<_> = inputs.collect();
    let names = inputs
        .iter()
        .map(|input| argument_name(input))
        .collect::<Result<Vec<_>>>()?;

    let ident = &signature.ident;
    let target = name.unwrap_or_else(|| camel_case(&ident.to_string()));
    // An empty tuple would be written as null, an empty array is an empty list.
    let arguments = if names.is_empty() {
        quote!([(); 0])
    } else {
        quote!((#(#names,)*))
    };
    let arguments = if names.is_empty() {
        quote!({ let none: #arguments = []; none })
    } else {
        arguments
    };
    Ok(quote! {
        #(#attributes)*
        pub async fn #ident(&self, #(#inputs),*) -> ::core::result::Result<(), ::rocket_signalr::SendError> {
            self.0.send(#target, &#arguments).await
        }
    })
}

fn argument_name(input: &FnArg) -> Result<&Ident> {
    match input {
        FnArg::Typed(typed) => match &*typed.pat {
            Pat::Ident(name) => Ok(&name.ident),
            other => Err(Error::new_spanned(other, "an argument has a name")),
        },
        FnArg::Receiver(other) => Err(Error::new_spanned(other, "`&self` comes first")),
    }
}
