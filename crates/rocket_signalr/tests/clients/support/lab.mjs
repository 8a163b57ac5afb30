// The lab, started for a test file with options of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { after } from "node:test";
import { until, within } from "./wait.mjs";

// Who is told to end takes the lab along: the runner does so to a file that takes too long.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

const program = resolve(process.env.LAB ?? "target/debug/examples/lab");

/** Starts the lab: `startLab({ parallel: 4 })` is `lab --parallel 4`, on any free port. */
export async function startLab(options = {}) {
  const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn(program, ["--urls", "http://127.0.0.1:0", ...words], { stdio: ["ignore", "pipe", "inherit"] });
  process.once("exit", () => child.kill("SIGKILL"));
  let url;
  const listening = (async () => {
    for await (const line of createInterface({ input: child.stdout })) {
      url = line.match(/^Now listening on: (.*)$/)?.[1];
      if (url) return;
    }
    throw new Error(`${program} did not start`);
  })();
  const failed = once(child, "error").then(([error]) => Promise.reject(error));
  await within("the start of the lab", Promise.race([listening, failed]));
  child.stdout.resume();

  async function stop(signal = "SIGTERM") {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await within(`the end of the lab after ${signal}`, ended);
  }

  /** What the hub noted about a connection, oldest first. */
  async function log(id) {
    const entries = await (await fetch(`${url}/lab/log`)).json();
    return entries.filter((entry) => entry.id === id);
  }

  /** Waits until the hub has noted `what` about a connection, and answers its detail. */
  async function noted(id, what) {
    const find = async () => (await log(id)).find((entry) => entry.what === what);
    return (await until(`'${what}' in the hub's log`, find)).detail;
  }

  /** A token of a user, as an application would give out. */
  async function token(user, more = {}) {
    return (await fetch(`${url}/token?${new URLSearchParams({ user, ...more })}`)).text();
  }

  return { url, stop, log, noted, token };
}

/** A lab for all tests of a file. */
export async function labForFile(options) {
  const lab = await startLab(options);
  after(() => lab.stop());
  return lab;
}
