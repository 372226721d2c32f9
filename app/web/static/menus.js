// Menus and toasts: a sheet closes by Escape, by a press elsewhere, when another opens and when the focus goes on past it;
// a toast leaves by itself.

// The place where one is can be seen in the side bar, however many there are; and so can the tab of a page.
for (const here of document.querySelectorAll(".side [aria-current], .page-tabs [aria-current]")) {
  here.scrollIntoView({ block: "nearest", inline: "center" });
}

const SHEETS = "details.popover[open], details.account[open]";
const SHOWN_MS = 7000;

addEventListener("click", (event) => {
  for (const sheet of document.querySelectorAll(SHEETS)) {
    if (!sheet.contains(event.target)) sheet.open = false;
  }
});

addEventListener("keydown", (event) => {
  // a dialog over a sheet closes first, and the focus goes back into the sheet
  if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog:modal")) return;
  for (const sheet of document.querySelectorAll(SHEETS)) {
    const inside = sheet.contains(document.activeElement);
    sheet.open = false;
    if (inside) sheet.querySelector("summary").focus();
  }
});

// It would lie over what has the focus next. What holds the sheet takes the focus when a bare place in it is pressed.
addEventListener("focusout", (event) => {
  const next = event.relatedTarget;
  const sheet = event.target.closest?.(SHEETS);
  if (next && sheet && !sheet.contains(next) && !next.contains(sheet) && !next.closest("dialog")) sheet.open = false;
});

const toasts = [...document.querySelectorAll("[data-toast]")];
if (toasts.length) {
  const corner = document.createElement("div");
  corner.className = "toasts";
  // inside of a landmark, as everything on a page is
  document.querySelector("main").append(corner);
  corner.append(...toasts);
  for (const toast of toasts) {
    const close = toast.querySelector("[data-toast-close]");
    close.hidden = false;
    close.addEventListener("click", () => {
      toast.remove();
      (corner.querySelector("[data-toast-close]") ?? document.querySelector("main")).focus({ preventScroll: true });
    });
    leaveAfter(toast, SHOWN_MS);
  }
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
