//! No hub at all: bytes in, bytes out, over WebSockets, event streams and long polling.
//!
//! `cargo run -p rocket_signalr --example raw_echo` prints how to try it.

mod support;

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
    rocket::build().attach(Echo.at("/echo")).attach(support::how_to_try(TRY))
}

/// A WebSocket needs no negotiation, and no client but its own.
const TRY: &str = r#"
import WebSocket from "ws"; // comes with @microsoft/signalr

const echo = new WebSocket("{server}/echo".replace("http", "ws"));
echo.onopen = () => echo.send("Hello");
echo.onmessage = ({ data }) => {
  console.log(data);
  echo.close();
};
"#;
