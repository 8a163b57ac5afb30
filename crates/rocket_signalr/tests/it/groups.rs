//! Who is in which group.

use std::sync::Arc;

use rocket_signalr::{Caller, HubContext, SendError, hub, hub_client};
use serde_json::json;

use crate::support::{Client, Server, eventually, options, within};

#[hub_client]
trait GroupClient {
    async fn got(&self, text: &str);
}

#[derive(Default)]
struct GroupHub;

#[hub(client = GroupClient)]
impl GroupHub {
    fn ok(&self) -> bool {
        true
    }

    async fn join(&self, caller: &Caller<Self>, group: String) {
        caller.join(&group).await;
    }

    async fn leave(&self, caller: &Caller<Self>, group: String) {
        caller.leave(&group).await;
    }

    async fn send(&self, caller: &Caller<Self>, group: String) -> Result<(), SendError> {
        caller.clients().group(&group).got(&group).await
    }

    async fn others(&self, caller: &Caller<Self>, group: String) -> Result<(), SendError> {
        caller.clients().others_in_group(&group).got(&group).await
    }

    async fn except(
        &self,
        caller: &Caller<Self>,
        group: String,
        ids: Vec<String>,
    ) -> Result<(), SendError> {
        caller.clients().group_except(&group, &ids).got(&group).await
    }

    async fn several(&self, caller: &Caller<Self>, groups: Vec<String>) -> Result<(), SendError> {
        caller.clients().groups(&groups).got("several").await
    }

    /// Joins again and again, also while the connection ends and after that.
    async fn join_until_gone(&self, caller: &Caller<Self>) {
        let caller = caller.clone();
        tokio::spawn(async move {
            for number in 0.. {
                let gone = caller.context().connection_count() == 0;
                caller.join(&format!("g{}", number % 7)).await;
                caller.leave(&format!("g{}", (number + 3) % 7)).await;
                tokio::task::yield_now().await;
                if gone {
                    break;
                }
            }
        });
    }
}

async fn serve() -> (Server, HubContext<GroupHub>) {
    Server::of(GroupHub, options()).await
}

/// Expects that nothing has come.
async fn expect_nothing(client: &mut Client) {
    let id = client.call("Ok", json!([])).await;
    client.expect(json!({"type": 3, "invocationId": id, "result": true})).await;
}

#[tokio::test]
async fn members_of_a_group_are_reached() {
    let (server, context) = serve().await;
    let mut member = server.connect().await;
    let mut other = server.connect().await;
    member.invoke("Join", json!(["red"])).await.unwrap();
    other.invoke("Send", json!(["red"])).await.unwrap();
    other.invoke("Send", json!(["RED"])).await.unwrap();
    other.invoke("Send", json!(["*"])).await.unwrap();
    member.expect_call("got", json!(["red"])).await;
    expect_nothing(&mut member).await;
    expect_nothing(&mut other).await;
    member.invoke("Leave", json!(["red"])).await.unwrap();
    other.invoke("Send", json!(["red"])).await.unwrap();
    expect_nothing(&mut member).await;
    assert_eq!(context.groups().names(), [""; 0], "a group is there while it has members");
}

#[tokio::test]
async fn group_name_can_be_any_text() {
    let (server, _) = serve().await;
    let mut star = server.connect().await;
    let mut plain = server.connect().await;
    plain.invoke("Join", json!(["plain"])).await.unwrap();
    for name in ["*", "", "a b\n", "ünï/cödé", &"long".repeat(1000)] {
        star.invoke("Join", json!([name])).await.unwrap();
        plain.invoke("Send", json!([name])).await.unwrap();
        star.expect_call("got", json!([name])).await;
    }
    expect_nothing(&mut plain).await;
}

#[tokio::test]
async fn joining_twice_is_joining_once_and_leaving_twice_no_error() {
    let (server, context) = serve().await;
    let (mut client, id) = server.negotiated().await;
    client.invoke("Join", json!(["g"])).await.unwrap();
    client.invoke("Join", json!(["g"])).await.unwrap();
    assert_eq!((context.groups().count("g"), context.groups().of(&id)), (1, vec!["g".to_owned()]));
    client.notify("Send", json!(["g"])).await;
    client.expect_call("got", json!(["g"])).await;
    expect_nothing(&mut client).await;
    client.invoke("Leave", json!(["g"])).await.unwrap();
    client.invoke("Leave", json!(["g"])).await.unwrap();
    client.invoke("Leave", json!(["never joined"])).await.unwrap();
    assert_eq!((context.groups().count("g"), context.groups().of(&id)), (0, vec![]));
}

#[tokio::test]
async fn some_members_can_be_left_out() {
    let (server, _) = serve().await;
    let (mut a, a_id) = server.negotiated().await;
    let (mut b, b_id) = server.negotiated().await;
    let mut c = server.connect().await;
    for client in [&mut a, &mut b] {
        client.invoke("Join", json!(["g"])).await.unwrap();
    }
    a.invoke("Others", json!(["g"])).await.unwrap();
    b.expect_call("got", json!(["g"])).await;
    // Not a member, but may speak to the others.
    c.invoke("Others", json!(["g"])).await.unwrap();
    a.expect_call("got", json!(["g"])).await;
    b.expect_call("got", json!(["g"])).await;
    c.invoke("Except", json!(["g", [b_id]])).await.unwrap();
    a.expect_call("got", json!(["g"])).await;
    c.invoke("Except", json!(["g", [a_id, b_id]])).await.unwrap();
    c.invoke("Except", json!(["g", ["unknown"]])).await.unwrap();
    for client in [&mut a, &mut b] {
        client.expect_call("got", json!(["g"])).await;
        expect_nothing(client).await;
    }
    expect_nothing(&mut c).await;
}

