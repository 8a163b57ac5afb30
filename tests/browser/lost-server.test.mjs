// The server goes and comes back while people look: pages say so, and catch up without reload.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browserForFile, changed, faultsOf, newPage } from "../support/browser.mjs";
import { makePoll, post } from "../support/http.mjs";
import { startServer } from "../support/server.mjs";

const browser = await browserForFile();

/** A server of its own for a test, and a live page on it that notes when the bar comes and goes. */
async function open(t, path = () => "/") {
  const server = await startServer();
  t.after(() => server.stop());
  const poll = await makePoll(server, "Lunch?", ["Soup", "Salad"]);
  const page = await newPage(t, browser);
  const faults = faultsOf(page, { serverGoes: true });
  await page.goto(server.url + path(poll));
  await page.evaluate(() => {
    window.notReloaded = true;
    window.bars = [];
    new MutationObserver(() => {
      const shown = document.querySelector(".connection-bar") !== null;
      if (shown !== (window.bars.at(-1)?.shown ?? false)) window.bars.push({ shown, at: Date.now() });
    }).observe(document.body, { childList: true });
  });
  return { server, poll, page, faults };
}

const notReloaded = (page) => page.evaluate(() => window.notReloaded === true);

test("after five seconds a bar says what is wrong, and goes by itself; stale values say their age", async (t) => {
  const { server, page, faults } = await open(t);
  const clock = page.locator("[data-clock-text]");
  await changed(clock);
  assert.equal(await page.locator("[data-stale]").count(), 0);
  const gone = Date.now();
  await server.down();
  for (const name of ["clock", "vitals", "services"]) {
    const card = page.locator(`[data-${name}][data-stale]`);
    await card.waitFor();
    assert.match(await card.locator(".age").innerText(), /^\d+ s old$/);
  }
  const bar = page.locator(".connection-bar");
  await bar.waitFor();
  const [{ at }] = await page.evaluate(() => window.bars);
  assert.ok(at - gone > 4500 && at - gone < 7500, `it came after ${at - gone} ms`);
  assert.equal(await bar.getByRole("alert").innerText(), "The server does not answer.");
  await bar.getByText(/^Next try in \d+ s$/).waitFor();
  await page.locator("[data-clock][data-stale=old]").waitFor();

  await server.up();
  await bar.waitFor({ state: "detached" });
  await changed(clock);
  await changed(page.locator("[data-service=clock] [data-field=ticks]"));
  await page.waitForFunction(() => document.querySelector("[data-stale]") === null);
  assert.equal(await page.locator(".age").count(), 0);
  assert.equal(await notReloaded(page), true);
  assert.deepEqual(faults, []);
});

test("a page catches up with what happened while it was away, without reload", async (t) => {
  const { server, poll, page, faults } = await open(t, ({ id }) => `/polls/${id}`);
  const votes = page.locator("[data-votes]").first();
  await post(server, poll.id, { choice: "Soup", voter: "ann" });
  await page.waitForFunction((e) => e.textContent === "1", await votes.elementHandle());
  await page.context().setOffline(true);
  await server.restart("SIGKILL");
  await post(server, poll.id, { choice: "Soup", voter: "bob" });
  await post(server, poll.id, { choice: "Soup", voter: "cat" });
  assert.equal(await votes.innerText(), "1");
  await page.context().setOffline(false);
  await page.waitForFunction((e) => e.textContent === "3", await votes.elementHandle());
  await post(server, poll.id, { choice: "Soup", voter: "dan" });
  await page.waitForFunction((e) => e.textContent === "4", await votes.elementHandle());
  assert.equal(await notReloaded(page), true);
  assert.deepEqual(faults, []);
});

test("a poll that was made while the dashboard was away is there when it is back", async (t) => {
  const { server, page } = await open(t);
  await changed(page.locator("[data-clock-text]"));
  await page.context().setOffline(true);
  await server.restart("SIGKILL");
  await makePoll(server, "Made meanwhile?", ["Yes", "No"]);
  await page.context().setOffline(false);
  await page.getByRole("link", { name: "Made meanwhile?" }).waitFor();
  assert.equal(await notReloaded(page), true);
});

test("a short hiccup is nobody's business", async (t) => {
  const { server, page, faults } = await open(t);
  await changed(page.locator("[data-service=clock] [data-field=ticks]"));
  await server.restart();
  await changed(page.locator("[data-clock-text]"));
  await changed(page.locator("[data-service=clock] [data-field=ticks]"));
  assert.deepEqual(await page.evaluate(() => window.bars), []);
  assert.deepEqual(faults, []);
});

test("who does not want to wait tries now", async (t) => {
  const { server, page } = await open(t);
  await changed(page.locator("[data-clock-text]"));
  await server.down();
  const bar = page.locator(".connection-bar");
  await bar.waitFor();
  await bar.getByText(/^Next try in ([5-9]|1\d) s$/).waitFor();
  await server.up();
  const pressed = Date.now();
  await bar.getByRole("button", { name: "Try now" }).click();
  await bar.waitFor({ state: "detached" });
  assert.ok(Date.now() - pressed < 2000);
});
