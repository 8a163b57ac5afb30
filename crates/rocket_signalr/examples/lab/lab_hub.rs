//! What clients can call, and what is called on them.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_stream::stream;
use futures::{Stream, TryStreamExt, channel::mpsc, stream};
use rocket_signalr::{
    Caller, DisconnectReason, HubError, SendError, UploadStream, hub, hub_client,
};
use serde::Serialize;
use serde_bytes::ByteBuf;
use serde_json::value::RawValue;
use tokio::{
    task::yield_now,
    time::{sleep, timeout},
};
use uuid::Uuid;

use crate::{
    lab_log::LabLog,
    values::{Colour, DateTime, DateTimeOffset, Decimal, Person, TimeSpan},
};

/// The methods that the server calls on clients. Without a name of their own they would be sent as
/// `received`, `askNumber` and so on; .NET clients match names exactly.
#[hub_client]
pub(crate) trait LabClient {
    #[name = "Connected"]
    async fn connected(&self, connection_id: &str);

    #[name = "Received"]
    async fn received(&self, text: &str);

    #[name = "Args"]
    async fn args(
        &self,
        number: i32,
        text: &str,
        nothing: Option<&str>,
        list: &[i32],
        object: &Five,
        truth: bool,
    );

    #[name = "None"]
    async fn none(&self);

    /// With a result, which only a single client can be asked for.
    #[name = "Ask"]
    async fn ask(&self, question: &str) -> String;

    #[name = "AskNumber"]
    async fn ask_number(&self, number: i32) -> i32;
}

#[derive(Debug, Serialize)]
pub(crate) struct Five {
    five: f64,
}

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
struct Items(Arc<Mutex<HashMap<String, String>>>);

