//! `DateTime`, `DateTimeOffset` and `TimeSpan`, each as .NET writes it: to ten millionths of a
//! second, without zeros behind.

use std::fmt::{self, Display};

use chrono::{FixedOffset, Local, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Timelike};
use serde::{Deserialize, Serialize};

/// A text that is no such value.
#[derive(Debug)]
pub(crate) struct WrongFormat;

impl Display for WrongFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the text is not in the right format")
    }
}

/// A time that keeps the kind of zone that it came with.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) enum DateTime {
    Utc(NaiveDateTime),
    /// It came with an offset, so here is what the clock on this wall says then.
    Local(chrono::DateTime<Local>),
    Unspecified(NaiveDateTime),
}

impl TryFrom<String> for DateTime {
    type Error = WrongFormat;

    fn try_from(text: String) -> Result<Self, WrongFormat> {
        match chrono::DateTime::parse_from_rfc3339(&text) {
            Ok(time) if text.ends_with('Z') => Ok(Self::Utc(time.naive_utc())),
            Ok(time) => Ok(Self::Local(time.with_timezone(&Local))),
            Err(_) => without_zone(&text).map(Self::Unspecified),
        }
    }
}

impl From<DateTime> for String {
    fn from(time: DateTime) -> Self {
        match time {
            DateTime::Utc(time) => format!("{}Z", Clock(time)),
            DateTime::Local(time) => format!("{}{}", Clock(time.naive_local()), time.offset()),
            DateTime::Unspecified(time) => Clock(time).to_string(),
        }
    }
}

/// A time with the offset that it came with.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct DateTimeOffset(chrono::DateTime<FixedOffset>);

impl TryFrom<String> for DateTimeOffset {
    type Error = WrongFormat;

    fn try_from(text: String) -> Result<Self, WrongFormat> {
        if let Ok(time) = chrono::DateTime::parse_from_rfc3339(&text) {
            return Ok(Self(time));
        }
        let here = Local.from_local_datetime(&without_zone(&text)?).earliest();
        here.map(|time| Self(time.fixed_offset())).ok_or(WrongFormat)
    }
}

impl From<DateTimeOffset> for String {
    fn from(DateTimeOffset(time): DateTimeOffset) -> Self {
        format!("{}{}", Clock(time.naive_local()), time.offset())
    }
}

/// A date, with or without a time of day.
fn without_zone(text: &str) -> Result<NaiveDateTime, WrongFormat> {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f")
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M"))
        .or_else(|_| {
            NaiveDate::parse_from_str(text, "%Y-%m-%d").map(|day| day.and_time(NaiveTime::MIN))
        })
        .map_err(|_| WrongFormat)
}

/// What calendar and clock show: `2026-11-21T10:20:30.12`.
struct Clock(NaiveDateTime);

impl Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m-%dT%H:%M:%S"))?;
        match self.0.nanosecond() / 100 {
            0 => Ok(()),
            fraction => f.write_str(format!(".{fraction:07}").trim_end_matches('0')),
        }
    }
}

const SECOND: u64 = 10_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// A length of time: `-1.02:03:04.5000000`, in ten millionths of a second.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct TimeSpan(i64);

impl TryFrom<String> for TimeSpan {
    type Error = WrongFormat;

    fn try_from(text: String) -> Result<Self, WrongFormat> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, &*text),
        };
        let ticks = ticks(rest).ok_or(WrongFormat)?;
        let ticks =
            if negative { 0_i64.checked_sub_unsigned(ticks) } else { ticks.try_into().ok() };
        ticks.map(Self).ok_or(WrongFormat)
    }
}

/// `[days.]hours:minutes:seconds[.fraction]`
fn ticks(text: &str) -> Option<u64> {
    let [hours, minutes, seconds] = text.split(':').collect::<Vec<_>>().try_into().ok()?;
    let (days, hours) = hours.split_once('.').unwrap_or(("0", hours));
    let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    let below = |limit| move |number: &u64| *number < limit;
    let rest = number(hours).filter(below(24))? * HOUR
        + number(minutes).filter(below(60))? * MINUTE
        + number(seconds).filter(below(60))? * SECOND
        + number(&format!("{fraction:0<7}")).filter(below(SECOND))?;
    number(days)?.checked_mul(DAY)?.checked_add(rest)
}

/// Digits and nothing else.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

impl From<TimeSpan> for String {
    fn from(TimeSpan(ticks): TimeSpan) -> Self {
        let sign = if ticks < 0 { "-" } else { "" };
        let ticks = ticks.unsigned_abs();
        let days = match ticks / DAY {
            0 => Self::new(),
            days => format!("{days}."),
        };
        let (hours, minutes) = (ticks % DAY / HOUR, ticks % HOUR / MINUTE);
        let seconds = ticks % MINUTE / SECOND;
        let fraction = match ticks % SECOND {
            0 => Self::new(),
            fraction => format!(".{fraction:07}"),
        };
        format!("{sign}{days}{hours:02}:{minutes:02}:{seconds:02}{fraction}")
    }
}
