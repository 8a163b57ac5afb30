#![allow(unused)]

use rocket_signalr::hub;

struct Hub;

#[hub]
impl Hub {
    fn any(&self, value: impl ToString) {}

    fn sometimes(&self, #[cfg(unix)] value: i32) {}
}

fn main() {}
