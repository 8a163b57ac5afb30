//! Who users are, and what they may do.

use std::time::{Duration, SystemTime};

use futures::{Stream, stream};
use rocket_signalr::{
    Authenticate, Authorize, Caller, Hub, HubOptions, Resource, User, bearer_token, hub,
};
use serde_json::json;

use crate::support::{Log, Server, Socket, options, request};

struct DoorHub;

#[hub]
impl DoorHub {
    fn open(&self) -> &'static str {
        "open"
    }

    #[authorize]
    fn signed_in(&self, number: i32) -> i32 {
        number
    }

    #[authorize(role = "admin, owner")]
    fn for_roles(&self) -> &'static str {
        "in a role"
    }

    #[authorize(policy = "tall")]
    fn for_tall(&self) -> &'static str {
        "tall"
    }

    #[authorize(policy = "panics")]
    fn for_panic(&self) {}

    #[authorize]
    fn stream(&self) -> impl Stream<Item = i32> + Send {
        stream::iter([1])
    }

    fn user_id(&self, caller: &Caller<Self>) -> Option<String> {
        caller.user_id().map(str::to_owned)
    }

    fn request(&self, caller: &Caller<Self>) -> [Option<String>; 4] {
        [
            caller.query("ROOM").map(Into::into),
            caller.header("x-colour").map(str::to_owned),
            caller.cookie("flavour").map(Into::into),
            caller.remote().map(|remote| remote.ip().to_string()),
        ]
    }
}

/// A token is the name of a user and its roles: `ann,admin`.
struct Tokens(Log);

#[rocket::async_trait]
impl Authenticate for Tokens {
    async fn user(&self, request: &rocket::Request<'_>) -> Option<User> {
        let token = bearer_token(request)?;
        let mut words = token.split(',');
        let name = words.next().filter(|name| *name != "nobody")?;
        assert_ne!(name, "panic", "in Authenticate::user");
        let user = words.fold(User::new(name), User::with_role);
        Some(match name {
            "brief" => user.expires_at(SystemTime::now() + Duration::from_millis(50)),
            _ => user,
        })
    }

    async fn fulfils(&self, policy: &str, user: &User, resource: &Resource<'_>) -> bool {
        let Resource { hub, method, connection_id } = resource;
        let connected = connection_id.is_some();
        self.0.add(format!("{policy} {} {hub} {method:?} {connected}", user.id()));
        assert_ne!(policy, "panics", "in Authenticate::fulfils");
        user.id() == "tom"
    }
}

async fn serve(options: HubOptions) -> (Server, Log) {
    let log = Log::default();
    let endpoint = DoorHub.at("/hub").options(options).authenticate(Tokens(log.clone()));
    (Server::launch(|rocket| rocket.attach(endpoint)).await, log)
}

fn users_only(authorize: Authorize) -> HubOptions {
    HubOptions { authorize: Some(authorize), ..options() }
}

#[tokio::test]
async fn method_refuses_whom_it_is_not_for() {
    let (server, _) = serve(options()).await;
    let mut nobody = server.connect().await;
    let mut ann = server.connect_at("/hub?access_token=ann").await;
    for (method, arguments) in
        [("SignedIn", json!([1])), ("ForRoles", json!([])), ("ForTall", json!([]))]
    {
        let error = format!("Failed to invoke '{method}' because user is unauthorized");
        assert_eq!(nobody.invoke(method, arguments.clone()).await, Err(error.clone()));
        if method != "SignedIn" {
            assert_eq!(ann.invoke(method, arguments).await, Err(error));
        }
    }
    let id = nobody.stream("stream", json!([])).await;
    let error = "Failed to invoke 'Stream' because user is unauthorized";
    assert_eq!(nobody.completion(&id).await, Err(error.to_owned()));
    nobody.notify("SignedIn", json!([1])).await;
    assert_eq!(nobody.invoke("Open", json!([])).await, Ok(json!("open")));
}

