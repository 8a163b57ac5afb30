//! Calls of hub methods, and what comes back.

use rocket_signalr::{Caller, HubError, HubOptions, hub};
use serde_json::{Value, json};

use crate::support::{Explosive, Log, Server, closed_with, options};

struct MethodHub {
    log: Log,
}

#[derive(Debug)]
struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("it is broken")
    }
}

impl std::error::Error for Broken {}

#[hub]
impl MethodHub {
    fn value(&self) -> i32 {
        42
    }

    async fn value_later(&self) -> i32 {
        tokio::task::yield_now().await;
        43
    }

    async fn fallible(&self) -> Result<i32, Broken> {
        Ok(44)
    }

    fn void(&self) {}

    async fn void_later(&self) {
        tokio::task::yield_now().await;
    }

    fn concat(&self, a: u8, b: i32, c: char, d: String) -> String {
        format!("{a}, {b}, {c}, {d}")
    }

    #[name = "RenamedMethod"]
    fn another_name(&self) -> &'static str {
        "renamed"
    }

    #[skip]
    #[expect(dead_code, reason = "clients cannot call it")]
    fn hidden(&self) {
        self.log.add("hidden was called");
    }

    fn note(&self, what: String) {
        self.log.add(what);
    }

    fn optional(&self, a: i32, #[optional] b: Option<i32>) -> i32 {
        a + b.unwrap_or(100)
    }

    fn hub_error(&self) -> Result<(), HubError> {
        Err(HubError::new("This is why."))
    }

    async fn other_error(&self) -> Result<i32, Broken> {
        tokio::task::yield_now().await;
        Err(Broken)
    }

    fn panics(&self) {
        panic!("at once");
    }

    async fn panics_later(&self) {
        tokio::task::yield_now().await;
        panic!("{}", "later");
    }

    fn takes_explosive(&self, _explosive: Explosive) {}

    fn gives_explosive(&self) -> Explosive {
        Explosive
    }

    async fn until_aborted(&self, caller: &Caller<Self>) {
        caller.aborted().await;
        self.log.add("done");
    }
}

async fn serve(options: HubOptions) -> (Server, Log) {
    let log = Log::default();
    (Server::of(MethodHub { log: log.clone() }, options).await.0, log)
}

#[tokio::test]
async fn values_come_back_from_methods_of_all_kinds() {
    let (server, _) = serve(HubOptions::default()).await;
    let mut client = server.connect().await;
    assert_eq!(client.invoke("Value", json!([])).await, Ok(json!(42)));
    assert_eq!(client.invoke("ValueLater", json!([])).await, Ok(json!(43)));
    assert_eq!(client.invoke("Fallible", json!([])).await, Ok(json!(44)));
}

#[tokio::test]
async fn method_without_a_value_answers_null() {
    let (server, _) = serve(HubOptions::default()).await;
    let mut client = server.connect().await;
    for method in ["Void", "VoidLater"] {
        let id = client.call(method, json!([])).await;
        client.expect(json!({"type": 3, "invocationId": id, "result": null})).await;
    }
}

#[tokio::test]
async fn methods_are_called_without_regard_to_case() {
    let (server, _) = serve(HubOptions::default()).await;
    let mut client = server.connect().await;
    for name in ["VALUE", "value", "vAlUe"] {
        assert_eq!(client.invoke(name, json!([])).await, Ok(json!(42)));
    }
}

#[tokio::test]
async fn several_arguments_keep_their_order() {
    let (server, _) = serve(HubOptions::default()).await;
    let mut client = server.connect().await;
    let result = client.invoke("Concat", json!([32, -42, "m", "string"])).await;
    assert_eq!(result, Ok(json!("32, -42, m, string")));
}

#[tokio::test]
async fn renamed_method_is_called_by_its_new_name_only() {
    let (server, _) = serve(HubOptions::default()).await;
    let mut client = server.connect().await;
    assert_eq!(client.invoke("renamedmethod", json!([])).await, Ok(json!("renamed")));
    assert!(client.invoke("AnotherName", json!([])).await.is_err());
}

