#![allow(unused)]

use rocket_signalr::hub;

struct Counter(std::cell::Cell<i32>);

#[hub]
impl Counter {
    async fn count(&self) -> i32 {
        self.0.replace(self.0.get() + 1)
    }
}

struct Wrapper<T>(T);

#[hub]
impl<T: Send + Sync> Wrapper<T> {}

fn main() {}
