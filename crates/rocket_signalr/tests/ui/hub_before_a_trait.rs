#![allow(unused)]

use rocket_signalr::hub;

struct Hub;

#[hub]
impl Clone for Hub {
    fn clone(&self) -> Self {
        Self
    }
}

fn main() {}
