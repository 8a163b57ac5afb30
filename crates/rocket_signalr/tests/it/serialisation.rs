//! How values are written, and what becomes of those that cannot be.

use std::collections::BTreeMap;

use rocket_signalr::{Caller, HubContext, HubError, hub, hub_client};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::support::{Client, Server, options};

#[hub_client]
trait WriteClient {
    async fn got(&self, value: &Value);
}

/// What can be written, what cannot, and what panics.
#[derive(Debug, Clone)]
enum Value {
    Fine(i32),
    Refuses,
    Panics,
    Infinite,
}

impl Serialize for Value {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Fine(number) => serializer.serialize_i32(*number),
            Self::Refuses => Err(serde::ser::Error::custom("it refuses")),
            Self::Panics => panic!("it panics"),
            Self::Infinite => serializer.serialize_f64(f64::INFINITY),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Plant {
    common_name: String,
    height_in_m: Option<f64>,
    colours: Vec<Colour>,
}

#[derive(Debug, Serialize, Deserialize)]
enum Colour {
    Green,
    DarkRed,
}

struct WriteHub;

#[hub(client = WriteClient)]
impl WriteHub {
    fn ok(&self) -> bool {
        true
    }

    async fn send_self(&self, caller: &Caller<Self>, what: i32) -> Result<(), HubError> {
        Ok(caller.clients().caller().got(&value(what)).await?)
    }

    async fn send_all(&self, caller: &Caller<Self>, what: i32) -> Result<(), HubError> {
        Ok(caller.clients().all().got(&value(what)).await?)
    }

    fn give(&self, what: i32) -> Value {
        value(what)
    }

    fn plant(&self, plant: Plant) -> Plant {
        plant
    }

    fn map(&self, map: BTreeMap<String, i32>) -> BTreeMap<String, i32> {
        map
    }

    fn text(&self) -> &'static str {
        "<b>&'+é😀\u{1e}\u{7f}\u{2028}\"\\\n"
    }
}

fn value(what: i32) -> Value {
    match what {
        0 => Value::Refuses,
        -1 => Value::Panics,
        -2 => Value::Infinite,
        number => Value::Fine(number),
    }
}

async fn serve() -> (Server, HubContext<WriteHub>) {
    Server::of(WriteHub, options()).await
}

/// Still reached, and still answered.
async fn expect_alive(clients: &mut [&mut Client], context: &HubContext<WriteHub>) {
    context.clients().all().got(&Value::Fine(1)).await.unwrap();
    for client in clients {
        client.expect_call("got", json!([1])).await;
        assert_eq!(client.invoke("Ok", json!([])).await, Ok(json!(true)));
    }
}

#[tokio::test]
async fn argument_that_cannot_be_written_is_an_error_of_the_sender_alone() {
    let (server, context) = serve().await;
    let mut client = server.connect().await;
    let mut other = server.connect().await;
    other.invoke("Ok", json!([])).await.unwrap();
    for method in ["SendSelf", "SendAll"] {
        for (what, text) in [(0, "it refuses"), (-1, "Panic: it panics"), (-2, "infinite")] {
            let error = client.invoke(method, json!([what])).await.unwrap_err();
            assert!(error.contains(text), "{error}");
        }
    }
    expect_alive(&mut [&mut client, &mut other], &context).await;
}

#[tokio::test]
async fn argument_that_cannot_be_written_is_an_error_outside_of_hubs_too() {
    let (server, context) = serve().await;
    let mut client = server.connect().await;
    client.invoke("Ok", json!([])).await.unwrap();
    let error = context.clients().all().got(&Value::Refuses).await.unwrap_err();
    assert!(error.to_string().contains("it refuses"), "{error}");
    let panicking = context.clone();
    let panicked =
        tokio::spawn(async move { panicking.clients().all().got(&Value::Panics).await }).await;
    assert!(panicked.is_err());
    expect_alive(&mut [&mut client], &context).await;
}

#[tokio::test]
async fn message_is_written_for_nobody_if_nobody_is_there() {
    let (_server, context) = serve().await;
    context.clients().all().got(&Value::Panics).await.unwrap();
    context.clients().group("none").got(&Value::Panics).await.unwrap();
    context.clients().client("none").got(&Value::Panics).await.unwrap();
}

#[tokio::test]
async fn result_that_cannot_be_written_is_an_error_of_the_call() {
    let (server, context) = serve().await;
    let mut client = server.connect().await;
    for (what, text) in [(0, "it refuses"), (-1, "Panic: it panics"), (-2, "infinite")] {
        let error = client.invoke("Give", json!([what])).await.unwrap_err();
        let general = "An unexpected error occurred invoking 'Give' on the server.";
        assert!(error.starts_with(general) && error.contains(text), "{error}");
    }
    expect_alive(&mut [&mut client], &context).await;
}

#[tokio::test]
async fn result_that_nobody_wants_is_not_written() {
    let (server, context) = serve().await;
    let mut client = server.connect().await;
    client.notify("Give", json!([-1])).await;
    assert_eq!(client.invoke("Ok", json!([])).await, Ok(json!(true)));
    expect_alive(&mut [&mut client], &context).await;
}

#[tokio::test]
async fn keys_of_maps_are_left_as_they_are() {
    let (server, _) = serve().await;
    let mut client = server.connect().await;
    let map = json!({"Upper": 1, "snake_case": 2, "": 3});
    assert_eq!(client.invoke("Map", json!([map])).await, Ok(map));
}

#[tokio::test]
async fn text_is_escaped_as_the_reference_does() {
    let (server, _) = serve().await;
    let mut client = server.connect().await;
    client.call("Text", json!([])).await;
    let frame = client.socket.next().await;
    let text = std::str::from_utf8(&frame.payload).unwrap();
    let expected =
        r#"{"type":3,"invocationId":"c1","result":"<b>&'+é\uD83D\uDE00\u001E\u007F\u2028\"\\\n"}"#;
    assert_eq!(text, format!("{expected}\u{1e}"));
}
