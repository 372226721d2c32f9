"""Lists with many columns fit a desk of 1440 pixels in each language: the longest words are not English."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.extensions import db
from app.local.servers import Addresses
from tests.app.web.belongings import fill
from tests.app.web.world import World, build, do_one_job

pytestmark = pytest.mark.slow

LISTS = ("top-ups", "ledger", "cards", "tax", "adjustments", "redemptions", "orders", "runs", "audit")
NAME = "Przedsiębiorstwo Handlowe Żelazna Rogatka Sp. z o.o."
_SIDEWAYS = """(name) => {
  for (const one of document.querySelectorAll(".list a[href*='/distributors/']")) one.textContent = name;
  return [...document.querySelectorAll(".list")]
    .map((table) => table.scrollWidth - table.parentElement.clientWidth).filter((wide) => wide > 0);
}"""


@pytest.fixture(scope="module")
def world(addresses: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world with a thing of every kind."""
    built = build(addresses, tmp_path_factory.mktemp("wide"), small=True)
    fill(built)
    yield built
    built.close()


@pytest.mark.parametrize("language", ["pl", "ru", "es"])
def test_a_list_with_long_names_does_not_scroll_sideways(
    world: World, visit: Callable[..., Any], language: str
) -> None:
    wide: dict[str, list[int]] = {}
    with visit("desktop", locale=language) as here:
        here.sign_in(world.login("owner"), world.password)
        for name in LISTS:
            here.go(f"/programs/{world.a}/{name}")
            if found := here.page.evaluate(_SIDEWAYS, NAME):
                wide[name] = found
    assert wide == {}


BETWEEN = (769, 900, 961, 1030, 1200, 1290, 1366)
_UNFIT = r"""() => {
  const found = [...document.querySelectorAll("main table.rows")]
    .filter((one) => one.offsetWidth > one.parentElement.clientWidth).map((one) => one.caption.textContent);
  const heading = document.querySelector("h1");
  const range = document.createRange();
  for (const word of heading.textContent.matchAll(/\S+/g)) {
    range.setStart(heading.firstChild, word.index);
    range.setEnd(heading.firstChild, word.index + word[0].length);
    if (range.getClientRects().length > 1) found.push(word[0]);
  }
  const ways = document.querySelectorAll('.find input, a.bell[href$="search"]');
  if ([...ways].filter((one) => one.getClientRects().length).length !== 1) found.push("more than one search");
  return found;
}"""
_DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(null))))"


def test_tables_fit_screens_between_a_phone_and_a_desk(world: World, visit: Callable[..., Any]) -> None:
    unfit: dict[str, list[str]] = {}
    with visit("desktop", locale="ru") as here:
        here.sign_in(world.login("owner"), world.password)
        for name in (*LISTS, "", "imports", "distributors", "rules", "tax/year", "people"):
            here.go(f"/programs/{world.a}/{name}")
            for width in BETWEEN:
                here.page.set_viewport_size({"width": width, "height": 900})
                here.page.evaluate(_DRAWN)
                if found := here.page.evaluate(_UNFIT):
                    unfit[f"{name} at {width}"] = found
    assert unfit == {}


_TOUCHING = """() => [...document.querySelectorAll(".imports td[data-title]")].filter((cell) => {
  const title = getComputedStyle(cell, "::before");
  if (title.display === "none" || !cell.getClientRects().length) return false;
  const word = document.createElement("span");
  word.style.cssText = "position: absolute; white-space: nowrap";
  for (const one of ["fontFamily", "fontSize", "fontWeight"]) word.style[one] = title[one];
  word.textContent = cell.dataset.title;
  document.body.append(word);
  const wide = word.getBoundingClientRect().width;
  word.remove();
  return wide > cell.getBoundingClientRect().width + 1;
}).map((cell) => cell.dataset.title)"""


@pytest.mark.parametrize("language", ["pl", "ru", "es"])
def test_headings_of_imports_do_not_touch_on_a_phone(world: World, visit: Callable[..., Any], language: str) -> None:
    with visit("phone", locale=language) as here:
        here.sign_in(world.login("owner"), world.password)
        here.go(f"/programs/{world.a}/imports")
        assert here.page.locator(".imports td[data-title]").count()
        assert here.page.evaluate(_TOUCHING) == []


_CUT = """() => [...document.querySelectorAll("main .card > table.rows")]
  .filter((table) => table.scrollWidth > table.parentElement.clientWidth).map((table) => table.caption.textContent)"""


_APART = """() => [...document.querySelectorAll("[data-chart=column] canvas")].map((canvas) => {
  const chart = window.Chart.getChart(canvas);
  const [first, second] = [0, 1].map((at) => chart.getDatasetMeta(at).data[0].getProps(["x", "width"], true));
  return [second.x - first.x, first.width];
})"""


