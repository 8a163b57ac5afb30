//! Negotiation.

use std::{collections::HashSet, time::Duration};

use rocket_signalr::{Caller, Hub, HubOptions, NegotiateRedirect, Transports, hub};
use serde_json::{Value, json};

use crate::support::{Answer, Server, eventually, request, within};

struct IdHub;

#[hub]
impl IdHub {
    fn id(&self, caller: &Caller<Self>) -> String {
        caller.connection_id().to_owned()
    }
}

async fn serve(options: HubOptions) -> Server {
    Server::of(IdHub, options).await.0
}

async fn negotiate(server: &Server, query: &str) -> Answer {
    let answer = server.post(&format!("/hub/negotiate{query}"), "").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert!(answer.header("content-length").is_some());
    answer
}

fn names(negotiation: &Value) -> Vec<&str> {
    let transports = negotiation["availableTransports"].as_array().unwrap();
    transports.iter().map(|transport| transport["transport"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn version_zero_has_an_id_that_is_the_token_too() {
    let server = serve(HubOptions::default()).await;
    for query in ["", "?negotiateVersion=0", "?x=1"] {
        let negotiation = negotiate(&server, query).await.json();
        let id = negotiation["connectionId"].as_str().unwrap();
        assert_eq!(id.len(), 22);
        assert_eq!(
            negotiation,
            json!({
                "negotiateVersion": 0,
                "connectionId": id,
                "availableTransports": [
                    {"transport": "WebSockets", "transferFormats": ["Text", "Binary"]},
                    {"transport": "ServerSentEvents", "transferFormats": ["Text"]},
                    {"transport": "LongPolling", "transferFormats": ["Text", "Binary"]},
                ],
            })
        );
        let mut client = server.connect_at(&format!("/hub?id={id}")).await;
        assert_eq!(client.invoke("Id", json!([])).await, Ok(json!(id)));
    }
}

#[tokio::test]
async fn version_one_has_a_public_id_and_a_secret_token() {
    let server = serve(HubOptions::default()).await;
    let mut seen = HashSet::new();
    for _ in 0..20 {
        let (id, token) = server.negotiate("/hub").await;
        assert_eq!((id.len(), token.len()), (22, 22));
        let mut client = server.connect_at(&format!("/hub?id={token}")).await;
        assert_eq!(client.invoke("Id", json!([])).await, Ok(json!(id)));
        assert_eq!(server.get(&format!("/hub?id={id}")).await.status, 404, "the id opens nothing");
        assert!(seen.insert(id) && seen.insert(token), "all differ");
    }
}

#[tokio::test]
async fn versions_beyond_are_answered_in_the_highest_that_is_spoken() {
    let server = serve(HubOptions::default()).await;
    for query in ["?negotiateVersion=1", "?negotiateVersion=2", "?NEGOTIATEversion=100"] {
        let negotiation = negotiate(&server, query).await.json();
        assert_eq!(negotiation["negotiateVersion"], 1);
        assert!(negotiation.get("connectionToken").is_some());
    }
}

#[tokio::test]
async fn version_that_is_no_number_is_refused_in_the_body() {
    let server = serve(HubOptions::default()).await;
    for value in ["", "one", "1.5", "99999999999"] {
        let refused = negotiate(&server, &format!("?negotiateVersion={value}")).await.json();
        let error = "The client requested a non-integer protocol version.";
        assert_eq!(refused, json!({"error": error}), "{value}");
    }
}

#[tokio::test]
async fn version_below_the_minimum_is_refused_in_the_body() {
    let server = serve(HubOptions { minimum_protocol_version: 1, ..HubOptions::default() }).await;
    for query in ["", "?negotiateVersion=0"] {
        let error =
            "The client requested version '0', but the server does not support this version.";
        assert_eq!(negotiate(&server, query).await.json(), json!({"error": error}));
    }
    assert_eq!(negotiate(&server, "?negotiateVersion=1").await.json()["negotiateVersion"], 1);
}

#[tokio::test]
async fn transports_that_are_not_allowed_are_left_out() {
    const NONE: Transports = Transports::NONE;
    for (transports, left) in [
        (Transports { web_sockets: true, ..NONE }, vec!["WebSockets"]),
        (Transports { server_sent_events: true, ..NONE }, vec!["ServerSentEvents"]),
        (Transports { long_polling: true, ..NONE }, vec!["LongPolling"]),
        (
            Transports { web_sockets: false, ..Transports::ALL },
            vec!["ServerSentEvents", "LongPolling"],
        ),
        (NONE, vec![]),
    ] {
        let server = serve(HubOptions { transports, ..HubOptions::default() }).await;
        assert_eq!(names(&negotiate(&server, "?negotiateVersion=1").await.json()), left);
    }
}

#[tokio::test]
async fn stateful_reconnect_is_agreed_on_only_if_both_want_it() {
    for (allowed, query, agreed) in [
        (false, "?negotiateVersion=1&useStatefulReconnect=true", None),
        (true, "?negotiateVersion=1", None),
        (true, "?negotiateVersion=1&useStatefulReconnect=false", None),
        (true, "?negotiateVersion=1&useStatefulReconnect=true", Some(true)),
        (true, "?negotiateVersion=1&UseStatefulReconnect=True", Some(true)),
    ] {
        let options = HubOptions { allow_stateful_reconnects: allowed, ..HubOptions::default() };
        let negotiation = negotiate(&serve(options).await, query).await.json();
        assert_eq!(negotiation.get("useStatefulReconnect").cloned(), agreed.map(Value::from));
    }
}

#[tokio::test]
async fn only_a_post_negotiates() {
    let server = serve(HubOptions::default()).await;
    for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        let answer = request(server.addr, method, "/hub/negotiate", &[], b"").await;
        assert_eq!(answer.told(), (405, ""), "{method}");
        assert_eq!(answer.header("content-type"), Some("text/plain"));
    }
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let answer = request(server.addr, "POST", "/hub/negotiate", &form, b"_method=delete").await;
    assert_eq!(answer.json()["negotiateVersion"], 0, "whatever its body says");
}

#[tokio::test]
async fn path_matches_without_case_and_with_a_slash_behind() {
    let server = serve(HubOptions::default()).await;
    for path in ["/HUB/Negotiate", "/hub/negotiate/", "/Hub/NEGOTIATE/"] {
        let answer = server.post(&format!("{path}?negotiateVersion=1"), "").await;
        assert_eq!((answer.status, &answer.json()["negotiateVersion"]), (200, &json!(1)), "{path}");
    }
    let mut client = server.connect_at("/HUB/").await;
    assert!(client.invoke("Id", json!([])).await.is_ok());
    assert_eq!(server.post("/hubs/negotiate", "").await.status, 404);
    assert_eq!(server.post("/hub/negotiate/x", "").await.status, 404);
}

#[tokio::test]
async fn hub_may_be_at_the_root() {
    let endpoint = IdHub.at("/").options(HubOptions::default());
    let server = Server::launch(|rocket| rocket.attach(endpoint)).await;
    let (id, token) = server.negotiate("").await;
    let mut client = server.connect_at(&format!("/?id={token}")).await;
    assert_eq!(client.invoke("Id", json!([])).await, Ok(json!(id)));
}

#[tokio::test]
async fn negotiated_connection_that_nobody_opens_is_forgotten() {
    let server = serve(HubOptions {
        disconnect_timeout: Duration::from_millis(50),
        ..HubOptions::default()
    })
    .await;
    let path = server.negotiated_path().await;
    let (mut opened, _) = server.negotiated().await;
    // Asked with a DELETE, which opens no transport.
    let gone = async || server.delete(&path).await.status == 404;
    within("the end of the negotiated", async { while !gone().await {} }).await;
    assert!(opened.invoke("Id", json!([])).await.is_ok());
}

#[tokio::test]
async fn token_of_one_place_opens_nothing_at_another() {
    let endpoint = IdHub.at("/hub").also_at("/other");
    let context = endpoint.context();
    let server = Server::launch(|rocket| rocket.attach(endpoint)).await;
    let (_, token) = server.negotiate("/hub").await;
    let path = format!("/other?id={token}");
    assert_eq!(server.get(&path).await.told(), (404, "No Connection with that ID"));
    let _client = server.connect_at(&format!("/hub?id={token}")).await;
    eventually("one", || context.connection_count() == 1).await;
}

#[tokio::test]
async fn client_is_sent_elsewhere_if_the_application_says_so() {
    let endpoint = IdHub.at("/hub").redirect(|request, user| {
        assert!(user.is_none());
        let room = request.query_value::<String>("room")?.ok()?;
        let access_token = request.headers().get_one("x-token").map(Into::into);
        Some(NegotiateRedirect { url: format!("https://{room}.example/hub?a=1"), access_token })
    });
    let server = Server::launch(|rocket| rocket.attach(endpoint)).await;
    let redirected = negotiate(&server, "?negotiateVersion=1&room=blue").await;
    assert_eq!(
        redirected.body,
        r#"{"negotiateVersion":1,"url":"https://blue.example/hub?a=1","availableTransports":[]}"#
    );
    let path = "/hub/negotiate?room=red";
    let redirected = request(server.addr, "POST", path, &[("x-token", "secret")], b"").await;
    assert_eq!(
        redirected.body,
        r#"{"negotiateVersion":0,"url":"https://red.example/hub?a=1","accessToken":"secret","availableTransports":[]}"#
    );
    let refused = negotiate(&server, "?negotiateVersion=x&room=blue").await.json();
    assert!(refused["error"].is_string(), "{refused}");
    let here = negotiate(&server, "?negotiateVersion=1").await.json();
    assert!(here["connectionId"].is_string(), "{here}");
}
