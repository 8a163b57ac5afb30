//! A hub and its clients, which the benchmarks have in common.

use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use rocket_signalr::__bench::{Client, Encoding, Server};
use rocket_signalr::{hub, hub_client};

#[hub_client]
pub(crate) trait Listener {
    async fn message(&self, text: &str);
}

pub(crate) struct Echo;

#[hub(client = Listener)]
impl Echo {
    fn echo(&self, text: String) -> String {
        text
    }
}

/// A hub with so many clients.
pub(crate) fn crowded(length: usize) -> (Server<Echo>, Vec<Client>) {
    let server = Server::new(Echo);
    let clients: Vec<_> = (0..length).map(|_| client(Encoding::Json)).collect();
    clients.iter().for_each(|client| server.add(client));
    (server, clients)
}

/// Each client joins a group of its own, and ten of them that of the name "ten".
pub(crate) fn join_groups(server: &Server<Echo>, clients: &[Client]) {
    let groups = server.context().groups();
    for (index, client) in clients.iter().enumerate() {
        done(groups.add(client.id(), &format!("group {index}")));
    }
    for client in &clients[..10] {
        done(groups.add(client.id(), "ten"));
    }
}

pub(crate) fn client(encoding: Encoding) -> Client {
    Client::new(encoding).expect("random numbers")
}

/// What waits for nothing but other tasks, of which there are none.
pub(crate) fn done<F: Future>(work: F) -> F::Output {
    let mut work = pin!(work);
    loop {
        if let Poll::Ready(done) = work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return done;
        }
    }
}
