//! The attributes that are ours, which the compiler does not know.

use proc_macro2::TokenStream;
use syn::{Attribute, Error, Expr, ExprLit, FnArg, Lit, Meta, Result, Signature};

use crate::authorize::authorize;

/// What is said of a method.
#[derive(Default)]
pub(crate) struct Marks {
    /// `#[name = "…"]`
    pub(crate) name: Option<String>,
    /// `#[skip]`
    pub(crate) skip: bool,
    /// `#[authorize]`: the expression for the method's table entry.
    pub(crate) authorize: Option<TokenStream>,
    /// `#[optional]`: of each parameter, whether it is marked so.
    pub(crate) optional: Vec<bool>,
}

impl Marks {
    /// Takes them out of a method, all of them also if one is wrong: the compiler would not know
    /// them.
    pub(crate) fn take(attributes: &mut Vec<Attribute>, signature: &mut Signature) -> Result<Self> {
        let ours = take(attributes, &["name", "skip", "authorize"]);
        let optional: Vec<_> = signature
            .inputs
            .iter_mut()
            .filter_map(|input| match input {
                FnArg::Typed(typed) => Some(take(&mut typed.attrs, &["optional"])),
                FnArg::Receiver(_) => None,
            })
            .collect();

        let mut marks = Self::default();
        for attribute in ours {
            let again = if attribute.path().is_ident("name") {
                marks.name.replace(name(&attribute)?).is_some()
            } else if attribute.path().is_ident("skip") {
                attribute.meta.require_path_only()?;
                std::mem::replace(&mut marks.skip, true)
            } else {
                marks.authorize.replace(authorize(&attribute.meta)?).is_some()
            };
            if again {
                return Err(Error::new_spanned(attribute, "it stands there already"));
            }
        }
        for attributes in optional {
            attributes.iter().try_for_each(|mark| mark.meta.require_path_only().map(drop))?;
            marks.optional.push(!attributes.is_empty());
        }
        Ok(marks)
    }
}

fn take(attributes: &mut Vec<Attribute>, names: &[&str]) -> Vec<Attribute> {
    let ours = |attribute: &mut Attribute| names.iter().any(|n| attribute.path().is_ident(n));
    attributes.extract_if(.., ours).collect()
}

fn name(attribute: &Attribute) -> Result<String> {
    match &attribute.meta {
        Meta::NameValue(pair) => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) if !text.value().is_empty() => {
                Ok(text.value())
            }
            other => Err(Error::new_spanned(other, "a name is a string literal that is not empty")),
        },
        other => Err(Error::new_spanned(other, "write it as #[name = \"…\"]")),
    }
}
