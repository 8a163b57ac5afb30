//! A server in this process, and raw clients that speak to it over real sockets.

mod client;
mod encoding;
mod http;
mod log;
mod poller;
mod samples;
mod server;
mod socket;
mod stateful;
mod stream;
mod traces;

use std::{future::Future, time::Duration};

pub(crate) use self::{
    client::{Client, End, RS},
    encoding::Encoding,
    http::{Answer, request},
    log::{Log, OnDrop},
    poller::{Poller, messages},
    samples::Samples,
    server::{Server, options},
    socket::{RSV1, Socket, deflate, masked},
    stateful::Stateful,
    stream::EventStream,
    traces::{Trace, Traces},
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
