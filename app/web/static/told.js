// What has just happened is told: what the page before said leaves by itself, and a page that was loaded anew
// (progress.js) says why, and gives the focus back. Only what changes in a live region is read out, so it comes into one
// after the page.

const SHOWN_MS = 7000;
const AFTER_MS = 120;
const ENDED = "kontor-ended";

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

const ended = take(ENDED);
if (ended?.at === location.href) {
  if (ended.focus) (again(ended.focus) ?? result())?.focus({ preventScroll: true });
  later(() => {
    const said = status("visually-hidden");
    later(() => {
      said.textContent = ended.told;
    });
  });
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

// What had the focus before, if it is still there.
function again({ tag, id, name, value, href, text }) {
  if (id) return document.getElementById(id);
  const same = (one) =>
    (one.getAttribute("name") ?? "") === name &&
    (name === "" || (one.getAttribute("value") ?? "") === value) &&
    (one.getAttribute("href") ?? "") === href &&
    one.textContent.trim() === text;
  return [...document.querySelectorAll(tag)].find(same);
}

function result() {
  const heading = document.querySelector("main h2") ?? document.querySelector("main");
  heading?.setAttribute("tabindex", "-1");
  return heading;
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
