"""Each role gets through its work by the keyboard alone, and sees at every step what has the focus."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select

from app.db.transaction import transaction
from app.extensions import db
from app.local.servers import Addresses
from app.models.programs import Program
from app.services.goods.catalogue import product_ids
from tests.app.web.world import World, build
from tests.browser.judging import come_to_rest, ring
from tests.support.sales import Sold, sell

pytestmark = pytest.mark.slow

Visits = Callable[..., Any]
MOST_STEPS = 120
FOCUSED = "document.activeElement"
NAMED = f"({FOCUSED}.getAttribute('aria-label') || {FOCUSED}.textContent || '').trim().replace(/\\s+/g, ' ')"


@pytest.fixture(scope="module")
def world(addresses: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A small world: its lists are short enough to go through."""
    made = build(addresses, tmp_path_factory.mktemp("keyboard"), small=True)
    with made.app.app_context():
        with transaction(db.session) as session:
            program = session.scalars(select(Program).where(Program.code == made.a)).one()
            drill, rep = product_ids(session, program.id)["p1"], made.login("rep")
            sell(
                session, program, [Sold("REP/1", made.distributors["D-5"], drill, 5, 90_000, "2026-04-02", person=rep)]
            )
        db.session.remove()
    yield made
    made.close()


class Hands:
    """Two hands on a keyboard, and no mouse: every step is seen."""

    def __init__(self, here: Any) -> None:
        self.here, self.page = here, here.page

    def key(self, key: str) -> None:
        """Press a key."""
        self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        """Type over what stands in the field."""
        self.key("Control+a")
        self.page.keyboard.type(text)

    def named(self) -> str:
        """Give the name of what has the focus."""
        return str(self.page.evaluate(NAMED))

    def tab(self) -> None:
        """Go on by one; after the last comes the browser's own bar, and then the page anew."""
        self.key("Tab")
        if not self.page.evaluate(f"{FOCUSED} === document.body"):
            ring(self.page)

    def to(self, name: str, what: str = "a, button, summary") -> None:
        """Press Tab until something of this name has the focus; whatever has it on the way shows it."""
        for _step in range(MOST_STEPS):
            self.tab()
            if self.page.evaluate(f"{FOCUSED}.matches('{what}')") and re.match(name, self.named()):
                return
        raise AssertionError(f"Tab does not lead to {name}")

    def to_field(self, name: str) -> None:
        """Press Tab until a field has the focus."""
        for _step in range(MOST_STEPS):
            self.tab()
            if self.page.evaluate(f"{FOCUSED}.name") == name:
                return
        raise AssertionError(f"Tab does not lead to the field {name}")

    def go(self, key: str = "Enter") -> None:
        """Press a key that leads to another page."""
        with self.page.expect_navigation():
            self.key(key)

    def skip(self) -> None:
        """Skip what stands around the page."""
        self.key("Tab")
        ring(self.page)
        assert self.named() == "Skip to the content"
        self.key("Enter")
        self.page.locator("#main:focus").wait_for()

    def menu(self, name: str) -> None:
        """Go to a place of the navigation."""
        self.to(f"{name} ?(\\d+ ?waiting)?$", "nav a")
        self.go()
        assert self.page.locator("nav.links-all [aria-current]").inner_text().startswith(name)

    def problems(self, field: str) -> None:
        """Follow the summary of what is wrong, which has the focus, to the field."""
        self.page.locator("[data-problems]:focus").wait_for()
        self.here.look(f"problems-{field}", refused=True)
        self.key("Tab")
        ring(self.page)
        self.key("Enter")
        self.page.locator(f"[name='{field}'][aria-invalid='true']:focus").wait_for()
        ring(self.page)

    def named_at_last(self, name: str) -> None:
        """See that the focus comes to what has this name."""
        self.page.wait_for_function(f"name => {NAMED}.startsWith(name)", arg=name)
        ring(self.page)

    def opens_and_closes(self, opener: str) -> None:
        """Open a dialog, leave it by Escape, and be where one was."""
        self.to(opener)
        self.key("Enter")
        self.page.locator("dialog:modal").wait_for()
        assert self.page.evaluate(f"{FOCUSED}.closest('dialog') !== null")
        ring(self.page)
        self.key("Escape")
        self.page.locator("dialog:modal").wait_for(state="hidden")
        assert re.match(opener, self.named())
        ring(self.page)


