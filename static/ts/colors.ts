// The design system's colours, for what is drawn on a canvas.

/** The colour of a variable such as `--series-1`, as the theme of this moment has it. */
export function color(variable: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${variable})`;
  document.body.append(probe);
  const resolved = getComputedStyle(probe).color;
  probe.remove();
  return resolved;
}

/** Calls back whenever the colours change: by the switch, or by the system. */
export function onColorsChange(callback: () => void): void {
  new MutationObserver(callback).observe(document.documentElement, {
    attributeFilter: ["data-theme"],
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", callback);
}
