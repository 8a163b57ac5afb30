// The server goes and comes back: what clients notice, and what they find.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makePoll } from "../support/http.mjs";
import { client, connect, HttpTransportType, HubConnectionState, record, refusal } from "../support/hub.mjs";
import { startServer } from "../support/server.mjs";
import { within } from "../support/wait.mjs";

/** A server for one test alone. */
async function start(t) {
  const server = await startServer();
  t.after(() => server.stop());
  return server;
}

/** Tries again at once and for ever. */
const retry = (builder) => builder.withAutomaticReconnect({ nextRetryDelayInMilliseconds: () => 50 });

/** The next loss and the next return of a connection. */
function noticed(connection) {
  const lost = new Promise((resolve) => connection.onreconnecting((error) => resolve({ error })));
  const back = new Promise((resolve) => connection.onreconnected(resolve));
  return { lost: within("onreconnecting", lost), back: within("onreconnected", back) };
}

for (const signal of ["SIGTERM", "SIGKILL"]) {
  test(`after ${signal} and a restart a client is back by itself, resubscribes, and state is there`, async (t) => {
    const server = await start(t);
    const poll = await makePoll(server, "Lunch?", ["Soup", "Salad"]);
    const voter = await connect(t, server, "/hubs/menti?voter=ann", {}, retry);
    const time = await connect(t, server, "/hubs/time", {}, retry);
    const [votes, ticks] = [record(voter, "updateVotes"), record(time, "updateCurrentTime")];
    const { ballot } = await voter.invoke("Vote", poll.id, "Soup");
    const first = voter.connectionId;
    const [voting, ticking] = [noticed(voter), noticed(time)];

    await server.down(signal);
    const { error } = await voting.lost;
    // A server that stops says so in peace; one that is killed says nothing.
    assert.equal(error === undefined, signal === "SIGTERM", String(error));
    assert.equal(voter.state, HubConnectionState.Reconnecting);
    assert.ok(await refusal(voter.invoke("GetTallies", poll.id)));
    ticks.calls.length = 0;
    await server.up();
    const id = await voting.back;
    assert.notEqual(id, first);
    assert.equal(id, voter.connectionId);
    assert.equal(voter.state, HubConnectionState.Connected);

    // Groups are those of the old connection: without asking again nothing comes.
    const other = await connect(t, server, "/hubs/menti?voter=bob");
    const heard = record(other, "updateVotes");
    votes.calls.length = 0;
    await other.invoke("Vote", poll.id, "Salad");
    await heard.until(({ Salad }) => Salad === 1);
    assert.deepEqual(await voter.invoke("GetTallies", poll.id), { Soup: 1, Salad: 1 });
    assert.deepEqual(votes.calls, []);
    assert.equal((await voter.invoke("Vote", poll.id, "Salad")).ballot, ballot);
    await votes.until(({ Salad }) => Salad === 2);
    // Who only listens hears on.
    await ticking.back;
    await ticks.until();
  });
}

test("a stopping server says so, and a client without reconnect is told", async (t) => {
  const server = await start(t);
  const connection = await connect(t, server, "/hubs/chat");
  const closed = within("onclose", new Promise((resolve) => connection.onclose((error) => resolve({ error }))));
  await server.down();
  const { error } = await closed;
  assert.equal(connection.state, HubConnectionState.Disconnected);
  // A Close of the server, and not a socket that was cut.
  assert.equal(error, undefined);
});

test("a call that is under way when the server goes is rejected", async (t) => {
  const server = await start(t);
  const connection = await connect(t, server, "/hubs/chat");
  const stopped = server.down("SIGKILL");
  const answers = [];
  const closed = within("onclose", new Promise((resolve) => connection.onclose(resolve)));
  for (let n = 0; n < 20; n += 1) answers.push(connection.invoke("SendMessage", "ann", "hi"));
  const settled = await within("the outcomes", Promise.allSettled(answers));
  await stopped;
  await closed;
  assert.equal(settled.length, 20);
});

test("the given delays are used up, and then the connection closes", async (t) => {
  const server = await start(t);
  const delays = (builder) => builder.withAutomaticReconnect([0, 10]);
  const connection = await connect(t, server, "/hubs/chat", {}, delays);
  let lost = 0;
  connection.onreconnecting(() => (lost += 1));
  const closed = within("onclose", new Promise((resolve) => connection.onclose(resolve)));
  await server.down();
  await closed;
  assert.equal(lost, 1);
  await server.up();
  await connection.start();
  await connection.invoke("SendMessage", "ann", "hi");
});

for (const transport of ["ServerSentEvents", "LongPolling"]) {
  test(`${transport}: a client is back after a restart`, async (t) => {
    const server = await start(t);
    const options = { transport: HttpTransportType[transport] };
    const connection = await connect(t, server, "/hubs/chat", options, retry);
    const heard = record(connection, "ReceiveMessage");
    const { lost, back } = noticed(connection);
    await server.down("SIGKILL");
    await lost;
    await server.up();
    await back;
    await connection.invoke("SendMessage", "ann", "again");
    await heard.until((_, text) => text === "again");
  });
}

test("following a source goes on after a restart with a new epoch and all of its history", async (t) => {
  const server = await start(t);
  const connection = await connect(t, server, "/hubs/metrics", {}, retry);
  const updates = record(connection, "metricsUpdate");
  const before = await connection.invoke("Subscribe", "host", 0);
  await updates.until((_, number) => number === before.sequence + 3);
  const { back } = noticed(connection);
  await server.restart("SIGKILL");
  await back;
  updates.calls.length = 0;
  const after = await connection.invoke("Subscribe", "host", before.sequence + 3, before.epoch);
  assert.notEqual(after.epoch, before.epoch);
  assert.equal(after.history.length, after.sequence);
  const [, next] = await updates.until((_, number) => number > after.sequence);
  assert.equal(next, after.sequence + 1);
});

test("no one is counted as here who was here before the restart", async (t) => {
  const server = await start(t);
  const gone = client(server, "/hubs/userCount");
  t.after(() => gone.stop());
  await gone.start();
  await server.restart("SIGKILL");
  const connection = await connect(t, server, "/hubs/userCount");
  assert.equal((await connection.invoke("GetTotals")).users, 1);
});
