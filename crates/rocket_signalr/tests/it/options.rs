//! Options from Rocket's configuration. How each is written is told by the library's unit tests.

use std::time::Duration;

use rocket::{
    Build, Rocket, async_trait,
    error::ErrorKind,
    figment::providers::{Format, Toml},
};
use rocket_signalr::{ConnectionHandler, Hub, HubOptions, HubProtocols, RawConnection, hub};
use serde_json::json;

use crate::support::{Server, options};

struct OneHub;

#[hub]
impl OneHub {
    fn fail(&self) -> Result<(), std::fmt::Error> {
        Err(std::fmt::Error)
    }
}

struct OtherHub;

#[hub]
impl OtherHub {}

struct Echo;

#[async_trait]
impl ConnectionHandler for Echo {
    async fn connected(&self, _: RawConnection) {}
}

fn configured(rocket: Rocket<Build>, toml: &str) -> Rocket<Build> {
    let figment = rocket.figment().clone().merge(Toml::string(toml).nested());
    rocket.configure(figment)
}

/// What a negotiation offers.
async fn transports(server: &Server, path: &str) -> Vec<String> {
    let answer = server.post(&format!("{path}/negotiate"), "").await.json();
    let offered = answer["availableTransports"].as_array().unwrap();
    offered.iter().map(|offer| offer["transport"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn hubs_and_handlers_are_configured_by_their_names() {
    let server = Server::launch(|rocket| {
        configured(
            rocket,
            r#"
            [default.signalr]
            transports = ["WebSockets"]

            [default.signalr.hubs.OneHub]
            transports = ["LongPolling"]
            enable_detailed_errors = true

            [default.signalr.hubs.Echo]
            transports = ["ServerSentEvents"]

            [default.signalr.hubs.NobodysHub]
            transports = []
            "#,
        )
        .attach(OneHub.at("/one"))
        .attach(OtherHub.at("/other"))
        .attach(Echo.at("/echo"))
    })
    .await;
    assert_eq!(transports(&server, "/one").await, ["LongPolling"]);
    assert_eq!(transports(&server, "/other").await, ["WebSockets"]);
    assert_eq!(transports(&server, "/echo").await, ["ServerSentEvents"]);
}

#[tokio::test]
async fn what_is_configured_holds_at_all_paths_of_a_hub_and_the_rest_stays_with_each() {
    let plain = HubOptions { minimum_protocol_version: 1, ..HubOptions::default() };
    let server = Server::launch(|rocket| {
        configured(rocket, "[default.signalr.hubs.OneHub]\nenable_detailed_errors = true").attach(
            OneHub
                .at("/first")
                .options(plain)
                .also_at("/second")
                .options(HubOptions { enable_detailed_errors: false, ..HubOptions::default() }),
        )
    })
    .await;
    for path in ["/first", "/second"] {
        let mut client = server.connect_at(path).await;
        let failed = client.invoke("Fail", json!([])).await.unwrap_err();
        assert!(failed.contains("Error: an error occurred"), "{failed}");
    }
    let refused = server.post("/first/negotiate", "").await.json();
    assert!(refused["error"].is_string(), "{refused}");
    assert_eq!(transports(&server, "/second").await.len(), 3);
}

#[tokio::test]
async fn what_does_not_fit_stops_the_launch() {
    let broken = HubOptions { supported_protocols: HubProtocols::NONE, ..options() };
    for (toml, options) in [
        ("[default.signalr]\nkeep_alive = 5", options()),
        ("[default.signalr.hubs.OneHub]\nstream_buffer_capacity = 0", options()),
        ("", broken),
    ] {
        let config =
            rocket::Config { log_level: rocket::config::LogLevel::Off, ..Default::default() };
        let rocket = configured(rocket::custom(config), toml);
        let error = rocket.attach(OneHub.at("/one").options(options)).ignite().await.unwrap_err();
        let ErrorKind::FailedFairings(failed) = error.kind() else { panic!("{error}") };
        assert_eq!(failed.iter().map(|fairing| fairing.name).collect::<Vec<_>>(), ["OneHub"]);
    }
}

#[tokio::test]
async fn polls_may_wait_for_ever() {
    let options = HubOptions { poll_timeout: Duration::MAX, ..options() };
    let (server, _) = Server::of(OneHub, options).await;
    let poller = server.poller().await;
    poller.send(json!({"type": 1, "invocationId": "1", "target": "Fail", "arguments": []})).await;
    assert!(poller.poll().await.body.contains("\"invocationId\":\"1\""));
}
