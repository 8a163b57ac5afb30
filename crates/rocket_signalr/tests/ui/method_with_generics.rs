#![allow(unused)]

use rocket_signalr::hub;

struct Hub;

#[hub]
impl Hub {
    fn echo<T>(&self, value: T) -> T {
        value
    }
}

fn main() {}
