//! The least that a load needs, under the names that a load generator calls.

use futures::{Stream, StreamExt, stream};
use rocket_signalr::{Caller, SendError, UploadStream, hub, hub_client};

#[hub_client]
pub(crate) trait BenchClient {
    async fn message(&self, text: &str);
}

#[derive(Debug)]
pub(crate) struct BenchHub;

#[hub(client = BenchClient)]
impl BenchHub {
    fn echo(&self, text: String) -> String {
        text
    }

    async fn broadcast(&self, caller: &Caller<Self>, text: String) -> Result<(), SendError> {
        caller.clients().all().message(&text).await
    }

    async fn join_group(&self, caller: &Caller<Self>, group: String) {
        caller.join(&group).await;
    }

    async fn send_to_group(
        &self,
        caller: &Caller<Self>,
        group: String,
        text: String,
    ) -> Result<(), SendError> {
        caller.clients().group(&group).message(&text).await
    }

    async fn send_to_user(
        &self,
        caller: &Caller<Self>,
        user: String,
        text: String,
    ) -> Result<(), SendError> {
        caller.clients().user(&user).message(&text).await
    }

    async fn send_to_client(
        &self,
        caller: &Caller<Self>,
        id: String,
        text: String,
    ) -> Result<(), SendError> {
        caller.clients().client(&id).message(&text).await
    }

    fn stream(&self, count: i32) -> impl Stream<Item = i32> + Send {
        stream::iter(0..count)
    }

    async fn upload(&self, items: UploadStream<String>) -> usize {
        items.count().await
    }
}
