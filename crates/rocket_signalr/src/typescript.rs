//! TypeScript declarations of hubs, for clients.

mod describe;
mod notation;
mod payloads;

use std::{any::TypeId, fmt, fs, io, path::Path};

pub use self::describe::{Carrier, Face, Known, Opaque, Probe, Unknown};
use self::{
    describe::Entry,
    notation::{documented, property},
    payloads::Payloads,
};
use crate::{hub::Hub, protocol::PropertyNaming};

const HEAD: &str = "\
// Made by rocket_signalr from the hubs in Rust: changes belong there.

import type { HubConnection, IStreamResult } from \"@microsoft/signalr\";
";

/// What makes the connection of the official client a typed one.
const TYPED_CONNECTION: &str = include_str!("typescript/connection.d.ts");

/// The names that are declared or used beside those of hubs and payloads.
const TAKEN: [&str; 13] = [
    "Array",
    "HubConnection",
    "Hubs",
    "IStreamResult",
    "Omit",
    "Promise",
    "Record",
    "TypedArguments",
    "TypedConnection",
    "TypedInvoke",
    "TypedItem",
    "TypedResult",
    "TypedStream",
];

/// Writes TypeScript declarations of hubs: what clients call, what they are called with, and the
/// types of the payloads.
///
/// ```
/// # use rocket_signalr::{HubError, TypeScript, hub, hub_client};
/// #[derive(serde::Serialize, ts_rs::TS)]
/// #[serde(rename_all = "camelCase")]
/// struct Message {
///     sent_by: String,
///     text: String,
/// }
///
/// #[hub_client]
/// trait ChatClient {
///     async fn receive_message(&self, message: &Message);
/// }
///
/// struct ChatHub;
///
/// #[hub(client = ChatClient)]
/// impl ChatHub {
///     /// Says it to all.
///     async fn send_message(&self, text: String) -> Result<(), HubError> {
///         Ok(())
///     }
/// }
///
/// let text = TypeScript::new().hub::<ChatHub>("/hubs/chat").declarations()?;
/// assert!(text.contains("  SendMessage(text: string): Promise<void>;"));
/// assert!(text.contains("  receiveMessage(message: Message): void;"));
/// assert!(text.contains("  sentBy: string;"));
/// # Ok::<(), rocket_signalr::TypeScriptError>(())
/// ```
///
/// The text is made for a file such as `hubs.ts`; all of it is types. With it, the connection of the official client
/// knows the hub, and a wrong name or argument does not compile:
///
/// ```ts
/// import { HubConnectionBuilder } from "@microsoft/signalr";
/// import type { TypedConnection } from "./hubs";
///
/// const chat: TypedConnection<"/hubs/chat"> = new HubConnectionBuilder().withUrl("/hubs/chat").build();
/// chat.on("receiveMessage", (message) => console.log(message.sentBy, message.text));
/// await chat.start();
/// await chat.invoke("SendMessage", "Hello");
/// ```
///
/// # Payloads
///
/// A type is described as its implementation of [`ts_rs::TS`] says, which is derived. One without
/// it is `unknown`: hubs compile as they did. An application names [`ts-rs`](ts_rs) among its own
/// dependencies, with the features for the types of other crates that it needs.
///
/// - What serde's attributes say is known to `TS`: `rename`, `rename_all`, `skip`, `tag`, `flatten`
///   and so on. What is written by hand, or `with` a function, is told by `#[ts(type = "…")]` or
///   `#[ts(as = "…")]`.
/// - Names of properties are spelled as the hub's [`PropertyNaming`] has it. A type that flattens
///   a field, whose names are written as serde spells them, is best given
///   `#[serde(rename_all = "camelCase")]`; so are all types if clients speak MessagePack. In a
///   `#[ts(type = "…")]`, names in quotes stay as they are.
/// - All numbers are `number`, as `JSON.parse` reads them, 64-bit integers too.
#[derive(Debug, Default)]
pub struct TypeScript {
    hubs: Vec<Described>,
    naming: PropertyNaming,
}

