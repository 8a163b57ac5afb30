//! How many calls of one client run at once.

use std::{collections::HashMap, sync::Arc};

use futures::{Stream, stream};
use parking_lot::Mutex;
use rocket_signalr::{Caller, HubError, HubOptions, hub, hub_client};
use serde_json::json;
use tokio::sync::Notify;

use crate::support::{Log, Server, eventually, options};

#[hub_client]
trait TurnClient {
    async fn ask(&self) -> i32;
}

#[derive(Clone, Default)]
struct TurnHub {
    log: Log,
    gates: Arc<Mutex<HashMap<String, Arc<Notify>>>>,
}

impl TurnHub {
    fn gate(&self, name: &str) -> Arc<Notify> {
        self.gates.lock().entry(name.to_owned()).or_default().clone()
    }

    fn open(&self, name: &str) {
        self.gate(name).notify_one();
    }
}

#[hub(client = TurnClient)]
impl TurnHub {
    async fn wait(&self, name: String) -> String {
        self.log.add(format!("begins {name}"));
        self.gate(&name).notified().await;
        self.log.add(format!("ends {name}"));
        name
    }

    fn note(&self, name: String) {
        self.log.add(name);
    }

    fn stream(&self) -> impl Stream<Item = i32> + Send {
        stream::iter(0..3)
    }

    fn fails(&self) -> Result<(), HubError> {
        Err(HubError::new("no"))
    }

    async fn panics(&self) {
        tokio::task::yield_now().await;
        panic!("no");
    }

    #[authorize]
    fn secret(&self) {}

    /// A task goes on with the caller when the call is over.
    fn keep_caller(&self, caller: &Caller<Self>) {
        let (caller, log, gate) = (caller.clone(), self.log.clone(), self.gate("kept"));
        tokio::spawn(async move {
            gate.notified().await;
            log.add(format!("kept {}", caller.connection_id().len()));
        });
    }

    /// A task asks the client, and goes on with the caller when it is answered.
    fn ask_in_a_task(&self, caller: &Caller<Self>) {
        let (caller, log) = (caller.clone(), self.log.clone());
        tokio::spawn(async move {
            let answer = caller.clients().caller().ask().await;
            log.add(format!("answer {answer:?}"));
            caller.aborted().await;
            log.add("task is over");
        });
    }

    /// As that, but the call goes on after its task has begun to ask.
    async fn ask_in_a_task_and_wait(&self, caller: &Caller<Self>) {
        self.ask_in_a_task(caller);
        self.gate("asked").notified().await;
    }
}

async fn serve(parallel: usize) -> (Server, TurnHub) {
    let hub = TurnHub::default();
    let options = HubOptions { maximum_parallel_invocations_per_client: parallel, ..options() };
    (Server::of(hub.clone(), options).await.0, hub)
}

#[tokio::test]
async fn calls_run_one_after_another_in_their_order() {
    let (server, hub) = serve(1).await;
    let mut client = server.connect().await;
    let a = client.call("Wait", json!(["a"])).await;
    let b = client.call("Wait", json!(["b"])).await;
    let c = client.call("Note", json!(["c"])).await;
    hub.log.wait("begins a").await;
    hub.open("b");
    // Another client is not held up.
    server.connect().await.invoke("Note", json!(["other"])).await.unwrap();
    hub.open("a");
    for id in [a, b, c] {
        assert_eq!(client.next().await["invocationId"], json!(id));
    }
    let events = hub.log.events();
    assert_eq!(events, ["begins a", "other", "ends a", "begins b", "ends b", "c"]);
}

#[tokio::test]
async fn calls_run_out_of_order_when_several_may() {
    let (server, hub) = serve(3).await;
    let mut client = server.connect().await;
    let a = client.call("Wait", json!(["a"])).await;
    let b = client.call("Wait", json!(["b"])).await;
    client.invoke("Note", json!(["c"])).await.unwrap();
    hub.log.wait("begins b").await;
    hub.open("b");
    client.expect(json!({"type": 3, "invocationId": b, "result": "b"})).await;
    hub.open("a");
    client.expect(json!({"type": 3, "invocationId": a, "result": "a"})).await;
}

