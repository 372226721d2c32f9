// Forms: the summary of what is wrong takes the focus, and a form is sent once however often its button is pressed.

const SENDING_MS = 10_000;

const problems = document.querySelector("[data-problems]");
const inDialog = Boolean(problems?.closest("dialog")); // which opens over the page, that stays where it is
problems?.focus({ preventScroll: inDialog });
// a page opened at a place of its own, or with a field that asks for the focus, takes it away again
addEventListener("load", () => problems?.focus({ preventScroll: inDialog }));

addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  // sent to where it stands, it would take the place of a field that was wrong along to the page that follows
  if (!form.hasAttribute("action")) form.setAttribute("action", location.pathname + location.search);
  setTimeout(() => delete form.dataset.sent, SENDING_MS); // where it was answered by a file, the page is still here
});

// Whoever comes back by the browser's own button may send it again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});
