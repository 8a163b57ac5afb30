#![allow(unused)]

use rocket_signalr::hub;

struct Hub;

#[hub]
impl Hub {
    fn add(&self, #[optional] a: Option<i32>, b: i32) -> i32 {
        a.unwrap_or(0) + b
    }
}

fn main() {}
