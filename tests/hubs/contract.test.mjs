// The hubs that clients know, called by the unmodified official client.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { HubConnectionBuilder, LogLevel, Subject } from "@microsoft/signalr";
import { startServer } from "../support/server.mjs";

let server;
const open = [];

before(async () => {
  server = await startServer();
});

after(async () => {
  await Promise.all(open.map((hub) => hub.stop()));
  await server?.stop();
});

/** A connection to a hub; handlers of `events` are there before it starts. */
async function connect(path, events = {}) {
  const hub = new HubConnectionBuilder()
    .withUrl(server.url + path)
    .configureLogging(LogLevel.None)
    .build();
  for (const [event, handler] of Object.entries(events)) hub.on(event, handler);
  await hub.start();
  open.push(hub);
  return hub;
}

/** Collects what comes of an event; `until` waits for arguments that pass. */
function collector() {
  const seen = [];
  let look = () => {};
  const handler = (...args) => {
    seen.push(args);
    look();
  };
  const until = (passes) =>
    new Promise((resolve) => {
      look = () => {
        const found = seen.find((args) => passes(...args));
        if (found) resolve(found);
      };
      look();
    });
  return { seen, handler, until };
}

/** All items of a stream. */
function all(stream) {
  return new Promise((resolve, reject) => {
    const items = [];
    stream.subscribe({ next: (item) => items.push(item), complete: () => resolve(items), error: reject });
  });
}

/** What a call is refused with. */
const refused = (call) => call.then(() => assert.fail("was not refused"), (error) => error.message);

test("time: the clock ticks, as .NET writes it", async () => {
  const ticks = collector();
  await connect("/hubs/time", { updateCurrentTime: ticks.handler });
  const long = /^\w+day, \w+ \d{1,2}, \d{4} \d{1,2}:\d\d:\d\d [AP]M$/;
  const [first] = await ticks.until((text) => long.test(text));
  await ticks.until((text) => text !== first);
});

test("view: the total, colours to all and to a group, and refusals that name the field", async () => {
  const counts = collector();
  const backgrounds = collector();
  const oranges = collector();
  const yellows = collector();
  const one = await connect("/hubs/view", { viewCountUpdate: counts.handler, triggerColor: oranges.handler });
  const two = await connect("/hubs/view", { changeBackground: backgrounds.handler, triggerColor: yellows.handler });
  const total = await two.invoke("NotifyWatching");
  await counts.until((count) => count >= total);
  await two.invoke("incrementserverview");
  await counts.until((count) => count > total);

  await one.invoke("ChangeBackground", "teal");
  await backgrounds.until((color) => color === "teal");
  await one.invoke("JoinGroup", "Orange");
  await two.invoke("JoinGroup", "Yellow");
  await two.invoke("TriggerGroup", "Orange", "#ff8800");
  await oranges.until((color) => color === "#ff8800");
  await one.invoke("LeaveGroup", "Orange");
  await two.invoke("TriggerGroup", "Orange", "red");
  await two.invoke("TriggerGroup", "Yellow", "yellow");
  await yellows.until((color) => color === "yellow");
  assert.deepEqual(oranges.seen, [["#ff8800"]]);
  assert.match(await refused(one.invoke("ChangeBackground", "nocolor")), /HubException: color/);
});

test("userCount: views and users, counted exactly", async () => {
  const views = collector();
  const users = collector();
  const one = await connect("/hubs/userCount", { updateTotalViews: views.handler, updateTotalUsers: users.handler });
  await users.until((count) => count === 1);
  const many = await Promise.all(Array.from({ length: 20 }, () => connect("/hubs/userCount")));
  await users.until((count) => count === 21);
  const totals = await Promise.all(many.map((hub) => hub.invoke("NewWindowLoaded")));
  assert.equal(new Set(totals).size, 20);
  const last = Math.max(...totals);
  await views.until((total) => total === last);
  assert.equal(await one.invoke("NewWindowLoaded", "Ada"), `Successful. Thanks Ada, ${last + 1} views`);
  users.seen.length = 0;
  await Promise.all(many.map((hub) => hub.stop()));
  await users.until((count) => count === 1);
});

