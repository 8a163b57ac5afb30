// What every page promises: it fits, it is quiet, it has the right colours, and the keyboard
// gets around in it.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { browserForFile, faultsOf, newPage, phone } from "../support/browser.mjs";
import { makePoll, post, setOpen } from "../support/http.mjs";
import { startServer } from "../support/server.mjs";

const server = await startServer();
after(() => server.stop());
const browser = await browserForFile();

// As long as polls may be, without a place to break.
const poll = await makePoll(server, "Q".repeat(200), ["M".repeat(100), "w".repeat(100), "Soup"]);
const closed = await makePoll(server, "Closed?", ["Yes", "No"]);
for (let n = 0; n < 12; n += 1) await post(server, poll.id, { choice: (n % 3) + 1, voter: `v${n}` });
await setOpen(server, closed, false);

const paths = [
  "/",
  "/polls",
  "/polls/new",
  `/polls/${poll.id}`,
  `/polls/${closed.id}`,
  "/p",
  "/p?code=wrong",
  `/p/${poll.code}`,
  `/p/${closed.code}`,
  "/p/ZZZZZZ",
  "/staff",
  "/staff?key=wrong",
  "/nothing",
];

for (const who of ["staff", "a visitor"]) {
  for (const width of [320, 360, 768, 1440]) {
    test(`to ${who} at ${width} px no page scrolls sideways or has a fault`, async (t) => {
      const page = await newPage(t, browser, { ...(width < 700 && phone), viewport: { width, height: 800 } });
      if (who === "staff") await page.goto(server.staffLink);
      const faults = faultsOf(page);
      for (const path of paths) {
        await page.goto(server.url + path);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        if (wide > width) faults.push(`${path} is ${wide - width} px too wide`);
        if ((await page.locator("h1").count()) !== 1) faults.push(`${path} has not one heading`);
      }
      assert.deepEqual(faults, []);
    });
  }
}

test("the theme changes at once and is there again at the next visit", async (t) => {
  const page = await newPage(t, browser, { colorScheme: "light" });
  await page.goto(server.url);
  const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const pressed = () => page.locator("[data-theme-switch] [aria-pressed=true]").getAttribute("value");
  const light = await background();
  assert.equal(await pressed(), "system");
  await page.getByRole("button", { name: "Dark" }).click();
  const dark = await background();
  assert.notEqual(dark, light);
  await page.reload();
  assert.deepEqual([await background(), await pressed()], [dark, "dark"]);
  await page.emulateMedia({ colorScheme: "dark" });
  await page.getByRole("button", { name: "Light" }).click();
  assert.equal(await background(), light);
  await page.getByRole("button", { name: "As the system" }).click();
  assert.equal(await background(), dark);
  await page.emulateMedia({ colorScheme: "light" });
  assert.equal(await background(), light);
});

test("the keyboard gets straight to the content, and shows where it is", async (t) => {
  const page = await newPage(t, browser);
  await page.goto(server.url);
  await page.keyboard.press("Tab");
  assert.equal(await page.locator(":focus").innerText(), "Skip to content");
  await page.keyboard.press("Enter");
  assert.equal(await page.locator(":focus").getAttribute("id"), "main");
  await page.goto(`${server.url}/polls`);
  const seen = new Set();
  for (;;) {
    await page.keyboard.press("Tab");
    const focus = await page.evaluate(() => {
      const element = document.activeElement;
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
      const visible = (outlineStyle !== "none" && outlineWidth !== "0px") || boxShadow !== "none";
      return { html: element.outerHTML.slice(0, 80), body: element === document.body, visible };
    });
    if (focus.body || seen.has(focus.html)) break;
    seen.add(focus.html);
    assert.ok(focus.visible, `no ring around ${focus.html}`);
  }
  assert.ok(seen.size >= 8, `${seen.size} places`);
});

test("a script that is slipped into a page is refused", async (t) => {
  const page = await newPage(t, browser);
  await page.goto(server.url);
  await page.evaluate(() => {
    addEventListener("securitypolicyviolation", (event) => {
      window.refused = event.violatedDirective;
    });
    const script = document.createElement("script");
    script.textContent = "window.intruder = true";
    document.body.append(script);
  });
  const refused = await page.waitForFunction(() => window.refused);
  assert.match(await refused.jsonValue(), /^script-src/);
  assert.equal(await page.evaluate(() => window.intruder), undefined);
});
