// The official client in a browser, on a page of another origin.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, test } from "node:test";
import { chromium } from "playwright-core";
import { labForFile } from "./support/lab.mjs";

const lab = await labForFile({ "keep-alive": 1 });

const known = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? known.find((path) => existsSync(path)),
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
after(() => browser.close());

/** The page, and the client as its package has it for browsers. */
const scripts = {
  "/signalr.js": import.meta.resolve("@microsoft/signalr/dist/browser/signalr.js"),
  "/msgpack.js": import.meta.resolve("@microsoft/signalr-protocol-msgpack/dist/browser/signalr-protocol-msgpack.js"),
};
const pages = createServer(async (request, response) => {
  const script = scripts[request.url];
  if (script) return response.setHeader("Content-Type", "text/javascript").end(await readFile(new URL(script)));
  response.setHeader("Content-Type", "text/html").end('<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script src="/signalr.js"></script><script src="/msgpack.js"></script>');
});
pages.listen(0, "127.0.0.1");
await once(pages, "listening");
after(() => {
  pages.closeAllConnections();
  pages.close();
});

/** A page with `open(way)`, which answers a started connection. */
async function openPage(t) {
  const context = await browser.newContext();
  t.after(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const faults = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  await page.goto(`http://127.0.0.1:${pages.address().port}/`);
  await page.evaluate(() => {
    globalThis.open = async ({ url, transport, skipNegotiation = false, binary = false, token }) => {
      const builder = new signalR.HubConnectionBuilder()
        .withUrl(url, { transport: signalR.HttpTransportType[transport], skipNegotiation, ...(token && { accessTokenFactory: () => token }) })
        .configureLogging(signalR.LogLevel.None);
      if (binary) builder.withHubProtocol(new signalR.protocols.msgpack.MessagePackHubProtocol());
      const connection = builder.build();
      await connection.start();
      return connection;
    };
  });
  return { page, faults };
}

const ways = [
  { transport: "WebSockets" },
  { transport: "WebSockets", skipNegotiation: true },
  { transport: "WebSockets", binary: true },
  { transport: "ServerSentEvents" },
  { transport: "LongPolling" },
  { transport: "LongPolling", binary: true },
];

for (const way of ways) {
  const name = [way.transport, way.skipNegotiation ? "without negotiation" : "", way.binary ? "MessagePack" : "JSON"].filter(Boolean).join(", ");

  test(`${name}: calls, events, streams, uploads and results`, async (t) => {
    const { page, faults } = await openPage(t);
    const found = await page.evaluate(async (way) => {
      const connection = await open(way);
      const heard = [];
      const first = new Promise((resolve) => connection.on("Received", (text) => resolve(heard.push(text))));
      connection.on("Ask", (question) => `${question}!`);
      const sum = await connection.invoke("Add", 2, 3);
      await connection.send("SendCaller", "é😀");
      await first;
      const items = [];
      await new Promise((complete, error) => connection.stream("Counter", 3, 1).subscribe({ next: (item) => items.push(item), complete, error }));
      const upload = new signalR.Subject();
      const joined = connection.invoke("Upload", upload);
      for (const item of ["a", "é"]) upload.next(item);
      upload.complete();
      const text = "é".repeat(10_000);
      const result = {
        sum, heard, items,
        joined: await joined,
        asked: await connection.invoke("Ask", "who"),
        error: await connection.invoke("ThrowHub", "told").catch((error) => error.message),
        large: (await connection.invoke("EchoString", text)) === text,
        repeated: (await connection.invoke("Repeat", "0123456789", 20_000)).length,
        bytes: way.binary ? [...(await connection.invoke("EchoBytes", Uint8Array.of(0, 255, 7)))] : [0, 255, 7],
      };
      await connection.stop();
      return result;
    }, { ...way, url: `${lab.url}/lab` });
    assert.deepEqual(found, {
      sum: 5,
      heard: ["é😀"],
      items: [0, 1, 2],
      joined: "a,é",
      asked: "who!",
      error: "An unexpected error occurred invoking 'ThrowHub' on the server. HubException: told",
      large: true,
      repeated: 200_000,
      bytes: [0, 255, 7],
    });
    assert.deepEqual(faults, []);
  });

  test(`${name}: signed-in users, and refusals that the page can read`, async (t) => {
    const { page, faults } = await openPage(t);
    const token = await lab.token("ann");
    const found = await page.evaluate(async ({ url, token, way }) => {
      const connection = await open({ ...way, url: `${url}/lab-auth`, token });
      const user = await connection.invoke("UserName");
      await connection.stop();
      const refused = await open({ ...way, url: `${url}/lab-auth` }).catch((error) => error.message);
      return { user, refused };
    }, { url: lab.url, token, way });
    assert.equal(found.user, "ann");
    const expected = way.skipNegotiation ? /WebSocket failed to connect/ : /Failed to complete negotiation with the server: Error: (Unauthorized)?: Status code '401'/;
    assert.match(found.refused, expected);
    assert.deepEqual(faults, []);
  });

  test(`${name}: the hub's end, and the page's`, async (t) => {
    const { page } = await openPage(t);
    const id = await page.evaluate(async (way) => {
      const connection = await open(way);
      const closed = new Promise((resolve) => connection.onclose((error) => resolve(String(error))));
      await connection.send("Abort");
      if ((await closed) !== "undefined") throw new Error(await closed);
      // Without negotiation the client is not ready to start again in its own onclose.
      await new Promise((resolve) => setTimeout(resolve));
      await connection.start();
      return connection.invoke("ConnectionId");
    }, { ...way, url: `${lab.url}/lab` });
    await page.goto("about:blank");
    // Without a poll to miss, who polls is missed only after 15 seconds.
    if (way.transport !== "LongPolling") await lab.noted(id, "disconnected");
  });
}

test("the cookies of the server go with each request of the page", async (t) => {
  const { page, faults } = await openPage(t);
  await page.context().addCookies([{ name: "flavour", value: "oat", url: lab.url }]);
  for (const way of ways) {
    const cookie = await page.evaluate(async (way) => {
      const connection = await open(way);
      const cookie = await connection.invoke("Header", "Cookie");
      await connection.stop();
      return cookie;
    }, { ...way, url: `${lab.url}/lab` });
    assert.equal(cookie, "flavour=oat", JSON.stringify(way));
  }
  assert.deepEqual(faults, []);
});
