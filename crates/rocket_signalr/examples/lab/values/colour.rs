//! `enum Colour { Red, Green, Blue }`

use rocket_signalr::{FromProtocol, PerProtocol};
use serde::{Deserialize, Serialize};

use super::WrongFormat;

const NAMES: [&str; 3] = ["Red", "Green", "Blue"];

/// A number, which in .NET need not be one that has a name. JSON has it as what it is, MessagePack
/// by its name if there is one.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(into = "PerProtocol<i32, String>", try_from = "FromProtocol<i32, String>")]
pub(crate) struct Colour(i32);

impl From<Colour> for PerProtocol<i32, String> {
    fn from(Colour(number): Colour) -> Self {
        let name = usize::try_from(number).ok().and_then(|number| NAMES.get(number));
        let messagepack = name.map_or_else(|| number.to_string(), |name| (*name).to_owned());
        Self { json: number, messagepack }
    }
}

impl TryFrom<FromProtocol<i32, String>> for Colour {
    type Error = WrongFormat;

    fn try_from(form: FromProtocol<i32, String>) -> Result<Self, WrongFormat> {
        match form {
            FromProtocol::Json(number) => Ok(Self(number)),
            FromProtocol::MessagePack(text) => {
                let number = (0..).zip(NAMES).find(|(_, name)| *name == text);
                let number = number.map(|(number, _)| number).or_else(|| text.parse().ok());
                number.map(Self).ok_or(WrongFormat)
            }
        }
    }
}
