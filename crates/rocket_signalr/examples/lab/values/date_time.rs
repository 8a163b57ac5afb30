//! `DateTime`

use chrono::{Local, NaiveDateTime, TimeZone, Utc};
use rocket_signalr::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

use super::{
    WrongFormat,
    iso8601::{self, Clock, Zone},
};

/// A time that keeps the kind of zone that it came with.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum DateTime {
    Utc(chrono::DateTime<Utc>),
    /// It came with an offset, so here is what the clock on this wall says then.
    Local(chrono::DateTime<Local>),
    Unspecified(NaiveDateTime),
}

impl TryFrom<String> for DateTime {
    type Error = WrongFormat;

    fn try_from(text: String) -> Result<Self, WrongFormat> {
        let (time, zone) = iso8601::read(&text).ok_or(WrongFormat)?;
        Ok(match zone {
            Zone::Unspecified => Self::Unspecified(time),
            Zone::Utc => Self::Utc(time.and_utc()),
            Zone::Offset(offset) => {
                let utc = iso8601::in_range(time - offset).ok_or(WrongFormat)?;
                Self::Local(Local.from_utc_datetime(&utc))
            }
        })
    }
}

impl Serialize for DateTime {
    /// A [`Timestamp`] is a text in JSON, and in MessagePack, whose times are all in UTC, an
    /// extension that clients take for a date.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Utc(time) => Timestamp((*time).into()).serialize(serializer),
            Self::Local(time) => serializer.collect_str(&format_args!(
                "{}{}",
                Clock(time.naive_local()),
                time.offset()
            )),
            Self::Unspecified(time) => serializer.collect_str(&Clock(*time)),
        }
    }
}
