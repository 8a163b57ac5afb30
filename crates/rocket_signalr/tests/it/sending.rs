//! Whom messages reach.

use rocket::{post, routes};
use rocket_signalr::{Caller, Hub, HubContext, HubOptions, SendError, hub, hub_client};
use serde_json::json;
use tokio::sync::mpsc;

use crate::support::{Client, Names, Server, eventually, options};

#[hub_client]
trait PostClient {
    async fn got(&self, text: &str);
    async fn got_list(&self, list: &[i32]);
    async fn got_nothing(&self);
    #[name = "Exactly_So"]
    async fn named(&self, a: i32, b: Option<bool>);
}

#[derive(Default)]
struct PostHub {
    outside: Option<mpsc::UnboundedSender<Caller<Self>>>,
}

#[hub(client = PostClient)]
impl PostHub {
    fn id(&self, caller: &Caller<Self>) -> String {
        caller.connection_id().to_owned()
    }

    async fn all(&self, caller: &Caller<Self>, text: String) -> Result<(), SendError> {
        caller.clients().all().got(&text).await
    }

    async fn list(&self, caller: &Caller<Self>) -> Result<(), SendError> {
        caller.clients().all().got_list(&[1, 2, 3]).await
    }

    async fn myself(&self, caller: &Caller<Self>, text: String) -> Result<(), SendError> {
        caller.clients().caller().got(&text).await
    }

    async fn others(&self, caller: &Caller<Self>, text: String) -> Result<(), SendError> {
        caller.clients().others().got(&text).await
    }

    async fn except(&self, caller: &Caller<Self>, ids: Vec<String>) -> Result<(), SendError> {
        caller.clients().all_except(&ids).got("except").await
    }

    async fn some(&self, caller: &Caller<Self>, ids: Vec<String>) -> Result<(), SendError> {
        caller.clients().clients(&ids).got("some").await
    }

    async fn one(&self, caller: &Caller<Self>, id: String) -> Result<(), SendError> {
        caller.clients().client(&id).got("one").await
    }

    async fn user(&self, caller: &Caller<Self>, user: String) -> Result<(), SendError> {
        caller.clients().user(&user).got("user").await
    }

    async fn users(&self, caller: &Caller<Self>, users: Vec<String>) -> Result<(), SendError> {
        caller.clients().users(&users).got("users").await
    }

    async fn shapes(&self, caller: &Caller<Self>) -> Result<(), SendError> {
        let me = caller.clients().caller();
        me.got_nothing().await?;
        me.named(1, None).await
    }

    fn take_outside(&self, caller: &Caller<Self>) {
        if let Some(outside) = &self.outside {
            let _ = outside.send(caller.clone());
        }
    }
}

#[post("/all?<text>")]
async fn from_a_handler(text: &str, hub: HubContext<PostHub>) -> Result<(), String> {
    hub.clients().all().got(text).await.map_err(|error| error.to_string())
}

async fn serve() -> (Server, HubContext<PostHub>) {
    let endpoint = PostHub::default().at("/hub").options(options()).authenticate(Names);
    let context = endpoint.context();
    let server =
        Server::launch(|rocket| rocket.attach(endpoint).mount("/", routes![from_a_handler])).await;
    (server, context)
}

/// Clients and their ids.
async fn three(server: &Server) -> [(Client, String); 3] {
    let mut clients =
        [server.negotiated().await, server.negotiated().await, server.negotiated().await];
    for (client, id) in &mut clients {
        // Answered, so the hub knows the client.
        assert_eq!(client.invoke("Id", json!([])).await, Ok(json!(id)));
    }
    clients
}

/// Expects that these have got the text, and the others have not: a call of their own is answered
/// first.
async fn expect_got<const N: usize>(
    clients: &mut [(Client, String); 3],
    text: &str,
    who: [usize; N],
) {
    for (index, (client, id)) in clients.iter_mut().enumerate() {
        for _ in who.iter().filter(|w| **w == index) {
            client.expect_call("got", json!([text])).await;
        }
        let call = client.call("Id", json!([])).await;
        client.expect(json!({"type": 3, "invocationId": call, "result": id})).await;
    }
}