def owner(hands: Hands) -> None:
    hands.menu("All users")
    hands.skip()
    hands.key("j")
    ring(hands.page)
    hands.go()
    hands.to_field("reason")
    hands.go()
    hands.problems("reason")


def administrator(hands: Hands) -> None:
    hands.menu("Users")
    hands.to("Invite somebody")
    hands.go()
    hands.to_field("name")
    hands.go()
    hands.problems("login")
    hands.menu("Adjustments")
    hands.to("New adjustment")
    hands.go()
    hands.page.locator("#distributor[role=combobox]").wait_for()
    hands.to("", "#distributor")
    hands.page.keyboard.type("Distributor 05")
    hands.page.locator(".found-option").first.wait_for()
    hands.key("ArrowDown")
    hands.key("Enter")
    assert hands.page.locator(".pick .chip").inner_text().startswith("Distributor 05 (D-5)")
    assert hands.page.evaluate(f"{FOCUSED}.id") == "distributor"
    hands.to_field("direction")
    hands.key("Space")
    hands.go()
    hands.problems("points")


def verifier(hands: Hands) -> None:
    hands.menu("Review")
    hands.key("j")
    ring(hands.page)
    hands.go()
    hands.opens_and_closes("Ask for more")
    hands.key("m")
    hands.page.locator("dialog:modal").wait_for()
    ring(hands.page)
    hands.key("Tab")
    hands.go()
    hands.problems("ask-words")
    hands.key("Escape")
    hands.page.locator("dialog:modal").wait_for(state="hidden")
    hands.named_at_last("Ask for more")
    hands.key("a")
    hands.page.locator("dialog:modal").wait_for()
    ring(hands.page)
    hands.go()
    assert hands.page.get_by_text("Accepted.").is_visible()


def finance(hands: Hands) -> None:
    hands.menu("Conversion runs")
    hands.to("New run")
    hands.go()
    hands.to_field("to_on")
    hands.page.keyboard.type("01012020")
    hands.go()
    hands.problems("to_on")


def approver(hands: Hands) -> None:
    hands.menu("Ledger")
    hands.to("Filters", "summary")
    hands.key("Enter")
    sheet = hands.page.locator("details.popover[open]")
    assert sheet.count() == 1
    hands.key("Tab")
    ring(hands.page)
    assert hands.page.evaluate(f"{FOCUSED}.closest('details.popover[open]') !== null")
    hands.key("Escape")
    assert sheet.count() == 0
    assert hands.named() == "Filters"
    hands.key("j")
    ring(hands.page)
    hands.go()


def viewer(hands: Hands) -> None:
    hands.menu("Documents")
    hands.key("/")
    ring(hands.page)
    hands.key("Escape")
    hands.to_field("q")
    hands.type("IMP/3")
    hands.go()
    assert hands.page.locator("table.list tbody tr").count() == 1
    hands.to("Remove the filter")
    hands.go()
    assert hands.page.locator("table.list tbody tr").count() > 1


def assistant(hands: Hands) -> None:
    hands.page.locator("#customer:focus").wait_for()
    hands.type("distributor 05")
    hands.go()
    hands.to("Distributor 05")
    hands.go()
    assert hands.page.get_by_text("Takes part").is_visible()


def distributor(hands: Hands) -> None:
    hands.menu("Team")
    hands.opens_and_closes("Invite…")
    hands.key("Enter")
    hands.page.locator("dialog:modal [name=login]:focus").wait_for()
    hands.to_field("name")
    hands.go()
    hands.problems("login")
    hands.key("Escape")
    hands.page.locator("dialog:modal").wait_for(state="hidden")


def rep(hands: Hands) -> None:
    hands.menu("Terms")
    hands.menu("Documents")
    hands.to_field("q")
    hands.type("REP/1")
    hands.go()
    hands.key("j")
    ring(hands.page)
    hands.go()
    assert hands.page.get_by_text("1 point for each full 10").first.is_visible()


