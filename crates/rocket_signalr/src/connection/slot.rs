//! Turns: how many invocations of one client run at once.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::AcqRel, Ordering::Release},
};

use tokio::sync::SemaphorePermit;

use super::Connection;

/// An invocation's place among those that its client may have running at once. Given back when
/// the invocation is over, or waits for an answer of a client for the first time: with one place,
/// its own client's answer could otherwise never be read. It is not taken again, so that the answer
/// of a client does not wait for the client's other calls.
#[derive(Debug)]
pub(crate) struct Slot {
    connection: Arc<Connection>,
    held: AtomicBool,
}

impl Slot {
    pub(crate) fn of(connection: &Arc<Connection>) -> Self {
        Self { connection: connection.clone(), held: AtomicBool::new(false) }
    }

    /// Takes a place, if there is one.
    pub(crate) fn try_take(&self) -> bool {
        let permit = self.connection.slots.try_acquire().ok();
        let taken = permit.is_some();
        self.hold(permit);
        taken
    }

    /// Waits for a place.
    pub(crate) async fn take(&self) {
        let permit = self.connection.slots.acquire().await.ok();
        self.hold(permit);
    }

    fn hold(&self, permit: Option<SemaphorePermit<'_>>) {
        if let Some(permit) = permit {
            permit.forget();
            self.held.store(true, Release);
        }
    }

    /// Lets the next invocation have its turn.
    pub(crate) fn give_back(&self) {
        if self.held.swap(false, AcqRel) {
            self.connection.slots.add_permits(1);
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.give_back();
    }
}