#[tokio::test]
async fn what_is_no_method_for_clients_does_not_exist() {
    let (server, log) = serve(HubOptions::default()).await;
    let mut client = server.connect().await;
    for name in
        ["Hidden", "OnConnected", "on_connected", "OnDisconnected", "At", "Methods", "", "☃"]
    {
        let error = format!(
            "Failed to invoke '{name}' due to an error on the server. HubException: Method does not exist."
        );
        assert_eq!(client.invoke(name, json!([])).await, Err(error));
    }
    assert_eq!(log.events(), [""; 0]);
}

#[tokio::test]
async fn call_without_an_id_gets_no_answer_not_even_an_error() {
    let (server, log) = serve(HubOptions::default()).await;
    let mut client = server.connect().await;
    client.notify("Note", json!(["one"])).await;
    client.notify("Panics", json!([])).await;
    client.notify("HubError", json!([])).await;
    client.notify("NoSuchMethod", json!([])).await;
    client.notify("Note", json!([1, 2, 3])).await;
    client.send(json!({"type": 1, "invocationId": "", "target": "Value", "arguments": []})).await;
    client.notify("Note", json!(["two"])).await;
    let id = client.call("Value", json!([])).await;
    client.expect(json!({"type": 3, "invocationId": id, "result": 42})).await;
    assert_eq!(log.events(), ["one", "two"]);
}

#[tokio::test]
async fn error_for_clients_is_told_to_them_and_others_are_not() {
    let (server, _) = serve(HubOptions::default()).await;
    let mut client = server.connect().await;
    let error = "An unexpected error occurred invoking 'HubError' on the server. HubException: This is why.";
    assert_eq!(client.invoke("hubError", json!([])).await, Err(error.to_owned()));
    for name in ["OtherError", "Panics", "PanicsLater", "GivesExplosive"] {
        let error = format!("An unexpected error occurred invoking '{name}' on the server.");
        assert_eq!(client.invoke(name, json!([])).await, Err(error));
    }
    assert_eq!(client.invoke("Value", json!([])).await, Ok(json!(42)));
}

#[tokio::test]
async fn detailed_errors_tell_kind_and_text() {
    let (server, _) = serve(options()).await;
    let mut client = server.connect().await;
    for (name, detail) in [
        ("OtherError", "Broken: it is broken"),
        ("Panics", "Panic: at once"),
        ("PanicsLater", "Panic: later"),
        ("GivesExplosive", "Panic: while it is written"),
    ] {
        let error =
            format!("An unexpected error occurred invoking '{name}' on the server. {detail}");
        assert_eq!(client.invoke(name, json!([])).await, Err(error));
    }
}

#[tokio::test]
async fn panic_while_an_argument_is_read_is_an_error_of_the_call_alone() {
    let (server, _) = serve(HubOptions::default()).await;
    let mut client = server.connect().await;
    let result = client.invoke("TakesExplosive", json!([1])).await;
    let error = "Failed to invoke 'TakesExplosive' due to an error on the server.";
    assert_eq!(result, Err(error.to_owned()));
    assert_eq!(client.invoke("Value", json!([])).await, Ok(json!(42)));
}

#[tokio::test]
async fn wrong_arguments_are_an_error_of_the_call() {
    let (detailed, _) = serve(options()).await;
    let (secretive, _) = serve(HubOptions::default()).await;
    let mut curious = detailed.connect().await;
    let mut client = secretive.connect().await;
    for (method, arguments, detail) in [
        ("Note", json!([]), "Invocation provides 0 argument(s) but target expects 1."),
        ("Note", json!(["a", "b"]), "Invocation provides 2 argument(s) but target expects 1."),
        ("Value", json!([1]), "Invocation provides 1 argument(s) but target expects 0."),
        (
            "Note",
            json!([7]),
            "Error binding arguments. Make sure that the types of the provided values match the types of the hub method being invoked.",
        ),
    ] {
        let general = format!("Failed to invoke '{method}' due to an error on the server.");
        let error = format!("{general} InvalidDataException: {detail}");
        assert_eq!(client.invoke(method, arguments.clone()).await, Err(general));
        assert_eq!(curious.invoke(method, arguments).await, Err(error));
    }
    assert_eq!(client.invoke("Value", json!([])).await, Ok(json!(42)));
}

