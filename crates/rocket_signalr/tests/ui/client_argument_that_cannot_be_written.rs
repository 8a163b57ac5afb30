#![allow(unused)]

use rocket_signalr::hub_client;

struct Secret;

#[hub_client]
trait Client {
    async fn told(&self, number: i32, secret: &Secret);

    async fn asked(&self, secrets: Vec<Secret>) -> i32;

    async fn alone(&self, number: std::cell::Cell<i32>);
}

fn main() {}
