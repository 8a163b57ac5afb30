// Counts the instructions of the benchmark `instructions` with callgrind, and writes them into
// crates/rocket_signalr/benches/README.md. `make bench-instructions` builds the benchmark, which the
// variable INSTRUCTIONS names.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { count } from "./plan.mjs";
import { commit, said } from "./said.mjs";

const page = "crates/rocket_signalr/benches/README.md";
const [begin, end] = ["<!-- counts -->", "<!-- /counts -->"];
/** Callgrind counts in this function only, and notes a total each time it returns. */
const measured = "instructions::measured";

const folder = mkdtempSync(join(tmpdir(), "instructions-"));
try {
  const tables = tabulate(run());
  const text = readFileSync(page, "utf8");
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${page} has no place for the counts`);
  writeFileSync(page, `${text.slice(0, from)}${begin}\n${origin()}\n\n${tables}\n${text.slice(to)}`);
  console.log(tables);
} catch (error) {
  console.error(`instructions: ${error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}

/** A table, a row, a column and the instructions, of each count. */
function run() {
  const benchmark = process.env.INSTRUCTIONS;
  if (!benchmark) throw new Error("INSTRUCTIONS is not set: start this by 'make bench-instructions'");
  const totals = join(folder, "callgrind");
  const options = [`--callgrind-out-file=${totals}`, `--toggle-collect=${measured}`, `--dump-after=${measured}`];
  const lines = execFileSync("valgrind", ["--quiet", "--tool=callgrind", ...options, benchmark], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  return lines.trimEnd().split("\n").map((line, n) => {
    const [table, row, column, times] = line.split("\t");
    const [, total] = /^summary: (\d+)$/m.exec(readFileSync(`${totals}.${n + 1}`, "utf8"));
    return { table, row, column, instructions: total / times };
  });
}

function tabulate(counts) {
  return distinct(counts, "table")
    .map((title) => {
      const cells = counts.filter(({ table }) => table === title);
      const columns = distinct(cells, "column");
      const rows = distinct(cells, "row").map((row) => [
        row,
        ...columns.map((column) => shown(cells.find((cell) => cell.row === row && cell.column === column))),
      ]);
      const head = columns.map((column) => column.replace(/\d+/, (number) => count(number)));
      const lines = [[title, ...head], ["---", ...columns.map(() => "---:")], ...rows];
      return lines.map((line) => `| ${line.join(" | ")} |`).join("\n");
    })
    .join("\n\n");
}

function distinct(counts, property) {
  return [...new Set(counts.map((one) => one[property]))];
}

function shown(cell) {
  return cell ? count(Math.round(cell.instructions)) : "";
}

function origin() {
  const rustc = said("rustc", ["--version"]);
  return `Counted of ${commit(page)}, built by ${rustc}, with ${said("valgrind", ["--version"])}.`;
}
