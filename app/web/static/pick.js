// Fields that name things by a code: they are found by name while somebody types, and stand there by their names. Without
// this module codes are written, one on each line where there may be several.

const WAIT_MS = 180;
const SHORTEST = 1;

for (const field of document.querySelectorAll("[data-pick]")) picking(field);

function picking(field) {
  const single = field.tagName === "INPUT";
  const label = field.labels[0].childNodes[0].textContent.trim();
  const box = Object.assign(document.createElement("div"), { className: "pick" });
  const list = Object.assign(document.createElement("ul"), { className: "chips" });
  const input = Object.assign(document.createElement("input"), { type: "search", className: `form-control${field.classList.contains("is-wrong") ? " is-wrong" : ""}`, autocomplete: "off", id: field.id });
  const sheet = Object.assign(document.createElement("div"), { className: "found-sheet", hidden: true, id: `${field.id}-found` });
  const said = Object.assign(document.createElement("p"), { className: "visually-hidden" });
  const names = new Map(Object.entries(JSON.parse(field.dataset.names ?? "{}")));
  let timer;
  let asked = 0;
  said.setAttribute("role", "status");
  sheet.setAttribute("role", "listbox");
  sheet.setAttribute("aria-label", label);
  for (const [name, value] of [["role", "combobox"], ["aria-expanded", "false"], ["aria-controls", sheet.id], ["aria-autocomplete", "list"]]) {
    input.setAttribute(name, value);
  }
  if (field.dataset.hint === "code") document.getElementById(`${field.id}-hint`)?.remove(); // here codes are found
  const about = ["hint", "problem"].map((one) => `${field.id}-${one}`).filter((id) => document.getElementById(id));
  if (about.length) input.setAttribute("aria-describedby", about.join(" "));
  if (field.getAttribute("aria-invalid")) input.setAttribute("aria-invalid", "true");
  field.id = `${field.id}-codes`; // what leads to the field, its label or what is said of it, leads to where one types
  field.hidden = true;
  box.append(list, input, sheet, said);
  field.after(box);
  draw();

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT_MS);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && (!sheet.hidden || said.matches(".found-none"))) shut(event);
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") step(event.key === "ArrowDown" ? 1 : -1, event);
    else if (event.key === "Enter") {
      if (single && !input.value.trim() && codes().length) return; // the form is sent
      event.preventDefault();
      if (marked()) take(marked().dataset.code, marked().dataset.name);
      else if (input.value.trim()) take(input.value.trim(), "");
    } else if (event.key === "Backspace" && !input.value) leave(codes().at(-1));
  });
  input.addEventListener("paste", (event) => {
    const lines = event.clipboardData.getData("text").split(/[\r\n\t;]+/).map((one) => one.trim()).filter(Boolean);
    if (lines.length < 2) return;
    event.preventDefault();
    for (const one of lines) take(one, "");
  });
  input.addEventListener("blur", () => setTimeout(close, WAIT_MS));
  // what was typed and not taken is sent as well; taken at once when one leaves, it would move the button from under a click
  field.form.addEventListener("submit", () => input.value.trim() && take(input.value.trim(), ""));
  list.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) leave(button.dataset.code);
  });

  function codes() {
    return (single ? [field.value] : field.value.split("\n")).map((one) => one.trim()).filter(Boolean);
  }

  function take(code, name) {
    if (name) names.set(code, name);
    if (single) field.value = code;
    else if (!codes().some((one) => one.toLowerCase() === code.toLowerCase())) field.value = [...codes(), code].join("\n");
    input.value = "";
    close();
    draw();
    tell(called(code));
  }

  function leave(code) {
    if (!code) return;
    field.value = codes().filter((one) => one !== code).join("\n");
    draw();
    input.focus();
  }

  function draw() {
    list.replaceChildren(...codes().map(chip));
  }

  function chip(code) {
    const one = Object.assign(document.createElement("li"), { className: "chip" });
    const button = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-bare", textContent: "×" });
    button.dataset.code = code;
    button.setAttribute("aria-label", field.dataset.remove.replace("…", names.get(code) ?? code));
    one.append(Object.assign(document.createElement("span"), { textContent: called(code) }), button);
    return one;
  }

  function called(code) {
    return names.get(code) ? `${names.get(code)} (${code})` : code;
  }

  async function ask() {
    const typed = input.value.trim();
    const mine = ++asked;
    if (typed.length < SHORTEST) return close();
    try {
      const address = `${field.dataset.suggest}?of=${field.dataset.pick}&q=${encodeURIComponent(typed)}`;
      const answer = await fetch(address, { headers: { Accept: "application/json" } });
      if (!answer.ok) return close();
      const { found, told } = await answer.json();
      if (mine === asked) show(found, told);
    } catch {
      close(); // a code can be written all the same
    }
  }

  function show(found, told) {
    sheet.replaceChildren(...found.map(option));
    sheet.hidden = found.length === 0;
    input.setAttribute("aria-expanded", String(!sheet.hidden));
    input.removeAttribute("aria-activedescendant");
    tell(told, sheet.hidden);
  }

  // Says how many there are to whoever does not see them; that there are none stands there for everybody.
  function tell(told, nothing = false) {
    said.className = nothing ? "found-sheet found-none" : "visually-hidden";
    said.textContent = told;
  }

  function option({ code, name }, at) {
    const one = Object.assign(document.createElement("div"), { id: `${sheet.id}-${at}`, className: "found-option" });
    one.setAttribute("role", "option");
    Object.assign(one.dataset, { code, name });
    one.append(Object.assign(document.createElement("span"), { textContent: name || code }), Object.assign(document.createElement("small"), { textContent: name ? code : "" }));
    one.addEventListener("mousedown", (event) => {
      event.preventDefault();
      take(code, name);
    });
    return one;
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
    input.setAttribute("aria-activedescendant", next.id);
  }

  // The first Escape closes the list alone: what was typed stays, and so does the dialog or the sheet around it.
  function shut(event) {
    event.preventDefault();
    close();
  }

  function close() {
    asked++; // an answer that is on its way comes too late
    sheet.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    tell("");
  }
}
