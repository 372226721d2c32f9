"""What finance reads: what was owed at any day, what months brought, and months that are closed for good."""

import datetime as dt
from collections.abc import Iterable

import pytest
from sqlalchemy import text

from app.domain.points.conversion import MICRO
from app.domain.states import TransactionKind, Unit
from app.models.ledger import LedgerTransaction
from app.models.periods import PeriodClosing
from app.services.books import history, owed, periods
from app.services.books.booking import Basis
from app.services.books.totals import Until, totals_of
from app.services.ledger import figures, ledger_check, liability
from app.services.tracing import balances
from tests.support.desk import CREDIT, Desk, Opening, Standing
from tests.support.programs import NOW

BRANDS = {
    "code": "brands",
    "name": "The brand's points",
    "kind": "per_unit",
    "points": 1,
    "scope": {"products": ["Q"]},
    "terms": {"funded_by": "brand", "expiry": {"never": True}},
}
PLAIN = {"code": "plain", "name": "Points", "kind": "per_unit", "points": 1, "scope": {"products": ["P"]}}
MARCH, APRIL, MAY = (dt.date(2026, month, 1) for month in (3, 4, 5))


@pytest.fixture
def desk(open_desk: Opening) -> Desk:
    """A desk whose points end after a year; a brand pays for those of Q."""
    return open_desk(
        program={"expiry": {"months_after_award": 12}, "funding": {"sources": {"brand": "The brand"}}},
        earning_rules=[PLAIN, BRANDS],
    )


def a_year(desk: Desk) -> None:
    """Sell in March and April, spend, take something back."""
    desk.invoice("1", 10, issued_on="2026-03-05")
    desk.invoice("2", 6, what="Q", who="D2", issued_on="2026-03-20")
    desk.invoice("3", 8, issued_on="2026-04-02")
    desk.credit("K1", 3, corrects="3", issued_on="2026-04-20")
    desk.settle(desk.reserve(4, on=dt.date(2026, 4, 25)), on=dt.date(2026, 4, 26))
    desk.reserve(2, on=dt.date(2026, 5, 2))


def total(parts: Iterable[owed.Part]) -> int:
    return sum(one.points for one in parts)


def at(desk: Desk, day: dt.date, basis: Basis = Basis.BOOKS) -> list[owed.Part]:
    return owed.parts_of(totals_of(desk.session, desk.program, until=Until(day, basis)))


# ---------------------------------------------------------------------------------------------- owed at a day


