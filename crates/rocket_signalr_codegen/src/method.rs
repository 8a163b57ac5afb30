//! A hub method: its entry in the method table, and what it is in TypeScript.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{Error, ImplItemFn, Result, ReturnType, Type};

use crate::{
    describe,
    marks::Marks,
    naming::pascal_case,
    output::{Output, is_result},
    parameter::{Kind, Parameter, parameters},
    source::{conditions, place},
    types,
};

pub(crate) struct Method {
    pub(crate) name: String,
    pub(crate) entry: TokenStream,
    pub(crate) description: TokenStream,
}

impl Method {
    pub(crate) fn new(marks: Marks, method: &ImplItemFn) -> Result<Self> {
        let parameters = parameters(&method.sig, &marks.optional)?;
        if let ReturnType::Type(_, ty) = &method.sig.output
            && let Type::Reference(reference) = &**ty
            && reference.lifetime.as_ref().is_none_or(|lifetime| lifetime.ident != "static")
        {
            return Err(Error::new_spanned(ty, "what a hub method returns is owned"));
        }
        let name = marks.name.unwrap_or_else(|| pascal_case(&method.sig.ident));
        if name.is_empty() {
            let text = "no name is left without underscores; #[name = \"…\"] gives it one";
            return Err(Error::new(method.sig.ident.span(), text));
        }
        let entry = entry(&name, method, &parameters, marks.authorize.as_ref());
        let description = description(&name, method, &parameters);
        Ok(Self { name, entry, description })
    }
}

fn entry(
    name: &str,
    method: &ImplItemFn,
    parameters: &[Parameter<'_>],
    authorize: Option<&TokenStream>,
) -> TokenStream {
    let count = |kinds: &[Kind]| parameters.iter().filter(|p| kinds.contains(&p.kind)).count();
    let expected = count(&[Kind::Argument, Kind::Optional]);
    let uploads = count(&[Kind::Upload]);

    let mut bindings = Vec::new();
    let mut values = Vec::new();
    for (index, Parameter { kind, ty, .. }) in parameters.iter().enumerate() {
        let at = place(ty);
        let variable = format_ident!("argument_{index}", span = at);
        // With its type, at which errors of the compiler point then.
        let item = types::or_inferred(types::arguments(ty).next());
        let bound = match kind {
            Kind::Caller => {
                values.push(quote_spanned!(at=> &caller));
                continue;
            }
            Kind::Argument => quote!(binder.argument::<#ty>(#expected)?),
            Kind::Optional => quote!(binder.optional::<#item>()?),
            Kind::Upload => quote!(binder.upload::<#item>()),
        };
        bindings.push(quote!(let #variable: #ty = #bound;));
        values.push(quote!(#variable));
    }

    let streaming = matches!(Output::of(&method.sig.output), Output::Stream { .. });
    let call = call(method, &values);
    let conditions = conditions(&method.attrs);
    let authorize = match authorize {
        Some(authorize) => quote!(::core::option::Option::Some(#authorize)),
        None => quote!(::core::option::Option::None),
    };
    quote! {
        #(#conditions)*
        ::rocket_signalr::__private::HubMethod {
            name: #name,
            streaming: #streaming,
            upload_streams: #uploads,
            authorize: #authorize,
            bind: |mut binder| {
                #(#bindings)*
                binder.finish(#expected)?;
                ::core::result::Result::Ok(#call)
            },
        }
    }
}

/// The call of the method with these values, which begins when its turn comes.
fn call(method: &ImplItemFn, values: &[TokenStream]) -> TokenStream {
    let signature = &method.sig;
    let ident = &signature.ident;
    let at = place(ident);
    let wait = signature.asyncness.map(|_| quote!(.await));
    // By its path: `hub` is an `Arc`, which has methods of its own.
    let result = quote_spanned!(at=> Self::#ident(&hub, #(#values),*) #wait);
    match Output::of(&signature.output) {
        Output::Value { ty, fallible } => {
            let (ty, value) = match ty {
                None => (quote!(()), quote!(::core::result::Result::Ok(result))),
                Some(ty) if fallible => {
                    let value = types::or_inferred(types::arguments(ty).next());
                    (value, hub_result(ty, &quote!(result)))
                }
                Some(_) => (types::or_inferred(ty), quote!(::core::result::Result::Ok(result))),
            };
            quote_spanned! {at=>
                binder.plain::<#ty, _, _>(move |hub, caller| async move {
                    let _ = &caller;
                    let result = #result;
                    #value
                })
            }
        }
        Output::Stream { refusable, item } => {
            let items = match refusable {
                Some(ty) => {
                    let result = hub_result(ty, &result);
                    quote!(#result.map_err(::rocket_signalr::__private::StreamFault::Refused)?)
                }
                None => result,
            };
            let send = match item {
                Some(item) if is_result(item) => {
                    let mut parts = types::arguments(item);
                    let value = types::or_inferred(parts.next());
                    let error = types::or_inferred(parts.next());
                    quote!(try_send_all::<#value, #error, _>)
                }
                item => {
                    let item = types::or_inferred(item);
                    quote!(send_all::<#item, _>)
                }
            };
            quote_spanned! {at=>
                binder.stream(move |hub, caller, sink| async move {
                    let _ = &caller;
                    let items = #items;
                    sink.#send(items).await
                })
            }
        }
    }
}

/// A result of type `ty` with its error as a `HubError`.
pub(crate) fn hub_result(ty: &Type, result: &TokenStream) -> TokenStream {
    let error = types::or_inferred(types::arguments(ty).nth(1));
    quote!(::rocket_signalr::__private::hub_result::<_, #error>(#result))
}

fn description(name: &str, method: &ImplItemFn, parameters: &[Parameter<'_>]) -> TokenStream {
    let mut parts: Vec<_> = parameters
        .iter()
        .filter_map(|Parameter { kind, pattern, ty }| {
            let argument = describe::argument_name(pattern);
            Some(match kind {
                Kind::Caller => return None,
                Kind::Argument => {
                    let ty = describe::name_of(&describe::named(ty));
                    quote!(let ty = #ty; face.argument(#argument, ty);)
                }
                Kind::Optional => {
                    let ty = describe::name_of(&describe::named(ty));
                    quote!(let ty = #ty; face.optional(#argument, ty);)
                }
                Kind::Upload => {
                    let item = describe::name_of(&describe::carried(ty));
                    quote!(let item = #item; face.upload(#argument, &item);)
                }
            })
        })
        .collect();
    let of = |ty: &Type, fallible| {
        let ty = if fallible { describe::carried(ty) } else { describe::named(ty) };
        describe::name_of(&ty)
    };
    match Output::of(&method.sig.output) {
        Output::Value { ty: None, .. } => {}
        Output::Value { ty: Some(ty), fallible } => {
            let ty = of(ty, fallible);
            parts.push(quote!(let ty = #ty; face.result(ty);));
        }
        Output::Stream { item, .. } => {
            let item = match item {
                Some(item) => of(item, is_result(item)),
                None => describe::name_of(&quote!(::rocket_signalr::__private::Opaque)),
            };
            parts.push(quote!(let item = #item; face.stream(item);));
        }
    }
    describe::method(&method.attrs, name, &parts)
}
