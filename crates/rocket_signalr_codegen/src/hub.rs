//! `#[hub]`

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{
    Error, FnArg, GenericArgument, ImplItem, ImplItemFn, ItemImpl, Meta, PathArguments, Result,
    ReturnType, Token, Type, TypeImplTrait, TypeParamBound,
    parse::{Parse, ParseStream},
    punctuated::Punctuated,
};

use crate::{
    authorize::{authorize, take_authorize},
    describe,
    naming::{pascal_case, take_flag, take_name},
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
        for setting in Punctuated::<Setting, Token![,]>::parse_terminated(input)? {
            match setting {
                Setting::Client(client) => arguments.client = Some(client),
                Setting::Authorize(meta) => arguments.authorize = Some(authorize(&meta)?),
            }
        }
        Ok(arguments)
    }
}

enum Setting {
    Client(Type),
    Authorize(Meta),
}

impl Parse for Setting {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let name: syn::Ident = input.fork().parse()?;
        if name == "client" {
            input.parse::<syn::Ident>()?;
            input.parse::<Token![=]>()?;
            return input.parse().map(Self::Client);
        }
        if name == "authorize" {
            return input.parse().map(Self::Authorize);
        }
        Err(Error::new(name.span(), "a hub's settings are `client = …` and `authorize`"))
    }
}

