"""A sales rep finds their own points and says what is wrong with them; who runs the programme opens more accounts."""

from collections.abc import Callable
from typing import Any

import pytest

from app.db.transaction import transaction
from app.domain.program_file.promotion_definition import Promotion as Definition
from app.domain.roles import Role
from app.domain.states import Unit
from app.extensions import db
from app.services.access import people as accounts
from app.services.ledger import ledger
from app.services.persons import opening
from app.services.promotions import publishing
from app.services.rulebooks import rules_of
from app.services.setup import promotion_editing as editing
from tests.app.services.promotions.running import EXAMPLE
from tests.app.web.world import PASSWORD, World
from tests.support.programs import document, goods, load, people
from tests.support.sales import Sold, sell

pytestmark = pytest.mark.slow

Journeys = Callable[..., Any]


@pytest.fixture(scope="module")
def shared(world: World) -> tuple[str, int]:
    """A programme that shares points and asks for a second person: its code, and the company's id."""
    code = f"{world.a}-shared"
    settings = {
        "name": "Klub dzielony",
        "accounts": {"shares": {"to": "shares", "person_bp": 7_000}},
        "rules": {"second_person": True},
    }
    with world.app.app_context(), transaction(db.session) as session:
        program = load(session, document(code, program=settings), now=world.clock())
        found, product = people(session, program, ["D1", "D2"]), goods(session, program, {"P": None})["P"]
        login = world.login("ewa")
        accounts.create_user(session, login, "Ewa Kos", PASSWORD, actor="test", now=world.clock())
        accounts.give_role(session, login, program, Role.REP, found["D1"], actor="test", now=world.clock())
        opening.open_missing(session, program, actor="test", now=world.clock())
        sold = [
            Sold(f"FV/{at}", found["D1"], product, 1, 1_000_00, f"2026-0{at}-10", person="Ewa Kos") for at in (2, 3)
        ]
        sell(session, program, sold, now=world.clock())
        own = opening.open_account(session, program, found["D1"], "Ewa Kos", actor="test", now=world.clock())
        account, key = ledger.wallet_of(session, own, Unit.POINTS), f"{code}:1"
        by = {"now": world.clock(), "actor": "ann", "reason": "A fair"}
        ledger.adjust(session, rules_of(session, program.id), account, 25, key=key, **by)
        draft = Definition.model_validate(EXAMPLE)
        drafted = publishing.draft(session, program.id, draft, actor="ann", now=world.clock())
        editing.ask(session, drafted.id, actor="ann", now=world.clock())
        return code, found["D1"]


def test_a_rep_opens_their_own_points_by_phone(world: World, shared: tuple[str, int], journey: Journeys) -> None:
    with journey("phone") as here:
        page = here.page
        here.sign_in(world.login("ewa"), world.password)
        here.go(f"/portal/{shared[0]}/{shared[1]}/")
        here.look("own-points-home")
        here.press(page.get_by_role("link", name="What it is made of"))
        here.look("own-points-made-of")
        here.press(page.get_by_role("link", name="FV/2"))
        here.look("own-points-lot")
        here.go(page.url.partition("/lots/")[0].removeprefix(here._base))
        here.press(
            page.get_by_role("link", name="Adjusted by hand").or_(page.get_by_role("link", name="By hand")).first
        )
        here.press(page.get_by_role("link", name="Something is wrong"))
        here.look("own-points-dispute")
        page.get_by_role("textbox").fill("It was two fairs")
        here.press(page.get_by_role("button", name="Send"))
        here.look("own-points-movement")


def test_whoever_runs_the_programme_opens_accounts(world: World, shared: tuple[str, int], journey: Journeys) -> None:
    with journey("desktop") as here:
        page = here.page
        here.sign_in(world.login("owner"), world.password)
        here.go(f"/programs/{shared[0]}/own-accounts")
        here.look("own-accounts")
        here.press(page.get_by_role("link", name="Ewa Kos"))
        here.look("own-account-record")
        here.go(f"/programs/{shared[0]}/distributors/{shared[1]}/record")
        here.press(page.get_by_role("link", name="Open an account of a person…"))
        page.get_by_label("Full name").fill("Jan Żuk")
        here.look("own-account-open")
        here.press(page.get_by_role("button", name="Open the account"))
        here.go(f"/programs/{shared[0]}/documents")
        here.press(page.get_by_role("link", name="FV/2"))
        here.look("own-account-document")
        here.go(f"/programs/{shared[0]}/disputes")
        here.look("own-account-disputes")
        here.go(f"/programs/{shared[0]}/promotions")
        here.press(page.get_by_role("link", name="Autumn"))
        here.look("promotion-that-waits")
        page.get_by_role("button", name="Send back…").click()
        here.look("promotion-sent-back")
