//! `decimal`

use rocket_signalr::{FromProtocol, PerProtocol};
use serde::{Deserialize, Serialize, Serializer, ser};
use serde_json::value::RawValue;

use super::WrongFormat;

/// The largest number of places behind the point.
const PLACES: i64 = 28;
/// The largest number, in its digits without the point.
const LARGEST: u128 = (1 << 96) - 1;

/// A number that keeps its decimal digits: 1.50 is not 1.5. They are a number in JSON, and read as
/// they stand there, since a float would not keep them; in MessagePack they are a text.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "FromProtocol<Box<RawValue>, String>")]
pub(crate) struct Decimal(rust_decimal::Decimal);

impl TryFrom<FromProtocol<Box<RawValue>, String>> for Decimal {
    type Error = WrongFormat;

    fn try_from(form: FromProtocol<Box<RawValue>, String>) -> Result<Self, WrongFormat> {
        let number = match &form {
            FromProtocol::Json(number) => number.get(),
            FromProtocol::MessagePack(text) => text.strip_prefix('+').unwrap_or(text),
        };
        read(number).map(Self).ok_or(WrongFormat)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let digits = self.0.to_string();
        let number = RawValue::from_string(digits.clone()).map_err(ser::Error::custom)?;
        PerProtocol { json: number, messagepack: digits }.serialize(serializer)
    }
}

/// Reads a number as JSON has it. Digits that do not fit are rounded, half to even.
fn read(number: &str) -> Option<rust_decimal::Decimal> {
    let (sign, number) = match number.strip_prefix('-') {
        Some(number) => (-1, number),
        None => (1, number),
    };
    let (number, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let places = i64::try_from(fraction.len()).ok()?.checked_sub(exponent.parse().ok()?)?;

    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let mut digits = digits.trim_start_matches('0').bytes().map(|digit| u128::from(digit - b'0'));
    if digits.len() == 0 {
        return decimal(0, places.clamp(0, PLACES));
    }
    // The place of the last digit that was read, counted from the point.
    let mut place = places.checked_sub(i64::try_from(digits.len()).ok()?)?;
    let mut value = 0;
    while place < 0 || place < PLACES && digits.len() > 0 {
        let next = value * 10 + digits.clone().next().unwrap_or(0);
        if next > LARGEST {
            break;
        }
        value = next;
        place += 1;
        digits.next();
    }
    let up = match digits.next() {
        Some(5) => value % 2 == 1 || digits.any(|digit| digit > 0),
        digit => digit > Some(5),
    };
    value += u128::from(up);
    if value > LARGEST {
        value = value.div_ceil(10);
        place -= 1;
    }
    match place {
        ..0 => None,
        0..=PLACES => decimal(sign * i128::try_from(value).ok()?, place),
        _ => decimal(0, PLACES),
    }
}

fn decimal(value: i128, places: i64) -> Option<rust_decimal::Decimal> {
    rust_decimal::Decimal::try_from_i128_with_scale(value, places.try_into().ok()?).ok()
}
