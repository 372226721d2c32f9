// Invoices that are typed are kept in this browser until they have come to us, each under its key: what was typed where
// there is no network is sent later, and what is sent twice is one invoice. Each belongs to whoever typed it; what is
// typed after they signed out belongs to nobody yet, and is shown to whoever signs in.

const STORE = "kontor-invoices";
const OWNER = "kontor-invoices-owner";
const WAIT_MS = 300;
const OURS = new Set(["csrf_token", "action", "files", "photo"]);

const form = document.querySelector("form[data-keep]");
const list = document.querySelector("[data-kept]");
const waits = document.querySelector("[data-kept-waits]");
if (document.querySelector("[data-nobody]")) write(OWNER, ""); // the page to sign in: who was here is here no more
const owner = (list ?? form ?? waits)?.dataset.owner || read(OWNER, "");
if (list?.dataset.owner) write(OWNER, list.dataset.owner);
for (const one of document.querySelectorAll("[data-kept-key]")) forget(one.dataset.keptKey); // it has come to us
if (form) keepTyped(form);
if (list) showKept(list);
if (waits) waits.hidden = kept().length === 0;

function keepTyped(form) {
  const key = form.elements.key;
  if (!key.value) key.value = crypto.randomUUID();
  let timer;
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => keep(form), WAIT_MS);
  });
  form.addEventListener("submit", (event) => {
    keep(form);
    if (navigator.onLine && !form.hasAttribute("data-alone")) return;
    event.preventDefault();
    event.stopImmediatePropagation(); // it was not sent: the button may be pressed again
    const said = form.querySelector("[data-no-network]");
    said.hidden = false;
    said.focus();
    if (list) showKept(list);
  }, { capture: true });
}

function keep(form) {
  const typed = [...new FormData(form)].filter(([name, value]) => !OURS.has(name) && typeof value === "string");
  const all = read(STORE, {});
  const key = form.elements.key.value;
  if (typed.some(([name, value]) => name !== "key" && value.trim() !== "")) all[key] = { owner, typed, at: Date.now() };
  else delete all[key];
  write(STORE, all);
}

function kept() {
  return Object.entries(read(STORE, {})).filter(([, one]) => one.owner === owner || one.owner === "");
}

function showKept(list) {
  const mine = kept().filter(([key]) => key !== form?.elements.key.value);
  list.hidden = mine.length === 0;
  list.querySelector("ul").replaceChildren(...mine.sort((a, b) => b[1].at - a[1].at).map(([key, one]) => row(list, key, one)));
}

function row(list, key, one) {
  const made = list.querySelector("template").content.firstElementChild.cloneNode(true);
  const number = one.typed.find(([name]) => name === "number")?.[1] || "–";
  made.querySelector("[data-kept-number]").textContent = number;
  const when = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  made.querySelector("[data-kept-at]").textContent = when.format(one.at);
  const [go, away] = [made.querySelector("[data-kept-continue]"), made.querySelector("[data-kept-away]")];
  go.setAttribute("aria-label", `${go.textContent.trim()}: ${number}`);
  away.setAttribute("aria-label", `${away.dataset.text}: ${number}`);
  go.addEventListener("click", () => fill(list, key, one.typed));
  away.addEventListener("click", () => {
    forget(key);
    showKept(list);
    (list.querySelector("[data-kept-away]") ?? form?.elements.number ?? document.querySelector("main")).focus();
  });
  return made;
}

function fill(list, key, typed) {
  form.reset();
  const wanted = 1 + Math.max(0, ...typed.map(([name]) => Number(/^lines-(\d+)-/.exec(name)?.[1] ?? 0)));
  const lines = () => form.querySelectorAll("[data-line]").length;
  while (lines() < wanted) form.querySelector("[data-add]").click();
  // lines were taken out on the way, so their numbers may have gaps: they are filled in one after the other
  const places = [...new Set(typed.map(([name]) => /^lines-(\d+)-/.exec(name)?.[1]).filter(Boolean))];
  const names = [...form.querySelectorAll(".claim-product input")].map((field) => /^lines-\d+/.exec(field.name)[0]);
  for (const [name, value] of typed) {
    const line = /^lines-(\d+)-(.+)$/.exec(name);
    const field = form.elements[line ? `${names[places.indexOf(line[1])]}-${line[2]}` : name];
    if (field?.type === "checkbox") field.checked = true;
    else if (field) field.value = value;
  }
  form.elements.key.value = key;
  showKept(list);
  form.elements.number.focus();
}

function forget(key) {
  const all = read(STORE, {});
  delete all[key];
  write(STORE, all);
}

function read(name, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(name)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

function write(name, value) {
  try {
    localStorage.setItem(name, JSON.stringify(value));
  } catch {
    // a browser that keeps nothing: what is typed stands on the page alone
  }
}