#[tokio::test]
async fn method_takes_whom_it_is_for() {
    let (server, log) = serve(options()).await;
    let mut ann = server.connect_at("/hub?access_token=ann").await;
    assert_eq!(ann.invoke("SignedIn", json!([7])).await, Ok(json!(7)));
    let id = ann.stream("Stream", json!([])).await;
    ann.expect_item(&id, json!(1)).await;
    for token in ["bob,owner", "bob,guest,admin"] {
        let mut bob = server.connect_at(&format!("/hub?access_token={token}")).await;
        assert_eq!(bob.invoke("ForRoles", json!([])).await, Ok(json!("in a role")));
    }
    let mut tom = server.connect_at("/hub?access_token=tom").await;
    assert_eq!(tom.invoke("forTALL", json!([])).await, Ok(json!("tall")));
    assert_eq!(log.events(), ["tall tom DoorHub Some(\"ForTall\") true"]);
}

#[tokio::test]
async fn arguments_are_looked_at_before_rights() {
    let (server, _) = serve(HubOptions::default()).await;
    let mut nobody = server.connect().await;
    let error = "Failed to invoke 'SignedIn' due to an error on the server.";
    assert_eq!(nobody.invoke("SignedIn", json!([])).await, Err(error.to_owned()));
}

#[tokio::test]
async fn panic_of_a_policy_is_an_error_of_the_call_alone() {
    let (server, _) = serve(options()).await;
    let mut ann = server.connect_at("/hub?access_token=ann").await;
    assert!(ann.invoke("ForPanic", json!([])).await.is_err());
    assert_eq!(ann.invoke("Open", json!([])).await, Ok(json!("open")));
}

#[tokio::test]
async fn panic_while_a_user_is_found_out_fails_the_request_alone() {
    let (server, _) = serve(options()).await;
    let refused = Socket::open(server.addr, "/hub?access_token=panic", &[]).await.unwrap_err();
    assert_eq!(refused.status, 500);
    assert_eq!(server.connect().await.invoke("Open", json!([])).await, Ok(json!("open")));
}

#[tokio::test]
async fn user_is_known_by_header_or_query() {
    let (server, _) = serve(options()).await;
    let mut client = server.connect_with("/hub", &[("Authorization", "Bearer ann")]).await;
    assert_eq!(client.invoke("UserId", json!([])).await, Ok(json!("ann")));
    let mut client = server.connect_with("/hub", &[("authorization", "bearer ann")]).await;
    assert_eq!(client.invoke("UserId", json!([])).await, Ok(json!("ann")));
    let mut client = server.connect_at("/hub?ACCESS_TOKEN=ann").await;
    assert_eq!(client.invoke("UserId", json!([])).await, Ok(json!("ann")));
    let mut client = server.connect_at("/hub?access_token=nobody").await;
    assert_eq!(client.invoke("UserId", json!([])).await, Ok(json!(null)));
}

#[tokio::test]
async fn methods_see_the_request_that_their_client_connected_with() {
    let (server, _) = serve(options()).await;
    let headers = [("X-Colour", "blue"), ("Cookie", "a=b; flavour=very%20sweet")];
    let mut client = server.connect_with("/hub?room=a%20b", &headers).await;
    assert_eq!(
        client.invoke("Request", json!([])).await,
        Ok(json!(["a b", "blue", "very sweet", "127.0.0.1"]))
    );
    let mut plain = server.connect().await;
    let result = plain.invoke("Request", json!([])).await;
    assert_eq!(result, Ok(json!([null, null, null, "127.0.0.1"])));
    let mut poller = server.poller().await;
    let call = json!({"type": 1, "invocationId": "a", "target": "Request", "arguments": []});
    poller.send(call).await;
    let answer = poller.next().await.unwrap();
    assert_eq!(answer["result"], json!([null, null, null, "127.0.0.1"]));
}

