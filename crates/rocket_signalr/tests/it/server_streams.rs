//! Methods that answer with a stream.

use std::sync::Arc;

use async_stream::stream;
use futures::{Stream, StreamExt, stream};
use rocket_signalr::{Caller, HubError, UploadStream, hub};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::support::{Explosive, Log, OnDrop, RS, Server, Unwritable, options};

#[derive(Clone)]
struct StreamHub {
    log: Log,
    /// A permit for each item that `gated` may send.
    gate: Arc<Semaphore>,
}

impl Default for StreamHub {
    fn default() -> Self {
        Self { log: Log::default(), gate: Arc::new(Semaphore::new(0)) }
    }
}

#[derive(Debug)]
struct OutOfPaper;

impl std::fmt::Display for OutOfPaper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("load tray 2")
    }
}

impl std::error::Error for OutOfPaper {}

#[hub]
impl StreamHub {
    fn ok(&self) -> bool {
        true
    }

    fn count(&self, to: i32) -> impl Stream<Item = i32> + Send {
        stream::iter(0..to)
    }

    fn optional(
        &self,
        #[optional] text: Option<String>,
    ) -> impl Stream<Item = Option<String>> + Send {
        stream::iter([text])
    }

    fn nothing(&self) -> impl Stream<Item = i32> + Send {
        stream::empty()
    }

    /// Never ends by itself.
    fn gated(&self) -> impl Stream<Item = usize> + Send {
        let Self { log, gate } = self.clone();
        stream! {
            let _ended = OnDrop(log.clone(), "ended");
            log.add("begun");
            for number in 0.. {
                gate.acquire().await.unwrap().forget();
                yield number;
            }
        }
    }

    /// Makes items as fast as they are taken.
    fn flood(&self) -> impl Stream<Item = String> + Send {
        let log = self.log.clone();
        stream! {
            let _ended = OnDrop(log, "ended");
            loop {
                yield "x".repeat(1000);
            }
        }
    }

    async fn late(
        &self,
        caller: &Caller<Self>,
    ) -> Result<impl Stream<Item = i32> + Send, HubError> {
        let _let_go = OnDrop(self.log.clone(), "let go");
        self.log.add("waiting");
        caller.aborted().await;
        Ok(stream::empty())
    }

    fn refused(&self) -> Result<impl Stream<Item = i32> + Send, OutOfPaper> {
        Err::<stream::Empty<i32>, _>(OutOfPaper)
    }

    fn fails(&self) -> impl Stream<Item = Result<i32, OutOfPaper>> + Send {
        stream::iter([Ok(1), Ok(2), Err(OutOfPaper), Ok(3)])
    }

    fn fails_openly(&self) -> impl Stream<Item = Result<i32, HubError>> + Send {
        stream::iter([Ok(1), Err(HubError::new("no more"))])
    }

    fn panics(&self) -> impl Stream<Item = i32> + Send {
        let log = self.log.clone();
        stream! {
            let _ended = OnDrop(log, "ended");
            yield 1;
            panic!("half way");
        }
    }

    #[expect(clippy::unused_self, unreachable_code, reason = "it never gets that far")]
    fn panics_at_once(&self) -> impl Stream<Item = i32> + Send {
        panic!("before there is a stream");
        stream::empty()
    }

    fn unwritable(&self) -> impl Stream<Item = Unwritable> + Send {
        stream::iter([Unwritable])
    }

    fn explosive(&self) -> impl Stream<Item = Explosive> + Send {
        stream::iter([Explosive])
    }

    fn mirror(
        &self,
        items: UploadStream<Value>,
    ) -> impl Stream<Item = Result<Value, HubError>> + Send {
        let ended = OnDrop(self.log.clone(), "ended");
        items.inspect(move |_| {
            let _ = &ended;
        })
    }
}

async fn serve() -> (Server, StreamHub) {
    let hub = StreamHub::default();
    (Server::of(hub.clone(), options()).await.0, hub)
}

fn failed(id: &str, error: &str) -> Value {
    json!({"type": 3, "invocationId": id, "error": error})
}

#[tokio::test]
async fn items_come_in_order_and_then_the_end() {
    let (server, _) = serve().await;
    let mut client = server.connect().await;
    let id = client.stream("count", json!([100])).await;
    for number in 0..100 {
        client.expect_item(&id, json!(number)).await;
    }
    client.expect(json!({"type": 3, "invocationId": id})).await;
    let id = client.stream("Nothing", json!([])).await;
    client.expect(json!({"type": 3, "invocationId": id})).await;
}

