"""What stands on accounts: lists of balances, one distributor's statement, and what expires next."""

import datetime as dt

import pytest
from sqlalchemy import select

from app.domain.states import TransactionKind, Unit
from app.models.distributors import Distributor
from app.services.participants.distributor_rows import DistributorRow, put_distributors
from app.services.tracing import balances
from app.services.tracing.balances import Expiring
from tests.support.desk import CREDIT, IN_REVIEW, Desk, Opening
from tests.support.programs import BASE_RULE, NOW

NAMES = {"A1": "Zenit", "A2": "Łódź Tools", "A3": "lampa", "A4": "100% Beton", "A5": "Ćma", "A6": "a_b", "A7": "Lampa"}


@pytest.fixture
def named(desk: Desk) -> Desk:
    rows = [DistributorRow(code=code, name=name) for code, name in NAMES.items()]
    put_distributors(desk.session, desk.program.id, "pl", rows, enrolled_on=dt.date(2026, 1, 1), may_owe=True)
    return desk


def codes(desk: Desk, **asked: object) -> list[str]:
    return [one.code for one in balances.balances(desk.session, desk.program.id, Unit.POINTS, **asked)]  # type: ignore[arg-type]


def test_every_distributor_has_a_balance_in_each_unit_from_the_beginning(desk: Desk) -> None:
    for unit in Unit:
        found = balances.balances(desk.session, desk.program.id, unit)
        assert [(one.code, one.available, one.earned) for one in found] == [("D1", 0, 0), ("D2", 0, 0), ("D3", 0, 0)]


def test_balances_say_what_happened(open_desk: Opening) -> None:
    desk = open_desk(program={"expiry": {"months_after_award": 1}})
    desk.sell(desk.line("1", 20), desk.line("2", 7))
    desk.invoice("3", 4, source=IN_REVIEW)
    desk.settle(desk.reserve(5))
    desk.reserve(3)
    desk.adjust(-2)
    later = NOW + dt.timedelta(days=40)
    desk.expire(later)
    desk.adjust(9, now=later)
    found = desk.balance()
    assert (found.pending, found.available, found.reserved) == (4, 9, 3)
    assert (found.earned, found.spent, found.expired, found.adjusted) == (31, 5, 17, 7)
    assert found.pending + found.available + found.reserved == 31 - 5 - 17 + 7
    assert (found.distributor_id, found.code, found.name) == (desk.people["D1"], "D1", "Distributor D1")


def test_lists_are_sorted_by_name_as_people_sort(named: Desk) -> None:
    assert codes(named) == ["A4", "A6", "A5", "D1", "D2", "D3", "A3", "A7", "A2", "A1"]


def test_a_list_goes_on_after_the_last_one_seen(named: Desk) -> None:
    everybody, found, after = codes(named), [], None
    for _ in everybody:
        page = balances.balances(named.session, named.program.id, Unit.POINTS, after=after, limit=3)
        if not page:
            break
        found += [one.code for one in page]
        last = named.session.get_one(Distributor, page[-1].distributor_id)
        after = (last.sort_key, last.id)
    assert found == everybody


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("lamp", ["A3", "A7"]),
        ("ŁÓDŹ", ["A2"]),
        ("ćM", ["A5"]),
        ("a1", ["A1"]),
        ("%", ["A4"]),
        ("_", ["A6"]),
        ("\\", []),
        ("nobody", []),
    ],
)
def test_a_search_finds_a_part_of_a_name_or_code_and_takes_signs_for_themselves(
    named: Desk, search: str, expected: list[str]
) -> None:
    assert codes(named, search=search) == expected


def test_a_code_is_found_however_it_is_written(desk: Desk) -> None:
    desk.invoice("1", 10)
    assert balances.balance_of(desk.session, desk.program.id, " d1 ", Unit.POINTS).available == 10


def test_a_code_that_nobody_has_is_an_error_that_names_it(desk: Desk, open_desk: Opening) -> None:
    with pytest.raises(balances.NoSuchDistributor, match="'D9'"):
        balances.balance_of(desk.session, desk.program.id, "D9", Unit.POINTS)
    other = open_desk()
    only_there = DistributorRow(code="E1", name="Elsewhere")
    put_distributors(other.session, other.program.id, "pl", [only_there], enrolled_on=NOW.date(), may_owe=True)
    with pytest.raises(balances.NoSuchDistributor):
        balances.balance_of(desk.session, desk.program.id, "E1", Unit.POINTS)


