//! Clients that are asked for results.

use std::{sync::Arc, time::Duration};

use futures::{Stream, StreamExt, stream};
use rocket_signalr::{
    Caller, DisconnectReason, HubContext, HubError, UploadStream, hub, hub_client,
};
use serde_json::{Value, json};
use tokio::{sync::Notify, time::timeout};

use crate::support::{Client, Log, Server, closed_with, eventually, options, within};

#[hub_client]
trait AskedClient {
    async fn sum(&self, a: i32, b: i32) -> i32;
    async fn maybe(&self) -> Option<String>;
    async fn tell(&self, text: &str);
}

#[derive(Clone, Default)]
struct AskHub {
    log: Log,
    give_up: Arc<Notify>,
}

#[hub(client = AskedClient)]
impl AskHub {
    async fn on_connected(&self, caller: &Caller<Self>) {
        if caller.query("ask").is_some() {
            let answer = caller.clients().caller().sum(1, 1).await;
            self.log.add(format!("{answer:?}"));
        }
    }

    async fn on_disconnected(&self, caller: &Caller<Self>, _: &DisconnectReason) {
        if caller.query("ask").is_some() {
            let answer = caller.clients().caller().sum(1, 1).await;
            self.log.add(format!("{answer:?}"));
        }
    }

    fn ok(&self) -> bool {
        true
    }

    async fn ask(&self, caller: &Caller<Self>, a: i32) -> Result<i32, HubError> {
        caller.clients().caller().sum(a, 1).await
    }

    async fn ask_maybe(&self, caller: &Caller<Self>) -> Result<Option<String>, HubError> {
        caller.clients().caller().maybe().await
    }

    async fn ask_other(&self, caller: &Caller<Self>, id: String) -> Result<i32, HubError> {
        caller.clients().client(&id).sum(2, 3).await
    }

    /// Asks twice, one after the other.
    async fn ask_twice(&self, caller: &Caller<Self>) -> Result<i32, HubError> {
        let client = caller.clients().caller();
        let first = client.sum(1, 2).await?;
        client.sum(first, 10).await
    }

    /// Asks until the test has it give up.
    async fn ask_and_give_up(&self, caller: &Caller<Self>) -> &'static str {
        let client = caller.clients().caller();
        tokio::select! {
            _ = client.sum(0, 0) => "answered",
            () = self.give_up.notified() => "given up",
        }
    }

    async fn ask_in_a_task(&self, caller: &Caller<Self>) -> Result<i32, HubError> {
        let caller = caller.clone();
        tokio::spawn(async move { caller.clients().caller().sum(3, 3).await }).await?
    }

    async fn upload(
        &self,
        caller: &Caller<Self>,
        items: UploadStream<i32>,
    ) -> Result<i32, HubError> {
        let count = items.count().await;
        caller.clients().caller().sum(count.try_into()?, 100).await
    }

    fn stream(&self, caller: &Caller<Self>) -> impl Stream<Item = Result<i32, HubError>> + Send {
        let caller = caller.clone();
        stream::iter(0..3).then(move |number| {
            let caller = caller.clone();
            async move { caller.clients().caller().sum(number, 0).await }
        })
    }
}

async fn serve() -> (Server, HubContext<AskHub>, AskHub) {
    let hub = AskHub::default();
    let (server, context) = Server::of(hub.clone(), options()).await;
    (server, context, hub)
}

/// Takes a question as the next message: its id.
async fn question(client: &mut Client, target: &str, arguments: Value) -> Value {
    let question = client.next().await;
    let id = question["invocationId"].clone();
    assert!(id.as_str().unwrap().starts_with('s'), "never an id of the client's own");
    let expected = json!({"type": 1, "invocationId": id, "target": target, "arguments": arguments});
    assert_eq!(question, expected);
    id
}

async fn answer(client: &mut Client, id: Value, result: Value) {
    client.send(json!({"type": 3, "invocationId": id, "result": result})).await;
}

#[tokio::test]
async fn result_comes_back_to_the_method() {
    let (server, _, _) = serve().await;
    let mut client = server.connect().await;
    let call = client.call("Ask", json!([5])).await;
    let id = question(&mut client, "sum", json!([5, 1])).await;
    answer(&mut client, id, json!(6)).await;
    assert_eq!(client.completion(&call).await, Ok(json!(6)));

    let call = client.call("AskTwice", json!([])).await;
    let id = question(&mut client, "sum", json!([1, 2])).await;
    answer(&mut client, id, json!(3)).await;
    let id = question(&mut client, "sum", json!([3, 10])).await;
    answer(&mut client, id, json!(13)).await;
    assert_eq!(client.completion(&call).await, Ok(json!(13)));

    for result in [json!(null), json!("text")] {
        let call = client.call("AskMaybe", json!([])).await;
        let id = question(&mut client, "maybe", json!([])).await;
        answer(&mut client, id, result.clone()).await;
        assert_eq!(client.completion(&call).await, Ok(result));
    }
}

