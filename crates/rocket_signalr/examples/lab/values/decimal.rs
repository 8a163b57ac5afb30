//! `decimal`

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::value::RawValue;

/// A number that keeps its decimal digits: 1.50 is not 1.5.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decimal(rust_decimal::Decimal);

impl<'de> Deserialize<'de> for Decimal {
    /// Reads the digits as they stand there, since a float would not keep them.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let digits = Box::<RawValue>::deserialize(deserializer)?;
        let digits = digits.get();
        let number = if digits.contains(['e', 'E']) {
            rust_decimal::Decimal::from_scientific(digits)
        } else {
            digits.parse()
        };
        number.map(Self).map_err(de::Error::custom)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let digits = RawValue::from_string(self.0.to_string()).map_err(ser::Error::custom)?;
        digits.serialize(serializer)
    }
}
