// The clock.

import { hub, stale } from "./live";

const card = document.querySelector<HTMLElement>("[data-clock]");
const text = card?.querySelector("[data-clock-text]");

if (card && text) {
  const mark = stale(card, 500);
  hub("/hubs/time").on("updateCurrentTime", (time: string) => {
    text.textContent = time;
    mark.touch();
  });
}
