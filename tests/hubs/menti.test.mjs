// /hubs/menti: voting, and tallies as they move.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { makePoll, pollOf, post, setOpen } from "../support/http.mjs";
import { connect, record, refusal } from "../support/hub.mjs";
import { startServer } from "../support/server.mjs";

const server = await startServer();
after(() => server.stop());

const path = "/hubs/menti";
const lunch = () => makePoll(server, "Lunch?", ["Soup", "Salad", "Cake"]);
const voted = (soup, salad, cake) => ({ Soup: soup, Salad: salad, Cake: cake });
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** Asks for the tallies of a poll; what comes of them from then on. */
async function follow(t, poll) {
  const connection = await connect(t, server, path);
  const told = record(connection, "updateVotes");
  await connection.invoke("GetTallies", poll.id);
  return { connection, told, until: (votes) => told.until((now) => same(now, votes)) };
}

test("a vote is answered with its receipt", async (t) => {
  const poll = await lunch();
  const connection = await connect(t, server, `${path}?voter=ann`);
  const receipt = await connection.invoke("Vote", poll.id, "Soup");
  const { ballot, ...rest } = receipt;
  assert.deepEqual(rest, { poll: poll.id, choice: "Soup", votes: voted(1, 0, 0), total: 1 });
  assert.equal(typeof ballot, "number");
  const changed = await connection.invoke("Vote", poll.id, "Cake");
  assert.deepEqual(changed, { ...receipt, choice: "Cake", votes: voted(0, 0, 1) });
});

test("a poll is named by number, digits or code, a choice by text or number", async (t) => {
  const poll = await lunch();
  const connection = await connect(t, server, path);
  for (const named of [poll.id, String(poll.id), poll.code, poll.code.toLowerCase()]) {
    for (const [choice, votes] of [
      ["Soup", voted(1, 0, 0)],
      [" sALAD ", voted(0, 1, 0)],
      [3, voted(0, 0, 1)],
    ]) {
      const receipt = await connection.invoke("Vote", named, choice);
      assert.deepEqual([receipt.poll, receipt.votes], [poll.id, votes]);
      assert.deepEqual(await connection.invoke("GetTallies", named), votes);
    }
  }
});

test("who follows a poll is told of every vote, by hub or API, as a map in the poll's order", async (t) => {
  const poll = await lunch();
  const watcher = await follow(t, poll);
  const voter = await connect(t, server, `${path}?voter=ann`);
  await voter.invoke("Vote", poll.id, "Cake");
  await watcher.until(voted(0, 0, 1));
  await post(server, poll.id, { choice: "Soup", voter: "bob" });
  await watcher.until(voted(1, 0, 1));
  await voter.invoke("Vote", poll.id, "Soup");
  await watcher.until(voted(2, 0, 0));
  for (const [votes, ...more] of watcher.told.calls) {
    assert.deepEqual([Object.keys(votes), more], [["Soup", "Salad", "Cake"], []]);
  }
});

test("who votes follows the poll from then on", async (t) => {
  const poll = await lunch();
  const voter = await connect(t, server, `${path}?voter=ann`);
  const told = record(voter, "updateVotes");
  await voter.invoke("Vote", poll.id, 2);
  await told.until((votes) => same(votes, voted(0, 1, 0)));
  await post(server, poll.id, { choice: 2, voter: "bob" });
  await told.until((votes) => same(votes, voted(0, 2, 0)));
});

test("nobody is told of polls that were not asked for", async (t) => {
  const [mine, other] = [await lunch(), await lunch()];
  const watcher = await follow(t, mine);
  await post(server, other.id, { choice: 3, voter: "ann" });
  await post(server, mine.id, { choice: 1, voter: "ann" });
  await watcher.until(voted(1, 0, 0));
  assert.ok(watcher.told.calls.every(([votes]) => votes.Cake === 0));
});

