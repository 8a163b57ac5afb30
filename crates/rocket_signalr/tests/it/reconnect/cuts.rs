//! Sockets that are cut: each message arrives once, in order.

use std::time::Duration;

use rand::{Rng, SeedableRng, rngs::StdRng};
use rocket_signalr::HubOptions;
use serde_json::json;

use super::{cut, got, may_return, send, serve};
use crate::support::{Stateful, eventually};

#[tokio::test]
async fn messages_of_the_client_are_carried_out_once() {
    let (server, _, log) = serve(may_return()).await;
    let mut client = Stateful::connect(&server).await;
    client.notify("Note", json!(["one"])).await;
    client.notify("Note", json!(["two"])).await;
    log.wait("two").await;
    cut(&mut client).await;
    // Both are sent again, as the server has not acknowledged them.
    client.come_back().await;
    client.notify("Note", json!(["three"])).await;
    log.wait("three").await;
    assert_eq!(log.events(), ["connected", "one", "two", "three"]);
}

#[tokio::test]
async fn message_that_was_cut_off_is_sent_again() {
    let (server, _, log) = serve(may_return()).await;
    let mut client = Stateful::connect(&server).await;
    client.notify("Note", json!(["one"])).await;
    log.wait("one").await;
    client.client.text(r#"{"type":1,"target":"Note","argu"#).await;
    cut(&mut client).await;
    client.come_back().await;
    client.notify("Note", json!(["two"])).await;
    log.wait("two").await;
    assert_eq!(log.events(), ["connected", "one", "two"]);
}

/// Sockets are cut at random while messages flow both ways: each arrives once, in order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_message_arrives_once_and_in_order_however_sockets_are_cut() {
    for seed in 0..12 {
        cut_at_random(seed).await;
    }
}

async fn cut_at_random(seed: u64) {
    const MESSAGES: usize = 300;
    let mut random = StdRng::seed_from_u64(seed);
    let (server, context, log) =
        serve(HubOptions { stateful_reconnect_buffer_size: 4000, ..may_return() }).await;
    let mut client = Stateful::connect(&server).await;
    eventually("one", || context.connection_count() == 1).await;
    let sender = {
        let context = context.clone();
        tokio::spawn(async move {
            for number in 0..MESSAGES {
                send(&context, number).await;
                tokio::task::yield_now().await;
            }
        })
    };

    let (mut noted, mut received) = (0, 0);
    let all = async {
        while received < MESSAGES || noted < MESSAGES {
            match random.random_range(0..40) {
                0 => client.come_back().await,
                1 => {
                    cut(&mut client).await;
                    client.come_back().await;
                }
                2 => {
                    // The begin of a message that never ends.
                    client.client.text(r#"{"type":1,"targ"#).await;
                    client.come_back().await;
                }
                3..8 => client.acknowledge().await,
                8..20 if noted < MESSAGES => {
                    client.notify("Note", json!([noted.to_string()])).await;
                    noted += 1;
                }
                _ => {
                    let wait = Duration::from_micros(random.random_range(0..500));
                    let came = tokio::time::timeout(wait, client.client.receive()).await;
                    match came {
                        Ok(Some(message)) => {
                            if let Some(message) = client.take(message) {
                                assert_eq!(message, got(received), "seed {seed}");
                                received += 1;
                            }
                        }
                        Ok(None) => client.come_back().await,
                        Err(_) => {}
                    }
                }
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), all)
        .await
        .unwrap_or_else(|_| panic!("seed {seed}: {received} received, {noted} noted"));
    log.wait(&(MESSAGES - 1).to_string()).await;
    let expected: Vec<_> = ["connected".to_owned()]
        .into_iter()
        .chain((0..MESSAGES).map(|number| number.to_string()))
        .collect();
    assert_eq!(log.events(), expected, "seed {seed}");
    sender.await.unwrap();
}
