//! The least that a load needs, under the names that a load generator calls.

use futures::{Stream, TryStreamExt, stream};
use rocket_signalr::{Caller, HubError, SendError, UploadStream, hub, hub_client};

use crate::errors::not_null;

#[hub_client]
pub(crate) trait BenchClient {
    async fn message(&self, text: Option<&str>);
}

#[derive(Debug)]
pub(crate) struct BenchHub;

#[hub(client = BenchClient)]
impl BenchHub {
    fn echo(&self, text: Option<String>) -> Option<String> {
        text
    }

    async fn broadcast(
        &self,
        caller: &Caller<Self>,
        text: Option<String>,
    ) -> Result<(), SendError> {
        caller.clients().all().message(text.as_deref()).await
    }

    async fn join_group(
        &self,
        caller: &Caller<Self>,
        group: Option<String>,
    ) -> Result<(), HubError> {
        caller.join(&not_null(group, "groupName")?).await;
        Ok(())
    }

    async fn send_to_group(
        &self,
        caller: &Caller<Self>,
        group: Option<String>,
        text: Option<String>,
    ) -> Result<(), HubError> {
        let group = not_null(group, "groupName")?;
        Ok(caller.clients().group(&group).message(text.as_deref()).await?)
    }

    async fn send_to_user(
        &self,
        caller: &Caller<Self>,
        user: Option<String>,
        text: Option<String>,
    ) -> Result<(), HubError> {
        let user = not_null(user, "userId")?;
        Ok(caller.clients().user(&user).message(text.as_deref()).await?)
    }

    async fn send_to_client(
        &self,
        caller: &Caller<Self>,
        id: Option<String>,
        text: Option<String>,
    ) -> Result<(), HubError> {
        let id = not_null(id, "connectionId")?;
        Ok(caller.clients().client(&id).message(text.as_deref()).await?)
    }

    fn stream(&self, count: i32) -> impl Stream<Item = i32> + Send {
        stream::iter(0..count)
    }

    async fn upload(&self, items: UploadStream<Option<String>>) -> Result<i32, HubError> {
        items.try_fold(0, async |count, _| Ok(count + 1)).await
    }
}
