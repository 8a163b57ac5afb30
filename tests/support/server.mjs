// The program itself, started for a test in a folder of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

const program = resolve(process.env.BINARY_UNDER_TEST ?? "target/debug/signalbox");

/** A port that nobody listens on now. */
async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
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

  async function up() {
    child = spawn(program, {
      cwd: folder,
      env: { ...process.env, ROCKET_PORT: String(port), ...env },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines = createInterface({ input: child.stdout });
    for await (const line of lines) {
      const link = line.match(/^Staff link: http:\/\/[^/]+(.*)$/);
      if (!link) continue;
      server.staffLink = server.url + link[1];
      break;
    }
    if (!server.staffLink) throw new Error(`${program} did not start`);
    child.stdout.resume();
    await answering();
  }

  /** The link is printed at lift-off, when the port is bound already. */
  async function answering() {
    const response = await fetch(`${server.url}/healthz`);
    if (!response.ok) throw new Error(`not healthy: ${await response.text()}`);
  }

  async function down(signal = "SIGTERM") {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, "exit");
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
