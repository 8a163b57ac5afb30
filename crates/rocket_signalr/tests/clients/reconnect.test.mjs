// Connections that are lost, and what clients make of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { client, collect, connect, HttpTransportType, HubConnectionState, record, refusal, Subject, turns, ways } from "./support/client.mjs";
import { labForFile, startLab } from "./support/lab.mjs";
import { startProxy } from "./support/proxy.mjs";
import { until, within } from "./support/wait.mjs";

const lab = await labForFile({ "keep-alive": 1, "client-timeout": 3, parallel: 4 });

const retry = (builder) => builder.withAutomaticReconnect({ nextRetryDelayInMilliseconds: () => 20 });
const stateful = (builder) => builder.withStatefulReconnect();

/** To the client the loss of an event stream looks like its end. */
const tellsErrors = (way) => way.options.transport !== HttpTransportType.ServerSentEvents;

for (const way of ways) {
  test(`${way.name}: cut, and back by itself under a new id`, async (t) => {
    const proxy = await startProxy(t, lab.url);
    const connection = await connect(t, `${proxy.url}/lab`, way, retry);
    const { lost, back } = turns(connection);
    const id = await connection.invoke("ConnectionId");
    const running = refusal(connection.invoke("Later", 60_000, "never"));
    const heard = record(connection, "Received");
    proxy.refuse(true);
    proxy.cut();
    assert.equal((await lost()).error !== undefined, tellsErrors(way));
    assert.equal(connection.state, HubConnectionState.Reconnecting);
    assert.ok(await running, "a call that was under way is rejected");
    assert.ok(await refusal(connection.invoke("EchoInt", 1)));
    await until("a few attempts", () => proxy.accepted() > 4);
    proxy.refuse(false);
    await back();
    assert.notEqual(await connection.invoke("ConnectionId"), id);
    await connection.invoke("SendCaller", "again");
    await heard.count(1);
  });

  test(`${way.name}: cut, and closed where it is not to come back`, async (t) => {
    const proxy = await startProxy(t, lab.url);
    const connection = await connect(t, `${proxy.url}/lab`, way);
    const { closed } = turns(connection);
    const id = await connection.invoke("ConnectionId");
    proxy.refuse(true);
    proxy.cut();
    assert.equal((await closed()).error !== undefined, tellsErrors(way));
    assert.equal(connection.state, HubConnectionState.Disconnected);
    // The hub notices: at once, or when its pings or polls stay without an echo.
    if (way.options.transport !== HttpTransportType.LongPolling) await lab.noted(id, "disconnected");
  });

  test(`${way.name}: a server that stops, and another in its place`, async (t) => {
    const first = await startLab();
    t.after(() => first.stop());
    const connection = await connect(t, `${first.url}/lab`, way, retry);
    const { lost } = turns(connection);
    await connection.invoke("EchoInt", 1);
    await first.stop();
    // A Close of the server, not a socket that was cut: there is no error. A poll may miss it.
    const { error } = await lost();
    if (way.options.transport !== HttpTransportType.LongPolling) assert.equal(error, undefined);
    assert.equal(connection.state, HubConnectionState.Reconnecting);
  });
}

for (const way of ways.filter(({ options }) => options.transport !== HttpTransportType.LongPolling)) {
  test(`${way.name}: a server that falls silent is given up by the client, and the client by the server`, async (t) => {
    const proxy = await startProxy(t, lab.url);
    const connection = await connect(t, `${proxy.url}/lab`, way, (builder) => builder.withServerTimeout(2_500).withKeepAliveInterval(1_000));
    const { closed } = turns(connection);
    const id = await connection.invoke("ConnectionId");
    proxy.blackHole();
    const { error } = await closed();
    assert.equal(error.message, "Server timeout elapsed without receiving a message from the server.");
    await lab.noted(id, "disconnected");
  });
}

test("pings keep a silent connection alive, on every transport", async (t) => {
  const pinging = (builder) => builder.withServerTimeout(3_000).withKeepAliveInterval(1_000);
  const all = await Promise.all(ways.map((way) => connect(t, `${lab.url}/lab`, way, pinging)));
  const closed = [];
  for (const connection of all) connection.onclose((error) => closed.push(error));
  // Longer than the timeouts of both sides.
  const [witness] = all;
  assert.equal(await within("a call that takes its time", witness.invoke("Later", 5_000, "long")), "long");
  assert.deepEqual(closed, []);
  for (const connection of all) assert.equal(await connection.invoke("EchoInt", 1), 1);
});

test("a client that reads nothing for a while misses nothing", async (t) => {
  const proxy = await startProxy(t, lab.url);
  const connection = await connect(t, `${proxy.url}/lab`);
  const heard = record(connection, "Received");
  proxy.pause();
  const sent = connection.invoke("SendMany", 1000);
  const answer = connection.invoke("Repeat", "0123456789", 50_000); // Half of what may wait for a client.
  proxy.resume();
  await heard.count(1000);
  await within("both answers", Promise.all([sent, answer]));
  assert.deepEqual(heard.calls.flat(), Array.from({ length: 1000 }, (_, n) => String(n)));
});

