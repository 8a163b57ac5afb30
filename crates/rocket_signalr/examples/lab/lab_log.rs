//! What happened to the lab's connections.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

/// The events so far, oldest first: GET /lab/log tells them.
#[derive(Debug, Clone, Default)]
pub(crate) struct LabLog(Arc<Mutex<Vec<Entry>>>);

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Entry {
    what: &'static str,
    /// The connection's.
    id: String,
    detail: Option<String>,
}

impl LabLog {
    pub(crate) fn add(&self, what: &'static str, id: &str, detail: Option<String>) {
        self.lock().push(Entry { what, id: id.to_owned(), detail });
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
