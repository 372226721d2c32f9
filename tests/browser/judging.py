"""What is wrong with a page, in words: what axe finds, what does not fit the screen, what has no heading, no focus."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest

_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_WEIGHED = ("moderate", "serious", "critical")
_HOW_IT_STANDS = """() => {
  const root = document.documentElement;
  return {
    headings: document.querySelectorAll("h1").length,
    title: document.title,
    lang: root.lang,
    twice: [...document.querySelectorAll("[id]")].map((one) => one.id).filter((id, at, all) => all.indexOf(id) < at),
    wide: root.scrollWidth - root.clientWidth,
    out: [...document.querySelectorAll("main *")].filter((one) => {
      const box = one.getBoundingClientRect();
      return box.width && box.right > root.clientWidth + 1 && !one.closest("svg, [hidden], .visually-hidden");
    }).slice(0, 5).map((one) => one.outerHTML.slice(0, 80)),
    covered: [...document.querySelectorAll("main tbody th a")].filter((one) => {
      const box = one.getBoundingClientRect();
      const above = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
      return above && !one.contains(above) && one.closest("tr").contains(above) && !above.closest("th");
    }).slice(0, 5).map((one) => one.outerHTML.slice(0, 80)),
    squeezed: [...document.querySelectorAll("main tbody tr > th")].filter((one) => {
      const row = one.parentElement;
      if (getComputedStyle(row).display !== "grid" || getComputedStyle(one).gridColumn !== "1 / -1") return false;
      return one.getBoundingClientRect().width < row.clientWidth / 2;
    }).slice(0, 5).map((one) => one.outerHTML.slice(0, 80)),
  };
}"""
_STATE = """[
  document.querySelector("[data-problems]") !== null,
  [...document.querySelectorAll("dialog[open], details[open], [popover]:popover-open")].map((one) => one.className),
  document.querySelectorAll("main table, main form").length,
]"""
_AT_REST = """() => Promise.all(
  document.getAnimations()
    .filter((one) => one.effect.getComputedTiming().iterations !== Infinity)
    .map((one) => one.finished.catch(() => null)),
).then(() => null)"""
_RING = """async () => {
  const one = document.activeElement;
  const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const inSight = () => {
    const box = one.getBoundingClientRect();
    return box.bottom > 0 && box.top < innerHeight;
  };
  await drawn();
  for (let wait = 0; wait < 30 && !inSight(); wait++) await drawn(); // a long page glides
  const seen = getComputedStyle(one);
  const outlined = seen.outlineStyle !== "none" && parseFloat(seen.outlineWidth) >= 1;
  const box = one.getBoundingClientRect();
  return {
    what: one.outerHTML.slice(0, 120),
    ring: outlined || seen.boxShadow !== "none",
    there: one !== document.body && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
  };
}"""


def come_to_rest(page: Any) -> None:
    """Wait until what comes into sight is there: half there, its colours are not those that anybody reads."""
    page.evaluate(_AT_REST)


_CONTRAST = "color-contrast"
_SIZE = "target-size"
_ASK_AXE = "options => axe.run(options).then((found) => found.violations)"


def faults(page: Any, *, built: bool = True, coloured: bool = True) -> list[str]:
    """Ask axe what is wrong, by WCAG 2.2 AA and by what is good practice; what is minor is left out.

    ``coloured`` is contrast, more than half of the work, and ``built`` all else: each can be left out where the same
    was seen.
    """
    axe = pytest.importorskip("axe_playwright_python.base", reason="NOT RUN: axe is not installed")
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if built:
        options |= {"runOnly": {"type": "tag", "values": _TAGS}, "rules": {_CONTRAST: {"enabled": coloured}}}
    else:
        options |= {"runOnly": {"type": "rule", "values": [_CONTRAST]}}
    found = _violations(page, axe, options)
    if any(one["id"] == _SIZE for one in found):
        found = [one for one in found if one["id"] != _SIZE] + _too_small_everywhere(page, axe, found)
    return [
        f"{one['id']} ({one['impact']}): {[(node['target'], node['html'][:120]) for node in one['nodes'][:4]]}"
        for one in found
        if one["impact"] in _WEIGHED
    ]


def _violations(page: Any, axe: Any, options: dict[str, Any]) -> list[dict[str, Any]]:
    """Ask axe, and take from the page what is wrong alone: what is right is a hundred times as much."""
    if page.evaluate("typeof axe === 'undefined'"):
        page.evaluate(axe.AXE_SCRIPT)
    found: list[dict[str, Any]] = page.evaluate(_ASK_AXE, options)
    return found


def _too_small_everywhere(page: Any, axe: Any, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give the targets that are too small wherever the page is scrolled: the bar at the foot cuts others in half."""
    before = page.evaluate("() => { const y = scrollY; scrollBy({ top: 120, behavior: 'instant' }); return y; }")
    only = {"resultTypes": ["violations"], "runOnly": {"type": "rule", "values": [_SIZE]}}
    still = {str(node["target"]) for one in _violations(page, axe, only) for node in one["nodes"]}
    page.evaluate("y => scrollTo({ top: y, behavior: 'instant' })", before)
    small = [
        {**one, "nodes": [node for node in one["nodes"] if str(node["target"]) in still]}
        for one in found
        if one["id"] == _SIZE
    ]
    return [one for one in small if one["nodes"]]


def misfits(page: Any) -> list[str]:
    """Tell what is wrong with how a page stands.

    It scrolls sideways, has no heading or two, no title, an id twice, a cell of a row lies on the row's link, or a
    row's heading is squeezed.
    """
    stands = page.evaluate(_HOW_IT_STANDS)
    found = []
    if stands["headings"] != 1:
        found.append(f"{stands['headings']} first headings")
    if stands["wide"] > 0:
        found.append(f"wider than the screen by {stands['wide']}: {stands['out']}")
    if stands["twice"]:
        found.append(f"ids that stand there twice: {stands['twice']}")
    if stands["covered"]:
        found.append(f"links of rows that another cell covers: {stands['covered']}")
    if stands["squeezed"]:
        found.append(f"headings of rows with a line of their own that do not use it: {stands['squeezed']}")
    if not stands["title"] or not stands["lang"]:
        found.append("no title, or no language")
    return found


def kind_of(page: Any) -> str:
    """Name what is seen: the page without the ids in its address, and what is open on it."""
    return re.sub(r"\d+|web-a-\w+", "#", urlsplit(page.url).path) + str(page.evaluate(_STATE))


def ring(page: Any) -> None:
    """See that whatever has the focus is on the screen, and shows that it has it."""
    focused = page.evaluate(_RING)
    assert focused["there"], f"the focus is out of sight: {focused['what']}"
    assert focused["ring"], f"the focus is not shown: {focused['what']}"
