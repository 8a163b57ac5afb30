//! `GET /healthz`, for whatever watches over the server: 200 when the database answers
//! and the services run, else 503 with what is wrong.

use rocket::fairing::AdHoc;
use rocket::http::Status;
use rocket::serde::json::Json;
use rocket::{State, get, routes};
use serde::Serialize;

use crate::host::Host;
use crate::store::Store;

#[derive(Serialize)]
struct Health {
    status: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<&'static str>,
}

#[get("/healthz")]
async fn healthz(store: &State<Store>, host: &State<Host>) -> (Status, Json<Health>) {
    let mut problems = Vec::new();
    if let Err(error) = store.ping().await {
        tracing::warn!("the database does not answer: {error}");
        problems.push("the database does not answer");
    }
    if !host.healthy() {
        problems.push("a hosted service does not run");
    }
    let (code, status) = if problems.is_empty() {
        (Status::Ok, "ok")
    } else {
        (Status::ServiceUnavailable, "failing")
    };
    (code, Json(Health { status, problems }))
}

/// Mounts it.
#[must_use]
pub fn stage() -> AdHoc {
    AdHoc::on_ignite("health", |rocket| async { rocket.mount("/", routes![healthz]) })
}
