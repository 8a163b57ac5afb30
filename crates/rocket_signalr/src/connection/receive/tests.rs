use std::{
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    task::{Wake, Waker},
};

use super::*;
use crate::{id::ConnectionId, options::HubOptions, request::ConnectRequest};

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

fn polled_connection() -> Connection {
    let id = ConnectionId::parse("0123456789012345678901").unwrap();
    let connection = Connection::new(id, id, Arc::new(HubOptions::default()), false);
    assert!(connection.open(Transport::LongPolling, ConnectRequest::default, None));
    connection
}

/// What happens elsewhere while the connection's task runs for the first time: it must not be
/// missed.
#[track_caller]
fn check(meanwhile: impl Fn(&Connection)) {
    let connection = polled_connection();
    let input = Mutex::new(Input::default());
    let wakes = Arc::new(Wakes::default());
    let waker = wakes.clone().into();
    let work = pin!(poll_fn(|_| {
        meanwhile(&connection);
        Poll::<()>::Pending
    }));
    let mut driven = pin!(drive(&connection, &input, work, true));
    let poll = driven.as_mut().poll(&mut Context::from_waker(&waker));
    assert!(poll.is_pending());
    assert_eq!(wakes.0.load(Relaxed), 1);
}

#[test]
fn post_that_comes_while_the_task_looks_for_the_first_time_wakes_it() {
    check(|connection| {
        let posted = pin!(connection.post(b"{}")).poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(posted, Poll::Ready(true));
    });
}

#[test]
fn end_that_comes_while_the_task_looks_for_the_first_time_wakes_it() {
    check(|connection| connection.end(Ending::server_stops()));
}

#[test]
fn client_that_leaves_while_the_task_looks_for_the_first_time_wakes_it() {
    check(|connection| connection.leave(Ending::deleted()));
}
