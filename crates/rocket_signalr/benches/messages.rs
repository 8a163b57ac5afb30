//! A message on its way in and out, without sockets: encodings and WebSocket frames.

#![expect(clippy::expect_used, reason = "a benchmark that cannot go on says why")]

use bytes::BytesMut;
use divan::{AllocProfiler, Bencher, black_box, counter::BytesCount};
use rocket_signalr::__bench::{Encoding, read_frames};
use serde::{Deserialize, Serialize};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const ENCODINGS: [Encoding; 2] = [Encoding::Json, Encoding::MessagePack];

fn main() {
    divan::main();
}

/// What a dashboard is sent each second.
#[derive(Serialize, Deserialize)]
struct Tick {
    time: u64,
    cpu: f64,
    memory: u64,
    disks: Vec<Disk>,
}

#[derive(Serialize, Deserialize)]
struct Disk {
    mount_point: String,
    used_bytes: u64,
}

fn tick() -> Tick {
    let disk = |n: u64| Disk { mount_point: format!("/mnt/{n}"), used_bytes: 123_456_789 * n };
    Tick {
        time: 1_700_000_000_000,
        cpu: 12.5,
        memory: 8_589_934_592,
        disks: (0..8).map(disk).collect(),
    }
}

/// What a client sends to call a method with one argument.
fn call<T: Serialize>(encoding: Encoding, argument: &T) -> BytesMut {
    let written = encoding.invocation("Echo", &(argument,)).expect("it can be written");
    // What a server writes has a header of 2 or 4 bytes and no mask.
    let header = if written.as_bytes()[1] < 126 { 2 } else { 4 };
    BytesMut::from(&written.as_bytes()[header..])
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

/// A text frame as clients send it.
fn masked(payload: &[u8]) -> Vec<u8> {
    let mask = [0x12, 0x34, 0x56, 0x78];
    let mut frame = vec![0x81];
    match u16::try_from(payload.len()) {
        Ok(length @ 0..=125) => frame.push(0x80 | length as u8),
        Ok(length) => {
            frame.push(0x80 | 126);
            frame.extend(length.to_be_bytes());
        }
        Err(_) => {
            frame.push(0x80 | 127);
            frame.extend((payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend(mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}
