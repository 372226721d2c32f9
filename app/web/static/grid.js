// A matrix as a grid: arrow keys and Enter go from cell to cell, and what was copied in a spreadsheet is pasted from the
// cell on. Without this module the cells are ordinary fields, and a whole table is pasted into the field below.

const NUMBER = /^-?[\d\s.,  ]*$/;

for (const form of document.querySelectorAll("form[data-grid]")) {
  const rows = [...form.querySelectorAll("tbody tr")].map((row) => [...row.querySelectorAll("input")]);
  const place = new Map(rows.flatMap((cells, row) => cells.map((cell, column) => [cell, [row, column]])));

  form.addEventListener("keydown", (event) => {
    const at = place.get(event.target);
    if (!at) return;
    const field = event.target;
    const whole = field.selectionStart === 0 && field.selectionEnd === field.value.length;
    const first = whole || field.selectionEnd === 0;
    const last = whole || field.selectionStart === field.value.length;
    const step = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      Enter: [event.shiftKey ? -1 : 1, 0],
      ArrowLeft: first && [0, -1],
      ArrowRight: last && [0, 1],
    }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = rows[at[0] + step[0]]?.[at[1] + step[1]];
    next?.focus();
    next?.select();
  });

  form.addEventListener("paste", (event) => {
    const at = place.get(event.target);
    const text = event.clipboardData.getData("text").replace(/[\r\n]+$/, "");
    if (!at || !/[\t\n]/.test(text)) return;
    event.preventDefault();
    for (const [down, line] of text.split(/\r?\n/).entries()) {
      for (const [right, typed] of line.split("\t").entries()) {
        const cell = rows[at[0] + down]?.[at[1] + right];
        if (cell) fill(cell, typed.trim());
      }
    }
  });

  form.addEventListener("input", (event) => place.has(event.target) && judge(event.target));

  function fill(cell, typed) {
    cell.value = typed;
    judge(cell);
  }

  // what is no number is told beside the cell at once; the server says the same once more
  function judge(cell) {
    const wrong = !NUMBER.test(cell.value) || cell.value.startsWith("-");
    cell.classList.toggle("is-wrong", wrong);
    for (const [name, value] of [["aria-invalid", "true"], ["aria-describedby", `${cell.name}-problem`]]) {
      if (wrong) cell.setAttribute(name, value);
      else cell.removeAttribute(name);
    }
    const inherited = cell.parentElement.querySelector("small:not(.field-problem)");
    if (inherited) inherited.hidden = cell.value !== "";
    const told = cell.parentElement.querySelector(".field-problem");
    if (!wrong) told?.remove();
    else if (!told) cell.after(Object.assign(document.createElement("small"), { className: "field-problem", id: `${cell.name}-problem`, textContent: form.dataset.wrong }));
  }
}
