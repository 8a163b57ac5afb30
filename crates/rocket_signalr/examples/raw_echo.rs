//! No hub at all: bytes in, bytes out, over WebSockets, event streams and long polling.
//!
//! `cargo run -p rocket_signalr --example raw_echo`, then `websocat ws://localhost:8000/echo`.

use rocket::{async_trait, launch};
use rocket_signalr::{ConnectionHandler, RawConnection};

struct Echo;

#[async_trait]
impl ConnectionHandler for Echo {
    async fn connected(&self, mut connection: RawConnection) {
        while let Some(bytes) = connection.read().await {
            match std::str::from_utf8(&bytes) {
                Ok(text) => connection.send_text(text).await,
                Err(_) => connection.send(&bytes).await,
            }
        }
    }
}

#[launch]
fn rocket() -> _ {
    rocket::build().attach(Echo.at("/echo"))
}
