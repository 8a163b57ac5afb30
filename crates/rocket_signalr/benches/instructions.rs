//! How many instructions things take, counted by callgrind: `make bench-instructions`. The README
//! beside this says how to read the counts.
//!
//! Run by itself it counts nothing: it tells, on a line each, what callgrind is to count.

#![expect(clippy::expect_used, reason = "a benchmark that cannot go on says why")]

mod crowd;
mod samples;

use std::{hint::black_box, thread, time::Duration};

use bytes::BytesMut;
use crowd::{Echo, client, crowded, done, join_groups};
use rocket_signalr::__bench::{Call, Client, Encoding, Server, Written, read_frames, shake_hands};
use samples::{masked, tick};
use serde::{Serialize, de::DeserializeOwned};

/// How often a thing is done whose count differs a little from time to time: the tables of a hub
/// are hashed, with a key of their own in each run.
const TIMES: usize = 100;

fn main() {
    for (encoding, column) in [(Encoding::Json, "JSON"), (Encoding::MessagePack, "MessagePack")] {
        argument(encoding, column, "a text of 100 bytes", &"x".repeat(100));
        argument(encoding, column, "a struct that holds 8 others", &tick());
        answers(encoding, column);
    }
    frames();
    for length in [10, 100, 1000, 10_000] {
        broadcast(length);
    }
    for length in [10, 1000, 100_000] {
        among(length);
    }
    for length in [1000, 10_000, 100_000] {
        rush(length);
    }
}

/// What runs in here is counted: each time it is over, callgrind notes a total.
#[inline(never)]
fn measured(work: &mut dyn FnMut()) {
    work();
    // Else the call above would be a jump, and this over before it.
    black_box(());
}

/// Where a count is shown: the table, the row and the column.
type Cell<'a> = [&'a str; 3];

/// Counts `work`, which does a thing `times` over.
fn count([table, row, column]: Cell<'_>, times: usize, mut work: impl FnMut()) {
    measured(&mut work);
    println!("{table}\t{row}\t{column}\t{times}");
}

/// Counts `work` when it is done for the second time, since the first sets up what stays. To drop
/// its result is part of it.
fn count_second<I, R>(
    cell: Cell<'_>,
    mut input: impl FnMut() -> I,
    mut work: impl FnMut(&mut I) -> R,
) {
    drop(work(&mut input()));
    let mut input = input();
    count(cell, 1, || drop(black_box(work(black_box(&mut input)))));
}

/// Calls with an argument of some kind, on their way in and out.
fn argument<T: Serialize + DeserializeOwned>(
    encoding: Encoding,
    column: &str,
    kind: &str,
    value: &T,
) {
    let input = encoding.call("17", "Echo", &(value,)).expect("it can be written");
    let record = encoding.record(&mut input.clone()).expect("a record");
    let parse = || encoding.parse(&record).expect("a call");
    let row = |what| format!("a call with {kind}: {what}");
    let table = "Messages";
    count_second(
        [table, &row("cut off its record"), column],
        || input.clone(),
        |input| encoding.record(input),
    );
    count_second([table, &row("parse it"), column], || (), |()| parse());
    count_second([table, &row("bind the argument"), column], parse, Call::bind::<T>);
    count_second(
        [table, &row("write it, for clients"), column],
        || (),
        |()| encoding.invocation("message", &(value,)),
    );
}

/// What the server answers, and a whole call.
fn answers(encoding: Encoding, column: &str) {
    let row = |row| ["Messages", row, column];
    count_second(
        row("a completion with a number: write it"),
        || (),
        |()| encoding.completion("17", &black_box(42)),
    );
    count_second(
        row("a stream item that is a number: write it"),
        || (),
        |()| encoding.stream_item("17", &black_box(42)),
    );

    let (server, client) = (Server::new(Echo), client(encoding));
    let text = "x".repeat(100);
    let mut input = encoding.call("17", "Echo", &(text,)).expect("it can be written");
    let record = encoding.record(&mut input).expect("a record");
    count_second(
        row("an echo of 100 bytes: from the record to the completion"),
        || client.take(),
        |_| server.message(&client, &record),
    );
    assert_eq!(client.take(), 1);
}