def test_what_was_owed_at_a_past_day_is_told_in_parts_that_add_up(desk: Desk) -> None:
    a_year(desk)
    assert [total(at(desk, dt.date(2026, *day))) for day in ((3, 4), (3, 5), (3, 31), (4, 19), (4, 30), (5, 31))] == [
        0,
        10,
        16,
        24,
        17,
        17,  # what is reserved is owed still
    ]
    parts = at(desk, dt.date(2026, 5, 31))
    assert owed.together(parts, lambda one: one.funded_by) == [
        ("brand", owed.Sum(6, 6 * desk.program.point_value_micro // MICRO)),
        (None, owed.Sum(11, 11 * desk.program.point_value_micro // MICRO)),
    ]
    assert {(one.month_on, one.points) for one in parts} == {(None, 6), (dt.date(2027, 11, 1), 11)}


def test_what_was_recorded_by_a_day_never_changes_though_files_come_late(desk: Desk) -> None:
    a_year(desk)
    recorded = desk.session.execute(text("select now()::date")).scalar_one()
    assert total(at(desk, recorded - dt.timedelta(2), Basis.RECORDED)) == 0
    assert total(at(desk, recorded + dt.timedelta(1), Basis.RECORDED)) == 17


def test_what_accounts_owe_stands_apart_below_zero(desk: Desk) -> None:
    desk.invoice("1", 10)
    desk.settle(desk.reserve(10))
    desk.credit("K1", 4, corrects="1")
    parts = at(desk, NOW.date())
    assert [(one.debt, one.points) for one in parts] == [(True, -4)]


def test_a_debt_is_worth_what_as_many_points_are_below_zero_wherever_it_is_shown(open_desk: Opening) -> None:
    desk = open_desk(program={"point": {"value": "0.015"}})  # a minor unit and a half each
    desk.invoice("1", 10)
    desk.settle(desk.reserve(10))
    desk.credit("K1", 3, corrects="1")
    parts = at(desk, NOW.date())
    *_, last = history.months_of(totals_of(desk.session, desk.program))
    told = [owed.Sum.of(parts).worth_minor, last.closing.worth_minor, liability.worth_minor(-3, 1_500_000)]
    assert (told, owed.worths_of(parts)) == ([-4, -4, -4], [-4])
    (_tier, of_tier), *_ = owed.together(parts, lambda one: one.tier)
    assert of_tier == owed.Sum(-3, -4)


def test_the_worths_of_parts_add_up_to_that_of_all(open_desk: Opening) -> None:
    desk = open_desk(
        program={"point": {"value": "0.015"}, "funding": {"sources": {"brand": "The brand"}}},
        earning_rules=[PLAIN, BRANDS],
    )
    desk.invoice("1", 3)
    desk.invoice("2", 5, what="Q")
    parts = at(desk, NOW.date())
    worths = [of.worth_minor for _, of in owed.together(parts, lambda one: one.funded_by)]
    assert owed.Sum.of(parts).worth_minor == 12
    assert sum(worths) == sum(owed.worths_of(parts)) == 12


def test_a_day_has_the_last_days_that_lots_had_then(desk: Desk) -> None:
    desk.invoice("1", 10, issued_on="2026-03-05")
    (lot,) = desk.lots()
    later = NOW + dt.timedelta(days=40)
    desk.extend(lot, dt.date(2028, 6, 30), now=later)
    months = [[one.month_on for one in at(desk, day)] for day in (NOW.date(), later.date())]
    assert months == [[dt.date(2027, 11, 1)], [dt.date(2028, 6, 1)]]


def test_each_month_opens_as_the_one_before_closed(desk: Desk) -> None:
    a_year(desk)
    march, april, may, *_ = history.months_of(totals_of(desk.session, desk.program))
    assert (march.opening.points, march.issued.points, march.closing.points) == (0, 16, 16)
    assert (april.opening.points, april.issued.points, april.redeemed.points) == (16, 5, -4)
    assert (april.closing.points, may.opening.points, may.closing.points) == (17, 17, 17)
    assert may.closing.points == total(at(desk, dt.date(2026, 5, 31)))


# ------------------------------------------------------------------------------------------------ closed months


def close(desk: Desk, through: dt.date, *, now: dt.datetime = NOW, actor: str = "fin") -> list[dt.date]:
    return periods.close(desk.session, desk.program, through, actor=actor, now=now)


def closing(desk: Desk) -> PeriodClosing:
    """Give the newest closing that stands."""
    return desk.rows(PeriodClosing, program_id=desk.program.id, reopened_at=None)[-1]


def test_months_are_closed_in_order_and_their_totals_are_kept(desk: Desk) -> None:
    a_year(desk)
    assert close(desk, APRIL) == [MARCH, APRIL]
    figures.refresh(desk.session, desk.program.id, NOW)
    seen = {one.month_on: one for one in periods.months(desk.session, desk.program)}
    assert seen[MARCH].totals == {TransactionKind.AWARD: 16}
    assert seen[APRIL].totals == {
        TransactionKind.AWARD: 8,
        TransactionKind.REVERSAL: -3,
        TransactionKind.RESERVE: 0,
        TransactionKind.SETTLE: -4,
    }
    assert seen[MARCH].closing is not None
    with pytest.raises(periods.NothingToClose):
        close(desk, APRIL)
    with pytest.raises(periods.NotOver):
        close(desk, NOW.date())
    assert ledger_check.proved(desk.session) == []


def test_what_is_undone_and_counts_anew_is_in_the_books_of_its_month_once(desk: Desk) -> None:
    march, april = dt.date(2026, 3, 31), dt.date(2026, 4, 30)
    desk.invoice("1", 84, issued_on="2026-03-07")
    desk.refuse("1")
    assert total(at(desk, march)) == 0
    desk.invoice("1 anew", 84, issued_on="2026-03-07")
    assert total(at(desk, march)) == 84
    close(desk, MARCH)
    desk.refuse("1 anew")
    undone = desk.rows(LedgerTransaction, kind=TransactionKind.VOID)[-1]
    assert (undone.effective_on, undone.booked_on) == (dt.date(2026, 3, 7), APRIL)
    assert (total(at(desk, march)), total(at(desk, april))) == (84, 0)


def test_what_comes_late_is_booked_in_the_first_open_month_and_stays_the_sales_day(desk: Desk) -> None:
    a_year(desk)
    close(desk, APRIL)
    before = [total(at(desk, day)) for day in (dt.date(2026, 3, 31), dt.date(2026, 4, 30))]
    desk.invoice("late", 100, issued_on="2026-03-07")
    desk.credit("K2", 2, corrects="1", issued_on="2026-03-09")
    late = desk.document("late")
    (one,) = desk.rows(LedgerTransaction, document_id=late.id)
    assert (one.effective_on, one.booked_on) == (dt.date(2026, 3, 7), MAY)
    assert [total(at(desk, day)) for day in (dt.date(2026, 3, 31), dt.date(2026, 4, 30))] == before
    assert total(at(desk, dt.date(2026, 5, 31))) == 17 + 98
    figures.refresh(desk.session, desk.program.id, NOW)
    seen = {one.month_on: one for one in periods.months(desk.session, desk.program)}
    assert seen[MAY].totals[TransactionKind.AWARD] == 100
    assert seen[MARCH].totals == {TransactionKind.AWARD: 16}
    assert history.months_of(totals_of(desk.session, desk.program))[-1].closing.points == 17 + 98
    assert ledger_check.proved(desk.session) == []


def test_spending_on_a_day_of_a_closed_month_is_booked_in_the_open_one(desk: Desk) -> None:
    a_year(desk)
    close(desk, APRIL)
    reservation = desk.reserve(1, on=dt.date(2026, 4, 30))
    assert desk.session.get_one(LedgerTransaction, reservation).booked_on == MAY


def test_a_changed_total_of_a_closed_month_is_found(desk: Desk) -> None:
    a_year(desk)
    close(desk, APRIL)
    assert ledger_check.proved(desk.session) == []
    back_door = desk.session.begin_nested()
    # as one who went around `post` would write it: into March, which is closed
    desk.session.execute(
        text(
            "with t as (insert into ledger_transaction (program_id, kind, key, effective_on) "
            "values (:program, 10, :key, '2026-03-30') returning id) "
            "insert into ledger_entry (transaction_id, position, account_id, bucket, amount) "
            "select t.id, x.position, x.account, x.bucket, x.amount from t, "
            "(values (1, :wallet, 2, -1), (2, :own, 14, 1)) x(position, account, bucket, amount)"
        ).bindparams(
            program=desk.program.id,
            key="by the back door",
            wallet=desk.account(),
            own=desk.rules.accounts[Unit.POINTS],
        )
    )
    problems = [one for one in ledger_check.proved(desk.session) if one.startswith("programme")]
    back_door.rollback()
    assert problems == [
        f"programme {desk.program.id}: 2026-03 is closed, and its books were changed: 3 rows then, 5 now",
        f"programme {desk.program.id}: the totals of 2026-03 are stored as 0 for kind 10, its books say -1",
    ]


def test_a_month_is_opened_by_two_people_the_newest_first_and_closed_anew(desk: Desk) -> None:
    a_year(desk)
    close(desk, APRIL)
    march, april = desk.rows(PeriodClosing, program_id=desk.program.id)
    given = {"session": desk.session, "program": desk.program, "now": NOW}
    with pytest.raises(periods.LaterClosed):
        periods.ask_to_reopen(closing_id=march.id, why="a mistake", actor="fin", **given)
    with pytest.raises(periods.PeriodError, match="needs a reason"):
        periods.ask_to_reopen(closing_id=april.id, why=" ", actor="fin", **given)
    with pytest.raises(periods.NotAsked):
        periods.reopen(closing_id=april.id, actor="boss", **given)
    periods.ask_to_reopen(closing_id=april.id, why="a mistake", actor="fin", **given)
    with pytest.raises(periods.SamePerson):
        periods.reopen(closing_id=april.id, actor="Fin", **given)
    periods.reopen(closing_id=april.id, actor="boss", **given)
    desk.invoice("late", 5, issued_on="2026-04-07")
    desk.invoice("later", 5, issued_on="2026-03-07")
    booked = [desk.rows(LedgerTransaction, document_id=desk.document(one).id)[0].booked_on for one in ("late", "later")]
    assert booked == [None, APRIL]
    assert close(desk, APRIL) == [APRIL]
    assert closing(desk).sha256 != april.sha256
    (opened,) = periods.history(desk.session, desk.program)
    assert (opened.asked_by, opened.asked_why, opened.reopened_by) == ("fin", "a mistake", "boss")
    assert ledger_check.proved(desk.session) == []


def test_a_wish_to_open_a_month_can_be_declined(desk: Desk) -> None:
    a_year(desk)
    close(desk, APRIL)
    one = closing(desk)
    periods.ask_to_reopen(desk.session, desk.program, one.id, why="a mistake", actor="fin", now=NOW)
    periods.leave_closed(desk.session, desk.program, one.id, actor="boss", now=NOW)
    assert closing(desk).asked_at is None
    with pytest.raises(periods.NotAsked):
        periods.reopen(desk.session, desk.program, one.id, actor="boss", now=NOW)


def test_voiding_a_document_of_a_closed_month_changes_the_open_one(desk: Desk) -> None:
    a_year(desk)
    close(desk, APRIL)
    desk.refuse("K1", CREDIT)
    desk.refuse("1")
    assert desk.points().available >= 0
    assert desk.points("D2") == Standing(0, 6)
    parts = at(desk, NOW.date())
    assert total(parts) == sum(
        one.pending + one.available + one.reserved for one in (desk.balance("D1"), desk.balance("D2"))
    )
    assert total(at(desk, dt.date(2026, 4, 30))) == 17
    assert ledger_check.proved(desk.session) == []
    assert balances.balance_of(desk.session, desk.program.id, "D1", Unit.POINTS).spent == 4
