#![allow(unused)]

use rocket_signalr::hub_client;

#[hub_client]
trait Client {
    fn told(&self, text: &str);
}

fn main() {}