#[tokio::test]
async fn optional_argument_of_a_stream_may_be_left_out() {
    let (server, _) = serve().await;
    let mut client = server.connect().await;
    for (arguments, item) in
        [(json!(["a"]), json!("a")), (json!([null]), Value::Null), (json!([]), Value::Null)]
    {
        let id = client.stream("Optional", arguments).await;
        client.expect_item(&id, item).await;
        client.expect(json!({"type": 3, "invocationId": id})).await;
    }
}

#[tokio::test]
async fn cancelled_stream_is_dropped_and_ends_without_an_error() {
    let (server, hub) = serve().await;
    let mut client = server.connect().await;
    let id = client.stream("Gated", json!([])).await;
    hub.gate.add_permits(3);
    for number in 0..3 {
        client.expect_item(&id, json!(number)).await;
    }
    client.cancel(&id).await;
    client.expect(json!({"type": 3, "invocationId": id})).await;
    hub.log.wait("ended").await;
    hub.gate.add_permits(3);
    client.cancel(&id).await;
    assert_eq!(client.invoke("Ok", json!([])).await, Ok(json!(true)), "and nothing in between");
}

#[tokio::test]
async fn stream_that_floods_can_be_cancelled() {
    let (server, hub) = serve().await;
    let mut client = server.connect().await;
    let id = client.stream("Flood", json!([])).await;
    client.expect_item(&id, json!("x".repeat(1000))).await;
    client.cancel(&id).await;
    client.completion(&id).await.unwrap();
    hub.log.wait("ended").await;
}

#[tokio::test]
async fn method_that_has_not_made_its_stream_yet_can_be_cancelled() {
    let (server, hub) = serve().await;
    let mut client = server.connect().await;
    let id = client.stream("Late", json!([])).await;
    hub.log.wait("waiting").await;
    client.cancel(&id).await;
    client.expect(json!({"type": 3, "invocationId": id})).await;
    hub.log.wait("let go").await;
    assert_eq!(client.invoke("Ok", json!([])).await, Ok(json!(true)), "the connection stands");
}

#[tokio::test]
async fn stream_is_dropped_when_its_connection_ends() {
    let (server, hub) = serve().await;
    for round in 1..=4 {
        let mut client = server.connect().await;
        client.stream("Gated", json!([])).await;
        hub.log.wait_times("begun", round).await;
        match round {
            1 => drop(client.close().await),
            2 => client.send(json!({"type": 7})).await,
            3 => assert!(client.socket.write(&[0xff; 8]).await),
            _ => drop(client),
        }
        hub.log.wait_times("ended", round).await;
    }
}

#[tokio::test]
async fn stream_that_fails_keeps_what_came_before() {
    let (server, _) = serve().await;
    let mut client = server.connect().await;
    let general = "An error occurred on the server while streaming results.";
    let id = client.stream("Fails", json!([])).await;
    client.expect_item(&id, json!(1)).await;
    client.expect_item(&id, json!(2)).await;
    client.expect(failed(&id, &format!("{general} OutOfPaper: load tray 2"))).await;
    let (secretive, _) = Server::of(StreamHub::default(), Default::default()).await;
    let mut client = secretive.connect().await;
    let id = client.stream("Fails", json!([])).await;
    client.expect_item(&id, json!(1)).await;
    client.expect_item(&id, json!(2)).await;
    client.expect(failed(&id, general)).await;
    let id = client.stream("FailsOpenly", json!([])).await;
    client.expect_item(&id, json!(1)).await;
    client.expect(failed(&id, &format!("{general} HubException: no more"))).await;
}

#[tokio::test]
async fn stream_that_is_refused_is_an_error_of_the_call() {
    let (server, _) = serve().await;
    let mut client = server.connect().await;
    let id = client.stream("Refused", json!([])).await;
    let error =
        "An unexpected error occurred invoking 'Refused' on the server. OutOfPaper: load tray 2";
    client.expect(failed(&id, error)).await;
}

