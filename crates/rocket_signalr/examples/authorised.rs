//! A hub for those who are signed in, and a method for some of them.
//!
//! `cargo run -p rocket_signalr --example authorised` prints how to try it.
//!
//! A real application would check a JWT or a session cookie where this one looks a name up: see the
//! documentation of `Authenticate`.

mod support;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rocket::{Request, async_trait, launch};
use rocket_signalr::{Authenticate, Caller, Hub, HubError, User, bearer_token, hub, hub_client};

struct Tokens;

#[async_trait]
impl Authenticate for Tokens {
    async fn user(&self, request: &Request<'_>) -> Option<User> {
        match &*bearer_token(request)? {
            "ann" => Some(User::new("ann").with_role("admin")),
            "bob" => Some(User::new("bob")),
            _ => None,
        }
    }
}

#[hub_client]
trait CounterClient {
    async fn counted(&self, by: &str, count: u64);
}

#[derive(Default)]
struct CounterHub {
    count: AtomicU64,
}

/// `authorize` asks for a user: without one, negotiation is answered with 401.
#[hub(client = CounterClient, authorize)]
impl CounterHub {
    async fn count(&self, caller: &Caller<Self>) -> Result<u64, HubError> {
        let count = self.count.fetch_add(1, Relaxed) + 1;
        let by = caller.user_id().unwrap_or_default();
        caller.clients().others().counted(by, count).await?;
        Ok(count)
    }

    /// Others are told that they may not.
    #[authorize(role = "admin")]
    async fn reset(&self) {
        self.count.store(0, Relaxed);
    }
}

#[launch]
fn rocket() -> _ {
    rocket::build()
        .attach(CounterHub::default().at("/counter").authenticate(Tokens))
        .attach(support::how_to_try(TRY))
}

const TRY: &str = r#"
import { HubConnectionBuilder } from "@microsoft/signalr";

const connect = async (token) => {
  const counter = new HubConnectionBuilder()
    .withUrl("{server}/counter", { accessTokenFactory: () => token })
    .build();
  counter.on("counted", (by, count) => console.log(`${token} hears that ${by} has counted ${count}`));
  await counter.start();
  return counter;
};
const refused = (error) => console.log(error.message);

const ann = await connect("ann");
const bob = await connect("bob");
await connect("eve").catch(refused);

console.log("bob counts", await bob.invoke("Count"));
await bob.invoke("Reset").catch(refused);
await ann.invoke("Reset");
console.log("ann counts", await ann.invoke("Count"));

await ann.stop();
await bob.stop();
"#;
