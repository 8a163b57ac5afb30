// Says honestly that the page is not live, once that has lasted for some seconds.

/** A connection as the bar sees it. */
export interface Watched {
  readonly lostAt: number | undefined;
  readonly nextTryAt: number | undefined;
  tryNow(): void;
}

const patience = 5000; // milliseconds: a short hiccup is nobody's business

let watched: Watched[] = [];
let timer: ReturnType<typeof setInterval> | undefined;
let bar: { root: HTMLElement; cause: HTMLElement; next: HTMLElement } | undefined;

/** Tells the bar that a connection came, went, or is being tried. */
export function connectionChanged(connections: Watched[]): void {
  watched = connections;
  const lost = connections.some((connection) => connection.lostAt !== undefined);
  if (lost) {
    timer ??= setInterval(show, 500);
  } else {
    clearInterval(timer);
    timer = undefined;
  }
  show();
}

function show(): void {
  const lost = watched.filter((connection) => connection.lostAt !== undefined);
  if (lost.length === 0) {
    bar?.root.remove();
    bar = undefined;
    return;
  }
  const since = Math.min(...lost.map((connection) => connection.lostAt ?? Infinity));
  if (!bar && Date.now() - since < patience) return;
  bar ??= open();
  say(bar.cause, navigator.onLine ? "The server does not answer." : "This device is offline.");
  say(bar.next, whenNext(lost));
}

function whenNext(lost: Watched[]): string {
  const next = Math.min(...lost.map((connection) => connection.nextTryAt ?? 0));
  const seconds = Math.ceil((next - Date.now()) / 1000);
  return seconds > 0 ? `Next try in ${seconds} s` : "Trying…";
}

/** Only when it differs: an alert is spoken again at each change. */
function say(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

function open(): NonNullable<typeof bar> {
  const root = document.createElement("div");
  root.className = "connection-bar";
  const text = document.createElement("p");
  const cause = document.createElement("span");
  cause.role = "alert";
  const next = document.createElement("span"); // outside of the alert: it counts
  next.className = "faint number";
  text.append(cause, " ", next);
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button";
  button.textContent = "Try now";
  button.addEventListener("click", () => {
    for (const connection of watched) connection.tryNow();
  });
  root.append(text, button);
  document.body.append(root);
  return { root, cause, next };
}
