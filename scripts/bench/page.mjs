// The page that tells what was measured.
import { cpus, release, totalmem } from "node:os";
import { count, nameOf, scenariosOf } from "./plan.mjs";
import { commit, said } from "./said.mjs";

export function page(bench) {
  const parts = [opening(bench), inShort(bench)];
  for (const theme of bench.plan) parts.push(chapter(theme, bench));
  parts.push(disturbances(bench), repeat(bench));
  return `${parts.filter(Boolean).join("\n\n")}\n`;
}

function opening({ quick, start, reference: beside, extent }) {
  const trial = `> **A quick trial** with small numbers: it shows that everything runs, and no figure in it means
> anything. \`make bench\` without \`BENCH=quick\` measures.

`;
  const compared = ", and beside **ASP.NET Core** SignalR 10, which has the same hub";
  return `# Benchmarks

${quick ? trial : ""}What \`rocket_signalr\` costs, and how late its messages come. It is measured beside **the floor**: a
server of bare sockets that does the same work with one \`send(2)\` for each message and nothing else,
no framework, no task and no lock${beside ? compared : ""}.

Microseconds are those of a machine and of its hour; **a ratio to the floor** travels. 1.00 means: as
cheap as bare sockets; 2.00: twice as dear. The servers take turns within each round, and a ratio is
always of two turns of the same round. Lower is better everywhere.

Shown are the median of the rounds, and in parentheses **the spread**: the least and the most of them.
It is what the machine does to one and the same program from round to round. Believe that two figures
differ where their spreads do not overlap. Where a target lies within a spread, the rounds disagree on
it: the median decides here, and may decide otherwise the next time.

Measured on ${start.toISOString().slice(0, 10)}, in ${rounds(extent.rounds)} of ${extent.seconds} seconds; broadcasts of one message at a
time, and connecting, in ${rounds(extent.moreRounds)}, idle connections in ${rounds(extent.idleRounds)} of ${extent.idleSeconds} seconds. ${machine()}`;
}

function rounds(number) {
  return `${number} round${plural(number)}`;
}

function machine() {
  const all = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const cores = `${all.length} core${plural(all.length)}`;
  return `The machine: ${all[0]?.model.trim() ?? "CPU unknown"}, ${cores}, ${memory} GiB, Linux ${release()}.`;
}

/** The targets first: which are met, and by how much the others are not. */
function inShort(bench) {
  const judged = bench.plan.flatMap((theme) =>
    theme.rows.filter((row) => row.target).map((row) => ({ theme, row, ...verdict(row, bench) })),
  );
  const short = judged.filter(({ met }) => met === false);
  const unknown = judged.filter(({ met }) => met === undefined);
  const met = judged.length - short.length - unknown.length;
  const lines = ["## In short", ""];
  lines.push(`${met} of ${judged.length} targets are met, by the median.`);
  const named = ({ theme, row }) => `${theme.title}, ${row.title}`;
  if (short.length > 0) {
    lines.push("", "**These fall short:**", "");
    for (const one of short) {
      lines.push(`- ${named(one)}: **${figure(one.median)}**, where at most ${one.row.target} is wanted`);
    }
  }
  if (unknown.length > 0) {
    lines.push("", "Nothing can be said of these: they could not be measured, or the floor took too little to be compared with:", "");
    for (const one of unknown) lines.push(`- ${named(one)}`);
  }
  return lines.join("\n");
}

/** Judged by the median, as it is shown. */
function verdict(row, bench) {
  const median = spread(compared(row, "A", bench))?.median;
  return { median, met: median === undefined ? undefined : Number(median.toPrecision(3)) <= row.target };
}

/** What a row compares in each round: ratios to the floor, or the figure itself. */
function compared(row, server, bench) {
  if (row.plain) return samples(row, server, bench);
  const { ratios } = bench.results.get(row.scenario);
  return ratios
    .filter(({ of, name }) => of[0] === server && of[1] === "floor" && name === row.figure)
    .flatMap(({ rounds }) => rounds);
}

function samples(row, server, bench) {
  return figures(row, bench)
    .filter((one) => one.server === server)
    .map((one) => one.value);
}

function figures(row, bench) {
  return bench.results
    .get(row.scenario)
    .turns.flatMap(({ server, figures }) => figures.map((figure) => ({ server, ...figure })))
    .filter(({ name }) => name === row.figure);
}

