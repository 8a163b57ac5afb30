//! Dates and times as texts, in the profile of ISO 8601 that System.Text.Json reads and writes.

use std::fmt::{self, Display};

use chrono::{Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Timelike};

/// What stands behind the time of day.
#[derive(Debug, Clone, Copy)]
pub(super) enum Zone {
    Unspecified,
    Utc,
    Offset(FixedOffset),
}

/// Reads `2026-11-21`, with a time of day or without. Seconds may be left out, and so may the
/// minutes of an offset.
pub(super) fn read(text: &str) -> Option<(NaiveDateTime, Zone)> {
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let date = NaiveDate::from_ymd_opt(year.try_into().ok()?, month, day)?;
    let Some(time) = time else {
        return in_range(date.into()).map(|time| (time, Zone::Unspecified));
    };
    let (clock, behind) = time.split_at(time.find(['Z', '+', '-']).unwrap_or(time.len()));
    // Behind a point there is something, though it need not be a digit.
    if time.ends_with('.') {
        return None;
    }
    Some((in_range(date.and_time(time_of_day(clock)?))?, zone(behind)?))
}

/// .NET's times begin with the year 1 and end with the year 9999.
pub(super) fn in_range(time: NaiveDateTime) -> Option<NaiveDateTime> {
    (1..=9999).contains(&time.year()).then_some(time)
}

fn time_of_day(clock: &str) -> Option<NaiveTime> {
    if let Some([hour, minute]) = numbers(clock, ':', [2, 2]) {
        return NaiveTime::from_hms_opt(hour, minute, 0);
    }
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    if fraction.len() > 16 || !is_digits(fraction) {
        return None;
    }
    // Ticks are ten millionths of a second; what is finer is dropped.
    let ticks: u32 = format!("{fraction:0<7.7}").parse().ok()?;
    NaiveTime::from_hms_nano_opt(hour, minute, second, ticks * 100)
}

fn zone(text: &str) -> Option<Zone> {
    let (sign, offset) = match text.split_at_checked(1) {
        None => return Some(Zone::Unspecified),
        Some(("Z", "")) => return Some(Zone::Utc),
        Some(("+", offset)) => (1, offset),
        Some(("-", offset)) => (-1, offset),
        Some(_) => return None,
    };
    let [hours, minutes] = numbers(offset, ':', [2, 2])
        .or_else(|| numbers(offset, ':', [2]).map(|[hours]| [hours, 0]))?;
    let minutes = (minutes < 60).then_some(hours * 60 + minutes)?;
    east(sign * i32::try_from(minutes).ok()?).map(Zone::Offset)
}

/// East of Greenwich, as far as .NET goes.
pub(super) fn east(minutes: i32) -> Option<FixedOffset> {
    let minutes = (-14 * 60..=14 * 60).contains(&minutes).then_some(minutes)?;
    FixedOffset::east_opt(minutes * 60)
}

/// Numbers of so many digits each.
fn numbers<const N: usize>(text: &str, separator: char, lengths: [usize; N]) -> Option<[u32; N]> {
    let mut parts = text.split(separator);
    let mut numbers = [0; N];
    for (number, length) in numbers.iter_mut().zip(lengths) {
        let digits = parts.next().filter(|part| part.len() == length && is_digits(part))?;
        *number = digits.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// What calendar and clock show: `2026-11-21T10:20:30.12`, without zeros behind.
pub(super) struct Clock(pub(super) NaiveDateTime);

impl Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m-%dT%H:%M:%S"))?;
        match self.0.nanosecond() / 100 {
            0 => Ok(()),
            fraction => f.write_str(format!(".{fraction:07}").trim_end_matches('0')),
        }
    }
}
