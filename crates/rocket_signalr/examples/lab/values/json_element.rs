//! `JsonElement`

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::value::RawValue;

use super::entries::Entries;

/// Any JSON. Numbers keep their digits and objects all of their properties; blanks are lost.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub(crate) enum JsonElement {
    Object(Entries<Self>),
    Array(Vec<Self>),
    String(String),
    Scalar(Box<RawValue>),
}

impl<'de> Deserialize<'de> for JsonElement {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Box::<RawValue>::deserialize(deserializer)?;
        let element = match json.get().as_bytes().first() {
            Some(b'{') => serde_json::from_str(json.get()).map(Self::Object),
            Some(b'[') => serde_json::from_str(json.get()).map(Self::Array),
            Some(b'"') => serde_json::from_str(json.get()).map(Self::String),
            _ => Ok(Self::Scalar(json)),
        };
        element.map_err(de::Error::custom)
    }
}
