//! The dashboard's vitals: the numbers of the moment, and charts that open with their history.

use askama::Template;
use chrono::{DateTime, Utc};

use super::{SOURCE, Sample, Vitals};
use crate::metrics::{HistoryRow, Metrics};

/// The rows of the tables beside the charts are a minute apart.
const TABLE_STEP: i64 = 60_000;

/// The vitals of the machine.
#[derive(Debug, Template)]
#[template(path = "vitals/widget.html")]
pub struct Widget {
    sample: Sample,
    /// Oldest first.
    minutes: Vec<HistoryRow>,
    /// What subscribing would answer, as JSON that can stand in a script element.
    snapshot: String,
}

/// The vitals with the values of the moment. Their script is the entry `vitals`.
pub fn widget(vitals: &Vitals, metrics: &Metrics) -> Widget {
    let snapshot = metrics.snapshot(SOURCE);
    let minutes = snapshot.as_ref().map_or_else(Vec::new, |found| minutes(&found.history));
    let json = serde_json::to_string(&snapshot).unwrap_or_else(|error| {
        tracing::error!("the vitals cannot be written as JSON: {error}");
        "null".to_owned()
    });
    Widget {
        sample: vitals.newest().unwrap_or_default(),
        minutes,
        // Nothing in it can then end the element.
        snapshot: json.replace('<', "\\u003c"),
    }
}

/// One row of each minute, its first.
fn minutes(history: &[HistoryRow]) -> Vec<HistoryRow> {
    let mut rows: Vec<HistoryRow> = Vec::new();
    for row in history {
        if rows.last().is_none_or(|last| last.at() / TABLE_STEP != row.at() / TABLE_STEP) {
            rows.push(row.clone());
        }
    }
    rows
}

impl Widget {
    fn memory_percent(&self) -> f64 {
        percent(self.sample.memory, self.sample.memory_total)
    }

    fn received(&self) -> (String, &'static str) {
        number_and_unit(self.sample.received as f64)
    }

    fn swap(&self) -> (String, &'static str) {
        number_and_unit(self.sample.swap as f64)
    }

    fn uptime(&self) -> String {
        span(self.sample.uptime)
    }

    fn cell(row: &HistoryRow, column: &str) -> f64 {
        row.value(column).unwrap_or_default()
    }

    fn size_in(row: &HistoryRow, column: &str) -> String {
        size(&Self::cell(row, column))
    }
}

fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}

/// `HH:MM` in UTC.
fn clock(at: i64) -> String {
    DateTime::<Utc>::from_timestamp_millis(at)
        .map_or_else(String::new, |time| time.format("%H:%M").to_string())
}

/// A size in the unit that gives one to three digits before the point: `11.8 GiB`. Takes a
/// reference because templates pass nothing else.
fn size(bytes: &f64) -> String {
    let (number, unit) = number_and_unit(*bytes);
    format!("{number} {unit}")
}

fn number_and_unit(bytes: f64) -> (String, &'static str) {
    let mut value = bytes;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let decimals = usize::from(unit > 0 && value < 100.0);
    (format!("{value:.decimals$}"), UNITS[unit])
}

const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];

/// A time span in its two largest units: `3 d 4 h`, `12 min`.
fn span(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours) {
        (0, 0) => format!("{minutes} min"),
        (0, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        let shown = [0.0, 999.0, 1000.0, 123_456_789.0, 12_884_901_888.0].map(|bytes| size(&bytes));
        assert_eq!(shown, ["0 B", "999 B", "1.0 KiB", "118 MiB", "12.0 GiB"]);
    }

    #[test]
    fn spans_have_two_units_at_most() {
        let shown = [59, 3599, 3600, 90_061].map(span);
        assert_eq!(shown, ["0 min", "59 min", "1 h 0 min", "1 d 1 h"]);
    }

    #[test]
    fn a_share_of_nothing_is_nothing() {
        assert_eq!(percent(1, 0), 0.0);
        assert_eq!(percent(1, 4), 25.0);
    }
}
