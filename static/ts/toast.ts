// A word in the corner about what just happened, spoken by screen readers too.

const lifetime = 6000; // milliseconds

let corner: HTMLElement | undefined;

/** Shows `text` for a while; `bad` says that something did not work. */
export function toast(text: string, kind: "plain" | "bad" = "plain"): void {
  if (!corner) {
    corner = document.createElement("div");
    corner.className = "toasts";
    corner.role = "status";
    document.body.append(corner);
  }
  const note = document.createElement("p");
  note.className = kind === "bad" ? "toast bad" : "toast";
  note.textContent = text;
  corner.append(note);
  setTimeout(() => note.remove(), lifetime);
}