@pytest.mark.parametrize(("size", "language"), [("desktop", "pl"), ("desktop", "ru"), ("phone", "ru")])
def test_no_table_of_a_scenario_is_cut(world: World, visit: Callable[..., Any], size: str, language: str) -> None:
    with world.app.app_context():
        while do_one_job(world):
            pass
        db.session.remove()
    with visit(size, locale=language) as here:
        here.sign_in(world.login("owner"), world.password)
        here.go(f"/programs/{world.a}/scenarios")
        here.press(here.page.locator("table.list tbody th a").first)
        assert here.page.locator("main table.rows").count() > 3
        assert here.page.evaluate(_CUT) == []
        if size == "desktop":
            here.page.locator("[data-chart] canvas").first.wait_for()
            for apart, bar in here.page.evaluate(_APART):
                assert apart < 1.3 * bar, "bars of one month stand together, however few months there are"


def test_a_role_does_not_stand_in_a_third_of_a_row_that_has_nothing_beside_it(
    world: World, visit: Callable[..., Any]
) -> None:
    with visit("phone", locale="ru") as here:
        here.sign_in(world.login("distributor"), world.password)
        here.go(f"/portal/{world.a}/{world.distributors['D-5']}/team")
        mine = here.page.locator("tr").filter(has_text=world.login("distributor"))
        name, role = (mine.locator(one).first.bounding_box() for one in ("th", "td"))
        assert role["y"] > name["y"] + 10
        assert name["width"] > 250
        assert role["width"] > 140, "its longest word fits"


def test_columns_of_an_operators_file_stand_one_to_a_line(world: World, visit: Callable[..., Any]) -> None:
    with visit("desktop") as here:
        here.sign_in(world.login("owner"), world.password)
        here.go(f"/programs/{world.a}/card-provider/template")
        rows = here.page.locator("#columns [data-row]")
        assert rows.count() > 3
        for row in rows.all()[1:]:
            boxes = [one.bounding_box() for one in row.locator(":is(input:not([type=checkbox]), select)").all()]
            assert len({round(one["y"]) for one in boxes}) == 1
            assert row.bounding_box()["height"] < 60
        here.look("operator-columns")


def test_filters_and_what_is_taken_away_share_a_line_on_a_phone(world: World, visit: Callable[..., Any]) -> None:
    with visit("phone", locale="ru") as here:
        here.sign_in(world.login("distributor"), world.password)
        here.go(f"/portal/{world.a}/{world.distributors['D-5']}/orders")
        filters, export = (one.bounding_box() for one in here.page.locator(".list-tools summary").all())
        assert abs(filters["y"] - export["y"]) < 2
        here.look("orders-tools")


_BROKEN = r"""() => {
  const found = [];
  const range = document.createRange();
  const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode;
    if (!text.parentElement.closest("table.rows") || text.parentElement.closest(".visually-hidden, thead")) continue;
    for (const word of text.textContent.matchAll(/[^\s\u00a0/–-]{2,}/gu)) {
      range.setStart(text, word.index);
      range.setEnd(text, word.index + word[0].length);
      const lines = [...range.getClientRects()].filter((one) => one.width).map((one) => Math.round(one.top));
      if (new Set(lines).size > 1) found.push(word[0]);
    }
  }
  for (const cell of document.querySelectorAll("main table.rows td")) {
    if (cell.clientWidth && cell.scrollWidth > cell.clientWidth + 2) found.push(cell.outerHTML.slice(0, 80));
  }
  return found;
}"""


@pytest.mark.parametrize("language", ["es", "ru"])
def test_no_word_of_a_table_is_broken_and_no_cell_lies_over_another_on_a_phone(
    world: World, visit: Callable[..., Any], language: str
) -> None:
    broken = {}
    with visit("phone", locale=language) as here:
        here.sign_in(world.login("owner"), world.password)
        for name in (
            "imports",
            "imports/profiles",
            "settings/texts",
            "people/invitations",
            "liability",
            "settings",
            "tax/year",
        ):
            here.go(f"/programs/{world.a}/{name}")
            assert here.page.locator("main table.rows").count()
            if found := here.page.evaluate(_BROKEN):
                broken[name] = found
    assert broken == {}


def test_the_code_of_a_group_is_not_broken_on_a_phone(world: World, visit: Callable[..., Any]) -> None:
    with visit("phone", locale="ru") as here:
        here.sign_in(world.login("owner"), world.password)
        here.go(f"/programs/{world.a}/groups")
        assert here.page.evaluate(
            "[...document.querySelectorAll('.tree .code')].map((one) => (one.textContent = 'elektronarzedzia'))"
        )
        assert here.page.evaluate(_BROKEN) == []
        here.look("groups")


def test_nothing_is_wider_than_the_narrowest_phone(world: World, visit: Callable[..., Any]) -> None:
    wide = {}
    with visit("phone", locale="ru") as here:
        here.page.set_viewport_size({"width": 320, "height": 640})
        here.sign_in(world.login("owner"), world.password)
        reward = re.compile(r"/rewards/\d+")
        here.go(f"/programs/{world.a}/rewards")
        first = here.page.locator("main a[href*='/rewards/']").evaluate_all("all => all.map((one) => one.pathname)")
        preview = next(reward.search(one)[0] for one in first if reward.search(one)) + "/preview"
        for name in (*LISTS, "card-provider/template", "rewards", preview.lstrip("/"), "promotions", "rules"):
            here.go(f"/programs/{world.a}/{name}")
            if more := here.page.evaluate("document.documentElement.scrollWidth - innerWidth"):
                wide[name] = more
    assert wide == {}
