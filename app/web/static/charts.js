// Charts: draws every [data-chart] with Chartkick and Chart.js in the colours of the page. Each has its table beside it,
// which is all there is without this module, in print and for screen readers.

const places = [...document.querySelectorAll("[data-chart]")];
const language = document.documentElement.lang || "en";
const drawn = new Map();
const NARROW_PX = 480;
const WIDEST_BAR_PX = 36;
const LONGEST_NAME = { narrow: 20, wide: 36 };

if (places.length) {
  for (const address of JSON.parse(document.getElementById("charts").dataset.scripts)) await load(address);
  for (const place of places) {
    place.hidden = false;
    place.parentElement.querySelector("[data-chart-table]").open = false;
    draw(place);
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
}

// In print there is the table, whether it was open or not.
addEventListener("beforeprint", () => {
  for (const table of document.querySelectorAll("[data-chart-table]")) table.open = true;
});

function load(address) {
  return new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = done;
    script.onerror = failed;
    document.head.append(script);
  });
}

function redraw() {
  for (const place of places) {
    drawn.get(place)?.destroy();
    draw(place);
  }
}

function draw(place) {
  const { labels, series, decimals, colours } = JSON.parse(place.dataset.chartData);
  const scale = 10 ** decimals;
  const data = series.map(([name, values]) => ({
    name,
    data: labels.map((label, at) => [label, values[at] === null ? null : values[at] / scale]),
  }));
  const kind = { line: "LineChart", area: "AreaChart", column: "ColumnChart", bar: "BarChart" }[place.dataset.chart];
  const stacked = place.hasAttribute("data-chart-stacked");
  const narrow = place.clientWidth < NARROW_PX;
  const room = (place.dataset.chart === "bar" ? place.clientHeight : place.clientWidth) / Math.max(labels.length, 1);
  // the names of many series take lines of their own
  place.classList.toggle("chart-tall", narrow && series.length > 3);
  drawn.set(place, new window.Chartkick[kind](place, data, options(place.dataset.chart, series, decimals, colours, stacked, narrow, room)));
}

// The whole name stands in the table.
function shortened(name, longest) {
  return name.length > longest ? `${name.slice(0, longest - 1).trimEnd()}…` : name;
}

// `room` is what a label has of the axis: the bars of few stand together in the middle of it.
function options(kind, series, decimals, tokens, stacked, narrow, room) {
  const styles = getComputedStyle(document.body);
  // light-dark() is resolved where a colour is used, not where it is declared
  const probe = document.createElement("span");
  document.body.append(probe);
  const colour = (name) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const [quiet, line, text, surface] = ["--quiet", "--line", "--text", "--surface"].map(colour);
  const colours = (tokens.length ? tokens : [1, 2, 3, 4, 5, 6].map((at) => `chart-${at}`)).map((name) => colour(`--${name}`));
  probe.remove();
  const font = { family: styles.fontFamily, size: 12 };
  const short = new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 });
  const whole = new Intl.NumberFormat(language, { minimumFractionDigits: 0, maximumFractionDigits: decimals });
  const lying = kind === "bar";
  const ticks = { color: quiet, font, padding: 6 };
  const values = {
    beginAtZero: true,
    stacked,
    border: { display: false },
    grid: { color: line, drawTicks: false },
    ticks: { ...ticks, maxTicksLimit: 6, callback: (value) => short.format(value) },
  };
  const names = { stacked, grid: { display: false }, border: { color: line }, ticks: { ...ticks, maxRotation: 0, autoSkipPadding: 12 } };
  const quick = matchMedia("(prefers-reduced-motion: reduce)").matches;
  return {
    colors: colours,
    legend: series.length > 1 ? "top" : false,
    stacked,
    dataset: {
      borderWidth: kind === "line" || kind === "area" ? 2 : 0,
      borderRadius: 3,
      maxBarThickness: WIDEST_BAR_PX,
      categoryPercentage: Math.min(0.8, (1.1 * WIDEST_BAR_PX * (stacked ? 1 : series.length)) / room),
      pointRadius: 3,
      pointHoverRadius: 5,
      pointBackgroundColor: surface,
      pointBorderWidth: 2,
    },
    curve: false,
    // a label is a name, not a date to be read: "mar 2026" would be one, "lis 2026" beside it none
    discrete: true,
    library: {
      animation: quick ? false : { duration: 250 },
      interaction: { mode: "index", intersect: false, axis: lying ? "y" : "x" },
      scales: lying ? { x: values, y: names } : { x: names, y: values },
      plugins: {
        legend: {
          align: narrow ? "start" : "end",
          labels: {
            color: text,
            font: { ...font, size: narrow ? 12 : 13 },
            boxWidth: 14,
            boxHeight: 3,
            padding: narrow ? 8 : 16,
            generateLabels: (chart) =>
              window.Chart.defaults.plugins.legend.labels
                .generateLabels(chart)
                .map((one) => ({ ...one, text: shortened(one.text, LONGEST_NAME[narrow ? "narrow" : "wide"]) })),
          },
        },
        tooltip: {
          backgroundColor: text,
          titleColor: surface,
          bodyColor: surface,
          titleFont: font,
          bodyFont: font,
          padding: 10,
          cornerRadius: 6,
          displayColors: series.length > 1,
          boxWidth: 10,
          boxHeight: 3,
          callbacks: {
            label: (item) => ` ${item.dataset.label}: ${whole.format(lying ? item.parsed.x : item.parsed.y)}`,
          },
        },
      },
    },
  };
}
