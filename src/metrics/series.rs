//! A source of samples in memory: the present one whole, and the recent ones as rows of numbers.

use std::{collections::VecDeque, time::Duration};

use parking_lot::Mutex;
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::Value;
use ts_rs::TS;

/// What a source is, apart from its samples.
#[derive(Debug, Clone, Copy)]
pub struct SourceInfo {
    /// The name by which clients subscribe.
    pub name: &'static str,
    /// The time between two samples, by which a gap is known.
    pub interval: Duration,
    /// How many samples are kept as history.
    pub keep: usize,
    /// The names of the numbers that the history keeps of a sample.
    pub columns: &'static [&'static str],
}

/// A past sample: its time in epoch milliseconds, and its numbers in the order of the columns.
#[derive(Debug, Clone)]
struct Row {
    at: i64,
    values: Box<[f64]>,
}

/// A past sample as it is sent: `{at, column: number, …}`.
#[derive(Debug, Clone, TS)]
#[ts(type = "{ at: number; [column: string]: number }")]
pub struct HistoryRow {
    columns: &'static [&'static str],
    row: Row,
}

impl HistoryRow {
    /// When it was taken, in epoch milliseconds.
    pub fn at(&self) -> i64 {
        self.row.at
    }

    /// A number of it.
    pub fn value(&self, column: &str) -> Option<f64> {
        let index = self.columns.iter().position(|name| *name == column)?;
        self.row.values.get(index).copied()
    }
}

