#![allow(unused)]

use rocket_signalr::{Caller, UploadStream, hub};

struct Hub;

#[hub]
impl Hub {
    fn add(&self, a: i32, #[optional] b: i32) -> i32 {
        a + b
    }

    fn call(&self, #[optional] caller: &Caller<Self>) {}

    fn upload(&self, #[optional] items: UploadStream<i32>) {}
}

fn main() {}