test("stringtools: results, and streams in both directions", async () => {
  const hub = await connect("/hubs/stringtools");
  assert.equal(await hub.invoke("GetFullName", "Ada", "Lovelace"), "Ada Lovelace");
  assert.equal(await hub.invoke("ReverseText", "signal"), "langis");
  assert.deepEqual(await all(hub.stream("StreamCharacters", "añ✓")), ["a", "ñ", "✓"]);
  const parts = new Subject();
  const whole = hub.invoke("Concat", parts);
  for (const part of ["one ", "two ", "three"]) parts.next(part);
  parts.complete();
  assert.equal(await whole, "one two three");
});

test("chat: a message goes to all, an empty one to nobody", async () => {
  const messages = collector();
  const one = await connect("/hubs/chat");
  await connect("/hubs/chat", { ReceiveMessage: messages.handler });
  assert.match(await refused(one.invoke("SendMessage", "Ada", " ")), /message: must not be empty/);
  await one.invoke("SendMessage", "Ada", "hello");
  await messages.until((user, message) => user === "Ada" && message === "hello");
  assert.equal(messages.seen.length, 1);
});

test("metrics: a snapshot, then updates without a hole, and the history as a stream", async () => {
  const updates = collector();
  const hub = await connect("/hubs/metrics", { metricsUpdate: updates.handler });
  const snapshot = await hub.invoke("Subscribe", "host", 0);
  assert.equal(snapshot.source, "host");
  await updates.until((_, sequence) => sequence >= snapshot.sequence + 3);
  const sequences = updates.seen.map(([, sequence]) => sequence);
  const first = sequences[0];
  assert.ok(first <= snapshot.sequence + 1);
  assert.deepEqual(sequences, sequences.map((_, index) => first + index));
  const history = await all(hub.stream("History", "host", 0, Date.now()));
  assert.ok(history.length >= 3);
  assert.match(await refused(hub.invoke("Subscribe", "nothing", 0)), /nothing.*host/s);
});

test("menti: votes by hub and by HTTP, and the tally that both push", async () => {
  const poll = await makePoll("Tea or coffee?", ["Tea", "Coffee"]);
  const tallies = collector();
  const watcher = await connect("/hubs/menti", { updateVotes: tallies.handler });
  assert.deepEqual(await watcher.invoke("GetTallies", poll), { Tea: 0, Coffee: 0 });

  const voters = await Promise.all(
    Array.from({ length: 10 }, (_, index) => connect(`/hubs/menti?voter=voter-${index}`)),
  );
  await Promise.all(voters.map((hub) => hub.invoke("Vote", poll, "Tea")));
  await voters[0].invoke("Vote", String(poll), "Coffee"); // changes its mind
  const response = await fetch(`${server.url}/api/polls/${poll}/votes`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ choice: "Coffee", voter: "a-program" }),
  });
  assert.equal(response.status, 200);
  await tallies.until((votes) => votes.Tea === 9 && votes.Coffee === 2);
  assert.match(await refused(watcher.invoke("Vote", poll, "Cocoa")), /HubException: This poll has no choice “Cocoa”/);
});

/** Makes a poll as staff do, by the form, and returns its number. */
async function makePoll(title, choices) {
  const cookies = new Map();
  const send = async (path, init = {}) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(new URL(path, server.url), { ...init, headers: { cookie }, redirect: "manual" });
    for (const set of response.headers.getSetCookie()) {
      const [name, value] = set.split(";")[0].split(/=(.*)/s);
      cookies.set(name, value);
    }
    return response;
  };
  await send(server.staffLink);
  const form = await (await send("/polls/new")).text();
  const csrf = form.match(/name="csrf" value="([^"]+)"/)[1];
  const choice = form.match(/name="(choices?(?:\[\])?)"/)[1];
  const body = new URLSearchParams([["csrf", csrf], ["title", title], ...choices.map((text) => [choice, text])]);
  const made = await send("/polls", { method: "POST", body });
  return Number(made.headers.get("location").match(/\/polls\/(\d+)$/)[1]);
}
