//! Messages that follow each other without a pause.

use futures::{Stream, StreamExt, stream};
use rocket_signalr::{HubContext, HubOptions, hub, hub_client};
use serde_json::json;

use crate::support::{Client, RS, Server, eventually, options, within};

#[hub_client]
trait BurstClient {
    async fn got(&self, number: usize);
    async fn large(&self, number: usize, filling: &str);
}

struct BurstHub;

#[hub(client = BurstClient)]
impl BurstHub {
    fn echo(&self, number: usize) -> usize {
        number
    }

    /// Two items, and nothing more for ever.
    fn two(&self) -> impl Stream<Item = usize> {
        stream::iter([1, 2]).chain(stream::pending())
    }

    fn count(&self, to: usize) -> impl Stream<Item = usize> {
        stream::iter(0..to)
    }
}

async fn serve(options: HubOptions, clients: usize) -> (Server, HubContext<BurstHub>, Vec<Client>) {
    let (server, context) = Server::of(BurstHub, options).await;
    let mut all = Vec::new();
    for _ in 0..clients {
        all.push(server.connect().await);
    }
    eventually("all", || context.connection_count() == clients).await;
    (server, context, all)
}

/// Messages to all and to one by turns, as fast as they can be sent.
async fn both_ways(context: &HubContext<BurstHub>, id: &str, count: usize) {
    for number in 0..count {
        context.clients().all().got(2 * number).await.unwrap();
        context.clients().client(id).got(2 * number + 1).await.unwrap();
    }
}

async fn burst_comes_whole_and_in_order() {
    const COUNT: usize = 3000;
    let (_server, context, mut clients) = serve(options(), 5).await;
    let one = context.connections().remove(0);
    let sender = tokio::spawn(async move { both_ways(&context, &one, COUNT).await });
    let mut singles = 0;
    for client in &mut clients {
        let mut expected = 0;
        while expected < COUNT {
            let number = client.next().await["arguments"][0].as_u64().unwrap() as usize;
            if number.is_multiple_of(2) {
                assert_eq!(number, 2 * expected);
                expected += 1;
            } else {
                assert_eq!(number, 2 * expected - 1);
                singles += 1;
            }
        }
    }
    within("the sender", sender).await.unwrap();
    // The last may come behind the last of all.
    assert!((COUNT - 1..=COUNT).contains(&singles), "{singles}");
}

#[tokio::test]
async fn burst_comes_whole_and_in_order_on_one_thread() {
    burst_comes_whole_and_in_order().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn burst_comes_whole_and_in_order_on_several_threads() {
    burst_comes_whole_and_in_order().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn burst_drops_nobody_who_reads() {
    const COUNT: usize = 3000;
    let options = HubOptions { slow_client_limit: 256 * 1024, ..options() };
    let (_server, context, clients) = serve(options, 3).await;
    let readers: Vec<_> = clients
        .into_iter()
        .map(|mut client| {
            tokio::spawn(async move {
                for number in 0..COUNT {
                    assert_eq!(client.next().await["arguments"][0], json!(number));
                }
            })
        })
        .collect();
    let filling = "x".repeat(1000);
    for number in 0..COUNT {
        context.clients().all().large(number, &filling).await.unwrap();
    }
    for reader in readers {
        within("all of it", reader).await.unwrap();
    }
}

#[tokio::test]
async fn burst_waits_for_nobody_who_does_not_read() {
    let (_server, context, mut clients) = serve(options(), 2).await;
    let filling = "x".repeat(10_000);
    let mut number = 0;
    within("the end of the other", async {
        while context.connection_count() == 2 {
            for more in 0..10 {
                context.clients().all().large(number + more, &filling).await.unwrap();
            }
            for _ in 0..10 {
                assert_eq!(clients[1].next().await["arguments"][0], json!(number));
                number += 1;
            }
        }
    })
    .await;
    assert_eq!(clients[1].invoke("Echo", json!([1])).await, Ok(json!(1)));
}

/// Whoever sends without a pause leaves room for others, even on one thread.
#[tokio::test]
async fn endless_burst_lets_others_have_their_turn() {
    let (_server, context, mut clients) = serve(options(), 1).await;
    let sender = tokio::spawn(async move {
        loop {
            context.clients().group("nobody").got(1).await.unwrap();
        }
    });
    assert_eq!(clients[0].invoke("Echo", json!([1])).await, Ok(json!(1)));
    sender.abort();
}

#[tokio::test]
async fn answers_to_calls_that_came_together_are_all_written() {
    let (_server, _context, mut clients) = serve(options(), 1).await;
    let client = &mut clients[0];
    for round in 0..20 {
        let call = |n: usize| {
            let call = json!({"type": 1, "invocationId": n.to_string(), "target": "Echo", "arguments": [n]});
            format!("{call}{RS}")
        };
        client.text(&(0..round * 5).map(call).collect::<String>()).await;
        for n in 0..round * 5 {
            client.expect(json!({"type": 3, "invocationId": n.to_string(), "result": n})).await;
        }
    }
}

#[tokio::test]
async fn items_that_are_there_do_not_wait_for_those_that_are_not() {
    let (_server, _context, mut clients) = serve(options(), 1).await;
    let client = &mut clients[0];
    let two = client.stream("Two", json!([])).await;
    client.expect_item(&two, json!(1)).await;
    client.expect_item(&two, json!(2)).await;
    let count = client.stream("Count", json!([5000])).await;
    for n in 0..5000 {
        client.expect_item(&count, json!(n)).await;
    }
    client.expect(json!({"type": 3, "invocationId": count})).await;
}