impl Serialize for HistoryRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1 + self.columns.len()))?;
        map.serialize_entry("at", &self.row.at)?;
        for (name, value) in self.columns.iter().zip(&self.row.values) {
            // A third of all numbers are whole: without ".0" the history is that much shorter.
            let whole = *value as i64;
            if whole as f64 == *value {
                map.serialize_entry(name, &whole)?;
            } else {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}

/// What a subscriber starts from.
#[derive(Debug, Clone, Serialize, TS)]
pub struct Snapshot {
    /// The name of the source.
    pub source: &'static str,
    /// Which run of the server the sequence belongs to: another run counts anew.
    pub epoch: String,
    /// The number of the newest sample; 0 if there is none yet.
    pub sequence: u64,
    /// The newest sample.
    #[ts(type = "unknown")]
    pub sample: Option<Value>,
    /// Past samples, oldest first. The last one is number `sequence`, and none is missing between.
    pub history: Vec<HistoryRow>,
    /// The milliseconds between two samples.
    pub interval: u64,
}

/// A past sample with its number.
#[derive(Debug, Clone, Serialize, TS)]
pub struct Point {
    /// Its number.
    pub sequence: u64,
    /// When it was taken, in epoch milliseconds.
    pub at: i64,
    /// What the history keeps of it.
    pub sample: HistoryRow,
}

/// The samples of one source.
#[derive(Debug)]
pub(super) struct Series {
    info: SourceInfo,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    sequence: u64,
    sample: Option<Value>,
    rows: VecDeque<Row>,
}

impl Series {
    pub(super) fn new(info: SourceInfo) -> Self {
        let rows = VecDeque::with_capacity(info.keep);
        Self { info, state: Mutex::new(State { rows, ..State::default() }) }
    }

    pub(super) fn name(&self) -> &'static str {
        self.info.name
    }

    /// Takes a sample in and gives it its number.
    pub(super) fn push(&self, at: i64, sample: Value, values: &[f64]) -> u64 {
        let mut state = self.state.lock();
        state.sequence += 1;
        state.sample = Some(sample);
        if self.info.keep > 0 {
            if state.rows.len() == self.info.keep {
                state.rows.pop_front();
            }
            state.rows.push_back(Row { at, values: values.into() });
        }
        state.sequence
    }

    /// The newest sample and the history that is newer than number `since`: all of it for 0, and
    /// if `since` is of another run (`same_run` is false), not yet reached, or no longer kept.
    pub(super) fn snapshot(&self, epoch: &str, since: u64, same_run: bool) -> Snapshot {
        let state = self.state.lock();
        let kept = state.rows.len() as u64;
        let missing = match state.sequence.checked_sub(since) {
            Some(newer) if same_run && newer <= kept => newer,
            _ => kept,
        };
        let skip = (kept - missing) as usize;
        Snapshot {
            source: self.info.name,
            epoch: epoch.to_owned(),
            sequence: state.sequence,
            sample: state.sample.clone(),
            history: state.rows.iter().skip(skip).map(|row| self.sent(row)).collect(),
            interval: u64::try_from(self.info.interval.as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// The kept samples that were taken between two times in epoch milliseconds, both included.
    pub(super) fn between(&self, from: i64, to: i64) -> Vec<Point> {
        let state = self.state.lock();
        let before_first = state.sequence - state.rows.len() as u64;
        (before_first + 1..)
            .zip(&state.rows)
            .filter(|(_, row)| (from..=to).contains(&row.at))
            .map(|(sequence, row)| Point { sequence, at: row.at, sample: self.sent(row) })
            .collect()
    }

    fn sent(&self, row: &Row) -> HistoryRow {
        HistoryRow { columns: self.info.columns, row: row.clone() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn series(samples: u64) -> Series {
        let series = Series::new(SourceInfo {
            name: "test",
            interval: Duration::from_secs(1),
            keep: 5,
            columns: &["cpu", "memory"],
        });
        for n in 1..=samples {
            let at = n as i64 * 1000;
            assert_eq!(series.push(at, json!({ "n": n }), &[n as f64 + 0.5, n as f64]), n);
        }
        series
    }

    fn times(snapshot: &Snapshot) -> Vec<i64> {
        snapshot.history.iter().map(|row| row.at() / 1000).collect()
    }

    #[test]
    fn a_new_series_is_empty() {
        let snapshot = series(0).snapshot("e", 0, true);
        assert_eq!((snapshot.sequence, snapshot.sample), (0, None));
        assert!(snapshot.history.is_empty());
    }

    #[test]
    fn only_the_last_samples_are_kept_and_numbers_have_no_holes() {
        let snapshot = series(8).snapshot("e", 0, true);
        assert_eq!(snapshot.sequence, 8);
        assert_eq!(snapshot.sample, Some(json!({ "n": 8 })));
        assert_eq!(times(&snapshot), [4, 5, 6, 7, 8]);
    }

    #[test]
    fn since_leaves_out_what_the_client_has() {
        let series = series(8);
        let since = |since, same_run| times(&series.snapshot("e", since, same_run));
        assert_eq!(since(6, true), [7, 8]);
        assert_eq!(since(3, true), [4, 5, 6, 7, 8]);
        assert!(since(8, true).is_empty());
        for (text, since, same_run) in
            [("too old", 2, true), ("ahead", 9, true), ("of another run", 6, false)]
        {
            let snapshot = series.snapshot("e", since, same_run);
            assert_eq!(times(&snapshot), [4, 5, 6, 7, 8], "{text}");
        }
    }

    #[test]
    fn a_range_of_time_includes_both_ends() {
        let points = series(8).between(5000, 7000);
        let found: Vec<_> = points.iter().map(|p| (p.sequence, p.at)).collect();
        assert_eq!(found, [(5, 5000), (6, 6000), (7, 7000)]);
        assert!(series(8).between(7000, 5000).is_empty());
    }

    #[test]
    fn rows_are_sent_by_name_with_whole_numbers_short() -> Result<(), serde_json::Error> {
        let snapshot = series(1).snapshot("e", 0, true);
        let text = serde_json::to_string(&snapshot.history)?;
        assert_eq!(text, r#"[{"at":1000,"cpu":1.5,"memory":1}]"#);
        assert_eq!(snapshot.history[0].value("memory"), Some(1.0));
        Ok(())
    }

    #[test]
    fn a_source_without_history_still_counts() {
        let series = Series::new(SourceInfo {
            name: "status",
            interval: Duration::from_secs(1),
            keep: 0,
            columns: &[],
        });
        series.push(1, json!(1), &[]);
        series.push(2, json!(2), &[]);
        let snapshot = series.snapshot("e", 0, true);
        assert_eq!((snapshot.sequence, snapshot.history.len()), (2, 0));
        assert!(series.between(0, 9).is_empty());
    }
}