#[derive(Debug)]
struct Described {
    path: String,
    name: &'static str,
    id: TypeId,
    /// Writes what the hub is made of, with the payloads noted.
    describe: fn(&mut Face) -> (Vec<Entry>, Vec<Entry>),
}

impl TypeScript {
    /// Without hubs yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the hub that is attached at `path`.
    #[must_use]
    pub fn hub<H: Hub>(mut self, path: &str) -> Self {
        self.hubs.push(Described {
            path: path.to_owned(),
            name: H::NAME,
            id: TypeId::of::<H>(),
            describe: |face| {
                H::describe(face);
                let methods = face.take();
                <H::Client as crate::HubClient>::describe(face);
                (methods, face.take())
            },
        });
        self
    }

    /// How names of properties are spelled: as in the hubs'
    /// [`HubOptions`](crate::HubOptions::property_naming). Default: in camel case.
    #[must_use]
    pub fn property_naming(mut self, naming: PropertyNaming) -> Self {
        self.naming = naming;
        self
    }

    /// The text of the declarations.
    ///
    /// # Errors
    ///
    /// [`TypeScriptError::Ambiguous`].
    pub fn declarations(&self) -> Result<String, TypeScriptError> {
        let mut text = HEAD.to_owned();
        let mut map = String::new();
        let mut face = Face::new(Payloads::new(self.naming));
        for name in TAKEN {
            face.payloads.reserve(name);
        }
        for (index, hub) in self.hubs.iter().enumerate() {
            if self.hubs[..index].iter().any(|other| other.path == hub.path) {
                return Err(TypeScriptError::Ambiguous(hub.path.clone()));
            }
            let Described { path, name, id, describe } = hub;
            map += &format!(
                "  {}: {{ methods: {name}Methods; events: {name}Events }};\n",
                notation::quoted(path),
            );
            // A hub may be attached more than once.
            if self.hubs[..index].iter().any(|other| other.id == *id) {
                continue;
            }
            let (methods, events) = describe(&mut face);
            for (kind, what, entries) in [
                ("Methods", "What clients call on", methods),
                ("Events", "What clients are called with by", events),
            ] {
                face.payloads.reserve(&format!("{name}{kind}"));
                text += &format!("\n/** {what} `{name}`. */\nexport interface {name}{kind} {{\n");
                for entry in entries {
                    text += &documented(&entry.docs, "  ");
                    text += &format!(
                        "  {}({}): {};\n",
                        property(&entry.name),
                        entry.arguments(),
                        entry.result(kind == "Events"),
                    );
                }
                text += "}\n";
            }
        }
        text += &format!("\n/** The hubs by path. */\nexport interface Hubs {{\n{map}}}\n");
        text += &face.payloads.declarations().map_err(TypeScriptError::Ambiguous)?;
        text += "\n";
        text += TYPED_CONNECTION;
        Ok(text)
    }

    /// Writes the declarations to a file. One that says the same already is left alone.
    ///
    /// # Errors
    ///
    /// [`TypeScriptError`], each of them.
    pub fn write_to(&self, path: impl AsRef<Path>) -> Result<(), TypeScriptError> {
        let text = self.declarations()?;
        if fs::read(&path).is_ok_and(|present| present == text.as_bytes()) {
            return Ok(());
        }
        fs::write(path, text).map_err(TypeScriptError::Write)
    }
}

/// Why there are no declarations.
#[derive(Debug)]
#[non_exhaustive]
pub enum TypeScriptError {
    /// Two different things have this name, or are at this path. `#[ts(rename = "…")]` tells types
    /// apart.
    Ambiguous(String),
    /// The file cannot be written.
    Write(io::Error),
}

impl fmt::Display for TypeScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ambiguous(name) => {
                write!(
                    f,
                    "'{name}' names two different things; #[ts(rename = \"…\")] tells types apart"
                )
            }
            Self::Write(error) => write!(f, "the declarations cannot be written: {error}"),
        }
    }
}

impl std::error::Error for TypeScriptError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Ambiguous(_) => None,
            Self::Write(error) => Some(error),
        }
    }
}
