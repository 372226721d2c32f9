// Fields that name things by a code: they are found by name while somebody types, and stand there by their names. Without
// this module codes are written, one on each line where there may be several.

const loaded = import(document.getElementById("combobox").href); // fields stand there by their names before it comes

for (const field of document.querySelectorAll("[data-pick]")) picking(field);

async function picking(field) {
  const single = field.tagName === "INPUT";
  const label = field.labels[0].childNodes[0].textContent.trim();
  const box = Object.assign(document.createElement("div"), { className: "pick" });
  const list = Object.assign(document.createElement("ul"), { className: "chips" });
  const input = Object.assign(document.createElement("input"), { type: "search", className: `form-control${field.classList.contains("is-wrong") ? " is-wrong" : ""}`, autocomplete: "off", id: field.id });
  const names = new Map(Object.entries(JSON.parse(field.dataset.names ?? "{}")));
  if (field.dataset.hint === "code") document.getElementById(`${field.id}-hint`)?.remove(); // here codes are found
  const about = ["hint", "problem"].map((one) => `${field.id}-${one}`).filter((id) => document.getElementById(id));
  if (about.length) input.setAttribute("aria-describedby", about.join(" "));
  if (field.getAttribute("aria-invalid")) input.setAttribute("aria-invalid", "true");
  field.id = `${field.id}-codes`; // what leads to the field, its label or what is said of it, leads to where one types
  field.hidden = true;
  box.append(list, input);
  field.after(box);
  let chose = () => {};
  draw();

  // what was typed and not taken is sent as well; taken at once when one leaves, it would move the button from under a click
  field.form.addEventListener("submit", () => input.value.trim() && take(input.value.trim(), ""));
  list.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) leave(button.dataset.code);
  });

  const { combobox, option } = await loaded;
  chose = combobox(input, {
    place: box,
    id: `${input.id}-found`,
    label,
    shortest: 1,
    address: (typed) => `${field.dataset.suggest}?of=${field.dataset.pick}&q=${encodeURIComponent(typed)}`,
    options: ({ found }) => found.map(({ code, name }) => option(name || code, name ? code : "", () => take(code, name))),
  });
  input.addEventListener("keydown", (event) => {
    if (event.defaultPrevented) return; // the list took it
    if (event.key === "Enter") {
      if (single && !input.value.trim() && codes().length) return; // the form is sent
      event.preventDefault();
      if (input.value.trim()) take(input.value.trim(), "");
    } else if (event.key === "Backspace" && !input.value) leave(codes().at(-1));
  });
  input.addEventListener("paste", (event) => {
    const lines = event.clipboardData.getData("text").split(/[\r\n\t;]+/).map((one) => one.trim()).filter(Boolean);
    if (lines.length < 2) return;
    event.preventDefault();
    for (const one of lines) take(one, "");
  });

  function codes() {
    return (single ? [field.value] : field.value.split("\n")).map((one) => one.trim()).filter(Boolean);
  }

  function take(code, name) {
    if (name) names.set(code, name);
    if (single) field.value = code;
    else if (!codes().some((one) => one.toLowerCase() === code.toLowerCase())) field.value = [...codes(), code].join("\n");
    input.value = "";
    draw();
    chose(called(code));
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
}
