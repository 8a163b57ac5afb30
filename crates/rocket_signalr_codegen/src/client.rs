//! `#[hub_client]`

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{
    Error, FnArg, Item, ItemTrait, Pat, PatIdent, Result, ReturnType, Signature, TraitItem,
    TraitItemFn, Type, parse::Nothing,
};

use crate::{
    describe, errors::Errors, marks::Marks, naming::camel_case, output::is_result, source::place,
    types,
};

/// The type of clients made of a trait. What is wrong is left out and told, so that the compiler
/// does not complain of the rest too.
pub(crate) fn expand(arguments: Result<Nothing>, item: Item) -> TokenStream {
    let item = match item {
        Item::Trait(item) => item,
        other => {
            let text = "#[hub_client] stands before `trait Client { … }`";
            let error = Error::new(Span::call_site(), text).into_compile_error();
            return quote!(#other #error);
        }
    };
    let mut errors = Errors::default();
    errors.sift(arguments);
    errors.sift(plain(&item));
    let methods = item.items.iter().filter_map(|member| {
        errors.sift(match member {
            TraitItem::Fn(method) => expand_method(method),
            other => Err(Error::new_spanned(other, "clients have methods and nothing else")),
        })
    });
    let methods: Vec<_> = methods.collect();
    let errors = errors.into_tokens();

    let ItemTrait { attrs, vis, ident, .. } = &item;
    let descriptions: Vec<_> = methods.iter().map(|method| method.description.clone()).collect();
    let describe = describe::member(&descriptions);
    let (asks, sends): (Vec<_>, Vec<_>) = methods.into_iter().partition(|method| method.asks);
    let asks = asks.into_iter().map(|method| method.tokens);
    let sends = sends.into_iter().map(|method| method.tokens);
    quote! {
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

        #errors
    }
}

/// The trait is a list of methods and nothing else.
fn plain(item: &ItemTrait) -> Result<()> {
    if !item.generics.params.is_empty() {
        return Err(Error::new_spanned(&item.generics, "the clients of a hub have no generics"));
    }
    if let Some(bounds) = &item.generics.where_clause {
        return Err(Error::new_spanned(bounds, "the clients of a hub have no bounds"));
    }
    if !item.supertraits.is_empty() {
        let text = "the methods of clients stand in one trait";
        return Err(Error::new_spanned(&item.supertraits, text));
    }
    Ok(())
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
    let mut method = method.clone();
    let marks = Marks::take(&mut method.attrs, &mut method.sig)?;
    if marks.skip || marks.authorize.is_some() || marks.optional.contains(&true) {
        let text = "of #[hub]'s attributes, it can have #[name]";
        return Err(Error::new(method.sig.ident.span(), text));
    }
    if method.default.is_some() {
        return Err(Error::new_spanned(&method.default, "the body is made by #[hub_client]"));
    }
    let arguments = arguments(&method.sig)?;
    let asked = match &method.sig.output {
        ReturnType::Default => None,
        ReturnType::Type(_, ty) => Some(asked(ty)?),
    };

    let attributes = &method.attrs;
    let ident = &method.sig.ident;
    let at = place(ident);
    let target = marks.name.unwrap_or_else(|| camel_case(ident));
    let values = arguments.iter().map(|(pattern, ty)| {
        let name = &pattern.ident;
        // With its type, at which errors of the compiler point then.
        let argument = types::or_inferred(Some(ty));
        quote_spanned!(at=> ::rocket_signalr::__private::argument::<#argument>(#name))
    });
    // An empty tuple would be written as null, an empty array is an empty list.
    let values = if arguments.is_empty() {
        quote!({
            let none: [(); 0] = [];
            none
        })
    } else {
        quote_spanned!(at=> (#(#values,)*))
    };
    let (call, result, error) = match asked {
        None => (quote_spanned!(at=> send), quote!(()), quote!(SendError)),
        Some(ty) => {
            let value = types::or_inferred(Some(ty));
            (quote_spanned!(at=> invoke::<_, #value>), quote!(#ty), quote!(HubError))
        }
    };
    let inputs = arguments.iter().map(|(pattern, ty)| quote!(#pattern: #ty));
    let tokens = quote_spanned! {at=>
        #(#attributes)*
        pub async fn #ident(
            &self,
            #(#inputs),*
        ) -> ::core::result::Result<#result, ::rocket_signalr::#error> {
            self.proxy.#call(#target, &#values).await
        }
    };

    let mut parts = Vec::new();
    for (pattern, ty) in &arguments {
        let argument = camel_case(&pattern.ident);
        let ty = describe::name_of(&describe::named(ty));
        parts.push(quote!(let ty = #ty; face.argument(#argument, ty);));
    }
    if let Some(ty) = asked {
        let ty = describe::name_of(&describe::named(ty));
        parts.push(quote!(let ty = #ty; face.result(ty);));
    }
    let description = describe::method(attributes, &target, &parts);
    Ok(Method { tokens, description, asks: asked.is_some() })
}

/// The arguments of a method of clients.
fn arguments(signature: &Signature) -> Result<Vec<(&PatIdent, &Type)>> {
    if signature.asyncness.is_none() {
        return Err(Error::new_spanned(signature.fn_token, "what clients are sent is `async fn`"));
    }
    if !signature.generics.params.is_empty() {
        return Err(Error::new_spanned(&signature.generics, "a method of clients has no generics"));
    }
    if signature.ident == "newest" {
        let text = "every client has a method of this name; another one can be sent as \
                    #[name = \"newest\"]";
        return Err(Error::new(signature.ident.span(), text));
    }
    match signature.receiver() {
        Some(this) if this.reference.is_some() && this.mutability.is_none() => {}
        Some(this) => return Err(Error::new_spanned(this, "a method of clients takes `&self`")),
        None => {
            return Err(Error::new(signature.ident.span(), "a method of clients takes `&self`"));
        }
    }
    let typed = signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    });
    typed
        .map(|typed| match &*typed.pat {
            Pat::Ident(pattern) => Ok((pattern, &*typed.ty)),
            other => Err(Error::new_spanned(other, "an argument has a name")),
        })
        .collect()
}

/// The type of what a client is asked for.
fn asked(ty: &Type) -> Result<&Type> {
    if is_result(ty) {
        let text = "the type of the value alone; the method returns a `Result` of it";
        return Err(Error::new_spanned(ty, text));
    }
    if types::has_reference(ty) || types::has_impl(ty) {
        let text = "what a client answers is owned, and its type has a name";
        return Err(Error::new_spanned(ty, text));
    }
    Ok(ty)
}
