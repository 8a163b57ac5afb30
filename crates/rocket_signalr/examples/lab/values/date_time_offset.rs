//! `DateTimeOffset`

use chrono::{FixedOffset, Local, TimeZone, Utc};
use rocket_signalr::{FromProtocol, PerProtocol, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    WrongFormat,
    iso8601::{self, Clock, Zone},
};

/// A time with the offset that it came with; without one it is that of this place. MessagePack has
/// what the clock there shows, as if it were in UTC, and the offset in minutes.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(into = "PerProtocol<String, Parts>", try_from = "FromProtocol<String, Parts>")]
pub(crate) struct DateTimeOffset(chrono::DateTime<FixedOffset>);

type Parts = (Timestamp, i16);

impl TryFrom<FromProtocol<String, Parts>> for DateTimeOffset {
    type Error = WrongFormat;

    fn try_from(form: FromProtocol<String, Parts>) -> Result<Self, WrongFormat> {
        let (time, zone) = match form {
            FromProtocol::Json(text) => iso8601::read(&text).ok_or(WrongFormat)?,
            FromProtocol::MessagePack((Timestamp(clock), minutes)) => {
                let offset = iso8601::east(minutes.into()).ok_or(WrongFormat)?;
                (chrono::DateTime::<Utc>::from(clock).naive_utc(), Zone::Offset(offset))
            }
        };
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

impl From<DateTimeOffset> for PerProtocol<String, Parts> {
    fn from(DateTimeOffset(time): DateTimeOffset) -> Self {
        let clock = time.naive_local();
        let json = format!("{}{}", Clock(clock), time.offset());
        let minutes = time.offset().local_minus_utc() / 60;
        let minutes = i16::try_from(minutes).unwrap_or_default();
        Self { json, messagepack: (Timestamp(clock.and_utc().into()), minutes) }
    }
}
