//! Stateful reconnect: a socket is lost, the connection is not.

use std::time::Duration;

use futures::Stream;
use rand::{Rng, SeedableRng, rngs::StdRng};
use rocket_signalr::{
    Caller, DisconnectReason, HubContext, HubError, HubOptions, UploadStream, hub, hub_client,
};
use serde_json::{Value, json};

use crate::support::{
    Client, Log, Server, Socket, Stateful, closed_with, ending, eventually, options, stays_pending,
    within,
};

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
async fn what_is_not_acknowledged_is_sent_again_and_the_rest_is_not() {
    let (server, context, _) = serve(may_return()).await;
    let mut client = Stateful::connect(&server).await;
    eventually("one", || context.connection_count() == 1).await;
    for number in 1..=5 {
        send(&context, number).await;
        assert_eq!(client.next().await, Some(got(number)));
    }
    client.client.send(json!({"type": 8, "sequenceId": 3})).await;
    // Answered, so the Ack was taken. The answer is message 6.
    client.send(json!({"type": 1, "invocationId": "a", "target": "Keep", "arguments": [0]})).await;
    client.next().await.unwrap();
    let socket = Socket::open(server.addr, &client.path, &[]).await.unwrap();
    let mut raw = Client::new(socket);
    raw.expect(json!({"type": 9, "sequenceId": 4})).await;
    raw.expect(got(4)).await;
    raw.expect(got(5)).await;
    raw.expect(json!({"type": 3, "invocationId": "a", "result": null})).await;
    raw.send(json!({"type": 8, "sequenceId": 6})).await;
    raw.send(json!({"type": 9, "sequenceId": 2})).await;
    raw.send(json!({"type": 1, "invocationId": "b", "target": "Keep", "arguments": [0]})).await;
    raw.expect(json!({"type": 3, "invocationId": "b", "result": 0})).await;
    raw.send(json!({"type": 8, "sequenceId": 7})).await;
    raw.send(json!({"type": 1, "invocationId": "c", "target": "Keep", "arguments": [0]})).await;
    raw.expect(json!({"type": 3, "invocationId": "c", "result": 0})).await;
    raw.send(json!({"type": 8, "sequenceId": 8})).await;
    raw.send(json!({"type": 6})).await;
    // With nothing to be sent again, the number is that of the next message.
    eventually_sequence(&server, &client.path, 9).await;
}

