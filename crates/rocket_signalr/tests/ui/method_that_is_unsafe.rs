#![allow(unused)]

use rocket_signalr::hub;

struct Hub;

#[hub]
impl Hub {
    unsafe fn jump(&self) {}

    fn __(&self) {}
}

fn main() {}
