// A client that polls and says exactly what it is told to, right or wrong.
import { until } from "./wait.mjs";

const RS = "\u001e";

/** A connection over long polling, after a good handshake unless it is to be another. */
export async function rawClient(url, { handshake = '{"protocol":"json","version":1}', query = "" } = {}) {
  const answer = await fetch(`${url}/negotiate?negotiateVersion=1`, { method: "POST" });
  const { connectionId, connectionToken } = await answer.json();
  const address = `${url}?id=${connectionToken}${query}`;
  const received = [];
  const statuses = [];

  const poll = async () => {
    const response = await fetch(address);
    const text = await response.text();
    statuses.push(response.status);
    received.push(...text.split(RS).filter(Boolean));
    return response.status;
  };
  /** Sends texts as they are, without a separator, each in a request of its own; the statuses. */
  const post = async (...texts) => {
    const all = [];
    for (const body of texts) all.push((await fetch(address, { method: "POST", body })).status);
    return all;
  };
  const send = (...messages) => post(messages.map((message) => (typeof message === "string" ? message : JSON.stringify(message)) + RS).join(""));

  /** Polls until so many messages have come, and takes them. */
  const expect = async (count) => {
    await until(`${count} messages`, async () => received.length >= count || (await poll()) !== 200 || received.length >= count);
    return received.splice(0);
  };
  /** The first message that fits, of all to come; the others are kept. */
  const find = (fits) =>
    until("a message that fits", async () => {
      const at = received.findIndex(fits);
      if (at >= 0) return received.splice(at, 1)[0];
      await poll();
      return undefined;
    });
  const stop = () => fetch(address, { method: "DELETE" });

  await poll();
  if (handshake) {
    await send(handshake);
    if (handshake.includes('"json","version":1')) await expect(1);
  }
  return { id: connectionId, address, received, statuses, poll, post, send, expect, find, stop };
}

/** A call as JSON. */
export const call = (invocationId, target, args = [], more = {}) => ({ type: 1, invocationId, target, arguments: args, ...more });
