//! What a client has posted and its connection has not read yet.

use bytes::BytesMut;
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::Ending;

/// Bytes from POST requests, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    unread: Mutex<Unread>,
    room: Notify,
    /// Held through a whole request body, so that bodies do not mix.
    pub(crate) writing: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Unread {
    bytes: BytesMut,
    end: Option<Ending>,
}

/// What there is to be read.
#[derive(Debug)]
pub(super) enum Posted {
    Nothing,
    Bytes(BytesMut),
    /// The client has gone, and all that it posted has been read, as far as there was room.
    End(Ending),
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
                let unread = &mut self.unread.lock().bytes;
                if unread.is_empty() || unread.len() < limit {
                    unread.extend_from_slice(bytes);
                    return;
                }
            }
            room.await;
        }
    }

    /// Nothing more will be posted, for this reason. Only the first counts.
    pub(super) fn end(&self, ending: Ending) {
        self.unread.lock().end.get_or_insert(ending);
    }

    /// Takes all that is unread; nothing, if there is no room for it.
    pub(super) fn take(&self, has_room: bool) -> Posted {
        let mut unread = self.unread.lock();
        if has_room && !unread.bytes.is_empty() {
            self.room.notify_waiters();
            return Posted::Bytes(std::mem::take(&mut unread.bytes));
        }
        unread.end.clone().map_or(Posted::Nothing, Posted::End)
    }
}
