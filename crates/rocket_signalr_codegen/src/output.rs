//! What a hub method returns.

use syn::{GenericArgument, PathArguments, ReturnType, Type, TypeImplTrait, TypeParamBound};

use crate::types;

pub(crate) enum Output<'a> {
    Value {
        /// `None`: nothing.
        ty: Option<&'a Type>,
        fallible: bool,
    },
    Stream {
        /// The `Result` around it: there may be no stream.
        refusable: Option<&'a Type>,
        item: Option<&'a Type>,
    },
}

impl<'a> Output<'a> {
    pub(crate) fn of(output: &'a ReturnType) -> Self {
        let ReturnType::Type(_, ty) = output else {
            return Self::Value { ty: None, fallible: false };
        };
        if let Some(item) = stream(ty) {
            return Self::Stream { refusable: None, item };
        }
        if !is_result(ty) {
            return Self::Value { ty: Some(ty), fallible: false };
        }
        match types::arguments(ty).next().and_then(stream) {
            Some(item) => Self::Stream { refusable: Some(ty), item },
            None => Self::Value { ty: Some(ty), fallible: true },
        }
    }
}

pub(crate) fn is_result(ty: &Type) -> bool {
    types::is(ty, "Result")
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
