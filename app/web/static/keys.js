// Keys: / finds, j and k go through the rows of a table marked data-keys, Enter opens the row, x chooses it, ? shows this.
// What is marked data-key="a" is pressed by that key, where the page has it.
// Nothing happens while somebody types.

let going = false;

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || typing(event.target)) return;
  if (document.querySelector("dialog:modal")) return;
  const act = going ? GO[event.key] : KEYS[event.key] ?? pressing(event.key);
  going = !going && event.key === "g";
  if (act && act(event) !== false) event.preventDefault();
});

const KEYS = {
  "/": () => focus("#find, [data-list-search]"),
  "?": () => document.getElementById("keys")?.showModal(),
  j: () => move(1),
  k: () => move(-1),
  x: () => choose(),
  Enter: (event) => open(event),
};

const GO = { o: () => document.querySelector(".side .links a")?.click() };

function pressing(key) {
  const meant = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  return meant && !meant.hidden && (() => meant.click());
}

// A field of a dialog that was closed this moment still has the focus until the page is drawn: nobody types there.
function typing(target) {
  if (target.getClientRects?.().length === 0) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && !/^(checkbox|radio)$/.test(target.type);
}

function focus(which) {
  const field = [...document.querySelectorAll(which)].find((one) => one.offsetParent !== null);
  field?.focus();
  field?.select();
  return Boolean(field);
}

function rows() {
  return [...document.querySelectorAll("table[data-keys] > tbody > tr")];
}

function current() {
  return document.querySelector("table[data-keys] > tbody > tr.row-now");
}

function move(by) {
  const all = rows();
  if (!all.length) return false;
  const before = current();
  const at = before ? Math.min(Math.max(all.indexOf(before) + by, 0), all.length - 1) : by > 0 ? 0 : all.length - 1;
  before?.classList.remove("row-now");
  all[at].classList.add("row-now");
  all[at].scrollIntoView({ block: "nearest" });
  // the focus goes along, so that Tab and a screen reader go on from there
  (all[at].querySelector("a[href]") ?? all[at].querySelector("input, button"))?.focus({ preventScroll: true });
  return true;
}

function open(event) {
  const row = current();
  // what has the focus opens by itself
  if (!row || event.target.closest("a, button, summary, input")) return false;
  const address = row.dataset.href ?? row.querySelector("a[href]")?.href;
  if (!address) return false;
  location.assign(address);
  return true;
}

function choose() {
  const box = current()?.querySelector(".tick input");
  if (!box) return false;
  box.click();
  return true;
}
