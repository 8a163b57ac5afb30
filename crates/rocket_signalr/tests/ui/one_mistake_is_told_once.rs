#![allow(unused)]

use rocket_signalr::{Caller, Hub, hub, hub_client};

#[hub_client]
trait ChatClient {
    async fn received(&self, text: &str);

    fn hushed(&self);
}

struct ChatHub;

#[hub(client = ChatClient)]
impl ChatHub {
    fn on_connected(&self, _: &Caller<Self>) {}

    #[name = 5]
    fn five(&self, #[optional] text: String, #[optional] more: Option<String>) {}

    #[skip(always)]
    fn skipped(&self, #[optional = 5] more: Option<String>) {}

    async fn send(&self, caller: &Caller<Self>, text: String) {
        let _ = caller.clients().all().received(&text).await;
    }
}

fn main() {
    let _ = rocket::build().attach(ChatHub.at("/chat"));
}