#[tokio::test]
async fn error_of_the_client_comes_back_to_the_method() {
    let (server, _, _) = serve().await;
    let mut client = server.connect().await;
    let call = client.call("Ask", json!([5])).await;
    let id = question(&mut client, "sum", json!([5, 1])).await;
    client.send(json!({"type": 3, "invocationId": id, "error": "No idea."})).await;
    let error = "An unexpected error occurred invoking 'Ask' on the server. HubException: No idea.";
    assert_eq!(client.completion(&call).await, Err(error.to_owned()));
}

#[tokio::test]
async fn result_of_the_wrong_type_or_none_is_an_error() {
    let (server, _, _) = serve().await;
    let mut client = server.connect().await;
    let general = "An unexpected error occurred invoking 'Ask' on the server. HubException: ";
    let call = client.call("Ask", json!([5])).await;
    let id = question(&mut client, "sum", json!([5, 1])).await;
    answer(&mut client, id, json!("six")).await;
    let error = client.completion(&call).await.unwrap_err();
    let start = format!("{general}Error trying to deserialize result to i32. ");
    assert!(error.starts_with(&start), "{error}");
    let call = client.call("Ask", json!([5])).await;
    let id = question(&mut client, "sum", json!([5, 1])).await;
    client.send(json!({"type": 3, "invocationId": id})).await;
    let error = client.completion(&call).await.unwrap_err();
    assert!(error.starts_with(general), "{error}");
}

#[tokio::test]
async fn connected_and_disconnected_may_not_ask() {
    let (server, _, hub) = serve().await;
    let mut client = server.connect_at("/hub?ask").await;
    assert_eq!(client.invoke("Ok", json!([])).await, Ok(json!(true)));
    client.close().await;
    hub.log
        .wait("Err(InvalidOperationException: Client results inside OnDisconnectedAsync Hub methods are not allowed.)")
        .await;
    assert_eq!(
        hub.log.events()[0],
        "Err(InvalidOperationException: Client results inside OnConnectedAsync Hub methods are not allowed.)"
    );
}

#[tokio::test]
async fn clients_are_asked_from_outside_of_the_hub() {
    let (server, context, _) = serve().await;
    let (mut client, id) = server.negotiated().await;
    client.invoke("Ok", json!([])).await.unwrap();
    let asked = tokio::spawn(async move { context.clients().client(&id).sum(4, 4).await });
    let question_id = question(&mut client, "sum", json!([4, 4])).await;
    answer(&mut client, question_id, json!(8)).await;
    assert_eq!(within("the answer", asked).await.unwrap().unwrap(), 8);
}

#[tokio::test]
async fn other_clients_are_asked_by_their_id() {
    let (server, _, _) = serve().await;
    let mut asker = server.connect().await;
    let (mut asked, id) = server.negotiated().await;
    asked.invoke("Ok", json!([])).await.unwrap();
    let call = asker.call("AskOther", json!([id])).await;
    let question_id = question(&mut asked, "sum", json!([2, 3])).await;
    answer(&mut asked, question_id, json!(5)).await;
    assert_eq!(asker.completion(&call).await, Ok(json!(5)));
    let general = "An unexpected error occurred invoking 'AskOther' on the server.";
    for id in ["", "nobody", "0123456789012345678901"] {
        let error = format!("{general} IOException: Connection '{id}' does not exist.");
        assert_eq!(asker.invoke("AskOther", json!([id])).await, Err(error));
    }
}

#[tokio::test]
async fn client_that_leaves_without_an_answer_is_an_error() {
    let (server, _, _) = serve().await;
    let mut asker = server.connect().await;
    let (mut asked, id) = server.negotiated().await;
    asked.invoke("Ok", json!([])).await.unwrap();
    let call = asker.call("AskOther", json!([id])).await;
    question(&mut asked, "sum", json!([2, 3])).await;
    drop(asked);
    let error = format!(
        "An unexpected error occurred invoking 'AskOther' on the server. IOException: Connection '{id}' disconnected."
    );
    assert_eq!(asker.completion(&call).await, Err(error));
}

#[tokio::test]
async fn who_answers_for_another_is_closed_and_the_question_stands() {
    let (server, _, _) = serve().await;
    let mut asker = server.connect().await;
    let (mut asked, id) = server.negotiated().await;
    let (mut liar, liar_id) = server.negotiated().await;
    for client in [&mut asked, &mut liar] {
        client.invoke("Ok", json!([])).await.unwrap();
    }
    let call = asker.call("AskOther", json!([id])).await;
    let question_id = question(&mut asked, "sum", json!([2, 3])).await;
    answer(&mut liar, question_id.clone(), json!(666)).await;
    let error = format!(
        "InvalidOperationException: Connection ID '{liar_id}' is not valid for invocation ID '{}'.",
        question_id.as_str().unwrap()
    );
    liar.expect_close(closed_with(&error)).await;
    answer(&mut asked, question_id, json!(5)).await;
    assert_eq!(asker.completion(&call).await, Ok(json!(5)));
}

