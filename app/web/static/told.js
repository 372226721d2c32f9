// What has just happened is told: what the page before said leaves by itself. Only what changes in a live region is read
// out, so it comes into one after the page. Where the same page comes anew, because of a key or because what went on has
// ended, what had the focus has it again.

const SHOWN_MS = 7000;
const AFTER_MS = 120;
const BEFORE = "kontor-before";

const toasts = [...document.querySelectorAll("[data-toast]")];
if (toasts.length) {
  for (const toast of toasts) prepare(toast);
  later(() => {
    const corner = status("toasts");
    later(() => corner.append(...toasts));
  });
}

// What stood in a live region before anybody listened to it comes into it once more.
later(() => {
  for (const note of document.querySelectorAll("[data-said]")) {
    note.replaceChildren(...[...note.childNodes].map((one) => one.cloneNode(true)));
  }
});

const before = take(BEFORE);
if (before && (here(before.at) || begunAt(before.at))) {
  if (before.focus && !taken()) goOn(before);
  if (before.told) later(() => say(before.told));
}

// What is sent or followed by a key and leads to the page where one is.
addEventListener("submit", (event) => event.defaultPrevented || note());
addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  const goes = link && !link.hash && !link.hasAttribute("download") && event.detail === 0 && !event.defaultPrevented;
  if (goes && here(link.href)) note();
});
// What went on by itself has ended, and the page comes anew (progress.js).
addEventListener("kontor:ended", (event) => keep({ at: location.href, focus: focused(), told: event.detail }));

function note() {
  if (document.activeElement.matches(":focus-visible")) keep({ at: location.href, focus: focused() });
}

// The same page, whatever is asked of it.
function here(address) {
  const { origin, pathname } = new URL(address, location);
  return origin === location.origin && pathname === location.pathname;
}

// A draft that began with what was sent has an address of its own from then on.
function begunAt(address) {
  return new URL(address, location).pathname === document.querySelector("[data-begun-at]")?.dataset.begunAt;
}

function prepare(toast) {
  const close = toast.querySelector("[data-toast-close]");
  close.hidden = false;
  close.addEventListener("click", () => {
    toast.remove();
    (document.querySelector("[data-toast-close]") ?? document.querySelector("main")).focus({ preventScroll: true });
  });
  leaveAfter(toast, SHOWN_MS);
}

// Nothing leaves while somebody reads it.
function leaveAfter(toast, wait) {
  let timer = setTimeout(() => toast.remove(), wait);
  for (const begins of ["pointerenter", "focusin"]) toast.addEventListener(begins, () => clearTimeout(timer));
  for (const ends of ["pointerleave", "focusout"]) {
    toast.addEventListener(ends, () => {
      clearTimeout(timer);
      timer = setTimeout(() => toast.remove(), wait);
    });
  }
}

// An empty live region, inside of a landmark, as everything on a page is.
function status(className) {
  const region = Object.assign(document.createElement("div"), { className });
  region.setAttribute("role", "status");
  region.setAttribute("aria-atomic", "false");
  document.querySelector("main").append(region);
  return region;
}

function later(act) {
  if (document.readyState === "complete") setTimeout(act, AFTER_MS);
  else addEventListener("load", () => setTimeout(act, AFTER_MS), { once: true });
}

function say(words) {
  const said = status("visually-hidden");
  later(() => {
    said.textContent = words;
  });
}

function goOn({ focus, told }) {
  const found = again(focus, told);
  (found ?? instead(told)).focus({ preventScroll: !found || Boolean(told) });
  // a key that is still held down presses nothing on this page
  const held = (event) => event.repeat && event.preventDefault();
  addEventListener("keydown", held, true);
  addEventListener("keyup", () => removeEventListener("keydown", held, true), { once: true, capture: true });
}

// What has the focus, as it is known again: what it is, which of those that are alike, and of a heading which column.
function focused() {
  const at = document.activeElement;
  if (at === document.body) return null;
  const like = alike(at);
  return { like, at: all(like).indexOf(at), column: at.closest("thead th")?.cellIndex };
}

// What had the focus before, if it is still there; of what is folded away or in a dialog, what opens that. Not a field that
// was typed into: keys would be typed there that go through the rows that were found.
function again({ like, at, column }, ended) {
  const found = column === undefined ? all(like)[at] : document.querySelector("main thead tr")?.cells[column]?.querySelector("a, input");
  if (!ended && found?.matches("input:not([type=checkbox], [type=radio], [type=file]), textarea") && found.checkVisibility()) return null;
  if (!found || found.checkVisibility()) return found;
  const dialog = found.closest("dialog");
  const openers = dialog ? `[data-dialog="${CSS.escape(dialog.id)}"]` : "summary";
  return [...(dialog ? document : found.closest("details") ?? found).querySelectorAll(openers)].find((one) => one.checkVisibility());
}

function all(like) {
  return [...document.querySelectorAll(JSON.parse(like)[0])].filter((one) => alike(one) === like);
}

function alike(one) {
  const types = one.matches("input, textarea, select");
  const attributes = ["id", "name", "href", "aria-label", types ? "type" : "value"].map((name) => one.getAttribute(name));
  return JSON.stringify([one.localName, ...attributes, types ? "" : one.textContent.trim()]);
}

// Where it is gone: the heading of what came, or else where the page begins.
function instead(ended) {
  const main = document.querySelector("main");
  const place = (ended && main.querySelector("h2")) || main;
  place.setAttribute("tabindex", "-1");
  return place;
}

// Something else has the focus, or will.
function taken() {
  return document.activeElement !== document.body || document.querySelector("[autofocus], [data-problems]") !== null;
}

function keep(what) {
  try {
    sessionStorage.setItem(BEFORE, JSON.stringify(what));
  } catch {
    // a browser that keeps nothing: the page comes anew without a word
  }
}

function take(name) {
  try {
    const found = JSON.parse(sessionStorage.getItem(name));
    sessionStorage.removeItem(name);
    return found;
  } catch {
    return null;
  }
}
