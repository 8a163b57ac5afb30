//! What a client has posted and its connection has not read yet.

use bytes::BytesMut;
use parking_lot::Mutex;
use tokio::sync::Notify;

/// Bytes from POST requests, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    bytes: Mutex<BytesMut>,
    room: Notify,
    /// Held through a whole request body, so that bodies do not mix.
    pub(crate) writing: tokio::sync::Mutex<()>,
}

impl Inbox {
    /// Waits until less than `limit` bytes are unread, and adds some.
    pub(crate) async fn write(&self, bytes: &[u8], limit: usize) {
        loop {
            let room = self.room.notified();
            tokio::pin!(room);
            // Enabled before the look, so that room made in between is not missed.
            room.as_mut().enable();
            {
                let mut unread = self.bytes.lock();
                if unread.is_empty() || unread.len() < limit {
                    unread.extend_from_slice(bytes);
                    return;
                }
            }
            room.await;
        }
    }

    /// Moves all that is unread to `input`. True if there was something.
    pub(super) fn take(&self, input: &mut BytesMut) -> bool {
        let unread = std::mem::take(&mut *self.bytes.lock());
        if unread.is_empty() {
            return false;
        }
        input.unsplit(unread);
        self.room.notify_waiters();
        true
    }
}
