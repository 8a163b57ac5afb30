//! Around methods with one result.

use std::io;

use rocket_signalr::{FilterContext, HubError, HubFilter, HubOptions, NextMethod, Reply};
use serde_json::json;

use super::{After, FilteredHub, Instead, expect_alive, failed, serve, serve_traced, serve_with};
use crate::support::{Unwritable, options};

#[tokio::test]
async fn filter_that_does_not_run_the_method_answers_in_its_place() {
    let (server, hub) = serve(Instead(|context| context.reply(&["instead"]))).await;
    let mut client = server.connect().await;
    let mut packed = server.connect_packed().await;
    for client in [&mut client, &mut packed] {
        assert_eq!(client.invoke("Echo", json!(["x"])).await, Ok(json!(["instead"])));
        // Nobody asks for the answer.
        client.notify("Echo", json!(["x"])).await;
        assert_eq!(client.invoke("Fail", json!([])).await, Ok(json!(["instead"])));
    }
    assert_eq!(hub.log.count("echo"), 0);
}

#[tokio::test]
async fn reply_that_cannot_be_written_is_an_error_of_the_call() {
    let (server, _) = serve(Instead(|context| context.reply(&Unwritable))).await;
    let mut client = server.connect().await;
    let error = client.invoke("Echo", json!(["x"])).await.unwrap_err();
    assert!(error.contains("invoking 'Echo'") && error.contains("it refuses"), "{error}");
    client.notify("Echo", json!(["x"])).await;
    expect_alive(&mut client).await;
}

#[tokio::test]
async fn errors_of_filters_are_told_as_those_of_methods_are() {
    for (detailed, hidden) in [(true, " Error: disk full"), (false, "")] {
        let options = HubOptions { enable_detailed_errors: detailed, ..HubOptions::default() };
        let (server, hub) = serve_with(options, |_| {
            Instead(|context| match context.method() {
                Some("Echo") => Err(HubError::new("Come back tomorrow.")),
                _ => Err(io::Error::other("disk full").into()),
            })
        })
        .await;
        let mut client = server.connect().await;
        let meant = failed("Echo", "HubException: Come back tomorrow.");
        assert_eq!(client.invoke("Echo", json!(["x"])).await, meant);
        let general = "An unexpected error occurred invoking 'Fail' on the server.";
        let secret = Err(format!("{general}{hidden}"));
        assert_eq!(client.invoke("Fail", json!([])).await, secret);
        client.notify("Echo", json!(["x"])).await;
        assert_eq!(client.invoke("Fail", json!([])).await, secret);
        assert_eq!(hub.log.count("echo"), 0);
    }
}

#[tokio::test]
async fn filter_may_turn_errors_into_results_and_results_into_errors() {
    let (server, _) = serve(After(|context, result| match result {
        Ok(_) => Err(HubError::new("Not good enough.")),
        Err(error) => context.reply(error.message()),
    }))
    .await;
    let mut client = server.connect().await;
    assert_eq!(client.invoke("Fail", json!([])).await, Ok(json!("It failed.")));
    let spoiled = failed("Echo", "HubException: Not good enough.");
    assert_eq!(client.invoke("Echo", json!(["x"])).await, spoiled);
}

#[tokio::test]
async fn panic_of_a_filter_is_an_error_of_the_call() {
    struct Panics;
    #[rocket::async_trait]
    impl HubFilter for Panics {
        async fn method(
            &self,
            context: &FilterContext,
            next: NextMethod<'_>,
        ) -> Result<Reply, HubError> {
            assert_ne!(context.method(), Some("Fail"), "before");
            let _ = next.run().await;
            panic!("after");
        }
    }
    let (server, hub) = serve(Panics).await;
    let mut client = server.connect().await;
    assert_eq!(client.invoke("Echo", json!(["x"])).await, failed("Echo", "Panic: after"));
    assert!(client.invoke("Fail", json!([])).await.unwrap_err().contains("Panic: "));
    let stream = client.stream("Count", json!([1])).await;
    client.expect_item(&stream, json!(0)).await;
    let error = "An error occurred on the server while streaming results. Panic: after";
    assert_eq!(client.completion(&stream).await, Err(error.to_owned()));
    expect_alive(&mut client).await;
    assert_eq!(hub.log.count("echo"), 1);
}

#[tokio::test]
async fn method_that_waits_in_a_filter_keeps_its_turn() {
    struct Waits(FilteredHub);
    #[rocket::async_trait]
    impl HubFilter for Waits {
        async fn method(
            &self,
            context: &FilterContext,
            next: NextMethod<'_>,
        ) -> Result<Reply, HubError> {
            if context.method() == Some("Fail") {
                self.0.log.add("waits");
                self.0.gate.notified().await;
            }
            next.run().await
        }
    }
    let (server, hub) = serve_with(options(), |hub| Waits(hub.clone())).await;
    let mut client = server.connect().await;
    let first = client.call("Fail", json!([])).await;
    let second = client.call("Echo", json!(["x"])).await;
    hub.log.wait("waits").await;
    assert_eq!(hub.log.count("echo"), 0);
    hub.gate.notify_one();
    let message = client.next().await;
    assert_eq!(message["invocationId"], json!(first));
    assert_eq!(client.completion(&second).await, Ok(json!("x")));
}

#[tokio::test]
async fn filters_do_not_see_what_is_refused_before_a_method() {
    let (server, log) = serve_traced().await;
    let mut client = server.connect().await;
    for (target, arguments) in [
        ("Unknown", json!([])),
        ("Echo", json!([])),
        ("Echo", json!([1])),
        ("Echo", json!(["x", "y"])),
        ("ForUsers", json!([])),
        ("Count", json!([1])),
        ("Sum", json!([])),
    ] {
        client.invoke(target, arguments).await.unwrap_err();
    }
    let stream = client.stream("Echo", json!(["x"])).await;
    client.completion(&stream).await.unwrap_err();
    assert_eq!(log.events(), ["filter > connect", "connected", "filter < connect"]);
    assert_eq!(client.invoke("Echo", json!(["x"])).await, Ok(json!("x")));
    assert_eq!(log.count("filter > Echo"), 1);
}

#[tokio::test]
async fn filter_may_end_the_connection() {
    let (server, _) = serve(Instead(|context| {
        context.abort();
        Err(HubError::new("Out."))
    }))
    .await;
    let mut client = server.connect().await;
    let id = client.call("Echo", json!(["x"])).await;
    let end = client.end().await;
    let out = json!({"type": 3, "invocationId": id, "error": failed("Echo", "HubException: Out.").unwrap_err()});
    assert_eq!((end.last, end.code), (vec![out, json!({"type": 7})], Some(1000)));
}
