//! The types of payloads, each declared once.

use std::{
    any::TypeId,
    collections::{BTreeMap, HashSet},
    fmt,
};

use ts_rs::{Config, TS, TypeVisitor};

use super::notation::{self, declaration, documented, reference};
use crate::protocol::PropertyNaming;

pub(super) struct Payloads {
    config: Config,
    naming: PropertyNaming,
    seen: HashSet<TypeId>,
    /// By name. Reserved names have no text.
    declared: BTreeMap<String, String>,
    /// The first name that was declared twice and differently.
    ambiguous: Option<String>,
}

impl fmt::Debug for Payloads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Payloads").field("declared", &self.declared).finish_non_exhaustive()
    }
}

impl Payloads {
    pub(super) fn new(naming: PropertyNaming) -> Self {
        Self {
            config: Config::new().with_large_int("number"),
            naming,
            seen: HashSet::new(),
            declared: BTreeMap::new(),
            ambiguous: None,
        }
    }

    /// How a type is referred to. It is declared, and so is what it is made of.
    pub(super) fn name<T: TS + ?Sized + 'static>(&mut self) -> String {
        self.visit::<T>();
        reference(&T::name(&self.config), self.naming)
    }

    /// No type may have this name, and no other reserve it.
    pub(super) fn reserve(&mut self, name: &str) {
        if self.declared.insert(name.to_owned(), String::new()).is_some() {
            self.ambiguous.get_or_insert_with(|| name.to_owned());
        }
    }

    /// All declarations in the order of their names, or a name that two of them have.
    pub(super) fn declarations(self) -> Result<String, String> {
        match self.ambiguous {
            Some(name) => Err(name),
            None => Ok(self.declared.into_values().collect()),
        }
    }
}

impl TypeVisitor for Payloads {
    fn visit<T: TS + ?Sized + 'static>(&mut self) {
        if !self.seen.insert(TypeId::of::<T>()) {
            return;
        }
        // Others, such as numbers and lists, have no declaration.
        if T::output_path().is_some() {
            let docs = T::docs().unwrap_or_default();
            let text = format!(
                "\n{}export {}\n",
                documented(&notation::lines(&docs), ""),
                declaration(&T::decl(&self.config), self.naming),
            );
            let name = T::ident(&self.config);
            let known = self.declared.entry(name).or_insert_with(|| text.clone());
            if *known != text {
                self.ambiguous.get_or_insert(T::ident(&self.config));
            }
        }
        T::visit_dependencies(self);
        T::visit_generics(self);
    }
}
