// How high the bars are that stay over the page differs by language, by what they say and by how large somebody reads:
// it is measured, so that what takes the focus comes into sight beside them.

const bars = [...document.querySelectorAll(".top, .deciding-bar, .list-acts, .at-hand, .tabs")];
const measuring = new ResizeObserver(() => {
  const edges = { "--bars-above": 0, "--bars-below": 0 };
  for (const bar of bars) {
    const { position, top } = getComputedStyle(bar);
    if (position === "static") continue;
    edges[top === "0px" ? "--bars-above" : "--bars-below"] += bar.offsetHeight;
  }
  for (const [edge, height] of Object.entries(edges)) document.documentElement.style.setProperty(edge, `${height}px`);
});
for (const bar of bars) measuring.observe(bar);
