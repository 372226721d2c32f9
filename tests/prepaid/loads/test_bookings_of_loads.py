"""A load that is booked in parts, twice or back: what differs of the whole is told once, whoever corrected it."""

import runpy
from pathlib import Path

import pytest
from sqlalchemy import select, text

from app.db.transaction import transaction
from app.domain.states import FindingKind
from app.models.desk import AdjustmentRequest
from app.models.programs import Program
from app.models.reconciling import StatementFinding, StatementLine
from app.services.by_hand import adjustments
from prepaid.providers import LoadResult
from prepaid.reconciling.judging import solve
from tests.prepaid.conftest import World
from tests.prepaid.loads.corrections import (
    AFTERWARDS,
    DECEMBER,
    REWARD,
    adjust,
    differences,
    invoiced,
    loaded,
    open_findings,
)
from tests.prepaid.reconciling.test_reconciling import BOOKED, EDGES, LATER, bring

MIGRATION = Path(__file__).parents[3] / "migrations" / "versions" / "0047_amounts_of_whole_loads.py"

JANUARY = (
    (None, "2027-01-01", "1.00", None, None, None, "fee"),
    (None, "2027-01-31", "2.00", None, None, None, "fee"),
)


def refuse(world: World) -> None:
    """Refuse the adjustment that waits."""
    with transaction(world.registry) as session:
        program = session.get_one(Program, world.program_id)
        waits = AdjustmentRequest.program_id == program.id, AdjustmentRequest.state == "waiting"
        asked = session.scalars(select(AdjustmentRequest.id).where(*waits)).one()
        adjustments.refuse(session, program, asked, note="not so", actor="ben", now=LATER)


@pytest.mark.parametrize(
    ("booked", "found"),
    [
        (("5000.00", "-1000.00"), [(FindingKind.AMOUNT_DIFFERS, 2_000)]),
        (("-1000.00",), [(FindingKind.AMOUNT_DIFFERS, 2_000)]),
        (("5000.00", "-1000.00", "-4000.00"), [(FindingKind.REVERSED, 10_000)]),
        (("4900.00", "-4900.00"), [(FindingKind.REVERSED, 10_000)]),
        (("-5000.00",), [(FindingKind.REVERSED, 10_000)]),
        (("5100.00", "-5000.00"), [(FindingKind.AMOUNT_DIFFERS, 9_800)]),
        (("5000.00", "-5000.00", "5000.00"), []),
        (("5000.00", "-5000.00", "4900.00"), [(FindingKind.AMOUNT_DIFFERS, 200)]),
        (("5000.00", "5000.00", "-5000.00"), []),
        (("2500.00", "2500.00"), []),
        (("6000.00", "-1000.00"), []),
        (("6000.00", "-6000.00", "5000.00"), []),
        (("2000.00", "2000.00"), [(FindingKind.AMOUNT_DIFFERS, 2_000)]),
        (("5000.00", "5000.00"), [(FindingKind.TWICE, 0)]),
        (("5500.00", "5000.00"), [(FindingKind.TWICE, 0)]),
        (("5000.00", "5000.00", "-1000.00"), [(FindingKind.TWICE, 0)]),
        (("5000.00", "50.00"), [(FindingKind.AMOUNT_DIFFERS, -100)]),
        (("2500.00", "2500.00", "50.00"), [(FindingKind.AMOUNT_DIFFERS, -100)]),
    ],
)
def test_what_is_on_the_card_is_the_sum_of_all_bookings_and_what_differs_is_told_once(
    paid: World, booked: tuple[str, ...], found: list[tuple[FindingKind, int]]
) -> None:
    reference = loaded(paid, LoadResult.LOADED)
    bring(paid, *EDGES, *((reference, BOOKED, amount, "PLN") for amount in booked))
    assert differences(paid) == found


