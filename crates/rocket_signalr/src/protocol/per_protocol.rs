//! Values that do not look the same in both encodings.

use std::fmt;
use std::marker::PhantomData;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The name of a value that asks which encoding this is. To it MessagePack says that it is not
/// readable for humans; to all others that it is, so that a UUID is a text in both.
pub(super) const PER_PROTOCOL: &str = "$rocket_signalr::PerProtocol";

/// What a value is written as where JSON and MessagePack have different forms for it.
///
/// Most types need none of this: what serde makes of them is written in both. In .NET a few differ,
/// enums above all, which are numbers in JSON and names in MessagePack. A type that clients in .NET
/// read from both converts into this to be written, and from [`FromProtocol`] to be read.
///
/// Formats other than the two get the form for JSON if they are readable for humans, else the other.
///
/// ```
/// use rocket_signalr::{FromProtocol, PerProtocol};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
/// #[serde(into = "PerProtocol<u8, &'static str>", try_from = "FromProtocol<u8, String>")]
/// enum Colour {
///     Red,
///     Green,
/// }
///
/// impl From<Colour> for PerProtocol<u8, &'static str> {
///     fn from(colour: Colour) -> Self {
///         match colour {
///             Colour::Red => Self { json: 0, messagepack: "Red" },
///             Colour::Green => Self { json: 1, messagepack: "Green" },
///         }
///     }
/// }
///
/// impl TryFrom<FromProtocol<u8, String>> for Colour {
///     type Error = &'static str;
///
///     fn try_from(form: FromProtocol<u8, String>) -> Result<Self, Self::Error> {
///         match form {
///             FromProtocol::Json(0) => Ok(Self::Red),
///             FromProtocol::Json(1) => Ok(Self::Green),
///             FromProtocol::MessagePack(name) if name == "Red" => Ok(Self::Red),
///             FromProtocol::MessagePack(name) if name == "Green" => Ok(Self::Green),
///             _ => Err("this is no colour"),
///         }
///     }
/// }
///
/// assert_eq!(serde_json::to_string(&Colour::Green)?, "1");
/// assert_eq!(serde_json::from_str::<Colour>("0")?, Colour::Red);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PerProtocol<J, M> {
    /// What JSON has for it.
    pub json: J,
    /// What MessagePack has for it.
    pub messagepack: M,
}

/// What a value was read as: the form that belongs to the encoding in which it came.
///
/// See [`PerProtocol`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FromProtocol<J, M> {
    /// It came in JSON.
    Json(J),
    /// It came in MessagePack.
    MessagePack(M),
}

impl<J: Serialize, M: Serialize> Serialize for PerProtocol<J, M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(PER_PROTOCOL, &Asking(self))
    }
}

/// Finds out which encoding this is.
struct Asking<'a, J, M>(&'a PerProtocol<J, M>);

impl<J: Serialize, M: Serialize> Serialize for Asking<'_, J, M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(PerProtocol { json, messagepack }) = self;
        if serializer.is_human_readable() {
            json.serialize(serializer)
        } else {
            Answered(messagepack).serialize(serializer)
        }
    }
}

/// A value inside of which MessagePack counts as readable for humans again.
#[derive(Serialize, Deserialize)]
struct Answered<M>(M);

impl<'de, J: Deserialize<'de>, M: Deserialize<'de>> Deserialize<'de> for FromProtocol<J, M> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(PER_PROTOCOL, FromProtocolVisitor(PhantomData))
    }
}

struct FromProtocolVisitor<J, M>(PhantomData<(J, M)>);

impl<'de, J: Deserialize<'de>, M: Deserialize<'de>> Visitor<'de> for FromProtocolVisitor<J, M> {
    type Value = FromProtocol<J, M>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the form that the value has in this encoding")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Self::Value, D::Error> {
        if deserializer.is_human_readable() {
            J::deserialize(deserializer).map(FromProtocol::Json)
        } else {
            let Answered(form) = Answered::deserialize(deserializer)?;
            Ok(FromProtocol::MessagePack(form))
        }
    }
}

#[cfg(test)]
mod tests;
