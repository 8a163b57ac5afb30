//! Hub code that takes its time, or never ends: it keeps neither its clients nor the server.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{Stream, StreamExt, stream};
use rocket_signalr::{Caller, DisconnectReason, HubContext, HubError, HubOptions, hub, hub_client};
use serde_json::json;
use tokio::sync::Semaphore;

use crate::support::{Encoding, End, Log, OnDrop, Poller, Server, eventually, options, within};

#[hub_client]
trait AskedClient {
    async fn hear(&self);
    async fn answer(&self) -> i32;
}

/// Its events wait for the gate, for clients that ask for it in their query.
#[derive(Clone)]
struct SlowHub {
    log: Log,
    gate: Arc<Semaphore>,
}

impl SlowHub {
    async fn pass(&self) {
        self.gate.acquire().await.expect("the gate stands").forget();
    }
}

#[hub(client = AskedClient)]
impl SlowHub {
    async fn on_connected(&self, caller: &Caller<Self>) -> Result<(), HubError> {
        if let Some(then) = caller.query("connecting") {
            self.log.add("connecting");
            self.pass().await;
            self.log.add("connected");
            if then == "refuse" {
                return Err(HubError::new("No."));
            }
        }
        Ok(())
    }

    async fn on_disconnected(&self, caller: &Caller<Self>, _: &DisconnectReason) {
        if caller.query("leaving").is_some() {
            self.log.add("leaving");
            self.pass().await;
        }
        self.log.add("left");
    }

    fn ok(&self) -> bool {
        true
    }

    async fn ask(&self, caller: &Caller<Self>, id: String) -> Result<i32, HubError> {
        caller.clients().client(&id).answer().await
    }

    /// Calls its caller without a pause. Should it not notice its end, the test still ends.
    async fn shout(&self, caller: &Caller<Self>) {
        let _over = OnDrop(self.log.clone(), "shouting is over");
        let begin = Instant::now();
        let shouting = async {
            while begin.elapsed() < Duration::from_secs(20) {
                caller.clients().caller().hear().await.expect("it can be written");
            }
        };
        tokio::select! {
            () = shouting => {}
            () = caller.aborted() => {}
        }
    }

    /// Items that are always there at once. Should it not be stopped, the test still ends.
    fn flood(&self) -> impl Stream<Item = String> + Send + use<> {
        let open = OnDrop(self.log.clone(), "flood is over");
        let begin = Instant::now();
        stream::repeat_with(move || {
            let _ = &open;
            "x".repeat(1000)
        })
        .take_while(move |_| std::future::ready(begin.elapsed() < Duration::from_secs(20)))
    }
}

async fn serve(options: HubOptions) -> (Server, HubContext<SlowHub>, SlowHub) {
    let hub = SlowHub { log: Log::default(), gate: Arc::new(Semaphore::new(0)) };
    let (server, context) = Server::of(hub.clone(), options).await;
    (server, context, hub)
}

#[tokio::test]
async fn poll_ends_with_a_delete_while_the_hub_is_told_of_its_client() {
    let (server, _, hub) = serve(options()).await;
    let (_, token) = server.negotiate("/hub").await;
    let mut poller = Poller::open(server.addr, "/hub", &format!("{token}&connecting")).await;
    poller.shake_hands(Encoding::Json).await;
    hub.log.wait("connecting").await;
    let poll = poller.polling();
    poller.round_trips().await;
    assert_eq!(poller.delete().await.status, 202);
    let told = within("the end of the poll", poll).await.unwrap();
    assert_eq!(told.told(), (200, "{\"type\":7,\"allowReconnect\":true}\u{1e}"));
    assert_eq!(poller.poll().await.status, 204);
    assert_eq!(hub.log.events(), ["connecting"]);
    hub.gate.add_permits(1);
    hub.log.wait("left").await;
}

#[tokio::test]
async fn client_is_closed_while_the_hub_is_told_of_it() {
    let (server, context, hub) = serve(options()).await;
    let mut client = server.connect_at("/hub?connecting").await;
    hub.log.wait("connecting").await;
    context.disconnect(&context.connections()[0]);
    client.expect_close(json!({"type": 7})).await;
    hub.gate.add_permits(1);
    hub.log.wait("left").await;
    assert_eq!(hub.log.events(), ["connecting", "connected", "left"]);
}

#[tokio::test]
async fn client_that_the_hub_refuses_after_its_end_is_not_said_to_leave() {
    let (server, context, hub) = serve(options()).await;
    let mut client = server.connect_at("/hub?connecting=refuse").await;
    hub.log.wait("connecting").await;
    context.disconnect(&context.connections()[0]);
    client.expect_close(json!({"type": 7})).await;
    hub.gate.add_permits(1);
    eventually("the end", || context.connection_count() == 0).await;
    assert_eq!(hub.log.events(), ["connecting", "connected"]);
}

#[tokio::test]
async fn socket_is_let_go_though_the_hub_never_ends() {
    for path in ["/hub?connecting", "/hub?leaving"] {
        let (server, context, hub) =
            serve(HubOptions { close_timeout: Duration::from_millis(200), ..options() }).await;
        let mut client = server.connect_at(path).await;
        eventually("the client", || context.connection_count() == 1).await;
        context.disconnect(&context.connections()[0]);
        assert_eq!(client.end().await, End { last: vec![json!({"type": 7})], code: Some(1000) });
        assert_eq!(hub.log.count("left"), 0);
    }
}

#[tokio::test]
async fn question_ends_with_its_client_though_the_hub_is_still_told_of_that() {
    let (server, _, hub) = serve(options()).await;
    let mut asker = server.connect().await;
    let (id, token) = server.negotiate("/hub").await;
    let mut asked = server.connect_at(&format!("/hub?id={token}&leaving")).await;
    assert_eq!(asked.invoke("Ok", json!([])).await, Ok(json!(true)));
    let call = asker.call("Ask", json!([id])).await;
    assert_eq!(asked.next().await["target"], json!("answer"));
    drop(asked);
    hub.log.wait("leaving").await;
    let error = format!(
        "An unexpected error occurred invoking 'Ask' on the server. IOException: Connection '{id}' disconnected."
    );
    assert_eq!(asker.completion(&call).await, Err(error.clone()));
    assert_eq!(asker.invoke("Ask", json!([id])).await, Err(error));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn stream_without_a_pause_ends_with_its_client() {
    let (server, _, hub) = serve(options()).await;
    for round in 1..=8 {
        let mut client = server.connect().await;
        client.stream("Flood", json!([])).await;
        assert_eq!(client.next().await["type"], json!(2));
        drop(client);
        hub.log.wait_times("flood is over", round).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn method_that_calls_one_client_without_a_pause_notices_its_end() {
    let (server, _, hub) = serve(options()).await;
    let mut client = server.connect().await;
    client.notify("Shout", json!([])).await;
    client.expect_call("hear", json!([])).await;
    drop(client);
    hub.log.wait("shouting is over").await;
}
