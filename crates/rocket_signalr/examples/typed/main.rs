//! A hub whose clients are checked by two compilers: Rust's for what the server calls, TypeScript's
//! for what clients call and hear.
//!
//! `cargo run -p rocket_signalr --features typescript --example typed` writes the declarations of the
//! hub to `hubs.ts` beside this file, where `client.ts` imports them, and serves the hub.

#[path = "../support/mod.rs"]
mod support;

use std::{error::Error, path::Path};

use parking_lot::Mutex;
use rocket_signalr::{Caller, Hub, HubError, SendError, Timestamp, TypeScript, hub, hub_client};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What somebody has to do.
#[derive(Clone, Serialize, Deserialize, TS)]
struct Task {
    title: String,
    done_at: Option<Timestamp>,
}

/// A wrong argument to one of these does not compile, neither does a handler in TypeScript that
/// takes another one.
#[hub_client]
trait TasksClient {
    /// A task was added, or is done.
    async fn changed(&self, number: usize, task: &Task);
    /// Whether the client's user is sure of it.
    async fn confirm(&self, question: &str) -> bool;
}

#[derive(Default)]
struct TasksHub {
    tasks: Mutex<Vec<Task>>,
}

#[hub(client = TasksClient)]
impl TasksHub {
    fn all(&self) -> Vec<Task> {
        self.tasks.lock().clone()
    }

    /// Returns the number of the task.
    async fn add(&self, caller: &Caller<Self>, title: String) -> Result<usize, SendError> {
        let task = Task { title, done_at: None };
        let number = {
            let mut tasks = self.tasks.lock();
            tasks.push(task.clone());
            tasks.len() - 1
        };
        caller.clients().all().changed(number, &task).await?;
        Ok(number)
    }

    /// Asks the client before it is done.
    async fn finish(&self, caller: &Caller<Self>, number: usize) -> Result<(), HubError> {
        if !caller.clients().caller().confirm("Is it done?").await? {
            return Ok(());
        }
        let task = {
            let mut tasks = self.tasks.lock();
            let task = tasks.get_mut(number).ok_or(HubError::new("There is no such task."))?;
            task.done_at = Some(Timestamp::now());
            task.clone()
        };
        caller.clients().all().changed(number, &task).await?;
        Ok(())
    }
}

#[rocket::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/typed");
    TypeScript::new().hub::<TasksHub>("/tasks").write_to(here.join("hubs.ts"))?;
    let rocket =
        rocket::build().attach(TasksHub::default().at("/tasks")).attach(support::how_to_try(TRY));
    rocket.launch().await?;
    Ok(())
}

/// `client.ts` does the same, with the compiler's help.
const TRY: &str = r#"
import { HubConnectionBuilder } from "@microsoft/signalr";

const tasks = new HubConnectionBuilder().withUrl("{server}/tasks").build();
tasks.on("changed", (number, task) => console.log(number, task));
tasks.on("confirm", (question) => {
  console.log(question);
  return true;
});
await tasks.start();
await tasks.invoke("Finish", await tasks.invoke("Add", "Write it down"));
console.log(await tasks.invoke("All"));
await tasks.stop();
"#;
