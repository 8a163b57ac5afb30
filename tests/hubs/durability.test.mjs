// What was acknowledged is there after the server is killed.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { makePoll, pollOf, post, setOpen } from "../support/http.mjs";
import { client, connect } from "../support/hub.mjs";
import { startServer } from "../support/server.mjs";

const server = await startServer();
after(() => server.stop());

const rounds = 6;

test("a vote that was acknowledged survives kill -9 right after it", async (t) => {
  const poll = await makePoll(server, "Lunch?", ["Soup", "Salad"]);
  for (let round = 1; round <= rounds; round += 1) {
    const voter = `voter-${round}`;
    let receipt;
    if (round % 2) {
      receipt = (await post(server, poll.id, { choice: "Soup", voter })).answer;
    } else {
      const hub = client(server, `/hubs/menti?voter=${voter}`);
      t.after(() => hub.stop());
      await hub.start();
      receipt = await hub.invoke("Vote", poll.id, "Soup");
    }
    await server.restart("SIGKILL");
    assert.equal(receipt.total, round);
    const { voters, choices } = await pollOf(server, poll.id);
    assert.deepEqual([voters, choices[0].votes], [round, round], `round ${round}`);
    const again = await post(server, poll.id, { choice: "Soup", voter });
    assert.equal(again.answer.ballot, receipt.ballot);
  }
});

test("of votes under way, those that were acknowledged survive", async () => {
  const poll = await makePoll(server, "Lunch?", ["Soup", "Salad"]);
  const acknowledged = [];
  let enough;
  const some = new Promise((resolve) => (enough = resolve));
  const votes = Array.from({ length: 200 }, async (_, n) => {
    const { answer } = await post(server, poll.id, { choice: 1, voter: `voter-${n}` });
    acknowledged.push(answer.ballot);
    if (acknowledged.length === 50) enough();
  });
  await some;
  const down = server.down("SIGKILL");
  await Promise.allSettled(votes);
  await down;
  await server.up();
  const { voters } = await pollOf(server, poll.id);
  assert.ok(voters >= acknowledged.length, `${voters} of ${acknowledged.length}`);
  assert.ok(voters <= 200);
});

test("a changed mind and a closed poll survive too", async () => {
  const poll = await makePoll(server, "Lunch?", ["Soup", "Salad"]);
  await post(server, poll.id, { choice: "Soup", voter: "ann" });
  await post(server, poll.id, { choice: "Salad", voter: "ann" });
  await setOpen(server, poll, false);
  await server.restart("SIGKILL");
  const { open, choices, code } = await pollOf(server, poll.id);
  assert.deepEqual([open, code, choices.map(({ votes }) => votes)], [false, poll.code, [0, 1]]);
});

test("views are kept over a stop in peace, all of them", async (t) => {
  const before = await connect(t, server, "/hubs/userCount");
  const total = await before.invoke("NewWindowLoaded");
  const pages = Array.from({ length: 30 }, () => fetch(`${server.url}/p`));
  await Promise.all(pages.map(async (page) => (await page).text()));
  await server.restart("SIGTERM");
  const connection = await connect(t, server, "/hubs/userCount");
  assert.equal((await connection.invoke("GetTotals")).views, total + 30);
});

test("the staff link stays the same", async () => {
  const link = server.staffLink;
  await server.restart("SIGKILL");
  assert.equal(server.staffLink, link);
});
