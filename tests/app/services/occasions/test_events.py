"""What happens beside sales is told once, and gives what rules say: lots of its own, explained, proved."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import func, select, update

from app.domain.states import Event, TransactionKind, Unit
from app.models.distributors import Distributor
from app.models.events import EventAward, HappenedEvent, Referral
from app.models.ledger import LedgerTransaction
from app.services.by_hand import merging
from app.services.ledger.ledger_check import proved
from app.services.occasions import anniversaries, events, referrals
from app.services.occasions.referrals import NoSuchReferrer, RewardedAlready, SoldBefore
from app.services.participants.distributor_rows import DistributorRow, put_distributors
from app.services.persons import opening
from tests.support import programs
from tests.support.desk import Desk, Opening
from tests.support.programs import BASE_RULE, NOW

ON = dt.date(2026, 6, 1)


def _rule(event: str, points: int, **more: Any) -> dict[str, Any]:
    return {"code": more.pop("code", event), "name": event, "kind": "event", "event": event, "points": points, **more}


RULES = [
    dict(BASE_RULE),
    _rule("training", 50, about=["safety"], caps={"per_distributor": {"year": 80}}),
    _rule("training", 7, code="any-training", stack="extra"),
    _rule("training", 3, code="in-money", unit="money"),
    _rule("anniversary", 25),
    _rule("referral", 100),
]


@pytest.fixture
def house(open_desk: Opening) -> Desk:
    return open_desk(earning_rules=RULES, stacks={"base": "sum", "extra": "sum"})


def _tell(house: Desk, who: str, key: str, on: dt.date = ON, about: str | None = "Safety") -> None:
    events.happened(
        house.session, house.program.id, house.people[who], "training", key, on, about=about, actor="ann", now=NOW
    )


def test_what_happened_gives_once_what_every_rule_says(house: Desk) -> None:
    _tell(house, "D1", "t1")
    _tell(house, "D1", "t1", dt.date(2026, 7, 1))
    assert house.points("D1").available == 57
    assert house.points("D1", Unit.MONEY).available == 300
    rows = house.session.execute(
        select(LedgerTransaction.kind, LedgerTransaction.effective_on, LedgerTransaction.actor).where(
            LedgerTransaction.program_id == house.program.id
        )
    ).all()
    assert {tuple(row) for row in rows} == {(TransactionKind.EVENT, ON, "ann")}
    assert len(house.lots("D1")) == 2
    assert house.balance("D1").earned == 57


def test_a_cap_cuts_and_what_it_leaves_nothing_of_is_written_down(house: Desk) -> None:
    for number in range(3):
        _tell(house, "D1", f"t{number}", ON + dt.timedelta(days=number))
    assert house.points("D1").available == 50 + 30 + 0 + 3 * 7
    given = house.session.execute(
        select(EventAward.amount, EventAward.uncut, EventAward.transaction_id)
        .join(HappenedEvent, HappenedEvent.id == EventAward.event_id)
        .where(HappenedEvent.program_id == house.program.id, EventAward.uncut == 50)
        .order_by(HappenedEvent.id)
    ).all()
    assert [row.amount for row in given] == [50, 30, 0]
    assert given[-1].transaction_id is None


def test_a_debt_is_paid_off_first(house: Desk) -> None:
    house.adjust(-30, who="D2")
    _tell(house, "D2", "t1")
    assert house.points("D2").available == 27


def test_points_that_ended_idle_stay_ended_and_what_is_told_late_is_activity_of_today(open_desk: Opening) -> None:
    idle = {"expiry": {"months_without_activity": 1}}
    house = open_desk(earning_rules=RULES, stacks={"base": "sum", "extra": "sum"}, program=idle)
    house.invoice("1", 10, now=NOW - dt.timedelta(days=90), issued_on="2026-03-02")
    _tell(house, "D1", "t1")
    assert house.points("D1").available == 57
    house.expire(NOW + dt.timedelta(days=1))
    assert house.points("D1").available == 57


def test_a_blocked_distributor_and_a_day_outside_the_programme_earn_nothing(house: Desk) -> None:
    house.session.execute(update(Distributor).where(Distributor.id == house.people["D3"]).values(blocked=True))
    _tell(house, "D3", "t1")
    _tell(house, "D1", "t1", dt.date(2025, 12, 31))
    assert (house.points("D3").available, house.points("D1").available) == (0, 0)
    told = select(func.count()).select_from(HappenedEvent).where(HappenedEvent.program_id == house.program.id)
    assert house.session.scalar(told) == 2


def test_a_birthday_is_told_once_a_year_of_companies_and_of_people(open_desk: Opening) -> None:
    desk = open_desk(earning_rules=[dict(BASE_RULE), _rule("birthday", 30)])
    desk.people["D1:P1"] = opening.open_account(
        desk.session, desk.program, desk.people["D1"], "Ewa Kos", actor="ann", now=NOW
    )
    for who, born in (("D1", dt.date(1980, 11, 20)), ("D2", dt.date(1980, 11, 22)), ("D1:P1", NOW.date())):
        desk.session.get_one(Distributor, desk.people[who]).birthday_on = born.replace(year=1980)
    desk.session.flush()
    assert anniversaries.tell_due(desk.session, desk.program, now=NOW) == 2
    assert anniversaries.tell_due(desk.session, desk.program, now=NOW + dt.timedelta(days=1)) == 1
    assert anniversaries.tell_due(desk.session, desk.program, now=NOW + dt.timedelta(days=9)) == 0
    assert [desk.points(who).available for who in ("D1", "D2", "D1:P1")] == [30, 30, 30]


def test_an_anniversary_is_told_once_a_year(house: Desk) -> None:
    leap, other = dt.date(2024, 2, 29), dt.date(2025, 6, 1)
    for who, enrolled_on in (("A1", leap), ("A2", other), ("A3", NOW.date())):
        rows = [DistributorRow(code=who, name=who)]
        put_distributors(house.session, house.program.id, "en", rows, enrolled_on=enrolled_on, may_owe=True)
    spring = dt.datetime(2026, 2, 28, 9, 0, tzinfo=dt.UTC)
    assert anniversaries.tell_due(house.session, house.program, now=spring) == 1
    assert anniversaries.tell_due(house.session, house.program, now=spring + dt.timedelta(days=3)) == 0
    assert anniversaries.tell_due(house.session, house.program, now=spring + dt.timedelta(days=95)) == 1
    assert [house.points(who).available for who in ("A1", "A2", "A3")] == [25, 25, 0]
    days = select(HappenedEvent.happened_on).where(HappenedEvent.event == Event.ANNIVERSARY)
    assert set(house.session.scalars(days.where(HappenedEvent.program_id == house.program.id))) == {
        dt.date(2026, 2, 28),
        dt.date(2026, 6, 1),
    }


def test_a_referral_is_rewarded_with_the_first_accepted_sale(house: Desk) -> None:
    name = {"actor": "ann", "now": NOW}
    with pytest.raises(NoSuchReferrer):
        referrals.name(house.session, house.program, house.people["D2"], house.people["D2"], **name)
    referrals.name(house.session, house.program, house.people["D2"], house.people["D3"], **name)
    referrals.name(house.session, house.program, house.people["D2"], house.people["D1"], by_distributor=True, **name)
    assert referrals.reward_due(house.session, house.program, now=NOW) == 0
    house.invoice("1/2026", 10, who="D2", issued_on="2026-05-05")
    with pytest.raises(SoldBefore):
        referrals.name(
            house.session, house.program, house.people["D2"], house.people["D3"], by_distributor=True, **name
        )
    assert referrals.reward_due(house.session, house.program, now=NOW) == 1
    assert referrals.reward_due(house.session, house.program, now=NOW) == 0
    assert (house.points("D1").available, house.points("D3").available) == (100, 0)
    rewarded = select(Referral.rewarded_on).where(Referral.distributor_id == house.people["D2"])
    assert house.session.scalar(rewarded) == dt.date(2026, 5, 5)
    with pytest.raises(RewardedAlready):
        referrals.name(house.session, house.program, house.people["D2"], house.people["D3"], **name)


def test_a_referral_s_reward_is_taken_back_with_the_last_sale_and_given_with_the_next(house: Desk) -> None:
    def due() -> tuple[int, int]:
        gone = referrals.take_back_due(house.session, house.program, now=NOW)
        return gone, referrals.reward_due(house.session, house.program, now=NOW)

    referrals.name(house.session, house.program, house.people["D2"], house.people["D1"], actor="ann", now=NOW)
    for number, day in (("1", "2026-05-05"), ("2", "2026-05-06")):
        house.invoice(number, 10, who="D2", issued_on=day)
    assert due() == (0, 1)
    house.reserve(30)
    house.refuse("1")
    assert due() == (0, 0), "another one stands"
    house.refuse("2")
    assert due() == (1, 0)
    assert due() == (0, 0)
    assert house.points("D1").available == -30
    assert [one.points for one in events.newest(house.session, house.program.id, 9)] == [0]
    for number in "34":
        house.invoice(number, 10, who="D2", issued_on="2026-05-07")
        assert due() == (0, 1)
        assert house.points("D1").available == 70
        house.refuse(number)
        assert due() == (1, 0)
    assert proved(house.session) == []


def test_a_referral_s_reward_that_was_spent_and_let_go_is_not_given_twice(open_desk: Opening) -> None:
    desk = open_desk(earning_rules=RULES, stacks={"base": "sum", "extra": "sum"}, program={"returns": "clamp"})

    def due() -> tuple[int, int]:
        gone = referrals.take_back_due(desk.session, desk.program, now=NOW)
        return gone, referrals.reward_due(desk.session, desk.program, now=NOW)

    referrals.name(desk.session, desk.program, desk.people["D2"], desk.people["D1"], actor="ann", now=NOW)
    desk.invoice("1", 10, who="D2", issued_on="2026-05-05")
    assert due() == (0, 1)
    desk.settle(desk.reserve(100))
    desk.refuse("1")
    assert due() == (1, 0), "there is nothing to take"
    assert (due(), desk.points("D1").available) == ((0, 0), 0)
    desk.invoice("0", 150)
    desk.invoice("2", 10, who="D2", issued_on="2026-05-07")
    assert (due(), desk.points("D1").available) == ((0, 1), 150), "it has had that reward"
    desk.refuse("2")
    assert (due(), desk.points("D1").available) == ((1, 0), 50), "and is to give it back"
    desk.invoice("3", 10, who="D2", issued_on="2026-05-08")
    assert (due(), desk.points("D1").available) == ((0, 1), 150)
    desk.refuse("3")
    assert (due(), desk.points("D1").available) == ((1, 0), 50)


def test_of_a_referral_s_reward_that_was_let_go_in_part_the_rest_is_given_with_the_next_sale(
    open_desk: Opening,
) -> None:
    """It was given whole once more: of a reward of 100 somebody had 160."""
    once = [_rule("referral", 100, caps={"per_distributor": {"program": 150}}), *RULES[:-1]]
    desk = open_desk(earning_rules=once, stacks={"base": "sum", "extra": "sum"}, program={"returns": "clamp"})

    def due() -> tuple[int, int]:
        gone = referrals.take_back_due(desk.session, desk.program, now=NOW)
        return gone, referrals.reward_due(desk.session, desk.program, now=NOW)

    referrals.name(desk.session, desk.program, desk.people["D2"], desk.people["D1"], actor="ann", now=NOW)
    desk.invoice("1", 10, who="D2", issued_on="2026-05-05")
    assert (due(), desk.points("D1").available) == ((0, 1), 100)
    desk.settle(desk.reserve(60))
    desk.refuse("1")
    assert (due(), desk.points("D1").available) == ((1, 0), 0), "40 are taken, and 60 let go"
    desk.invoice("2", 10, who="D2", issued_on="2026-05-06")
    assert (due(), desk.points("D1").available) == ((0, 1), 40)
    desk.settle(desk.reserve(30))
    desk.refuse("2")
    assert (due(), desk.points("D1").available) == ((1, 0), 0), "10 are taken, and 30 let go"
    desk.invoice("3", 10, who="D2", issued_on="2026-05-07")
    assert (due(), desk.points("D1").available) == ((0, 1), 10)
    referrals.name(desk.session, desk.program, desk.people["D3"], desk.people["D1"], actor="ann", now=NOW)
    desk.invoice("4", 10, who="D3", issued_on="2026-05-08")
    assert (due(), desk.points("D1").available) == ((0, 1), 60), "the cap of 150 has room for 50"
    assert proved(desk.session) == []


def test_what_is_taken_back_of_somebody_who_was_merged_frees_the_cap_of_who_they_are(open_desk: Opening) -> None:
    once = [_rule("referral", 100, caps={"per_distributor": {"program": 150}}), *RULES[:-1]]
    desk = open_desk(earning_rules=once, stacks={"base": "sum", "extra": "sum"})
    people, given = desk.people, (desk.session, desk.program)
    people |= programs.people(desk.session, desk.program, ["D4"])
    referrals.name(*given, people["D2"], people["D1"], actor="ann", now=NOW)
    desk.invoice("1", 10, who="D2", issued_on="2026-05-05")
    assert referrals.reward_due(*given, now=NOW) == 1
    asked = merging.request(*given, people["D1"], people["D4"], note="one firm", choices={}, actor="ann", now=NOW)
    merging.approve(*given, asked, actor="ben", now=NOW)
    desk.refuse("1")
    assert referrals.take_back_due(*given, now=NOW) == 1
    referrals.name(*given, people["D3"], people["D4"], actor="ann", now=NOW)
    desk.invoice("2", 10, who="D3", issued_on="2026-05-06")
    assert referrals.reward_due(*given, now=NOW) == 1
    assert desk.points("D4").available == 100, "the cap of 150 has room for all of it again"


def test_what_a_referrer_would_have_had_is_the_survivor_s_once_it_was_merged(house: Desk) -> None:
    referrals.name(house.session, house.program, house.people["D2"], house.people["D1"], actor="ann", now=NOW)
    house.session.execute(
        update(Distributor)
        .where(Distributor.id == house.people["D1"])
        .values(merged_into_id=house.people["D3"], blocked=True)
    )
    referrals.name(house.session, house.program, house.people["D3"], house.people["D1"], actor="ann", now=NOW)
    for who in ("D2", "D3"):
        house.invoice("1/2026", 10, who=who, issued_on="2026-05-05")
    assert referrals.reward_due(house.session, house.program, now=NOW) == 2
    assert (house.points("D1").available, house.points("D3").available) == (0, 10 + 100)


@pytest.mark.parametrize(("sold_before", "referrer", "rewarded"), [(False, "D1", 1), (True, "D1", 0), (False, "D3", 0)])
def test_whoever_was_brought_sells_as_the_survivor_of_its_merge(
    house: Desk, sold_before: bool, referrer: str, rewarded: int
) -> None:
    if sold_before:
        house.invoice("0/2026", 10, who="D3", issued_on="2026-05-01")
    later = NOW + dt.timedelta(days=1)
    referrals.name(house.session, house.program, house.people["D2"], house.people[referrer], actor="ann", now=later)
    house.session.execute(
        update(Distributor)
        .where(Distributor.id == house.people["D2"])
        .values(merged_into_id=house.people["D3"], blocked=True)
    )
    assert referrals.reward_due(house.session, house.program, now=later) == 0
    house.invoice("1/2026", 10, who="D3", issued_on="2026-05-05", now=later)
    referrals.reward_due(house.session, house.program, now=later)
    assert house.points("D1").available == 100 * rewarded
    assert house.points("D3").available == 10 + 10 * sold_before
    assert referrals.take_back_due(house.session, house.program, now=later) == 0