for (const binary of [false, true]) {
  const way = { options: { transport: HttpTransportType.WebSockets }, binary };
  const name = binary ? "MessagePack" : "JSON";

  test(`stateful, ${name}: the socket is cut again and again, and nothing is lost, doubled or out of order`, async (t) => {
    const proxy = await startProxy(t, lab.url);
    const connection = await connect(t, `${proxy.url}/lab`, way, stateful);
    const closed = [];
    connection.onclose((error) => closed.push(error));
    connection.onreconnecting((error) => closed.push(error));
    const id = await connection.invoke("ConnectionId");
    const group = `group of ${id}`;
    await connection.invoke("JoinGroup", group);
    const heard = record(connection, "Received");
    const total = 600;
    const expected = Array.from({ length: total }, (_, n) => `up ${n}`);

    /** What the server sends by itself: from outside of the hub, one after another. */
    const sending = (async () => {
      for (let n = 0; n < total; n += 1) await fetch(`${lab.url}/lab/group/${encodeURIComponent(group)}?text=down ${n}`, { method: "POST" });
    })();
    /** What the client sends, and the answers to what it asks. */
    const asking = (async () => {
      const answers = [];
      for (let n = 0; n < total; n += 1) {
        answers.push(connection.invoke("EchoString", `up ${n}`));
        if (n % 20 === 0) await Promise.race(answers.slice(-1));
      }
      return Promise.all(answers);
    })();
    /** The socket is cut while both go on: each time something came over the last one. */
    const cutting = (async () => {
      for (let n = 1; n <= 6; n += 1) {
        await heard.count(n * 60);
        proxy.cut();
      }
    })();
    await within("the cuts", cutting, 40_000);
    await within("what was sent", sending, 40_000);
    assert.deepEqual(await within("the answers", asking, 40_000), expected);
    await heard.count(total);
    assert.deepEqual(heard.calls.flat(), expected.map((text) => text.replace("up", "down")));
    assert.equal(await connection.invoke("ConnectionId"), id, "it is the same connection");
    assert.deepEqual(closed, []);
    assert.deepEqual((await lab.log(id)).map(({ what }) => what), ["connected"]);
    assert.ok(proxy.accepted() >= 7);
  });

  test(`stateful, ${name}: streams both ways, client results, items and groups outlive the socket`, async (t) => {
    const proxy = await startProxy(t, lab.url);
    const connection = await connect(t, `${proxy.url}/lab`, way, stateful);
    await connection.invoke("SetItem", "k", "v");
    const items = [];
    const down = new Promise((resolve, reject) => connection.stream("Counter", 60, 20).subscribe({ next: (item) => items.push(item), complete: resolve, error: reject }));
    const upload = new Subject();
    const up = connection.invoke("UploadSum", upload);
    let asked;
    connection.on("Ask", () => new Promise((resolve) => (asked = resolve)));
    const ask = connection.invoke("Ask", "?");
    await until("the question", () => asked);
    for (const n of [1, 2, 3]) {
      upload.next(n);
      await until("some items", () => items.length > n * 10);
      proxy.cut();
    }
    asked("here");
    upload.complete();
    assert.equal(await within("the result", ask), "here");
    assert.equal(await within("the sum", up), 6);
    await within("the stream", down);
    assert.deepEqual(items, Array.from({ length: 60 }, (_, n) => n));
    assert.equal(await connection.invoke("GetItem", "k"), "v");
  });

  test(`stateful, ${name}: more than the buffers hold, both ways, with cuts in between`, async (t) => {
    const proxy = await startProxy(t, lab.url);
    const connection = await connect(t, `${proxy.url}/lab`, way, (builder) => builder.withStatefulReconnect({ bufferSize: 50_000 }));
    const heard = record(connection, "Received");
    const texts = Array.from({ length: 30 }, (_, n) => String(n).padEnd(10_000, "."));
    const sent = (async () => {
      for (const text of texts) await connection.send("SendCaller", text);
    })();
    for (const n of [8, 15, 22]) {
      await heard.count(n, 30_000);
      proxy.cut();
    }
    await within("what was sent", sent, 30_000);
    await heard.count(texts.length, 30_000);
    assert.deepEqual(heard.calls.flat(), texts);
  });

  test(`stateful, ${name}: after a stop, an abort or an end there is nothing to come back to`, async (t) => {
    for (const end of ["stop", "Abort", "protocol"]) {
      const connection = client(`${lab.url}/lab`, way, stateful);
      t.after(() => connection.stop());
      const { closed } = turns(connection);
      await connection.start();
      const id = await connection.invoke("ConnectionId");
      if (end === "stop") await connection.stop();
      else if (end === "Abort") await connection.send("Abort");
      else refusal(connection.invoke("EchoString", "x".repeat(40_000)));
      await closed();
      assert.equal(connection.state, HubConnectionState.Disconnected);
      await lab.noted(id, "disconnected");
    }
  });
}

test("stateful reconnect where the endpoint or the transport does not have it", async (t) => {
  for (const transport of [HttpTransportType.ServerSentEvents, HttpTransportType.LongPolling]) {
    const connection = await connect(t, `${lab.url}/lab`, { options: { transport } }, stateful);
    assert.equal(await connection.invoke("EchoInt", 1), 1);
    assert.deepEqual(await collect(connection.stream("Counter", 3, 0)), [0, 1, 2]);
  }
  const token = await lab.token("ann");
  const connection = await connect(t, `${lab.url}/lab-auth`, { options: { accessTokenFactory: () => token } }, stateful);
  assert.equal(await connection.invoke("EchoInt", 1), 1);
});
