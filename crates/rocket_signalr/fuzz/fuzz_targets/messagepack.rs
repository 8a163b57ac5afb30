//! Messages of clients in MessagePack: framed, read, bound, and answered.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| rocket_signalr::__fuzz::messagepack(input));