@pytest.mark.parametrize(
    "work", [owner, administrator, verifier, finance, approver, viewer, assistant, distributor, rep]
)
def test_a_role_does_its_work_by_the_keyboard_alone(world: World, visit: Visits, work: Callable[[Hands], None]) -> None:
    with visit("desktop") as here:
        here.sign_in(world.login(work.__name__), world.password)
        hands = Hands(here)
        if work is not assistant:  # whose page begins with what they do: the field has the focus
            hands.skip()
            here.page.reload()
        work(hands)
        hands.to(".*", ".account > summary")
        hands.key("Enter")
        hands.to("Sign out")
        hands.go()
        assert here.page.url.endswith("/sign-in")
        assert here.complaints == []


UNCOVERED = """() => {
  const box = document.activeElement.getBoundingClientRect();
  const above = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return document.activeElement.contains(above) || Boolean(above?.contains(document.activeElement));
}"""


@pytest.fixture
def hands(world: World, visit: Visits) -> Iterator[Hands]:
    """The administrator, who has a keyboard alone."""
    with visit("desktop") as here:
        here.sign_in(world.login("administrator"), world.password)
        yield Hands(here)


def test_a_dialog_over_the_menu_of_the_account_closes_before_the_menu(hands: Hands) -> None:
    hands.to(".*", ".account > summary")
    hands.key("Enter")
    hands.to("Keyboard shortcuts")
    hands.key("Enter")
    hands.page.locator("dialog:modal").wait_for()
    hands.key("Escape")
    hands.named_at_last("Keyboard shortcuts")
    hands.key("Escape")
    assert hands.page.evaluate(f"{FOCUSED}.matches('.account > summary')")
    assert hands.page.locator(".account[open]").count() == 0


def test_a_sheet_closes_when_the_focus_goes_on_past_it(hands: Hands) -> None:
    hands.menu("Distributors")
    hands.to("Filters", "summary")
    hands.key("Enter")
    sheet = hands.page.locator("details.popover[open]")
    hands.tab()
    assert sheet.count() == 1
    hands.to("Views", "summary")
    assert sheet.count() == 0


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_no_bar_lies_over_the_row_that_has_the_focus(world: World, visit: Visits, size: str) -> None:
    with visit(size) as here:
        here.sign_in(world.login("administrator"), world.password)
        here.go(f"/programs/{world.a}/distributors")
        hands = Hands(here)
        hands.key("j")
        hands.key("x")
        here.page.locator("[data-list-acts]").wait_for()
        assert here.page.get_by_role("status").filter(has_text="1 chosen").count() == 1
        for key in ["Tab"] * 20 + ["Shift+Tab"] * 20:  # there, and back below the bar on top
            hands.key(key)  # the page glides
            here.page.wait_for_function(UNCOVERED, timeout=5_000)


def test_the_buttons_at_the_thumb_lie_over_no_field_that_has_the_focus(world: World, visit: Visits) -> None:
    with visit("phone") as here:
        here.sign_in(world.login("distributor"), world.password)
        here.go(f"/portal/{world.a}/{world.distributors['D-5']}/claims/new")
        hands = Hands(here)
        here.page.locator("[name=number]").focus()
        while not here.page.evaluate(f"{FOCUSED}.matches('.at-hand *')"):
            hands.key("Tab")  # the page glides
            here.page.wait_for_function(UNCOVERED, timeout=5_000)


def test_the_tabs_of_a_phone_lie_over_no_line_of_a_tall_field(world: World, visit: Visits) -> None:
    covered = """() => {
      const field = document.activeElement.getBoundingClientRect();
      const y = Math.min(field.bottom, innerHeight) - 2;
      return document.elementFromPoint(field.x + 20, y) !== document.activeElement;
    }"""
    with visit("phone") as here:
        here.sign_in(world.login("administrator"), world.password)
        here.go(f"/programs/{world.a}/settings/terms")
        page, hands = here.page, Hands(here)
        for above in range(-40, 480, 40):  # wherever it stood when it took the focus
            page.evaluate("document.activeElement.blur()")
            page.evaluate(
                "(above) => scrollBy({ top: document.getElementById('ru').getBoundingClientRect().top - 400 - above,"
                " behavior: 'instant' })",
                above,
            )
            page.evaluate("document.getElementById('ru').focus()")
            come_to_rest(page)
            assert not page.evaluate(covered), above
        hands.to("Skip to the content", "a")
        tabs = page.locator("nav.tabs")
        assert page.evaluate("document.querySelector('nav.tabs').getBoundingClientRect().bottom <= innerHeight + 1")
        assert tabs.get_by_role("link").first.is_visible()


