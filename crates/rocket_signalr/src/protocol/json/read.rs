//! Reads values that must have a certain type.
//!
//! A value of the wrong type is told only once it was read, as the reference does: where it is no
//! JSON either, that comes first. Containers are not read for that.

use std::borrow::Cow;
use std::str::FromStr;

use super::scan::{Kind, ReadError, Scanner};
use crate::protocol::ProtocolError;

/// Makes sure that the next value is a `wanted`.
pub(crate) fn expect(
    scanner: &mut Scanner<'_>,
    wanted: Kind,
    error: impl FnOnce(Kind) -> ProtocolError,
) -> Result<(), ReadError> {
    let found = scanner.kind()?;
    if found == wanted {
        return Ok(());
    }
    if !found.is_container() {
        scanner.value()?;
    }
    Err(error(found).into())
}

/// Makes sure that the record is an object.
pub(crate) fn expect_object(scanner: &mut Scanner<'_>) -> Result<(), ReadError> {
    expect(scanner, Kind::Object, |found| {
        ProtocolError::invalid_data(format!(
            "Unexpected JSON Token Type '{found:?}'. Expected a JSON Object."
        ))
    })
}

/// Reads the text that `property` must be.
pub(crate) fn string<'a>(
    scanner: &mut Scanner<'a>,
    property: &str,
) -> Result<Cow<'a, str>, ReadError> {
    expect(scanner, Kind::String, |_| ProtocolError::expected(property, "String"))?;
    Ok(scanner.string()?.decode()?)
}

/// Reads the whole number that `property` must be, if it is not null. `1.0` is no whole number.
pub(crate) fn integer<T: FromStr>(
    scanner: &mut Scanner<'_>,
    property: &str,
    type_name: &str,
) -> Result<Option<T>, ReadError> {
    if scanner.kind()? == Kind::Null {
        scanner.value()?;
        return Ok(None);
    }
    expect(scanner, Kind::Number, |_| ProtocolError::expected(property, "Number"))?;
    let digits = scanner.value()?;
    let number = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
    Ok(Some(number.ok_or_else(|| ProtocolError::out_of_bounds(type_name))?))
}

/// Reads the truth value that `property` must be.
pub(crate) fn boolean(scanner: &mut Scanner<'_>, property: &str) -> Result<bool, ReadError> {
    let found = scanner.kind()?;
    if !found.is_container() {
        scanner.value()?;
    }
    match found {
        Kind::True => Ok(true),
        Kind::False => Ok(false),
        Kind::Object | Kind::Array | Kind::String | Kind::Number | Kind::Null => {
            Err(ProtocolError::invalid_data(format!("Expected '{property}' to be true or false."))
                .into())
        }
    }
}
