// Every way to reach a hub does the same.
import assert from "node:assert/strict";
import { test } from "node:test";
import { client, collect, connect, record, refusal, Subject, turns, ways } from "./support/client.mjs";
import { labForFile } from "./support/lab.mjs";
import { until, within } from "./support/wait.mjs";

const lab = await labForFile();
const detailed = await labForFile({ "detailed-errors": true });
const hub = `${lab.url}/lab`;

for (const way of ways) {
  const open = (t, url = hub) => connect(t, url, way);

  test(`${way.name}: results of every kind`, async (t) => {
    const connection = await open(t);
    assert.equal(await connection.invoke("Add", 2, 3), 5);
    assert.equal(await connection.invoke("join3", "a", 1, true), "a-1-True");
    assert.equal(await connection.invoke("EchoBool", true), true);
    assert.equal(await connection.invoke("EchoLong", Number.MIN_SAFE_INTEGER), Number.MIN_SAFE_INTEGER);
    assert.equal(await connection.invoke("EchoDouble", -0.1), -0.1);
    assert.equal(await connection.invoke("EchoNullable", null), null);
    assert.equal(await connection.invoke("EchoString", null), null);
    assert.deepEqual(await connection.invoke("EchoInts", [1, -2, 300000]), [1, -2, 300000]);
    assert.deepEqual(await connection.invoke("EchoMap", { b: 1, "å": 2 }), { b: 1, "å": 2 });
    assert.equal(await connection.invoke("Nothing"), null);
    assert.equal(await connection.invoke("Null"), null);
    assert.equal(await connection.invoke("RENAMED"), "renamed");
    const person = await connection.invoke("EchoPerson", { Name: "Åse", Age: 41, Tags: ["x"], Friend: null });
    const names = Object.keys(person).map((name) => name.toLowerCase()).sort();
    assert.deepEqual(names, ["age", "friend", "name", "tags"]);
    assert.deepEqual(Object.values(person), ["Åse", 41, ["x"], null]);
    // JSON in camel case, MessagePack as .NET names them.
    assert.equal("Name" in person, way.binary);
  });

  test(`${way.name}: calls in order, and calls that want no answer`, async (t) => {
    const connection = await open(t);
    const answers = await Promise.all([30, 20, 10, 0].map((ms) => connection.invoke("Later", ms, String(ms))));
    assert.deepEqual(answers, ["30", "20", "10", "0"]);
    const heard = record(connection, "Received");
    const sent = Array.from({ length: 40 }, (_, n) => String(n));
    for (const text of sent) await connection.send("SendCaller", text);
    await heard.count(sent.length);
    assert.deepEqual(heard.calls.flat(), sent);
    await connection.send("Throw", "unheard");
    await connection.send("NoSuchMethod");
    assert.equal(await connection.invoke("EchoInt", 1), 1);
    assert.equal(heard.calls.length, sent.length);
  });

  test(`${way.name}: arguments for the client`, async (t) => {
    const connection = await open(t);
    const [args, none] = [record(connection, "args"), record(connection, "NONE")];
    await connection.invoke("SendArgs");
    await connection.invoke("SendNone");
    await args.count(1);
    await none.count(1);
    assert.deepEqual(args.calls, [[1, "two", null, [3, 4], { five: 5.5 }, true]]);
    assert.deepEqual(none.calls, [[]]);
  });

  test(`${way.name}: errors, in the reference's words`, async (t) => {
    const connection = await open(t);
    const fails = async (text, ...call) => {
      const { message } = await refusal(connection.invoke(...call));
      assert.equal(message, text);
    };
    await fails("An unexpected error occurred invoking 'Throw' on the server.", "throw", "secret");
    await fails("An unexpected error occurred invoking 'ThrowHub' on the server. HubException: told", "ThrowHub", "told");
    await fails("An unexpected error occurred invoking 'ThrowLater' on the server. HubException: née <b>", "ThrowLater", "née <b>");
    await fails("Failed to invoke 'noSuch' due to an error on the server. HubException: Method does not exist.", "noSuch");
    await fails("Failed to invoke 'Add' due to an error on the server.", "Add", 1);
    await fails("Failed to invoke 'Add' due to an error on the server.", "Add", 1, "x");
    await fails("Failed to invoke 'Secret' because user is unauthorized", "Secret");
    await fails("The client attempted to invoke the streaming 'Counter' method with a non-streaming invocation.", "Counter", 1, 0);
    const { message } = await refusal(collect(connection.stream("EchoInt", 1)));
    assert.equal(message, "The client attempted to invoke the non-streaming 'EchoInt' method with a streaming invocation.");
    assert.equal(await connection.invoke("EchoInt", 1), 1, "the connection goes on");
  });

  test(`${way.name}: errors in detail`, async (t) => {
    const connection = await open(t, `${detailed.url}/lab`);
    const { message } = await refusal(connection.invoke("Throw", "told"));
    assert.equal(message, "An unexpected error occurred invoking 'Throw' on the server. InvalidOperationException: told");
    const count = await refusal(connection.invoke("Add", 1, 2, 3));
    assert.equal(count.message, "Failed to invoke 'Add' due to an error on the server. InvalidDataException: Invocation provides 3 argument(s) but target expects 2.");
  });

  test(`${way.name}: streams from the server`, async (t) => {
    const connection = await open(t);
    assert.deepEqual(await collect(connection.stream("Counter", 5, 1)), [0, 1, 2, 3, 4]);
    assert.deepEqual(await collect(connection.stream("CounterChannel", 300)), Array.from({ length: 300 }, (_, n) => n));
    assert.deepEqual(await collect(connection.stream("Counter", 0, 0)), []);
    const [one, other] = await Promise.all(["Counter", "Counter"].map((name) => collect(connection.stream(name, 20, 1))));
    assert.deepEqual(one, other);
    const failed = await refusal(collect(connection.stream("CounterThrows", 2, "half way")));
    assert.equal(failed.message, "An error occurred on the server while streaming results. HubException: half way");
    assert.deepEqual(failed.items, [0, 1]);
    const refused = await refusal(collect(connection.stream("CounterRefused", "no")));
    assert.equal(refused.message, "An unexpected error occurred invoking 'CounterRefused' on the server. HubException: no");
  });

  test(`${way.name}: a stream that the client wants no more of`, async (t) => {
    const connection = await open(t);
    const items = [];
    const id = await connection.invoke("ConnectionId");
    await within("some items", new Promise((resolve, reject) => {
      const subscription = connection.stream("Forever").subscribe({
        next: (item) => {
          items.push(item);
          if (items.length < 3) return;
          subscription.dispose();
          resolve();
        },
        error: reject,
        complete: () => reject(new Error("it is over")),
      });
    }));
    await lab.noted(id, "forever-ended");
    assert.deepEqual(items.slice(0, 3), [0, 1, 2]);
    assert.equal(await connection.invoke("EchoInt", 1), 1);
  });

  test(`${way.name}: streams to the server`, async (t) => {
    const connection = await open(t);
    const upload = new Subject();
    const answer = connection.invoke("Upload", upload);
    for (const item of ["a", "é", "🦀"]) upload.next(item);
    upload.complete();
    assert.equal(await within("the answer", answer), "a,é,🦀");

    // Not side by side: of adjacent streams the client takes only every other out of the arguments.
    const [left, right] = [new Subject(), new Subject()];
    const two = connection.invoke("UploadTwo", left, "sum", right);
    right.next(1);
    left.next("x");
    right.next(2);
    left.next("y");
    right.complete();
    left.complete();
    assert.equal(await within("the answer", two), "sum:xy:3");

    const many = new Subject();
    const sum = connection.invoke("UploadSum", many);
    for (let n = 1; n <= 200; n += 1) many.next(n);
    many.complete();
    assert.equal(await within("the sum", sum), 20_100);

    const [first, second] = [new Subject(), new Subject()];
    const both = Promise.all([connection.invoke("Upload", first), connection.invoke("UploadSum", second)]);
    second.next(1);
    first.next("x");
    second.next(2);
    first.next("y");
    second.complete();
    first.complete();
    assert.deepEqual(await within("both answers", both), ["x,y", 3]);

    const early = new Subject();
    const firstOf = connection.invoke("UploadFirst", early);
    early.next(7);
    assert.equal(await within("the first", firstOf), 7);
    // A late item harms nobody. The second call goes out behind it, so that none is still to be sent
    // when the client stops.
    early.next(8);
    for (const n of [1, 2]) assert.equal(await connection.invoke("EchoInt", n), n);
  });

  test(`${way.name}: a stream to the server that fails`, async (t) => {
    const connection = await open(t);
    const upload = new Subject();
    const answer = refusal(connection.invoke("Upload", upload));
    upload.next("a");
    upload.error("gave up");
    assert.equal((await answer).message, "An unexpected error occurred invoking 'Upload' on the server. HubException: gave up");
    const wrong = new Subject();
    const refused = refusal(connection.invoke("UploadSum", wrong));
    wrong.next("no number");
    assert.match((await refused).message, /^An unexpected error occurred invoking 'UploadSum' on the server\. HubException: Failed to bind Stream message\./);
  });

  test(`${way.name}: a stream up and one down`, async (t) => {
    const connection = await open(t);
    const upload = new Subject();
    const items = [];
    const done = new Promise((resolve, reject) => {
      connection.stream("Transform", upload).subscribe({ next: (item) => items.push(item), complete: resolve, error: reject });
    });
    for (const [n, item] of ["one", "two", "three"].entries()) {
      upload.next(item);
      await until("the item", () => items.length > n);
    }
    upload.complete();
    await within("the end", done);
    assert.deepEqual(items, ["ONE", "TWO", "THREE"]);
  });

  test(`${way.name}: results asked of the client`, async (t) => {
    const connection = await open(t);
    // Nobody answers yet.
    const none = await refusal(connection.invoke("Ask", "?"));
    assert.equal(none.message, "An unexpected error occurred invoking 'Ask' on the server. HubException: Client didn't provide a result.");
    connection.on("Ask", async (question) => {
      if (question === "fail") throw new Error("from the callback");
      return `${question}!`;
    });
    assert.equal(await connection.invoke("Ask", "who"), "who!");
    const failed = await refusal(connection.invoke("Ask", "fail"));
    assert.equal(failed.message, "An unexpected error occurred invoking 'Ask' on the server. HubException: Error: from the callback");
    const both = await Promise.all([connection.invoke("Ask", "a"), connection.invoke("Ask", "b")]);
    assert.deepEqual(both, ["a!", "b!"]);

    const other = await open(t);
    connection.on("AskNumber", (number) => number * 2);
    const id = await connection.invoke("ConnectionId");
    assert.equal(await other.invoke("AskClient", id, 21), 42);
    assert.equal(await (await fetch(`${hub}/ask/${id}`)).text(), "40");
    const gone = refusal(other.invoke("AskClient", "nobody", 1));
    assert.equal((await gone).message, "An unexpected error occurred invoking 'AskClient' on the server.");
  });

  test(`${way.name}: text beyond ASCII, and large payloads`, async (t) => {
    const connection = await open(t);
    for (const text of ["", "é你好😀", "\u0000\u0001\u001e\u007f", "\u2028\ufeff\ud83d\ude00", "\"quoted\" \\ / <&>'+"]) {
      assert.equal(await connection.invoke("EchoString", text), text);
    }
    const large = "é".repeat(16_000);
    assert.equal(await connection.invoke("EchoString", large), large);
    const answer = await connection.invoke("Repeat", "0123456789", 50_000);
    assert.equal(answer, "0123456789".repeat(50_000));
    const texts = Array.from({ length: 30 }, (_, n) => String(n).padEnd(10_000, "."));
    assert.deepEqual(await Promise.all(texts.map((text) => connection.invoke("EchoString", text))), texts);
  });

  test(`${way.name}: a message beyond the limit ends the connection`, async (t) => {
    const connection = client(hub, way);
    t.after(() => connection.stop());
    const { closed } = turns(connection);
    await connection.start();
    const call = refusal(connection.invoke("EchoString", "x".repeat(33_000)));
    const { error } = await closed();
    assert.match(String(error), /Server returned an error on close: Connection closed with an error\./);
    assert.ok(await call);
  });

  test(`${way.name}: whom the hub calls`, async (t) => {
    const [a, b, c] = await Promise.all([open(t), open(t), open(t)]);
    const [idA, idB] = await Promise.all([a, b].map((connection) => connection.invoke("ConnectionId")));
    const heard = [a, b, c].map((connection) => record(connection, "Received"));
    const group = `group of ${idA}`;
    await Promise.all([a, b].map((connection) => connection.invoke("JoinGroup", group)));
    /** What each has heard of a call, which is over once `c` has heard a word of its own. */
    const hears = async (expected, from, ...call) => {
      for (const { calls } of heard) calls.length = 0;
      await from.invoke(...call);
      await Promise.all([a, b, c].map((connection, n) => connection.invoke("SendCaller", "end").then(() => heard[n].until((calls) => calls.at(-1)?.[0] === "end"))));
      const texts = heard.map(({ calls }) => calls.flat().slice(0, -1));
      assert.deepEqual(texts, expected, call.join(" "));
    };
    await hears([["x"], ["x"], []], c, "SendGroup", group, "x");
    await hears([[], ["x"], []], a, "SendOthersInGroup", group, "x");
    await hears([["x"], [], []], c, "SendGroupExcept", group, [idB], "x");
    await hears([["x"], ["x"], []], c, "SendClients", [idA, idB], "x");
    await hears([["x"], [], []], c, "SendClient", idA, "x");
    await hears([["x"], ["x"], []], c, "SendGroups", [group, "nobody"], "x");
    await a.invoke("LeaveGroup", group);
    await hears([[], ["x"], []], c, "SendGroup", group, "x");
    await fetch(`${hub}/group/${encodeURIComponent(group)}?text=out`, { method: "POST" });
    await heard[1].until((calls) => calls.at(-1)?.[0] === "out");
  });

  test(`${way.name}: a client that stops is gone at once, without an error`, async (t) => {
    const connection = client(hub, way);
    t.after(() => connection.stop());
    const { closed } = turns(connection);
    await connection.start();
    const id = await connection.invoke("ConnectionId");
    if (!way.options.skipNegotiation) assert.equal(connection.connectionId, id);
    await within("stop()", connection.stop());
    assert.deepEqual(await closed(), { error: undefined });
    assert.ok(!(await lab.noted(id, "disconnected")), "the hub is told of no error");
    await within("another start", connection.start());
    assert.notEqual(await connection.invoke("ConnectionId"), id);
  });

  test(`${way.name}: a hub that aborts`, async (t) => {
    const connection = client(hub, way, (builder) => builder.withAutomaticReconnect([0]));
    t.after(() => connection.stop());
    const { closed } = turns(connection);
    let tries = 0;
    connection.onreconnecting(() => (tries += 1));
    await connection.start();
    await connection.send("Abort");
    assert.deepEqual(await closed(), { error: undefined });
    assert.equal(tries, 0, "it is told to stay away");
  });

  test(`${way.name}: a hub that refuses its clients`, async (t) => {
    for (const [refuse, text] of [
      ["throw", "Connection closed with an error."],
      ["hub", "Connection closed with an error. HubException: refused in OnConnected"],
    ]) {
      const connection = client(`${hub}?refuse=${refuse}`, way);
      t.after(() => connection.stop());
      const { closed } = turns(connection);
      // The handshake is good: the client may have started before it hears.
      const heard = await connection.start().then(async () => (await closed()).error, (error) => error);
      assert.match(String(heard), new RegExp(`^Error: Server returned an error on close: ${text}`));
    }
  });

  test(`${way.name}: what the client asked with`, async (t) => {
    const way2 = { ...way, options: { ...way.options, headers: { "X-Mine": "yes", Cookie: "flavour=oat" } } };
    const connection = await connect(t, `${hub}?room=5%20b&room=6`, way2);
    assert.equal(await connection.invoke("Query", "ROOM"), "5 b");
    assert.equal(await connection.invoke("Query", "none"), null);
    assert.equal(await connection.invoke("Header", "x-mine"), "yes");
    assert.equal(await connection.invoke("Header", "Cookie"), "flavour=oat");
    await connection.invoke("SetItem", "k", "v");
    assert.equal(await connection.invoke("GetItem", "k"), "v");
  });
}

test("a first message of the hub comes right behind the handshake", async (t) => {
  for (const way of ways) {
    const connection = client(`${hub}?hello=1`, way);
    t.after(() => connection.stop());
    const hello = record(connection, "Connected");
    await connection.start();
    await hello.count(1);
    assert.deepEqual(hello.calls, [[await connection.invoke("ConnectionId")]], way.name);
  }
});

test("clients of every kind hear each other", async (t) => {
  const connections = await Promise.all(ways.map((way) => connect(t, hub, way)));
  const heard = connections.map((connection) => record(connection, "Received"));
  await Promise.all(connections.map((connection) => connection.invoke("JoinGroup", "of every kind")));
  for (const connection of connections) await connection.invoke("SendGroup", "of every kind", "é😀");
  await Promise.all(heard.map((each) => each.count(ways.length)));
  for (const { calls } of heard) assert.deepEqual(calls, ways.map(() => ["é😀"]));
});
