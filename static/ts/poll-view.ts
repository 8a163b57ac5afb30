// A poll on a page: shown by the server, kept current from here.

import { hub } from "./live";

export interface Poll {
  id: number;
  title: string;
  open: boolean;
  /** Of two states of a poll the one with the higher sequence is the later. */
  sequence: number;
  voters: number;
  choices: { id: number; text: string; votes: number }[];
}

export const menti = hub("/hubs/menti");

/** The places below `root` that show a poll. */
export function places(root: ParentNode = document): HTMLElement[] {
  return [...root.querySelectorAll<HTMLElement>("[data-poll]")];
}

/** Brings `place` up to date, unless it already shows something later. */
export function show(place: HTMLElement, poll: Poll): void {
  if (poll.sequence < Number(place.dataset["sequence"])) return;
  place.dataset["sequence"] = String(poll.sequence);
  for (const choice of poll.choices) {
    const row = place.querySelector(`[data-choice="${choice.id}"]`);
    if (!row) continue;
    const percent = poll.voters ? Math.round((choice.votes * 100) / poll.voters) : 0;
    write(row, "[data-votes]", choice.votes);
    write(row, "[data-percent]", percent);
    row.querySelector("progress")?.setAttribute("value", String(percent));
    if (row instanceof HTMLButtonElement) row.disabled = !poll.open;
  }
  write(place, "[data-voters]", poll.voters);
  write(place, "[data-voters-word]", poll.voters === 1 ? "voter" : "voters");
  for (const part of place.querySelectorAll<HTMLElement>("[data-when]")) {
    part.hidden = (part.dataset["when"] === "open") !== poll.open;
  }
}

function write(within: Element, selector: string, value: string | number): void {
  const element = within.querySelector(selector);
  if (element && element.textContent !== String(value)) element.textContent = String(value);
}

/** Watches the polls of these places; what is missed while away comes with the return. */
export async function watch(where: HTMLElement[]): Promise<void> {
  const ids = new Set(where.map((place) => Number(place.dataset["poll"])));
  await Promise.all(
    [...ids].map(async (id) => update(await menti.invoke<Poll>("WatchPoll", id))),
  );
}

const listeners: ((place: HTMLElement, poll: Poll) => void)[] = [];

/** Calls `listener` after a place has been brought up to date. */
export function onShown(listener: (place: HTMLElement, poll: Poll) => void): void {
  listeners.push(listener);
}

function update(poll: Poll): void {
  for (const place of places()) {
    if (Number(place.dataset["poll"]) !== poll.id) continue;
    show(place, poll);
    for (const listener of listeners) listener(place, poll);
  }
}

menti.on("pollUpdate", update);
menti.whenConnected(() => watch(places()));
