//! Whose pages may use a hub.

use rocket_signalr::{AllowedOrigins, HubOptions, hub};
use serde_json::json;

use crate::support::{Answer, Server, Socket, request};

struct OriginHub;

#[hub]
impl OriginHub {
    fn ok(&self) -> bool {
        true
    }
}

async fn serve(allowed_origins: AllowedOrigins) -> Server {
    Server::of(OriginHub, HubOptions { allowed_origins, ..HubOptions::default() }).await.0
}

async fn from(server: &Server, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    request(server.addr, method, path, headers, b"").await
}

const NEGOTIATE: &str = "/hub/negotiate?negotiateVersion=1";

#[tokio::test]
async fn pages_of_other_origins_are_refused() {
    let server = serve(AllowedOrigins::SameOrigin).await;
    let refused = (403, "");
    for origin in ["https://evil.example", "null", "http://127.0.0.1", "http://localhost:1"] {
        let headers = [("Origin", origin)];
        assert_eq!(from(&server, "POST", NEGOTIATE, &headers).await.told(), refused);
        assert_eq!(Socket::open(server.addr, "/hub", &headers).await.unwrap_err().told(), refused);
        for method in ["GET", "POST", "DELETE", "OPTIONS"] {
            let answer = from(&server, method, "/hub?id=x", &headers).await;
            assert_eq!(answer.told(), refused, "{method} {origin}");
            assert_eq!(answer.header("access-control-allow-origin"), None);
        }
    }
}

#[tokio::test]
async fn pages_of_the_same_origin_and_clients_without_one_pass() {
    let server = serve(AllowedOrigins::SameOrigin).await;
    let own = format!("http://{}", server.addr);
    let secure = format!("https://{}", server.addr);
    for headers in [&[][..], &[("Origin", &*own)], &[("Origin", &*secure)]] {
        assert_eq!(from(&server, "POST", NEGOTIATE, headers).await.status, 200);
        let mut client = server.connect_with("/hub", headers).await;
        assert_eq!(client.invoke("Ok", json!([])).await, Ok(json!(true)));
    }
}

#[tokio::test]
async fn listed_origins_pass_and_are_told_so() {
    let list = vec!["https://app.example".to_owned(), "http://localhost:3000".to_owned()];
    let server = serve(AllowedOrigins::List(list)).await;
    for origin in ["https://app.example", "http://localhost:3000"] {
        let headers = [("Origin", origin)];
        let answer = from(&server, "POST", NEGOTIATE, &headers).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
        assert_eq!(answer.header("vary"), Some("Origin"));
        let missing = from(&server, "GET", "/hub?id=x", &headers).await;
        assert_eq!(missing.status, 404);
        assert_eq!(missing.header("access-control-allow-origin"), Some(origin), "refusals too");
        server.connect_with("/hub", &headers).await;
    }
    for origin in ["https://app.example:444", "http://app.example", "https://app.example.evil"] {
        let headers = [("Origin", origin)];
        assert_eq!(from(&server, "POST", NEGOTIATE, &headers).await.status, 403, "{origin}");
    }
}

#[tokio::test]
async fn any_origin_passes_if_all_are_allowed() {
    let server = serve(AllowedOrigins::Any).await;
    let headers = [("Origin", "https://anywhere.example")];
    let answer = from(&server, "POST", NEGOTIATE, &headers).await;
    let allowed = answer.header("access-control-allow-origin");
    assert_eq!(allowed, Some("https://anywhere.example"), "never a star: cookies go along");
    server.connect_with("/hub", &headers).await;
}

#[tokio::test]
async fn browsers_that_ask_first_are_answered() {
    let server = serve(AllowedOrigins::List(vec!["https://app.example".to_owned()])).await;
    let ask = [
        ("Origin", "https://app.example"),
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "x-requested-with,x-signalr-user-agent,authorization"),
    ];
    for path in [NEGOTIATE, "/hub?id=x"] {
        let answer = from(&server, "OPTIONS", path, &ask).await;
        assert_eq!(answer.told(), (204, ""));
        assert_eq!(answer.header("access-control-allow-origin"), Some("https://app.example"));
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
        assert_eq!(answer.header("access-control-allow-methods"), Some("POST"));
        assert_eq!(
            answer.header("access-control-allow-headers"),
            Some("x-requested-with,x-signalr-user-agent,authorization")
        );
    }
    let mut other = ask;
    other[0].1 = "https://evil.example";
    assert_eq!(from(&server, "OPTIONS", NEGOTIATE, &other).await.status, 403);
}