fn frames() {
    let row = |row| ["Frames and handshake", row, "instructions"];
    let (short, long) = (vec![b'x'; 100], vec![b'x'; 10_000]);
    count_second(row("write a frame of 100 bytes"), || (), |()| Written::raw(&short));
    count_second(row("write a frame of 10 kB"), || (), |()| Written::raw(&long));
    let read = |name, payload: &[u8]| {
        count_second(
            row(name),
            || (masked(payload), BytesMut::with_capacity(payload.len())),
            |(frame, output)| read_frames(frame, output),
        );
    };
    read("read a masked text frame of 100 bytes", &short);
    read("read a masked text frame of 10 kB", &long);
    let request = "{\"protocol\":\"json\",\"version\":1}\x1e";
    count_second(row("read a handshake and answer it"), || request.into(), shake_hands);
}

/// A message to everybody.
fn broadcast(length: usize) {
    let text = "x".repeat(100);
    let say = |server: &Server<Echo>| {
        done(server.context().clients().all().message(&text)).expect("it can be written");
    };
    say(&crowded(1).0);
    let (server, clients) = crowded(length);
    let cell = ["A message to everybody", "a delivery", &format!("{length} connections")];
    count(cell, length, || say(&server));
    assert!(clients.iter().all(|client| client.take() == 1));
}

/// What concerns some connections only, among `length` connections and as many groups.
fn among(length: usize) {
    let (server, clients) = crowded(length);
    join_groups(&server, &clients);
    let (clients_of_hub, groups) = (server.context().clients(), server.context().groups());
    let column = format!("among {length}");
    let row = |row| ["Some among many", row, &column];
    let text = "x".repeat(100);

    count(row("a delivery to a group of 10"), 10, || {
        done(clients_of_hub.group("ten").message(&text)).expect("it can be written");
    });
    assert!(clients[..10].iter().all(|client| client.take() == 1));

    let one = clients[length / 2].id();
    count_second(
        row("a message to one connection"),
        || clients[length / 2].take(),
        |_| done(clients_of_hub.client(one).message(&text)),
    );

    let member = |times| {
        for _ in 0..times {
            done(groups.add(one, "new"));
            done(groups.remove(one, "new"));
        }
    };
    member(TIMES);
    count(row("begin a group and quit it"), TIMES, || member(TIMES));

    let guest = client(Encoding::Json);
    let visit = |times, names: &[&str]| {
        for _ in 0..times {
            server.add(&guest);
            for name in names {
                done(groups.add(guest.id(), name));
            }
            server.remove(&guest);
        }
    };
    visit(TIMES, &["ten"]);
    count(row("connect and leave"), TIMES, || visit(TIMES, &[]));
    count(row("connect, join 3 groups and leave"), TIMES, || {
        visit(TIMES, &["ten", "group 1", "group 2"]);
    });
}

/// What is left of `length` connections when most of them have gone.
fn rush(length: usize) {
    let (server, clients) = crowded(length);
    let leave = |clients: &[Client]| clients.iter().rev().for_each(|client| server.remove(client));
    let (gone, rest) = clients.split_at(length / 5 * 4);
    let (others, last) = rest.split_at(rest.len() - TIMES);
    let (others, left) = others.split_at(others.len() - 10);
    let column = format!("there were {length}");
    let row = |row| ["After a rush", row, &column];

    leave(gone);
    count(row("leave, the last one first"), TIMES, || leave(last));
    leave(others);
    let say = || done(server.context().clients().all().message("x")).expect("it can be written");
    let heard = || left.iter().all(|client| client.take() == 1);
    // The first times, the allocator sorts what those who have gone gave back. What followed at once
    // would be taken for one burst with them.
    for _ in 0..10 {
        say();
        assert!(heard());
    }
    thread::sleep(Duration::from_millis(100));
    count(row("a delivery to the 10 who are left"), 10, say);
    assert!(heard());
}