pub(crate) fn expand(arguments: &Arguments, mut item: ItemImpl) -> Result<TokenStream> {
    if let Some((_, path, _)) = &item.trait_ {
        return Err(Error::new_spanned(
            path,
            "#[hub] stands before `impl Hub { … }`, not before a trait",
        ));
    }
    let mut expanded = Expanded::default();
    let mut errors = None::<Error>;
    for member in &mut item.items {
        if let ImplItem::Fn(method) = member
            && let Err(error) = expanded.add(method)
        {
            match &mut errors {
                Some(errors) => errors.combine(error),
                None => errors = Some(error),
            }
        }
    }
    if let Some(errors) = errors {
        return Err(errors);
    }

    let hub = &item.self_ty;
    let (generics, _, bounds) = item.generics.split_for_impl();
    let client = match &arguments.client {
        Some(client) => quote!(#client),
        None => quote!(::rocket_signalr::NoClient),
    };
    let name = last_ident(hub).map(ToString::to_string).unwrap_or_default();
    let authorize = arguments.authorize.as_ref().map(|authorize| {
        quote!(const AUTHORIZE: ::core::option::Option<::rocket_signalr::Authorize> = #authorize;)
    });
    let Expanded { methods, events, descriptions, .. } = &expanded;
    let describe = describe::member(descriptions);
    Ok(quote! {
        #item

        #[automatically_derived]
        impl #generics ::rocket_signalr::Hub for #hub #bounds {
            type Client = #client;

            const NAME: &'static str = #name;

            #authorize

            fn methods() -> &'static [::rocket_signalr::__private::HubMethod<Self>] {
                const { &[#(#methods),*] }
            }

            #(#events)*

            #describe
        }
    })
}

#[derive(Default)]
struct Expanded {
    /// The entries of the method table.
    methods: Vec<TokenStream>,
    /// `on_connected` and `on_disconnected` of the trait.
    events: Vec<TokenStream>,
    /// What the methods are in TypeScript.
    descriptions: Vec<TokenStream>,
    names: Vec<String>,
}

impl Expanded {
    fn add(&mut self, method: &mut ImplItemFn) -> Result<()> {
        if take_flag(&mut method.attrs, "skip") {
            return Ok(());
        }
        let name = take_name(&mut method.attrs)?;
        match method.sig.ident.to_string().as_str() {
            "on_connected" => self.events.push(on_connected(method)?),
            "on_disconnected" => self.events.push(on_disconnected(method)?),
            ident => {
                let name = name.unwrap_or_else(|| pascal_case(ident));
                let lower = name.to_lowercase();
                if self.names.contains(&lower) {
                    let text = format!(
                        "clients call methods without regard to case, and `{name}` is taken"
                    );
                    return Err(Error::new(method.sig.ident.span(), text));
                }
                self.names.push(lower);
                let authorize = take_authorize(&mut method.attrs)?;
                let parameters = parameters(method)?;
                self.methods.push(hub_method(&name, method, &parameters, &authorize));
                self.descriptions.push(description(&name, method, &parameters));
            }
        }
        Ok(())
    }
}

/// What a parameter of a hub method stands for.
enum Parameter {
    Caller,
    Argument(Type),
    Optional(Type),
    Upload(Type),
}

fn parameters(method: &mut ImplItemFn) -> Result<Vec<Parameter>> {
    let signature = &mut method.sig;
    if !signature.generics.params.is_empty() {
        return Err(Error::new_spanned(&signature.generics, "a hub method has no generics"));
    }
    let whole = signature.clone();
    let mut inputs = signature.inputs.iter_mut();
    let takes_self = matches!(
        inputs.next(),
        Some(FnArg::Receiver(this)) if this.reference.is_some() && this.mutability.is_none()
    );
    if !takes_self {
        return Err(Error::new_spanned(
            whole,
            "a hub method takes `&self`; #[skip] keeps it from clients",
        ));
    }
    let mut found = Vec::new();
    for input in inputs {
        let FnArg::Typed(typed) = input else { continue };
        let optional = take_flag(&mut typed.attrs, "optional");
        let parameter = match &*typed.ty {
            Type::Reference(reference) => match last_ident(&reference.elem) {
                Some(ident) if ident == "Caller" => Parameter::Caller,
                _ => {
                    let text = "arguments are owned; only the caller, `&Caller<Self>`, is borrowed";
                    return Err(Error::new_spanned(reference, text));
                }
            },
            ty if last_ident(ty).is_some_and(|ident| ident == "UploadStream") => {
                Parameter::Upload(ty.clone())
            }
            ty if optional => match last_ident(ty) {
                Some(ident) if ident == "Option" => Parameter::Optional(ty.clone()),
                _ => {
                    return Err(Error::new_spanned(
                        ty,
                        "what clients may leave out is an `Option`",
                    ));
                }
            },
            ty if matches!(found.last(), Some(Parameter::Optional(_))) => {
                return Err(Error::new_spanned(ty, "only trailing arguments can be optional"));
            }
            ty => Parameter::Argument(ty.clone()),
        };
        found.push(parameter);
    }
    Ok(found)
}

fn hub_method(
    name: &str,
    method: &ImplItemFn,
    parameters: &[Parameter],
    authorize: &TokenStream,
) -> TokenStream {
    let expected = parameters
        .iter()
        .filter(|p| matches!(p, Parameter::Argument(_) | Parameter::Optional(_)))
        .count();
    let uploads = parameters.iter().filter(|p| matches!(p, Parameter::Upload(_))).count();

    let mut bindings = Vec::new();
    let mut values = Vec::new();
    for (index, parameter) in parameters.iter().enumerate() {
        let variable = format_ident!("argument_{index}");
        let (ty, bound) = match parameter {
            Parameter::Caller => {
                values.push(quote!(&caller));
                continue;
            }
            Parameter::Argument(ty) => (ty, quote!(binder.argument(#expected)?)),
            Parameter::Optional(ty) => (ty, quote!(binder.optional()?)),
            Parameter::Upload(ty) => (ty, quote!(binder.upload())),
        };
        bindings.push(quote!(let #variable: #ty = #bound;));
        values.push(quote!(#variable));
    }

    let signature = &method.sig;
    let ident = &signature.ident;
    let wait = signature.asyncness.map(|_| quote!(.await));
    let output = Output::of(&signature.output);
    let streaming = matches!(output, Output::Stream { .. });
    let call = match output {
        Output::Value { fallible, .. } => {
            let result = if fallible {
                quote!(result.map_err(::core::convert::Into::into))
            } else {
                quote!(::core::result::Result::Ok(result))
            };
            quote! {
                binder.plain(move |hub, caller| async move {
                    let _ = &caller;
                    let result = hub.#ident(#(#values),*) #wait;
                    #result
                })
            }
        }
        Output::Stream { refusable, item } => {
            let fallible = item.is_some_and(is_result);
            let refused = refusable.then(|| quote! {
                .map_err(|error| ::rocket_signalr::__private::StreamFault::Refused(error.into()))?
            });
            let send = if fallible { quote!(try_send_all) } else { quote!(send_all) };
            quote! {
                binder.stream(move |hub, caller, sink| async move {
                    let _ = &caller;
                    let items = hub.#ident(#(#values),*) #wait #refused;
                    sink.#send(items).await
                })
            }
        }
    };
    quote! {
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

/// What the method is in TypeScript.
fn description(name: &str, method: &ImplItemFn, parameters: &[Parameter]) -> TokenStream {
    let inputs = method.sig.inputs.iter().skip(1);
    let mut parts: Vec<_> = inputs
        .zip(parameters)
        .filter_map(|(input, parameter)| {
            let argument = describe::argument_name(input);
            Some(match parameter {
                Parameter::Caller => return None,
                Parameter::Argument(ty) => {
                    let ty = describe::name_of(&describe::named(ty));
                    quote!(let ty = #ty; face.argument(#argument, ty);)
                }
                Parameter::Optional(ty) => {
                    let ty = describe::name_of(&describe::named(ty));
                    quote!(let ty = #ty; face.optional(#argument, ty);)
                }
                Parameter::Upload(ty) => {
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

/// What a hub method returns.
enum Output<'a> {
    Value {
        /// `None`: nothing.
        ty: Option<&'a Type>,
        fallible: bool,
    },
    Stream {
        /// There may be no stream.
        refusable: bool,
        item: Option<&'a Type>,
    },
}

impl<'a> Output<'a> {
    fn of(output: &'a ReturnType) -> Self {
        let ReturnType::Type(_, ty) = output else {
            return Self::Value { ty: None, fallible: false };
        };
        if let Some(item) = stream(ty) {
            return Self::Stream { refusable: false, item };
        }
        if !is_result(ty) {
            return Self::Value { ty: Some(ty), fallible: false };
        }
        match first_argument(ty).and_then(stream) {
            Some(item) => Self::Stream { refusable: true, item },
            None => Self::Value { ty: Some(ty), fallible: true },
        }
    }
}

fn is_result(ty: &Type) -> bool {
    last_ident(ty).is_some_and(|ident| ident == "Result")
}

/// For `impl Stream<Item = …>`, the type of its items, if it is there.
fn stream(ty: &Type) -> Option<Option<&Type>> {
    let Type::ImplTrait(TypeImplTrait { bounds, .. }) = ty else {
        return None;
    };
    bounds.iter().find_map(|bound| {
        let TypeParamBound::Trait(bound) = bound else {
            return None;
        };
        let segment = bound.path.segments.last()?;
        if segment.ident != "Stream" {
            return None;
        }
        let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
            return Some(None);
        };
        Some(arguments.args.iter().find_map(|argument| match argument {
            GenericArgument::AssocType(item) if item.ident == "Item" => Some(&item.ty),
            _ => None,
        }))
    })
}

fn on_connected(method: &ImplItemFn) -> Result<TokenStream> {
    let wait = event(method)?;
    let arguments = event_arguments(method)?;
    let result = match Output::of(&method.sig.output) {
        Output::Value { fallible: true, .. } => quote!(result.map_err(::core::convert::Into::into)),
        Output::Value { fallible: false, .. } | Output::Stream { .. } => {
            quote!(::core::result::Result::Ok(result))
        }
    };
    Ok(quote! {
        async fn on_connected(
            &self,
            caller: &::rocket_signalr::Caller<Self>,
        ) -> ::core::result::Result<(), ::rocket_signalr::HubError> {
            let _ = caller;
            let result = Self::on_connected(self, #arguments) #wait;
            #result
        }
    })
}

fn on_disconnected(method: &ImplItemFn) -> Result<TokenStream> {
    let wait = event(method)?;
    let arguments = event_arguments(method)?;
    Ok(quote! {
        async fn on_disconnected(
            &self,
            caller: &::rocket_signalr::Caller<Self>,
            reason: &::rocket_signalr::DisconnectReason,
        ) {
            let _ = (caller, reason);
            Self::on_disconnected(self, #arguments) #wait
        }
    })
}

fn event(method: &ImplItemFn) -> Result<Option<TokenStream>> {
    match method.sig.inputs.first() {
        Some(FnArg::Receiver(this)) if this.reference.is_some() => {
            Ok(method.sig.asyncness.map(|_| quote!(.await)))
        }
        _ => Err(Error::new_spanned(&method.sig, "it takes `&self`")),
    }
}

/// Passes on what the method asks for: the caller, the reason, both or none.
fn event_arguments(method: &ImplItemFn) -> Result<TokenStream> {
    let arguments = method.sig.inputs.iter().skip(1).map(|input| {
        let FnArg::Typed(typed) = input else {
            return Err(Error::new_spanned(input, "unexpected"));
        };
        let ident = match &*typed.ty {
            Type::Reference(reference) => last_ident(&reference.elem),
            _ => None,
        };
        match ident {
            Some(ident) if ident == "Caller" => Ok(quote!(caller)),
            Some(ident) if ident == "DisconnectReason" => Ok(quote!(reason)),
            _ => Err(Error::new_spanned(
                typed,
                "it can take `&Caller<Self>` and, when disconnected, `&DisconnectReason`",
            )),
        }
    });
    let arguments = arguments.collect::<Result<Vec<_>>>()?;
    Ok(quote!(#(#arguments),*))
}

fn last_ident(ty: &Type) -> Option<&syn::Ident> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|segment| &segment.ident),
        _ => None,
    }
}

fn first_argument(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    match &path.path.segments.last()?.arguments {
        PathArguments::AngleBracketed(arguments) => {
            arguments.args.iter().find_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(ty),
                _ => None,
            })
        }
        PathArguments::None | PathArguments::Parenthesized(_) => None,
    }
}
