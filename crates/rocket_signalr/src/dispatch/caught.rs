//! Panics of the application's code, as errors: they end an invocation, not the connection.

use std::{
    any::Any,
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    task::{Context, Poll},
};

use crate::error::HubError;

/// Runs to the end. A panic is an error like others, the outer one.
pub(super) async fn caught<F: Future>(work: F) -> Result<F::Output, HubError> {
    let mut work = pin!(work);
    poll_fn(|cx| poll_caught(work.as_mut(), cx)).await
}

pub(super) fn poll_caught<F>(
    work: Pin<&mut F>,
    cx: &mut Context<'_>,
) -> Poll<Result<F::Output, HubError>>
where
    F: Future + ?Sized,
{
    match catch_unwind(AssertUnwindSafe(|| work.poll(cx))) {
        Ok(poll) => poll.map(Ok),
        Err(panic) => Poll::Ready(Err(panicked(&*panic))),
    }
}

/// Runs what waits for nothing. A panic is an error.
pub(super) fn caught_at_once<T>(work: impl FnOnce() -> T) -> Result<T, HubError> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| panicked(&*panic))
}

fn panicked(panic: &(dyn Any + Send)) -> HubError {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    HubError::with_kind("Panic", text.unwrap_or_default())
}
