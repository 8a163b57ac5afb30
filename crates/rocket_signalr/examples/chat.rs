//! A chat: whoever is connected hears what anybody says.
//!
//! `cargo run -p rocket_signalr --example chat`, then connect any SignalR client to
//! `http://localhost:8000/chat`, and:
//!
//! ```js
//! connection.on("receiveMessage", (user, text) => console.log(`${user}: ${text}`));
//! await connection.invoke("SendMessage", "ann", "Hello");
//! ```

use rocket::{launch, post, routes};
use rocket_signalr::{
    Caller, DisconnectReason, Hub, HubContext, HubError, SendError, hub, hub_client,
};

/// What the server calls on clients.
#[hub_client]
trait ChatClient {
    async fn receive_message(&self, user: &str, text: &str);
    async fn here_now(&self, count: usize);
}

struct ChatHub;

/// What clients call on the server.
#[hub(client = ChatClient)]
impl ChatHub {
    async fn on_connected(&self, caller: &Caller<Self>) -> Result<(), HubError> {
        let count = caller.context().connection_count();
        caller.clients().all().here_now(count).await?;
        Ok(())
    }

    async fn on_disconnected(&self, caller: &Caller<Self>, _: &DisconnectReason) {
        // The one who leaves is still counted, and hears nothing any more.
        let count = caller.context().connection_count() - 1;
        let _ = caller.clients().others().here_now(count).await;
    }

    async fn send_message(
        &self,
        caller: &Caller<Self>,
        user: String,
        text: String,
    ) -> Result<(), HubError> {
        if text.trim().is_empty() {
            return Err(HubError::new("Say something."));
        }
        caller.clients().all().receive_message(&user, &text).await?;
        Ok(())
    }
}

/// The same from outside of the hub: `curl -X POST 'localhost:8000/announce?text=Hello'`
#[post("/announce?<text>")]
async fn announce(text: &str, chat: HubContext<ChatHub>) -> String {
    let sent: Result<(), SendError> = chat.clients().all().receive_message("server", text).await;
    match sent {
        Ok(()) => format!("{} are here\n", chat.connection_count()),
        Err(error) => format!("{error}\n"),
    }
}

#[launch]
fn rocket() -> _ {
    rocket::build().attach(ChatHub.at("/chat")).mount("/", routes![announce])
}