def test_escape_closes_what_was_found_and_keeps_what_was_typed(hands: Hands) -> None:
    hands.menu("Adjustments")
    hands.to("New adjustment")
    hands.go()
    field = hands.page.locator("#distributor[role=combobox]")
    field.wait_for()
    hands.to("", "#distributor")
    hands.page.keyboard.type("Distributor 05")
    shown = hands.page.locator("#distributor[aria-expanded=true]")
    shown.wait_for()
    hands.key("Escape")
    assert shown.count() == 0
    assert field.input_value() == "Distributor 05"
    hands.key("ArrowDown")
    shown.wait_for()


def test_a_message_that_is_closed_leaves_the_focus_on_the_page(hands: Hands) -> None:
    hands.menu("Distributors")
    hands.to("Views", "summary")
    hands.key("Enter")
    hands.to_field("name")
    hands.type("By name")
    hands.go()
    hands.to("Close", "[data-toast-close]")
    hands.key("Enter")
    assert hands.page.locator("main:focus").count() == 1


def test_what_sorts_is_seen_on_a_phone_while_it_has_the_focus(world: World, visit: Visits) -> None:
    with visit("phone") as here:
        here.sign_in(world.login("administrator"), world.password)
        here.go(f"/programs/{world.a}/distributors")
        hands = Hands(here)
        head = here.page.locator("table.list thead")
        assert head.bounding_box()["height"] <= 1
        for name in ("Distributor", "Code"):
            hands.to(name, "thead a")
            here.page.wait_for_function(UNCOVERED, timeout=5_000)
            assert here.page.evaluate(f"{FOCUSED}.getBoundingClientRect().right") <= 390
        here.look("phone-sorting")
        hands.go()
        assert "sort=" in here.page.url


def test_the_navigation_of_a_phone_takes_the_focus_and_gives_it_back(world: World, visit: Visits) -> None:
    with visit("phone") as here:
        here.sign_in(world.login("distributor"), world.password)
        hands, side = Hands(here), here.page.locator("#side:popover-open")
        here.page.locator(".tabs button").focus()
        hands.key("Enter")
        hands.named_at_last("Close")
        for _place in range(MOST_STEPS):
            if here.page.evaluate(f"{FOCUSED}.matches('.account > summary')"):
                break
            hands.key("Tab")
        hands.key("Enter")
        hands.key("Tab")
        hands.key("Escape")
        assert side.count() == 1, "the menu closes before the navigation around it"
        hands.key("Escape")
        assert side.count() == 0
        hands.named_at_last("More")
        hands.key("Enter")
        hands.named_at_last("Close")
        hands.key("Shift+Tab")
        hands.key("Shift+Tab")
        here.page.wait_for_function("() => !document.querySelector('#side:popover-open')")
        assert not here.page.evaluate(f"{FOCUSED}.closest('#side')")


def test_the_search_of_a_phone_is_typed_into_at_once(world: World, visit: Visits) -> None:
    with visit("phone") as here:
        here.sign_in(world.login("administrator"), world.password)
        Hands(here).page.locator("a.bell[aria-label=Search]").press("Enter")
        here.page.locator("#find-here:focus").wait_for()


def test_what_sends_a_page_back_to_itself_keeps_the_focus(hands: Hands) -> None:
    hands.menu("Distributors")
    hands.to("Code", "thead a")
    hands.go()
    hands.named_at_last("Code")
    hands.to("", "[data-list-search]")
    hands.type("Distributor")
    hands.go()
    hands.page.locator("main:focus").wait_for()
    hands.key("j")
    hands.page.locator("tr.row-now a:focus").wait_for()
    hands.to("Views", "summary")
    hands.key("Enter")
    hands.to_field("name")
    hands.type("Kept")
    hands.go()
    hands.named_at_last("Views")
    hands.key("Enter")
    hands.to("Remove the view Kept")
    hands.go()
    hands.page.locator("main:focus").wait_for()


def test_a_mouse_leaves_the_focus_to_the_page(hands: Hands) -> None:
    hands.menu("Distributors")
    hands.here.press(hands.page.locator("thead a", has_text="Code"))
    assert hands.page.evaluate(f"{FOCUSED} === document.body")