#[tokio::test]
async fn panics_and_items_that_cannot_be_written_end_the_stream_alone() {
    let (server, hub) = serve().await;
    let mut client = server.connect().await;
    let general = "An error occurred on the server while streaming results.";
    let id = client.stream("Panics", json!([])).await;
    client.expect_item(&id, json!(1)).await;
    client.expect(failed(&id, &format!("{general} Panic: half way"))).await;
    hub.log.wait("ended").await;
    let id = client.stream("PanicsAtOnce", json!([])).await;
    client.expect(failed(&id, &format!("{general} Panic: before there is a stream"))).await;
    let id = client.stream("Explosive", json!([])).await;
    client.expect(failed(&id, &format!("{general} Panic: while it is written"))).await;
    let id = client.stream("Unwritable", json!([])).await;
    let end = client.next().await;
    assert_eq!((&end["type"], &end["invocationId"]), (&json!(3), &json!(id)));
    assert!(end["error"].as_str().unwrap().contains("it refuses"), "{end}");
    assert_eq!(client.invoke("Ok", json!([])).await, Ok(json!(true)));
}

#[tokio::test]
async fn stream_is_called_as_a_stream_and_a_plain_method_is_not() {
    let (server, _) = serve().await;
    let mut client = server.connect().await;
    let error = "The client attempted to invoke the streaming 'Count' method with a non-streaming invocation.";
    assert_eq!(client.invoke("count", json!([1])).await, Err(error.to_owned()));
    let id = client.stream("ok", json!([])).await;
    let error =
        "The client attempted to invoke the non-streaming 'Ok' method with a streaming invocation.";
    client.expect(failed(&id, error)).await;
    let id = client.stream("NoSuch", json!([])).await;
    let error = "Failed to invoke 'NoSuch' due to an error on the server. HubException: Method does not exist.";
    client.expect(failed(&id, error)).await;
    let id = client.stream("Count", json!([])).await;
    let error = "Failed to invoke 'Count' due to an error on the server. InvalidDataException: Invocation provides 0 argument(s) but target expects 1.";
    client.expect(failed(&id, error)).await;
}

#[tokio::test]
async fn id_of_an_open_stream_cannot_be_used_again_before_its_end() {
    let (server, hub) = serve().await;
    let mut client = server.connect().await;
    let call = json!({"type": 4, "invocationId": "7", "target": "Gated", "arguments": []});
    client.send(call.clone()).await;
    hub.log.wait("begun").await;
    client.send(call.clone()).await;
    client.expect(failed("7", "Invocation ID '7' is already in use.")).await;
    hub.gate.add_permits(1);
    client.expect_item("7", json!(0)).await;
    client.cancel("7").await;
    client.expect(json!({"type": 3, "invocationId": "7"})).await;
    client.send(call).await;
    hub.gate.add_permits(1);
    client.expect_item("7", json!(0)).await;
    assert_eq!(hub.log.count("begun"), 2);
}

#[tokio::test]
async fn streams_do_not_hold_up_other_calls() {
    let (server, hub) = serve().await;
    let mut client = server.connect().await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(client.stream("Gated", json!([])).await);
    }
    hub.log.wait_times("begun", 5).await;
    assert_eq!(client.invoke("Ok", json!([])).await, Ok(json!(true)));
    for id in ids {
        client.cancel(&id).await;
        client.completion(&id).await.unwrap();
    }
    hub.log.wait_times("ended", 5).await;
}

#[tokio::test]
async fn upload_stream_may_flow_back_as_a_server_stream() {
    let (server, hub) = serve().await;
    let mut client = server.connect().await;
    let id = client.stream_of("Mirror", "in").await;
    for number in 0..50 {
        client.item("in", json!({"n": number})).await;
        client.expect_item(&id, json!({"n": number})).await;
    }
    client.complete("in").await;
    client.expect(json!({"type": 3, "invocationId": id})).await;
    hub.log.wait("ended").await;
    client.item("in", json!("late")).await;
    assert_eq!(client.invoke("Ok", json!([])).await, Ok(json!(true)));
}

#[tokio::test]
async fn id_is_in_use_until_its_cancelled_stream_is_over() {
    let (server, _) = serve().await;
    let mut client = server.connect().await;
    let id = client.stream("Gated", json!([])).await;
    let cancel = json!({"type": 5, "invocationId": id});
    let again = json!({"type": 4, "invocationId": id, "target": "Count", "arguments": [2]});
    client.text(&format!("{cancel}{RS}{again}{RS}")).await;
    let error = format!("Invocation ID '{id}' is already in use.");
    client.expect(json!({"type": 3, "invocationId": id, "error": error})).await;
    client.expect(json!({"type": 3, "invocationId": id})).await;
    client.send(again).await;
    client.expect_item(&id, json!(0)).await;
    client.expect_item(&id, json!(1)).await;
    client.expect(json!({"type": 3, "invocationId": id})).await;
}
