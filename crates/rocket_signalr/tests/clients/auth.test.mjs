// Who may come in: tokens, cookies, and what refused clients are told.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request } from "node:http";
import { test } from "node:test";
import { client, connect, HttpTransportType, record, refusal, turns, ways } from "./support/client.mjs";
import { labForFile } from "./support/lab.mjs";
import { within } from "./support/wait.mjs";

const lab = await labForFile();

const withOptions = (way, options) => ({ ...way, options: { ...way.options, ...options } });

/** An HTTP server of this test's own. */
async function serve(t, answer) {
  const server = createServer(answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${server.address().port}`;
}

for (const way of ways) {
  test(`${way.name}: a token of a factory`, async (t) => {
    const token = await lab.token("ann", { role: "admin" });
    let asked = 0;
    const accessTokenFactory = async () => {
      asked += 1;
      return token;
    };
    for (const path of ["/lab-auth", "/lab-admin", "/lab"]) {
      const connection = await connect(t, lab.url + path, withOptions(way, { accessTokenFactory }));
      assert.equal(await connection.invoke("UserName"), "ann");
      assert.equal(await connection.invoke("Secret"), "for ann");
      assert.equal(await connection.invoke("AdminOnly"), "for admins");
    }
    assert.ok(asked >= 3);
  });

  test(`${way.name}: a token in a header of the client's own, and one in the query`, async (t) => {
    const token = await lab.token("ann");
    const own = await connect(t, `${lab.url}/lab-auth`, withOptions(way, { headers: { Authorization: `Bearer ${token}` } }));
    assert.equal(await own.invoke("UserName"), "ann");
    const query = await connect(t, `${lab.url}/lab-auth?access_token=${token}`, way);
    assert.equal(await query.invoke("UserName"), "ann");
    assert.equal((await refusal(query.invoke("AdminOnly"))).message, "Failed to invoke 'AdminOnly' because user is unauthorized");
  });

  test(`${way.name}: a user's connections`, async (t) => {
    const user = `bob of ${way.name}`;
    const accessTokenFactory = async () => lab.token(user);
    const mine = await Promise.all([1, 2].map(() => connect(t, `${lab.url}/lab`, withOptions(way, { accessTokenFactory }))));
    const other = await connect(t, `${lab.url}/lab`, way);
    const heard = [...mine, other].map((connection) => record(connection, "Received"));
    await other.invoke("SendUser", user, "hello");
    await other.invoke("SendUsers", [user, "nobody"], "again");
    await fetch(`${lab.url}/lab/user/${encodeURIComponent(user)}?text=out`, { method: "POST" });
    for (const each of heard.slice(0, 2)) assert.deepEqual((await each.count(3)).flat(), ["hello", "again", "out"]);
    await other.invoke("SendCaller", "end");
    assert.deepEqual((await heard[2].count(1)).flat(), ["end"]);
  });

  if (!way.options.skipNegotiation) {
    test(`${way.name}: a negotiation that is sent elsewhere, with a token for there`, async (t) => {
      const connection = await connect(t, `${lab.url}/lab-moved?user=cleo&x=1`, way);
      assert.equal(await connection.invoke("UserName"), "cleo");
      assert.equal(await connection.invoke("Secret"), "for cleo");
      assert.equal(await connection.invoke("ConnectionId"), connection.connectionId);
      const lost = client(`${lab.url}/lab-moved`, way);
      assert.match((await refusal(lost.start())).message, /Unauthorized: Status code '401'/);
    });
  }
  // WebSockets follow no redirects.
  if (way.options.transport !== HttpTransportType.WebSockets) {
    test(`${way.name}: requests that HTTP sends elsewhere`, async (t) => {
      const url = await serve(t, (request, response) => {
        response.writeHead(307, { location: `${lab.url}${request.url}` }).end();
      });
      const connection = await connect(t, `${url}/lab`, way);
      assert.equal(await connection.invoke("EchoInt", 5), 5);
    });
  }

  test(`${way.name}: no token, a bad one, and a role that is missing`, async (t) => {
    const start = (path, options) => {
      const connection = client(lab.url + path, withOptions(way, options));
      t.after(() => connection.stop());
      return refusal(connection.start());
    };
    const bad = await start("/lab-auth", { accessTokenFactory: () => "abc.def.ghi" });
    const none = await start("/lab-auth", {});
    const role = await start("/lab-admin", { accessTokenFactory: () => lab.token("ann") });
    if (way.options.skipNegotiation) {
      for (const error of [bad, none, role]) assert.match(error.message, /WebSocket failed to connect/);
      return;
    }
    for (const error of [bad, none]) {
      assert.equal(error.message, "Failed to complete negotiation with the server: Error: Unauthorized: Status code '401'");
    }
    assert.equal(role.message, "Failed to complete negotiation with the server: Error: Forbidden: Status code '403'");
  });

  test(`${way.name}: a sign-in that expires ends the connection, and the client may come back`, async (t) => {
    let seconds = 2;
    const accessTokenFactory = async () => lab.token("ann", { seconds });
    const retry = (builder) => builder.withAutomaticReconnect([0, 50, 50]);
    const connection = await connect(t, `${lab.url}/lab-auth`, withOptions(way, { accessTokenFactory }), retry);
    const { lost, back } = turns(connection);
    seconds = 60;
    const id = await connection.invoke("ConnectionId");
    assert.deepEqual(await lost(), { error: undefined });
    await back();
    assert.notEqual(await connection.invoke("ConnectionId"), id);
  });

  // A WebSocket cannot pass the server in front.
  if (way.options.transport !== HttpTransportType.WebSockets) test(`${way.name}: a cookie of a server in front comes back with each request`, async (t) => {
    // As load balancers do that must find the same server again.
    const seen = [];
    const { hostname, port } = new URL(lab.url);
    const front = await serve(t, (from, to) => {
      seen.push(from.headers.cookie);
      const onwards = request({ hostname, port, method: from.method, path: from.url, headers: from.headers }, (answer) => {
        to.writeHead(answer.statusCode, { ...answer.headers, "Set-Cookie": "route=seven; Path=/" });
        answer.pipe(to);
      });
      onwards.on("error", () => to.destroy());
      to.on("close", () => onwards.destroy());
      from.pipe(onwards);
    });
    const connection = await connect(t, `${front}/lab`, way);
    assert.equal(await connection.invoke("EchoInt", 5), 5);
    assert.equal(seen[0], undefined);
    assert.ok(seen.length > 2);
    // For event streams the client writes the cookie's path, too.
    for (const cookie of seen.slice(1)) assert.match(cookie, /^route=seven(; Path=\/)?$/);
    assert.match(await connection.invoke("Header", "cookie"), /^route=seven/);
  });

  if (way.options.skipNegotiation) continue;

  test(`${way.name}: a negotiation that leads elsewhere`, async (t) => {
    const accessToken = await lab.token("ann");
    let asked;
    const near = await serve(t, (_, response) => {
      response.setHeader("Content-Type", "application/json").end(JSON.stringify({ url: `${lab.url}/lab-auth?room=9`, accessToken }));
    });
    const first = await serve(t, (incoming, response) => {
      asked = incoming.headers.authorization;
      response.setHeader("Content-Type", "application/json").end(JSON.stringify({ url: `${near}/hub` }));
    });
    const connection = await connect(t, `${first}/hub`, withOptions(way, { accessTokenFactory: () => "of the first" }));
    assert.equal(asked, "Bearer of the first");
    assert.equal(await connection.invoke("UserName"), "ann");
    assert.equal(await connection.invoke("Query", "room"), "9");
  });
}

