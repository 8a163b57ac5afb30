//! A message on its way in and out, without sockets: encodings and WebSocket frames.

#![expect(clippy::expect_used, reason = "a benchmark that cannot go on says why")]

mod samples;

use bytes::BytesMut;
use divan::{AllocProfiler, Bencher, black_box, counter::BytesCount};
use rocket_signalr::__bench::{Encoding, read_frames};
use samples::{Tick, masked, tick};
use serde::Serialize;

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const ENCODINGS: [Encoding; 2] = [Encoding::Json, Encoding::MessagePack];

fn main() {
    divan::main();
}

/// What a client sends to call a method with one argument.
fn call<T: Serialize>(encoding: Encoding, argument: &T) -> BytesMut {
    encoding.call("17", "Echo", &(argument,)).expect("it can be written")
}

#[divan::bench(args = ENCODINGS)]
fn write_text(bencher: Bencher<'_, '_>, encoding: Encoding) {
    let text = "x".repeat(100);
    bencher.bench(|| encoding.invocation("message", &(black_box(&text),)));
}

#[divan::bench(args = ENCODINGS)]
fn write_tick(bencher: Bencher<'_, '_>, encoding: Encoding) {
    let tick = tick();
    bencher.bench(|| encoding.invocation("tick", &(black_box(&tick),)));
}

#[divan::bench(args = ENCODINGS)]
fn write_completion(bencher: Bencher<'_, '_>, encoding: Encoding) {
    bencher.bench(|| encoding.completion(black_box("17"), &black_box(42)));
}

#[divan::bench(args = ENCODINGS)]
fn read_text(bencher: Bencher<'_, '_>, encoding: Encoding) {
    let call = call(encoding, &"x".repeat(100));
    bencher.with_inputs(|| call.clone()).bench_refs(|call| encoding.read::<String>(call));
}

#[divan::bench(args = ENCODINGS)]
fn read_tick(bencher: Bencher<'_, '_>, encoding: Encoding) {
    let call = call(encoding, &tick());
    bencher.with_inputs(|| call.clone()).bench_refs(|call| encoding.read::<Tick>(call));
}

#[divan::bench(args = [32, 100, 2048, 32_768])]
fn unmask_text(bencher: Bencher<'_, '_>, length: usize) {
    let frame = masked(&vec![b'x'; length]);
    bencher
        .counter(BytesCount::new(length))
        .with_inputs(|| (frame.clone(), BytesMut::with_capacity(length)))
        .bench_refs(|(frame, output)| read_frames(frame, output));
}