#[tokio::test]
async fn all_are_reached() {
    let (server, _) = serve().await;
    let mut clients = three(&server).await;
    clients[0].0.notify("All", json!(["to all"])).await;
    for (client, _) in &mut clients {
        client.expect_call("got", json!(["to all"])).await;
    }
    clients[1].0.notify("List", json!([])).await;
    for (client, _) in &mut clients {
        client.expect_call("gotList", json!([[1, 2, 3]])).await;
    }
    expect_got(&mut clients, "", []).await;
}

#[tokio::test]
async fn message_comes_before_the_answer_of_the_call_that_sent_it() {
    let (server, _) = serve().await;
    let mut client = server.connect().await;
    let call = client.call("Myself", json!(["me"])).await;
    client.expect_call("got", json!(["me"])).await;
    client.expect(json!({"type": 3, "invocationId": call, "result": null})).await;
}

#[tokio::test]
async fn caller_and_others_are_told_apart() {
    let (server, _) = serve().await;
    let mut clients = three(&server).await;
    clients[1].0.invoke("Others", json!(["others"])).await.unwrap();
    expect_got(&mut clients, "others", [0, 2]).await;
    clients[1].0.invoke("Myself", json!(["myself"])).await.unwrap();
    expect_got(&mut clients, "myself", [1]).await;
}

#[tokio::test]
async fn connections_are_reached_by_their_ids() {
    let (server, _) = serve().await;
    let mut clients = three(&server).await;
    let id = |index: usize, clients: &[(Client, String); 3]| clients[index].1.clone();
    let [a, b, c] = [id(0, &clients), id(1, &clients), id(2, &clients)];
    clients[0].0.invoke("Except", json!([[a, c, "unknown"]])).await.unwrap();
    expect_got(&mut clients, "except", [1]).await;
    clients[0].0.invoke("Some", json!([[a, b, "unknown", ""]])).await.unwrap();
    expect_got(&mut clients, "some", [0, 1]).await;
    clients[0].0.invoke("One", json!([c])).await.unwrap();
    expect_got(&mut clients, "one", [2]).await;
    clients[0].0.invoke("Except", json!([[]])).await.unwrap();
    expect_got(&mut clients, "except", [0, 1, 2]).await;
}

#[tokio::test]
async fn who_is_not_there_is_no_error() {
    let (server, context) = serve().await;
    let mut clients = three(&server).await;
    for id in ["unknown", "", "0123456789012345678901", &"x".repeat(1000)] {
        assert_eq!(clients[0].0.invoke("One", json!([id])).await, Ok(json!(null)));
        assert_eq!(clients[0].0.invoke("User", json!([id])).await, Ok(json!(null)));
    }
    let (mut gone, id) = server.negotiated().await;
    gone.close().await;
    eventually("three", || context.connection_count() == 3).await;
    assert_eq!(clients[0].0.invoke("One", json!([id])).await, Ok(json!(null)));
    assert_eq!(clients[0].0.invoke("Some", json!([[id]])).await, Ok(json!(null)));
    clients[0].0.invoke("All", json!(["rest"])).await.unwrap();
    expect_got(&mut clients, "rest", [0, 1, 2]).await;
}

