//! How connections begin and end, and what hubs hear of it.

use rocket_signalr::{Caller, DisconnectReason, HubContext, HubError, hub, hub_client};
use serde_json::json;

use crate::support::{End, Log, OnDrop, RS, Server, ending, eventually, options};

#[hub_client]
trait LifeClient {
    async fn hello(&self, from: &str);
}

#[derive(Default)]
struct LifeHub {
    log: Log,
}

#[hub(client = LifeClient)]
impl LifeHub {
    async fn on_connected(&self, caller: &Caller<Self>) -> Result<(), HubError> {
        self.log.add("connected");
        match caller.query("on").as_deref() {
            Some("error") => return Err(HubError::with_kind("InvalidOperationException", "no")),
            Some("hub-error") => return Err(HubError::new("not you")),
            Some("panic") => panic!("in on_connected"),
            Some("abort") => caller.abort(),
            Some("wait") => caller.aborted().await,
            Some("greet-others") => caller.clients().others().hello("the new one").await?,
            Some("greet-self") => caller.clients().all().hello("all").await?,
            _ => {}
        }
        self.log.add("accepted");
        Ok(())
    }

    async fn on_disconnected(&self, caller: &Caller<Self>, reason: &DisconnectReason) {
        self.log.add(format!("disconnected: {}", ending(reason)));
        assert_ne!(caller.query("off").as_deref(), Some("panic"), "in on_disconnected");
    }

    fn keep(&self, caller: &Caller<Self>) {
        caller.insert(std::sync::Arc::new(OnDrop(self.log.clone(), "let go")));
    }

    fn abort(&self, caller: &Caller<Self>) {
        caller.abort();
    }

    async fn wait(&self, caller: &Caller<Self>) {
        self.log.add("waiting");
        caller.aborted().await;
        self.log.add("aborted");
    }

    async fn wait_and_panic(&self, caller: &Caller<Self>) {
        self.log.add("waiting");
        caller.aborted().await;
        self.log.add("panics");
        panic!("after the end");
    }

    fn ok(&self) -> bool {
        true
    }
}

async fn serve() -> (Server, HubContext<LifeHub>, Log) {
    let hub = LifeHub::default();
    let log = hub.log.clone();
    let (server, context) = Server::of(hub, options()).await;
    (server, context, log)
}

/// Waits until nobody is known any more, and tells what was noted.
async fn forgotten(context: &HubContext<LifeHub>, log: &Log) -> Vec<String> {
    eventually("an empty hub", || context.connection_count() == 0).await;
    log.events()
}

#[tokio::test]
async fn what_is_kept_with_a_connection_is_let_go_with_it() {
    let (server, _, log) = serve().await;
    let mut client = server.connect().await;
    client.invoke("Keep", json!([])).await.unwrap();
    assert_eq!(log.count("let go"), 0);
    client.close().await;
    log.wait("let go").await;
}

#[tokio::test]
async fn who_waits_for_the_end_is_told_of_it() {
    let (server, _, log) = serve().await;
    let mut client = server.connect().await;
    client.notify("Wait", json!([])).await;
    log.wait("waiting").await;
    client.close().await;
    log.wait("aborted").await;
}

#[tokio::test]
async fn on_disconnected_is_told_though_who_waited_for_the_end_panics() {
    let (server, context, log) = serve().await;
    let mut client = server.connect().await;
    client.notify("WaitAndPanic", json!([])).await;
    log.wait("waiting").await;
    drop(client);
    log.wait("panics").await;
    log.wait("disconnected: no error").await;
    forgotten(&context, &log).await;
    assert_eq!(server.connect().await.invoke("Ok", json!([])).await, Ok(json!(true)));
}

#[tokio::test]
async fn abort_from_a_method_ends_the_client_for_good() {
    let (server, context, log) = serve().await;
    let mut client = server.connect().await;
    client.notify("Abort", json!([])).await;
    client.expect_close(json!({"type": 7})).await;
    let events = forgotten(&context, &log).await;
    assert_eq!(events, ["connected", "accepted", "disconnected: no error"]);
}

#[tokio::test]
async fn client_that_leaves_before_its_handshake_is_not_heard_of() {
    let (server, context, log) = serve().await;
    let mut early = server.socket("/hub", &[]).await;
    early.text(&format!("{}{RS}", json!({"type": 1, "target": "Ok", "arguments": []}))).await;
    drop(early);
    let mut quiet = server.socket("/hub", &[]).await;
    quiet.frame(8, true, &[]).await;
    assert_eq!(quiet.next().await.close_code(), Some(1000));
    server.connect().await.close().await;
    let events = forgotten(&context, &log).await;
    assert_eq!(events, ["connected", "accepted", "disconnected: no error"]);
}

#[tokio::test]
async fn error_in_on_connected_refuses_the_client_for_good() {
    let (server, context, log) = serve().await;
    for (query, error) in [
        ("error", "Connection closed with an error. InvalidOperationException: no"),
        ("hub-error", "Connection closed with an error. HubException: not you"),
        ("panic", "Connection closed with an error. Panic: in on_connected"),
    ] {
        let mut client = server.connect_at(&format!("/hub?on={query}")).await;
        client.expect_close(json!({"type": 7, "error": error})).await;
    }
    let events = forgotten(&context, &log).await;
    assert_eq!(events, ["connected", "connected", "connected"], "they are not told to leave");
}

#[tokio::test]
async fn errors_in_on_connected_are_secret_unless_they_are_meant_for_clients() {
    let (server, _) = Server::of(LifeHub::default(), Default::default()).await;
    let mut client = server.connect_at("/hub?on=error").await;
    client.expect_close(json!({"type": 7, "error": "Connection closed with an error."})).await;
    let mut client = server.connect_at("/hub?on=hub-error").await;
    let error = "Connection closed with an error. HubException: not you";
    client.expect_close(json!({"type": 7, "error": error})).await;
}

