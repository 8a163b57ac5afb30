//! The first words of clients.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| rocket_signalr::__fuzz::handshake(input));
