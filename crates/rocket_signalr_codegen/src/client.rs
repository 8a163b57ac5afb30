//! `#[hub_client]`

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, FnArg, Ident, ItemTrait, Pat, Result, ReturnType, TraitItem, TraitItemFn};

use crate::{
    describe,
    naming::{camel_case, take_name},
};

pub(crate) fn expand(item: &ItemTrait) -> Result<TokenStream> {
    if !item.generics.params.is_empty() {
        return Err(Error::new_spanned(&item.generics, "the clients of a hub have no generics"));
    }
    let mut methods = Vec::new();
    let mut errors = None::<Error>;
    for member in &item.items {
        let method = match member {
            TraitItem::Fn(method) => expand_method(method),
            other => Err(Error::new_spanned(other, "clients have methods and nothing else")),
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

    let ItemTrait { attrs, vis, ident, .. } = item;
    let descriptions: Vec<_> = methods.iter().map(|method| method.description.clone()).collect();
    let describe = describe::member(&descriptions);
    let (asks, sends): (Vec<_>, Vec<_>) = methods.into_iter().partition(|method| method.asks);
    let asks = asks.into_iter().map(|method| method.tokens);
    let sends = sends.into_iter().map(|method| method.tokens);
    Ok(quote! {
        #(#attrs)*
        #[derive(Clone, Debug)]
        #vis struct #ident<S = ::rocket_signalr::Many> {
            proxy: ::rocket_signalr::ClientProxy,
            selection: ::core::marker::PhantomData<fn() -> S>,
        }

        #[automatically_derived]
        impl ::rocket_signalr::HubClient for #ident {
            type Single = #ident<::rocket_signalr::Single>;

            fn many(proxy: ::rocket_signalr::ClientProxy) -> Self {
                Self { proxy, selection: ::core::marker::PhantomData }
            }

            fn single(proxy: ::rocket_signalr::ClientProxy) -> Self::Single {
                #ident { proxy, selection: ::core::marker::PhantomData }
            }

            #describe
        }

        impl<S> #ident<S> {
            /// Only the newest of what is sent under this key counts: a client that is slow gets it
            /// in the place of those that still wait for it.
            #[must_use]
            #[allow(dead_code)]
            pub fn newest(self, key: &str) -> Self {
                Self { proxy: self.proxy.newest(key), ..self }
            }

            #(#sends)*
        }

        impl #ident<::rocket_signalr::Single> {
            #(#asks)*
        }
    })
}

/// A method of clients.
struct Method {
    tokens: TokenStream,
    /// What it is in TypeScript.
    description: TokenStream,
    /// It returns a result, so only a single client can be asked.
    asks: bool,
}

fn expand_method(method: &TraitItemFn) -> Result<Method> {
    let mut attributes = method.attrs.clone();
    let name = take_name(&mut attributes)?;
    let signature = &method.sig;
    if signature.asyncness.is_none() {
        return Err(Error::new_spanned(signature.fn_token, "what clients are sent is `async fn`"));
    }
    if method.default.is_some() {
        return Err(Error::new_spanned(&method.default, "the body is made by #[hub_client]"));
    }
    if !signature.generics.params.is_empty() {
        return Err(Error::new_spanned(&signature.generics, "a method of clients has no generics"));
    }
    let mut inputs = signature.inputs.iter();
    if !matches!(inputs.next(), Some(FnArg::Receiver(this)) if this.reference.is_some()) {
        return Err(Error::new_spanned(signature, "a method of clients takes `&self`"));
    }
    let inputs: Vec<_> = inputs.collect();
    let names = inputs.iter().map(|input| argument_name(input)).collect::<Result<Vec<_>>>()?;

    let ident = &signature.ident;
    let target = name.unwrap_or_else(|| camel_case(&ident.to_string()));
    // An empty tuple would be written as null, an empty array is an empty list.
    let arguments = if names.is_empty() {
        quote!({
            let none: [(); 0] = [];
            none
        })
    } else {
        quote!((#(#names,)*))
    };
    let (call, result, error) = match &signature.output {
        ReturnType::Default => (quote!(send), quote!(()), quote!(SendError)),
        ReturnType::Type(_, ty) => (quote!(invoke), quote!(#ty), quote!(HubError)),
    };
    let tokens = quote! {
        #(#attributes)*
        pub async fn #ident(
            &self,
            #(#inputs),*
        ) -> ::core::result::Result<#result, ::rocket_signalr::#error> {
            self.proxy.#call(#target, &#arguments).await
        }
    };
    let mut parts = Vec::new();
    for input in &inputs {
        if let FnArg::Typed(typed) = input {
            let argument = describe::argument_name(input);
            let ty = describe::name_of(&describe::named(&typed.ty));
            parts.push(quote!(let ty = #ty; face.argument(#argument, ty);));
        }
    }
    if let ReturnType::Type(_, ty) = &signature.output {
        let ty = describe::name_of(&describe::named(ty));
        parts.push(quote!(let ty = #ty; face.result(ty);));
    }
    let description = describe::method(&attributes, &target, &parts);
    Ok(Method { tokens, description, asks: !matches!(signature.output, ReturnType::Default) })
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
