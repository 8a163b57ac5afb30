// Measures the SignalR server beside the floor, and beside ASP.NET Core where that is at hand, with
// hubload, and writes BENCHMARKS.md. `make bench` builds what it takes.
//
// HUBLOAD, LAB and ROCKET_FLOOR name the programs; PEERS names a folder in which `aspnet/start`
// starts the reference. BENCH=quick goes through all of it in three minutes, for trying.
import { execFile, execFileSync, spawn } from "node:child_process";
import { accessSync, constants, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { page } from "./bench/page.mjs";
import { nameOf, paceOf, scenariosOf, themes } from "./bench/plan.mjs";

const quick = process.env.BENCH === "quick";
// A client is pinged each 15 seconds: in that time, each of them once.
const extent = quick
  ? { rounds: 1, moreRounds: 1, idleRounds: 1, seconds: 2, idleSeconds: 4, adverseSeconds: 2, clients: (count) => count / 5 }
  : { rounds: 3, moreRounds: 11, idleRounds: 2, seconds: 5, idleSeconds: 15, adverseSeconds: 8, clients: (count) => count };
const limit = 10 * 60_000; // milliseconds, for one run of hubload
const patience = 60_000; // milliseconds, for a server to start: the reference may unpack itself
const spare = 250; // files that a process opens beside its connections

const samples = mkdtempSync(join(tmpdir(), "bench-"));
const running = new Set();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
  rmSync(samples, { recursive: true });
});
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

try {
  await bench();
} catch (error) {
  console.error(`bench: ${error.message}`);
  process.exit(1);
}

async function bench() {
  if (process.env.BENCH && !quick) throw new Error("BENCH can be 'quick', or not set at all");
  const hubload = program("HUBLOAD", process.env.HUBLOAD);
  const lab = program("LAB", process.env.LAB);
  const rocketFloor = program("ROCKET_FLOOR", process.env.ROCKET_FLOOR);
  const reference = process.env.PEERS && program("PEERS", join(process.env.PEERS, "aspnet/start"));
  const plan = themes(extent);
  const scenarios = scenariosOf(plan);
  checkFiles(Math.max(...scenarios.map((scenario) => scenario.options.connections)));
  const cores = pinning();
  const setup = { hubload, lab, rocketFloor, reference, cores };
  if (!reference) console.log("Without ASP.NET Core: PEERS does not say where it is.");
  if (cores.why) console.log(`Not pinned to cores: ${cores.why}.`);

  const start = new Date();
  const results = new Map();
  for (const [n, scenario] of scenarios.entries()) {
    process.stdout.write(`${`${n + 1}/${scenarios.length}`.padStart(5)}  ${scenario.name} … `);
    const since = Date.now();
    const result = await measure(scenario, setup);
    results.set(scenario, result);
    console.log(`${Math.round((Date.now() - since) / 1000)} s`);
    for (const warning of result.warnings) console.log(`       ${warning}`);
  }
  const failed = [...results.values()].filter((result) => result.failed).length;
  if (failed === results.size) throw new Error("nothing could be measured, and BENCHMARKS.md is as it was");
  const text = page({ plan, results, scenarios, quick, extent, cores, reference, start });
  await writeFile("BENCHMARKS.md", text);
  console.log(`BENCHMARKS.md is written, after ${Math.round((Date.now() - start) / 1000)} s.`);
  if (failed > 0) process.exitCode = 1;
}

function program(variable, path) {
  if (!path) throw new Error(`the variable ${variable} is not set: start this by 'make bench'`);
  try {
    accessSync(path, constants.X_OK);
  } catch {
    throw new Error(`${variable}: there is no program ${path}`);
  }
  return path;
}

/** Each connection is a file, of the server and of the generator. */
function checkFiles(connections) {
  let limits;
  try {
    limits = readFileSync("/proc/self/limits", "utf8");
  } catch {
    throw new Error("there is no /proc: hubload measures on Linux only");
  }
  // Node.js has raised its own limit as far as it may, and hands that on.
  const [, files] = /^Max open files +(\d+)/m.exec(limits) ?? [];
  if (files < connections + spare) {
    throw new Error(
      `a process may open ${files} files, and ${connections + spare} are needed: ` +
        `raise the limit (ulimit -Hn, as root), or try BENCH=quick`,
    );
  }
}

/** A core for the servers and another for the generator, or why that cannot be. */
function pinning() {
  try {
    execFileSync("taskset", ["--version"], { stdio: "ignore" });
  } catch {
    return { why: "taskset is missing (it comes with util-linux)" };
  }
  const status = readFileSync("/proc/self/status", "utf8");
  const [first, ...others] = list(/^Cpus_allowed_list:\s*(.*)$/m.exec(status)?.[1]);
  if (others.length === 0) return { why: "there is one core only" };
  const siblings = list(readIfThere(`/sys/devices/system/cpu/cpu${first}/topology/thread_siblings_list`));
  const apart = others.find((core) => !siblings.includes(core));
  return { server: first, generator: apart ?? others[0] };
}

/** Of a text such as 0-3,8. */
function list(text = "") {
  return text.split(",").flatMap((range) => {
    const [first, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, n) => first + n);
  });
}

function readIfThere(path) {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}