#[tokio::test]
async fn panic_in_on_disconnected_forgets_the_connection_all_the_same() {
    let (server, context, log) = serve().await;
    let mut client = server.connect_at("/hub?off=panic").await;
    client.invoke("Keep", json!([])).await.unwrap();
    assert_eq!(client.close().await, End { last: vec![], code: Some(1000) });
    log.wait("let go").await;
    let events = forgotten(&context, &log).await;
    assert_eq!(events[..3], ["connected", "accepted", "disconnected: no error"]);
}

#[tokio::test]
async fn abort_in_on_connected_ends_the_client_and_is_told() {
    let (server, context, log) = serve().await;
    let mut client = server.connect_at("/hub?on=abort").await;
    client.expect_close(json!({"type": 7})).await;
    let events = forgotten(&context, &log).await;
    assert_eq!(events, ["connected", "accepted", "disconnected: no error"]);
}

#[tokio::test]
async fn client_that_leaves_within_on_connected_is_noticed() {
    let (server, context, log) = serve().await;
    let client = server.connect_at("/hub?on=wait").await;
    log.wait("connected").await;
    drop(client);
    log.wait("accepted").await;
    log.wait("disconnected: no error").await;
    forgotten(&context, &log).await;
}

#[tokio::test]
async fn closed_websocket_ends_without_an_error_or_a_close_message() {
    let (server, context, log) = serve().await;
    let mut client = server.connect().await;
    assert_eq!(client.close().await, End { last: vec![], code: Some(1000) });
    assert_eq!(forgotten(&context, &log).await[2..], ["disconnected: no error"]);
}

#[tokio::test]
async fn close_message_of_a_client_is_answered() {
    let (server, context, log) = serve().await;
    let mut client = server.connect().await;
    client.send(json!({"type": 7})).await;
    client.expect_close(json!({"type": 7})).await;
    assert_eq!(forgotten(&context, &log).await[2..], ["disconnected: no error"]);
}

#[tokio::test]
async fn close_message_with_an_error_is_told_to_the_hub_and_not_repeated() {
    let (server, context, log) = serve().await;
    let mut client = server.connect().await;
    client.send(json!({"type": 7, "error": "no battery"})).await;
    client.expect_close(json!({"type": 7})).await;
    let events = forgotten(&context, &log).await;
    assert_eq!(events[2..], ["disconnected: HubException: no battery"]);
}

#[tokio::test]
async fn connection_that_ends_inside_of_a_message_ends_with_an_error() {
    let (server, context, log) = serve().await;
    let mut client = server.connect().await;
    client.invoke("Ok", json!([])).await.unwrap();
    client.text(r#"{"type":1,"tar"#).await;
    drop(client);
    let events = forgotten(&context, &log).await;
    let text = "Connection terminated while reading a message.";
    assert_eq!(events[2..], [format!("disconnected: InvalidDataException: {text}")]);
}

#[tokio::test]
async fn clients_can_be_called_within_on_connected() {
    let (server, _, _) = serve().await;
    let mut first = server.connect().await;
    first.invoke("Ok", json!([])).await.unwrap();
    let _second = server.connect_at("/hub?on=greet-others").await;
    first.expect_call("hello", json!(["the new one"])).await;
    let mut third = server.connect_at("/hub?on=greet-self").await;
    third.expect_call("hello", json!(["all"])).await;
}

#[tokio::test]
async fn connections_can_be_ended_from_outside() {
    let (server, context, log) = serve().await;
    let (mut client, id) = server.negotiated().await;
    client.invoke("Ok", json!([])).await.unwrap();
    assert!(context.is_connected(&id));
    assert!(context.disconnect(&id));
    client.expect_close(json!({"type": 7})).await;
    forgotten(&context, &log).await;
    assert!(!context.disconnect(&id));
    assert!(!context.is_connected(&id));
    assert_eq!(context.connections(), [""; 0]);
}

#[tokio::test]
async fn running_method_outlives_its_connection_and_harms_nobody() {
    let (server, context, log) = serve().await;
    let mut other = server.connect().await;
    let mut client = server.connect().await;
    client.call("Wait", json!([])).await;
    log.wait("waiting").await;
    client.socket.write(&[0xff; 3]).await;
    assert_eq!(client.end().await.code, Some(1002));
    log.wait("aborted").await;
    eventually("one connection", || context.connection_count() == 1).await;
    assert_eq!(other.invoke("Ok", json!([])).await, Ok(json!(true)));
}

struct Notes;

#[hub]
impl Notes {
    fn set(&self, caller: &Caller<Self>, note: String) -> Option<String> {
        caller.insert(note)
    }

    fn get(&self, caller: &Caller<Self>) -> Option<String> {
        caller.get()
    }

    fn take(&self, caller: &Caller<Self>) -> Option<String> {
        caller.remove()
    }
}

#[tokio::test]
async fn each_connection_keeps_its_own_values() {
    let (server, _) = Server::of(Notes, options()).await;
    let (mut ann, mut bob) = (server.connect().await, server.connect().await);
    for (call, arguments, result) in [
        ("Take", json!([]), json!(null)),
        ("Set", json!(["a"]), json!(null)),
        ("Set", json!(["b"]), json!("a")),
        ("Get", json!([]), json!("b")),
        ("Take", json!([]), json!("b")),
        ("Get", json!([]), json!(null)),
    ] {
        assert_eq!(ann.invoke(call, arguments).await, Ok(result), "{call}");
        assert_eq!(bob.invoke("Get", json!([])).await, Ok(json!(null)));
    }
}
