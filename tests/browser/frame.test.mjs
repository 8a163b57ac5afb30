// What every page promises: it fits, it is quiet, it has the right colours, it works by
// keyboard and without script, and it says when it is not live.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { faultsOf, startBrowser } from "../support/browser.mjs";
import { startServer } from "../support/server.mjs";

const paths = ["/", "/polls", "/polls/new", "/p", "/staff", "/nothing"];

let server;
let browser;

before(async () => {
  server = await startServer();
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

/** A page in a browser of its own, signed in as staff. */
async function open(options = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  await page.goto(server.staffLink);
  return page;
}

test("no page scrolls sideways on a phone or has a fault", async () => {
  for (const width of [320, 360, 1440]) {
    const page = await open({ viewport: { width, height: 800 } });
    const faults = faultsOf(page);
    for (const path of paths) {
      await page.goto(server.url + path);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(over <= 0, `${path} is ${over} px too wide at ${width} px`);
    }
    assert.deepEqual(faults, []);
    await page.context().close();
  }
});

test("the theme changes at once and is there again at the next visit", async () => {
  const page = await open({ colorScheme: "light" });
  const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await background();
  await page.getByRole("button", { name: "Dark" }).click();
  const dark = await background();
  assert.notEqual(dark, light);
  await page.reload();
  assert.equal(await background(), dark);
  await page.getByRole("button", { name: "As the system" }).click();
  assert.equal(await background(), light);
  await page.emulateMedia({ colorScheme: "dark" });
  assert.equal(await background(), dark);
  await page.context().close();
});

test("without script the theme changes by its form, and the numbers are there", async () => {
  const page = await open({ javaScriptEnabled: false });
  await page.goto(`${server.url}/polls`);
  await page.getByRole("button", { name: "Dark" }).click();
  assert.equal(new URL(page.url()).pathname, "/polls");
  assert.equal(await page.locator("html").getAttribute("data-theme"), "dark");
  await page.goto(server.url);
  assert.match(await page.locator("[data-clock-text]").innerText(), /^\w+day, \w+ \d+, \d{4} /);
  await page.context().close();
});

test("the keyboard gets straight to the content", async () => {
  const page = await open();
  await page.keyboard.press("Tab");
  assert.equal(await page.locator(":focus").innerText(), "Skip to content");
  await page.keyboard.press("Enter");
  assert.equal(await page.locator(":focus").getAttribute("id"), "main");
  await page.context().close();
});

test("a lost server is said, and the page catches up without reload", async () => {
  const page = await open();
  const faults = faultsOf(page);
  const clock = page.locator("[data-clock-text]");
  const ticks = async () => {
    const shown = await clock.innerText();
    await page.waitForFunction(
      (before) => document.querySelector("[data-clock-text]").textContent !== before,
      shown,
    );
  };
  await ticks();
  await page.evaluate(() => (window.notReloaded = true));
  await server.down();
  const bar = page.locator(".connection-bar");
  await bar.waitFor();
  assert.match(await bar.innerText(), /The server does not answer\./);
  await page.locator("[data-clock][data-stale]").waitFor();
  await server.up();
  await bar.getByRole("button", { name: "Try now" }).click();
  await bar.waitFor({ state: "detached" });
  await ticks();
  await page.locator("[data-stale]").first().waitFor({ state: "detached" });
  assert.equal(await page.evaluate(() => window.notReloaded), true);
  assert.deepEqual(faults, []);
  await page.context().close();
});
