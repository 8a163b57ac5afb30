//! Streams of numbers, and a note of their end.

use async_stream::stream;
use futures::{Stream, TryStreamExt};
use rocket_signalr::{HubError, UploadStream};
use tokio::task::yield_now;

use crate::lab_log::LabLog;

pub(crate) fn count_and_fail(
    count: i32,
    error: HubError,
) -> impl Stream<Item = Result<i32, HubError>> + Send {
    stream! {
        for number in 0..count {
            yield Ok(number);
            yield_now().await;
        }
        yield Err(error);
    }
}

pub(crate) async fn sum(items: UploadStream<i32>) -> Result<i32, HubError> {
    items.try_fold(0_i32, async |sum, item| Ok(sum.wrapping_add(item))).await
}

/// Notes in the log that a stream is over, however it came to that.
pub(crate) struct EndLogged {
    pub(crate) log: LabLog,
    /// The connection's.
    pub(crate) id: String,
}

impl Drop for EndLogged {
    fn drop(&mut self) {
        self.log.add("forever-ended", &self.id, None);
    }
}