/// Comes back until the server's first number is this: an Ack may still be on its way.
async fn eventually_sequence(server: &Server, path: &str, number: u64) {
    within("that number", async {
        loop {
            let mut raw = Client::new(Socket::open(server.addr, path, &[]).await.unwrap());
            if raw.next().await == json!({"type": 9, "sequenceId": number}) {
                break;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn messages_of_the_client_are_carried_out_once() {
    let (server, _, log) = serve(may_return()).await;
    let mut client = Stateful::connect(&server).await;
    client.notify("Note", json!(["one"])).await;
    client.notify("Note", json!(["two"])).await;
    log.wait("two").await;
    cut(&mut client).await;
    // Both are sent again, as the server has not acknowledged them.
    client.come_back().await;
    client.notify("Note", json!(["three"])).await;
    log.wait("three").await;
    assert_eq!(log.events(), ["connected", "one", "two", "three"]);
}

#[tokio::test]
async fn server_acknowledges_by_itself() {
    let (server, _, _) = serve(may_return()).await;
    let mut client = Stateful::connect(&server).await;
    for number in 0..5 {
        client.notify("Note", json!([number.to_string()])).await;
    }
    within("an Ack of all", async {
        while client.pending() > 0 {
            let message = client.client.next().await;
            assert_eq!(client.take(message), None);
        }
    })
    .await;
}

#[tokio::test]
async fn message_that_was_cut_off_is_sent_again() {
    let (server, _, log) = serve(may_return()).await;
    let mut client = Stateful::connect(&server).await;
    client.notify("Note", json!(["one"])).await;
    log.wait("one").await;
    client.client.text(r#"{"type":1,"target":"Note","argu"#).await;
    cut(&mut client).await;
    client.come_back().await;
    client.notify("Note", json!(["two"])).await;
    log.wait("two").await;
    assert_eq!(log.events(), ["connected", "one", "two"]);
}

#[tokio::test]
async fn more_than_the_buffer_holds_waits_for_acknowledgement() {
    let (server, context, _) =
        serve(HubOptions { stateful_reconnect_buffer_size: 1000, ..may_return() }).await;
    let mut client = Stateful::connect(&server).await;
    eventually("one", || context.connection_count() == 1).await;
    let long = |number: usize| format!("{number} {}", "x".repeat(400));
    for number in 0..10 {
        send(&context, long(number)).await;
    }
    let mut begun = 0;
    for _ in 0..2 {
        // The one that crosses the limit is still sent.
        for number in begun..begun + 3 {
            assert_eq!(client.next().await, Some(got(long(number))));
        }
        begun += 3;
        stays_pending("the rest", client.client.receive()).await;
        client.acknowledge().await;
    }
    for number in begun..10 {
        assert_eq!(client.next().await, Some(got(long(number))));
        client.acknowledge().await;
    }
}

#[tokio::test]
async fn acknowledgement_is_read_though_much_is_held_for_it() {
    let (server, context, _) =
        serve(HubOptions { stateful_reconnect_buffer_size: 1000, ..may_return() }).await;
    let mut client = Stateful::connect(&server).await;
    eventually("one", || context.connection_count() == 1).await;
    let long = |number: usize| format!("{number} {}", "x".repeat(2000));
    // More than is let pile up before a client's calls have to wait.
    for number in 0..60 {
        send(&context, long(number)).await;
    }
    for number in 0..60 {
        assert_eq!(client.next().await, Some(got(long(number))));
        // Calls before it do not keep it from being read, either.
        client.notify("Note", json!(["call"])).await;
        client.acknowledge().await;
    }
}

#[tokio::test]
async fn acknowledgement_is_read_though_it_comes_behind_items_that_wait_for_it() {
    let (server, _, _) =
        serve(HubOptions { stateful_reconnect_buffer_size: 1000, ..may_return() }).await;
    let mut client = Stateful::connect(&server).await;
    client
        .send(json!({
            "type": 4, "invocationId": "out", "target": "Mirror", "arguments": [],
            "streamIds": ["in"],
        }))
        .await;
    // The stream back waits for an Ack, the items for the stream, and the Ack comes behind them.
    let item = "x".repeat(2000);
    for _ in 0..60 {
        client.send(json!({"type": 2, "invocationId": "in", "item": item})).await;
    }
    client.send(json!({"type": 3, "invocationId": "in"})).await;
    for _ in 0..60 {
        assert_eq!(
            client.next().await,
            Some(json!({"type": 2, "invocationId": "out", "item": item}))
        );
        client.acknowledge().await;
    }
    assert_eq!(client.next().await, Some(json!({"type": 3, "invocationId": "out"})));
}

#[tokio::test]
async fn acks_and_sequences_mean_nothing_without_the_feature() {
    let (server, _, _) = serve(may_return()).await;
    let (_, token) = server.negotiate_with("/hub", "&useStatefulReconnect=true", &[]).await;
    let old = server.connect_at(&format!("/hub?id={token}")).await;
    let plain = server.connect().await;
    for mut client in [old, plain] {
        for message in [
            json!({"type": 8, "sequenceId": 55}),
            json!({"type": 9, "sequenceId": 1000}),
            json!({"type": 8, "sequenceId": -1}),
        ] {
            client.send(message).await;
        }
        assert_eq!(client.invoke("Keep", json!([1])).await, Ok(json!(null)));
    }
}

#[tokio::test]
async fn client_of_version_one_may_not_come_back() {
    let (server, _, log) = serve(may_return()).await;
    let (_, token) = server.negotiate_with("/hub", "&useStatefulReconnect=true", &[]).await;
    let path = format!("/hub?id={token}");
    let client = server.connect_at(&path).await;
    assert_eq!(Socket::open(server.addr, &path, &[]).await.unwrap_err().status, 409);
    drop(client);
    log.wait("disconnected: no error").await;
}

#[tokio::test]
async fn sequence_beyond_what_was_sent_ends_the_connection() {
    let (server, _, _) = serve(may_return()).await;
    let mut client = Stateful::connect(&server).await;
    client.client.send(json!({"type": 9, "sequenceId": 2})).await;
    let error =
        "InvalidOperationException: Sequence ID greater than amount of messages we've received.";
    client.client.expect_close(closed_with(error)).await;
    let refused = Socket::open(server.addr, &client.path, &[]).await.unwrap_err();
    assert!(matches!(refused.status, 404 | 409), "{}", refused.status);
}

#[tokio::test]
async fn who_says_goodbye_does_not_come_back() {
    let (server, context, log) = serve(may_return()).await;
    for round in 0..4 {
        let mut client = Stateful::connect(&server).await;
        match round {
            0 => drop(client.client.close().await),
            1 => client.client.send(json!({"type": 7})).await,
            2 => client.notify("Abort", json!([])).await,
            _ => {
                eventually("it", || context.disconnect(&client.id)).await;
            }
        }
        client.client.end().await;
        let refused = Socket::open(server.addr, &client.path, &[]).await.unwrap_err();
        assert!(matches!(refused.status, 404 | 409), "{}", refused.status);
        log.wait_times("disconnected: no error", round + 1).await;
    }
}

#[tokio::test]
async fn client_that_does_not_come_back_in_time_is_gone() {
    let (server, context, log) =
        serve(HubOptions { disconnect_timeout: Duration::from_millis(50), ..may_return() }).await;
    let mut client = Stateful::connect(&server).await;
    client.notify("Note", json!(["there"])).await;
    log.wait("there").await;
    cut(&mut client).await;
    log.wait("disconnected: no error").await;
    eventually("nobody", || context.connection_count() == 0).await;
    assert_eq!(Socket::open(server.addr, &client.path, &[]).await.unwrap_err().status, 404);
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

/// Sockets are cut at random while messages flow both ways: each arrives once, in order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_message_arrives_once_and_in_order_however_sockets_are_cut() {
    for seed in 0..12 {
        cut_at_random(seed).await;
    }
}

async fn cut_at_random(seed: u64) {
    const MESSAGES: usize = 300;
    let mut random = StdRng::seed_from_u64(seed);
    let (server, context, log) =
        serve(HubOptions { stateful_reconnect_buffer_size: 4000, ..may_return() }).await;
    let mut client = Stateful::connect(&server).await;
    eventually("one", || context.connection_count() == 1).await;
    let sender = {
        let context = context.clone();
        tokio::spawn(async move {
            for number in 0..MESSAGES {
                send(&context, number).await;
                tokio::task::yield_now().await;
            }
        })
    };

    let (mut noted, mut received) = (0, 0);
    let all = async {
        while received < MESSAGES || noted < MESSAGES {
            match random.random_range(0..40) {
                0 => client.come_back().await,
                1 => {
                    cut(&mut client).await;
                    client.come_back().await;
                }
                2 => {
                    // The begin of a message that never ends.
                    client.client.text(r#"{"type":1,"targ"#).await;
                    client.come_back().await;
                }
                3..8 => client.acknowledge().await,
                8..20 if noted < MESSAGES => {
                    client.notify("Note", json!([noted.to_string()])).await;
                    noted += 1;
                }
                _ => {
                    let wait = Duration::from_micros(random.random_range(0..500));
                    let came = tokio::time::timeout(wait, client.client.receive()).await;
                    match came {
                        Ok(Some(message)) => {
                            if let Some(message) = client.take(message) {
                                assert_eq!(message, got(received), "seed {seed}");
                                received += 1;
                            }
                        }
                        Ok(None) => client.come_back().await,
                        Err(_) => {}
                    }
                }
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), all)
        .await
        .unwrap_or_else(|_| panic!("seed {seed}: {received} received, {noted} noted"));
    log.wait(&(MESSAGES - 1).to_string()).await;
    let expected: Vec<_> = ["connected".to_owned()]
        .into_iter()
        .chain((0..MESSAGES).map(|number| number.to_string()))
        .collect();
    assert_eq!(log.events(), expected, "seed {seed}");
    sender.await.unwrap();
}
