// POST /api/polls/<id>/votes: votes by programs, pushed through the hub context.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { makePoll, pollOf, post, setOpen } from "../support/http.mjs";
import { startServer } from "../support/server.mjs";

const server = await startServer();
after(() => server.stop());

const lunch = () => makePoll(server, "Lunch?", ["Soup", "Salad"]);

test("a vote is answered with its receipt, and a second one replaces it", async () => {
  const poll = await lunch();
  const { status, answer } = await post(server, poll.id, { choice: "Soup", voter: "ann" });
  const { ballot, ...receipt } = answer;
  assert.deepEqual(
    [status, receipt],
    [200, { poll: poll.id, choice: "Soup", votes: { Soup: 1, Salad: 0 }, total: 1 }],
  );
  const changed = await post(server, poll.code, { choice: 2, voter: "ann" });
  assert.deepEqual(changed.answer, {
    poll: poll.id,
    choice: "Salad",
    ballot,
    votes: { Soup: 0, Salad: 1 },
    total: 1,
  });
});

test("errors have a status, say what is wrong, and name the field", async () => {
  const [poll, closed] = [await lunch(), await lunch()];
  await setOpen(server, closed, false);
  const voter = "ann";
  const unknown = "There is no poll with this number or code.";
  const whoVotes = "Name the voter in a text: one voter has one ballot.";
  const name = "A voter is named in 1 to 100 characters of plain text.";
  const which = "Name the choice by its text or by its id, a number.";
  for (const [id, vote, status, error, field] of [
    [poll.id, "{", 400, /^This is not the JSON of a vote: /],
    [poll.id, "", 400, /^This is not the JSON of a vote: /],
    [poll.id, "7", 400, /^This is not the JSON of a vote: /],
    [999_999, { choice: "Soup", voter }, 404, unknown],
    ["ZZZZZZ", { choice: "Soup", voter }, 404, unknown],
    ["no-code", { choice: "Soup", voter }, 404, unknown],
    [closed.id, { choice: "Soup", voter }, 409, "This poll is closed: votes can no longer be cast or changed."],
    [poll.id, { choice: "Soup" }, 422, whoVotes, "voter"],
    [poll.id, { choice: "Soup", voter: 7 }, 422, whoVotes, "voter"],
    [poll.id, { choice: "Soup", voter: "" }, 422, name, "voter"],
    [poll.id, { choice: "Soup", voter: "x".repeat(101) }, 422, name, "voter"],
    [poll.id, { voter }, 422, which, "choice"],
    [poll.id, { choice: null, voter }, 422, which, "choice"],
    [poll.id, { choice: ["Soup"], voter }, 422, which, "choice"],
    [poll.id, { choice: 1.5, voter }, 422, which, "choice"],
    [poll.id, { choice: "Tea", voter }, 422, "This poll has no choice “Tea”.", "choice"],
    [poll.id, { choice: 3, voter }, 422, "This poll has no choice “3”.", "choice"],
  ]) {
    const got = await post(server, id, vote);
    const what = `${JSON.stringify(vote)}: ${JSON.stringify(got.answer)}`;
    assert.equal(got.status, status, what);
    assert.equal(got.answer.field, field, what);
    if (error instanceof RegExp) assert.match(got.answer.error, error, what);
    else assert.equal(got.answer.error, error, what);
  }
  for (const { id } of [poll, closed]) assert.equal((await pollOf(server, id)).voters, 0);
});

test("a list is no vote, whatever stands in it", async () => {
  const poll = await lunch();
  for (const list of ["[]", '["Soup", "ann"]']) {
    const { status, answer } = await post(server, poll.id, list);
    assert.equal(status, 400, JSON.stringify(answer));
  }
  assert.equal((await pollOf(server, poll.id)).voters, 0);
});

test("only JSON is read, and only so much of it", async () => {
  const poll = await lunch();
  const vote = { choice: "Soup", voter: "ann" };
  for (const type of ["text/plain", "application/x-www-form-urlencoded"]) {
    const { status, answer } = await post(server, poll.id, vote, { "Content-Type": type });
    assert.equal(status, 415);
    assert.equal(answer.error, "Send JSON, with the header Content-Type: application/json.");
  }
  const long = await post(server, poll.id, { ...vote, voter: "x".repeat(2 * 1024 * 1024) });
  assert.equal(long.status, 413);
  assert.equal((await pollOf(server, poll.id)).voters, 0);
});

test("a page of another site cannot vote for its visitors", async () => {
  const poll = await lunch();
  const Cookie = "visitor=0123456789abcdef";
  const away = await post(server, poll.id, { choice: "Soup" }, { Cookie, Origin: "http://elsewhere.example" });
  assert.deepEqual(
    [away.status, away.answer.error],
    [403, "A page of another site cannot vote for its visitors."],
  );
  assert.equal((await pollOf(server, poll.id)).voters, 0);
  const here = await post(server, poll.id, { choice: "Soup" }, { Cookie, Origin: server.url });
  assert.deepEqual([here.status, here.answer.total], [200, 1]);
});

test("a poll that is not there is not shown either", async () => {
  const response = await fetch(`${server.url}/api/polls/999999`);
  assert.equal(response.status, 404);
  assert.deepEqual(await response.json(), { error: "There is no poll with this number or code." });
});
