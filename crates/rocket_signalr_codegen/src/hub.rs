//! `#[hub]`

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{
    Error, Ident, ImplItem, ImplItemFn, Item, Meta, Result, Token, Type,
    ext::IdentExt,
    parse::{Parse, ParseStream},
    punctuated::Punctuated,
};

use crate::{
    authorize::authorize,
    describe,
    errors::Errors,
    event::event,
    marks::Marks,
    method::Method,
    source::{conditions, place},
    types,
};

/// `client = ChatClient`, `authorize`, `authorize(role = "admin")`, or nothing.
#[derive(Default)]
pub(crate) struct Arguments {
    client: Option<Type>,
    authorize: Option<TokenStream>,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut arguments = Self::default();
        for (name, setting) in Punctuated::<_, Token![,]>::parse_terminated_with(input, setting)? {
            let again = match setting {
                Setting::Client(client) => arguments.client.replace(client).is_some(),
                Setting::Authorize(meta) => {
                    arguments.authorize.replace(authorize(&meta)?).is_some()
                }
            };
            if again {
                return Err(Error::new(name.span(), "it stands there already"));
            }
        }
        Ok(arguments)
    }
}

enum Setting {
    Client(Type),
    Authorize(Meta),
}

fn setting(input: ParseStream<'_>) -> Result<(Ident, Setting)> {
    let name: Ident = input.fork().parse()?;
    let setting = if name == "client" {
        input.parse::<Ident>()?;
        input.parse::<Token![=]>()?;
        Setting::Client(input.parse()?)
    } else if name == "authorize" {
        Setting::Authorize(input.parse()?)
    } else {
        let text = "a hub's settings are `client = …` and `authorize`";
        return Err(Error::new(name.span(), text));
    };
    Ok((name, setting))
}

/// The block, and the hub made of it. What is wrong is left out and told, so that the compiler does
/// not complain of the rest too.
pub(crate) fn expand(arguments: Result<Arguments>, item: Item) -> TokenStream {
    let mut item = match item {
        Item::Impl(item) if item.trait_.is_none() => item,
        other => {
            let text = "#[hub] stands before `impl Hub { … }`";
            let error = Error::new(Span::call_site(), text).into_compile_error();
            return quote!(#other #error);
        }
    };
    let mut errors = Errors::default();
    let arguments = errors.sift(arguments).unwrap_or_default();
    let mut expanded = Expanded::default();
    for member in &mut item.items {
        if let ImplItem::Fn(method) = member {
            errors.sift(expanded.add(method));
        }
    }
    let errors = errors.into_tokens();

    let hub = &item.self_ty;
    let (generics, _, bounds) = item.generics.split_for_impl();
    let at = place(hub);
    let header = quote_spanned!(at=> impl #generics ::rocket_signalr::Hub for #hub #bounds);
    let client = match &arguments.client {
        Some(client) => quote!(#client),
        None => quote!(::rocket_signalr::NoClient),
    };
    let name = types::last_ident(hub).map(|name| name.unraw().to_string()).unwrap_or_default();
    let authorize = arguments.authorize.as_ref().map(|authorize| {
        quote! {
            const AUTHORIZE: ::core::option::Option<::rocket_signalr::Authorize> =
                ::core::option::Option::Some(#authorize);
        }
    });
    let Expanded { methods, events, descriptions, .. } = &expanded;
    let describe = describe::member(descriptions);
    quote! {
        #item

        #[automatically_derived]
        #[allow(deprecated)]
        #header {
            type Client = #client;

            const NAME: &'static str = #name;

            #authorize

            fn methods() -> &'static [::rocket_signalr::__private::HubMethod<Self>] {
                const { &[#(#methods),*] }
            }

            #(#events)*

            #describe
        }

        #errors
    }
}

#[derive(Default)]
struct Expanded {
    /// The entries of the method table.
    methods: Vec<TokenStream>,
    /// `on_connected` and `on_disconnected` of the trait.
    events: Vec<TokenStream>,
    /// What the methods are in TypeScript.
    descriptions: Vec<TokenStream>,
    /// In small letters, and whether the method is there on a condition only.
    names: Vec<(String, bool)>,
}

impl Expanded {
    fn add(&mut self, method: &mut ImplItemFn) -> Result<()> {
        let marks = Marks::take(&mut method.attrs, &mut method.sig)?;
        if marks.skip {
            return Ok(());
        }
        if let Some(event) = event(&marks, method) {
            self.events.push(event?);
            return Ok(());
        }
        let Method { name, entry, description } = Method::new(marks, method)?;
        let lower = name.to_lowercase();
        // Of two with conditions there may be only one.
        let conditional = conditions(&method.attrs).next().is_some();
        if self.names.iter().any(|(other, c)| *other == lower && !(*c && conditional)) {
            let text =
                format!("clients call methods without regard to case, and `{name}` is taken");
            return Err(Error::new(method.sig.ident.span(), text));
        }
        self.names.push((lower, conditional));
        self.methods.push(entry);
        self.descriptions.push(description);
        Ok(())
    }
}
