//! A server in this process, and raw clients that speak to it over real sockets.

mod client;
mod close;
mod encoding;
mod http;
mod log;
mod names;
mod poller;
mod samples;
mod server;
mod socket;
mod stateful;
mod stream;
mod traces;
mod values;

use std::{
    fmt::Debug,
    future::Future,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::Duration,
};

pub(crate) use self::{
    client::{Client, End, RS},
    close::{closed_with, too_large},
    encoding::{Encoding, prefixed, record},
    http::{Answer, request, request_bytes},
    log::{Log, OnDrop, ending},
    names::Names,
    poller::{Poller, messages},
    samples::Samples,
    server::{Server, options},
    socket::{RSV1, Socket, deflate, masked},
    stateful::Stateful,
    stream::EventStream,
    traces::{Trace, Traces},
    values::{Explosive, Unwritable},
};

/// Far more than anything takes: a test that waits so long has failed.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);

/// Waits for something, but not for ever.
pub(crate) async fn within<F: Future>(what: &str, future: F) -> F::Output {
    match tokio::time::timeout(DEADLINE, future).await {
        Ok(output) => output,
        Err(_) => panic!("waited in vain for {what}"),
    }
}

/// Waits until something is so.
pub(crate) async fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    within(what, async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
}

/// Expects that something does not happen for a while. Where a later message can tell that, it is the
/// better witness.
pub(crate) async fn stays_pending<F: Future<Output: Debug>>(what: &str, future: F) {
    if let Ok(output) = tokio::time::timeout(Duration::from_millis(100), future).await {
        panic!("{what} did not wait: {output:?}");
    }
}

/// Waits until a number has stopped to grow.
pub(crate) async fn settled(number: &AtomicUsize) -> usize {
    within("a standstill", async {
        loop {
            let before = number.load(Relaxed);
            tokio::time::sleep(Duration::from_millis(150)).await;
            if before > 0 && number.load(Relaxed) == before {
                return before;
            }
        }
    })
    .await
}
