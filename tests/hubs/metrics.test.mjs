// /hubs/metrics: the host's vitals and other series, without holes.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { collect, connect, record, refusal } from "../support/hub.mjs";
import { startServer } from "../support/server.mjs";

const server = await startServer();
after(() => server.stop());

const path = "/hubs/metrics";

before(async () => {
  // The first sample comes a blink after the start.
  const connection = await connect({ after }, server, path);
  const updates = record(connection, "metricsUpdate");
  const { sequence } = await connection.invoke("Subscribe", "host", 0);
  if (sequence === 0) await updates.until();
  await connection.stop();
});

/** The numbers of a source's updates so far. */
const numbers = (updates) => updates.calls.map(([, sequence]) => sequence);

/** As many numbers from `first` on. */
const row = (first, length) => Array.from({ length }, (_, index) => first + index);

test("subscribing opens full: the newest sample, the history, the sequence", async (t) => {
  const connection = await connect(t, server, path);
  const { sample, history, ...rest } = await connection.invoke("Subscribe", "host", 0);
  const { epoch, sequence } = rest;
  assert.deepEqual(rest, { source: "host", epoch, sequence, interval: 1000 });
  assert.ok(epoch && sequence >= 1);
  assert.equal(history.length, sequence, "all samples are kept at first");
  const { at, cpu, memory, load, received, sent } = sample;
  assert.deepEqual(history.at(-1), { at, cpu, memory, load, received, sent });
  assert.ok(Math.abs(Date.now() - at) < 5000);
  assert.ok(cpu >= 0 && cpu <= 100);
  assert.ok(sample.cores.length > 0 && sample.cores.every((core) => core >= 0 && core <= 100));
  assert.ok(memory > 0 && memory <= sample.memoryTotal && sample.memoryAvailable > 0);
  for (const name of ["swap", "swapTotal", "load", "load5", "load15", "received", "sent", "uptime"]) {
    assert.ok(sample[name] >= 0, name);
  }
  for (const disk of sample.disks) assert.ok(disk.mount && disk.used <= disk.total);
});

test("updates follow the snapshot without holes, and once each", async (t) => {
  const connection = await connect(t, server, path);
  const updates = record(connection, "metricsUpdate");
  const { sequence } = await connection.invoke("Subscribe", "host", 0);
  await connection.invoke("Subscribe", "host", sequence); // twice, and still once each
  await updates.until((_, number) => number >= sequence + 4);
  const seen = numbers(updates);
  assert.ok(seen[0] <= sequence + 1);
  assert.deepEqual(seen, row(seen[0], seen.length));
  const times = updates.calls.map(([source, , sample]) => (assert.equal(source, "host"), sample.at));
  assert.deepEqual(times, [...times].sort((a, b) => a - b));
});

test("since goes on where the client was, without repetition", async (t) => {
  const connection = await connect(t, server, path);
  const updates = record(connection, "metricsUpdate");
  const first = await connection.invoke("Subscribe", "host", 0);
  await connection.invoke("Unsubscribe", "host");
  const witness = await connect(t, server, path);
  const others = record(witness, "metricsUpdate");
  await witness.invoke("Subscribe", "host", 0);
  await others.until((_, number) => number >= first.sequence + 2);
  updates.calls.length = 0;
  const second = await connection.invoke("Subscribe", "host", first.sequence, first.epoch);
  assert.ok(second.sequence >= first.sequence + 2);
  assert.equal(second.history.length, second.sequence - first.sequence);
  assert.equal(new Set([...first.history, ...second.history].map(({ at }) => at)).size, second.sequence);
  const [, next] = await updates.until((_, number) => number > second.sequence);
  assert.equal(next, second.sequence + 1);
  const nothing = await connection.invoke("Subscribe", "host", next, first.epoch);
  assert.equal(nothing.history.length, nothing.sequence - next);
});

test("another run's since, or one that is ahead, gets all history", async (t) => {
  const connection = await connect(t, server, path);
  const { sequence, epoch } = await connection.invoke("Subscribe", "host", 0);
  for (const args of [[sequence, "another"], [sequence + 1000, epoch], [sequence + 1000]]) {
    const snapshot = await connection.invoke("Subscribe", "host", ...args);
    assert.equal(snapshot.history.length, snapshot.sequence);
  }
});

test("who unsubscribes hears no more, and the others do", async (t) => {
  const [one, other] = await Promise.all([connect(t, server, path), connect(t, server, path)]);
  const [mine, theirs] = [one, other].map((c) => record(c, "metricsUpdate"));
  for (const connection of [one, other]) await connection.invoke("Subscribe", "host", 0);
  await mine.next();
  await one.invoke("Unsubscribe", "host");
  const heard = numbers(mine);
  await theirs.until((_, number) => number >= heard.at(-1) + 2);
  await one.invoke("Unsubscribe", "host"); // a round trip: whatever was sent is here by now
  assert.deepEqual(numbers(mine), heard);
});

test("history comes as a stream, each sample with its number, from one time to another", async (t) => {
  const connection = await connect(t, server, path);
  const updates = record(connection, "metricsUpdate");
  await connection.invoke("Subscribe", "host", 0);
  await updates.until((_, number) => number >= 4);
  const { history } = await connection.invoke("Subscribe", "host", 0);
  const points = (from, to) => collect(connection.stream("History", "host", from, to));
  const all = await points(0, Date.now() + 60_000);
  assert.deepEqual(all.map(({ sequence }) => sequence), row(1, all.length));
  assert.deepEqual(all.slice(0, history.length).map(({ sample }) => sample), history);
  assert.ok(all.every(({ at, sample }) => at === sample.at));
  assert.deepEqual(await points(all[1].at, all[2].at), all.slice(1, 3));
  assert.deepEqual(await points(all[2].at, all[1].at), []);
});

test("the hosted services are a source too", async (t) => {
  const connection = await connect(t, server, path);
  const updates = record(connection, "metricsUpdate");
  const { interval, history } = await connection.invoke("Subscribe", "services", 0);
  assert.deepEqual([interval, history], [1000, []]);
  const [, first, { services }] = await updates.next();
  assert.deepEqual(
    services.map(({ name }) => name).sort(),
    ["clock", "host vitals", "service status", "tallies", "view counts", "view store"],
  );
  assert.ok(services.every(({ healthy, state }) => healthy && state === "running"));
  const [, second, later] = await updates.next();
  assert.equal(second, first + 1);
  const ticks = ({ services: all }) => all.find(({ name }) => name === "clock").ticks;
  assert.ok(ticks(later) > ticks({ services }));
});

test("an unknown source is named with those that are known", async (t) => {
  const connection = await connect(t, server, path);
  const text = "HubException: There is no source 'hots'. Sources: host, services.";
  for (const [method, call] of [
    ["Subscribe", () => connection.invoke("Subscribe", "hots", 0)],
    ["Unsubscribe", () => connection.invoke("Unsubscribe", "hots")],
    ["History", () => collect(connection.stream("History", "hots", 0, 1))],
  ]) {
    assert.equal(
      await refusal(call()),
      `An unexpected error occurred invoking '${method}' on the server. ${text}`,
    );
  }
});
