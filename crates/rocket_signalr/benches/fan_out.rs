//! A message on its way to many, without sockets: encoded once, it ends in their outboxes.

#![expect(clippy::expect_used, reason = "a benchmark that cannot go on says why")]

mod crowd;

use crowd::{crowded, done, join_groups};
use divan::{AllocProfiler, Bencher, counter::ItemsCount};
use rocket_signalr::__bench::Client;

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

// Outboxes are emptied before each send, so that all of them find them alike.

#[divan::bench(args = [10, 100, 1000, 10_000], sample_size = 1)]
fn everybody(bencher: Bencher<'_, '_>, length: usize) {
    let (server, clients) = crowded(length);
    let text = "x".repeat(100);
    bencher
        .counter(ItemsCount::new(length))
        .with_inputs(|| clients.iter().map(Client::take).sum::<usize>())
        .bench_values(|_| done(server.context().clients().all().message(&text)));
}

/// Among as many groups and clients.
#[divan::bench(args = [10, 1000, 100_000], sample_size = 1)]
fn group_of_ten(bencher: Bencher<'_, '_>, length: usize) {
    let (server, clients) = crowded(length);
    join_groups(&server, &clients);
    let text = "x".repeat(100);
    bencher
        .counter(ItemsCount::new(10_usize))
        .with_inputs(|| clients[..10].iter().map(Client::take).sum::<usize>())
        .bench_values(|_| done(server.context().clients().group("ten").message(&text)));
}
