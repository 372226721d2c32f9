// What is usual in the country that somebody chooses is chosen with it, in the fields of the same form. Without this
// module each is chosen by itself.

for (const country of document.querySelectorAll("[data-usual]")) {
  const usual = JSON.parse(country.dataset.usual);
  country.addEventListener("change", () => {
    for (const [name, value] of Object.entries(usual[country.value] ?? {})) country.form.elements[name].value = value;
  });
}
