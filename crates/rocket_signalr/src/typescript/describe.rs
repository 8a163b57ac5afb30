//! What the attributes tell of a hub, and how they find out what a type is.

use std::marker::PhantomData;

use ts_rs::TS;

use super::{notation::parameter, payloads::Payloads};
use crate::{dispatch::UploadStream, protocol::Timestamp};

/// Collects the methods of a hub, or of its clients.
#[derive(Debug)]
pub struct Face {
    pub(super) payloads: Payloads,
    entries: Vec<Entry>,
}

/// A method, with its types in TypeScript.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) docs: Vec<String>,
    arguments: Vec<Argument>,
    result: Option<Result>,
}

#[derive(Debug)]
struct Argument {
    name: String,
    ty: String,
    optional: bool,
}

#[derive(Debug)]
enum Result {
    One(String),
    Stream(String),
}

impl Face {
    pub(super) fn new(payloads: Payloads) -> Self {
        Self { payloads, entries: Vec::new() }
    }

    /// What was collected since this was called before.
    pub(super) fn take(&mut self) -> Vec<Entry> {
        std::mem::take(&mut self.entries)
    }

    /// Begins a method. What follows belongs to it.
    pub fn method(&mut self, name: &str, docs: &[&str]) {
        let docs = docs.iter().flat_map(|text| text.split('\n')).map(str::to_owned).collect();
        let entry = Entry { name: name.to_owned(), docs, arguments: Vec::new(), result: None };
        self.entries.push(entry);
    }

    fn push(&mut self, name: &str, ty: String, optional: bool) {
        if let Some(entry) = self.entries.last_mut() {
            let name = parameter(name, entry.arguments.len());
            entry.arguments.push(Argument { name, ty, optional });
        }
    }

    /// An argument.
    pub fn argument(&mut self, name: &str, ty: String) {
        self.push(name, ty, false);
    }

    /// An argument that may be left out.
    pub fn optional(&mut self, name: &str, ty: String) {
        self.push(name, ty, true);
    }

    /// A stream of items that the client uploads.
    pub fn upload(&mut self, name: &str, item: &str) {
        self.push(name, format!("IStreamResult<{item}>"), false);
    }

    /// The result. Without it there is none.
    pub fn result(&mut self, ty: String) {
        if let Some(entry) = self.entries.last_mut() {
            // How `()` is written.
            let ty = if ty == "null" { "void".to_owned() } else { ty };
            entry.result = Some(Result::One(ty));
        }
    }

    /// The result is a stream of such items.
    pub fn stream(&mut self, item: String) {
        if let Some(entry) = self.entries.last_mut() {
            entry.result = Some(Result::Stream(item));
        }
    }
}

impl Entry {
    pub(super) fn arguments(&self) -> String {
        // Only trailing ones can be left out: an upload stream may follow.
        let required = self.arguments.iter().rposition(|argument| !argument.optional);
        let arguments = self.arguments.iter().enumerate().map(|(index, argument)| {
            let Argument { name, ty, optional } = argument;
            match (optional, required.is_some_and(|required| index < required)) {
                (false, _) => format!("{name}: {ty}"),
                (true, false) => format!("{name}?: {ty}"),
                (true, true) => format!("{name}: {ty} | undefined"),
            }
        });
        arguments.collect::<Vec<_>>().join(", ")
    }

    /// `event`: it is a client that answers.
    pub(super) fn result(&self, event: bool) -> String {
        match &self.result {
            None if event => "void".to_owned(),
            None => "Promise<void>".to_owned(),
            Some(Result::One(ty)) if event => format!("{ty} | Promise<{ty}>"),
            Some(Result::One(ty)) => format!("Promise<{ty}>"),
            Some(Result::Stream(item)) => format!("IStreamResult<{item}>"),
        }
    }
}

/// Finds out whether a type says what it is in TypeScript: `(&Probe::<T>::NEW).name(…)` finds the
/// method of [`Known`] first, and that of [`Unknown`] only if the other's bound does not hold.
pub struct Probe<T: ?Sized>(PhantomData<T>);

impl<T: ?Sized> Probe<T> {
    /// It needs no value.
    pub const NEW: Self = Self(PhantomData);
}

impl<T: ?Sized> std::fmt::Debug for Probe<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Probe")
    }
}

/// For types that implement [`TS`].
pub trait Known {
    /// The name of the type in TypeScript.
    fn name(&self, face: &mut Face) -> String;
}

impl<T: TS + ?Sized + 'static> Known for Probe<T> {
    fn name(&self, face: &mut Face) -> String {
        face.payloads.name::<T>()
    }
}

/// For all others.
pub trait Unknown {
    /// `unknown`
    fn name(&self, face: &mut Face) -> String;
}

impl<T: ?Sized> Unknown for &Probe<T> {
    fn name(&self, _: &mut Face) -> String {
        "unknown".to_owned()
    }
}

/// Stands for a type that has no name, such as `impl Trait`.
#[derive(Debug)]
pub struct Opaque;

/// A type that carries what matters.
pub trait Carrier {
    /// What it carries.
    type Value;
}

impl<T, E> Carrier for std::result::Result<T, E> {
    type Value = T;
}

impl<T> Carrier for UploadStream<T> {
    type Value = T;
}

impl TS for Timestamp {
    type WithoutGenerics = Self;
    type OptionInnerType = Self;

    fn name(_: &ts_rs::Config) -> String {
        "string".to_owned()
    }

    fn inline(_: &ts_rs::Config) -> String {
        "string".to_owned()
    }
}