#[tokio::test]
async fn optional_argument_may_be_left_out() {
    let (server, _) = serve(options()).await;
    let mut client = server.connect().await;
    for (arguments, sum) in [(json!([1, 2]), 3), (json!([1]), 101), (json!([1, null]), 101)] {
        assert_eq!(client.invoke("Optional", arguments).await, Ok(json!(sum)));
    }
    assert!(client.invoke("Optional", json!([])).await.is_err());
    assert!(client.invoke("Optional", json!([1, 2, 3])).await.is_err());
}

#[tokio::test]
async fn properties_may_come_in_any_order_and_with_others() {
    let (server, _) = serve(options()).await;
    let mut client = server.connect().await;
    let answer = json!({"type": 3, "invocationId": "a", "result": 42});
    for call in [
        r#"{"arguments":[],"target":"Value","invocationId":"a","type":1}"#,
        r#"{"invocationId":"a","arguments":[],"type":1,"target":"Value"}"#,
        r#"{ "x" : {"type":7} , "target":"Value","type":1,"arguments":[],"invocationId":"a","y":[1]}"#,
        r#"{"type":1,"invocationId":"a","target":"Value","arguments":[],"headers":{"k":"v"}}"#,
        r#"{"type":1,"item":5,"invocationId":"a","target":"Value","arguments":[]}"#,
    ] {
        client.text(&format!("{call}\u{1e}")).await;
        client.expect(answer.clone()).await;
    }
}

#[tokio::test]
async fn unknown_kinds_of_messages_are_passed_over() {
    let (server, _) = serve(options()).await;
    let mut client = server.connect().await;
    client.send(json!({"type": 77, "what": "is this"})).await;
    client.send(json!({"type": 3, "invocationId": "nobody asked", "result": 5})).await;
    client.send(json!({"type": 5, "invocationId": "no stream"})).await;
    assert_eq!(client.invoke("Value", json!([])).await, Ok(json!(42)));
}

#[tokio::test]
async fn broken_messages_end_the_connection() {
    let (server, _) = serve(options()).await;
    for (text, detail) in [
        (r#"{"target":"Value"}"#, "Missing required property 'type'."),
        (r#"{"type":1,"target":"Value"}"#, "Missing required property 'arguments'."),
        (r#"{"type":1,"arguments":[]}"#, "Missing required property 'target'."),
        (r#"{"type":"1"}"#, "Expected 'type' to be of type Number."),
        ("[]", "Unexpected JSON Token Type 'Array'. Expected a JSON Object."),
        ("", "Error reading JSON."),
        ("{", "Error reading JSON."),
    ] {
        let mut client = server.connect().await;
        client.text(&format!("{text}\u{1e}")).await;
        client.expect_close(closed_with(&format!("InvalidDataException: {detail}"))).await;
    }
}

#[tokio::test]
async fn method_that_waits_for_the_end_is_let_go_by_it() {
    let (server, log) = serve(options()).await;
    let mut client = server.connect().await;
    client.call("UntilAborted", json!([])).await;
    client.close().await;
    log.wait("done").await;
}

#[tokio::test]
async fn result_may_be_any_json() {
    let (server, _) = Server::of(Mirror, options()).await;
    let mut client = server.connect().await;
    for value in [
        json!(null),
        json!(-1.5),
        json!("a\"b\\c\n\u{1e}\u{0}é😀<>&'+"),
        json!([[], {}, [1, [2]]]),
        json!({"Upper": {"nested": true}, "": 0}),
        json!(u64::MAX),
        json!(i64::MIN),
    ] {
        assert_eq!(client.invoke("Reflect", json!([value.clone()])).await, Ok(value));
    }
}

struct Mirror;

#[hub]
impl Mirror {
    fn reflect(&self, value: Value) -> Value {
        value
    }
}
