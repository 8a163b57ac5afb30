// /hubs/userCount: windows that are loaded, and who is here.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { connect, record } from "../support/hub.mjs";
import { startServer } from "../support/server.mjs";

const server = await startServer();
after(() => server.stop());

const path = "/hubs/userCount";

test("a new window counts and is thanked by name", async (t) => {
  const connection = await connect(t, server, path);
  const told = record(connection, "updateTotalViews");
  const total = await connection.invoke("NewWindowLoaded");
  assert.equal(typeof total, "number");
  for (const [args, answer] of [
    [["Ana"], `Successful. Thanks Ana, ${total + 1} views`],
    [[null], total + 2],
    [[""], total + 3],
    [["Åse 🦀"], `Successful. Thanks Åse 🦀, ${total + 4} views`],
  ]) {
    assert.equal(await connection.invoke("NewWindowLoaded", ...args), answer);
  }
  await told.until((views) => views === total + 4);
});

test("all are told the total of views", async (t) => {
  const [one, other] = await Promise.all([connect(t, server, path), connect(t, server, path)]);
  const [mine, theirs] = [one, other].map((c) => record(c, "updateTotalViews"));
  const total = await one.invoke("NewWindowLoaded");
  await Promise.all([mine, theirs].map((told) => told.until((views) => views === total)));
});

test("all are told how many are here whenever somebody comes or goes", async (t) => {
  const first = await connect(t, server, path);
  const told = record(first, "updateTotalUsers");
  const { users: alone } = await first.invoke("GetTotals");
  const second = await connect(t, server, path);
  await told.next((count) => count === alone + 1);
  const third = await connect(t, server, path);
  await told.next((count) => count === alone + 2);
  const gone = told.next((count) => count === alone + 1);
  await second.stop();
  await gone;
  const back = told.next((count) => count === alone);
  await third.stop();
  await back;
  assert.deepEqual((await first.invoke("GetTotals")).users, alone);
});

test("a page that asks for the totals adds nothing to them", async (t) => {
  const connection = await connect(t, server, path);
  const before = await connection.invoke("GetTotals");
  assert.deepEqual(await connection.invoke("GetTotals"), before);
  assert.deepEqual(Object.keys(before).sort(), ["users", "views"]);
});
