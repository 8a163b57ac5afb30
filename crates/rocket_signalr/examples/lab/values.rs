//! .NET's values, as they look on the wire.

mod decimal;
mod times;

use serde::{Deserialize, Serialize};

pub(crate) use self::{
    decimal::Decimal,
    times::{DateTime, DateTimeOffset, TimeSpan},
};

/// An enum, which is a number; as in .NET, any number will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Colour(i32);

/// An object; its properties have .NET's names, which JSON clients see in camel case. What is not given is null or zero, and what is null is written.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Person {
    name: Option<String>,
    age: i32,
    tags: Option<Vec<String>>,
    friend: Option<Box<Self>>,
}
