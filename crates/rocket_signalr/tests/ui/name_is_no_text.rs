#![allow(unused)]

use rocket_signalr::hub;

struct Hub;

#[hub]
impl Hub {
    #[name = 5]
    fn five(&self) {}

    #[name = ""]
    fn empty(&self) {}

    #[name("six")]
    fn six(&self) {}
}

fn main() {}
