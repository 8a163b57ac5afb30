// Values that should have changed by now say how old they are.

import { span } from "./time";

interface Mark {
  element: HTMLElement;
  expected: number;
  touched: number;
}

/** Tells the mark that the value is new. */
export interface Stale {
  touch(): void;
}

const marks: Mark[] = [];
let timer: ReturnType<typeof setInterval> | undefined;

/**
 * Watches an element whose value should come anew every `expectedMs` milliseconds. After
 * two ticks missed it shows its age, after five it dims.
 */
export function stale(element: HTMLElement, expectedMs: number): Stale {
  const mark: Mark = { element, expected: expectedMs, touched: Date.now() };
  marks.push(mark);
  timer ??= setInterval(() => marks.forEach(show), 1000);
  return {
    touch(): void {
      mark.touched = Date.now();
      if (element.dataset["stale"]) show(mark);
    },
  };
}

function show({ element, expected, touched }: Mark): void {
  const age = Date.now() - touched;
  // Values of several a second are not late for being a blink late.
  const missed = age < 3000 ? 0 : Math.floor(age / expected) - 1;
  if (missed < 2) {
    delete element.dataset["stale"];
    element.querySelector(".age")?.remove();
    return;
  }
  element.dataset["stale"] = missed < 5 ? "late" : "old";
  const place = element.querySelector(".card-head") ?? element;
  const label = element.querySelector(".age") ?? place.appendChild(document.createElement("span"));
  label.className = "age number";
  label.textContent = `${span(age)} old`;
}
