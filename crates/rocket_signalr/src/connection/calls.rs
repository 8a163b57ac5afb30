//! The streams that are open between a client and its hub.

use std::{collections::HashMap, future::Future, pin::Pin};

use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::{error::HubError, protocol::RawValue};

/// The server streams and upload streams of one connection, by their ids. An idle connection has
/// none and owns no table.
#[derive(Default)]
pub(crate) struct Calls {
    tables: Mutex<Option<Box<Tables>>>,
}

#[derive(Default)]
struct Tables {
    /// None once it has been told to stop: until it is over its id is in use.
    streams: HashMap<Box<str>, Option<oneshot::Sender<Stop>>>,
    /// With the number of the call that each belongs to: a client may use an id again.
    uploads: HashMap<Box<str>, (u64, Box<dyn UploadSink>)>,
    calls: u64,
    /// The connection has ended: what would be added is over at once.
    ended: bool,
}

/// Tells a server stream that its client wants no more of it.
#[derive(Debug)]
pub(crate) struct Stop;

/// How an upload stream ends.
#[derive(Debug)]
pub(crate) enum UploadEnd {
    Completed,
    Failed(HubError),
}

/// Why an item of an upload stream comes nowhere.
#[derive(Debug)]
pub(crate) enum Undelivered {
    /// There is no such stream; it may just have ended.
    NoStream,
    /// It does not bind, and has ended its stream.
    Unbound,
}

/// A future that gives an item to a stream whose buffer is full.
pub(crate) type Delivery = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Where the items of an upload stream go. Knows their type.
pub(crate) trait UploadSink: Send {
    /// Binds an item and passes it on. If the buffer is full, the rest is for the caller to await.
    /// An item that does not bind is the error that ends the stream.
    fn item(&self, item: RawValue<'_>) -> Result<Option<Delivery>, HubError>;
    /// Says why no more items come. Without it, the connection was lost.
    fn end(self: Box<Self>, end: UploadEnd);
}

impl Calls {
    /// Opens a server stream. `None` if its id is in use.
    pub(crate) fn open_stream(&self, id: &str) -> Option<oneshot::Receiver<Stop>> {
        let mut tables = self.tables.lock();
        let tables = tables.get_or_insert_default();
        if tables.streams.contains_key(id) {
            return None;
        }
        let (stop, stopped) = oneshot::channel();
        if !tables.ended {
            tables.streams.insert(id.into(), Some(stop));
        }
        Some(stopped)
    }

    /// Forgets a server stream that is over.
    pub(crate) fn close_stream(&self, id: &str) {
        if let Some(tables) = &mut *self.tables.lock() {
            tables.streams.remove(id);
        }
    }

    /// The client wants no more of a stream. False if there is none of this id: it may just have
    /// ended.
    pub(crate) fn cancel_stream(&self, id: &str) -> bool {
        let mut tables = self.tables.lock();
        let stream = tables.as_mut().and_then(|tables| tables.streams.get_mut(id));
        stream.and_then(Option::take).is_some_and(|stop| stop.send(Stop).is_ok())
    }

    /// Opens the upload streams of a call, before anything more is read from the client. Returns the
    /// number of the call.
    pub(crate) fn open_uploads(
        &self,
        uploads: impl IntoIterator<Item = (Box<str>, Box<dyn UploadSink>)>,
    ) -> u64 {
        let mut tables = self.tables.lock();
        let tables = tables.get_or_insert_default();
        tables.calls += 1;
        if !tables.ended {
            let call = tables.calls;
            tables.uploads.extend(uploads.into_iter().map(|(id, sink)| (id, (call, sink))));
        }
        tables.calls
    }

    /// Forgets upload streams whose method is over; late items are ignored.
    pub(crate) fn close_uploads(&self, call: u64, ids: &[Box<str>]) {
        if let Some(tables) = &mut *self.tables.lock() {
            for id in ids {
                if tables.uploads.get(id).is_some_and(|(of, _)| *of == call) {
                    tables.uploads.remove(id);
                }
            }
        }
    }

    /// An item of an upload stream. If its buffer is full, the rest is for the caller to await.
    pub(crate) fn upload_item(
        &self,
        id: &str,
        item: RawValue<'_>,
    ) -> Result<Option<Delivery>, Undelivered> {
        let mut tables = self.tables.lock();
        let tables = tables.as_mut().ok_or(Undelivered::NoStream)?;
        let (_, sink) = tables.uploads.get(id).ok_or(Undelivered::NoStream)?;
        sink.item(item).map_err(|error| {
            if let Some((_, sink)) = tables.uploads.remove(id) {
                sink.end(UploadEnd::Failed(error));
            }
            Undelivered::Unbound
        })
    }

    /// Whether there is an upload stream of this id.
    pub(crate) fn has_upload(&self, id: &str) -> bool {
        self.tables.lock().as_ref().is_some_and(|tables| tables.uploads.contains_key(id))
    }

    /// The end of an upload stream.
    pub(crate) fn end_upload(&self, id: &str, end: UploadEnd) {
        let sink = self.tables.lock().as_mut().and_then(|tables| tables.uploads.remove(id));
        if let Some((_, sink)) = sink {
            sink.end(end);
        }
    }

    /// The connection ended: every stream is stopped, every upload is cut off.
    pub(crate) fn end(&self) {
        let mut guard = self.tables.lock();
        let Tables { streams, uploads, .. } = std::mem::replace(
            &mut **guard.get_or_insert_default(),
            Tables { ended: true, ..Tables::default() },
        );
        drop(guard);
        drop((streams, uploads));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_of_a_stream_is_in_use_until_it_is_over() {
        let calls = Calls::default();
        let mut stopped = calls.open_stream("1").unwrap();
        assert!(calls.open_stream("1").is_none());
        assert!(calls.cancel_stream("1"));
        assert!(stopped.try_recv().is_ok());
        assert!(calls.open_stream("1").is_none(), "it is told to stop, and not over");
        assert!(!calls.cancel_stream("1"));
        calls.close_stream("1");
        assert!(calls.open_stream("1").is_some());
    }
}