#[tokio::test]
async fn questions_to_several_clients_do_not_collide() {
    let (server, context, _) = serve().await;
    let mut asked = Vec::new();
    for number in 0..5 {
        let (mut client, id) = server.negotiated().await;
        client.invoke("Ok", json!([])).await.unwrap();
        let context = context.clone();
        let task = tokio::spawn(async move { context.clients().client(&id).sum(number, 0).await });
        let question_id = question(&mut client, "sum", json!([number, 0])).await;
        asked.push((client, question_id, task));
    }
    for (index, (client, id, _)) in asked.iter_mut().enumerate().rev() {
        answer(client, id.clone(), json!(index * 10)).await;
    }
    for (index, (_, _, task)) in asked.into_iter().enumerate() {
        let sum = within("an answer", task).await.unwrap().unwrap();
        assert_eq!(usize::try_from(sum).unwrap(), index * 10);
    }
}

#[tokio::test]
async fn question_that_was_given_up_ignores_its_late_answer() {
    let (server, context, hub) = serve().await;
    let (mut client, id) = server.negotiated().await;
    let call = client.call("AskAndGiveUp", json!([])).await;
    let question_id = question(&mut client, "sum", json!([0, 0])).await;
    hub.give_up.notify_one();
    assert_eq!(client.completion(&call).await, Ok(json!("given up")));
    answer(&mut client, question_id, json!(1)).await;
    assert_eq!(client.invoke("Ok", json!([])).await, Ok(json!(true)));

    let asked = context.clients().client(&id);
    assert!(timeout(Duration::ZERO, asked.sum(9, 9)).await.is_err());
    let question_id = question(&mut client, "sum", json!([9, 9])).await;
    answer(&mut client, question_id, json!(18)).await;
    assert_eq!(client.invoke("Ok", json!([])).await, Ok(json!(true)));
}

#[tokio::test]
async fn question_does_not_hold_up_the_other_calls_of_the_client() {
    let (server, _, _) = serve().await;
    let mut client = server.connect().await;
    let call = client.call("Ask", json!([1])).await;
    let id = question(&mut client, "sum", json!([1, 1])).await;
    assert_eq!(client.invoke("Ok", json!([])).await, Ok(json!(true)));
    answer(&mut client, id, json!(2)).await;
    assert_eq!(client.completion(&call).await, Ok(json!(2)));
}

#[tokio::test]
async fn clients_are_asked_from_tasks_uploads_and_streams() {
    let (server, _, _) = serve().await;
    let mut client = server.connect().await;
    let call = client.call("AskInATask", json!([])).await;
    let id = question(&mut client, "sum", json!([3, 3])).await;
    answer(&mut client, id, json!(6)).await;
    assert_eq!(client.completion(&call).await, Ok(json!(6)));

    let call = client.upload("Upload", json!([]), &["s"]).await;
    client.item("s", json!(1)).await;
    client.complete("s").await;
    let id = question(&mut client, "sum", json!([1, 100])).await;
    answer(&mut client, id, json!(101)).await;
    assert_eq!(client.completion(&call).await, Ok(json!(101)));

    let stream = client.stream("Stream", json!([])).await;
    for number in 0..3 {
        let id = question(&mut client, "sum", json!([number, 0])).await;
        answer(&mut client, id, json!(number * 2)).await;
        client.expect_item(&stream, json!(number * 2)).await;
    }
    client.expect(json!({"type": 3, "invocationId": stream})).await;
}

#[tokio::test]
async fn clients_that_poll_are_asked_too() {
    let (server, context, _) = serve().await;
    let mut poller = server.poller().await;
    poller.send(json!({"type": 1, "invocationId": "a", "target": "Ask", "arguments": [7]})).await;
    let question = poller.next().await.unwrap();
    assert_eq!(question["arguments"], json!([7, 1]));
    poller.send(json!({"type": 3, "invocationId": question["invocationId"], "result": 8})).await;
    let completion = json!({"type": 3, "invocationId": "a", "result": 8});
    assert_eq!(poller.next().await, Some(completion));
    poller.delete().await;
    eventually("nobody", || context.connection_count() == 0).await;
}

#[tokio::test]
async fn plain_messages_have_no_id() {
    let (server, context, _) = serve().await;
    let (mut client, id) = server.negotiated().await;
    client.invoke("Ok", json!([])).await.unwrap();
    context.clients().client(&id).tell("plain").await.unwrap();
    client.expect_call("tell", json!(["plain"])).await;
}
