// Lists: rows are chosen one by one, by a range with Shift, or all of the page; what can be done with them shows when
// some are. Addresses of filters carry what was filled in, and nothing else. Tables that do not fit are made smaller.

const fitting = new ResizeObserver((places) => {
  for (const { target } of places) fit(target, target.querySelector("table.rows"));
});
for (const table of document.querySelectorAll("main table.rows")) fitting.observe(table.parentElement);
for (const form of document.querySelectorAll("[data-list-choose]")) choosing(form);
for (const form of document.querySelectorAll("[data-list-filter]")) form.addEventListener("submit", () => leaveOutEmpty(form));

function choosing(form) {
  const boxes = [...form.querySelectorAll('.tick input[name="ids"]')];
  const whole = form.querySelector("[data-list-all]");
  const acts = form.querySelector("[data-list-acts]");
  const there = form.querySelector("[data-list-to-acts]");
  const said = form.querySelector("[data-list-chosen]");
  const beyond = form.querySelector('input[name="all"]');
  let last = null;

  form.addEventListener("click", (event) => {
    const at = boxes.indexOf(event.target);
    if (at < 0) return;
    if (event.shiftKey && last !== null) {
      for (const box of boxes.slice(Math.min(at, last), Math.max(at, last) + 1)) box.checked = event.target.checked;
    }
    last = at;
  });
  form.addEventListener("change", (event) => {
    if (event.target === whole) for (const box of boxes) box.checked = whole.checked;
    show();
  });
  addEventListener("pageshow", show);

  function show() {
    const count = boxes.filter((box) => box.checked).length;
    if (whole) {
      whole.checked = count > 0 && count === boxes.length;
      whole.indeterminate = count > 0 && count < boxes.length;
    }
    if (acts) acts.hidden = there.hidden = count === 0 && !beyond?.checked;
    if (said) said.textContent = beyond?.checked ? "" : `${count.toLocaleString(document.documentElement.lang)} ${said.dataset.text}`;
  }
}

// Empty fields say nothing; they are there again when somebody comes back.
function leaveOutEmpty(form) {
  const empty = [...form.elements].filter((field) => field.name && field.value === "");
  for (const field of empty) field.disabled = true;
  setTimeout(() => {
    for (const field of empty) field.disabled = false;
  });
}

// How wide the words of a table are differs by language and by what they say: it is measured, not guessed.
function fit(place, table) {
  table.classList.remove("tight", "fewer");
  for (const step of ["tight", "fewer"]) {
    if (table.offsetWidth <= place.clientWidth) return;
    table.classList.add(step);
  }
}
