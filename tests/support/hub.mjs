// The official client on the server's hubs.
import signalr from "@microsoft/signalr";
import { within } from "./wait.mjs";

export const { HttpTransportType, HubConnectionState, Subject } = signalr;

/** A connection that is not started yet. `change` adds to its builder. */
export function client(server, path, options = {}, change = (builder) => builder) {
  const builder = new signalr.HubConnectionBuilder()
    .withUrl(server.url + path, options)
    .configureLogging(signalr.LogLevel.None);
  return change(builder).build();
}

/** A started connection, stopped when the test is over. */
export async function connect(t, server, path, options, change) {
  const connection = client(server, path, options, change);
  t.after(() => connection.stop());
  await within(`the connection to ${path}`, connection.start());
  return connection;
}

/** Records the calls of a client method from now on. */
export function record(connection, event) {
  const calls = [];
  const waiting = new Set();
  const handler = (...args) => {
    calls.push(args);
    for (const look of waiting) look(args);
  };
  connection.on(event, handler);

  /** The arguments of the first call that fits, be it past or still to come. */
  function until(fits = () => true) {
    const past = calls.find((args) => fits(...args));
    if (past) return Promise.resolve(past);
    return expected(fits);
  }

  /** The arguments of the next call that fits. */
  function expected(fits = () => true) {
    let look;
    const found = new Promise((resolve) => {
      look = (args) => fits(...args) && resolve(args);
      waiting.add(look);
    });
    return within(`${event} that fits`, found).finally(() => waiting.delete(look));
  }

  return { calls, until, next: expected, off: () => connection.off(event, handler) };
}

/** Everything a stream brings. */
export function collect(stream) {
  const items = [];
  const ended = new Promise((resolve, reject) => {
    stream.subscribe({
      next: (item) => items.push(item),
      complete: () => resolve(items),
      error: reject,
    });
  });
  return within("the end of the stream", ended);
}

/** What the client is told when a call fails. */
export async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return error.message;
  }
  throw new Error("the call was not refused");
}
