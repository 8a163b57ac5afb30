// A headless Chromium, and the faults of a page that no test asks for by name.
import { existsSync } from "node:fs";
import { after } from "node:test";
import { chromium } from "playwright-core";

const known = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Chromium as installed by the system; `CHROMIUM` names another one. */
export function startBrowser() {
  const executablePath = process.env.CHROMIUM ?? known.find((path) => existsSync(path));
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** A browser for all tests of a file. */
export async function browserForFile() {
  const browser = await startBrowser();
  after(() => browser.close());
  return browser;
}

export const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

/** A page in a browser of its own, closed when the test is over. */
export async function newPage(t, browser, options = {}) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(15_000);
  t.after(() => context.close());
  return context.newPage();
}

/**
 * Collects what a page says when something is wrong with it: errors, refusals of the CSP, and
 * parts of it that cannot be had. Where the test takes the server away, its absence is no fault.
 */
export function faultsOf(page, { serverGoes = false } = {}) {
  const faults = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    // Told by the events below, with what was asked for.
    if (/^Failed to load resource/.test(message.text())) return;
    if (serverGoes && /WebSocket connection|net::ERR_/.test(message.text())) return;
    if (["error", "warning"].includes(message.type())) faults.push(message.text());
  });
  page.on("response", (response) => {
    if (response.status() >= 400 && !response.request().isNavigationRequest()) {
      faults.push(`${response.status()} ${response.url()}`);
    }
  });
  page.on("requestfailed", (request) => {
    const { errorText } = request.failure();
    // Who leaves a page leaves its requests.
    if (errorText !== "net::ERR_ABORTED" && !serverGoes) faults.push(`${errorText} ${request.url()}`);
  });
  return faults;
}

/** Waits until the text of an element differs from what it is now. */
export async function changed(locator) {
  const element = await locator.elementHandle();
  const text = await element.textContent();
  await locator.page().waitForFunction(([e, old]) => e.textContent !== old, [element, text]);
}
