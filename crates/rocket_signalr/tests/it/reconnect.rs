//! Stateful reconnect: a socket is lost, the connection is not.

mod acknowledgements;
mod cuts;
mod ends;

use futures::Stream;
use rocket_signalr::{
    Caller, DisconnectReason, HubContext, HubError, HubOptions, UploadStream, hub, hub_client,
};
use serde_json::{Value, json};

use crate::support::{Client, Log, Server, Socket, Stateful, ending, options};

#[hub_client]
trait BackClient {
    async fn got(&self, what: &Value);
}

#[derive(Clone, Default)]
struct BackHub {
    log: Log,
}

#[hub(client = BackClient)]
impl BackHub {
    fn on_connected(&self) {
        self.log.add("connected");
    }

    fn on_disconnected(&self, reason: &DisconnectReason) {
        self.log.add(format!("disconnected: {}", ending(reason)));
    }

    fn note(&self, what: String) {
        self.log.add(what);
    }

    fn keep(&self, caller: &Caller<Self>, number: i32) -> Option<i32> {
        caller.insert(number)
    }

    async fn join(&self, caller: &Caller<Self>, group: String) {
        caller.join(&group).await;
    }

    fn mirror(
        &self,
        items: UploadStream<String>,
    ) -> impl Stream<Item = Result<String, HubError>> + Send {
        items
    }

    fn abort(&self, caller: &Caller<Self>) {
        caller.abort();
    }
}

fn may_return() -> HubOptions {
    HubOptions { allow_stateful_reconnects: true, ..options() }
}

async fn serve(options: HubOptions) -> (Server, HubContext<BackHub>, Log) {
    let hub = BackHub::default();
    let log = hub.log.clone();
    let (server, context) = Server::of(hub, options).await;
    (server, context, log)
}

fn got(what: impl Into<Value>) -> Value {
    json!({"type": 1, "target": "got", "arguments": [what.into()]})
}

async fn send(context: &HubContext<BackHub>, what: impl Into<Value>) {
    context.clients().all().got(&what.into()).await.unwrap();
}

/// Cuts the socket without a close frame.
async fn cut(client: &mut Stateful) {
    client.client = Client::new(Socket::dead().await);
}

#[tokio::test]
async fn connection_goes_on_over_a_new_socket() {
    let (server, context, log) = serve(may_return()).await;
    let mut client = Stateful::connect(&server).await;
    client.notify("Join", json!(["g"])).await;
    client.notify("Keep", json!([7])).await;
    client.notify("Note", json!(["kept"])).await;
    log.wait("kept").await;
    send(&context, 1).await;
    assert_eq!(client.next().await, Some(got(1)));
    cut(&mut client).await;
    send(&context, 2).await;
    client.come_back().await;
    assert_eq!(client.next().await, Some(got(2)));
    client.send(json!({"type": 1, "invocationId": "a", "target": "Keep", "arguments": [8]})).await;
    let answer = json!({"type": 3, "invocationId": "a", "result": 7});
    assert_eq!(client.next().await, Some(answer), "what was kept is there");
    context.clients().group("g").got(&json!("to the group")).await.unwrap();
    assert_eq!(client.next().await, Some(got("to the group")));
    assert!(context.is_connected(&client.id));
    assert_eq!(log.events(), ["connected", "kept"], "and the hub has heard of nothing");
}

#[tokio::test]
async fn new_socket_takes_over_from_one_that_still_stands() {
    let (server, context, log) = serve(may_return()).await;
    let mut client = Stateful::connect(&server).await;
    client.notify("Note", json!(["there"])).await;
    log.wait("there").await;
    let mut old = std::mem::replace(&mut client.client, Client::new(Socket::dead().await));
    client.come_back().await;
    send(&context, "to the new one").await;
    assert_eq!(client.next().await, Some(got("to the new one")));
    let end = old.end().await;
    assert_eq!((end.last, end.code), (vec![], Some(1000)));
    send(&context, "still").await;
    assert_eq!(client.next().await, Some(got("still")));
    assert_eq!(log.events(), ["connected", "there"]);
}
