#![allow(unused)]

use rocket_signalr::hub_client;

#[hub_client]
trait Client {
    async fn told(text: &str);

    async fn changed(&mut self);

    async fn taken_apart(&self, (a, b): (i32, i32));

    async fn newest(&self, text: &str);

    #[authorize]
    async fn secret(&self);
}

fn main() {}