function chapter(theme, bench) {
  const marked = (row) => `${row.title}${bench.results.get(row.scenario).warnings.length > 0 ? " ⚠" : ""}`;
  // The reference does not take part in everything.
  const beside = theme.rows.some((row) => samples(row, "B", bench).length > 0);
  const known = ["A", ...(beside ? ["B"] : [])];
  // The rows of a theme have the same floor.
  const name = (server) => nameOf(server, theme.rows[0].scenario);
  const judged = theme.rows.some((row) => row.target);
  const ratios = theme.rows.map((row) => [
    marked(row),
    ...known.map((server) => cell(compared(row, server, bench))),
    ...(judged ? target(row, bench) : []),
  ]);
  const absolute = theme.rows.map((row) => [
    row.title,
    figures(row, bench)[0]?.unit ?? "",
    ...[...known, "floor"].map((server) => cell(samples(row, server, bench))),
  ]);
  return [
    `## ${theme.title}`,
    theme.text,
    table([`Ratio to ${name("floor")}`, ...known.map(name), ...(judged ? ["target", ""] : [])], ratios),
    table(["As measured", "", ...[...known, "floor"].map(name)], absolute),
  ].join("\n\n");
}

function target(row, bench) {
  if (!row.target) return ["", ""];
  const { met } = verdict(row, bench);
  return [`≤ ${row.target}`, met === undefined ? "not known" : met ? "met" : "**falls short**"];
}

function table(head, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  const rule = head.map((_, n) => (n === 0 ? "---" : "---:"));
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}

function cell(values) {
  const all = spread(values);
  if (!all) return "–";
  if (values.length === 1) return figure(all.median);
  return `${figure(all.median)} (${figure(all.least)}–${figure(all.most)})`;
}

function spread(values) {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, least: sorted[0], most: sorted.at(-1) };
}

/** With three digits that say something, or all those before the point. */
function figure(value) {
  if (value === 0) return "0";
  return value >= 100 ? count(value) : value.toPrecision(3);
}

function disturbances({ scenarios, results }) {
  const disturbed = scenarios.filter((scenario) => results.get(scenario).warnings.length > 0);
  if (disturbed.length === 0) return undefined;
  const lines = [
    "## What disturbed the measurements",
    "",
    "Rows with ⚠ are to be taken with care. What was seen:",
    "",
  ];
  for (const scenario of disturbed) {
    lines.push(`- ${scenario.name}`);
    for (const warning of results.get(scenario).warnings) lines.push(`  - ${warning}`);
  }
  return lines.join("\n");
}

function repeat({ plan, results, cores, extent, reference: beside }) {
  const commands = scenariosOf(plan).map((scenario) => results.get(scenario).command);
  const version = [...results.values()].find((result) => result.version)?.version;
  const pins = cores.why
    ? `Nothing was pinned to a core: ${cores.why}.`
    : `The servers ran on core ${cores.server}, the generator on core ${cores.generator} (\`taskset\`).`;
  return `## How to repeat it

\`\`\`sh
make bench
\`\`\`

takes about half an hour on a Linux machine where nothing else runs, and writes this page anew.
\`make bench BENCH=quick\` goes through all of it in three minutes, for trying. If the variable \`PEERS\`
names a folder whose \`aspnet/start\` starts ASP.NET Core with the same hub, that is measured too${beside ? "" : "; here\nit was not"}.

- Measured was ${commit("BENCHMARKS.md")}, built for release by ${said("rustc", ["--version"])}: the example
  [\`lab\`](crates/rocket_signalr/examples/lab), without logging. The meter is
  [\`hubload\`](crates/hubload) ${version ?? ""}, whose README says how it measures and what a server needs.
- Servers are started anew for each scenario, for idle connections before each round, since a server
  keeps memory that it once had. Each turn begins with a second of load that is not measured; the first
  round still finds them colder than the others do, which is why medians are compared.
- ${pins}
- CPU is the time that the server's process was on a core, its system calls included. The kernel's own
  memory of a socket is not part of RSS.
- A round has the server${beside ? ", ASP.NET Core" : ""} and the floor, one after the other, with
  100-byte texts where nothing else is said.${beside ? " Rocket's floor takes turns with each of the two by itself." : ""}

These were run, in this order, each with \`--url\` and \`--pid\` of the server${beside ? " and\n`--compare` and `--compare-pid` of the reference" : ""}${extent.idleRounds > 1 ? `; \`idle\` ${extent.idleRounds} times` : ""}.
Those without \`--floor\` had \`--compare\` and \`--compare-pid\` of Rocket's floor${beside ? ", and were run once\nmore with the reference in the place of the server" : ""}:

\`\`\`sh
${commands.filter(Boolean).join("\n")}
\`\`\``;
}

function plural(number) {
  return number === 1 ? "" : "s";
}
