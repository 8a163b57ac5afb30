// The program itself, started for a test file in a folder of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { within } from "./wait.mjs";

// Who is told to end takes the program along: the runner does so to a file that takes too long.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

const program = resolve(process.env.BINARY_UNDER_TEST ?? "target/debug/signalbox");

/** What the tests inherit, without the settings of an installation on this machine. */
const inherited = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(ROCKET|SIGNALBOX)_/.test(name)),
);

/**
 * A port that nobody listens on now. From below the range that systems give to clients, so that
 * it is still free when the server comes back to it.
 */
async function freePort() {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    const server = createServer();
    const taken = await new Promise((done) => {
      server.once("error", () => done(true));
      server.listen(port, "127.0.0.1", () => done(false));
    });
    if (taken) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}

/**
 * Starts the program and waits until it serves. `url` and `staffLink` say where; `restart`
 * ends it with a signal and starts it again with the same data; `stop` also removes them.
 */
export async function startServer(env = {}) {
  const folder = mkdtempSync(join(tmpdir(), "signalbox-"));
  const port = await freePort();
  const server = { url: `http://127.0.0.1:${port}`, staffLink: "", down, up, restart, stop };
  let child;
  process.once("exit", () => child?.kill("SIGKILL"));

  async function up() {
    child = spawn(program, {
      cwd: folder,
      env: { ROCKET_LOG_LEVEL: "critical", ...inherited, ROCKET_PORT: String(port), ...env },
      stdio: ["ignore", "pipe", "inherit"],
    });
    await within("the start of the program", started());
    child.stdout.resume();
  }

  /** The link is printed at lift-off, when the port is bound already. */
  async function started() {
    await once(child, "spawn"); // rejects when there is no such program
    let link;
    for await (const line of createInterface({ input: child.stdout })) {
      link = line.match(/^Staff link: http:\/\/[^/]+(.*)$/)?.[1];
      if (link) break;
    }
    if (!link) throw new Error(`${program} did not start`);
    server.staffLink = server.url + link;
    const health = await fetch(`${server.url}/healthz`);
    if (!health.ok) throw new Error(`not healthy: ${await health.text()}`);
  }

  async function down(signal = "SIGTERM") {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await within(`the end of the program after ${signal}`, ended);
  }

  async function restart(signal) {
    await down(signal);
    await up();
  }

  async function stop() {
    await down();
    rmSync(folder, { recursive: true, force: true });
  }

  await up();
  return server;
}
