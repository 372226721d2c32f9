// An invoice that is registered: products are proposed while somebody types, lines come and go without a new page.
// Without this module the buttons do the same by asking for the page anew, and a product is written by its code.

const WAIT_MS = 180;
const SHORTEST = 2;

for (const place of document.querySelectorAll("[data-alone]")) asForm(place);
for (const form of document.querySelectorAll("form[data-claim]")) {
  const lines = form.querySelector("[data-lines]");
  if (form.dataset.suggest) for (const field of lines.querySelectorAll(".claim-product input")) propose(form, field);
  const attach = form.querySelector("[data-attach]");
  if (attach) attach.hidden = true; // what is chosen is sent at once
  for (const field of form.querySelectorAll("input[type=file]")) {
    field.addEventListener("change", () => field.files.length && form.requestSubmit(attach));
  }
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-add], [data-remove], [data-may-be]");
    if (!button) return;
    event.preventDefault();
    if (button.matches("[data-may-be]")) take(form, button);
    else if (button.matches("[data-add]")) add(form, lines);
    else remove(lines, button.closest("[data-line]"));
  });
}

// The page for where there is no network: what is typed there stays in the browser.
function asForm(place) {
  const form = document.createElement("form");
  for (const { name, value } of place.attributes) form.setAttribute(name, value);
  form.noValidate = true;
  form.hidden = false;
  form.append(...place.childNodes);
  place.replaceWith(form);
}

function add(form, lines) {
  const all = [...lines.querySelectorAll("[data-line]")];
  const next = 1 + Math.max(...all.map((line) => Number(/lines-(\d+)/.exec(line.querySelector("input").name)[1])));
  const line = all.at(-1).cloneNode(true);
  empty(line);
  for (const one of line.querySelectorAll("[id], [name], [for]")) {
    for (const name of ["id", "name", "for"]) {
      if (one.hasAttribute(name)) one.setAttribute(name, one.getAttribute(name).replace(/lines-\d+/, `lines-${next}`));
    }
  }
  all.at(-1).after(line);
  number(lines);
  if (form.dataset.suggest) propose(form, line.querySelector(".claim-product input"));
  line.querySelector(".claim-product input").focus();
}

function take(form, button) {
  const field = button.closest("[data-line]").querySelector(".claim-product input");
  field.value = button.dataset.name;
  form.elements[field.name.replace("-product", "-product_id")].value = button.dataset.mayBe;
  field.focus();
}

function remove(lines, line) {
  const all = [...lines.querySelectorAll("[data-line]")];
  const beside = all[all.indexOf(line) + 1] ?? all[all.indexOf(line) - 1] ?? line;
  if (all.length > 1) line.remove();
  else empty(line);
  number(lines);
  beside.querySelector(".claim-product input").focus();
}

function empty(line) {
  for (const field of line.querySelectorAll("input")) {
    if (field.type === "checkbox") field.checked = false;
    else field.value = "";
    field.classList.remove("is-wrong");
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-describedby");
  }
  for (const one of line.querySelectorAll(".field-problem, .found-sheet, [data-found], [data-likely]")) one.remove();
}

function number(lines) {
  for (const [at, line] of [...lines.querySelectorAll("[data-line]")].entries()) {
    line.querySelector("[data-number]").textContent = at + 1;
    const button = line.querySelector("[data-remove]");
    button.value = `remove-${at}`;
    button.setAttribute("aria-label", button.getAttribute("aria-label").replace(/\d+/, at + 1));
  }
}

function propose(form, field) {
  const frame = field.closest(".claim-product");
  const chosen = form.elements[field.name.replace("-product", "-product_id")];
  const sheet = Object.assign(document.createElement("div"), { className: "found-sheet", hidden: true });
  const said = Object.assign(document.createElement("p"), { className: "visually-hidden" });
  sheet.id = `${field.id}-found`;
  said.setAttribute("role", "status");
  said.dataset.found = "";
  sheet.setAttribute("role", "listbox");
  sheet.setAttribute("aria-label", field.labels[0].textContent);
  frame.append(sheet, said);
  for (const [name, value] of [["role", "combobox"], ["aria-expanded", "false"], ["aria-controls", sheet.id], ["aria-autocomplete", "list"]]) {
    field.setAttribute(name, value);
  }
  let timer;
  let asked = 0;

  field.addEventListener("input", () => {
    chosen.value = "";
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT_MS);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && (!sheet.hidden || said.matches(".found-none"))) shut(event);
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") step(event.key === "ArrowDown" ? 1 : -1, event);
    else if (event.key === "Enter" && marked()) {
      event.preventDefault();
      choose(marked());
    }
  });
  field.addEventListener("blur", () => setTimeout(close, WAIT_MS));

  async function ask() {
    const typed = field.value.trim();
    const mine = ++asked;
    if (typed.length < SHORTEST) return close();
    try {
      const answer = await fetch(`${form.dataset.suggest}?q=${encodeURIComponent(typed)}`, { headers: { Accept: "application/json" } });
      if (!answer.ok) return close();
      const { products, told } = await answer.json();
      if (mine === asked) show(products, told);
    } catch {
      close(); // no network: a code can be written all the same
    }
  }

  function show(products, told) {
    sheet.replaceChildren(...products.map(option));
    sheet.hidden = products.length === 0;
    field.setAttribute("aria-expanded", String(!sheet.hidden));
    field.removeAttribute("aria-activedescendant");
    tell(told, sheet.hidden);
  }

  // Says how many there are to whoever does not see them; that there are none stands there for everybody.
  function tell(told, nothing = false) {
    said.className = nothing ? "found-sheet found-none" : "visually-hidden";
    said.textContent = told;
  }

  function option({ id, name, code }, at) {
    const one = Object.assign(document.createElement("div"), { id: `${sheet.id}-${at}`, className: "found-option" });
    one.setAttribute("role", "option");
    Object.assign(one.dataset, { product: id, name });
    one.append(Object.assign(document.createElement("span"), { textContent: name }));
    one.append(Object.assign(document.createElement("small"), { textContent: code }));
    one.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus
    one.addEventListener("click", () => choose(one));
    return one;
  }

  function choose(one) {
    field.value = one.dataset.name;
    chosen.value = one.dataset.product;
    close();
    tell(one.dataset.name);
  }

  function marked() {
    return sheet.hidden ? null : sheet.querySelector('[aria-selected="true"]');
  }

  function step(by, event) {
    const all = [...sheet.children];
    if (sheet.hidden && by > 0) ask(); // what was closed comes back
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
    asked++;
    sheet.hidden = true;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
    tell("");
  }
}
