//! Frames of clients, cut anywhere, read by the reader and by a plain one.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| rocket_signalr::__fuzz::websocket_frames(input));
