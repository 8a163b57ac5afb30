#![allow(unused)]

use rocket_signalr::hub_client;

#[hub_client]
trait Client {
    async fn told(&self) {}

    async fn any<T>(&self, value: T);

    const LIMIT: usize;
}

fn main() {}
