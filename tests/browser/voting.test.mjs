// Voting, as an audience does it: from a phone, by keyboard, while others watch.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { browserForFile, faultsOf, newPage, phone } from "../support/browser.mjs";
import { makePoll, pollOf, post, setOpen } from "../support/http.mjs";
import { startServer } from "../support/server.mjs";

const server = await startServer();
after(() => server.stop());
const browser = await browserForFile();

const lunch = () => makePoll(server, "Lunch?", ["Soup", "Salad"]);

/** Waits until the places of a poll on a page show this many votes for each choice. */
function shows(page, poll, ...votes) {
  return page.waitForFunction(
    ([id, wanted]) => {
      const counts = document.querySelectorAll(`[data-poll="${id}"] [data-votes]`);
      return wanted.length === counts.length && wanted.every((n, at) => counts[at].textContent === String(n));
    },
    [poll.id, votes],
  );
}

/** A page that is live: what changes from here on comes by itself. */
async function live(t, path, options) {
  const page = await newPage(t, browser, options);
  const [socket] = await Promise.all([
    page.waitForEvent("websocket", (s) => s.url().includes("/hubs/menti")),
    page.goto(server.url + path),
  ]);
  await socket.waitForEvent("framereceived", ({ payload }) => String(payload).includes('"sequence"'));
  return page;
}

test("a phone joins by the code and votes, and other pages move within a second", async (t) => {
  const poll = await lunch();
  const paths = [`/polls/${poll.id}`, "/", "/polls"];
  const watching = await Promise.all(paths.map((path) => live(t, path)));
  const voter = await newPage(t, browser, phone);
  const faults = [...watching, voter].map((page) => faultsOf(page));
  await voter.goto(`${server.url}/p`);
  await voter.getByLabel("Code").fill(` ${poll.code.slice(0, 3)}-${poll.code.slice(3).toLowerCase()} `);
  await voter.getByRole("button", { name: "Join" }).tap();
  await voter.waitForURL(`**/p/${poll.code}`);

  for (const [choice, ...votes] of [["Soup", 1, 0], ["Salad", 0, 1]]) {
    const tapped = performance.now();
    const moved = watching.map((page) => shows(page, poll, ...votes).then(() => performance.now() - tapped));
    await voter.getByRole("button", { name: choice }).tap();
    for (const [at, ms] of (await Promise.all(moved)).entries()) {
      assert.ok(ms < 1000, `${paths[at]} took ${ms.toFixed(0)} ms`);
    }
    await voter.getByText("Your vote counted.").waitFor();
    await shows(voter, poll, ...votes);
    await voter.locator("[data-choice][aria-pressed=true]", { hasText: choice }).waitFor();
    assert.equal(await voter.locator("[data-choice][aria-pressed=true]").count(), 1);
  }
  assert.equal(await watching[0].locator("[data-voters]").innerText(), "1");
  assert.deepEqual(faults.flat(), []);
  await voter.reload();
  await voter.locator("[data-choice][aria-pressed=true]", { hasText: "Salad" }).waitFor();
});

test("the tap targets are big enough, and the answer is announced", async (t) => {
  const poll = await lunch();
  const page = await live(t, `/p/${poll.code}`, phone);
  for (const choice of await page.locator("[data-choice]").all()) {
    const { width, height } = await choice.boundingBox();
    assert.ok(width >= 240 && height >= 44, `${width} × ${height}`);
  }
  await page.getByRole("button", { name: "Soup" }).tap();
  await page.getByRole("status").getByText("Your vote counted.").waitFor();
});

test("votes by the API and by programs move the voters' own page too", async (t) => {
  const poll = await lunch();
  const page = await live(t, `/p/${poll.code}`);
  await post(server, poll.id, { choice: 1, voter: "ann" });
  await post(server, poll.id, { choice: 2, voter: "bob" });
  await shows(page, poll, 1, 1);
  assert.deepEqual(await page.locator("[data-percent]").allInnerTexts(), ["50", "50"]);
  assert.equal(await page.getByText("Your vote counted.").isVisible(), false);
});

