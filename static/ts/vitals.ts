// The machine's vitals: numbers, charts that open with their history, and lists.

import { chart } from "./chart";
import type { Chart, ChartData } from "./chart";
import { stale } from "./live";
import { follow } from "./metrics";
import type { Snapshot } from "./metrics";
import { longSpan, numberAndUnit, size, time } from "./units";

interface Row {
  at: number;
  cpu: number;
  memory: number;
  load: number;
  received: number;
  sent: number;
}

interface Sample extends Row {
  cores: number[];
  memoryTotal: number;
  load5: number;
  load15: number;
  swap: number;
  uptime: number;
  disks: { mount: string; used: number; total: number }[];
  processes: { pid: number; name: string; cpu: number; memory: number }[];
}

const minute = 60_000; // milliseconds
const shownTime = 15 * minute;
const summaryEvery = 30_000; // milliseconds

const percent = (value: number): string => `${value.toFixed(0)} %`;
const rate = (value: number): string => `${size(value)}/s`;

/** The recent samples. A gap between two of them is a row of its own, without numbers. */
class History {
  readonly rows: (Row | { at: number; gap: true })[] = [];
  interval = 1000; // milliseconds

  add(row: Row): void {
    const last = this.rows.at(-1)?.at ?? row.at;
    if (row.at < last || this.rows.at(-1)?.at === row.at) return;
    if (row.at - last > 2.5 * this.interval) {
      this.rows.push({ at: last + this.interval, gap: true });
    }
    this.rows.push(row);
    while ((this.rows[0]?.at ?? row.at) < row.at - shownTime) this.rows.shift();
  }

  columns(...names: (keyof Row)[]): ChartData {
    const column = (name: keyof Row): (number | null)[] =>
      this.rows.map((row) => ("gap" in row ? null : row[name]));
    return [this.rows.map((row) => row.at / 1000), ...names.map(column)];
  }

  /** The first sample of each minute, newest first. */
  minutes(): Row[] {
    const found: Row[] = [];
    for (const row of this.rows) {
      const last = found.at(-1);
      const next = !last || Math.floor(last.at / minute) !== Math.floor(row.at / minute);
      if (next && !("gap" in row)) found.push(row);
    }
    return found.reverse();
  }
}

const card = document.querySelector<HTMLElement>("[data-vitals]");
if (card) start(card);

function start(root: HTMLElement): void {
  const text = root.querySelector("[data-snapshot]")?.textContent ?? "null";
  const known = JSON.parse(text) as Snapshot<Sample, Row> | null;
  const history = new History();
  const mark = stale(root, 1000);
  const table = root.querySelector<HTMLTableElement>("[data-minutes]");
  const details = table?.closest("details");
  let newest = known?.sample ?? undefined;
  let charts: ((history: History) => void)[] = [];

  function addAll(rows: readonly Row[]): void {
    for (const row of rows) history.add(row);
  }

  function redraw(): void {
    if (charts.length === 0 && newest) charts = makeCharts(root, newest, history);
    for (const show of charts) show(history);
  }

  function update(sample: Sample): void {
    const minuteBegins =
      Math.floor(sample.at / minute) !== Math.floor((newest?.at ?? 0) / minute);
    newest = sample;
    mark.touch();
    showNumbers(root, sample);
    showCores(root, sample.cores);
    showDisks(root, sample.disks);
    showProcesses(root, sample.processes);
    if (details?.open && table && minuteBegins) showMinutes(table, history);
  }

  addAll(known?.history ?? []);
  redraw();
  details?.addEventListener("toggle", () => {
    if (details.open && table) showMinutes(table, history);
  });
  summarize(root, () => newest);
  follow<Sample, Row>("host", known, {
    opened(snapshot) {
      history.interval = snapshot.interval;
      addAll(snapshot.history);
      if (snapshot.sample) update(snapshot.sample);
      redraw();
    },
    sampled(sample) {
      history.add(sample);
      update(sample);
      redraw();
    },
  });
}