/** All rounds of a scenario: figures of each turn, ratios of each round, what hubload warns of. */
async function measure(scenario, setup) {
  const result = { turns: [], ratios: [], warnings: [] };
  // A server keeps memory that it once had: for idle connections it is started anew for each round.
  const [starts, rounds] = isIdle(scenario) ? [extent.idleRounds, 1] : [1, scenario.rounds];
  try {
    for (let start = 0; start < starts; start++) {
      await withServers(scenario, setup, (started) => run(scenario, setup, started, rounds, start, result));
    }
    result.warnings.push(...late(scenario, result));
  } catch (error) {
    result.failed = true;
    result.warnings.push(`could not be measured: ${error.message}`);
  }
  return result;
}

function isIdle(scenario) {
  return scenario.command === "idle";
}

/** Servers that nobody has connected to yet, for as long as something is done with them. */
async function withServers(scenario, { lab, rocketFloor, reference, cores }, act) {
  const programs = { A: lab };
  // The reference has no MessagePack.
  if (reference && scenario.options.protocol !== "messagepack") programs.B = reference;
  // The other floor comes with hubload.
  if (scenario.floor === "rocket") programs.floor = rocketFloor;
  const started = [];
  try {
    for (const [server, path] of Object.entries(programs)) {
      started.push(await startServer(server, path, cores));
    }
    await act(started);
  } finally {
    for (const { child } of started) {
      child.kill("SIGKILL");
      running.delete(child);
    }
  }
}

async function startServer(server, path, cores) {
  const [command, ...args] = pinned(cores.server, [path, "--urls", "http://127.0.0.1:0"]);
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  running.add(child);
  const timer = setTimeout(() => child.kill("SIGKILL"), patience);
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const [, url] = /^Now listening on: (\S+)/.exec(line) ?? [];
      if (url) return { server, child, url: `${url}/bench` };
    }
  } finally {
    clearTimeout(timer);
    child.stdout.resume();
  }
  throw new Error(`${path} did not start`);
}

function pinned(core, words) {
  return core === undefined ? words : ["taskset", "--cpu-list", `${core}`, ...words];
}

async function run(scenario, { hubload, cores }, started, rounds, earlier, result) {
  const json = join(samples, "samples.json");
  const { command, options } = scenario;
  const said = [command, ...words({ duration: extent.seconds, "warm-up": 1, ...options, rounds })];
  if (scenario.floor === "sockets") said.push("--floor");
  result.command = `hubload ${said.join(" ")}`;
  for (const [first, second] of comparisons(started)) {
    const targets = { url: first.url, pid: first.child.pid };
    if (second) Object.assign(targets, { compare: second.url, "compare-pid": second.child.pid });
    const args = [...said, ...words({ ...targets, json })];
    const stderr = await finished(pinned(cores.generator, [hubload, ...args]));
    const { hubload: version, turns, ratios } = JSON.parse(await readFile(json, "utf8"));
    // As hubload calls them, and as they are called here.
    const servers = { A: first.server, B: second?.server, floor: "floor" };
    result.version = version;
    result.turns.push(...turns.map((turn) => ({ ...turn, server: servers[turn.server] })));
    result.ratios.push(...ratios.map((ratio) => ({ ...ratio, of: ratio.of.map((one) => servers[one]) })));
    result.warnings.push(...warnings(stderr, earlier, (server) => nameOf(servers[server], scenario)));
  }
}

/** Hubload compares two at a time. A floor that is one of them is compared with each of the others. */
function comparisons(started) {
  const floor = started.find(({ server }) => server === "floor");
  return floor ? started.filter((one) => one !== floor).map((one) => [one, floor]) : [started];
}

function words(options) {
  return Object.entries(options).flatMap(([name, value]) => [`--${name}`, `${value}`]);
}

/** What hubload says on standard error, once it is done. */
async function finished([command, ...args]) {
  const ending = promisify(execFile)(command, args, { timeout: limit });
  running.add(ending.child);
  try {
    return (await ending).stderr;
  } catch (error) {
    // Messages were lost or wrong: the figures are there, and so is the cause.
    if (error.code === 1) return error.stderr;
    if (error.killed) throw new Error(`hubload was not done in ${limit / 60_000} minutes`);
    throw new Error(error.stderr?.trim() || error.message);
  } finally {
    running.delete(ending.child);
  }
}

/** With the servers' names, and their rounds counted over all runs. */
function warnings(stderr, earlier, name) {
  const lines = stderr.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line) =>
    line.replace(/^(A|B|floor), round (\d+)/, (_, server, round) => {
      return `${name(server)}, round ${Number(round) + earlier}`;
    }),
  );
}

/** Who did not keep up with the floor does not bear the same load. */
function late(scenario, { ratios }) {
  const pace = paceOf(scenario);
  return ratios
    .filter(({ of, name }) => of[1] === "floor" && name === pace)
    .map(({ of, rounds }) => ({ of, least: Math.min(...rounds) }))
    .filter(({ least }) => least < 0.9)
    .map(({ of, least }) => {
      const percent = Math.round(least * 100);
      const server = nameOf(of[0], scenario);
      return `${server} did not keep up: in a round, it delivered at ${percent} % of the floor's pace`;
    });
}