@pytest.mark.parametrize(
    ("booked", "found"),
    [
        ((("1200.00", "EUR"),), []),
        ((("1200.00", "EUR"), ("1200.00", "EUR")), [FindingKind.TWICE]),
        ((("1200.00", "EUR"), ("1200.00", "EUR"), ("-1200.00", "EUR")), []),
        ((("5000.00", "PLN"), ("1200.00", "EUR")), [FindingKind.TWICE]),
        ((("5000.00", "PLN"), ("1200.00", "EUR"), ("-1200.00", "EUR")), []),
        ((("3000.00", "PLN"), ("480.00", "EUR")), []),
        ((("1200.00", "EUR"), ("-1200.00", "EUR")), [FindingKind.REVERSED]),
        ((("-1200.00", "EUR"),), []),
    ],
)
def test_what_is_booked_in_another_currency_is_no_amount_of_ours_and_twice_is_told_all_the_same(
    paid: World, booked: tuple[tuple[str, str], ...], found: list[FindingKind]
) -> None:
    reference = loaded(paid, LoadResult.LOADED)
    bring(paid, *EDGES, *((reference, BOOKED, amount, currency) for amount, currency in booked))
    told = [kind for kind, _ in differences(paid)]
    assert [kind for kind in told if kind is not FindingKind.WRONG_CURRENCY] == found
    assert told.count(FindingKind.WRONG_CURRENCY) == sum(currency == "EUR" for _, currency in booked)
    with transaction(paid.registry) as session:
        wrong = [
            (one.theirs_minor, one.theirs)
            for one in open_findings(session, session.get_one(Program, paid.program_id))
            if one.kind is FindingKind.WRONG_CURRENCY
        ]
    assert wrong == [(None, f"{amount} EUR") for amount, currency in booked if currency == "EUR"]


def test_a_load_that_is_booked_in_parts_in_two_statements_is_whole_with_the_second(paid: World) -> None:
    reference = loaded(paid, LoadResult.LOADED)
    bring(paid, *EDGES, (reference, BOOKED, "2000.00", "PLN"))
    assert differences(paid) == [(FindingKind.AMOUNT_DIFFERS, 6_000)]
    bring(paid, *DECEMBER, (reference, "2026-12-02", "2500.00", "PLN"))
    assert differences(paid) == [(FindingKind.AMOUNT_DIFFERS, 1_000)], "the first is solved, and the rest is told"
    bring(paid, *DECEMBER, (reference, "2026-12-03", "500.00", "PLN"))
    assert differences(paid) == []


def test_what_was_told_to_stand_there_twice_is_open_until_its_amount_is_told(paid: World) -> None:
    """As one stands that was told before a small booking beside a load was told as another amount."""
    reference = loaded(paid, LoadResult.LOADED)
    bring(paid, *EDGES, (reference, BOOKED, "5000.00", "PLN"), (reference, BOOKED, "50.00", "PLN"))
    with transaction(paid.registry) as session:
        program = session.get_one(Program, paid.program_id)
        (found,) = open_findings(session, program)
        found.kind, found.theirs = FindingKind.TWICE, "2"
        session.flush()
        assert solve(session, program, now=LATER) == 0
    bring(paid, *DECEMBER)
    assert differences(paid) == [(FindingKind.AMOUNT_DIFFERS, -100)]


@pytest.mark.parametrize("approve", [True, False])
def test_a_part_that_comes_after_its_lack_was_made_good_is_taken_back(paid: World, approve: bool) -> None:
    reference = loaded(paid, LoadResult.LOADED)
    bring(paid, *EDGES, (reference, BOOKED, "2000.00", "PLN"))
    adjust(paid, approve=approve)
    bring(paid, *DECEMBER, (reference, "2026-12-02", "3000.00", "PLN"))
    assert differences(paid) == [(FindingKind.AMOUNT_DIFFERS, -6_000)]
    adjust(paid, approve=approve, now=AFTERWARDS)
    assert differences(paid) == []
    if approve:
        assert invoiced(paid) == (10_000, REWARD, 1)


def test_what_was_booked_wrong_corrected_here_and_then_booked_right_is_taken_back_once(paid: World) -> None:
    reference = loaded(paid, LoadResult.LOADED)
    bring(paid, *EDGES, (reference, BOOKED, "6000.00", "PLN"))
    adjust(paid)
    assert invoiced(paid) == (12_000, 600_000, 1)
    again = ((reference, "2026-12-02", "-6000.00", "PLN"), (reference, "2026-12-02", "5000.00", "PLN"))
    bring(paid, *DECEMBER, *again)
    assert differences(paid) == [(FindingKind.AMOUNT_DIFFERS, 2_000)]
    adjust(paid, now=AFTERWARDS)
    assert invoiced(paid) == (10_000, REWARD, 1)


def test_an_amount_that_comes_back_after_both_ways_were_corrected_is_told_once_more(paid: World) -> None:
    reference = loaded(paid, LoadResult.LOADED)
    bring(paid, *EDGES, (reference, BOOKED, "4900.00", "PLN"))
    adjust(paid)
    bring(paid, *DECEMBER, (reference, "2026-12-02", "100.00", "PLN"))
    assert differences(paid) == [(FindingKind.AMOUNT_DIFFERS, -200)]
    adjust(paid, now=AFTERWARDS)
    bring(paid, *DECEMBER, (reference, "2026-12-05", "-100.00", "PLN"))
    assert differences(paid) == [(FindingKind.AMOUNT_DIFFERS, 200)]