test("a voter is who the query names, by hub and API alike", async (t) => {
  const poll = await lunch();
  const [one, again] = await Promise.all([1, 2].map(() => connect(t, server, `${path}?voter=ann`)));
  const first = await one.invoke("Vote", poll.id, 1);
  const second = await again.invoke("Vote", poll.id, 2);
  assert.equal(second.ballot, first.ballot);
  const { answer } = await post(server, poll.id, { choice: 3, voter: "ann" });
  assert.deepEqual(answer, { ...first, choice: "Cake", votes: voted(0, 0, 1) });
});

test("a voter with the visitor cookie is that visitor, whatever the query says", async (t) => {
  const poll = await lunch();
  const options = { headers: { Cookie: "visitor=0123456789abcdef" } };
  const one = await connect(t, server, `${path}?voter=ann`, options);
  const again = await connect(t, server, `${path}?voter=bob`, options);
  const first = await one.invoke("Vote", poll.id, 1);
  const second = await again.invoke("Vote", poll.id, 2);
  assert.deepEqual([second.ballot, second.total], [first.ballot, 1]);
  // The visitor's id as a name is somebody else.
  const { answer } = await post(server, poll.id, { choice: 1, voter: "0123456789abcdef" });
  assert.deepEqual([answer.ballot === first.ballot, answer.total], [false, 2]);
});

test("without cookie and name, each connection is a voter of its own", async (t) => {
  const poll = await lunch();
  const [one, other] = await Promise.all([connect(t, server, path), connect(t, server, path)]);
  await one.invoke("Vote", poll.id, 1);
  await one.invoke("Vote", poll.id, 2);
  const { votes, total } = await other.invoke("Vote", poll.id, 2);
  assert.deepEqual([votes, total], [voted(0, 2, 0), 2]);
});

test("what breaks a rule is refused in words and counts nowhere", async (t) => {
  const [poll, closed] = [await lunch(), await lunch()];
  await setOpen(server, closed, false);
  const connection = await connect(t, server, path);
  const unknown = "There is no poll with this number or code.";
  for (const [method, args, text] of [
    ["Vote", [poll.id, "Tea"], "This poll has no choice “Tea”."],
    ["Vote", [poll.id, 4], "This poll has no choice “4”."],
    ["Vote", [poll.id, ""], "This poll has no choice “”."],
    ["Vote", [999_999, "Soup"], unknown],
    ["Vote", ["ZZZZZZ", "Soup"], unknown],
    ["Vote", ["no code", "Soup"], unknown],
    ["Vote", [closed.id, "Soup"], "This poll is closed: votes can no longer be cast or changed."],
    ["GetTallies", [-1], unknown],
    ["WatchPoll", ["nothing"], unknown],
  ]) {
    assert.equal(
      await refusal(connection.invoke(method, ...args)),
      `An unexpected error occurred invoking '${method}' on the server. HubException: ${text}`,
    );
  }
  for (const { id } of [poll, closed]) assert.equal((await pollOf(server, id)).voters, 0);
});

test("a voter's name has its limits", async (t) => {
  const poll = await lunch();
  for (const voter of ["", "x".repeat(101), "a\u0000b"]) {
    const connection = await connect(t, server, `${path}?voter=${encodeURIComponent(voter)}`);
    assert.equal(
      await refusal(connection.invoke("Vote", poll.id, 1)),
      "An unexpected error occurred invoking 'Vote' on the server. HubException: A voter is named in 1 to 100 characters of plain text.",
    );
  }
});

test("the pages watch a poll whole, and the list", async (t) => {
  const poll = await lunch();
  const connection = await connect(t, server, path);
  const [updates, lists] = [record(connection, "pollUpdate"), record(connection, "pollsChanged")];
  await connection.invoke("WatchPolls");
  const snapshot = await connection.invoke("WatchPoll", poll.id);
  assert.deepEqual(snapshot, await pollOf(server, poll.id));
  await post(server, poll.id, { choice: 1, voter: "ann" });
  const [after] = await updates.until(({ voters }) => voters === 1);
  assert.ok(after.sequence > snapshot.sequence);
  await setOpen(server, poll, false);
  await updates.until(({ open }) => !open);
  await lists.until();
  await setOpen(server, poll, true);
  await updates.next(({ open }) => open);
  const told = lists.next();
  await lunch();
  await told;
});
