//! What a hosted service shows of itself.

use chrono::{DateTime, Utc};
use serde::Serialize;

/// So many failures in a row, and the service is no longer healthy.
const FAILURES_TO_ALARM: u32 = 3;

/// What a hosted service does at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ServiceState {
    /// It was not started yet.
    Starting,
    /// It ticks by its schedule.
    Running,
    /// Its start or its last tick failed; it is tried again.
    Failing,
    /// It was stopped.
    Stopped,
}

impl ServiceState {
    /// As it is shown and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Failing => "failing",
            Self::Stopped => "stopped",
        }
    }
}

/// How a hosted service does. Times are epoch milliseconds.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceStatus {
    /// Its name.
    pub name: &'static str,
    /// Its schedule in words, or the cron expression.
    pub schedule: String,
    /// What it does at the moment.
    pub state: ServiceState,
    /// How many ticks it has done, failed ones included.
    pub ticks: u64,
    /// When its last tick began.
    pub last_tick: Option<i64>,
    /// How long its last tick took, in milliseconds.
    pub took: Option<f64>,
    /// How many ticks and starts have failed.
    pub errors: u64,
    /// How many failures there were since the last success.
    pub failures_in_a_row: u32,
    /// The text of the last error, kept also after a success.
    pub last_error: Option<String>,
    /// When it ticks, or is tried, next.
    pub next_tick: Option<i64>,
    /// Whether it does its work: it runs, and has not failed three times in a row.
    pub healthy: bool,
}

impl ServiceStatus {
    pub(super) fn new(name: &'static str, schedule: String) -> Self {
        Self {
            name,
            schedule,
            state: ServiceState::Starting,
            ticks: 0,
            last_tick: None,
            took: None,
            errors: 0,
            failures_in_a_row: 0,
            last_error: None,
            next_tick: None,
            healthy: true,
        }
    }

    /// Changes what it does, and judges by that and by its failures whether it is healthy.
    pub(super) fn enter(&mut self, state: ServiceState) {
        self.state = state;
        self.healthy = state != ServiceState::Stopped && self.failures_in_a_row < FAILURES_TO_ALARM;
    }

    /// The time of the last tick as `HH:MM:SS` in UTC.
    pub fn last_tick_text(&self) -> String {
        time_of_day(self.last_tick)
    }

    /// The time of the next tick as `HH:MM:SS` in UTC.
    pub fn next_tick_text(&self) -> String {
        time_of_day(self.next_tick)
    }

    /// How long the last tick took, with two significant digits or so.
    pub fn took_text(&self) -> String {
        match self.took {
            None => "–".to_owned(),
            Some(ms) if ms < 1.0 => format!("{ms:.2} ms"),
            Some(ms) if ms < 1000.0 => format!("{ms:.0} ms"),
            Some(ms) => format!("{:.1} s", ms / 1000.0),
        }
    }
}

fn time_of_day(millis: Option<i64>) -> String {
    millis
        .and_then(DateTime::<Utc>::from_timestamp_millis)
        .map_or_else(|| "–".to_owned(), |time| time.format("%H:%M:%S").to_string())
}
