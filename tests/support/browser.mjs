// A headless Chromium, and the faults of a page that no test asks for by name.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const known = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Chromium as installed by the system; `CHROMIUM` names another one. */
export function startBrowser() {
  const executablePath = process.env.CHROMIUM ?? known.find((path) => existsSync(path));
  return chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"],
  });
}

/** Collects what a page says when something is wrong with it: errors, and refusals of the CSP. */
export function faultsOf(page) {
  const faults = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    // A lost connection is logged by the browser itself.
    const network = /WebSocket connection|net::ERR_|Failed to load resource/.test(message.text());
    if (message.type() === "error" && !network) faults.push(message.text());
  });
  return faults;
}