#[tokio::test]
async fn hub_refuses_every_request_of_whom_it_is_not_for() {
    let (server, _) = serve(users_only(Authorize::USER)).await;
    let (_, token) = server.negotiate_with("/hub", "", &[("Authorization", "Bearer ann")]).await;
    for (method, path) in [
        ("POST", "/hub/negotiate?negotiateVersion=1".to_owned()),
        ("GET", format!("/hub?id={token}")),
        ("POST", format!("/hub?id={token}")),
        ("DELETE", format!("/hub?id={token}")),
    ] {
        let answer = request(server.addr, method, &path, &[], b"").await;
        assert_eq!(answer.told(), (401, ""), "{method} {path}");
        assert_eq!(answer.reason, "Unauthorized");
    }
    let refused = Socket::open(server.addr, "/hub", &[]).await.unwrap_err();
    assert_eq!(refused.told(), (401, ""));
    let mut ann = server.connect_with("/hub", &[("Authorization", "Bearer ann")]).await;
    assert_eq!(ann.invoke("Open", json!([])).await, Ok(json!("open")));
}

#[tokio::test]
async fn hub_refuses_users_without_the_role() {
    let (server, _) = serve(users_only(Authorize { roles: &["admin"], policy: None })).await;
    let open = async |token: &str| {
        Socket::open(server.addr, &format!("/hub?access_token={token}"), &[]).await
    };
    assert_eq!(open("nobody").await.unwrap_err().status, 401);
    let refused = open("ann").await.unwrap_err();
    assert_eq!((refused.status, &*refused.reason, &*refused.body), (403, "Forbidden", ""));
    open("ann,admin").await.unwrap();
}

#[tokio::test]
async fn hub_refuses_users_who_do_not_fulfil_the_policy() {
    let (server, log) = serve(users_only(Authorize { roles: &[], policy: Some("tall") })).await;
    let open = async |token: &str| {
        Socket::open(server.addr, &format!("/hub?access_token={token}"), &[]).await
    };
    assert_eq!(open("ann").await.unwrap_err().status, 403);
    open("tom").await.unwrap();
    assert_eq!(log.events(), ["tall ann DoorHub None false", "tall tom DoorHub None false"]);
}

#[hub(authorize(role = "admin"))]
impl AdminHub {
    fn ok(&self) -> bool {
        true
    }
}

struct AdminHub;

#[tokio::test]
async fn attribute_of_the_hub_asks_for_rights_besides_the_options() {
    let endpoint = AdminHub
        .at("/hub")
        .options(users_only(Authorize { roles: &[], policy: Some("tall") }))
        .authenticate(Tokens(Log::default()));
    let server = Server::launch(|rocket| rocket.attach(endpoint)).await;
    for (token, status) in [("nobody", 401), ("ann,admin", 403), ("tom", 403)] {
        let path = format!("/hub?access_token={token}");
        assert_eq!(Socket::open(server.addr, &path, &[]).await.unwrap_err().status, status);
    }
    let mut tom = server.connect_at("/hub?access_token=tom,admin").await;
    assert_eq!(tom.invoke("Ok", json!([])).await, Ok(json!(true)));
}

#[tokio::test]
async fn connection_ends_with_the_sign_in_if_that_is_wished() {
    let (server, _) =
        serve(HubOptions { close_on_authentication_expiration: true, ..options() }).await;
    let mut brief = server.connect_at("/hub?access_token=brief").await;
    brief.expect_close(json!({"type": 7, "allowReconnect": true})).await;

    let (server, _) =
        serve(HubOptions { keep_alive_interval: Duration::from_millis(50), ..options() }).await;
    let mut brief = server.connect_at("/hub?access_token=brief").await;
    for _ in 0..2 {
        assert_eq!(brief.next_or_ping().await, json!({"type": 6}));
    }
    assert_eq!(brief.invoke("Open", json!([])).await, Ok(json!("open")), "and else not");
}

#[tokio::test]
async fn token_in_the_query_is_decoded() {
    let (server, _) = serve(options()).await;
    let mut client = server.connect_at("/hub?access_token=a%2Bb%2F%3D").await;
    assert_eq!(client.invoke("UserId", json!([])).await, Ok(json!("a+b/=")));
}

#[tokio::test]
async fn token_in_the_query_counts_before_that_of_the_header_unless_it_is_empty() {
    let (server, _) = serve(options()).await;
    for (token, user) in [("ann", "ann"), ("", "tom")] {
        let path = format!("/hub?access_token={token}");
        let mut client = server.connect_with(&path, &[("Authorization", "Bearer tom")]).await;
        assert_eq!(client.invoke("UserId", json!([])).await, Ok(json!(user)));
    }
}
