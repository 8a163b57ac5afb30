// /hubs/view: watching, and colours for all or for a group.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { connect, record, refusal } from "../support/hub.mjs";
import { startServer } from "../support/server.mjs";

const server = await startServer();
after(() => server.stop());

const path = "/hubs/view";

test("who watches counts, and all are told", async (t) => {
  const [one, other] = await Promise.all([connect(t, server, path), connect(t, server, path)]);
  const [mine, theirs] = [one, other].map((c) => record(c, "viewCountUpdate"));
  const total = await one.invoke("NotifyWatching");
  assert.equal(typeof total, "number");
  await Promise.all([mine, theirs].map((told) => told.until((count) => count === total)));
  assert.equal(await other.invoke("NotifyWatching"), total + 1);
  await theirs.until((count) => count === total + 1);
});

test("the server's view counts without an answer", async (t) => {
  const connection = await connect(t, server, path);
  const told = record(connection, "viewCountUpdate");
  const before = await connection.invoke("NotifyWatching");
  assert.equal(await connection.invoke("IncrementServerView"), null);
  await told.until((count) => count === before + 1);
  await connection.send("IncrementServerView");
  await told.until((count) => count === before + 2);
  assert.equal(await connection.invoke("NotifyWatching"), before + 3);
});

test("a background goes to all, as it was written", async (t) => {
  const [one, other] = await Promise.all([connect(t, server, path), connect(t, server, path)]);
  const [mine, theirs] = [one, other].map((c) => record(c, "changeBackground"));
  for (const color of ["Yellow", "#FFA500", "#0f08"]) {
    await one.invoke("ChangeBackground", color);
    await Promise.all([mine, theirs].map((told) => told.until((text) => text === color)));
  }
});

test("a group's colour goes to its members alone", async (t) => {
  const [orange, yellow, both] = await Promise.all([1, 2, 3].map(() => connect(t, server, path)));
  const [o, y, b] = [orange, yellow, both].map((c) => record(c, "triggerColor"));
  await orange.invoke("JoinGroup", "Orange");
  await yellow.invoke("JoinGroup", "Yellow");
  await both.invoke("JoinGroup", "Orange");
  await both.invoke("JoinGroup", "Yellow");
  // One sender, so that all arrive in the order of sending.
  await yellow.invoke("TriggerGroup", "Orange", "orange");
  await yellow.invoke("TriggerGroup", "Yellow", "yellow");
  await yellow.invoke("TriggerGroup", "Orange", "black");
  await Promise.all([o.until((c) => c === "black"), b.until((c) => c === "black")]);
  await yellow.invoke("JoinGroup", "Orange");
  await yellow.invoke("TriggerGroup", "Orange", "white");
  await Promise.all([o, y, b].map((told) => told.until((c) => c === "white")));
  assert.deepEqual(o.calls, [["orange"], ["black"], ["white"]]);
  assert.deepEqual(y.calls, [["yellow"], ["white"]]);
  assert.deepEqual(b.calls, [["orange"], ["yellow"], ["black"], ["white"]]);
});

test("who has left a group hears it no more, and groups differ by case", async (t) => {
  const connection = await connect(t, server, path);
  const told = record(connection, "triggerColor");
  await connection.invoke("JoinGroup", "Orange");
  await connection.invoke("JoinGroup", "Last");
  await connection.invoke("LeaveGroup", "orange");
  await connection.invoke("TriggerGroup", "Orange", "orange");
  await connection.invoke("LeaveGroup", "Orange");
  await connection.invoke("LeaveGroup", "Orange"); // once more does no harm
  await connection.invoke("TriggerGroup", "Orange", "red");
  await connection.invoke("TriggerGroup", "Last", "green");
  await told.until((color) => color === "green");
  assert.deepEqual(told.calls, [["orange"], ["green"]]);
});

test("what is no colour and no group is refused by name", async (t) => {
  const connection = await connect(t, server, path);
  const told = record(connection, "changeBackground");
  const failed = (method) => `An unexpected error occurred invoking '${method}' on the server. HubException: `;
  const noColor = "color: 'url(x)' is no CSS colour name and no #hex value.";
  const noGroup = "group: 1 to 50 characters.";
  for (const [method, args, text] of [
    ["ChangeBackground", ["url(x)"], noColor],
    ["ChangeBackground", [""], "color: '' is no CSS colour name and no #hex value."],
    ["TriggerGroup", ["Orange", "url(x)"], noColor],
    ["TriggerGroup", ["", "red"], noGroup],
    ["JoinGroup", [""], noGroup],
    ["JoinGroup", ["x".repeat(51)], noGroup],
    ["LeaveGroup", [""], noGroup],
  ]) {
    assert.equal(await refusal(connection.invoke(method, ...args)), failed(method) + text);
  }
  await connection.invoke("ChangeBackground", "red");
  await told.until((color) => color === "red");
  assert.deepEqual(told.calls, [["red"]]);
});
