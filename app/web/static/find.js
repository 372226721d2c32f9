// The search box on top: shows what is found while somebody types. Without this module it leads to the page that finds.

const { combobox } = await import(document.getElementById("combobox").href);

for (const form of document.querySelectorAll("[data-find]")) if (form.dataset.find) suggest(form);

function suggest(form) {
  const field = form.querySelector("input[type=search]");
  combobox(field, {
    place: form,
    id: "found",
    label: field.labels[0].textContent,
    shortest: 2,
    address(typed) {
      const address = new URL(form.dataset.find, location);
      address.searchParams.set("q", typed);
      return address;
    },
    options: ({ groups }) => groups.map(group),
  });
}

function group({ title, items }) {
  const part = document.createElement("div");
  part.setAttribute("role", "group");
  part.setAttribute("aria-label", title);
  const head = Object.assign(document.createElement("h2"), { textContent: title });
  head.setAttribute("role", "presentation");
  part.append(head, ...items.map(line));
  return part;
}

function line({ title, more, href }) {
  const link = Object.assign(document.createElement("a"), { href, tabIndex: -1 });
  link.setAttribute("role", "option");
  link.append(Object.assign(document.createElement("span"), { textContent: title }));
  if (more) link.append(Object.assign(document.createElement("small"), { textContent: more }));
  return link;
}
