// The voters' page: a tap votes through the hub. Without a connection the form is sent as it is.

import { menti } from "./poll-view";

interface Receipt {
  ballot: number;
}

const form = document.querySelector<HTMLFormElement>("form[data-poll]");
if (form) enhance(form);

function enhance(form: HTMLFormElement): void {
  const poll = Number(form.dataset["poll"]);
  const choices = [...form.querySelectorAll<HTMLButtonElement>("button[data-choice]")];
  const problem = form.querySelector<HTMLElement>("[data-problem]");
  const voted = form.querySelector<HTMLElement>("[data-voted]");
  const notVoted = form.querySelector<HTMLElement>("[data-not-voted]");
  const number = form.querySelector<HTMLElement>("[data-ballot-number]");
  let counted = choices.find((choice) => choice.ariaPressed === "true");
  let taps = 0;
  let plain = false;

  function mark(chosen: HTMLButtonElement | undefined): void {
    for (const choice of choices) choice.ariaPressed = String(choice === chosen);
  }

  function complain(text: string): void {
    if (!problem) return;
    problem.textContent = text;
    problem.hidden = text === "";
  }

  function sendForm(choice: HTMLButtonElement): void {
    plain = true;
    form.requestSubmit(choice);
  }

  async function vote(choice: HTMLButtonElement): Promise<void> {
    const tap = ++taps;
    mark(choice);
    complain("");
    try {
      const receipt = await menti.invoke<Receipt>("Vote", poll, Number(choice.value));
      counted = choice;
      if (number) number.textContent = String(receipt.ballot);
      if (voted) voted.hidden = false;
      if (notVoted) notVoted.hidden = true;
    } catch (error) {
      // A later tap has its own outcome.
      if (tap !== taps) return;
      // Nobody knows whether the vote arrived. Sent twice it still is one ballot.
      if (!menti.connected) return sendForm(choice);
      mark(counted);
      complain(inWords(error));
    }
  }

  form.addEventListener("submit", (event) => {
    const choice = choices.find((choice) => choice === event.submitter);
    if (!choice || plain || !menti.connected) return;
    event.preventDefault();
    void vote(choice);
  });
}

/** What the hub says about a refused vote. */
function inWords(error: unknown): string {
  const [, words] = String(error).split("HubException: ");
  return words ?? "Your vote was not counted. Please try again.";
}