#[tokio::test]
async fn who_is_in_two_of_the_groups_gets_the_message_twice() {
    let (server, _) = serve().await;
    let mut client = server.connect().await;
    for group in ["a", "b"] {
        client.invoke("Join", json!([group])).await.unwrap();
    }
    client.notify("Several", json!([["a", "b", "none"]])).await;
    client.expect_call("got", json!(["several"])).await;
    client.expect_call("got", json!(["several"])).await;
    expect_nothing(&mut client).await;
}

#[tokio::test]
async fn empty_name_in_a_list_of_groups_is_an_error() {
    let (server, _) = serve().await;
    let mut client = server.connect().await;
    client.invoke("Join", json!(["a"])).await.unwrap();
    let error = client.invoke("Several", json!([["a", ""]])).await.unwrap_err();
    assert_eq!(
        error,
        "An unexpected error occurred invoking 'Several' on the server. InvalidOperationException: Cannot send to an empty group name."
    );
    expect_nothing(&mut client).await;
}

#[tokio::test]
async fn membership_ends_with_the_connection() {
    let (server, context) = serve().await;
    let mut stays = server.connect().await;
    let (mut goes, id) = server.negotiated().await;
    stays.invoke("Join", json!(["g"])).await.unwrap();
    goes.invoke("Join", json!(["g"])).await.unwrap();
    goes.invoke("Join", json!(["own"])).await.unwrap();
    assert_eq!(context.groups().count("g"), 2);
    goes.close().await;
    eventually("one member", || context.groups().count("g") == 1).await;
    eventually("one group", || context.groups().names() == ["g"]).await;
    context.groups().add(&id, "g").await;
    context.groups().add("unknown", "g").await;
    assert_eq!(context.groups().count("g"), 1, "who is gone joins nothing");
    stays.notify("Send", json!(["g"])).await;
    stays.expect_call("got", json!(["g"])).await;
}

#[tokio::test]
async fn members_are_managed_from_outside() {
    let (server, context) = serve().await;
    let (mut client, id) = server.negotiated().await;
    client.invoke("Ok", json!([])).await.unwrap();
    context.groups().add(&id, "g").await;
    assert_eq!(context.groups().members("g"), [&*id]);
    context.clients().group("g").got("outside").await.unwrap();
    client.expect_call("got", json!(["outside"])).await;
    context.groups().remove(&id, "g").await;
    context.clients().group("g").got("outside").await.unwrap();
    expect_nothing(&mut client).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn joins_while_leaving_leave_no_ghost_behind() {
    let (server, context) = serve().await;
    for round in 0..40 {
        let mut client = server.connect().await;
        client.invoke("JoinUntilGone", json!([])).await.unwrap();
        if round % 2 == 0 {
            client.close().await;
        }
        drop(client);
        eventually("nobody", || context.connection_count() == 0).await;
    }
    eventually("no group", || context.groups().names().is_empty()).await;
    for number in 0..7 {
        assert_eq!(context.groups().members(&format!("g{number}")), [""; 0]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn group_that_is_emptied_and_filled_again_loses_nobody() {
    let (server, context) = serve().await;
    let mut ids = Vec::new();
    let mut clients = Vec::new();
    for _ in 0..4 {
        let (mut client, id) = server.negotiated().await;
        client.invoke("Ok", json!([])).await.unwrap();
        clients.push(client);
        ids.push(id);
    }
    let tasks: Vec<_> = ids
        .iter()
        .map(|id| {
            let (groups, id) = (context.groups(), id.clone());
            tokio::spawn(async move {
                for _ in 0..3000 {
                    groups.add(&id, "door").await;
                    assert!(groups.members("door").contains(&id), "who joined is a member");
                    groups.remove(&id, "door").await;
                    assert!(!groups.members("door").contains(&id));
                }
                groups.add(&id, "door").await;
            })
        })
        .collect();
    for task in tasks {
        within("the joins", task).await.unwrap();
    }
    assert_eq!(context.groups().count("door"), 4);
    context.clients().group("door").got("all in").await.unwrap();
    for client in &mut clients {
        client.expect_call("got", json!(["all in"])).await;
        expect_nothing(client).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn storm_of_connects_and_disconnects_leaves_nothing_behind() {
    const CLIENTS: usize = 8;
    const ROUNDS: usize = 25;
    let (server, context) = serve().await;
    let server = Arc::new(server);
    let mut witness = server.connect().await;
    witness.invoke("Join", json!(["storm"])).await.unwrap();

    let tasks: Vec<_> = (0..CLIENTS)
        .map(|index| {
            let server = server.clone();
            tokio::spawn(async move {
                for round in 0..ROUNDS {
                    let mut client = server.connect().await;
                    client.notify("Join", json!(["storm"])).await;
                    match (index + round) % 4 {
                        0 => drop(client.close().await),
                        1 => drop(client.invoke("Ok", json!([])).await),
                        2 => client.send(json!({"type": 7})).await,
                        _ => {}
                    }
                }
            })
        })
        .collect();
    let mut sent = 0;
    while tasks.iter().any(|task| !task.is_finished()) {
        context.clients().group("storm").got(&sent.to_string()).await.unwrap();
        context.clients().all().got(&sent.to_string()).await.unwrap();
        for _ in 0..2 {
            witness.expect_call("got", json!([sent.to_string()])).await;
        }
        sent += 1;
    }
    for task in tasks {
        task.await.unwrap();
    }
    eventually("the witness alone", || context.connection_count() == 1).await;
    eventually("in the group too", || context.groups().count("storm") == 1).await;
    expect_nothing(&mut witness).await;
}
