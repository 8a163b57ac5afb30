//! What clients can call.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_stream::stream;
use futures::{Stream, StreamExt, TryStreamExt, channel::mpsc, stream};
use rocket_signalr::{Caller, DisconnectReason, HubError, SendError, UploadStream, hub};
use tokio::{select, task::yield_now, time::sleep};

use crate::{
    dotnet::{delay, names, to_upper},
    errors::{
        hub_exception, invalid_delay, invalid_operation, not_null, null_reference, out_of_range,
    },
    lab_client::{Five, LabClient},
    lab_log::LabLog,
    streams::{EndLogged, count_and_fail, sum},
    values::{
        Bytes, Colour, DateTime, DateTimeOffset, Decimal, Dictionary, Guid, JsonElement, Person,
        Strings, TimeSpan,
    },
};

/// There is one instance for all connections. What it works with are its fields; what belongs to
/// one connection is kept there, as [`Items`] are.
#[derive(Debug)]
pub(crate) struct LabHub {
    log: LabLog,
}

impl LabHub {
    pub(crate) fn new(log: LabLog) -> Self {
        Self { log }
    }
}

/// What `SetItem` has kept with a connection.
#[derive(Debug, Clone, Default)]
struct Items(Arc<Mutex<HashMap<String, Option<String>>>>);

const REFUSED: &str = "refused in OnConnected";

/// One method for each thing that a hub method can do. What C# calls a `string` may be null on the
/// wire all the same, so it is an `Option` here.
#[hub(client = LabClient)]
impl LabHub {
    async fn on_connected(&self, caller: &Caller<Self>) -> Result<(), HubError> {
        let id = caller.connection_id();
        self.log.add("connected", id, caller.user_id().map(str::to_owned));
        caller.insert(Items::default());
        match caller.query("refuse").as_deref() {
            Some("throw") => return Err(HubError::with_kind("InvalidOperationException", REFUSED)),
            Some("hub") => return Err(HubError::new(REFUSED)),
            Some("abort") => caller.abort(),
            _ => {}
        }
        if caller.query("hello").as_deref() == Some("1") {
            caller.clients().caller().connected(id).await?;
        }
        Ok(())
    }

    async fn on_disconnected(&self, caller: &Caller<Self>, reason: &DisconnectReason) {
        let error = reason.error().map(ToString::to_string);
        self.log.add("disconnected", caller.connection_id(), error);
    }

    // Values in and out: whatever serde can read and write.

    fn echo(&self, value: JsonElement) -> JsonElement {
        value
    }

    fn echo_string(&self, value: Option<String>) -> Option<String> {
        value
    }

    fn echo_bool(&self, value: bool) -> bool {
        value
    }

    fn echo_int(&self, value: i32) -> i32 {
        value
    }

    fn echo_long(&self, value: i64) -> i64 {
        value
    }

    fn echo_double(&self, value: f64) -> f64 {
        value
    }

    fn echo_decimal(&self, value: Decimal) -> Decimal {
        value
    }

    fn echo_nullable(&self, value: Option<i32>) -> Option<i32> {
        value
    }

    fn echo_date(&self, value: DateTime) -> DateTime {
        value
    }

    fn echo_date_offset(&self, value: DateTimeOffset) -> DateTimeOffset {
        value
    }

    fn echo_time_span(&self, value: TimeSpan) -> TimeSpan {
        value
    }

    fn echo_guid(&self, value: Guid) -> Guid {
        value
    }

    fn echo_bytes(&self, value: Option<Bytes>) -> Option<Bytes> {
        value
    }

    fn echo_enum(&self, value: Colour) -> Colour {
        value
    }

    fn echo_ints(&self, value: Option<Vec<i32>>) -> Option<Vec<i32>> {
        value
    }

    fn echo_map(&self, value: Option<Dictionary<i32>>) -> Option<Dictionary<i32>> {
        value
    }

    fn echo_person(&self, value: Option<Person>) -> Option<Person> {
        value
    }

    fn add(&self, a: i32, b: i32) -> i32 {
        a.wrapping_add(b)
    }