def test_an_amount_of_which_a_correction_was_refused_is_told_as_a_whole(paid: World) -> None:
    reference = loaded(paid, LoadResult.LOADED)
    bring(paid, *EDGES, (reference, BOOKED, "4900.00", "PLN"))
    adjust(paid, approve=False)
    bring(paid, *DECEMBER, (reference, "2026-12-02", "-100.00", "PLN"))
    refuse(paid)
    assert differences(paid) == [(FindingKind.AMOUNT_DIFFERS, 200)] * 2, "each says its part"
    bring(paid, *JANUARY)
    assert differences(paid) == [(FindingKind.AMOUNT_DIFFERS, 400)]
    adjust(paid, now=AFTERWARDS)
    assert differences(paid) == []


def test_a_part_of_which_the_correction_was_refused_stays_told_beside_one_that_was_approved(paid: World) -> None:
    reference = loaded(paid, LoadResult.LOADED)
    bring(paid, *EDGES, (reference, BOOKED, "4900.00", "PLN"))
    adjust(paid, approve=False)
    bring(paid, *DECEMBER, (reference, "2026-12-02", "-100.00", "PLN"))
    adjust(paid)
    refuse(paid)
    bring(paid, *JANUARY)
    assert differences(paid) == [(FindingKind.AMOUNT_DIFFERS, 200)]


def test_nothing_is_told_where_a_correction_was_refused_and_the_amount_is_right_by_then(paid: World) -> None:
    reference = loaded(paid, LoadResult.LOADED)
    bring(paid, *EDGES, (reference, BOOKED, "4900.00", "PLN"))
    adjust(paid, approve=False)
    bring(paid, *DECEMBER, (reference, "2026-12-02", "100.00", "PLN"))
    refuse(paid)
    bring(paid, *JANUARY)
    assert differences(paid) == []


def test_the_rest_of_a_load_that_is_booked_back_in_parts_is_given_back_once(paid: World) -> None:
    reference = loaded(paid, LoadResult.LOADED)
    bring(paid, *EDGES, (reference, BOOKED, "5000.00", "PLN"), (reference, BOOKED, "-1000.00", "PLN"))
    adjust(paid)
    assert invoiced(paid) == (8_000, 400_000, 1)
    bring(paid, *DECEMBER, (reference, "2026-12-10", "-4000.00", "PLN"))
    assert differences(paid) == [(FindingKind.REVERSED, 8_000)]
    adjust(paid, now=AFTERWARDS)
    assert invoiced(paid) == (0, 0, 0)


def test_what_was_told_booking_by_booking_before_is_told_of_the_whole_load(paid: World) -> None:
    """The migration: of what is open the last stays, with what is left; what was answered keeps what it corrected."""
    reference = loaded(paid, LoadResult.LOADED)
    bring(paid, *EDGES, (reference, BOOKED, "5100.00", "PLN"))
    adjust(paid)
    before = invoiced(paid)
    back = ((reference, "2026-12-02", "-300.00", "PLN"), (reference, "2026-12-03", "-200.00", "PLN"))
    bring(paid, *DECEMBER, *back)
    written = runpy.run_path(str(MIGRATION))
    with transaction(paid.registry) as session:
        (now,) = open_findings(session, session.get_one(Program, paid.program_id))
        assert now.line_id is not None
        statement_id, line_id, top_up_id = now.statement_id, now.line_id, now.top_up_id
        first = session.scalars(
            select(StatementLine.id)
            .where(StatementLine.statement_id == statement_id, StatementLine.id != line_id)
            .where(StatementLine.top_up_id == top_up_id)
        ).one()
        session.delete(now)
        session.flush()
        for line, part in ((first, 30_000), (line_id, 20_000)):
            what = {"statement_id": statement_id, "line_id": line, "top_up_id": top_up_id, "theirs_minor": -part}
            session.add(StatementFinding(kind=FindingKind.AMOUNT_DIFFERS, ours_minor=500_000, **what))
        session.flush()
        for statement in (written["ANSWERED"], written["OPEN"]):
            session.execute(text(statement))
    assert differences(paid) == [(FindingKind.AMOUNT_DIFFERS, 1_000)]
    assert invoiced(paid) == before == (10_200, 510_000, 1)
    adjust(paid, now=AFTERWARDS)
    assert (differences(paid), invoiced(paid)) == ([], (9_200, 460_000, 1))
    with transaction(paid.registry) as session:
        for statement in (written["BY_ITSELF"], written["ANSWERED"], written["OPEN"]):
            session.execute(text(statement))
    assert (differences(paid), invoiced(paid)) == ([], (9_200, 460_000, 1)), "down and up again"
