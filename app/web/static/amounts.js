// How many points become money: the slider and the typed number are one amount, and what it comes to stands below.
// Without this module there is the field alone; what points become is reckoned by the server in any case.

const MICRO = 1_000_000n;

for (const frame of document.querySelectorAll("[data-amount]")) {
  const field = frame.querySelector("input:not([type=range])");
  const slider = frame.querySelector("[data-slider]");
  if (!slider) continue;
  const { micro, decimals, moneyDecimals, currency, available } = frame.dataset;
  const language = document.documentElement.lang || "en";
  const typed = new Intl.NumberFormat(language, { useGrouping: false, maximumFractionDigits: Number(decimals) });
  const shown = new Intl.NumberFormat(language, { useGrouping: "always", maximumFractionDigits: Number(decimals) });
  const money = new Intl.NumberFormat(language, { style: "currency", currency, useGrouping: "always", minimumFractionDigits: Number(moneyDecimals) });
  const comma = typed.formatToParts(1.5).find((part) => part.type === "decimal")?.value ?? ".";

  slider.hidden = false;
  frame.querySelector("[data-told]").hidden = false;
  slider.addEventListener("input", () => {
    field.value = typed.format(Number(slider.value) / 10 ** Number(decimals));
    tell(BigInt(slider.value));
  });
  field.addEventListener("input", () => {
    const points = read(field.value);
    if (points !== null) slider.value = String(points);
    tell(points);
  });
  tell(read(field.value));

  // A whole number of smallest units; null where nothing can be read
  function read(text) {
    const [whole, part = "", ...more] = text.replaceAll(/[\s\u00a0\u202f.,]/g, (sign) => (sign === comma ? "," : "")).split(",");
    if (more.length || !/^\d{1,15}$/.test(whole) || !/^\d*$/.test(part) || part.length > Number(decimals)) return null;
    return BigInt(whole + part.padEnd(Number(decimals), "0"));
  }

  function tell(points) {
    const worth = points === null ? null : (points * BigInt(micro)) / MICRO;
    frame.querySelector("[data-worth]").textContent = worth === null ? "–" : money.format(Number(worth) / 10 ** Number(moneyDecimals));
    // what is more than there is leaves nothing: the answer says so, no number below nothing does
    const left = points === null || points > BigInt(available) ? null : BigInt(available) - points;
    frame.querySelector("[data-left]").textContent = left === null ? "–" : shown.format(Number(left) / 10 ** Number(decimals));
  }
}