test("a transport that the endpoint does not have", async (t) => {
  const { WebSockets, ServerSentEvents, LongPolling } = HttpTransportType;
  for (const [path, transport] of [["/lab-sse", WebSockets], ["/lab-ws", ServerSentEvents], ["/lab-no-ws", WebSockets], ["/lab-ws", LongPolling]]) {
    const connection = client(lab.url + path, { options: { transport } });
    const { message } = await refusal(connection.start());
    assert.match(message, /^Unable to connect to the server with any of the available transports\.|None of the transports/, path);
  }
  for (const [path, name] of [["/lab-sse", "ServerSentEvents"], ["/lab-lp", "LongPolling"], ["/lab-ws", "WebSockets"], ["/lab-no-ws", "ServerSentEvents"]]) {
    const texts = [];
    const logged = (builder) => builder.configureLogging({ log: (_, text) => texts.push(text) });
    const connection = await connect(t, lab.url + path, {}, logged);
    assert.equal(await connection.invoke("EchoInt", 1), 1);
    assert.ok(texts.includes(`Selecting transport '${name}'.`), path);
  }
});

test("without WebSockets in between, the client falls back by itself", async (t) => {
  class Blocked {
    constructor() {
      setImmediate(() => this.onclose({}));
    }
    close() {}
  }
  const connection = await connect(t, `${lab.url}/lab`, { options: { WebSocket: Blocked } });
  assert.equal(await connection.invoke("EchoInt", 1), 1);
  assert.equal(connection.connectionId, await connection.invoke("ConnectionId"));
});

test("a hub that does not exist", async () => {
  const { message } = await refusal(within("the refusal", client(`${lab.url}/nowhere`).start()));
  assert.match(message, /Status code '404'/);
});
