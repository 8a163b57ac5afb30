//! Streams in both directions.
//!
//! `cargo run -p rocket_signalr --example streaming` prints how to try it.

mod support;

use std::time::Duration;

use futures::{Stream, StreamExt, stream};
use rocket::launch;
use rocket_signalr::{Hub, HubError, UploadStream, hub};

struct StreamHub;

#[hub]
impl StreamHub {
    /// A method that returns a stream is a streaming method. When its client has had enough, or is
    /// gone, the stream is dropped.
    fn countdown(&self, from: u32) -> impl Stream<Item = u32> {
        stream::iter((0..=from).rev()).then(async |number| {
            tokio::time::sleep(Duration::from_millis(200)).await;
            number
        })
    }

    /// A stream can be refused, and it can fail on its way.
    async fn quotients(
        &self,
        of: i32,
        by: Vec<i32>,
    ) -> Result<impl Stream<Item = Result<i32, HubError>>, HubError> {
        if by.is_empty() {
            return Err(HubError::new("Divide by what?"));
        }
        let quotient = move |by| i32::checked_div(of, by).ok_or(HubError::new("Not by zero."));
        Ok(stream::iter(by).map(quotient))
    }

    /// A parameter of type `UploadStream` is a stream that the client sends.
    async fn average(&self, mut numbers: UploadStream<f64>) -> Result<f64, HubError> {
        let (mut sum, mut count) = (0.0, 0_u32);
        while let Some(number) = numbers.next().await {
            sum += number?;
            count += 1;
        }
        Ok(sum / f64::from(count.max(1)))
    }
}

#[launch]
fn rocket() -> _ {
    rocket::build().attach(StreamHub.at("/streams")).attach(support::how_to_try(TRY))
}

const TRY: &str = r#"
import { HubConnectionBuilder, Subject } from "@microsoft/signalr";

const streams = new HubConnectionBuilder().withUrl("{server}/streams").build();
await streams.start();
const show = (name, ...args) =>
  new Promise((done) =>
    streams.stream(name, ...args).subscribe({
      next: (item) => console.log(name, item),
      error: (error) => done(console.log(error.message)),
      complete: () => done(console.log(name, "is over")),
    }),
  );

await show("Countdown", 3);
await show("Quotients", 12, [3, 0]);
await show("Quotients", 12, []);

const numbers = new Subject();
const average = streams.invoke("Average", numbers);
numbers.next(1);
numbers.next(2);
numbers.complete();
console.log("Average", await average);

await streams.stop();
"#;
