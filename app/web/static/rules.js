// The builder of rules: rows come where there are too few of them. Without this module those that are there have to do.

for (const rows of document.querySelectorAll("[data-rows]")) growing(rows);

function growing(rows) {
  const button = rows.parentElement.querySelector("[data-add-row]");
  if (!button) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    const all = [...rows.querySelectorAll("[data-row]")];
    const row = all.at(-1).cloneNode(true);
    for (const one of row.querySelectorAll("[id], [name], [for]")) {
      for (const name of ["id", "name", "for"]) {
        if (one.hasAttribute(name)) one.setAttribute(name, one.getAttribute(name).replace(/-\d+-/, `-${all.length}-`));
      }
    }
    for (const field of row.querySelectorAll("input, textarea")) {
      if (field.type === "checkbox") field.checked = false; // its value is what it sends when it is ticked
      else field.value = "";
      field.classList.remove("is-wrong");
      field.removeAttribute("aria-invalid");
      field.removeAttribute("aria-describedby");
    }
    for (const one of row.querySelectorAll(".field-problem")) one.remove();
    all.at(-1).after(row);
    row.querySelector("input").focus();
  });
}
