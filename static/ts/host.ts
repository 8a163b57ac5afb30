// The table of hosted services.

import { stale } from "./live";
import { follow } from "./metrics";
import { time } from "./units";

interface Service {
  name: string;
  state: string;
  ticks: number;
  lastTick: number | null;
  took: number | null;
  errors: number;
  failuresInARow: number;
  lastError: string | null;
  nextTick: number | null;
  healthy: boolean;
}

interface Status {
  services: Service[];
}

function took(ms: number | null): string {
  if (ms === null) return "–";
  if (ms < 1000) return `${ms.toFixed(ms < 1 ? 2 : 0)} ms`;
  return `${(ms / 1000).toFixed(1)} s`;
}

function show(row: Element, service: Service): void {
  const fields: Record<string, string> = {
    state: service.state,
    last: time(service.lastTick),
    took: took(service.took),
    next: time(service.nextTick),
    ticks: String(service.ticks),
    errors: String(service.errors),
  };
  for (const [name, text] of Object.entries(fields)) {
    const cell = row.querySelector(`[data-field="${name}"]`);
    if (cell) cell.textContent = text;
  }
  const badge = row.querySelector<HTMLElement>('[data-field="state"]');
  if (!badge) return;
  const mood = !service.healthy ? "bad" : service.failuresInARow > 0 ? "warn" : "good";
  badge.className = `badge dot ${mood}`;
  badge.title = service.lastError ?? "";
}

const card = document.querySelector<HTMLElement>("[data-services]");

if (card) {
  const mark = stale(card, 1000);
  const update = ({ services }: Status): void => {
    mark.touch();
    for (const service of services) {
      const row = card.querySelector(`[data-service="${CSS.escape(service.name)}"]`);
      if (row) show(row, service);
    }
  };
  follow<Status, never>("services", null, {
    opened: ({ sample }) => sample && update(sample),
    sampled: update,
  });
}
