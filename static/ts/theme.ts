// The theme's switch without a round trip. Without this script its form does the same.

const form = document.querySelector<HTMLFormElement>("[data-theme-switch]");

form?.addEventListener("submit", (event) => {
  const chosen = event.submitter;
  if (!(chosen instanceof HTMLButtonElement)) return;
  event.preventDefault();
  document.documentElement.dataset["theme"] = chosen.value;
  document.cookie = `theme=${chosen.value}; path=/; max-age=31536000; samesite=lax`;
  for (const button of form.querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button === chosen));
  }
});
