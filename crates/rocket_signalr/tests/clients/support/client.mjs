// The official client.
import signalr from "@microsoft/signalr";
import { MessagePackHubProtocol } from "@microsoft/signalr-protocol-msgpack";
import { within } from "./wait.mjs";

export const { HttpTransportType, HubConnectionState, Subject } = signalr;
export { MessagePackHubProtocol };

const { WebSockets, ServerSentEvents, LongPolling } = HttpTransportType;

/** Every way to speak with a server: transports, and the encodings that they can carry. */
export const ways = [
  { name: "WebSockets, JSON", options: { transport: WebSockets }, binary: false },
  { name: "WebSockets without negotiation, JSON", options: { transport: WebSockets, skipNegotiation: true }, binary: false },
  { name: "ServerSentEvents, JSON", options: { transport: ServerSentEvents }, binary: false },
  { name: "LongPolling, JSON", options: { transport: LongPolling }, binary: false },
  { name: "WebSockets, MessagePack", options: { transport: WebSockets }, binary: true },
  { name: "WebSockets without negotiation, MessagePack", options: { transport: WebSockets, skipNegotiation: true }, binary: true },
  { name: "LongPolling, MessagePack", options: { transport: LongPolling }, binary: true },
];

/** A connection that is not started yet. `change` adds to its builder. */
export function client(url, { options = {}, binary = false } = {}, change = (builder) => builder) {
  const builder = new signalr.HubConnectionBuilder()
    .withUrl(url, options)
    .configureLogging(signalr.LogLevel.None);
  if (binary) builder.withHubProtocol(new MessagePackHubProtocol());
  return change(builder).build();
}

/** A started connection, stopped when the test is over. */
export async function connect(t, url, way, change) {
  const connection = client(url, way, change);
  t.after(() => connection.stop());
  await within(`the connection to ${url}`, connection.start());
  return connection;
}

/** Records the calls of a client method from now on. */
export function record(connection, event) {
  const calls = [];
  const waiting = new Set();
  connection.on(event, (...args) => {
    calls.push(args);
    for (const look of waiting) look();
  });
  /** Waits until `enough(calls)`. */
  async function until(enough, ms) {
    let look;
    const found = new Promise((resolve) => {
      look = () => enough(calls) && resolve(calls);
      waiting.add(look);
      look();
    });
    return within(`what was expected of ${event}`, found, ms).finally(() => waiting.delete(look));
  }
  return { calls, until, count: (n, ms) => until((calls) => calls.length >= n, ms) };
}

/** Everything a stream brings. */
export function collect(stream) {
  const items = [];
  const ended = new Promise((resolve, reject) => {
    stream.subscribe({ next: (item) => items.push(item), complete: () => resolve(items), error: (error) => reject(Object.assign(error, { items })) });
  });
  return within("the end of the stream", ended);
}

/** The error that a promise is rejected with. */
export async function refusal(promise) {
  let value;
  try {
    value = await within("the refusal", promise);
  } catch (error) {
    return error;
  }
  throw new Error(`it was not refused: ${JSON.stringify(value)}`);
}

/** The next loss, return and end of a connection. */
export function turns(connection) {
  const lost = new Promise((resolve) => connection.onreconnecting((error) => resolve({ error })));
  const back = new Promise((resolve) => connection.onreconnected((id) => resolve({ id })));
  const closed = new Promise((resolve) => connection.onclose((error) => resolve({ error })));
  return {
    lost: () => within("onreconnecting", lost),
    back: () => within("onreconnected", back),
    closed: () => within("onclose", closed),
  };
}
