// What was found by comparing every word with ASP.NET Core's, and no library of a client says.
import assert from "node:assert/strict";
import { test } from "node:test";
import { labForFile } from "./support/lab.mjs";
import { call, rawClient } from "./support/raw.mjs";

const lab = await labForFile();
const detailed = await labForFile({ "detailed-errors": true });
const hub = `${lab.url}/lab`;

async function open(t, url = hub, options) {
  const client = await rawClient(url, options);
  t.after(() => client.stop());
  return client;
}

test("the error of a handshake waits for the next poll", async (t) => {
  const client = await open(t, hub, { handshake: '{"protocol":"pigeon","version":1}' });
  assert.deepEqual(await client.expect(1), ["{\"error\":\"The protocol 'pigeon' is not supported.\"}"]);
  assert.equal(await client.poll(), 204);
});

test("an upload under the id of another that runs is answered", async (t) => {
  const client = await open(t);
  await client.send(call("1", "Upload", [], { streamIds: ["x"] }));
  await client.send(call("2", "Upload", [], { streamIds: ["x"] }));
  await client.send({ type: 2, invocationId: "x", item: "v" }, { type: 3, invocationId: "x" });
  assert.equal(await client.find((text) => text.includes('"invocationId":"2"')), '{"type":3,"invocationId":"2","result":"v"}');
});

test("a method that was answered by its client goes on at once, whatever runs meanwhile", async (t) => {
  const client = await open(t);
  await client.send(call("1", "Ask", ["who?"]));
  const [question] = await client.expect(1);
  const { invocationId } = JSON.parse(question);
  await client.send(call("2", "Later", [2000, "slow"]));
  await client.send({ type: 3, invocationId, result: "me" });
  assert.deepEqual(await client.expect(2), ['{"type":3,"invocationId":"1","result":"me"}', '{"type":3,"invocationId":"2","result":"slow"}']);
});

test("who may not call a method does not learn that it is no stream", async (t) => {
  const client = await open(t);
  await client.send({ type: 4, invocationId: "1", target: "sEcReT", arguments: [] });
  assert.deepEqual(await client.expect(1), ["{\"type\":3,\"invocationId\":\"1\",\"error\":\"Failed to invoke 'Secret' because user is unauthorized\"}"]);
});

test("a connection that is named twice is called once", async (t) => {
  const client = await open(t);
  await client.send(call("1", "SendClients", [[client.id, client.id, "nobody"], "x"]));
  assert.deepEqual(await client.expect(2), ['{"type":1,"target":"Received","arguments":["x"]}', '{"type":3,"invocationId":"1","result":null}']);
});

test("a user who is named twice is called once", async (t) => {
  const token = await lab.token("ann");
  const client = await open(t, hub, { query: `&access_token=${token}` });
  await client.send(call("1", "SendUsers", [["ann", "ann"], "x"]));
  assert.deepEqual(await client.expect(2), ['{"type":1,"target":"Received","arguments":["x"]}', '{"type":3,"invocationId":"1","result":null}']);
});

test("an upload item that does not bind is explained in detail", async (t) => {
  const client = await open(t, `${detailed.url}/lab`);
  await client.send(call("1", "UploadSum", [], { streamIds: ["x"] }), { type: 2, invocationId: "x", item: "no" });
  const [answer] = await client.expect(1);
  assert.match(answer, /HubException: Failed to bind Stream message\. JsonException: ./);
});

test("a message beyond the limit is taken before it ends the connection", async (t) => {
  for (const size of [33_000, 60_000, 100_000]) {
    const client = await open(t);
    assert.deepEqual(await client.send(call("1", "EchoString", ["x".repeat(size)])), [200], `${size}`);
    assert.deepEqual(await client.expect(1), ['{"type":7,"error":"Connection closed with an error.","allowReconnect":true}']);
  }
});

test("a client that leaves in the middle of a message", async (t) => {
  const client = await open(t);
  await client.post('{"type":1,"invocationId":');
  await client.stop();
  assert.equal(await lab.noted(client.id, "disconnected"), "InvalidDataException: Connection terminated while reading a message.");
});

test("messages in pieces, cut anywhere", async (t) => {
  const client = await open(t);
  const bytes = Buffer.from(`${JSON.stringify(call("1", "EchoString", ["é你😀"]))}\u001e`);
  const statuses = await client.post(...Array.from(bytes, (_, n) => bytes.subarray(n, n + 1)));
  assert.deepEqual([...new Set(statuses)], [200]);
  const [answer] = await client.expect(1);
  assert.equal(JSON.parse(answer).result, "é你😀");
});

test("requests at the same time are all taken", async (t) => {
  const client = await open(t);
  const posts = Array.from({ length: 20 }, (_, n) => client.send(call(`${n}`, "EchoInt", [n])));
  assert.deepEqual((await Promise.all(posts)).flat(), posts.map(() => 200));
  const results = (await client.expect(20)).map((text) => JSON.parse(text).result);
  assert.deepEqual(results.sort((a, b) => a - b), posts.map((_, n) => n));
});

test("a poll takes the place of the one before, time after time", async (t) => {
  const client = await open(t);
  let last = fetch(client.address);
  for (let n = 0; n < 10; n += 1) {
    const next = fetch(client.address);
    // Of two that come together either may be the later.
    const over = await Promise.race([last.then(({ status }) => [status, next]), next.then(({ status }) => [status, last])]);
    assert.equal(over[0], 204);
    last = over[1];
  }
  await client.send(call("1", "EchoInt", [1]));
  const answer = await last;
  assert.equal(answer.status, 200);
  assert.equal(await answer.text(), '{"type":3,"invocationId":"1","result":1}\u001e');
});

test("an end can be asked for twice", async (t) => {
  const client = await open(t);
  assert.equal((await client.stop()).status, 202);
  await lab.noted(client.id, "disconnected");
  assert.ok([202, 404].includes((await client.stop()).status));
});

test("query names may be written in any way that says the same", async (t) => {
  for (const query of ["negotiate%56ersion=1", "NEGOTIATEVERSION=%31", "negotiateVersion=%201"]) {
    const answer = await fetch(`${hub}/negotiate?${query}`, { method: "POST" });
    assert.equal((await answer.json()).negotiateVersion, 1, query);
  }
  const client = await open(t, hub, { query: "&a%20b=1&%C3%A9=2" });
  await client.send(call("1", "Query", ["a b"]), call("2", "Query", ["é"]));
  assert.deepEqual((await client.expect(2)).map((text) => JSON.parse(text).result), ["1", "2"]);
});

test("methods of HTTP that a hub does not know", async () => {
  for (const method of ["PUT", "PATCH", "HEAD"]) {
    const answer = await fetch(`${hub}?id=x`, { method });
    assert.equal(answer.status, 405, method);
    assert.equal(await answer.text(), "");
  }
});
