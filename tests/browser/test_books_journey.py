"""Finance looks at what was owed, closes months, and opens one again with the approver; a manager extends a lot."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select

from app.db.transaction import transaction
from app.extensions import db
from app.local.servers import Addresses
from app.models.ledger import Account, Lot
from app.models.programs import Program
from app.services.ledger import figures
from tests.app.web.world import World, build

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def world(addresses: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world in which the newest points end."""
    made = build(addresses, tmp_path_factory.mktemp("books"), small=True)
    with made.app.app_context():
        with transaction(db.session) as session:
            program = session.scalars(select(Program).where(Program.code == made.a)).one()
            lots = select(Lot).join(Account, Account.id == Lot.account_id).where(Account.program_id == program.id)
            for lot in session.scalars(lots.order_by(Lot.id.desc()).limit(3)):
                lot.expires_on = dt.date(2038, 1, 31)
            figures.refresh(session, program.id, made.clock())
        db.session.remove()
    yield made
    made.close()


def test_a_month_is_closed_and_opened_again_and_a_lot_is_extended(world: World, journey: Callable[..., Any]) -> None:
    with journey("desktop") as here:
        here.sign_in(world.login("finance"), world.password)
        here.menu("Liability")
        here.look("books-now")
        here.press(here.page.get_by_role("link", name="On any day"))
        here.look("books-day")
        here.menu("Months of the books")
        here.look("books-months")
        here.page.get_by_role("button", name="Close").click()
        here.look("books-closing")
        here.press(here.page.get_by_role("button", name="Close the books"))
        here.look("books-closed")
        here.page.get_by_label("Reason").fill("An invoice was forgotten")
        here.press(here.page.get_by_role("button", name="Ask for it"))
        here.look("books-waits")
        assert here.page.get_by_text("A second person agrees or declines.").is_visible()
    with journey("phone") as here:
        here.sign_in(world.login("approver"), world.password)
        here.menu("Months of the books")
        here.look("books-asked")
        here.page.get_by_role("button", name="Open it again…").click()
        here.look("books-again")
        here.press(here.page.get_by_role("button", name="Open it again", exact=True))
        here.look("books-opened")
        here.menu("Liability")
        here.look("books-now")
        here.press(here.page.get_by_role("link", name="On any day"))
        here.look("books-day")
        here.menu("Lots")
        here.look("lots")
        here.press(here.page.locator("main tbody a").first)
        here.look("lot")
        here.page.get_by_label("New last day").fill("2039-06-30")
        here.page.get_by_label("Reason").fill("A good customer")
        here.press(here.page.get_by_role("button", name="Extend"))
        here.look("lot-extended")
    with journey("desktop") as here:
        here.sign_in(world.login("approver"), world.password)
        here.menu("Lots")
        here.look("lots")
        here.press(here.page.locator("main tbody a").first)
        here.look("lot")
