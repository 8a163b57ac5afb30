use std::collections::BTreeMap;

use serde::Serialize;

/// What went wrong, and how often.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Faults(BTreeMap<String, u64>);

impl Faults {
    pub(crate) fn add(&mut self, cause: impl Into<String>) {
        self.add_many(cause, 1);
    }

    pub(crate) fn add_many(&mut self, cause: impl Into<String>, count: u64) {
        if count > 0 {
            *self.0.entry(cause.into()).or_default() += count;
        }
    }

    pub(crate) fn append(&mut self, other: Self) {
        for (cause, count) in other.0 {
            self.add_many(cause, count);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(cause, &count)| (&**cause, count))
    }
}
