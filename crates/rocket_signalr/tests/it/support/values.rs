//! Values that cannot be written or read.

use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::Error};

/// Whoever writes one gets an error.
pub(crate) struct Unwritable;

impl Serialize for Unwritable {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom("it refuses"))
    }
}

/// Whoever writes or reads one panics.
pub(crate) struct Explosive;

impl Serialize for Explosive {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("while it is written")
    }
}

impl<'de> Deserialize<'de> for Explosive {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        panic!("while it is read")
    }
}
