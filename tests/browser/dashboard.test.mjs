// The dashboard: full at first paint, and moving from then on.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { browserForFile, changed, faultsOf, newPage } from "../support/browser.mjs";
import { makePoll } from "../support/http.mjs";
import { connect, record } from "../support/hub.mjs";
import { startServer } from "../support/server.mjs";

const server = await startServer();
after(() => server.stop());
const browser = await browserForFile();

/** Waits until the server has a few seconds of history; tells it. */
async function history(t) {
  const metrics = await connect(t, server, "/hubs/metrics");
  const updates = record(metrics, "metricsUpdate");
  const { sequence } = await metrics.invoke("Subscribe", "host", 0);
  if (sequence < 4) await updates.until((_, number) => number >= 4);
  return (await metrics.invoke("Subscribe", "host", 0)).history;
}

/** What the legend of a chart says with the pointer at a place of it, from 0, left, to 1. */
async function readChart(page, name, place) {
  const over = page.locator(`[data-chart=${name}] .u-over`);
  await over.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await over.boundingBox();
  await page.mouse.move(x + 1 + place * (width - 2), y + height / 2);
  const values = page.locator(`[data-chart=${name}] .u-legend .u-value`);
  await page.waitForFunction((e) => e.textContent !== "–", await values.first().elementHandle());
  return values.allInnerTexts();
}

/** The colour of a chart's first or second line in the theme of this moment. */
function lineColor(page, line) {
  return page.evaluate((number) => {
    const probe = document.body.appendChild(document.createElement("span"));
    probe.style.color = `var(--series-${number})`;
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  }, line);
}

/** Waits until pixels of a chart have about this colour. */
function painted(page, name, color) {
  return page.waitForFunction(
    ([chart, wanted]) => {
      const probe = document.createElement("canvas").getContext("2d");
      probe.fillStyle = wanted;
      probe.fillRect(0, 0, 1, 1);
      const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;
      const canvas = document.querySelector(`[data-chart=${chart}] canvas`);
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      for (let at = 0; at < data.length; at += 4) {
        const off = Math.abs(data[at] - r) + Math.abs(data[at + 1] - g) + Math.abs(data[at + 2] - b);
        if (off < 40 && data[at + 3] > 20) return true;
      }
      return false;
    },
    [name, color],
  );
}

const clock = (at) => new Date(at).toISOString().slice(11, 19);

test("at first paint the charts have their history and all numbers are there, without a socket", async (t) => {
  const rows = await history(t);
  const page = await newPage(t, browser);
  let sockets = 0;
  page.on("websocket", () => (sockets += 1));
  await page.route("**/hubs/**", (route) => route.abort());
  await page.goto(server.url);
  const known = await page.evaluate(() => JSON.parse(document.querySelector("[data-snapshot]").textContent));
  assert.ok(known.history.length >= rows.length);
  // What is sent lies above what is received.
  for (const [name, line] of [["cpu", 1], ["memory", 1], ["network", 2]]) {
    await page.locator(`[data-chart=${name}] canvas`).waitFor();
    await painted(page, name, await lineColor(page, line));
  }
  const lines = known.history.map(({ at, cpu }) => `${clock(at)} ${cpu.toFixed(0)} %`);
  assert.equal((await readChart(page, "cpu", 0)).join(" "), lines[0]);
  // The pointer knows whole pixels, each of them more than a second.
  assert.ok(lines.slice(-3).includes((await readChart(page, "cpu", 1)).join(" ")), lines.join());

  await page.getByText("Show as table").click();
  const minutes = new Set(known.history.map(({ at }) => clock(at).slice(0, 5)));
  const shown = await page.locator("[data-minutes] tbody tr th").allInnerTexts();
  assert.deepEqual(shown, [...minutes].reverse());
  assert.match(await page.locator("[data-minutes] tbody tr").first().innerText(), /%.*iB/s);
  assert.equal(await page.locator("[data-service]").count(), 6);
  assert.equal(sockets, 0);
});

test("the clock moves, and tells the time", async (t) => {
  const page = await newPage(t, browser);
  const faults = faultsOf(page);
  await page.goto(server.url);
  const text = page.locator("[data-clock-text]");
  for (let count = 0; count < 3; count += 1) await changed(text);
  const shown = Date.parse(`${await text.innerText()} UTC`);
  assert.ok(Math.abs(Date.now() - shown) < 2500);
  assert.deepEqual(faults, []);
});

test("the vitals and the services move", async (t) => {
  await history(t);
  const page = await newPage(t, browser);
  const faults = faultsOf(page);
  await page.goto(server.url);
  const [before] = await readChart(page, "cpu", 1);
  await page.waitForFunction(
    ([value, old]) => value.textContent > old,
    [await page.locator("[data-chart=cpu] .u-legend .u-value").first().elementHandle(), before],
  );
  await changed(page.locator("[data-service=clock] [data-field=ticks]"));
  await changed(page.locator("[data-service=clock] [data-field=last]"));
  assert.deepEqual(faults, []);
});

test("who else looks is counted while one looks on", async (t) => {
  const page = await newPage(t, browser);
  await page.goto(server.url);
  const number = async (name) => Number(await page.locator(`[data-views-${name}]`).innerText());
  const becomes = (name, value) =>
    page.waitForFunction(
      ([selector, expected]) => document.querySelector(selector).textContent === expected,
      [`[data-views-${name}]`, String(value)],
    );
  await becomes("here", 1);
  const total = await number("total");
  const other = await newPage(t, browser);
  await other.goto(server.url);
  await becomes("here", 2);
  await becomes("total", total + 1);
  await other.goto(`${server.url}/p`); // shows no counts, so that nobody is here with it
  await becomes("total", total + 2);
  await becomes("here", 1);
});

test("a poll that is made or closed comes and goes by itself", async (t) => {
  const page = await newPage(t, browser);
  const faults = faultsOf(page);
  await page.goto(server.url);
  await page.getByText("No poll is running").waitFor();
  await page.locator("[data-views-here]", { hasText: /^1$/ }).waitFor();
  const poll = await makePoll(server, "Is it live?", ["Yes", "No"]);
  await page.getByRole("link", { name: "Is it live?" }).waitFor();
  const staff = await newPage(t, browser);
  await staff.goto(server.staffLink);
  await staff.goto(`${server.url}/polls/${poll.id}`);
  await staff.getByRole("button", { name: "Close the poll" }).click();
  await page.getByText("No poll is running").waitFor();
  assert.deepEqual(faults, []);
});

test("the charts take the colours of the theme", async (t) => {
  await history(t);
  const page = await newPage(t, browser, { colorScheme: "light" });
  await page.goto(server.url);
  await page.locator("[data-chart=cpu] canvas").waitFor();
  const light = await lineColor(page, 1);
  await painted(page, "cpu", light);
  await page.getByRole("button", { name: "Dark" }).click();
  const dark = await lineColor(page, 1);
  assert.notEqual(dark, light);
  await painted(page, "cpu", dark);
});
