//! What the parameters of a hub method stand for.

use syn::{Error, FnArg, Pat, Result, Signature, Type};

use crate::types;

pub(crate) struct Parameter<'a> {
    pub(crate) kind: Kind,
    pub(crate) pattern: &'a Pat,
    pub(crate) ty: &'a Type,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Caller,
    Argument,
    /// An argument that clients may leave out.
    Optional,
    /// A stream that the client uploads.
    Upload,
}

/// Says that it is called on a hub that others use at the same time.
pub(crate) fn takes_self(signature: &Signature) -> Result<()> {
    match signature.receiver() {
        Some(this) if this.reference.is_some() && this.mutability.is_none() => Ok(()),
        Some(this) => Err(Error::new_spanned(
            this,
            "it takes `&self`, since all clients use the same hub at the same time",
        )),
        None => Err(Error::new(
            signature.ident.span(),
            "what clients call takes `&self`; #[skip] keeps it from them",
        )),
    }
}

/// The parameters of a hub method; `optional` says of each whether it is marked so.
pub(crate) fn parameters<'a>(
    signature: &'a Signature,
    optional: &[bool],
) -> Result<Vec<Parameter<'a>>> {
    takes_self(signature)?;
    if !signature.generics.params.is_empty() {
        return Err(Error::new_spanned(&signature.generics, "a hub method has no generics"));
    }
    if let Some(unsafety) = &signature.unsafety {
        return Err(Error::new_spanned(unsafety, "what clients call is not unsafe"));
    }
    let mut found = Vec::<Parameter<'_>>::new();
    let inputs = signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    });
    for (typed, optional) in inputs.zip(optional) {
        if let Some(condition) = typed.attrs.iter().find(|a| a.path().is_ident("cfg")) {
            let text = "an argument is always there; a whole method can have a condition";
            return Err(Error::new_spanned(condition, text));
        }
        let kind = kind(&typed.ty, *optional)?;
        let has = |kind| found.iter().any(|parameter| parameter.kind == kind);
        match kind {
            Kind::Caller if has(Kind::Caller) => {
                return Err(Error::new_spanned(&typed.ty, "there is one caller"));
            }
            Kind::Argument if has(Kind::Optional) => {
                let text = "only trailing arguments can be optional";
                return Err(Error::new_spanned(&typed.ty, text));
            }
            _ => {}
        }
        found.push(Parameter { kind, pattern: &typed.pat, ty: &typed.ty });
    }
    Ok(found)
}

fn kind(ty: &Type, optional: bool) -> Result<Kind> {
    let kind = match ty {
        Type::Reference(reference) if types::is(&reference.elem, "Caller") => {
            if reference.mutability.is_some() {
                return Err(Error::new_spanned(ty, "the caller is `&Caller<Self>`"));
            }
            Kind::Caller
        }
        _ if types::is(ty, "Caller") => {
            return Err(Error::new_spanned(ty, "the caller is borrowed: `&Caller<Self>`"));
        }
        _ if types::is(ty, "UploadStream") => Kind::Upload,
        _ if types::has_impl(ty) => {
            let text = "an argument has a type with a name, so that what clients send can be read";
            return Err(Error::new_spanned(ty, text));
        }
        _ if types::has_reference(ty) => {
            let text = "arguments are owned; only the caller, `&Caller<Self>`, is borrowed";
            return Err(Error::new_spanned(ty, text));
        }
        _ if optional && types::is(ty, "Option") => return Ok(Kind::Optional),
        _ => Kind::Argument,
    };
    if optional {
        return Err(Error::new_spanned(ty, "what clients may leave out is an `Option`"));
    }
    Ok(kind)
}
