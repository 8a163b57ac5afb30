// What MessagePack can say and JSON cannot.
import assert from "node:assert/strict";
import { test } from "node:test";
import { connect, record, Subject, refusal, ways } from "./support/client.mjs";
import { labForFile } from "./support/lab.mjs";
import { within } from "./support/wait.mjs";

const lab = await labForFile({ "detailed-errors": true });
const hub = `${lab.url}/lab`;

for (const way of ways.filter(({ binary }) => binary)) {
  test(`${way.name}: bytes`, async (t) => {
    const connection = await connect(t, hub, way);
    for (const size of [0, 1, 31, 32, 255, 256, 30_000]) {
      const bytes = Uint8Array.from({ length: size }, (_, n) => n % 256);
      const back = await connection.invoke("EchoBytes", bytes);
      assert.ok(back instanceof Uint8Array, `${size}`);
      assert.deepEqual([...back], [...bytes]);
    }
    assert.equal(await connection.invoke("EchoBytes", null), null);
  });

  test(`${way.name}: dates`, async (t) => {
    const connection = await connect(t, hub, way);
    for (const text of ["2026-11-21T10:20:30.000Z", "1970-01-01T00:00:00.000Z", "2026-11-21T10:20:30.123Z", "1969-12-31T23:59:59.500Z", "2500-01-01T00:00:00.000Z"]) {
      const back = await connection.invoke("EchoDate", new Date(text));
      assert.ok(back instanceof Date, `${back}`);
      assert.equal(back.toISOString(), text);
    }
  });

  test(`${way.name}: an enum is its name`, async (t) => {
    const connection = await connect(t, hub, way);
    for (const name of ["Red", "Green", "Blue", "7", "-1"]) assert.equal(await connection.invoke("EchoEnum", name), name);
    assert.equal(await connection.invoke("EchoEnum", "2"), "Blue");
    for (const wrong of ["red", "Purple", "", 2, null]) {
      assert.match((await refusal(connection.invoke("EchoEnum", wrong))).message, /InvalidDataException: Error binding arguments/, `${wrong}`);
    }
  });

  test(`${way.name}: a decimal is a text`, async (t) => {
    const connection = await connect(t, hub, way);
    for (const text of ["1.50", "-0.001", "79228162514264337593543950335"]) assert.equal(await connection.invoke("EchoDecimal", text), text);
    assert.equal(await connection.invoke("EchoDecimal", "+1.5e1"), "15");
    for (const wrong of ["79228162514264337593543950336", "x", "", ".", 1.5]) {
      assert.match((await refusal(connection.invoke("EchoDecimal", wrong))).message, /InvalidDataException: Error binding arguments/, `${wrong}`);
    }
  });

  test(`${way.name}: a span of time is a number of ticks`, async (t) => {
    const connection = await connect(t, hub, way);
    for (const ticks of [0, 1, -1, 36_000_000_000, Number.MAX_SAFE_INTEGER]) assert.equal(await connection.invoke("EchoTimeSpan", ticks), ticks);
    for (const wrong of ["01:00:00", 0.5]) {
      assert.match((await refusal(connection.invoke("EchoTimeSpan", wrong))).message, /InvalidDataException: Error binding arguments/, `${wrong}`);
    }
  });

  test(`${way.name}: a time with an offset is both of them`, async (t) => {
    const connection = await connect(t, hub, way);
    const clock = new Date("2026-11-21T10:20:30.125Z");
    for (const minutes of [0, 60, -210, 840, -840]) assert.deepEqual(await connection.invoke("EchoDateOffset", [clock, minutes]), [clock, minutes]);
    for (const wrong of ["2026-11-21T10:20:30Z", clock, [clock], [clock, 841], [new Date("0001-01-01T00:00:00Z"), 60]]) {
      assert.match((await refusal(connection.invoke("EchoDateOffset", wrong))).message, /InvalidDataException: Error binding arguments/, `${wrong}`);
    }
  });

  test(`${way.name}: numbers of every width`, async (t) => {
    const connection = await connect(t, hub, way);
    for (const n of [0, 1, -1, 31, -32, -33, 127, 128, -128, -129, 255, 256, 32767, 32768, -32768, -32769, 65535, 65536, 2147483647, -2147483648]) {
      assert.equal(await connection.invoke("EchoInt", n), n);
      assert.equal(await connection.invoke("EchoLong", n), n);
      assert.equal(await connection.invoke("EchoDouble", n), n);
    }
    for (const n of [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 4294967296, -4294967297]) assert.equal(await connection.invoke("EchoLong", n), n);
    for (const n of [0.5, -1e300, 5e-324, Math.PI]) assert.equal(await connection.invoke("EchoDouble", n), n);
    assert.match((await refusal(connection.invoke("EchoInt", 2147483648))).message, /InvalidDataException: Error binding arguments/);
    assert.match((await refusal(connection.invoke("EchoInt", 1.5))).message, /InvalidDataException: Error binding arguments/);
    assert.match((await refusal(connection.invoke("EchoInt", "5"))).message, /InvalidDataException: Error binding arguments/);
    assert.equal(await connection.invoke("EchoInt", 5), 5, "the connection goes on");
  });

  test(`${way.name}: texts and lists of every length`, async (t) => {
    const connection = await connect(t, hub, way);
    for (const size of [0, 1, 31, 32, 100, 120, 127, 128, 255, 256, 16_383, 16_384, 30_000]) {
      assert.equal(await connection.invoke("EchoString", "x".repeat(size)), "x".repeat(size));
    }
    for (const size of [0, 15, 16, 2000]) {
      const list = Array.from({ length: size }, (_, n) => n);
      assert.deepEqual(await connection.invoke("EchoInts", list), list);
    }
    const map = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`k${n}`, n]));
    assert.deepEqual(await connection.invoke("EchoMap", map), map);
  });

  test(`${way.name}: what is left out is nil`, async (t) => {
    const connection = await connect(t, hub, way);
    assert.equal(await connection.invoke("EchoString", undefined), null);
    assert.equal(await connection.invoke("EchoNullable", undefined), null);
  });

  test(`${way.name}: exactly the largest message, and one byte more`, async (t) => {
    const connection = await connect(t, hub, way);
    // An upload item has a length prefix of three bytes, six bytes of its own, and a text header.
    const upload = new Subject();
    const answer = connection.invoke("Upload", upload);
    const rest = 3 + 1 + 1 + 1 + 2 + 3; // prefix, array, type, headers, id "1", text header
    upload.next("x".repeat(32_768 - rest));
    upload.complete();
    assert.equal((await within("the answer", answer)).length, 32_768 - rest);

    const closed = new Promise((resolve) => connection.onclose(resolve));
    const refused = refusal(connection.invoke("Upload", (() => {
      const large = new Subject();
      setImmediate(() => large.next("x".repeat(32_768 - rest + 1)));
      return large;
    })()));
    assert.match(String(await within("onclose", closed)), /The maximum message size of 32768B was exceeded\./);
    assert.ok(await refused);
  });

  test(`${way.name}: one encoding for each, whoever calls`, async (t) => {
    const json = await connect(t, hub, { ...way, binary: false });
    const binary = await connect(t, hub, way);
    const [asText, asBytes] = [json, binary].map((connection) => record(connection, "Args"));
    await json.invoke("SendArgs");
    await binary.invoke("SendArgs");
    await Promise.all([asText.count(1), asBytes.count(1)]);
    assert.deepEqual(asText.calls, asBytes.calls);
  });
}
