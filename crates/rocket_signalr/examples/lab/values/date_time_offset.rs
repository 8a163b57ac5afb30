//! `DateTimeOffset`

use chrono::{FixedOffset, Local, TimeZone};
use serde::{Deserialize, Serialize};

use super::{
    WrongFormat,
    iso8601::{self, Clock, Zone},
};

/// A time with the offset that it came with; without one it is that of this place.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct DateTimeOffset(chrono::DateTime<FixedOffset>);

impl TryFrom<String> for DateTimeOffset {
    type Error = WrongFormat;

    fn try_from(text: String) -> Result<Self, WrongFormat> {
        let (time, zone) = iso8601::read(&text).ok_or(WrongFormat)?;
        let time = match zone {
            Zone::Unspecified => {
                Local.from_local_datetime(&time).earliest().map(|time| time.fixed_offset())
            }
            Zone::Utc => Some(time.and_utc().fixed_offset()),
            Zone::Offset(offset) => offset.from_local_datetime(&time).single(),
        };
        time.filter(|time| iso8601::in_range(time.naive_utc()).is_some())
            .map(Self)
            .ok_or(WrongFormat)
    }
}

impl From<DateTimeOffset> for String {
    fn from(DateTimeOffset(time): DateTimeOffset) -> Self {
        format!("{}{}", Clock(time.naive_local()), time.offset())
    }
}
