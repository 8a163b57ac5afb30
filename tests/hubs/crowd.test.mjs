// Many at once: every count is exact.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { makePoll, pollOf, post } from "../support/http.mjs";
import { connect, HttpTransportType, record } from "../support/hub.mjs";
import { startServer } from "../support/server.mjs";

const server = await startServer();
after(() => server.stop());

const many = (count, make) => Promise.all(Array.from({ length: count }, (_, n) => make(n)));

test("50 voters at once, by hub and API: the tally is exact and each has one ballot", async (t) => {
  const choices = ["Soup", "Salad", "Cake"];
  const poll = await makePoll(server, "Lunch?", choices);
  const watcher = await connect(t, server, "/hubs/menti");
  const told = record(watcher, "updateVotes");
  await watcher.invoke("GetTallies", poll.id);

  const transports = Object.values(HttpTransportType).filter((way) => way > 0);
  const hubs = await many(25, (n) =>
    connect(t, server, `/hubs/menti?voter=voter-${n}`, { transport: transports[n % transports.length] }),
  );
  const cast = (n, choice) =>
    n < 25
      ? hubs[n].invoke("Vote", poll.id, choice)
      : post(server, poll.id, { choice, voter: `voter-${n}` }).then(({ answer }) => answer);

  const receipts = await many(50, (n) => cast(n, choices[n % 3]));
  assert.equal(new Set(receipts.map(({ ballot }) => ballot)).size, 50);
  assert.deepEqual(receipts.map(({ choice }) => choice), receipts.map((_, n) => choices[n % 3]));
  const tally = { Soup: 17, Salad: 17, Cake: 16 };
  await told.until((votes) => JSON.stringify(votes) === JSON.stringify(tally));
  assert.deepEqual(await watcher.invoke("GetTallies", poll.id), tally);
  assert.equal((await pollOf(server, poll.id)).voters, 50);
});

test("50 voters who change their minds in a storm have 50 ballots", async (t) => {
  const poll = await makePoll(server, "Lunch?", ["Soup", "Salad"]);
  const watcher = await connect(t, server, "/hubs/menti");
  const told = record(watcher, "updateVotes");
  await watcher.invoke("GetTallies", poll.id);
  const hubs = await many(25, (n) => connect(t, server, `/hubs/menti?voter=voter-${n}`));
  // Everybody votes six times at once; who is first by hub is last by API or the other way round.
  await many(50, (n) => {
    const voter = `voter-${n}`;
    const byApi = (choice) => post(server, poll.id, { choice, voter });
    const byHub = (choice) => hubs[n].invoke("Vote", poll.id, choice);
    const ways = n < 25 ? [byApi, byHub] : [byApi, byApi];
    return many(6, (round) => ways[round % 2]((round % 2) + 1));
  });
  const { voters, choices } = await pollOf(server, poll.id);
  assert.equal(voters, 50);
  assert.equal(choices[0].votes + choices[1].votes, 50);
  for (const [votes] of told.calls) assert.ok(votes.Soup + votes.Salad <= 50);
  // And one more word of each, in its turn: the sum is known to the vote.
  await many(50, (n) => post(server, poll.id, { choice: (n % 2) + 1, voter: `voter-${n}` }));
  await told.until(({ Soup, Salad }) => Soup === 25 && Salad === 25);
  assert.deepEqual(await watcher.invoke("GetTallies", poll.id), { Soup: 25, Salad: 25 });
});

test("a storm of votes is pushed at most ten times a second, and its end goes out", async (t) => {
  const poll = await makePoll(server, "Lunch?", ["Soup", "Salad"]);
  const watcher = await connect(t, server, "/hubs/menti");
  const told = record(watcher, "updateVotes");
  await watcher.invoke("GetTallies", poll.id);
  const begun = performance.now();
  await many(300, (n) => post(server, poll.id, { choice: 1, voter: `voter-${n}` }));
  await told.until(({ Soup }) => Soup === 300);
  const seconds = (performance.now() - begun) / 1000;
  assert.ok(told.calls.length <= 10 * seconds + 2, `${told.calls.length} in ${seconds.toFixed(2)} s`);
  const counts = told.calls.map(([{ Soup }]) => Soup);
  assert.deepEqual(counts, [...counts].sort((a, b) => a - b));
});

test("200 page views at once are 200 page views", async (t) => {
  const connection = await connect(t, server, "/hubs/userCount");
  const told = record(connection, "updateTotalViews");
  const { views: before } = await connection.invoke("GetTotals");
  const pages = ["/", "/polls", "/p", "/staff"];
  const statuses = await many(200, async (n) => {
    const response = await fetch(server.url + pages[n % pages.length]);
    await response.text();
    return response.status;
  });
  assert.ok(statuses.every((status) => status === 200));
  await told.until((views) => views === before + 200);
  // What is no page that was shown does not count.
  for (const path of ["/nothing", "/polls/new", "/healthz", "/api/polls/999999", "/p/ZZZZZZ"]) {
    await fetch(server.url + path);
  }
  await fetch(server.url, { method: "HEAD" });
  assert.equal((await connection.invoke("GetTotals")).views, before + 200);
});

test("windows and watchers at once each get a total of their own", async (t) => {
  const [users, views] = await Promise.all(
    ["userCount", "view"].map((hub) => many(10, () => connect(t, server, `/hubs/${hub}`))),
  );
  const { views: before } = await users[0].invoke("GetTotals");
  const totals = await many(200, (n) => {
    const at = Math.floor(n / 2) % 10;
    return n % 2 ? users[at].invoke("NewWindowLoaded") : views[at].invoke("NotifyWatching");
  });
  assert.deepEqual(totals.sort((a, b) => a - b), totals.map((_, n) => before + 1 + n));
});

test("40 who come and go at once are counted to the last", async (t) => {
  const witness = await connect(t, server, "/hubs/userCount");
  const told = record(witness, "updateTotalUsers");
  const { users: before } = await witness.invoke("GetTotals");
  const come = told.next((count) => count === before + 40);
  const all = await many(40, () => connect(t, server, "/hubs/userCount"));
  await come;
  assert.equal((await witness.invoke("GetTotals")).users, before + 40);
  const gone = told.next((count) => count === before);
  await Promise.all(all.map((connection) => connection.stop()));
  await gone;
  assert.equal((await witness.invoke("GetTotals")).users, before);
});
