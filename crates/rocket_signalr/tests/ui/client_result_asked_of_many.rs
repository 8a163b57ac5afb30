#![allow(unused)]

use rocket_signalr::{HubContext, hub, hub_client};

#[hub_client]
trait Client {
    async fn how_many(&self) -> i32;
}

struct Hub;

#[hub(client = Client)]
impl Hub {}

async fn ask_all(context: HubContext<Hub>) {
    let _ = context.clients().all().how_many().await;
}

fn main() {}