/// One method for each thing that a hub method can do.
#[hub(client = LabClient)]
impl LabHub {
    async fn on_connected(&self, caller: &Caller<Self>) -> Result<(), HubError> {
        let id = caller.connection_id();
        self.log.add("connected", id, caller.user_id().map(str::to_owned));
        caller.insert(Items::default());
        match caller.query("refuse").as_deref() {
            Some("throw") => return Err(invalid_operation("refused in OnConnected")),
            Some("hub") => return Err(HubError::new("refused in OnConnected")),
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

    fn echo(&self, value: Box<RawValue>) -> Box<RawValue> {
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

    fn echo_guid(&self, value: Uuid) -> Uuid {
        value
    }

    fn echo_bytes(&self, value: Option<ByteBuf>) -> Option<ByteBuf> {
        value
    }

    fn echo_enum(&self, value: Colour) -> Colour {
        value
    }

    fn echo_ints(&self, value: Vec<i32>) -> Vec<i32> {
        value
    }

    fn echo_map(&self, value: BTreeMap<String, i32>) -> BTreeMap<String, i32> {
        value
    }

    fn echo_person(&self, value: Option<Person>) -> Option<Person> {
        value
    }

    fn add(&self, a: i32, b: i32) -> i32 {
        a.wrapping_add(b)
    }

    async fn join3(&self, a: String, b: i32, c: bool) -> String {
        format!("{a}-{b}-{}", if c { "True" } else { "False" })
    }

    async fn repeat(&self, text: String, times: usize) -> String {
        text.repeat(times)
    }

    fn nothing(&self) {}

    async fn nothing_async(&self) {}

    async fn nothing_value(&self) {}

    async fn later(&self, milliseconds: u64, value: String) -> String {
        sleep(Duration::from_millis(milliseconds)).await;
        value
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
    fn with_services(&self, text: String) -> String {
        let _: &LabLog = &self.log;
        text
    }

    // Errors: a `HubError::new` is for clients, all others are told with detailed errors only.

    fn throw(&self, message: String) -> Result<(), HubError> {
        Err(invalid_operation(message))
    }

    fn throw_hub(&self, message: String) -> Result<(), HubError> {
        Err(HubError::new(message))
    }

    async fn throw_later(&self, message: String) -> Result<i32, HubError> {
        yield_now().await;
        Err(HubError::new(message))
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

    async fn claim(&self, caller: &Caller<Self>, kind: String) -> Option<String> {
        caller.user()?.claim(&kind).map(str::to_owned)
    }

    async fn header(&self, caller: &Caller<Self>, name: String) -> Option<String> {
        caller.header(&name).map(str::to_owned)
    }

    async fn query(&self, caller: &Caller<Self>, name: String) -> Option<String> {
        caller.query(&name).map(Into::into)
    }

    async fn set_item(&self, caller: &Caller<Self>, key: String, value: String) {
        let Items(items) = caller.get().unwrap_or_default();
        items.lock().unwrap_or_else(PoisonError::into_inner).insert(key, value);
    }

    async fn get_item(&self, caller: &Caller<Self>, key: String) -> Option<String> {
        let Items(items) = caller.get()?;
        items.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned()
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

    fn counter(&self, count: i32, delay: u64) -> impl Stream<Item = i32> + Send {
        stream! {
            for number in 0..count {
                yield number;
                if delay > 0 {
                    sleep(Duration::from_millis(delay)).await;
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
        message: String,
    ) -> impl Stream<Item = Result<i32, HubError>> + Send {
        count_and_fail(count, HubError::new(message))
    }

    fn counter_fails(
        &self,
        count: i32,
        message: String,
    ) -> impl Stream<Item = Result<i32, HubError>> + Send {
        count_and_fail(count, invalid_operation(message))
    }

    fn counter_refused(&self, message: String) -> Result<impl Stream<Item = i32> + Send, HubError> {
        Err::<stream::Empty<i32>, _>(HubError::new(message))
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
        items: UploadStream<String>,
    ) -> Result<String, HubError> {
        let all: Result<Vec<_>, _> = items.try_collect().await;
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
        label: String,
        left: UploadStream<String>,
        right: UploadStream<i32>,
    ) -> Result<String, HubError> {
        let text: String = left.try_collect().await?;
        let sum = sum(right).await?;
        Ok(format!("{label}:{text}:{sum}"))
    }

    async fn upload_first(&self, mut items: UploadStream<i32>) -> Result<i32, HubError> {
        Ok(items.try_next().await?.unwrap_or(-1))
    }

    fn transform(
        &self,
        items: UploadStream<String>,
    ) -> impl Stream<Item = Result<String, HubError>> + Send {
        items.map_ok(|item| item.to_uppercase())
    }

    // Whom to call.

    async fn send_all(&self, caller: &Caller<Self>, text: String) -> Result<(), SendError> {
        caller.clients().all().received(&text).await
    }

    async fn send_all_except(
        &self,
        caller: &Caller<Self>,
        ids: Vec<String>,
        text: String,
    ) -> Result<(), SendError> {
        caller.clients().all_except(&ids).received(&text).await
    }

    async fn send_caller(&self, caller: &Caller<Self>, text: String) -> Result<(), SendError> {
        caller.clients().caller().received(&text).await
    }

    async fn send_others(&self, caller: &Caller<Self>, text: String) -> Result<(), SendError> {
        caller.clients().others().received(&text).await
    }

    async fn send_client(
        &self,
        caller: &Caller<Self>,
        id: String,
        text: String,
    ) -> Result<(), SendError> {
        caller.clients().client(&id).received(&text).await
    }

    async fn send_clients(
        &self,
        caller: &Caller<Self>,
        ids: Vec<String>,
        text: String,
    ) -> Result<(), SendError> {
        caller.clients().clients(&ids).received(&text).await
    }

    async fn send_group(
        &self,
        caller: &Caller<Self>,
        group: String,
        text: String,
    ) -> Result<(), SendError> {
        caller.clients().group(&group).received(&text).await
    }

    async fn send_groups(
        &self,
        caller: &Caller<Self>,
        groups: Vec<String>,
        text: String,
    ) -> Result<(), SendError> {
        caller.clients().groups(&groups).received(&text).await
    }

    async fn send_group_except(
        &self,
        caller: &Caller<Self>,
        group: String,
        ids: Vec<String>,
        text: String,
    ) -> Result<(), SendError> {
        caller.clients().group_except(&group, &ids).received(&text).await
    }

    async fn send_others_in_group(
        &self,
        caller: &Caller<Self>,
        group: String,
        text: String,
    ) -> Result<(), SendError> {
        caller.clients().others_in_group(&group).received(&text).await
    }

    async fn send_user(
        &self,
        caller: &Caller<Self>,
        user: String,
        text: String,
    ) -> Result<(), SendError> {
        caller.clients().user(&user).received(&text).await
    }

    async fn send_users(
        &self,
        caller: &Caller<Self>,
        users: Vec<String>,
        text: String,
    ) -> Result<(), SendError> {
        caller.clients().users(&users).received(&text).await
    }

    async fn send_many(&self, caller: &Caller<Self>, count: i32) -> Result<(), SendError> {
        for number in 0..count {
            caller.clients().caller().received(&number.to_string()).await?;
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

    async fn join_group(&self, caller: &Caller<Self>, group: String) {
        caller.join(&group).await;
    }

    async fn leave_group(&self, caller: &Caller<Self>, group: String) {
        caller.leave(&group).await;
    }

    // Clients asked for results.

    async fn ask(&self, caller: &Caller<Self>, question: String) -> Result<String, HubError> {
        caller.clients().caller().ask(&question).await
    }

    async fn ask_client(
        &self,
        caller: &Caller<Self>,
        id: String,
        number: i32,
    ) -> Result<i32, HubError> {
        caller.clients().client(&id).ask_number(number).await
    }

    async fn ask_within(
        &self,
        caller: &Caller<Self>,
        milliseconds: u64,
    ) -> Result<String, HubError> {
        let client = caller.clients().caller();
        match timeout(Duration::from_millis(milliseconds), client.ask("quick?")).await {
            Ok(answer) => answer,
            Err(_) => Err(HubError::new("Invocation canceled by the server.")),
        }
    }
}

fn invalid_operation(message: impl Into<String>) -> HubError {
    HubError::with_kind("InvalidOperationException", message.into())
}

fn count_and_fail(count: i32, error: HubError) -> impl Stream<Item = Result<i32, HubError>> + Send {
    stream! {
        for number in 0..count {
            yield Ok(number);
            yield_now().await;
        }
        yield Err(error);
    }
}

async fn sum(items: UploadStream<i32>) -> Result<i32, HubError> {
    items.try_fold(0_i32, async |sum, item| Ok(sum.wrapping_add(item))).await
}

/// Notes in the log that a stream is over, however it came to that.
struct EndLogged {
    log: LabLog,
    id: String,
}

impl Drop for EndLogged {
    fn drop(&mut self) {
        self.log.add("forever-ended", &self.id, None);
    }
}
