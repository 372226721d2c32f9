// An invoice that is registered: products are proposed while somebody types, lines come and go without a new page.
// Without this module the buttons do the same by asking for the page anew, and a product is written by its code.

const loaded = import(document.getElementById("combobox").href); // what is here goes on without it

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

async function propose(form, field) {
  const { combobox, option } = await loaded;
  const chosen = form.elements[field.name.replace("-product", "-product_id")];
  field.addEventListener("input", () => (chosen.value = ""));
  const chose = combobox(field, {
    place: field.closest(".claim-product"),
    id: `${field.id}-found`,
    label: field.labels[0].textContent,
    shortest: 2,
    address: (typed) => `${form.dataset.suggest}?q=${encodeURIComponent(typed)}`,
    options: ({ products }) => products.map(({ id, name, code }) => option(name, code, () => put(id, name))),
  });

  function put(id, name) {
    field.value = name;
    chosen.value = id;
    chose(name);
  }
}
