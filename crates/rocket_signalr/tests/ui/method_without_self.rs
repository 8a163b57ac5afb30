#![allow(unused)]

use rocket_signalr::hub;

struct Hub;

#[hub]
impl Hub {
    fn new() -> Self {
        Self
    }

    fn change(&mut self) {}
}

fn main() {}
