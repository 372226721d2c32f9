// A field below which answers are proposed while somebody types: a combobox with a list, as WAI-ARIA describes it.
// Modules take it by the versioned address that every page names: templates/components/scripts.html.

const WAIT_MS = 180;

// Makes one of `field`. The list and what is said of it go into `place`, as `id`, called by `label`. From `shortest`
// letters on `address(typed)` is asked, and `options(answer)` gives what to show: elements of which those of the role
// "option" can be chosen. To choose one is to click it, whether by hand or by Enter.
export function combobox(field, { place, id, label, shortest, address, options }) {
  const sheet = Object.assign(document.createElement("div"), { className: "found-sheet", hidden: true, id });
  const said = Object.assign(document.createElement("p"), { className: "visually-hidden" });
  said.setAttribute("role", "status");
  said.dataset.found = "";
  sheet.setAttribute("role", "listbox");
  sheet.setAttribute("aria-label", label);
  place.append(sheet, said);
  for (const [name, value] of [["role", "combobox"], ["aria-expanded", "false"], ["aria-controls", id], ["aria-autocomplete", "list"]]) {
    field.setAttribute(name, value);
  }
  let timer;
  let asked = 0;

  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT_MS);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && (!sheet.hidden || said.matches(".found-none"))) shut(event);
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") step(event.key === "ArrowDown" ? 1 : -1, event);
    else if (event.key === "Enter" && marked()) {
      event.preventDefault();
      marked().click();
    }
  });
  field.addEventListener("blur", () => setTimeout(close, WAIT_MS));
  sheet.addEventListener("pointerdown", (event) => {
    if (event.target.closest('[role="option"]')) event.preventDefault(); // the field keeps the focus
  });

  async function ask() {
    const typed = field.value.trim();
    const mine = ++asked;
    if (typed.length < shortest) return close();
    try {
      const answer = await fetch(address(typed), { headers: { Accept: "application/json" } });
      if (!answer.ok) return close();
      const given = await answer.json();
      if (mine === asked) show(given);
    } catch {
      close(); // no network: what is typed can be sent all the same
    }
  }

  function show(given) {
    sheet.replaceChildren(...options(given));
    const all = choices();
    for (const [at, one] of all.entries()) one.id = `${id}-${at}`;
    sheet.hidden = all.length === 0;
    field.setAttribute("aria-expanded", String(!sheet.hidden));
    field.removeAttribute("aria-activedescendant");
    tell(given.told, sheet.hidden);
  }

  // Says how many there are to whoever does not see them; that there are none stands there for everybody.
  function tell(told, nothing = false) {
    said.className = nothing ? "found-sheet found-none" : "visually-hidden";
    said.textContent = told;
  }

  function choices() {
    return [...sheet.querySelectorAll('[role="option"]')];
  }

  function marked() {
    return sheet.hidden ? null : sheet.querySelector('[aria-selected="true"]');
  }

  function step(by, event) {
    if (sheet.hidden && by > 0) ask(); // what was closed comes back
    const all = choices();
    if (sheet.hidden || !all.length) return;
    event.preventDefault();
    const at = all.indexOf(marked());
    for (const one of all) one.setAttribute("aria-selected", "false");
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

  // Closes the list and says what was chosen.
  return function chose(told) {
    close();
    tell(told);
  };
}

// Gives an option of a name and something smaller beside it.
export function option(name, beside, choose) {
  const one = Object.assign(document.createElement("div"), { className: "found-option" });
  one.setAttribute("role", "option");
  one.append(Object.assign(document.createElement("span"), { textContent: name }));
  one.append(Object.assign(document.createElement("small"), { textContent: beside }));
  one.addEventListener("click", choose);
  return one;
}
