// /hubs/time: the clock.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { connect, record } from "../support/hub.mjs";
import { startServer } from "../support/server.mjs";

const server = await startServer();
after(() => server.stop());

const date = new Intl.DateTimeFormat("en-US", { dateStyle: "full", timeZone: "UTC" });
const time = new Intl.DateTimeFormat("en-US", { timeStyle: "medium", timeZone: "UTC" });

/** As .NET writes "F" in American English. */
function longTime(at) {
  return `${date.format(at)} ${time.format(at).replace(/\s/g, " ")}`;
}

test("the time comes in UTC as a long date and time", async (t) => {
  const ticks = record(await connect(t, server, "/hubs/time"), "updateCurrentTime");
  const earliest = Date.now() - 1000; // the text has whole seconds
  const [text, ...more] = await ticks.next();
  assert.deepEqual(more, []);
  const at = Date.parse(`${text} UTC`);
  assert.equal(text, longTime(at));
  assert.ok(at >= earliest && at <= Date.now(), `${text} is not now`);
});

test("it comes twice a second and goes on", async (t) => {
  const ticks = record(await connect(t, server, "/hubs/time"), "updateCurrentTime");
  await ticks.next();
  const begun = performance.now();
  for (let count = 0; count < 6; count += 1) await ticks.next();
  const each = (performance.now() - begun) / 6;
  assert.ok(each > 400 && each < 700, `every ${each.toFixed(0)} ms`);
  const times = ticks.calls.map(([text]) => Date.parse(`${text} UTC`));
  assert.deepEqual(times, [...times].sort());
  assert.ok(times.at(-1) > times[0]);
});

test("all who are connected hear the same, and who has switched off hears nothing", async (t) => {
  const [one, other] = await Promise.all([1, 2].map(() => connect(t, server, "/hubs/time")));
  const [quiet, kept, others] = [one, one, other].map((c) => record(c, "updateCurrentTime"));
  const [text] = await quiet.next();
  await others.until((heard) => heard === text);
  quiet.off();
  const heard = quiet.calls.length;
  await kept.next();
  await kept.next();
  assert.equal(quiet.calls.length, heard);
  one.off("updateCurrentTime");
  const last = kept.calls.length;
  await others.next();
  await others.next();
  assert.equal(kept.calls.length, last);
});
