//! The lab's clients, called from outside of their hub: a [`HubContext`] is all it takes.

use rocket::{Route, State, get, post, routes, serde::json::Json};
use rocket_signalr::{HubContext, SendError};

use crate::{
    lab_hub::LabHub,
    lab_log::{Entry, LabLog},
};

pub(crate) fn routes() -> Vec<Route> {
    routes![log, all, client, user, group, ask]
}

#[get("/log")]
fn log(log: &State<LabLog>) -> Json<Vec<Entry>> {
    Json(log.entries())
}

#[post("/all?<text>")]
async fn all(text: &str, hub: HubContext<LabHub>) -> Sent {
    sent(hub.clients().all().received(Some(text)).await)
}

#[post("/client/<id>?<text>")]
async fn client(id: &str, text: &str, hub: HubContext<LabHub>) -> Sent {
    sent(hub.clients().client(id).received(Some(text)).await)
}

#[post("/user/<user>?<text>")]
async fn user(user: &str, text: &str, hub: HubContext<LabHub>) -> Sent {
    sent(hub.clients().user(user).received(Some(text)).await)
}

#[post("/group/<group>?<text>")]
async fn group(group: &str, text: &str, hub: HubContext<LabHub>) -> Sent {
    sent(hub.clients().group(group).received(Some(text)).await)
}

/// Asks one client, and waits for its answer.
#[get("/ask/<id>")]
async fn ask(id: &str, hub: HubContext<LabHub>) -> String {
    match hub.clients().client(id).ask_number(20).await {
        Ok(number) => number.to_string(),
        Err(error) => error.to_string(),
    }
}

type Sent = Result<&'static str, String>;

fn sent(result: Result<(), SendError>) -> Sent {
    result.map(|()| "sent").map_err(|error| error.to_string())
}
