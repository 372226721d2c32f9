// What is usual in the country that somebody chooses is chosen with it, in the fields of the same form. Without this
// module each is chosen by itself. The first row names the fields, each other row a country and what is usual there;
// a dash is where that cannot be said.

for (const country of document.querySelectorAll("[data-usual]")) {
  const [[, ...fields], ...rows] = country.dataset.usual.split(";").map((row) => row.split(" "));
  const usual = new Map(rows.map(([code, ...values]) => [code, values]));
  country.addEventListener("change", () => {
    (usual.get(country.value) ?? []).forEach((value, at) => {
      if (value !== "-") country.form.elements[fields[at]].value = value;
    });
  });
}
