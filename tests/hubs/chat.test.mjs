// /hubs/chat: the open lobby.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { connect, record, refusal } from "../support/hub.mjs";
import { startServer } from "../support/server.mjs";

const server = await startServer();
after(() => server.stop());

const path = "/hubs/chat";

test("a message goes to all, the sender included, as it was written", async (t) => {
  const [one, other] = await Promise.all([connect(t, server, path), connect(t, server, path)]);
  const [mine, theirs] = [one, other].map((c) => record(c, "ReceiveMessage"));
  const said = ["Åse", "<b>hi</b> \"you\" \\ \u2028 🦀\n"];
  assert.equal(await one.invoke("SendMessage", ...said), null);
  for (const heard of [mine, theirs]) assert.deepEqual(await heard.until(), said);
});

test("messages of one sender arrive in their order", async (t) => {
  const [one, other] = await Promise.all([connect(t, server, path), connect(t, server, path)]);
  const heard = record(other, "ReceiveMessage");
  const texts = Array.from({ length: 100 }, (_, n) => String(n));
  for (const text of texts) await one.send("SendMessage", "ann", text);
  await heard.until((_, text) => text === "99");
  assert.deepEqual(heard.calls.map(([, text]) => text), texts);
});

test("what is empty or too long is refused by name and goes to nobody", async (t) => {
  const connection = await connect(t, server, path);
  const heard = record(connection, "ReceiveMessage");
  for (const [user, message, text] of [
    [" ", "hi", "user: must not be empty."],
    ["ann", "\n", "message: must not be empty."],
    ["x".repeat(51), "hi", "user: at most 50 characters."],
    ["ann", "x".repeat(2001), "message: at most 2000 characters."],
  ]) {
    assert.equal(
      await refusal(connection.invoke("SendMessage", user, message)),
      `An unexpected error occurred invoking 'SendMessage' on the server. HubException: ${text}`,
    );
  }
  const longest = ["ж".repeat(50), "ж".repeat(2000)];
  await connection.invoke("SendMessage", ...longest);
  await heard.until();
  assert.deepEqual(heard.calls, [longest]);
});
