// Menus: a sheet closes by Escape, by a press elsewhere, when another opens and when the focus goes on past it.

// The place where one is can be seen in the side bar, however many there are; and so can the tab of a page.
for (const here of document.querySelectorAll(".side [aria-current], .page-tabs [aria-current]")) {
  here.scrollIntoView({ block: "nearest", inline: "center" });
}

const SHEETS = "details.popover[open], details.account[open]";

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
