// /hubs/stringtools: results, and streams in both directions.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { collect, connect, refusal, Subject } from "../support/hub.mjs";
import { startServer } from "../support/server.mjs";
import { within } from "../support/wait.mjs";

const server = await startServer();
after(() => server.stop());

const path = "/hubs/stringtools";

test("names are put together and texts reversed", async (t) => {
  const connection = await connect(t, server, path);
  assert.equal(await connection.invoke("GetFullName", "Ada", "Lovelace"), "Ada Lovelace");
  assert.equal(await connection.invoke("GetFullName", "", ""), " ");
  assert.equal(await connection.invoke("ReverseText", "Grüße, 🦀"), "🦀 ,eßürG");
  assert.equal(await connection.invoke("ReverseText", ""), "");
  const odd = "\u0000\u001e\u2028\"\\</script>";
  assert.equal(await connection.invoke("ReverseText", [...odd].reverse().join("")), odd);
});

test("many calls at once each get their own answer", async (t) => {
  const connection = await connect(t, server, path);
  const numbers = Array.from({ length: 200 }, (_, n) => String(1000 + n));
  const answers = await Promise.all(numbers.map((n) => connection.invoke("ReverseText", n)));
  assert.deepEqual(answers, numbers.map((n) => [...n].reverse().join("")));
});

test("a text comes as a stream of its characters", async (t) => {
  const connection = await connect(t, server, path);
  const stream = (text) => collect(connection.stream("StreamCharacters", text));
  assert.deepEqual(await stream("Zoë 🦀!"), ["Z", "o", "ë", " ", "🦀", "!"]);
  assert.deepEqual(await stream(""), []);
  const both = await Promise.all([stream("abc"), stream("xyz")]);
  assert.deepEqual(both, [["a", "b", "c"], ["x", "y", "z"]]);
});

test("a stream that nobody wants any more ends", async (t) => {
  const connection = await connect(t, server, path);
  let count = 0;
  const last = "🦀";
  await within("the first character", new Promise((resolve) => {
    const subscription = connection.stream("StreamCharacters", "x".repeat(30_000) + last).subscribe({
      next(character) {
        count += 1;
        assert.notEqual(character, last);
        subscription.dispose();
        resolve();
      },
      error() {},
      complete() {},
    });
  }));
  const seen = count;
  assert.equal(await connection.invoke("ReverseText", "still here"), "ereh llits");
  assert.equal(count, seen);
});

test("a stream from the client is put together", async (t) => {
  const connection = await connect(t, server, path);
  for (const items of [["Sig", "nal", "box"], ["🦀", ""], []]) {
    const upload = new Subject();
    const answer = connection.invoke("Concat", upload);
    for (const item of items) upload.next(item);
    upload.complete();
    assert.equal(await within("the answer", answer), items.join(""));
  }
});

test("two streams from the client at once are kept apart", async (t) => {
  const connection = await connect(t, server, path);
  const [one, other] = [new Subject(), new Subject()];
  const answers = [connection.invoke("Concat", one), connection.invoke("Concat", other)];
  for (const n of ["1", "2", "3"]) {
    one.next(n);
    other.next(n + n);
  }
  other.complete();
  assert.equal(await within("the second answer", answers[1]), "112233");
  one.complete();
  assert.equal(await within("the first answer", answers[0]), "123");
});

test("a stream that fails, or brings what is no text, fails the call", async (t) => {
  const connection = await connect(t, server, path);
  const failed = "An unexpected error occurred invoking 'Concat' on the server.";
  const broken = new Subject();
  const first = connection.invoke("Concat", broken);
  broken.next("a");
  broken.error(new Error("out of text"));
  assert.match(await refusal(first), /^An unexpected error occurred invoking 'Concat' on the server\./);
  const wrong = new Subject();
  const second = connection.invoke("Concat", wrong);
  wrong.next(7);
  assert.ok((await refusal(second)).startsWith(failed));
  assert.equal(await connection.invoke("ReverseText", "ok"), "ko");
});

test("much text is taken as fast as the client sends it", async (t) => {
  const connection = await connect(t, server, path);
  const upload = new Subject();
  const answer = connection.invoke("Concat", upload);
  const parts = Array.from({ length: 60 }, (_, n) => String.fromCharCode(65 + (n % 26)).repeat(16 * 1024));
  for (const part of parts) upload.next(part);
  upload.complete();
  assert.ok((await within("the answer", answer)) === parts.join(""));
});

test("more than 1 MiB is refused", async (t) => {
  const connection = await connect(t, server, path);
  const upload = new Subject();
  const answer = refusal(connection.invoke("Concat", upload));
  const part = "x".repeat(16 * 1024);
  for (let sent = 0; sent <= 1024 * 1024; sent += part.length) upload.next(part);
  assert.equal(
    await within("the refusal", answer),
    "An unexpected error occurred invoking 'Concat' on the server. HubException: stream: at most 1 MiB of text.",
  );
});
