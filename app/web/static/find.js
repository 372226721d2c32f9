// The search box on top: shows what is found while somebody types. Without this module it leads to the page that finds.

const WAIT_MS = 180;
const SHORTEST = 2;

for (const form of document.querySelectorAll("[data-find]")) if (form.dataset.find) suggest(form);

function suggest(form) {
  const field = form.querySelector("input[type=search]");
  const sheet = Object.assign(document.createElement("div"), { className: "found-sheet", id: "found", hidden: true });
  const said = Object.assign(document.createElement("p"), { className: "visually-hidden" });
  said.setAttribute("role", "status");
  sheet.setAttribute("role", "listbox");
  sheet.setAttribute("aria-label", field.labels[0].textContent);
  form.append(sheet, said);
  field.setAttribute("role", "combobox");
  field.setAttribute("aria-expanded", "false");
  field.setAttribute("aria-controls", "found");
  field.setAttribute("aria-autocomplete", "list");
  let timer;
  let asked = 0;

  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT_MS);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && (!sheet.hidden || said.matches(".found-none"))) shut(event);
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") step(event.key === "ArrowDown" ? 1 : -1, event);
    else if (event.key === "Enter" && chosen()) {
      event.preventDefault();
      location.assign(chosen().href);
    }
  });
  form.addEventListener("focusout", (event) => {
    if (!form.contains(event.relatedTarget)) close();
  });

  async function ask() {
    const typed = field.value.trim();
    const mine = ++asked;
    if (typed.length < SHORTEST) return close();
    const address = new URL(form.dataset.find, location);
    address.searchParams.set("q", typed);
    try {
      const answer = await fetch(address, { headers: { Accept: "application/json" } });
      if (!answer.ok) return close();
      const { groups, told } = await answer.json();
      if (mine === asked) show(groups, told);
    } catch {
      close();
    }
  }

  function show(groups, told) {
    sheet.replaceChildren(...groups.map(group));
    sheet.hidden = groups.length === 0;
    field.setAttribute("aria-expanded", String(!sheet.hidden));
    field.removeAttribute("aria-activedescendant");
    for (const [at, link] of links().entries()) link.id = `found-${at}`;
    tell(told, sheet.hidden);
  }

  // Says how many there are to whoever does not see them; that there are none stands there for everybody.
  function tell(told, nothing = false) {
    said.className = nothing ? "found-sheet found-none" : "visually-hidden";
    said.textContent = told;
  }

  function group({ title, items }) {
    const part = document.createElement("div");
    part.setAttribute("role", "group");
    part.setAttribute("aria-label", title);
    const head = Object.assign(document.createElement("h2"), { textContent: title });
    head.setAttribute("role", "presentation");
    part.append(head, ...items.map(line));
    return part;
  }

  function line({ title, more, href }) {
    const link = Object.assign(document.createElement("a"), { href, tabIndex: -1 });
    link.setAttribute("role", "option");
    link.append(Object.assign(document.createElement("span"), { textContent: title }));
    if (more) link.append(Object.assign(document.createElement("small"), { textContent: more }));
    return link;
  }

  function links() {
    return [...sheet.querySelectorAll("a")];
  }

  function chosen() {
    return sheet.hidden ? null : sheet.querySelector('[aria-selected="true"]');
  }

  function step(by, event) {
    const all = links();
    if (sheet.hidden && by > 0) ask(); // what was closed comes back
    if (sheet.hidden || !all.length) return;
    event.preventDefault();
    const at = all.indexOf(chosen());
    for (const link of all) link.setAttribute("aria-selected", "false");
    const next = all[(at + by + all.length + (at < 0 && by < 0 ? 1 : 0)) % all.length];
    next.setAttribute("aria-selected", "true");
    next.scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", next.id);
  }

  // The first Escape closes the list alone: what was typed stays, and so does the dialog or the sheet around it.
  function shut(event) {
    event.preventDefault();
    close();
  }

  function close() {
    asked++; // an answer that is on its way comes too late
    sheet.hidden = true;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
    tell("");
  }
}
