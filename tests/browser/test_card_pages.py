"""A card's life and the editor of an operator's files, by desktop and phone."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.states import CardState, Identity
from app.extensions import db
from app.models.prepaid import Card
from app.models.programs import Program
from prepaid.cards import card_lives, cards
from prepaid.conversions import ordering, preparing, sending
from prepaid.conversions.segments import Segment
from prepaid.issuers.sandbox import SandboxProvider
from tests.app.web.world import World

pytestmark = pytest.mark.slow

Visits = Callable[..., Any]


@pytest.fixture(scope="module")
def card(world: World) -> int:
    """A card with a life: loaded, blocked, open again, replaced; the newest one of its holder."""
    now = world.clock()
    with world.app.app_context():
        provider = SandboxProvider(db.engine, refusal=lambda *_: None)
        with transaction(db.session) as session:
            program = session.scalars(select(Program).where(Program.code == world.a)).one()
            run = preparing.preview(
                session,
                program,
                from_on=program.starts_on,
                to_on=now.date().replace(month=12, day=31),
                segment=Segment.one(world.distributors["D-5"]),
                actor="ann",
                now=now,
            ).id
            program_id = program.id
        ordering.approve_and_order(db.session, world.settings, provider, run, actor="ben", now=now)
        sending.send(db.session, world.settings, provider, run, actor="ben", now=now)
        first = _current(program_id, world)
        for to, why in ((CardState.BLOCKED, "Lost at a fair"), (CardState.ACTIVE, "Found again")):
            card_lives.change(db.session, provider, first, to, why=why, actor="finance@kontor.example", now=now)
        with transaction(db.session) as session:
            program = session.get_one(Program, program_id)
            cards.replace(session, program, "D-5", actor="finance@kontor.example", now=now)
        cards.issue_ordered(db.session, provider, program_id, now=now)
        newest = _current(program_id, world)
        with transaction(db.session) as session:
            card_lives.identify(session, newest, Identity.VERIFIED, why="Told by the issuer", actor="ann", now=now)
        db.session.remove()
    return newest


def _current(program_id: int, world: World) -> int:
    with transaction(db.session) as session:
        of = (Card.program_id == program_id, Card.distributor_id == world.distributors["D-5"], Card.active)
        return session.scalars(select(Card.id).where(*of)).one()


@pytest.mark.parametrize(("size", "scheme"), [("desktop", "light"), ("phone", "dark")])
def test_a_cards_life_and_an_operators_template(world: World, card: int, visit: Visits, size: str, scheme: str) -> None:
    a = f"/programs/{world.a}"
    with visit(size, scheme) as here:
        here.sign_in(world.login("administrator"), world.password)
        here.go(f"{a}/cards")
        here.picture("cards")
        here.go(f"{a}/cards/{card}")
        assert here.page.get_by_text("Lost at a fair").is_visible()
        here.picture("card")
        here.page.get_by_role("button", name="Block…").click()
        here.picture("card-block")
        here.go(f"{a}/card-provider")
        here.picture("provider")
        here.go(f"{a}/card-provider/template?begin=fixed_both")
        shown = here.page.locator("[data-preview]")
        assert "H0000000720261126" in shown.inner_text()
        here.page.get_by_label("Dates").select_option("%d.%m.%Y")
        shown.filter(has_text="longer than").wait_for()
        here.page.get_by_label("Dates").select_option("%Y%m%d")
        shown.filter(has_text="H0000000720261126").wait_for()
        here.picture("provider-editor")
        cuts = here.page.get_by_label("Cut what is longer")
        rows = cuts.count()
        here.page.get_by_role("button", name="One more column").click()
        added = here.page.locator("[data-rows]").first.locator("[data-row]").last.get_by_label("Cut what is longer")
        assert (cuts.count(), added.is_checked(), added.input_value()) == (rows + 1, False, "y")
        here.press(here.page.get_by_role("button", name="Keep the template"))
        here.press(here.page.get_by_role("link", name="Change how answers are read"))
        assert here.page.get_by_label("Lines of loads begin with").input_value() == "D"
        here.picture("provider-answers")
        assert here.complaints == []


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_what_can_be_done_with_a_card_stands_in_one_line_each(
    world: World, card: int, visit: Visits, size: str
) -> None:
    with visit(size) as here:
        here.sign_in(world.login("administrator"), world.password)
        here.go(f"/programs/{world.a}/cards/{card}")
        buttons = here.page.locator(".buttons-wide .btn")
        assert buttons.count() > 3
        assert all(one.bounding_box()["height"] < 50 for one in buttons.all())