function makeCharts(
  root: HTMLElement,
  { memoryTotal }: Sample,
  history: History,
): ((history: History) => void)[] {
  const seconds = shownTime / 1000;
  const share = { text: percent, bytes: false, top: 100, grows: false };
  const amount = { text: size, bytes: true, top: memoryTotal, grows: false };
  const rates = { text: size, bytes: true, top: 16 * 1024, grows: true };
  const plans = [
    { name: "cpu", columns: ["cpu"], lines: ["Processor"], ...share },
    { name: "memory", columns: ["memory"], lines: ["Memory"], ...amount },
    { name: "network", columns: ["received", "sent"], lines: ["Received", "Sent"], ...rates },
  ] as const;
  return plans.flatMap(({ name, columns, ...plan }) => {
    const place = root.querySelector<HTMLElement>(`[data-chart="${name}"]`);
    if (!place) return [];
    const made: Chart = chart(place, { ...plan, seconds }, history.columns(...columns));
    return [(next: History) => made.show(next.columns(...columns))];
  });
}

function showNumbers(root: HTMLElement, sample: Sample): void {
  const [received, receivedUnit] = numberAndUnit(sample.received);
  const [swap, swapUnit] = numberAndUnit(sample.swap);
  const fields: Record<string, string> = {
    uptime: longSpan(sample.uptime),
    cpu: sample.cpu.toFixed(1),
    memoryPercent: share(sample).toFixed(1),
    memory: size(sample.memory),
    load: sample.load.toFixed(2),
    load5: sample.load5.toFixed(2),
    load15: sample.load15.toFixed(2),
    received,
    receivedUnit,
    sent: rate(sample.sent),
    swap,
    swapUnit,
  };
  for (const element of root.querySelectorAll<HTMLElement>("[data-field]")) {
    element.textContent = fields[element.dataset["field"] ?? ""] ?? "";
  }
}

function share({ memory, memoryTotal }: Sample): number {
  return memoryTotal > 0 ? (memory * 100) / memoryTotal : 0;
}

function showCores(root: HTMLElement, cores: number[]): void {
  root.querySelectorAll<HTMLMeterElement>("[data-core]").forEach((meter, index) => {
    const busy = cores[index] ?? 0;
    meter.value = busy;
    if (meter.nextElementSibling) meter.nextElementSibling.textContent = percent(busy);
  });
}

function showDisks(root: HTMLElement, disks: Sample["disks"]): void {
  const meters = root.querySelectorAll<HTMLMeterElement>("[data-disks] meter");
  disks.forEach(({ used, total }, index) => {
    const meter = meters[index];
    if (!meter) return; // a disk that was mounted meanwhile is there when the page is next loaded
    meter.max = total;
    meter.value = used;
    if (meter.nextElementSibling) {
      meter.nextElementSibling.textContent = `${size(used)} of ${size(total)}`;
    }
  });
}

function showProcesses(root: HTMLElement, processes: Sample["processes"]): void {
  const body = root.querySelector("[data-processes]");
  body?.replaceChildren(
    ...processes.map(({ pid, name, cpu, memory }) => {
      const made = row(`${name} `, `${cpu.toFixed(1)} %`, size(memory));
      const id = document.createElement("span");
      id.className = "faint number";
      id.textContent = String(pid);
      made.firstElementChild?.append(id);
      return made;
    }),
  );
}

function showMinutes(table: HTMLTableElement, history: History): void {
  const rows = history.minutes().map(({ at, cpu, memory, load, received, sent }) =>
    row(
      time(at).slice(0, 5),
      `${cpu.toFixed(1)} %`,
      size(memory),
      load.toFixed(2),
      rate(received),
      rate(sent),
    ),
  );
  table.tBodies[0]?.replaceChildren(...rows);
}

function row(head: string, ...cells: string[]): HTMLTableRowElement {
  const made = document.createElement("tr");
  const first = document.createElement("th");
  first.scope = "row";
  first.textContent = head;
  made.append(first);
  for (const text of cells) {
    const cell = made.insertCell();
    cell.className = "number";
    cell.textContent = text;
  }
  return made;
}

/** Says the numbers now and then to those who cannot see them, if they want it. */
function summarize(root: HTMLElement, newest: () => Sample | undefined): void {
  const wanted = root.querySelector<HTMLInputElement>("[data-announce]");
  const status = root.querySelector("[data-summary]");
  if (!wanted || !status) return;
  const say = (): void => {
    const sample = newest();
    if (!wanted.checked || !sample) return;
    status.textContent =
      `Processor ${percent(sample.cpu)}, memory ${percent(share(sample))}, ` +
      `load ${sample.load.toFixed(2)}, received ${rate(sample.received)}.`;
  };
  wanted.addEventListener("change", say);
  setInterval(say, summaryEvery);
}
