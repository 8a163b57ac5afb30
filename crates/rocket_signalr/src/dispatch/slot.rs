//! Turns: how many invocations of one client run at once.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::SeqCst},
};

use crate::connection::Connection;

/// An invocation's place among those that its client may have running at once. Given back when
/// the invocation is over, and while it waits for its own client's answer: with one place, the
/// answer could otherwise never be read.
#[derive(Debug)]
pub(crate) struct Slot {
    connection: Arc<Connection>,
    held: AtomicBool,
    /// The invocation is over. A task that it left behind may still wait for an answer: it takes no
    /// place any more.
    over: AtomicBool,
}

impl Slot {
    pub(super) fn of(connection: &Arc<Connection>) -> Self {
        Self {
            connection: connection.clone(),
            held: AtomicBool::new(false),
            over: AtomicBool::new(false),
        }
    }

    /// Waits for a place. Until there is one, the client's silence is not held against it.
    pub(super) async fn take(&self) {
        let connection = &*self.connection;
        let permit = match connection.slots.try_acquire() {
            Ok(permit) => Some(permit),
            Err(_) => {
                connection.set_waiting(true);
                let permit = connection.slots.acquire().await.ok();
                connection.set_waiting(false);
                permit
            }
        };
        self.hold(permit);
    }

    /// Runs `wait` without the place, and takes one again afterwards.
    pub(crate) async fn without<T>(&self, wait: impl Future<Output = T>) -> T {
        let held = self.give_back();
        let result = wait.await;
        if held && !self.over.load(SeqCst) {
            self.hold(self.connection.slots.acquire().await.ok());
        }
        result
    }

    fn hold(&self, permit: Option<tokio::sync::SemaphorePermit<'_>>) {
        if let Some(permit) = permit {
            permit.forget();
            self.held.store(true, SeqCst);
            // It may have ended in between.
            if self.over.load(SeqCst) {
                self.give_back();
            }
        }
    }

    /// The invocation is over.
    pub(super) fn end(&self) {
        self.over.store(true, SeqCst);
        self.give_back();
    }

    /// Lets the next invocation have its turn. False if the place was not held.
    fn give_back(&self) -> bool {
        let held = self.held.swap(false, SeqCst);
        if held {
            self.connection.slots.add_permits(1);
        }
        held
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.give_back();
    }
}
