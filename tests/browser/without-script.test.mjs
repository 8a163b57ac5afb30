// Without script: the numbers are there, and plain forms do the rest.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { browserForFile, faultsOf, newPage, phone } from "../support/browser.mjs";
import { makePoll, pollOf, post } from "../support/http.mjs";
import { connect, record } from "../support/hub.mjs";
import { startServer } from "../support/server.mjs";

const server = await startServer();
after(() => server.stop());
const browser = await browserForFile();

const javaScriptEnabled = false;

test("the dashboard has the numbers of the moment", async (t) => {
  const metrics = await connect(t, server, "/hubs/metrics");
  const updates = record(metrics, "metricsUpdate");
  await metrics.invoke("Subscribe", "host", 0);
  await updates.until((_, number) => number >= 2);
  const poll = await makePoll(server, "Lunch?", ["Soup", "Salad"]);
  await post(server, poll.id, { choice: "Soup", voter: "ann" });

  const page = await newPage(t, browser, { javaScriptEnabled });
  const faults = faultsOf(page);
  await page.goto(server.url);
  const text = (selector) => page.locator(selector).first().innerText();
  const time = Date.parse(`${await text("[data-clock-text]")} UTC`);
  assert.ok(Math.abs(Date.now() - time) < 3000);
  assert.match(await text("[data-views-total]"), /^[1-9]\d*$/);
  const total = Number(await text("[data-views-total]"));
  await page.reload();
  assert.equal(Number(await text("[data-views-total]")), total + 1);
  assert.match(await text("[data-field=cpu]"), /^\d+\.\d$/);
  assert.match(await text("[data-field=memory]"), /^[\d.]+ [MGT]iB$/);
  assert.notEqual(await text("[data-field=memoryPercent]"), "0.0");
  assert.match(await text("[data-field=load]"), /^\d+\.\d\d$/);
  assert.deepEqual(await page.locator("[data-votes]").allInnerTexts(), ["1", "0"]);
  assert.equal(await text("[data-service=clock] [data-field=state]"), "running");
  await page.getByText("Show as table").click();
  assert.match(await text("[data-minutes] tbody tr"), /^\d\d:\d\d\s+[\d.]+ %/);
  assert.deepEqual(faults, []);
});

test("a plain form votes, and changes the vote", async (t) => {
  const poll = await makePoll(server, "Lunch?", ["Soup", "Salad"]);
  const page = await newPage(t, browser, { ...phone, javaScriptEnabled });
  await page.goto(`${server.url}/p`);
  await page.getByLabel("Code").fill(poll.code);
  await page.getByRole("button", { name: "Join" }).tap();
  for (const [choice, ...votes] of [["Soup", 1, 0], ["Salad", 0, 1]]) {
    await page.getByRole("button", { name: choice }).tap();
    await page.locator("[data-choice][aria-pressed=true]", { hasText: choice }).waitFor();
    assert.equal(await page.getByText("Your vote counted.").isVisible(), true);
    assert.deepEqual(await page.locator("[data-votes]").allInnerTexts(), votes.map(String));
    assert.deepEqual((await pollOf(server, poll.id)).choices.map((each) => each.votes), votes);
  }
});

test("a plain vote moves the pages of others", async (t) => {
  const poll = await makePoll(server, "Lunch?", ["Soup", "Salad"]);
  const watcher = await connect(t, server, "/hubs/menti");
  const votes = record(watcher, "updateVotes");
  await watcher.invoke("GetTallies", poll.id);
  const page = await newPage(t, browser, { javaScriptEnabled });
  await page.goto(`${server.url}/p/${poll.code}`);
  await page.getByRole("button", { name: "Soup" }).click();
  await votes.until(({ Soup }) => Soup === 1);
});

test("staff make, close and open a poll", async (t) => {
  const page = await newPage(t, browser, { javaScriptEnabled });
  await page.goto(server.staffLink);
  await page.goto(`${server.url}/polls/new`);
  await page.getByLabel("Question").fill("Six fields?");
  for (let n = 1; n <= 6; n += 1) await page.getByLabel(`Choice ${n}`).fill(`Choice number ${n}`);
  await page.getByRole("button", { name: "Open the poll" }).click();
  await page.getByRole("heading", { name: "Six fields?" }).waitFor();
  assert.equal(await page.locator("tbody tr").count(), 6);
  await page.getByRole("button", { name: "Close the poll" }).click();
  await page.getByText("Closed", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Open it again" }).click();
  await page.getByText("Open", { exact: true }).waitFor();
});

test("the theme is chosen by its form, and staff sign out", async (t) => {
  const page = await newPage(t, browser, { javaScriptEnabled });
  await page.goto(server.staffLink);
  await page.goto(`${server.url}/polls`);
  await page.getByRole("button", { name: "Dark" }).click();
  assert.equal(new URL(page.url()).pathname, "/polls");
  assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.goto(`${server.url}/polls/new`);
  await page.getByText("Only staff can do this.").waitFor();
});
