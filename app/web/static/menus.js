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
    if (sheet.closest(":popover-open")) event.preventDefault(); // the navigation around it stays
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

// On a phone the navigation is a sheet over the page: the focus goes into it, and the sheet goes where the focus leaves it.
const side = document.getElementById("side");
side?.addEventListener("toggle", (event) => {
  if (event.newState === "open") side.querySelector(".side-close").focus();
  else if (document.activeElement === document.body) document.querySelector(".tabs [popovertarget=side]").focus();
});
addEventListener("focusin", (event) => {
  if (side?.matches(":popover-open") && !side.contains(event.target)) side.hidePopover();
});
