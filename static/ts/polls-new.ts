// The form of a new poll: as many fields for choices as are needed.

const list = document.querySelector<HTMLOListElement>("[data-choices]");
if (list) enhance(list);

function enhance(list: HTMLOListElement): void {
  const most = Number(list.dataset["most"]);
  const fewest = 2;

  const add = document.createElement("button");
  add.type = "button";
  add.className = "button";
  add.textContent = "Add a choice";
  add.addEventListener("click", () => {
    const last = list.lastElementChild;
    if (!last) return;
    const row = last.cloneNode(true) as HTMLLIElement;
    list.append(row);
    const field = row.querySelector("input");
    if (field) field.value = "";
    number();
    field?.focus();
  });
  list.after(add);

  for (const row of list.children) {
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "button quiet";
    remove.textContent = "Remove";
    row.append(remove);
  }
  list.addEventListener("click", (event) => {
    const row = (event.target as Element).closest("button")?.closest("li");
    if (!row) return;
    const neighbour = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    number();
    neighbour?.querySelector("input")?.focus();
  });

  function number(): void {
    const rows = [...list.children];
    rows.forEach((row, index) => {
      const name = `Choice ${index + 1}`;
      row.querySelector("input")?.setAttribute("aria-label", name);
      const remove = row.querySelector("button");
      remove?.setAttribute("aria-label", `Remove ${name.toLowerCase()}`);
      if (remove) remove.disabled = rows.length <= fewest;
    });
    add.disabled = rows.length >= most;
  }
  number();
}
