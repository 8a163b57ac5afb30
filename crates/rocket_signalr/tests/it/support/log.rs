//! What hubs have done, for tests to see.

use std::sync::Arc;

use rocket_signalr::DisconnectReason;
use tokio::sync::watch;

use super::within;

/// Events in their order. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Log(Arc<watch::Sender<Vec<String>>>);

impl Default for Log {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Vec::new())))
    }
}

impl Log {
    pub(crate) fn add(&self, event: impl Into<String>) {
        self.0.send_modify(|events| events.push(event.into()));
    }

    pub(crate) fn events(&self) -> Vec<String> {
        self.0.borrow().clone()
    }

    pub(crate) fn count(&self, event: &str) -> usize {
        self.0.borrow().iter().filter(|e| *e == event).count()
    }

    /// Waits until an event has been noted.
    pub(crate) async fn wait(&self, event: &str) {
        self.wait_for(event, |events| events.iter().any(|e| e == event)).await;
    }

    /// Waits until an event has been noted so many times.
    pub(crate) async fn wait_times(&self, event: &str, times: usize) {
        let what = format!("{times} times {event}");
        self.wait_for(&what, |events| events.iter().filter(|e| *e == event).count() >= times).await;
    }

    async fn wait_for(&self, what: &str, is_so: impl FnMut(&Vec<String>) -> bool) {
        let mut events = self.0.subscribe();
        let _ = within(what, events.wait_for(is_so)).await.expect("the log is there");
    }
}

/// How it is noted why a connection has ended.
pub(crate) fn ending(reason: &DisconnectReason) -> String {
    reason.error().map_or("no error".to_owned(), ToString::to_string)
}

/// Notes an event when it is dropped.
#[derive(Debug)]
pub(crate) struct OnDrop(pub(crate) Log, pub(crate) &'static str);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.add(self.1);
    }
}