    fn join3(&self, a: Option<String>, b: i32, c: bool) -> String {
        format!("{}-{b}-{}", a.unwrap_or_default(), if c { "True" } else { "False" })
    }

    fn repeat(&self, text: Option<String>, times: i32) -> Result<String, HubError> {
        let times = times.try_into().map_err(|_| out_of_range("count"))?;
        Ok(text.unwrap_or_default().repeat(times))
    }

    fn nothing(&self) {}

    async fn nothing_async(&self) {}

    async fn nothing_value(&self) {}

    async fn later(
        &self,
        milliseconds: i32,
        value: Option<String>,
    ) -> Result<Option<String>, HubError> {
        delay(milliseconds).ok_or_else(invalid_delay)?.await;
        Ok(value)
    }

    async fn later_value(&self, value: i32) -> i32 {
        yield_now().await;
        value
    }

    fn null(&self) -> Option<String> {
        None
    }

    #[name = "renamed"]
    fn original(&self) -> &'static str {
        "renamed"
    }

    /// Services are the hub's fields: there is nothing to look up.
    fn with_services(&self, text: Option<String>) -> Option<String> {
        let _: &LabLog = &self.log;
        text
    }

    // Errors: a `HubError::new` is for clients, all others are told with detailed errors only.

    fn throw(&self, message: Option<String>) -> Result<(), HubError> {
        Err(invalid_operation(message))
    }

    fn throw_hub(&self, message: Option<String>) -> Result<(), HubError> {
        Err(hub_exception(message))
    }

    async fn throw_later(&self, message: Option<String>) -> Result<i32, HubError> {
        yield_now().await;
        Err(hub_exception(message))
    }

    // The caller, and the request that it connected with.

    async fn connection_id(&self, caller: &Caller<Self>) -> String {
        caller.connection_id().to_owned()
    }

    async fn user_id(&self, caller: &Caller<Self>) -> Option<String> {
        caller.user_id().map(str::to_owned)
    }

    async fn user_name(&self, caller: &Caller<Self>) -> Option<String> {
        caller.user()?.name().map(str::to_owned)
    }

    async fn claim(
        &self,
        caller: &Caller<Self>,
        kind: Option<String>,
    ) -> Result<Option<String>, HubError> {
        let kind = not_null(kind, "type")?;
        Ok(caller.user().and_then(|user| user.claim(&kind)).map(str::to_owned))
    }

    async fn header(
        &self,
        caller: &Caller<Self>,
        name: Option<String>,
    ) -> Result<Option<String>, HubError> {
        let name = name.ok_or_else(null_reference)?;
        Ok(caller.header(&name).map(str::to_owned))
    }

    async fn query(
        &self,
        caller: &Caller<Self>,
        name: Option<String>,
    ) -> Result<Option<String>, HubError> {
        let name = not_null(name, "key")?;
        Ok(caller.query(&name).map(Into::into))
    }

    async fn set_item(
        &self,
        caller: &Caller<Self>,
        key: Option<String>,
        value: Option<String>,
    ) -> Result<(), HubError> {
        let key = not_null(key, "key")?;
        let Items(items) = caller.get().unwrap_or_default();
        items.lock().unwrap_or_else(PoisonError::into_inner).insert(key, value);
        Ok(())
    }

    async fn get_item(
        &self,
        caller: &Caller<Self>,
        key: Option<String>,
    ) -> Result<Option<String>, HubError> {
        let key = not_null(key, "key")?;
        let Items(items) = caller.get().unwrap_or_default();
        let items = items.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(items.get(&key).cloned().flatten())
    }

    async fn abort(&self, caller: &Caller<Self>) {
        caller.abort();
    }

    // What not everyone may call.

    #[authorize]
    async fn secret(&self, caller: &Caller<Self>) -> String {
        format!("for {}", caller.user_id().unwrap_or_default())
    }

    #[authorize(role = "admin")]
    fn admin_only(&self) -> &'static str {
        "for admins"
    }

    // Streams to the client. When it wants no more, or is gone, they are dropped where they wait.

    fn counter(&self, count: i32, delay: i32) -> impl Stream<Item = i32> + Send {
        let pause = u64::try_from(delay).ok().filter(|delay| *delay > 0);
        stream! {
            for number in 0..count {
                yield number;
                if let Some(milliseconds) = pause {
                    sleep(Duration::from_millis(milliseconds)).await;
                }
            }
        }
    }

    fn counter_channel(&self, count: i32) -> impl Stream<Item = i32> + Send {
        let (writer, reader) = mpsc::unbounded();
        for number in 0..count {
            // It fails only once the reader is gone.
            let _ = writer.unbounded_send(number);
        }
        reader
    }

    fn counter_throws(
        &self,
        count: i32,
        message: Option<String>,
    ) -> impl Stream<Item = Result<i32, HubError>> + Send {
        count_and_fail(count, hub_exception(message))
    }

    fn counter_fails(
        &self,
        count: i32,
        message: Option<String>,
    ) -> impl Stream<Item = Result<i32, HubError>> + Send {
        count_and_fail(count, invalid_operation(message))
    }

    fn counter_refused(
        &self,
        message: Option<String>,
    ) -> Result<impl Stream<Item = i32> + Send, HubError> {
        Err::<stream::Empty<i32>, _>(hub_exception(message))
    }

    fn forever(&self, caller: &Caller<Self>) -> impl Stream<Item = i32> + Send {
        let ended = EndLogged { log: self.log.clone(), id: caller.connection_id().to_owned() };
        stream! {
            let _ended = ended;
            for number in 0.. {
                yield number;
                sleep(Duration::from_millis(20)).await;
            }
        }
    }

    // Streams from the client. They end with an error if the client says so, or is gone.

    async fn upload(
        &self,
        caller: &Caller<Self>,
        items: UploadStream<Option<String>>,
    ) -> Result<String, HubError> {
        let all: Result<Vec<_>, _> = items.map_ok(Option::unwrap_or_default).try_collect().await;
        let all = all.inspect_err(|error| {
            self.log.add("upload-failed", caller.connection_id(), Some(error.to_string()));
        })?;
        Ok(all.join(","))
    }

    async fn upload_sum(&self, items: UploadStream<i32>) -> Result<i32, HubError> {
        sum(items).await
    }

    async fn upload_two(
        &self,
        label: Option<String>,
        left: UploadStream<Option<String>>,
        right: UploadStream<i32>,
    ) -> Result<String, HubError> {
        let text: String = left.map_ok(Option::unwrap_or_default).try_collect().await?;
        let sum = sum(right).await?;
        Ok(format!("{}:{text}:{sum}", label.unwrap_or_default()))
    }

    async fn upload_first(&self, mut items: UploadStream<i32>) -> Result<i32, HubError> {
        Ok(items.try_next().await?.unwrap_or(-1))
    }

    fn transform(
        &self,
        items: UploadStream<Option<String>>,
    ) -> impl Stream<Item = Result<String, HubError>> + Send {
        items.map(|item| Ok(to_upper(&item?.ok_or_else(null_reference)?)))
    }

    // Whom to call.

    async fn send_all(&self, caller: &Caller<Self>, text: Option<String>) -> Result<(), SendError> {
        caller.clients().all().received(text.as_deref()).await
    }

    async fn send_all_except(
        &self,
        caller: &Caller<Self>,
        ids: Strings,
        text: Option<String>,
    ) -> Result<(), HubError> {
        let ids = not_null(names(ids), "source")?;
        Ok(caller.clients().all_except(&ids).received(text.as_deref()).await?)
    }

    async fn send_caller(
        &self,
        caller: &Caller<Self>,
        text: Option<String>,
    ) -> Result<(), SendError> {
        caller.clients().caller().received(text.as_deref()).await
    }

    async fn send_others(
        &self,
        caller: &Caller<Self>,
        text: Option<String>,
    ) -> Result<(), SendError> {
        caller.clients().others().received(text.as_deref()).await
    }

    async fn send_client(
        &self,
        caller: &Caller<Self>,
        id: Option<String>,
        text: Option<String>,
    ) -> Result<(), HubError> {
        let id = not_null(id, "connectionId")?;
        Ok(caller.clients().client(&id).received(text.as_deref()).await?)
    }

    async fn send_clients(
        &self,
        caller: &Caller<Self>,
        ids: Strings,
        text: Option<String>,
    ) -> Result<(), HubError> {
        let ids = not_null(names(ids), "source")?;
        Ok(caller.clients().clients(&ids).received(text.as_deref()).await?)
    }

    async fn send_group(
        &self,
        caller: &Caller<Self>,
        group: Option<String>,
        text: Option<String>,
    ) -> Result<(), HubError> {
        let group = not_null(group, "groupName")?;
        Ok(caller.clients().group(&group).received(text.as_deref()).await?)
    }

    async fn send_groups(
        &self,
        caller: &Caller<Self>,
        groups: Strings,
        text: Option<String>,
    ) -> Result<(), HubError> {
        let groups = names(groups).ok_or_else(null_reference)?;
        Ok(caller.clients().groups(&groups).received(text.as_deref()).await?)
    }

    async fn send_group_except(
        &self,
        caller: &Caller<Self>,
        group: Option<String>,
        ids: Strings,
        text: Option<String>,
    ) -> Result<(), HubError> {
        let group = not_null(group, "groupName")?;
        let ids = not_null(names(ids), "source")?;
        Ok(caller.clients().group_except(&group, &ids).received(text.as_deref()).await?)
    }

    async fn send_others_in_group(
        &self,
        caller: &Caller<Self>,
        group: Option<String>,
        text: Option<String>,
    ) -> Result<(), HubError> {
        let group = not_null(group, "groupName")?;
        Ok(caller.clients().others_in_group(&group).received(text.as_deref()).await?)
    }

    async fn send_user(
        &self,
        caller: &Caller<Self>,
        user: Option<String>,
        text: Option<String>,
    ) -> Result<(), HubError> {
        let user = not_null(user, "userId")?;
        Ok(caller.clients().user(&user).received(text.as_deref()).await?)
    }

    async fn send_users(
        &self,
        caller: &Caller<Self>,
        users: Strings,
        text: Option<String>,
    ) -> Result<(), HubError> {
        let users = not_null(names(users), "source")?;
        Ok(caller.clients().users(&users).received(text.as_deref()).await?)
    }

    async fn send_many(&self, caller: &Caller<Self>, count: i32) -> Result<(), HubError> {
        if count < 0 {
            return Err(out_of_range("count"));
        }
        for number in 0..count {
            caller.clients().caller().received(Some(&number.to_string())).await?;
        }
        Ok(())
    }

    async fn send_args(&self, caller: &Caller<Self>) -> Result<(), SendError> {
        let client = caller.clients().caller();
        client.args(1, "two", None, &[3, 4], &Five { five: 5.5 }, true).await
    }

    async fn send_none(&self, caller: &Caller<Self>) -> Result<(), SendError> {
        caller.clients().caller().none().await
    }

    async fn join_group(
        &self,
        caller: &Caller<Self>,
        group: Option<String>,
    ) -> Result<(), HubError> {
        caller.join(&not_null(group, "groupName")?).await;
        Ok(())
    }

    async fn leave_group(
        &self,
        caller: &Caller<Self>,
        group: Option<String>,
    ) -> Result<(), HubError> {
        caller.leave(&not_null(group, "groupName")?).await;
        Ok(())
    }

    // Clients asked for results.

    async fn ask(
        &self,
        caller: &Caller<Self>,
        question: Option<String>,
    ) -> Result<Option<String>, HubError> {
        caller.clients().caller().ask(question.as_deref()).await
    }

    async fn ask_client(
        &self,
        caller: &Caller<Self>,
        id: Option<String>,
        number: i32,
    ) -> Result<i32, HubError> {
        let id = not_null(id, "connectionId")?;
        caller.clients().client(&id).ask_number(number).await
    }

    async fn ask_within(
        &self,
        caller: &Caller<Self>,
        milliseconds: i32,
    ) -> Result<Option<String>, HubError> {
        let over = delay(milliseconds).ok_or_else(|| out_of_range("millisecondsDelay"))?;
        let client = caller.clients().caller();
        select! {
            answer = client.ask(Some("quick?")) => answer,
            () = over => Err(HubError::new("Invocation canceled by the server.")),
        }
    }
}
