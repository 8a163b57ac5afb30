//! Points in time, in the form that each encoding has for them.

use std::error::Error;
use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

/// The name that tells our own encodings that a text is a time.
pub(super) const TIMESTAMP: &str = "$rocket_signalr::Timestamp";

/// A point in time, as an argument or result.
///
/// In JSON it is a text (`2026-11-21T14:05:00.25Z`), in MessagePack a timestamp: a `Date` to
/// JavaScript, a `DateTime` to .NET. It is read from either in both.
///
/// It is taken as an argument, returned and sent as any other value; [`SystemTime`] converts into it
/// and back.
///
/// Types of other crates that are written as texts, such as chrono's, are texts in MessagePack too.
/// They can be read from timestamps all the same.
///
/// ```
/// use rocket_signalr::Timestamp;
///
/// let time: Timestamp = "2026-11-21T15:05:00.25+01:00".parse()?;
/// assert_eq!(time.to_string(), "2026-11-21T14:05:00.25Z");
/// # Ok::<(), rocket_signalr::TimestampError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub SystemTime);

/// A text that is no time in ISO 8601, or one that the system's clock cannot tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimestampError;

impl fmt::Display for TimestampError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this is no point in time")
    }
}

impl Error for TimestampError {}

impl Timestamp {
    /// This moment.
    pub fn now() -> Self {
        Self(SystemTime::now())
    }

    /// Seconds since the beginning of 1970, and nanoseconds upon them.
    pub(super) fn since_epoch(self) -> (i64, u32) {
        let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
        match self.0.duration_since(UNIX_EPOCH) {
            Ok(after) => (seconds(after), after.subsec_nanos()),
            Err(before) => {
                let before = before.duration();
                match before.subsec_nanos() {
                    0 => (-seconds(before), 0),
                    nanoseconds => (-seconds(before) - 1, 1_000_000_000 - nanoseconds),
                }
            }
        }
    }

    fn from_epoch(seconds: i64, nanoseconds: u32) -> Option<Self> {
        let whole = Duration::from_secs(seconds.unsigned_abs());
        let time =
            if seconds < 0 { UNIX_EPOCH.checked_sub(whole) } else { UNIX_EPOCH.checked_add(whole) };
        time?.checked_add(Duration::from_nanos(nanoseconds.into())).map(Self)
    }

    /// Reads MessagePack's extension -1, in its three lengths.
    pub(super) fn from_extension<'de, D: Deserializer<'de>>(
        extension: D,
    ) -> Result<Self, D::Error> {
        let (kind, bytes) = <(i8, &[u8])>::deserialize(extension)?;
        let time = (kind == -1).then(|| {
            if let Ok(bytes) = bytes.try_into() {
                Self::from_epoch(u32::from_be_bytes(bytes).into(), 0)
            } else if let Ok(bytes) = bytes.try_into() {
                let both = u64::from_be_bytes(bytes);
                let nanoseconds = u32::try_from(both >> 34).ok()?;
                Self::from_epoch((both & 0x3_ffff_ffff).try_into().ok()?, nanoseconds)
            } else {
                let (nanoseconds, seconds) = bytes.split_first_chunk()?;
                let seconds = i64::from_be_bytes(seconds.try_into().ok()?);
                Self::from_epoch(seconds, u32::from_be_bytes(*nanoseconds))
            }
        });
        time.flatten().ok_or_else(|| de::Error::custom(TimestampError))
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        Self(time)
    }
}

impl From<Timestamp> for SystemTime {
    fn from(Timestamp(time): Timestamp) -> Self {
        time
    }
}

const DAY: i64 = 24 * 60 * 60;
/// In 400 years, after which the calendar repeats itself.
const DAYS_OF_AN_ERA: i64 = 146_097;
/// From the first of March of the year 0, with which the eras begin, to the beginning of 1970.
const DAYS_BEFORE_1970: i64 = 719_468;

/// ISO 8601 in UTC, with as many digits behind the second as it takes.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, nanoseconds) = self.since_epoch();
        let (year, month, day) = date(seconds.div_euclid(DAY));
        let second = seconds.rem_euclid(DAY);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if nanoseconds > 0 {
            let digits = format!("{nanoseconds:09}");
            write!(f, ".{}", digits.trim_end_matches('0'))?;
        }
        f.write_str("Z")
    }
}

/// The date so many days after the beginning of 1970, in the Gregorian calendar. Years begin in
/// March here, so that the leap day is the last.
const fn date(days: i64) -> (i64, i64, i64) {
    let days = days + DAYS_BEFORE_1970;
    let era = days.div_euclid(DAYS_OF_AN_ERA);
    let day = days.rem_euclid(DAYS_OF_AN_ERA);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (next, month) = if month < 10 { (0, month + 3) } else { (1, month - 9) };
    (400 * era + year + next, month, day)
}

/// The other way round.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let era = year.div_euclid(400);
    let year = year.rem_euclid(400);
    let day = 365 * year + year / 4 - year / 100 + (153 * month + 2) / 5 + day - 1;
    era * DAYS_OF_AN_ERA + day - DAYS_BEFORE_1970
}

/// Reads `2026-11-21T14:05:00`, with a fraction or without, then `Z`, an offset, or nothing, which
/// counts as UTC.
impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        parse(text).ok_or(TimestampError)
    }
}

fn parse(text: &str) -> Option<Timestamp> {
    let (date_part, time) = text.split_once(['T', 't'])?;
    let [year, month, day] = numbers(date_part, '-', [4, 2, 2])?;
    let zone = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (time, zone) = time.split_at(zone);
    let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    let digits = fraction.get(..fraction.len().min(9))?;
    let nanoseconds: u32 = if fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        format!("{digits:0<9}").parse().ok()?
    } else {
        return None;
    };
    let offset = match zone.split_at_checked(1) {
        None | Some(("Z" | "z", "")) => 0,
        Some((sign @ ("+" | "-"), offset)) => {
            let [hours, minutes] = numbers(offset, ':', [2, 2])?;
            let offset = hours * 3600 + minutes * 60;
            if sign == "+" { offset } else { -offset }
        }
        Some(_) => return None,
    };
    let days = days(year, month, day);
    let is_time = hour < 24 && minute < 60 && second < 60;
    if date(days) != (year, month, day) || !is_time || fraction.is_empty() {
        return None;
    }
    let seconds = days * DAY + hour * 3600 + minute * 60 + second - offset;
    Timestamp::from_epoch(seconds, nanoseconds)
}

/// Numbers of so many digits each.
fn numbers<const N: usize>(text: &str, separator: char, lengths: [usize; N]) -> Option<[i64; N]> {
    let mut parts = text.split(separator);
    let mut numbers = [0; N];
    for (number, length) in numbers.iter_mut().zip(lengths) {
        let digits = parts.next().filter(|part| part.len() == length)?;
        *number =
            digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse().ok())??;
    }
    parts.next().is_none().then_some(numbers)
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(TIMESTAMP, &self.to_string())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TimestampVisitor)
    }
}

struct TimestampVisitor;

impl<'de> Visitor<'de> for TimestampVisitor {
    type Value = Timestamp;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a point in time")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        extension: D,
    ) -> Result<Timestamp, D::Error> {
        Timestamp::from_extension(extension)
    }
}

#[cfg(test)]
mod tests;
