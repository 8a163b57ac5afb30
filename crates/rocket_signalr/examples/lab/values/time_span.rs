//! `TimeSpan`

use rocket_signalr::{FromProtocol, PerProtocol};
use serde::{Deserialize, Serialize};

use super::WrongFormat;

const SECOND: u64 = 10_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// A length of time, in ten millionths of a second: `-1.02:03:04.5000000` in JSON, their number in
/// MessagePack.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(into = "PerProtocol<String, i64>", try_from = "FromProtocol<String, i64>")]
pub(crate) struct TimeSpan(i64);

impl TryFrom<FromProtocol<String, i64>> for TimeSpan {
    type Error = WrongFormat;

    fn try_from(form: FromProtocol<String, i64>) -> Result<Self, WrongFormat> {
        let text = match form {
            FromProtocol::Json(text) => text,
            FromProtocol::MessagePack(ticks) => return Ok(Self(ticks)),
        };
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

/// `days`, or `[days.]hours:minutes[:seconds[.fraction]]`
fn ticks(text: &str) -> Option<u64> {
    let Some((hours, rest)) = text.split_once(':') else {
        return number(text)?.checked_mul(DAY);
    };
    let (days, hours) = hours.split_once('.').unwrap_or(("0", hours));
    let (minutes, seconds) = rest.split_once(':').unwrap_or((rest, "0"));
    let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    if !(1..=7).contains(&fraction.len()) {
        return None;
    }
    let below = |limit| move |number: &u64| *number < limit;
    let rest = number(hours).filter(below(24))? * HOUR
        + number(minutes).filter(below(60))? * MINUTE
        + number(seconds).filter(below(60))? * SECOND
        + number(&format!("{fraction:0<7}"))?;
    number(days)?.checked_mul(DAY)?.checked_add(rest)
}

/// Digits and nothing else.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

impl From<TimeSpan> for PerProtocol<String, i64> {
    fn from(TimeSpan(ticks): TimeSpan) -> Self {
        Self { json: text(ticks), messagepack: ticks }
    }
}

fn text(ticks: i64) -> String {
    let sign = if ticks < 0 { "-" } else { "" };
    let ticks = ticks.unsigned_abs();
    let days = match ticks / DAY {
        0 => String::new(),
        days => format!("{days}."),
    };
    let (hours, minutes) = (ticks % DAY / HOUR, ticks % HOUR / MINUTE);
    let seconds = ticks % MINUTE / SECOND;
    let fraction = match ticks % SECOND {
        0 => String::new(),
        fraction => format!(".{fraction:07}"),
    };
    format!("{sign}{days}{hours:02}:{minutes:02}:{seconds:02}{fraction}")
}