def test_a_statement_lists_every_movement_the_newest_first(desk: Desk) -> None:
    desk.invoice("1", 10, source=IN_REVIEW)
    desk.accept("1")
    desk.credit("K1", 2)
    reservation = desk.reserve(5, actor="ann", reason="a lamp")
    desk.cancel(reservation)
    desk.settle(desk.reserve(1, reason="a mug"))
    desk.adjust(3, reason="for the fair")
    lines = balances.statement(desk.session, desk.people["D1"], Unit.POINTS)
    assert [(one.kind, one.pending, one.available, one.reserved) for one in lines] == [
        (TransactionKind.ADJUST, 0, 3, 0),
        (TransactionKind.SETTLE, 0, 0, -1),
        (TransactionKind.RESERVE, 0, -1, 1),
        (TransactionKind.CANCEL, 0, 5, -5),
        (TransactionKind.RESERVE, 0, -5, 5),
        (TransactionKind.REVERSAL, 0, -2, 0),
        (TransactionKind.RELEASE, -10, 10, 0),
        (TransactionKind.AWARD, 10, 0, 0),
    ]
    assert [one.document_number for one in lines] == [None, None, None, None, None, "K1", "1", "1"]
    assert (lines[4].actor, lines[4].reason, lines[4].transaction_id) == ("ann", "a lamp", reservation)
    # what ends a reservation and says nothing itself is for what was reserved
    assert [one.reason for one in lines[:4]] == ["for the fair", "a mug", "a mug", "a lamp"]
    assert lines[5].document_id == desk.document("K1", CREDIT).id
    assert [one.effective_on for one in lines[5:]] == [dt.date(2026, 3, 2), NOW.date(), dt.date(2026, 3, 1)]


def test_a_statement_adds_up_to_the_balance(desk: Desk) -> None:
    desk.sell(desk.line("1", 10), desk.line("K1", -4, kind=CREDIT, issued_on="2026-03-02"))
    desk.reserve(2)
    desk.adjust(-7)
    lines = balances.statement(desk.session, desk.people["D1"], Unit.POINTS)
    sums = [sum(getattr(one, name) for one in lines) for name in ("pending", "available", "reserved")]
    assert sums == [*desk.points()]


def test_a_statement_is_of_one_distributor_and_one_unit(open_desk: Opening) -> None:
    cash = {"code": "cash", "name": "Cash", "kind": "per_document", "points": "2.50", "unit": "money"}
    desk = open_desk(earning_rules=[dict(BASE_RULE), cash])
    desk.invoice("1", 10)
    desk.invoice("2", 5, who="D2")
    of = {
        (who, unit): [one.available for one in balances.statement(desk.session, desk.people[who], unit)]
        for who in ("D1", "D2", "D3")
        for unit in Unit
    }
    assert of == {
        ("D1", Unit.POINTS): [10],
        ("D1", Unit.MONEY): [250],
        ("D2", Unit.POINTS): [5],
        ("D2", Unit.MONEY): [250],
        ("D3", Unit.POINTS): [],
        ("D3", Unit.MONEY): [],
    }


def test_a_statement_can_be_read_in_pieces_and_of_some_days(desk: Desk) -> None:
    desk.sell(*[desk.line(str(day), day, issued_on=f"2026-03-0{day}") for day in range(1, 8)])
    who = desk.people["D1"]

    def amounts(**asked: object) -> list[int]:
        return [one.available for one in balances.statement(desk.session, who, Unit.POINTS, **asked)]  # type: ignore[arg-type]

    assert amounts(from_on=dt.date(2026, 3, 3), to_on=dt.date(2026, 3, 5)) == [5, 4, 3]
    assert amounts(limit=3) == [7, 6, 5]
    last = balances.statement(desk.session, who, Unit.POINTS, limit=3)[-1].transaction_id
    assert amounts(limit=3, before=last) == [4, 3, 2]


def test_what_expires_next_is_summed_by_last_day(open_desk: Opening) -> None:
    desk = open_desk(program={"expiry": {"months_after_award": 1}})
    for number, days in enumerate((0, 0, 10, 20, 30)):
        desk.invoice(str(number), 10, now=NOW + dt.timedelta(days=days))
    desk.invoice("pending", 10, source=IN_REVIEW)
    desk.reserve(4)
    found = balances.expiring(desk.session, desk.people["D1"], Unit.POINTS)
    assert found == [
        Expiring(dt.date(2026, 12, 21), 16),
        Expiring(dt.date(2027, 1, 1), 10),
        Expiring(dt.date(2027, 1, 11), 10),
    ]
    assert len(balances.expiring(desk.session, desk.people["D1"], Unit.POINTS, limit=9)) == 4


def test_where_points_do_not_expire_nothing_expires_next(desk: Desk) -> None:
    desk.invoice("1", 10)
    assert balances.expiring(desk.session, desk.people["D1"], Unit.POINTS) == []


def test_a_blocked_or_renamed_distributor_keeps_its_balance(desk: Desk) -> None:
    desk.invoice("1", 10)
    distributor = desk.session.scalars(select(Distributor).where(Distributor.id == desk.people["D1"])).one()
    distributor.blocked, distributor.name = True, "Another name"
    desk.session.flush()
    assert (desk.balance().name, desk.balance().available) == ("Another name", 10)
