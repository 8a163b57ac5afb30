//! Calls of each method.

use serde_json::json;

use super::{Counted, serve};
use crate::support::options;

#[tokio::test]
async fn calls_and_errors_are_counted_by_method() {
    let (server, context, hub) = serve(options()).await;
    let mut client = server.connect().await;
    for _ in 0..3 {
        client.invoke("eCHO", json!(["x"])).await.unwrap();
    }
    client.invoke("Fail", json!([])).await.unwrap_err();
    client.notify("Fail", json!([])).await;
    client.invoke("Panics", json!([])).await.unwrap_err();
    // None of these reaches a method.
    client.invoke("Unknown", json!([])).await.unwrap_err();
    client.invoke("Echo", json!([1])).await.unwrap_err();
    client.invoke("Count", json!([1])).await.unwrap_err();
    let waiting = client.call("renamed", json!([])).await;
    let stream = client.stream("Count", json!([2])).await;
    client.completion(&stream).await.unwrap();
    let stream = client.stream("CountAndFail", json!([])).await;
    client.completion(&stream).await.unwrap_err();
    let upload = client.upload("Sum", json!([]), &["s"]).await;
    client.complete("s").await;
    client.completion(&upload).await.unwrap();
    let samples = Counted::of(&context);
    for (method, counts) in [
        ("Echo", (3., 0.)),
        ("Fail", (2., 2.)),
        ("Panics", (1., 1.)),
        ("renamed", (0., 0.)),
        ("Count", (1., 0.)),
        ("CountAndFail", (1., 1.)),
        ("Sum", (1., 0.)),
        ("TellAll", (0., 0.)),
    ] {
        assert_eq!(samples.calls(method), counts, "{method}");
    }
    hub.gate.notify_one();
    client.completion(&waiting).await.unwrap();
    assert_eq!(Counted::of(&context).calls("renamed"), (1., 0.));
}

#[tokio::test]
async fn time_that_calls_took_is_counted() {
    let (server, context, hub) = serve(options()).await;
    let mut client = server.connect().await;
    let begin = std::time::Instant::now();
    let call = client.call("renamed", json!([])).await;
    client.invoke("Unknown", json!([])).await.unwrap_err();
    let waiting = std::time::Instant::now();
    for _ in 0..20 {
        client.invoke("Unknown", json!([])).await.unwrap_err();
    }
    let least = waiting.elapsed().as_secs_f64();
    hub.gate.notify_one();
    client.completion(&call).await.unwrap();
    let most = begin.elapsed().as_secs_f64();
    let samples = Counted::of(&context);
    let took = samples.seconds("renamed");
    assert!((least - 1e-6..=most).contains(&took), "{took} of {least} to {most}");
    assert_eq!(samples.seconds("Echo"), 0., "it was not called");
}
