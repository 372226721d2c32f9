"""Finance's books on pages: what was owed at any day, months closed and opened by two people, lots extended."""

import datetime as dt
import io
from collections.abc import Callable

import openpyxl
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.states import LotState
from app.extensions import db
from app.models.ledger import Account, Lot
from app.models.lot_terms import LotExtension
from app.models.periods import PeriodClosing
from app.models.programs import Program
from app.services.books import owed
from app.services.books.booking import Basis
from app.services.books.totals import Until, totals_of
from tests.app.web.conftest import token_of
from tests.app.web.world import World

As = Callable[[str], FlaskClient]


@pytest.fixture
def at(world: World) -> str:
    return f"/programs/{world.a}"


def test_what_was_owed_at_a_day_is_shown_in_parts_and_taken_away_as_a_workbook(world: World, as_: As, at: str) -> None:
    finance = as_("finance")
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        parts = owed.parts_of(totals_of(session, program, until=Until(world.clock().date(), Basis.BOOKS)))
    total = sum(one.points for one in parts)
    assert total > 0
    day = world.clock().date().isoformat()
    page = finance.get(f"{at}/liability/day?on={day}&basis=books").text
    assert "By tier" in page
    assert "Owed, by month of expiry" in page
    assert "What each month brought" in page
    nothing = finance.get(f"{at}/liability/day?on=2001-01-01&basis=recorded")
    assert "Nothing was owed" in nothing.text
    for asked in ("on=never&basis=books", f"on={day}&basis=guessed"):
        for place in ("day", "day.xlsx"):  # another day's file would pass for the one that was asked for
            wrong = finance.get(f"{at}/liability/{place}?{asked}")
            assert (wrong.status_code, wrong.mimetype) == (400, "text/html")
            assert "data-problems" in wrong.text
    answer = finance.get(f"{at}/liability/day.xlsx?on={day}&basis=books")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data))["Owed"]
    *shown, last = sheet.iter_rows(min_row=2, values_only=True)
    assert last[4] == pytest.approx(total)
    assert last[5] == pytest.approx(sum(float(str(one[5])) for one in shown))
    assert "liability" in answer.headers["Content-Disposition"]
    assert as_("verifier").get(f"{at}/liability/day").status_code == 200
    assert as_("distributor").get(f"{at}/liability/day").status_code == 404


def test_the_last_day_there_is_can_be_asked_for(as_: As, at: str) -> None:
    finance = as_("finance")
    for address in (
        "liability/day?on=9999-12-31&basis=recorded",
        "liability/day.xlsx?on=9999-12-31&basis=recorded",
        "invoicing?from_on=2026-01-01&to_on=9999-12-31",
    ):
        assert finance.get(f"{at}/{address}").status_code == 200


def test_the_workbook_speaks_the_language_of_who_takes_it(world: World, as_: As, at: str) -> None:
    of_today = f"{at}/liability/day.xlsx?on={world.clock().date().isoformat()}&basis=books"
    answer = as_("finance").get(of_today, headers={"Accept-Language": "pl"})
    book = openpyxl.load_workbook(io.BytesIO(answer.data))
    assert book.sheetnames == ["Zobowiązanie", "Miesiące"]
    header, *_rows, last = book["Zobowiązanie"].iter_rows(values_only=True)
    assert header[:5] == ("Poziom", "Finansuje", "Kończy się", "Miesiąc wygaśnięcia", "Punkty")
    assert last[0] == "Suma"
    assert "liability" not in answer.headers["Content-Disposition"]


