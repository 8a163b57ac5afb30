// WebSockets whose messages are compressed: the official client, on the WebSocket of Node's `ws`.
import assert from "node:assert/strict";
import { test } from "node:test";
import WebSocket from "ws";
import { connect, ways } from "./support/client.mjs";
import { labForFile } from "./support/lab.mjs";

const lab = await labForFile({ compression: true, "max-size": 200_000 });
const plain = await labForFile({ "max-size": 200_000 });

const text = "All work and no play makes Jack a dull boy. ".repeat(2000);

/** A connection with these options of compression, its WebSocket, and the bytes of that so far. */
async function open(t, url, way, perMessageDeflate) {
  let socket;
  class Watched extends WebSocket {
    constructor(address, protocols, options) {
      super(address, protocols, { ...options, perMessageDeflate });
      socket = this;
    }
  }
  const options = { ...way.options, WebSocket: Watched };
  const connection = await connect(t, `${url}/lab`, { ...way, options });
  const { bytesRead, bytesWritten } = socket._socket;
  const bytes = () => ({ read: socket._socket.bytesRead - bytesRead, written: socket._socket.bytesWritten - bytesWritten });
  return { connection, socket, bytes };
}

for (const way of ways.filter(({ name }) => name.startsWith("WebSockets"))) {
  for (const [name, deflate] of [
    ["as it is", true],
    ["with all compressed", { threshold: 0 }],
    ["with a small window of its own", { threshold: 0, clientMaxWindowBits: 9 }],
    ["with all that the server demands", { serverNoContextTakeover: true, clientNoContextTakeover: true, serverMaxWindowBits: 15 }],
  ]) {
    test(`${way.name}: compressed both ways, ${name}`, async (t) => {
      const { connection, socket, bytes } = await open(t, lab.url, way, deflate);
      assert.equal(socket.extensions, "permessage-deflate");
      for (let i = 0; i < 5; i++) assert.equal(await connection.invoke("EchoString", text + i), text + i);
      for (const small of ["", "a", "ä€😀"]) assert.equal(await connection.invoke("EchoString", small), small);
      const { read, written } = bytes();
      assert.ok(read < text.length / 10, `${read} bytes read`);
      assert.ok(written < text.length / 10, `${written} bytes written`);
    });
  }

  for (const [name, deflate, url] of [
    ["no offer", false, lab.url],
    ["an offer that cannot be kept", { serverMaxWindowBits: 10 }, lab.url],
    ["a server that does not compress", true, plain.url],
  ]) {
    test(`${way.name}: not compressed with ${name}`, async (t) => {
      const { connection, socket, bytes } = await open(t, url, way, deflate);
      assert.equal(socket.extensions, "");
      assert.equal(await connection.invoke("EchoString", text), text);
      assert.ok(bytes().read > text.length);
    });
  }
}
