// Results, the list of polls and the dashboard's widget: their tallies, and which polls there are.

import { type Poll, menti, onShown, places, watch } from "./poll-view";

const pause = 15_000; // milliseconds, at least, between two spoken summaries

const waiting = new WeakSet<HTMLElement>();
const spoken = new WeakMap<HTMLElement, string>();

/** Speaks the tally to screen readers, now and then and only when it has changed. */
onShown((place, latest) => {
  const summary = place.querySelector<HTMLElement>("[data-summary]");
  if (!summary) return;
  const text = inWords(latest);
  if (!spoken.has(summary)) spoken.set(summary, text); // what the page opened with can be read there
  place.dataset["words"] = text;
  if (waiting.has(summary) || text === spoken.get(summary)) return;
  waiting.add(summary);
  setTimeout(() => {
    waiting.delete(summary);
    const words = place.dataset["words"] ?? text;
    spoken.set(summary, words);
    summary.textContent = words;
  }, pause);
});

function inWords({ open, voters, choices }: Poll): string {
  const votes = choices.map((choice) => `${choice.text} ${choice.votes}`).join(", ");
  return `${open ? "" : "Closed. "}${voters} ${voters === 1 ? "voter" : "voters"}: ${votes}.`;
}

/** Fetches the parts of the page that list polls again. */
async function refresh(): Promise<void> {
  for (const part of document.querySelectorAll<HTMLElement>("[data-refresh]")) {
    const address = part.dataset["refresh"] ?? "";
    const response = await fetch(address);
    if (!response.ok) continue;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.querySelector<HTMLElement>(`[data-refresh="${address}"]`);
    if (!fresh) continue;
    part.replaceWith(fresh);
    await watch(places(fresh));
  }
}

if (document.querySelector("[data-refresh]")) {
  let connectedBefore = false;
  menti.on("pollsChanged", () => void refresh());
  menti.whenConnected(async () => {
    await menti.invoke("WatchPolls");
    if (connectedBefore) await refresh();
    connectedBefore = true;
  });
}
