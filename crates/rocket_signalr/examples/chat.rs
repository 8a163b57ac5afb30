//! A chat: whoever is connected hears what anybody says.
//!
//! `cargo run -p rocket_signalr --example chat` prints how to try it.

mod support;

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
    async fn on_connected(&self, caller: &Caller<Self>) -> Result<(), SendError> {
        caller.clients().all().here_now(caller.context().connection_count()).await
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

/// The same from outside of the hub.
#[post("/announce?<text>")]
async fn announce(text: &str, chat: HubContext<ChatHub>) -> Result<(), String> {
    let sent = chat.clients().all().receive_message("server", text).await;
    sent.map_err(|error| error.to_string())
}

#[launch]
fn rocket() -> _ {
    rocket::build()
        .attach(ChatHub.at("/chat"))
        .mount("/", routes![announce])
        .attach(support::how_to_try(TRY))
}

const TRY: &str = r#"
import { HubConnectionBuilder } from "@microsoft/signalr";

const chat = new HubConnectionBuilder().withUrl("{server}/chat").withAutomaticReconnect().build();
chat.on("receiveMessage", (user, text) => console.log(`${user}: ${text}`));
chat.on("hereNow", (count) => console.log(`${count} here`));
await chat.start();

await chat.invoke("SendMessage", "ann", "Hello");
await fetch("{server}/announce?text=Welcome", { method: "POST" });
await chat.invoke("SendMessage", "ann", "").catch((error) => console.log(error.message));
// It goes on until it is ended: start it in a second window, too.
"#;
