//! Who may not come back, or not any more.

use std::time::Duration;

use rocket_signalr::HubOptions;
use serde_json::json;

use super::{cut, may_return, serve};
use crate::support::{Socket, Stateful, closed_with, eventually};

#[tokio::test]
async fn client_of_version_one_may_not_come_back() {
    let (server, _, log) = serve(may_return()).await;
    let (_, token) = server.negotiate_with("/hub", "&useStatefulReconnect=true", &[]).await;
    let path = format!("/hub?id={token}");
    let client = server.connect_at(&path).await;
    assert_eq!(Socket::open(server.addr, &path, &[]).await.unwrap_err().status, 409);
    drop(client);
    log.wait("disconnected: no error").await;
}

#[tokio::test]
async fn sequence_beyond_what_was_sent_ends_the_connection() {
    let (server, _, _) = serve(may_return()).await;
    let mut client = Stateful::connect(&server).await;
    client.client.send(json!({"type": 9, "sequenceId": 2})).await;
    let error =
        "InvalidOperationException: Sequence ID greater than amount of messages we've received.";
    client.client.expect_close(closed_with(error)).await;
    let refused = Socket::open(server.addr, &client.path, &[]).await.unwrap_err();
    assert!(matches!(refused.status, 404 | 409), "{}", refused.status);
}

#[tokio::test]
async fn who_says_goodbye_does_not_come_back() {
    let (server, context, log) = serve(may_return()).await;
    for round in 0..4 {
        let mut client = Stateful::connect(&server).await;
        match round {
            0 => drop(client.client.close().await),
            1 => client.client.send(json!({"type": 7})).await,
            2 => client.notify("Abort", json!([])).await,
            _ => {
                eventually("it", || context.disconnect(&client.id)).await;
            }
        }
        client.client.end().await;
        let refused = Socket::open(server.addr, &client.path, &[]).await.unwrap_err();
        assert!(matches!(refused.status, 404 | 409), "{}", refused.status);
        log.wait_times("disconnected: no error", round + 1).await;
    }
}

#[tokio::test]
async fn client_that_does_not_come_back_in_time_is_gone() {
    let (server, context, log) =
        serve(HubOptions { disconnect_timeout: Duration::from_millis(50), ..may_return() }).await;
    let mut client = Stateful::connect(&server).await;
    client.notify("Note", json!(["there"])).await;
    log.wait("there").await;
    cut(&mut client).await;
    log.wait("disconnected: no error").await;
    eventually("nobody", || context.connection_count() == 0).await;
    assert_eq!(Socket::open(server.addr, &client.path, &[]).await.unwrap_err().status, 404);
}