#[tokio::test]
async fn users_are_reached_on_all_their_connections() {
    let (server, context) = serve().await;
    let mut ann = server.connect_with("/hub", &[("x-user", "ann")]).await;
    let mut ann_too = server.connect_with("/hub", &[("x-user", "ann")]).await;
    let mut bob = server.connect_with("/hub", &[("x-user", "bob")]).await;
    let mut star = server.connect_with("/hub", &[("x-user", "*")]).await;
    for client in [&mut ann, &mut ann_too, &mut star] {
        client.invoke("Id", json!([])).await.unwrap();
    }
    bob.invoke("User", json!(["ann"])).await.unwrap();
    bob.invoke("User", json!(["ANN"])).await.unwrap();
    bob.invoke("User", json!(["*"])).await.unwrap();
    bob.invoke("Users", json!([["bob", "ann", "nobody"]])).await.unwrap();
    for client in [&mut ann, &mut ann_too] {
        client.expect_call("got", json!(["user"])).await;
        client.expect_call("got", json!(["users"])).await;
    }
    bob.expect_call("got", json!(["users"])).await;
    star.expect_call("got", json!(["user"])).await;

    ann.close().await;
    eventually("three", || context.connection_count() == 3).await;
    assert!(context.is_online("ann"), "on her other connection");
    bob.invoke("User", json!(["ann"])).await.unwrap();
    ann_too.expect_call("got", json!(["user"])).await;
    assert_eq!(context.disconnect_user("ann"), 1);
    ann_too.expect_close(json!({"type": 7})).await;
    eventually("two", || context.connection_count() == 2).await;
    assert!(!context.is_online("ann"));
    let mut users = context.users();
    users.sort();
    assert_eq!(users, ["*", "bob"]);
}

#[tokio::test]
async fn arguments_are_written_as_declared() {
    let (server, _) = serve().await;
    let mut client = server.connect().await;
    client.call("Shapes", json!([])).await;
    client.expect_call("gotNothing", json!([])).await;
    client.expect_call("Exactly_So", json!([1, null])).await;
}

#[tokio::test]
async fn caller_can_be_used_outside_of_the_call_and_after_it() {
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let (server, context) = Server::of(PostHub { outside: Some(sender) }, options()).await;
    let mut other = server.connect().await;
    other.invoke("Id", json!([])).await.unwrap();
    let mut client = server.connect().await;
    client.invoke("TakeOutside", json!([])).await.unwrap();
    let caller = receiver.recv().await.unwrap();
    caller.clients().caller().got("later").await.unwrap();
    caller.clients().others().got("to others").await.unwrap();
    client.expect_call("got", json!(["later"])).await;
    other.expect_call("got", json!(["to others"])).await;
    client.close().await;
    eventually("one", || context.connection_count() == 1).await;
    caller.clients().caller().got("too late").await.unwrap();
    caller.clients().all().got("to the rest").await.unwrap();
    other.expect_call("got", json!(["to the rest"])).await;
}

#[tokio::test]
async fn hub_is_called_from_services_and_request_handlers() {
    let (server, context) = serve().await;
    let mut clients = three(&server).await;
    context.clients().all().got("service").await.unwrap();
    expect_got(&mut clients, "service", [0, 1, 2]).await;
    context.clients().client(&clients[1].1).got("one").await.unwrap();
    expect_got(&mut clients, "one", [1]).await;
    context.clients().all_except(&[&clients[1].1]).got("except").await.unwrap();
    expect_got(&mut clients, "except", [0, 2]).await;
    assert_eq!(server.post("/all?text=handler", "").await.status, 200);
    expect_got(&mut clients, "handler", [0, 1, 2]).await;
}

#[tokio::test]
async fn messages_of_one_sender_keep_their_order() {
    let (server, context) = serve().await;
    let mut clients = three(&server).await;
    for number in 0..500 {
        context.clients().all().got(&number.to_string()).await.unwrap();
    }
    for (client, _) in &mut clients {
        for number in 0..500 {
            client.expect_call("got", json!([number.to_string()])).await;
        }
    }
}

#[tokio::test]
async fn same_hub_at_two_paths_has_the_same_clients() {
    let endpoint =
        PostHub::default().at("/hub").options(HubOptions::default()).also_at("/also/here");
    let server = Server::launch(|rocket| rocket.attach(endpoint)).await;
    let mut first = server.connect().await;
    first.invoke("Id", json!([])).await.unwrap();
    let mut second = server.connect_at("/also/here").await;
    second.invoke("All", json!(["both"])).await.unwrap();
    first.expect_call("got", json!(["both"])).await;
}
