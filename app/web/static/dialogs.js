// Dialogs: a link marked data-dialog opens the dialog of that id; without this module the dialog stands on the page.

const FIELD = ".dialog-body :is(input:not([type=hidden]), select, textarea)";

for (const dialog of document.querySelectorAll("dialog[data-fallback]")) {
  dialog.removeAttribute("data-fallback");
  dialog.addEventListener("close", () => goOn(dialog));
  if (dialog.hasAttribute("data-open") || dialog.querySelector("[data-problems]")) open(dialog);
}

addEventListener("click", (event) => {
  const opener = event.target.closest?.("[data-dialog]");
  if (opener) {
    event.preventDefault();
    open(document.getElementById(opener.dataset.dialog));
    return;
  }
  const dialog = event.target.closest?.("dialog");
  if (dialog && (event.target === dialog || event.target.closest("[data-close]"))) dialog.close();
});

// What is marked data-first has the focus then, or else the first field: somebody who opened it by a key goes on at once.
function open(dialog) {
  dialog?.showModal();
  (dialog?.querySelector("[data-first]") ?? dialog?.querySelector(FIELD))?.focus();
}

// A dialog that came up with the page, or by a key, has nothing that had the focus before it: what opens it takes it.
function goOn(dialog) {
  const at = document.activeElement; // what had the focus in it keeps it until the page is drawn
  if (at !== document.body && !dialog.contains(at)) return;
  const openers = [...document.querySelectorAll(`[data-dialog="${CSS.escape(dialog.id)}"]`)];
  openers.find((one) => one.getClientRects().length)?.focus();
}

// A link that looks like a button is pressed like one.
addEventListener("keydown", (event) => {
  if (event.key === " " && event.target.matches?.("[data-dialog]")) {
    event.preventDefault();
    event.target.click();
  }
});
