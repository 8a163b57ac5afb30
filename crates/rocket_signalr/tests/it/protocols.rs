//! Clients of different protocols side by side.

use rocket_signalr::{
    Caller, Hub, HubContext, HubError, HubOptions, PropertyNaming, hub, hub_client,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{Client, Encoding, Names, Poller, Server, eventually, options, within};

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Reading {
    sensor_name: String,
    last_values: Vec<f64>,
    unit: Unit,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Unit {
    DegreesCelsius,
}

#[hub_client]
trait MixedClient {
    async fn read(&self, reading: &Reading, count: u32);
    async fn measure(&self, reading: &Reading) -> Reading;
}

struct MixedHub;

#[hub(client = MixedClient)]
impl MixedHub {
    async fn join(&self, caller: &Caller<Self>, group: String) -> String {
        caller.join(&group).await;
        caller.connection_id().to_owned()
    }

    async fn tell_others(&self, caller: &Caller<Self>, reading: Reading) -> Result<(), HubError> {
        Ok(caller.clients().others().read(&reading, 1).await?)
    }

    async fn measure_at(
        &self,
        caller: &Caller<Self>,
        id: String,
        reading: Reading,
    ) -> Result<Reading, HubError> {
        caller.clients().client(&id).measure(&reading).await
    }

    fn echo(&self, reading: Reading) -> Reading {
        reading
    }
}

fn reading(name: &str) -> Reading {
    Reading {
        sensor_name: name.to_owned(),
        last_values: vec![1.5, -2.25],
        unit: Unit::DegreesCelsius,
    }
}

const AS_IS: &str = "/as-is";

/// The same hub at two places, whose JSON is spelled differently.
async fn serve() -> (Server, HubContext<MixedHub>) {
    let as_is = HubOptions { property_naming: PropertyNaming::AsIs, ..options() };
    let endpoint =
        MixedHub.at("/hub").options(options()).also_at(AS_IS).options(as_is).authenticate(Names);
    let context = endpoint.context();
    (Server::launch(|rocket| rocket.attach(endpoint)).await, context)
}

/// Every way in which a client may be told something.
struct All {
    camel: Client,
    as_is: Client,
    packed: Client,
    packed_too: Client,
    poller: Poller,
    packed_poller: Poller,
}

/// A reading of this name in JSON.
type Spelling = fn(&str) -> Value;

impl All {
    async fn connect(server: &Server) -> Self {
        let headers = [("x-user", "ann")];
        Self {
            camel: server.connect_with("/hub", &headers).await,
            as_is: server.connect_with(AS_IS, &headers).await,
            packed: server.connect_as("/hub", &headers, Encoding::MessagePack).await,
            packed_too: server.connect_as(AS_IS, &headers, Encoding::MessagePack).await,
            poller: server.poller().await,
            packed_poller: server.poller_at("/hub", Encoding::MessagePack).await,
        }
    }

    /// The clients that are sockets, and how each of them spells a reading.
    fn sockets(&mut self) -> [(&mut Client, Spelling); 4] {
        let Self { camel, as_is, packed, packed_too, .. } = self;
        [(camel, camel_case), (as_is, snake_case), (packed, snake_case), (packed_too, snake_case)]
    }
}

fn camel_case(name: &str) -> Value {
    json!({"sensorName": name, "lastValues": [1.5, -2.25], "unit": "DegreesCelsius"})
}

fn snake_case(name: &str) -> Value {
    json!({"sensor_name": name, "last_values": [1.5, -2.25], "unit": "DegreesCelsius"})
}

fn read(reading: Value) -> Value {
    json!({"type": 1, "target": "read", "arguments": [reading, 7]})
}

#[tokio::test]
async fn one_message_reaches_all_each_in_its_own_encoding() {
    let (server, context) = serve().await;
    let mut all = All::connect(&server).await;
    eventually("six", || context.connection_count() == 6).await;
    context.clients().all().read(&reading("all"), 7).await.unwrap();
    for (client, spelled) in all.sockets() {
        client.expect(read(spelled("all"))).await;
    }
    assert_eq!(all.poller.next().await, Some(read(camel_case("all"))));
    assert_eq!(all.packed_poller.next().await, Some(read(snake_case("all"))));
}

#[tokio::test]
async fn groups_users_and_lists_reach_all_encodings() {
    let (server, context) = serve().await;
    let mut all = All::connect(&server).await;
    let mut ids = Vec::new();
    for (client, _) in all.sockets() {
        let id = client.invoke("Join", json!(["garden"])).await.unwrap();
        ids.push(id.as_str().unwrap().to_owned());
    }
    let clients = context.clients();
    clients.group("garden").read(&reading("group"), 7).await.unwrap();
    clients.user("ann").read(&reading("user"), 7).await.unwrap();
    clients.clients(&ids).read(&reading("list"), 7).await.unwrap();
    for id in &ids {
        clients.client(id).read(&reading("one"), 7).await.unwrap();
    }
    for (client, spelled) in all.sockets() {
        for name in ["group", "user", "list", "one"] {
            client.expect(read(spelled(name))).await;
        }
    }
}

#[tokio::test]
async fn names_are_read_in_any_spelling_and_answered_in_that_of_the_place() {
    let (server, _) = serve().await;
    let mut all = All::connect(&server).await;
    for (client, spelled) in all.sockets() {
        for sent in [camel_case("x"), snake_case("x")] {
            assert_eq!(client.invoke("Echo", json!([sent])).await, Ok(spelled("x")));
        }
    }
}

#[tokio::test]
async fn what_one_says_is_told_to_the_others_in_theirs() {
    let (server, _) = serve().await;
    let mut all = All::connect(&server).await;
    for (client, _) in all.sockets() {
        client.invoke("Join", json!(["any"])).await.unwrap();
    }
    for speaker in 0..4 {
        let name = speaker.to_string();
        {
            let [(client, spelled), ..] = &mut all.sockets()[speaker..] else { unreachable!() };
            client.invoke("TellOthers", json!([spelled(&name)])).await.unwrap();
        }
        for (index, (client, spelled)) in all.sockets().into_iter().enumerate() {
            if index != speaker {
                client.expect_call("read", json!([spelled(&name), 1])).await;
            }
        }
    }
}

#[tokio::test]
async fn clients_answer_questions_of_others_across_encodings() {
    let (server, _) = serve().await;
    let mut all = All::connect(&server).await;
    let mut ids = Vec::new();
    for (client, _) in all.sockets() {
        ids.push(client.invoke("Join", json!(["any"])).await.unwrap());
    }
    for asker in 0..4 {
        for asked in 0..4 {
            let mut sockets = all.sockets();
            let (client, spelled) = &mut sockets[asker];
            let call = client.call("MeasureAt", json!([ids[asked], spelled("question")])).await;
            let (client, spelled) = &mut sockets[asked];
            let question = client.next().await;
            assert_eq!(question["arguments"], json!([spelled("question")]));
            let id = &question["invocationId"];
            client.send(json!({"type": 3, "invocationId": id, "result": spelled("answer")})).await;
            let (client, spelled) = &mut sockets[asker];
            assert_eq!(client.completion(&call).await, Ok(spelled("answer")));
        }
    }
}

/// Many messages from several tasks: each client gets all, in the order of each sender.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn order_is_kept_in_all_encodings() {
    const SENDERS: u32 = 4;
    const MESSAGES: u32 = 100;
    let (server, context) = serve().await;
    let mut all = All::connect(&server).await;
    eventually("six", || context.connection_count() == 6).await;
    let mut senders = JoinSet::new();
    for sender in 0..SENDERS {
        let context = context.clone();
        senders.spawn(async move {
            for number in 0..MESSAGES {
                let name = sender.to_string();
                context.clients().all().read(&reading(&name), number).await.unwrap();
            }
        });
    }
    for (client, spelled) in all.sockets() {
        let mut next = [0; SENDERS as usize];
        for _ in 0..SENDERS * MESSAGES {
            let message = client.next().await;
            let [reading, number] = &message["arguments"].as_array().unwrap()[..] else {
                panic!("{message}")
            };
            let sender = (0..SENDERS)
                .position(|sender| *reading == spelled(&sender.to_string()))
                .unwrap_or_else(|| panic!("{message}"));
            assert_eq!(*number, json!(next[sender]));
            next[sender] += 1;
        }
        assert_eq!(next, [MESSAGES; SENDERS as usize]);
    }
    within("the senders", senders.join_all()).await;
}
