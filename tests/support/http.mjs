// Plain HTTP: a visitor with cookies but without script, and the API of polls.
import assert from "node:assert/strict";

/** A visitor whose cookies are kept from one request to the next. Redirects are not followed. */
export function visitor(server) {
  const cookies = new Map();

  async function request(address, options = {}) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { Accept: "text/html", ...(cookie && { Cookie: cookie }), ...options.headers };
    const url = new URL(address, server.url);
    const response = await fetch(url, { redirect: "manual", ...options, headers });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = line.match(/^([^=]+)=([^;]*)/);
      if (/max-age=0/i.test(line)) cookies.delete(name);
      else cookies.set(name, value);
    }
    return response;
  }

  /** Fills in the form of `page` and sends it to `action`. */
  async function submit(page, action, fields) {
    const html = await (await request(page)).text();
    const csrf = html.match(/name="csrf" value="([^"]+)"/)?.[1];
    assert.ok(csrf, `${page} has no form with a token`);
    const body = new URLSearchParams([["csrf", csrf], ...fields]);
    return request(action, { method: "POST", body });
  }

  return { request, submit };
}

/** A visitor who opened the staff link. */
export async function staff(server) {
  const person = visitor(server);
  const response = await person.request(server.staffLink);
  assert.equal(response.status, 303, "the staff link signs in");
  return person;
}

/** Makes an open poll, as staff do; `{id, code, …}` as the API tells it. */
export async function makePoll(server, title, choices) {
  const person = await staff(server);
  const fields = [["title", title], ...choices.map((choice) => ["choices", choice])];
  const made = await person.submit("/polls/new", "/polls", fields);
  assert.equal(made.status, 303, "the poll is made");
  return pollOf(server, made.headers.get("Location").split("/").pop());
}

/** Closes a poll, as staff do, or opens it again. */
export async function setOpen(server, poll, open) {
  const person = await staff(server);
  const page = `/polls/${poll.id}`;
  const done = await person.submit(page, `${page}/${open ? "open" : "close"}`, []);
  assert.equal(done.status, 303);
}

/** A poll as the API tells it now. */
export async function pollOf(server, id) {
  const response = await fetch(`${server.url}/api/polls/${id}`);
  assert.equal(response.status, 200);
  return response.json();
}

/** A vote over the API: the status and the JSON of the answer. */
export async function post(server, id, vote, headers = {}) {
  const response = await fetch(`${server.url}/api/polls/${id}/votes`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: typeof vote === "string" ? vote : JSON.stringify(vote),
  });
  return { status: response.status, answer: await response.json() };
}
