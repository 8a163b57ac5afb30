//! `on_connected` and `on_disconnected`: no methods of clients, but those of the `Hub` trait.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Error, FnArg, ImplItemFn, Result, ReturnType, Type};

use crate::{
    marks::Marks,
    method::hub_result,
    output::Output,
    parameter::takes_self,
    source::{conditions, place},
    types,
};

/// The method of the trait that calls this one; `None` if it is no event.
pub(crate) fn event(marks: &Marks, method: &ImplItemFn) -> Option<Result<TokenStream>> {
    let expand = match method.sig.ident.to_string().as_str() {
        "on_connected" => on_connected,
        "on_disconnected" => on_disconnected,
        _ => return None,
    };
    if marks.name.is_some() || marks.authorize.is_some() || marks.optional.contains(&true) {
        let text =
            "clients do not call it: #[name], #[authorize] and #[optional] mean nothing here";
        return Some(Err(Error::new(method.sig.ident.span(), text)));
    }
    Some(takes_self(&method.sig).and_then(|()| expand(method)))
}

fn on_connected(method: &ImplItemFn) -> Result<TokenStream> {
    let arguments = arguments(method, &["Caller"])?;
    let is_unit = |ty: &Type| matches!(ty, Type::Tuple(tuple) if tuple.elems.is_empty());
    let result = match Output::of(&method.sig.output) {
        Output::Value { ty: Some(ty), fallible: true }
            if types::arguments(ty).next().is_none_or(is_unit) =>
        {
            hub_result(ty, &quote!(result))
        }
        Output::Value { ty, .. } if ty.is_none_or(is_unit) => {
            quote!(::core::result::Result::Ok(result))
        }
        Output::Value { .. } | Output::Stream { .. } => {
            let text =
                "it returns nothing, or a `Result` of nothing whose error refuses the client";
            return Err(Error::new_spanned(&method.sig.output, text));
        }
    };
    let wait = method.sig.asyncness.map(|_| quote!(.await));
    let conditions = conditions(&method.attrs);
    let at = place(&method.sig.ident);
    Ok(quote_spanned! {at=>
        #(#conditions)*
        async fn on_connected(
            &self,
            caller: &::rocket_signalr::Caller<Self>,
        ) -> ::core::result::Result<(), ::rocket_signalr::HubError> {
            let _ = caller;
            let result = Self::on_connected(self, #(#arguments),*) #wait;
            #result
        }
    })
}

fn on_disconnected(method: &ImplItemFn) -> Result<TokenStream> {
    let arguments = arguments(method, &["Caller", "DisconnectReason"])?;
    if let ReturnType::Type(_, ty) = &method.sig.output {
        return Err(Error::new_spanned(ty, "it returns nothing, since nobody is left to be told"));
    }
    let wait = method.sig.asyncness.map(|_| quote!(.await));
    let conditions = conditions(&method.attrs);
    let at = place(&method.sig.ident);
    Ok(quote_spanned! {at=>
        #(#conditions)*
        async fn on_disconnected(
            &self,
            caller: &::rocket_signalr::Caller<Self>,
            reason: &::rocket_signalr::DisconnectReason,
        ) {
            let _ = (caller, reason);
            Self::on_disconnected(self, #(#arguments),*) #wait
        }
    })
}

/// Passes on what the method asks for, of what there is.
fn arguments(method: &ImplItemFn, there: &[&str]) -> Result<Vec<TokenStream>> {
    let inputs = method.sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    });
    let pass = |ty: &Type| {
        let Type::Reference(reference) = ty else { return None };
        let name = there.iter().find(|name| types::is(&reference.elem, name))?;
        let at = place(ty);
        Some(match *name {
            "Caller" => quote_spanned!(at=> caller),
            _ => quote_spanned!(at=> reason),
        })
    };
    inputs
        .map(|input| {
            let text = match there {
                [_, _] => "it can take `&Caller<Self>` and `&DisconnectReason`",
                _ => "it can take `&Caller<Self>`",
            };
            pass(&input.ty).ok_or_else(|| Error::new_spanned(input, text))
        })
        .collect()
}
