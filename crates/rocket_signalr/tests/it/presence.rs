//! Who is there, and who is sent away from outside.

use std::sync::Arc;

use rocket_signalr::{Caller, Hub, HubContext, hub};
use serde_json::json;
use tokio::sync::Notify;

use crate::support::{Client, EventStream, Log, Names, Server, eventually, options, within};

#[derive(Clone, Default)]
struct LobbyHub {
    log: Log,
    gate: Arc<Notify>,
}

#[hub]
impl LobbyHub {
    async fn on_connected(&self, caller: &Caller<Self>) {
        self.log.add(format!("connected: {}", told(caller)));
        if caller.query("wait").is_some() {
            self.gate.notified().await;
        }
    }

    fn on_disconnected(&self, caller: &Caller<Self>) {
        self.log.add(format!("disconnected: {}", told(caller)));
    }

    async fn join(&self, caller: &Caller<Self>, group: String) -> String {
        caller.join(&group).await;
        caller.connection_id().to_owned()
    }

    fn send_away(&self, caller: &Caller<Self>, id: String) -> bool {
        caller.context().disconnect(&id)
    }

    fn send_user_away(&self, caller: &Caller<Self>, user: String) -> usize {
        caller.context().disconnect_user(&user)
    }
}

/// Whether the hub knows a caller: as a connection, and as a user.
fn told(caller: &Caller<LobbyHub>) -> String {
    let context = caller.context();
    let online = caller.user_id().is_some_and(|user| context.is_online(user));
    format!("{} {online}", context.is_connected(caller.connection_id()))
}

async fn serve() -> (Server, HubContext<LobbyHub>, LobbyHub) {
    let hub = LobbyHub::default();
    let endpoint = hub.clone().at("/hub").options(options()).authenticate(Names);
    let context = endpoint.context();
    (Server::launch(|rocket| rocket.attach(endpoint)).await, context, hub)
}

/// A client who is a member of a group, and its id.
async fn member(server: &Server, user: &str, group: &str) -> (Client, String) {
    let mut client = server.connect_with("/hub", &[("x-user", user)]).await;
    let id = client.invoke("Join", json!([group])).await.unwrap();
    (client, id.as_str().unwrap().to_owned())
}

fn sorted(mut list: Vec<String>) -> Vec<String> {
    list.sort();
    list
}

#[tokio::test]
async fn connections_and_users_are_listed() {
    let (server, context, _) = serve().await;
    assert_eq!((context.connection_count(), context.connections()), (0, vec![]));
    assert_eq!(context.users(), [""; 0]);
    let (mut ann, ann_id) = member(&server, "ann", "a").await;
    let (_ann_too, ann_too_id) = member(&server, "ann", "a").await;
    let (_bob, bob_id) = member(&server, "bob", "a").await;
    let mut nobody = server.connect().await;
    let nobody_id = nobody.invoke("Join", json!(["a"])).await.unwrap();
    // A negotiation, or a handshake to come, is nobody yet.
    let (early_id, token) = server.negotiate("/hub").await;
    let _early = server.socket(&format!("/hub?id={token}"), &[]).await;
    let all = [&ann_id, &ann_too_id, &bob_id, nobody_id.as_str().unwrap()];
    assert_eq!(context.connection_count(), 4);
    assert_eq!(sorted(context.connections()), sorted(all.map(str::to_owned).into()));
    assert!(all.iter().all(|id| context.is_connected(id)));
    for id in [&*early_id, &token, "", "nobody"] {
        assert!(!context.is_connected(id), "{id}");
    }
    assert_eq!(sorted(context.users()), ["ann", "bob"]);
    assert_eq!(["ann", "bob", "ANN", ""].map(|u| context.is_online(u)), [true, true, false, false]);
    ann.close().await;
    eventually("three", || context.connection_count() == 3).await;
    assert!(context.is_online("ann") && !context.is_connected(&ann_id));
}

#[tokio::test]
async fn groups_and_members_are_listed() {
    let (server, context, _) = serve().await;
    let groups = context.groups();
    assert_eq!(groups.names(), [""; 0]);
    let (mut ann, ann_id) = member(&server, "ann", "red").await;
    let (mut bob, bob_id) = member(&server, "bob", "red").await;
    bob.invoke("Join", json!(["blue"])).await.unwrap();
    assert_eq!(sorted(groups.names()), ["blue", "red"]);
    assert_eq!(sorted(groups.members("red")), sorted(vec![ann_id.clone(), bob_id.clone()]));
    assert_eq!(groups.members("blue"), [&*bob_id]);
    assert_eq!(sorted(groups.of(&bob_id)), ["blue", "red"]);
    assert_eq!(groups.of(&ann_id), ["red"]);
    assert_eq!(["red", "blue", "RED", "none"].map(|g| groups.count(g)), [2, 1, 0, 0]);
    for unknown in ["", "nobody", "0123456789012345678901"] {
        assert_eq!(groups.of(unknown), [""; 0]);
        assert_eq!(groups.members(unknown), [""; 0]);
    }
    bob.close().await;
    eventually("one group", || groups.names() == ["red"]).await;
    assert_eq!((groups.members("red"), groups.of(&bob_id)), (vec![ann_id], vec![]));
    ann.close().await;
    eventually("no group", || groups.names().is_empty()).await;
}

