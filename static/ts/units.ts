// Numbers as people read them, written as the server writes them.

const units = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** A size in the unit that gives one to three digits before the point: `11.8 GiB`. */
export function size(bytes: number): string {
  return numberAndUnit(bytes).join(" ");
}

/** The same in its two parts. */
export function numberAndUnit(bytes: number): [number: string, unit: string] {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit + 1 < units.length) {
    value /= 1024;
    unit += 1;
  }
  return [value.toFixed(unit > 0 && value < 100 ? 1 : 0), units[unit] ?? ""];
}

/** Seconds in the two largest units: `3 d 4 h`, `12 min`. */
export function longSpan(seconds: number): string {
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor(seconds / 3600) % 24;
  const minutes = Math.floor(seconds / 60) % 60;
  if (days > 0) return `${days} d ${hours} h`;
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min`;
}

/** The time of day in UTC, `HH:MM:SS`, of epoch milliseconds. */
export function time(ms: number | null): string {
  return ms === null ? "–" : new Date(ms).toISOString().slice(11, 19);
}
