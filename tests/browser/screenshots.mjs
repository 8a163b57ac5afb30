// Takes pictures of every page, light and dark, wide and narrow, into screenshots/.
import { mkdirSync, rmSync } from "node:fs";
import { startBrowser } from "../support/browser.mjs";
import { makePoll, post, setOpen } from "../support/http.mjs";
import { client, record } from "../support/hub.mjs";
import { startServer } from "../support/server.mjs";

const folder = "screenshots";
const samples = 20; // so many points the charts have

const sizes = {
  wide: { viewport: { width: 1440, height: 900 } },
  narrow: { viewport: { width: 360, height: 780 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
};

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);
const server = await startServer();
const browser = await startBrowser();
try {
  const empty = { "dashboard-empty": "/", "polls-empty": "/polls" };
  await takeAll(empty, []);
  const pages = await furnish();
  await history();
  await takeAll(pages, ["staff", "polls-new"]);
  await lost();
} finally {
  await browser.close();
  await server.stop();
}

/** Makes polls with votes; the pages that show them, by name. */
async function furnish() {
  const lunch = await makePoll(server, "Where do we eat on Friday?", [
    "The noodle place round the corner",
    "Falafel",
    "Canteen",
    "Everybody brings something along",
  ]);
  const name = await makePoll(server, "Should the release be called “Semaphore”?", ["Yes", "No", "I do not mind"]);
  const closed = await makePoll(server, "Did you see the new charts?", ["Yes", "Not yet"]);
  for (let n = 0; n < 42; n += 1) {
    await post(server, lunch.id, { choice: [1, 1, 2, 4, 1, 3, 2][n % 7], voter: `voter-${n}` });
    if (n < 9) await post(server, name.id, { choice: (n % 3) + 1, voter: `voter-${n}` });
    if (n < 17) await post(server, closed.id, { choice: n % 5 ? 1 : 2, voter: `voter-${n}` });
  }
  await setOpen(server, closed, false);
  return {
    dashboard: "/",
    polls: "/polls",
    "polls-new": "/polls/new",
    results: `/polls/${lunch.id}`,
    "results-closed": `/polls/${closed.id}`,
    join: "/p",
    "join-wrong": "/p?code=wrong",
    ballot: `/p/${lunch.code}`,
    "ballot-closed": `/p/${closed.code}`,
    staff: "/staff",
    "not-found": "/nothing",
  };
}

async function history() {
  const metrics = client(server, "/hubs/metrics");
  const updates = record(metrics, "metricsUpdate");
  await metrics.start();
  await metrics.invoke("Subscribe", "host", 0);
  let number = 0;
  while (number < samples) [, number] = await updates.next();
  await metrics.stop();
}

/** Each page in each size and theme, live; `staffToo` are taken signed in. */
async function takeAll(pages, staffToo) {
  for (const [size, options] of Object.entries(sizes)) {
    for (const colorScheme of ["light", "dark"]) {
      for (const [name, path] of Object.entries(pages)) {
        const page = await browser.newPage({ ...options, colorScheme });
        if (staffToo.includes(name)) await page.goto(server.staffLink);
        await page.goto(server.url + path, { waitUntil: "networkidle" });
        if (name === "ballot") {
          await page.getByRole("button", { name: "Falafel" }).click();
          await page.getByText("Your vote counted.").waitFor();
        }
        await take(page, `${name}-${size}-${colorScheme}`);
        await page.close();
      }
    }
  }
}

/** The dashboard without its server. Comes last. */
async function lost() {
  const pages = [];
  for (const [size, options] of Object.entries(sizes)) {
    const page = await browser.newPage({ ...options, colorScheme: "light" });
    await page.goto(server.url, { waitUntil: "networkidle" });
    pages.push([page, `lost-${size}-light`]);
  }
  await server.down();
  for (const [page, name] of pages) {
    await page.locator(".connection-bar").waitFor();
    await page.locator("[data-clock][data-stale=old]").waitFor();
    await take(page, name);
  }
}

async function take(page, name) {
  await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true, animations: "disabled" });
  console.log(`${folder}/${name}.png`);
}
