// Menus and toasts: a sheet closes by Escape, by a press elsewhere and when another opens; a toast leaves by itself.

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
  if (event.key !== "Escape") return;
  for (const sheet of document.querySelectorAll(SHEETS)) {
    const inside = sheet.contains(document.activeElement);
    sheet.open = false;
    if (inside) sheet.querySelector("summary").focus();
  }
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
    close.addEventListener("click", () => toast.remove());
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
