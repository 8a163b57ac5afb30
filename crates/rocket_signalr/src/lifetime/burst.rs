//! Messages that follow each other closely: written together.
//!
//! A message to many is written to each at once, which costs a system call for each. While one
//! message follows the other without a pause, that would be all that there is time for. So they are
//! only queued then, and a task writes what waits: for each connection everything that has come
//! since it was there before.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use parking_lot::Mutex;
use tokio::{
    sync::Notify,
    task::{unconstrained, yield_now},
};

use super::members::BATCH;
use crate::{clock, connection::Connection};

/// What follows within an eighth of the time that writing has taken before belongs to the burst, or
/// within so many microseconds, if that is longer. More would take regular messages for a burst, and to
/// queue one that stays alone costs more than to write it at once (measured: benches/README.md).
const PAUSE: u64 = 50;

/// While so many bytes have been queued for a connection that may not have been written yet, senders
/// wait.
const AHEAD: usize = 64 * 1024;

/// The messages of one hub that are queued and will be written.
#[derive(Debug, Default)]
pub(super) struct Burst {
    /// Until when what comes belongs to what was before.
    until: AtomicU64,
    state: Mutex<State>,
    /// Wakes senders that wait.
    taken: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<Arc<Connection>>,
    /// How much was queued for a connection at most since the writer was there last.
    ahead: usize,
    /// The writer runs.
    writing: bool,
}

impl Burst {
    /// Whether a message that comes now is to be queued.
    pub(super) fn goes_on(&self) -> bool {
        clock::micros() < self.until.load(Relaxed) || self.state.lock().writing
    }

    /// What began at `begin` has been written.
    pub(super) fn written(&self, begin: u64) {
        let now = clock::micros();
        self.until.store(now + PAUSE.max((now - begin) / 8), Relaxed);
    }

    /// A message of this length was queued, and `unwritten` are those for whom nobody else writes it.
    /// Waits if too much is queued, but not for clients: who takes nothing holds nobody up.
    pub(super) async fn queued(
        self: &Arc<Self>,
        mut unwritten: Vec<Arc<Connection>>,
        length: usize,
    ) {
        {
            let mut state = self.state.lock();
            if unwritten.is_empty() && !state.writing {
                return;
            }
            state.waiting.append(&mut unwritten);
            state.ahead += length;
            if !state.writing {
                state.writing = true;
                tokio::spawn(unconstrained(self.clone().write()));
            }
        }
        loop {
            let taken = self.taken.notified();
            tokio::pin!(taken);
            // Enabled before the look, so that one in between is not missed.
            taken.as_mut().enable();
            if self.state.lock().ahead <= AHEAD {
                return;
            }
            taken.await;
        }
    }

    async fn write(self: Arc<Self>) {
        let begin = clock::micros();
        let mut batch = Vec::new();
        loop {
            {
                let mut state = self.state.lock();
                state.ahead = 0;
                if state.waiting.is_empty() {
                    self.written(begin);
                    state.writing = false;
                    // After a burst to many nothing is left of it.
                    state.waiting = Vec::new();
                }
                std::mem::swap(&mut batch, &mut state.waiting);
            }
            self.taken.notify_waiters();
            if batch.is_empty() {
                return;
            }
            for (index, connection) in batch.drain(..).enumerate() {
                connection.flush();
                if index % BATCH == BATCH - 1 {
                    yield_now().await;
                }
            }
        }
    }
}
