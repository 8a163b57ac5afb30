// Calls that are right or wrong in the same way at every hub, with the reference's texts.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { collect, connect, HubConnectionState, record, refusal, Subject } from "../support/hub.mjs";
import { startServer } from "../support/server.mjs";

const server = await startServer();
after(() => server.stop());

const hubs = ["time", "view", "userCount", "menti", "stringtools", "chat", "metrics"];

const failed = (name) => `Failed to invoke '${name}' due to an error on the server.`;

test("an unknown method is named as it was called, at every hub", async (t) => {
  for (const hub of hubs) {
    const connection = await connect(t, server, `/hubs/${hub}`);
    for (const name of ["NoSuchMethod", "no such méthod", "OnConnected", "on_connected"]) {
      const text = `${failed(name)} HubException: Method does not exist.`;
      assert.equal(await refusal(connection.invoke(name)), text, hub);
      assert.equal(await refusal(collect(connection.stream(name))), text, hub);
    }
    assert.equal(connection.state, HubConnectionState.Connected);
  }
});

test("too few, too many and wrong arguments are refused without a reason that tells secrets", async (t) => {
  for (const [hub, method, ...wrong] of [
    ["view", "NotifyWatching", [1]],
    ["view", "ChangeBackground", [], [7], [null], ["red", "red"]],
    ["view", "TriggerGroup", ["Orange"], ["Orange", {}], ["Orange", "red", 1]],
    ["userCount", "NewWindowLoaded", [7], ["ann", "bob"]],
    ["menti", "Vote", [], [1], [1, 2, 3], [{}, 1], [1, true], [1, null], [1.5, 1]],
    ["menti", "GetTallies", [], [null], [[1]]],
    ["stringtools", "GetFullName", ["Ada"], ["Ada", 7], ["Ada", "Lovelace", ""]],
    ["stringtools", "ReverseText", [], [["a"]], [true]],
    ["chat", "SendMessage", ["ann"], ["ann", null], [1, 2]],
    ["metrics", "Subscribe", [], ["host"], ["host", -1], ["host", "0"], [0, "host"], ["host", 0, "e", 1]],
    ["metrics", "Unsubscribe", [], [null]],
  ]) {
    const connection = await connect(t, server, `/hubs/${hub}`);
    for (const args of wrong) {
      const what = `${method}(${JSON.stringify(args)})`;
      assert.equal(await refusal(connection.invoke(method, ...args)), failed(method), what);
    }
  }
});

test("methods are found whatever their case, and errors then name the method itself", async (t) => {
  const connection = await connect(t, server, "/hubs/stringtools");
  for (const name of ["GetFullName", "getFullName", "getfullname", "GETFULLNAME"]) {
    assert.equal(await connection.invoke(name, "Ada", "Lovelace"), "Ada Lovelace");
    assert.equal(await refusal(connection.invoke(name, 1)), failed("GetFullName"));
  }
  assert.deepEqual(await collect(connection.stream("streamcharacters", "ab")), ["a", "b"]);
  const lobby = await connect(t, server, "/hubs/chat");
  const heard = record(lobby, "receivemessage"); // the client matches events without case as well
  await lobby.invoke("sendmessage", "ann", "hi");
  assert.deepEqual(await heard.until(), ["ann", "hi"]);
});

test("the path of a hub is found whatever its case", async (t) => {
  const connection = await connect(t, server, "/HUBS/StringTools");
  assert.equal(await connection.invoke("ReverseText", "ab"), "ba");
});

test("a stream is streamed, and what is none is invoked", async (t) => {
  const connection = await connect(t, server, "/hubs/stringtools");
  assert.equal(
    await refusal(connection.invoke("StreamCharacters", "ab")),
    "The client attempted to invoke the streaming 'StreamCharacters' method with a non-streaming invocation.",
  );
  assert.equal(
    await refusal(collect(connection.stream("ReverseText", "ab"))),
    "The client attempted to invoke the non-streaming 'ReverseText' method with a streaming invocation.",
  );
  assert.equal(await refusal(collect(connection.stream("StreamCharacters", 7))), failed("StreamCharacters"));
});

test("uploads are as many as the method takes", async (t) => {
  const connection = await connect(t, server, "/hubs/stringtools");
  const failedCall = (name) => `An unexpected error occurred invoking '${name}' on the server.`;
  assert.equal(
    await refusal(connection.invoke("Concat")),
    `${failedCall("Concat")} HubException: Client sent 0 stream(s), Hub method expects 1.`,
  );
  assert.equal(
    await refusal(connection.invoke("ReverseText", "ab", new Subject())),
    `${failedCall("ReverseText")} HubException: Client sent 1 stream(s), Hub method expects 0.`,
  );
});

test("what is sent without waiting fails in silence, and the connection goes on", async (t) => {
  const connection = await connect(t, server, "/hubs/chat");
  const heard = record(connection, "ReceiveMessage");
  for (const args of [["NoSuchMethod"], ["SendMessage"], ["SendMessage", "", ""], ["SendMessage", "ann", "hi"]]) {
    await connection.send(...args);
  }
  await heard.until();
  assert.deepEqual(heard.calls, [["ann", "hi"]]);
});

test("a message that is too long ends the connection, and no other", async (t) => {
  const [one, other] = await Promise.all([1, 2].map(() => connect(t, server, "/hubs/stringtools")));
  const closed = new Promise((resolve) => one.onclose(resolve));
  const answer = refusal(one.invoke("ReverseText", "x".repeat(40_000)));
  const error = await closed;
  assert.match(error.message, /^Server returned an error on close: Connection closed with an error\./);
  assert.ok(await answer);
  assert.equal(await other.invoke("ReverseText", "ab"), "ba");
});

test("what a hub does not know by name is no address", async () => {
  for (const [method, path, status] of [
    ["POST", "/hubs/nothing/negotiate?negotiateVersion=1", 404],
    ["POST", "/hubs/negotiate?negotiateVersion=1", 404],
    ["GET", "/hubs/time?id=unknown", 404],
    ["GET", "/hubs/time", 400],
  ]) {
    const response = await fetch(server.url + path, { method });
    assert.equal(response.status, status, `${method} ${path}`);
  }
});
