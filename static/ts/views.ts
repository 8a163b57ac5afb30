// Who is here now, and how often pages were viewed.

import { hub } from "./live";

const here = document.querySelector("[data-views-here]");
const total = document.querySelector("[data-views-total]");

function show(element: Element | null, count: number): void {
  if (element) element.textContent = String(count);
}

const live = hub("/hubs/userCount");
live.on("updateTotalUsers", (count: number) => show(here, count));
live.on("updateTotalViews", (count: number) => show(total, count));
live.whenConnected(async () => {
  const totals = await live.invoke<{ views: number; users: number }>("GetTotals");
  show(here, totals.users);
  show(total, totals.views);
});
