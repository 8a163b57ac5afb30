//! A load that does not come from clients: so many messages to all or to a group, evenly spread.

use std::time::{Duration, Instant};

use rocket::{Route, post, routes, serde::json::Json};
use rocket_signalr::{HubContext, SendError};
use serde::Serialize;

use crate::bench_hub::{BenchClient, BenchHub};

pub(crate) fn routes() -> Vec<Route> {
    routes![broadcast, group]
}

#[post("/broadcast?<count>&<size>&<interval>")]
async fn broadcast(
    count: Option<u32>,
    size: Option<usize>,
    interval: Option<u64>,
    hub: HubContext<BenchHub>,
) -> Result<Json<Pumped>, String> {
    pump(hub.clients().all(), count, size, interval).await
}

#[post("/group/<name>?<count>&<size>&<interval>")]
async fn group(
    name: &str,
    count: Option<u32>,
    size: Option<usize>,
    interval: Option<u64>,
    hub: HubContext<BenchHub>,
) -> Result<Json<Pumped>, String> {
    pump(hub.clients().group(name), count, size, interval).await
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Pumped {
    sent: u32,
    elapsed_ms: f64,
}

/// Sends `count` messages of `size` bytes, one each `interval` ms (0: back to back). Each begins
/// with the microseconds since the epoch at which it was sent.
async fn pump(
    to: BenchClient,
    count: Option<u32>,
    size: Option<usize>,
    interval: Option<u64>,
) -> Result<Json<Pumped>, String> {
    let (count, size) = (count.unwrap_or(1), size.unwrap_or(100));
    let interval = Duration::from_millis(interval.unwrap_or(0));
    let start = Instant::now();
    for i in 0..count {
        let wait = (interval * i).saturating_sub(start.elapsed());
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        let now = chrono::Utc::now().timestamp_micros();
        to.message(Some(&format!("{now:.<size$}")))
            .await
            .map_err(|error: SendError| error.to_string())?;
    }
    let elapsed_ms = start.elapsed().as_secs_f64() * 1000.0;
    Ok(Json(Pumped { sent: count, elapsed_ms }))
}
