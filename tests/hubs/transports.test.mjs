// Every way to reach a hub does the same.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { makePoll, post } from "../support/http.mjs";
import { client, collect, connect, HttpTransportType, record, refusal, Subject } from "../support/hub.mjs";
import { startServer } from "../support/server.mjs";
import { within } from "../support/wait.mjs";

const server = await startServer();
after(() => server.stop());

const { WebSockets, ServerSentEvents, LongPolling } = HttpTransportType;

/** Starts a connection, and tells which transports the client chose. */
async function chosen(t, path, options) {
  const texts = [];
  const logger = { log: (_, text) => texts.push(text) };
  const connection = await connect(t, server, path, options, (b) => b.configureLogging(logger));
  const transports = texts.flatMap((text) => text.match(/^Selecting transport '(.*)'\.$/)?.[1] ?? []);
  return { connection, transports };
}

test("negotiation offers all transports", async () => {
  for (const hub of ["time", "view", "userCount", "menti", "stringtools", "chat", "metrics"]) {
    const response = await fetch(`${server.url}/hubs/${hub}/negotiate?negotiateVersion=1`, { method: "POST" });
    const { availableTransports, negotiateVersion, connectionId, connectionToken } = await response.json();
    assert.equal(negotiateVersion, 1);
    assert.notEqual(connectionId, connectionToken);
    assert.deepEqual(
      availableTransports.map(({ transport }) => transport),
      ["WebSockets", "ServerSentEvents", "LongPolling"],
      hub,
    );
  }
});

test("left to itself the client takes WebSockets, else what it may", async (t) => {
  for (const [transport, expected] of [
    [undefined, "WebSockets"],
    [WebSockets | ServerSentEvents, "WebSockets"],
    [ServerSentEvents | LongPolling, "ServerSentEvents"],
    [LongPolling, "LongPolling"],
  ]) {
    const { transports, connection } = await chosen(t, "/hubs/stringtools", { transport });
    assert.deepEqual(transports, [expected]);
    assert.equal(await connection.invoke("ReverseText", "ab"), "ba");
  }
});

test("where no WebSocket gets through, the client falls back by itself", async (t) => {
  class Blocked {
    constructor() {
      setImmediate(() => this.onclose({}));
    }
    close() {}
  }
  const { transports, connection } = await chosen(t, "/hubs/stringtools", { WebSocket: Blocked });
  assert.deepEqual(transports, ["WebSockets", "ServerSentEvents"]);
  assert.equal(await connection.invoke("ReverseText", "ab"), "ba");
});

const ways = {
  WebSockets: { transport: WebSockets },
  "WebSockets without negotiation": { transport: WebSockets, skipNegotiation: true },
  ServerSentEvents: { transport: ServerSentEvents },
  LongPolling: { transport: LongPolling },
};

for (const [name, options] of Object.entries(ways)) {
  test(`${name}: results, errors and streams in both directions`, async (t) => {
    const connection = await connect(t, server, "/hubs/stringtools", options);
    assert.equal(await connection.invoke("GetFullName", "Åse", "🦀"), "Åse 🦀");
    assert.equal(
      await refusal(connection.invoke("Nothing")),
      "Failed to invoke 'Nothing' due to an error on the server. HubException: Method does not exist.",
    );
    const text = "x".repeat(500);
    assert.deepEqual(await collect(connection.stream("StreamCharacters", text)), [...text]);
    const upload = new Subject();
    const answer = connection.invoke("Concat", upload);
    for (const part of ["a", "b", "c"]) upload.next(part);
    upload.complete();
    assert.equal(await within("the answer", answer), "abc");
  });

  test(`${name}: events of services, of other clients and of the API`, async (t) => {
    const time = await connect(t, server, "/hubs/time", options);
    const ticks = record(time, "updateCurrentTime");
    const [one, other] = await Promise.all([1, 2].map(() => connect(t, server, "/hubs/chat", options)));
    const heard = record(other, "ReceiveMessage");
    const texts = Array.from({ length: 50 }, (_, n) => String(n));
    for (const text of texts) await one.send("SendMessage", "ann", text);
    await heard.until((_, text) => text === texts.at(-1));
    assert.deepEqual(heard.calls.map(([, text]) => text), texts);

    const poll = await makePoll(server, "Lunch?", ["Soup", "Salad"]);
    const menti = await connect(t, server, "/hubs/menti", options);
    const votes = record(menti, "updateVotes");
    await menti.invoke("GetTallies", poll.id);
    await post(server, poll.id, { choice: "Soup", voter: "ann" });
    await votes.until(({ Soup }) => Soup === 1);
    const [first] = await ticks.until();
    await ticks.until((text) => text !== first);
  });

  test(`${name}: who stops is gone at once`, async (t) => {
    const witness = await connect(t, server, "/hubs/userCount");
    const users = record(witness, "updateTotalUsers");
    const { users: before } = await witness.invoke("GetTotals");
    const connection = client(server, "/hubs/userCount", options);
    const come = users.next((count) => count === before + 1);
    await connection.start();
    await come;
    const gone = users.next((count) => count === before);
    await connection.stop();
    await gone;
  });
}

test("a cookie and headers reach the hub on every transport", async (t) => {
  const poll = await makePoll(server, "Lunch?", ["Soup", "Salad"]);
  const ballots = new Set();
  for (const options of Object.values(ways)) {
    const headers = { Cookie: "visitor=0123456789abcdef" };
    const connection = await connect(t, server, "/hubs/menti", { ...options, headers });
    const { ballot, total } = await connection.invoke("Vote", poll.id, 1);
    ballots.add(ballot);
    assert.equal(total, 1);
  }
  assert.equal(ballots.size, 1);
});

test("asking for what the server does not offer does no harm", async (t) => {
  const stateful = (builder) => builder.withStatefulReconnect();
  const connection = await connect(t, server, "/hubs/stringtools", {}, stateful);
  assert.equal(await connection.invoke("ReverseText", "ab"), "ba");
});
