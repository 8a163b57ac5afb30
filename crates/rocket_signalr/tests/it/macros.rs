//! What the attributes take, and what they say of what they cannot: `tests/ui` has a case for each.

use std::{fmt::Display, sync::Mutex};

use futures::{Stream, stream};
use rocket_signalr::{Caller, HubError, UploadStream, hub, hub_client};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::support::{Server, options};

#[test]
fn mistakes_are_told_where_they_are_made() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}

#[hub_client]
trait OddClient {
    /// Rust's keywords are no keywords to clients.
    async fn r#move(&self, r#type: &str, text: impl Display + Serialize + Sync);

    #[cfg(not(test))]
    async fn never_there(&self, what: NothingOfThatName);
}

#[derive(Debug, Serialize, Deserialize)]
struct Point {
    x: i32,
    y: i32,
}

struct OddHub<T>
where
    T: Display,
{
    inside: Mutex<T>,
}

#[hub(client = OddClient)]
impl<T> OddHub<T>
where
    T: Display + Send + From<String> + 'static,
{
    const GREETING: &'static str = "Hello";

    #[cfg(not(test))]
    fn on_connected(&self) -> Result<(), NothingOfThatName> {}

    /// It is called as `Type`.
    async fn r#type(&self, caller: &Caller<Self>, r#as: String) -> Result<(), HubError> {
        caller.clients().caller().r#move(&r#as, 5).await?;
        Ok(())
    }

    #[cfg(not(test))]
    fn whether(&self) -> NothingOfThatName {}

    #[cfg(test)]
    fn whether(&self) -> &'static str {
        Self::GREETING
    }

    fn sum(&self, Point { x, y }: Point, (a, b): (i32, i32), mut c: i32, _: bool) -> i32 {
        c += x + y;
        a + b + c
    }

    #[deprecated = "to show that nobody is told of it who does not call it"]
    #[allow(clippy::needless_pass_by_value, reason = "arguments are owned")]
    #[must_use]
    fn replace(&self, text: String) -> String
    where
        Self: Sized,
    {
        std::mem::replace(&mut *self.inside.lock().unwrap(), text.into()).to_string()
    }

    /// So is a method of what the hub is kept in.
    fn clone(&self, text: String) -> String {
        text
    }

    /// The stream borrows the hub.
    fn letters(&self) -> impl Stream<Item = char> {
        stream::iter(Self::GREETING.chars())
    }

    async fn last(&self, items: UploadStream<String>) -> std::result::Result<String, HubError> {
        use futures::TryStreamExt;
        let items: Vec<_> = items.try_collect().await?;
        items.last().cloned().ok_or_else(|| HubError::new("there is none"))
    }
}

#[tokio::test]
async fn whatever_rust_has_for_methods_can_be_called() {
    let hub = OddHub { inside: Mutex::new("before".to_owned()) };
    let (server, _) = Server::of(hub, options()).await;
    let mut client = server.connect().await;

    let id = client.call("Type", json!(["r#"])).await;
    assert_eq!(client.next().await, json!({"type": 1, "target": "move", "arguments": ["r#", 5]}));
    assert_eq!(client.completion(&id).await, Ok(json!(null)));
    assert_eq!(client.invoke("Whether", json!([])).await, Ok(json!("Hello")));
    let arguments = json!([{"x": 1, "y": 2}, [3, 4], 5, true]);
    assert_eq!(client.invoke("Sum", arguments).await, Ok(json!(15)));
    assert_eq!(client.invoke("Replace", json!(["after"])).await, Ok(json!("before")));
    assert_eq!(client.invoke("Clone", json!(["same"])).await, Ok(json!("same")));
    client.stream("Letters", json!([])).await;
    assert_eq!(client.next().await["item"], json!("H"));
}