#[tokio::test]
async fn caller_is_known_while_the_hub_is_told_of_it() {
    let (server, context, hub) = serve().await;
    let (mut ann, _) = member(&server, "ann", "red").await;
    ann.close().await;
    eventually("nobody", || context.connection_count() == 0).await;
    assert_eq!(hub.log.events(), ["connected: true true", "disconnected: true true"]);
    assert!(!context.is_online("ann"));
}

#[tokio::test]
async fn connections_of_all_transports_are_sent_away() {
    let (server, context, hub) = serve().await;
    let close = json!({"type": 7});
    let (mut client, id) = member(&server, "ann", "red").await;
    assert!(context.disconnect(&id));
    client.expect_close(close.clone()).await;

    let (id, token) = server.negotiate("/hub").await;
    let mut stream = EventStream::open(server.addr, "/hub", &token).await;
    stream.shake_hands().await;
    eventually("it", || context.disconnect(&id)).await;
    assert_eq!((stream.next().await, stream.next().await), (Some(close.clone()), None));

    let mut poller = server.poller().await;
    eventually("one", || context.connection_count() == 1).await;
    let (_, waiting) = poller.replaced_poll().await;
    assert!(context.disconnect(&context.connections()[0]));
    let answer = within("the poll", waiting).await.unwrap();
    assert_eq!(answer.told(), (200, "{\"type\":7}\u{1e}"));
    assert_eq!(poller.next().await, None);

    eventually("nobody", || context.connection_count() == 0).await;
    assert!(!context.disconnect(&id), "it is gone");
    assert!(!context.disconnect("") && !context.disconnect("nobody"));
    assert_eq!(hub.log.events().iter().filter(|e| e.starts_with("disconnected")).count(), 3);
}

#[tokio::test]
async fn user_is_sent_away_on_all_connections() {
    let (server, context, _) = serve().await;
    let (mut ann, _) = member(&server, "ann", "red").await;
    let (mut ann_too, _) = member(&server, "ann", "red").await;
    let (mut bob, bob_id) = member(&server, "bob", "red").await;
    assert_eq!(context.disconnect_user("nobody"), 0);
    assert_eq!(context.disconnect_user("ANN"), 0);
    assert_eq!(context.disconnect_user(""), 0);
    assert_eq!(context.disconnect_user("ann"), 2);
    for client in [&mut ann, &mut ann_too] {
        client.expect_close(json!({"type": 7})).await;
    }
    eventually("one", || context.connections() == [&*bob_id]).await;
    assert_eq!((context.disconnect_user("ann"), context.users()), (0, vec!["bob".to_owned()]));
    assert_eq!(context.groups().members("red"), [&*bob_id]);
    // And may come again: that is for the sign-in to decide.
    let (_again, id) = member(&server, "ann", "red").await;
    assert!(context.is_online("ann") && context.is_connected(&id));
    bob.invoke("Join", json!(["blue"])).await.unwrap();
}

#[tokio::test]
async fn methods_send_others_away() {
    let (server, context, _) = serve().await;
    let (mut admin, admin_id) = member(&server, "admin", "red").await;
    let (mut ann, ann_id) = member(&server, "ann", "red").await;
    let (mut bob, _) = member(&server, "bob", "red").await;
    assert_eq!(admin.invoke("SendAway", json!([ann_id])).await, Ok(json!(true)));
    assert_eq!(admin.invoke("SendUserAway", json!(["bob"])).await, Ok(json!(1)));
    ann.expect_close(json!({"type": 7})).await;
    bob.expect_close(json!({"type": 7})).await;
    eventually("one", || context.connections() == [&*admin_id]).await;
    assert_eq!(admin.invoke("SendAway", json!([ann_id])).await, Ok(json!(false)));
    // Oneself, too: the answer still comes.
    let call = admin.call("SendAway", json!([admin_id])).await;
    let end = admin.end().await;
    let answer = json!({"type": 3, "invocationId": call, "result": true});
    assert_eq!((end.last, end.code), (vec![answer, json!({"type": 7})], Some(1000)));
}

#[tokio::test]
async fn client_may_be_sent_away_before_the_hub_has_let_it_in() {
    let (server, context, hub) = serve().await;
    let (id, token) = server.negotiate("/hub").await;
    let mut client = server.connect_at(&format!("/hub?wait&id={token}")).await;
    hub.log.wait("connected: true false").await;
    // Its calls wait for `on_connected`, and are never carried out.
    client.notify("Join", json!(["red"])).await;
    assert!(context.disconnect(&id));
    hub.gate.notify_one();
    client.expect_close(json!({"type": 7})).await;
    hub.log.wait("disconnected: true false").await;
    eventually("nobody", || context.connection_count() == 0).await;
    assert_eq!(context.groups().names(), [""; 0]);
}

struct OtherHub;

#[hub]
impl OtherHub {}

#[tokio::test]
async fn hubs_know_their_own_clients_alone() {
    let (lobby, other) = (
        LobbyHub::default().at("/hub").authenticate(Names),
        OtherHub.at("/other").authenticate(Names),
    );
    let (lobby_context, other_context) = (lobby.context(), other.context());
    let server = Server::launch(|rocket| rocket.attach(lobby).attach(other)).await;
    let (mut client, id) = member(&server, "ann", "red").await;
    assert!(lobby_context.is_connected(&id) && !other_context.is_connected(&id));
    assert_eq!((other_context.connections(), other_context.users()), (vec![], vec![]));
    assert!(!other_context.disconnect(&id));
    assert_eq!(other_context.disconnect_user("ann"), 0);
    assert_eq!(other_context.groups().names(), [""; 0]);
    client.invoke("Join", json!(["blue"])).await.unwrap();
}