def test_a_month_is_closed_and_opened_again_by_two_people(world: World, as_: As, at: str) -> None:
    finance, approver, index = as_("finance"), as_("approver"), f"{at}/periods"
    shown = finance.get(index).text
    assert "Months of the books" in shown
    assert "Open" in shown
    with world.app.app_context():
        of_ours = (
            select(Lot.earned_on)
            .join(Account, Account.id == Lot.account_id)
            .join(Program)
            .where(Program.code == world.a)
        )
        earned_on = db.session.scalars(of_ours.order_by(Lot.id).limit(1)).one()
        db.session.remove()
    through = earned_on.replace(day=1).isoformat()

    def sends(client: FlaskClient, what: str, **more: str) -> str:
        sent = {"csrf_token": token_of(client, index), **more}
        return client.post(f"{index}/{what}", data=sent, follow_redirects=True).text

    assert "closed." in sends(finance, "close", through=through)
    assert "nothing to close" in sends(finance, "close", through=through)
    assert finance.post(f"{index}/close", data={"csrf_token": token_of(finance, index)}).status_code == 400
    assert "Say why, for whoever agrees." in sends(finance, "ask", why=" ")
    assert "A second person agrees." in sends(finance, "ask", why="an invoice was forgotten")
    assert finance.post(f"{index}/reopen", data={"csrf_token": token_of(finance, index)}).status_code == 404
    assert "an invoice was forgotten" in approver.get(index).text
    assert "The month stays closed." in sends(finance, "withdraw")
    assert "somebody decided before" in sends(approver, "reopen")
    while True:  # leave the books as they were: the newest first
        with world.app.app_context():
            standing = select(PeriodClosing).join(Program).where(Program.code == world.a)
            left = db.session.scalars(standing.where(PeriodClosing.reopened_at.is_(None))).all()
            db.session.remove()
        if not left:
            break
        sends(finance, "ask", why="for the tests")
        assert "The month is open again." in sends(approver, "reopen")
    assert "Opened again" in finance.get(index).text


def a_lot_that_ends(world: World) -> int:
    """Find a lot that can be spent, in a programme whose points never end, and let it end."""
    with world.app.app_context(), transaction(db.session) as session:
        lot = session.scalars(
            select(Lot)
            .join(Account, Account.id == Lot.account_id)
            .join(Program, Program.id == Account.program_id)
            .where(Program.code == world.a, Lot.state == LotState.OPEN)
            .limit(1)
        ).one()
        lot.expires_on = dt.date(2038, 1, 31)
        return lot.id


def test_a_manager_extends_a_lot_and_many_after_a_look(world: World, as_: As, at: str) -> None:
    approver, lot = as_("approver"), a_lot_that_ends(world)
    page = f"{at}/lots/{lot}"
    assert f"Lot {lot}" in approver.get(page).text
    sent = {"csrf_token": token_of(approver, page), "until": "2039-01-31", "reason": "a good customer"}
    assert approver.post(f"{page}/extend", data=sent | {"until": "2001-01-01"}).status_code == 400
    assert "It can be spent until then." in approver.post(f"{page}/extend", data=sent, follow_redirects=True).text
    assert "a good customer" in approver.get(page).text
    nothing = approver.post(f"{page}/reinstate", data=sent)
    assert "Nothing of it has expired" in nothing.text
    over = approver.post(f"{page}/reinstate", data=sent | {"until": "2001-01-01"})
    assert (over.status_code, "This day is over" in over.text) == (400, True)
    many = f"{at}/lots/extend"
    chosen = {"csrf_token": token_of(approver, f"{at}/lots"), "ids": [lot]}
    assert "Extend 1 lot" in approver.post(many, data=chosen).text
    later = {**chosen, "sure": "yes", "until": "2040-01-31", "reason": "still a good one"}
    assert "1 lot is extended." in approver.post(many, data=later, follow_redirects=True).text
    with world.app.app_context():
        moved = db.session.scalars(select(LotExtension.reason).where(LotExtension.lot_id == lot)).all()
        db.session.remove()
    assert moved == ["a good customer", "still a good one"]
    assert as_("viewer").post(f"{page}/extend", data=sent).status_code in (400, 404)
    shown = approver.post(f"{at}/lots/reinstate", data=chosen, follow_redirects=True).text
    assert "Nothing can be done to any of the chosen rows." in shown