test("the keyboard alone goes from the code to the counted vote, and changes it", async (t) => {
  const poll = await lunch();
  const page = await newPage(t, browser);
  const faults = faultsOf(page);
  await page.goto(`${server.url}/p`);
  assert.equal(await page.locator(":focus").getAttribute("name"), "code");
  await page.keyboard.type(poll.code);
  await Promise.all([page.waitForURL(`**/p/${poll.code}`), page.keyboard.press("Enter")]);
  const to = async (name) => {
    const wanted = await page.getByRole("button", { name }).elementHandle();
    for (let steps = 0; steps < 20; steps += 1) {
      await page.keyboard.press("Tab");
      if (await wanted.evaluate((element) => element === document.activeElement)) return;
    }
    throw new Error(`the keyboard does not reach ${name}`);
  };
  await to("Soup");
  await page.keyboard.press("Enter");
  await shows(page, poll, 1, 0);
  await page.getByText("Your vote counted.").waitFor();
  await to("Salad");
  await page.keyboard.press("Space");
  await shows(page, poll, 0, 1);
  assert.match(await page.locator(":focus").innerText(), /Salad/);
  assert.deepEqual(faults, []);
});

test("when staff close the poll, all its pages say so at once", async (t) => {
  const poll = await lunch();
  const [voter, results] = await Promise.all([live(t, `/p/${poll.code}`), live(t, `/polls/${poll.id}`)]);
  await setOpen(server, poll, false);
  await voter.getByText("This poll is closed").first().waitFor();
  assert.equal(await voter.locator("[data-choice]:enabled").count(), 0);
  await results.getByText("Closed", { exact: true }).waitFor();
  await setOpen(server, poll, true);
  await voter.locator("[data-choice]:enabled").first().waitFor();
});

test("where no hub can be reached the vote goes by its form", async (t) => {
  const poll = await lunch();
  const page = await newPage(t, browser, phone);
  await page.route("**/hubs/**", (route) => route.abort());
  await page.goto(`${server.url}/p/${poll.code}`);
  await page.getByRole("button", { name: "Salad" }).tap();
  await page.getByText("Your vote counted.").waitFor();
  assert.deepEqual((await pollOf(server, poll.id)).choices.map(({ votes }) => votes), [0, 1]);
});

test("staff make a poll by keyboard, with as many choices as they want", async (t) => {
  const page = await newPage(t, browser);
  const faults = faultsOf(page);
  await page.goto(server.staffLink);
  await page.goto(`${server.url}/polls/new`);
  assert.equal(await page.locator(":focus").getAttribute("name"), "title");
  await page.keyboard.type("Which of them?");
  const remove = page.getByRole("button", { name: "Remove" });
  while ((await remove.count()) > 2) await remove.last().press("Enter");
  assert.equal(await page.locator("[name=choices]").count(), 2);
  assert.equal(await remove.and(page.locator(":disabled")).count(), 2);
  for (const [at, text] of ["One", "Two", "Three"].entries()) {
    if (at === 2) await page.getByRole("button", { name: "Add a choice" }).press("Enter");
    await page.getByLabel(`Choice ${at + 1}`, { exact: true }).fill(text);
  }
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Which of them?" }).waitFor();
  assert.deepEqual(await page.locator("tbody th").allInnerTexts(), ["One", "Two", "Three"]);
  await page.locator(".poll-qr").evaluate((image) => image.decode());
  assert.deepEqual(faults, []);
});

test("a poll that breaks a rule comes back with what was typed", async (t) => {
  const page = await newPage(t, browser);
  await page.goto(server.staffLink);
  await page.goto(`${server.url}/polls/new`);
  await page.getByLabel("Question").fill("Again?");
  await page.getByLabel("Choice 1", { exact: true }).fill("Yes");
  await page.getByLabel("Choice 2", { exact: true }).fill("yes");
  await page.getByRole("button", { name: "Open the poll" }).click();
  await page.getByText("The choice “yes” is there twice.").waitFor();
  assert.equal(await page.getByLabel("Question").inputValue(), "Again?");
  assert.equal(await page.getByLabel("Choice 2", { exact: true }).inputValue(), "yes");
});