#[tokio::test]
async fn waiting_call_begins_when_another_ends() {
    let (server, hub) = serve(2).await;
    let mut client = server.connect().await;
    let mut ids = Vec::new();
    for name in ["a", "b", "c"] {
        ids.push(client.call("Wait", json!([name])).await);
    }
    hub.log.wait("begins b").await;
    assert_eq!(hub.log.count("begins c"), 0);
    hub.open("b");
    assert_eq!(client.completion(&ids[1]).await, Ok(json!("b")));
    hub.log.wait("begins c").await;
    hub.open("c");
    assert_eq!(client.completion(&ids[2]).await, Ok(json!("c")));
    hub.open("a");
    assert_eq!(client.completion(&ids[0]).await, Ok(json!("a")));
}

#[tokio::test]
async fn streams_wait_for_no_turn() {
    let (server, hub) = serve(1).await;
    let mut client = server.connect().await;
    let a = client.call("Wait", json!(["a"])).await;
    let stream = client.stream("Stream", json!([])).await;
    assert_eq!(client.completion(&stream).await, Ok(json!(null)));
    hub.open("a");
    assert_eq!(client.completion(&a).await, Ok(json!("a")));
}

#[tokio::test]
async fn what_cannot_be_bound_waits_for_no_turn() {
    let (server, hub) = serve(1).await;
    let mut client = server.connect().await;
    let a = client.call("Wait", json!(["a"])).await;
    hub.log.wait("begins a").await;
    assert!(client.invoke("Note", json!([])).await.is_err());
    assert!(client.invoke("NoSuchMethod", json!([])).await.is_err());
    hub.open("a");
    assert_eq!(client.completion(&a).await, Ok(json!("a")));
}

#[tokio::test]
async fn turn_is_given_back_however_a_call_ends() {
    let (server, hub) = serve(1).await;
    let mut client = server.connect().await;
    for method in ["Fails", "Panics", "Secret", "Stream"] {
        assert!(client.invoke(method, json!([])).await.is_err());
        client.notify(method, json!([])).await;
    }
    client.notify("Note", json!(["noted"])).await;
    hub.log.wait("noted").await;
}

#[tokio::test]
async fn task_that_keeps_the_caller_does_not_keep_the_turn() {
    let (server, hub) = serve(1).await;
    let mut client = server.connect().await;
    client.invoke("KeepCaller", json!([])).await.unwrap();
    client.invoke("Note", json!(["next"])).await.unwrap();
    hub.open("kept");
    hub.log.wait("kept 22").await;
}

#[tokio::test]
async fn task_that_asks_the_client_when_the_call_is_over_does_not_take_a_turn() {
    let (server, hub) = serve(1).await;
    let mut client = server.connect().await;
    client.invoke("AskInATask", json!([])).await.unwrap();
    let question = client.next().await;
    client.send(json!({"type": 3, "invocationId": question["invocationId"], "result": 5})).await;
    hub.log.wait("answer Ok(5)").await;
    client.invoke("Note", json!(["next"])).await.unwrap();
    client.close().await;
    hub.log.wait("task is over").await;
}

#[tokio::test]
async fn task_that_asks_the_client_while_the_call_ends_does_not_take_a_turn() {
    let (server, hub) = serve(1).await;
    let mut client = server.connect().await;
    let id = client.call("AskInATaskAndWait", json!([])).await;
    let question = client.next().await;
    hub.open("asked");
    assert_eq!(client.completion(&id).await, Ok(json!(null)));
    client.send(json!({"type": 3, "invocationId": question["invocationId"], "result": 5})).await;
    hub.log.wait("answer Ok(5)").await;
    client.invoke("Note", json!(["next"])).await.unwrap();
}

#[tokio::test]
async fn client_that_leaves_while_a_call_waits_for_its_turn_is_noticed() {
    let hub = TurnHub::default();
    let (server, context) = Server::of(hub.clone(), options()).await;
    let mut client = server.connect().await;
    client.call("Wait", json!(["a"])).await;
    client.call("Wait", json!(["b"])).await;
    hub.log.wait("begins a").await;
    drop(client);
    eventually("nobody", || context.connection_count() == 0).await;
    hub.open("a");
    hub.log.wait("ends a").await;
    // The turn would be free by now.
    server.connect().await.invoke("Note", json!(["other"])).await.unwrap();
    assert_eq!(hub.log.count("begins b"), 0);
}
