//! One text of several hubs and endpoints, and the names in it.

use rocket::{State, get, routes};
use rocket_signalr::{ConnectionHandler, Hub, HubMetrics, RawConnection, hub};
use serde_json::json;

use super::{CountedHub, WEB_SOCKETS};
use crate::support::{Samples, Server, options, within};

struct Idle;

#[hub]
impl Idle {}

struct Echo;

#[rocket::async_trait]
impl ConnectionHandler for Echo {
    async fn connected(&self, mut connection: RawConnection) {
        while let Some(bytes) = connection.read().await {
            connection.send(&bytes).await;
        }
    }
}

#[get("/metrics")]
fn text(metrics: &State<HubMetrics>) -> String {
    metrics.to_string()
}

#[tokio::test]
async fn several_hubs_and_raw_endpoints_are_told_in_one_text() {
    let (counted_hub, idle, echo) =
        (CountedHub::default().at("/hub"), Idle.at("/idle"), Echo.at("/echo"));
    let metrics = HubMetrics::from_iter([
        counted_hub.context().metrics(),
        idle.context().metrics(),
        echo.metrics(),
    ]);
    // Before they are attached, too.
    Samples::of(&metrics);
    let server = Server::launch(|rocket| {
        rocket
            .attach(counted_hub)
            .attach(idle)
            .attach(echo)
            .manage(metrics)
            .mount("/", routes![text])
    })
    .await;
    let mut client = server.connect().await;
    client.invoke("Echo", json!(["x"])).await.unwrap();
    let _raw = server.socket("/echo", &[]).await;
    within("the raw one", async {
        loop {
            let samples = Samples::parse(&server.get("/metrics").await.body);
            let active = |hub| {
                let labels = [("signalr_hub", hub), ("signalr_transport", WEB_SOCKETS)];
                samples.get("signalr_server_active_connections", &labels)
            };
            assert_eq!((active("CountedHub"), active("Idle")), (1., 0.));
            if active("Echo") == 1. {
                break;
            }
        }
    })
    .await;
    assert_eq!(Samples::of(&HubMetrics::default()).names().count(), 0);
}

/// Its methods have names that the format must escape.
struct OddHub;

#[hub]
impl OddHub {
    #[name = "say \"hi\""]
    fn quoted(&self) {}

    #[name = "back\\slash\nand line"]
    fn odd(&self) {}
}

#[tokio::test]
async fn names_of_methods_are_escaped() {
    let (_server, context) = Server::of(OddHub, options()).await;
    let samples = Samples::of(&context.metrics());
    for name in [r#"say \"hi\""#, r"back\\slash\nand line"] {
        let labels = [("signalr_hub", "OddHub"), ("signalr_method", name)];
        assert_eq!(samples.get("signalr_server_invocations_total", &labels), 0.);
    }
}

/// A handler with a parameter.
struct Wrapped<T>(std::marker::PhantomData<T>);

#[rocket::async_trait]
impl<T: Send + Sync + 'static> ConnectionHandler for Wrapped<T> {
    async fn connected(&self, _: RawConnection) {}
}

#[tokio::test]
async fn raw_endpoint_has_the_name_of_its_handler() {
    let metrics = Wrapped::<Echo>(std::marker::PhantomData).at("/raw").metrics();
    let labels = [("signalr_hub", "Wrapped"), ("signalr_transport", WEB_SOCKETS)];
    let samples = Samples::of(&metrics);
    assert_eq!(samples.get("signalr_server_active_connections", &labels), 0.);
}
