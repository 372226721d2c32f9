// Dialogs: a link marked data-dialog opens the dialog of that id; without this module the dialog stands on the page.

for (const dialog of document.querySelectorAll("dialog[data-fallback]")) {
  dialog.removeAttribute("data-fallback");
  if (dialog.hasAttribute("data-open") || dialog.querySelector("[data-problems]")) dialog.showModal();
}

addEventListener("click", (event) => {
  const opener = event.target.closest?.("[data-dialog]");
  if (opener) {
    event.preventDefault();
    document.getElementById(opener.dataset.dialog)?.showModal();
    return;
  }
  const dialog = event.target.closest?.("dialog");
  if (dialog && (event.target === dialog || event.target.closest("[data-close]"))) dialog.close();
});

// A link that looks like a button is pressed like one.
addEventListener("keydown", (event) => {
  if (event.key === " " && event.target.matches?.("[data-dialog]")) {
    event.preventDefault();
    event.target.click();
  }
});
