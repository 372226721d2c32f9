"""Tiers on the ledger: what was earned lifts at once, a span's end takes away, a person's word goes before both."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.program_file.tier_settings import Metric
from app.domain.states import DocumentStatus, TierReason
from app.models.distributors import Distributor
from app.models.events import HappenedEvent
from app.models.messages import Notice
from app.models.placements import TierChange, TierStanding
from app.models.sales import Award
from app.services.ledger import figures
from app.services.participants import distributor_rows
from app.services.participants.distributor_rows import DistributorRow
from app.services.placing import tiers
from app.services.placing.placements import Moving
from app.services.reporting.tier_metrics import Question, counted
from app.services.rewarding.offers import Purse
from app.services.tiering import tier_giving, tier_judging, tier_reading, tier_reminders
from app.services.tiering.tier_giving import EndsBeforeToday, NoSuchTier
from tests.support import programs
from tests.support.desk import CORRECTING, CREDIT, IN_REVIEW, Desk
from tests.support.programs import NOW
from verification.claiming import picking

TODAY = NOW.date()
LEVELS = [
    {"code": "Silver", "name": "Silver partner", "from": 100, "redeemable_bp": 8000},
    {"code": "gold", "name": "Gold partner", "from": 500},
]
DOUBLE = {
    "code": "double",
    "name": "Twice for gold",
    "kind": "multiplier",
    "factor": 20000,
    "scope": {"tiers": ["GOLD"]},
}


def opened(session: Session, code: str, **tiers_: Any) -> Desk:
    part = {"levels": LEVELS, **tiers_}
    rules = [dict(programs.BASE_RULE), DOUBLE]
    return Desk(session, code, earning_rules=rules, program={"tiers": part, "ends_on": None})


@pytest.fixture
def desk(session: Session, code: str) -> Desk:
    return opened(session, code)


def judge(desk: Desk, days: int = 0) -> int:
    return tier_judging.judge(desk.session, desk.program, now=NOW + dt.timedelta(days=days))


def tier(desk: Desk, who: str = "D1") -> str | None:
    return desk.session.scalars(select(Distributor.tier).where(Distributor.id == desk.people[who])).one()


def history(desk: Desk, who: str = "D1") -> list[tuple[dt.date | None, str | None, TierReason]]:
    rows = desk.session.execute(
        select(TierChange.from_on, TierChange.tier, TierChange.why)
        .where(TierChange.distributor_id == desk.people[who])
        .order_by(TierChange.id)
    )
    return [(day, tier_, why) for day, tier_, why in rows]


def standing(desk: Desk, who: str = "D1") -> TierStanding:
    found = desk.session.get_one(TierStanding, desk.people[who])
    desk.session.refresh(found)
    return found


def test_what_is_earned_lifts_at_once_and_tells(desk: Desk) -> None:
    desk.invoice("1", 100)
    desk.invoice("2", 99, who="D2")
    assert judge(desk) == 1
    assert (tier(desk), tier(desk, "D2")) == ("Silver", None)
    assert history(desk) == [(None, None, TierReason.BEFORE), (TODAY, "Silver", TierReason.REACHED)]
    told = tier_reading.history(desk.session, desk.people["D1"], most=1)
    assert ([one.tier for one in told], told.more) == (["Silver"], 1), "the first one is told to be left out"
    assert tier_reading.history(desk.session, desk.people["D1"], moves=True, most=1).more == 0
    assert (standing(desk).metric, standing(desk).since_on) == (100, TODAY)
    (told,) = desk.session.scalars(select(Notice).where(Notice.distributor_id == desk.people["D1"]))
    assert (told.kind, told.parts) == ("tier_reached", {"tier": "Silver partner", "was": None})
    assert judge(desk) == 0
    assert (
        Purse(desk.session, desk.program, desk.people["D1"], TODAY).redeemable,
        tiers.share_of(desk.program, "Silver"),
    ) == (80, 8000)


def test_points_spent_and_booked_by_hand_do_not_count_and_those_of_a_return_no_more(desk: Desk) -> None:
    desk.invoice("1", 100)
    desk.adjust(1000)
    desk.reserve(90)
    judge(desk)
    assert (tier(desk), standing(desk).metric) == ("Silver", 100)
    desk.credit("2", 30)
    assert judge(desk) == 0
    assert (tier(desk), standing(desk).metric) == ("Silver", 70), "down is for the span's end"


def test_only_what_is_accepted_counts_and_a_correction_counts_once(desk: Desk) -> None:
    desk.invoice("1", 100, source=IN_REVIEW)
    judge(desk)
    assert tier(desk) is None
    desk.accept("1")
    assert judge(desk) == 1
    desk.invoice("1", 120, source=CORRECTING)
    judge(desk)
    assert standing(desk).metric == 120
    desk.refuse("1")
    judge(desk)
    assert standing(desk).metric == 0
    assert desk.document("1").status is DocumentStatus.REFUSED


@pytest.mark.parametrize("returns", ["negative", "clamp"])
def test_a_return_of_what_was_refused_after_all_lowers_nothing(session: Session, code: str, returns: str) -> None:
    desk = Desk(session, code, program={"tiers": {"levels": LEVELS}, "returns": returns})
    desk.invoice("1", 100)
    desk.invoice("2", 10, issued_on="2026-03-02", what="Q")
    desk.credit("K1", 4, issued_on="2026-03-03", what="Q")
    every = [Question(desk.people["D1"], (None, None))]

    def both() -> tuple[int, int]:
        points, amount = (counted(session, metric, every) for metric in (Metric.POINTS, Metric.AMOUNT))
        return int(points[0]), int(amount[0])

    assert both() == (106, 1_060_00)
    desk.refuse("2")
    assert (desk.points().available, both()) == (100, (100, 1_000_00))
    desk.refuse("K1", CREDIT)
    assert (desk.points().available, both()) == (100, (100, 1_000_00))


def test_what_was_forgiven_is_not_counted_as_earned(session: Session, code: str) -> None:
    desk = Desk(session, code, program={"tiers": {"levels": LEVELS}, "returns": "clamp"})
    desk.invoice("1", 10)
    desk.settle(desk.reserve(10))
    desk.credit("K1", 4)
    desk.refuse("1")
    assert counted(session, Metric.POINTS, [Question(desk.people["D1"], (None, None))]).tolist() == [0]


def test_a_tier_is_lost_when_the_year_after_has_ended_and_never_backwards(desk: Desk) -> None:
    desk.invoice("1", 500)
    judge(desk)
    assert standing(desk).review_on == dt.date(2027, 1, 1)
    assert judge(desk, 60) == 0, "the year 2026 is held through 2027"
    assert standing(desk).review_on == dt.date(2028, 1, 1)
    assert judge(desk, 365 + 60) == 1
    day = TODAY + dt.timedelta(days=365 + 60)
    assert history(desk)[-1] == (day, None, TierReason.FELL)
    assert tiers.tier_of(desk.session, desk.people["D1"], TODAY) == "gold"
    assert tiers.tier_of(desk.session, desk.people["D1"], day) is None
    kinds = desk.session.scalars(select(Notice.kind).where(Notice.distributor_id == desk.people["D1"])).all()
    assert sorted(kinds) == ["tier_lost", "tier_reached"]


def test_down_by_one_after_the_grace(session: Session, code: str) -> None:
    desk = opened(session, code, fall="by_one", grace_days=30)
    desk.invoice("1", 500)
    judge(desk)
    assert judge(desk, 365 + 41 + 29) == 0
    assert judge(desk, 365 + 41 + 30) == 1
    assert tier(desk) == "Silver"
    assert judge(desk, 2 * 365 + 41 + 31) == 1
    assert tier(desk) is None


def test_sales_are_judged_by_the_tier_of_their_day(desk: Desk) -> None:
    desk.invoice("1", 500)
    judge(desk)
    desk.invoice("2", 10, issued_on="2026-11-20")
    desk.invoice("3", 10, issued_on="2026-11-21")

    def given(number: str) -> int:
        rows = desk.session.scalars(select(Award.amount).where(Award.document_id == desk.document(number).id))
        return sum(rows)

    assert (given("2"), given("3")) == (10, 20)


def test_whoever_joins_is_in_the_tier_that_takes_nothing_from_the_beginning(session: Session, code: str) -> None:
    levels = [{"code": "member", "name": "Member", "from": 0}, *LEVELS]
    desk = opened(session, code, levels=levels)
    desk.invoice("1", 100)
    judge(desk)
    assert (tier(desk, "D2"), history(desk, "D2")) == ("member", [])
    assert history(desk) == [(None, "member", TierReason.BEFORE), (TODAY, "Silver", TierReason.REACHED)]


def test_an_amount_counts_as_sold(session: Session, code: str) -> None:
    desk = opened(session, code, metric="amount", window="lifetime")
    desk.invoice("1", 10)
    judge(desk)
    assert (tier(desk), standing(desk).metric, standing(desk).review_on) == ("Silver", 100_00, None)


def test_a_sale_that_waits_is_no_amount_until_it_is_claimed(session: Session, code: str) -> None:
    part = {"levels": LEVELS, "metric": "amount", "window": "lifetime"}
    waiting = {"people_per_sale": 1, "loaded_sales_count": "when_claimed"}
    desk = Desk(session, code, program={"tiers": part, "verification": waiting})
    desk.invoice("1", 10, source=CORRECTING)
    judge(desk)
    assert (tier(desk), standing(desk).metric) == (None, 0)
    figures.refresh(session, desk.program.id, NOW)
    judge(desk)
    who, sale = desk.people["D1"], desk.document("1").id
    picking.claim(session, desk.program, who, sale, "Ewa", actor="ewa", now=NOW)
    judge(desk)
    assert (tier(desk), standing(desk).metric) == ("Silver", 100_00)


def test_a_person_gives_a_tier_until_a_day(desk: Desk) -> None:
    who, until = desk.people["D1"], TODAY + dt.timedelta(days=10)

    def give(code: str | None, until_on: dt.date | None) -> bool:
        return tier_giving.give(
            desk.session, desk.program, who, code, until_on, reason="a good year ahead", actor="ann", now=NOW
        )

    assert give("GOLD", until)
    assert not give("gold", until)
    assert tier(desk) == "gold"
    desk.invoice("1", 100)
    assert judge(desk, 10) == 0, "it stays on its last day, whatever is earned"
    assert judge(desk, 11) == 1
    assert tier(desk) == "Silver"
    assert [why for _, _, why in history(desk)] == [TierReason.BEFORE, TierReason.GIVEN, TierReason.ENDED]
    with pytest.raises(NoSuchTier):
        give("platinum", None)
    with pytest.raises(EndsBeforeToday):
        give("gold", TODAY - dt.timedelta(days=1))
    with pytest.raises(LookupError):
        tier_giving.give(desk.session, desk.program, 0, "gold", None, reason="x", actor="ann", now=NOW)


def test_what_was_given_is_taken_back(desk: Desk) -> None:
    who = desk.people["D1"]
    tier_giving.give(desk.session, desk.program, who, "gold", None, reason="x", actor="ann", now=NOW)
    again = {"reason": "a mistake", "actor": "ann", "now": NOW}
    assert tier_giving.take_back(desk.session, desk.program, who, **again)
    assert tier(desk) is None
    assert not tier_giving.take_back(desk.session, desk.program, who, **again)


def test_a_file_puts_distributors_into_tiers_from_today_on(desk: Desk) -> None:
    judge(desk)
    row = DistributorRow(code="D1", name="D1", tier="gold")
    moving = Moving(TODAY, NOW)
    distributor_rows.put_distributors(
        desk.session, desk.program.id, "pl", [row], enrolled_on=TODAY, may_owe=True, moving=moving
    )
    assert history(desk) == [(None, None, TierReason.BEFORE), (TODAY, "gold", TierReason.FILE)]
    assert judge(desk) == 0
    assert standing(desk).review_on == dt.date(2027, 1, 1)
    assert judge(desk, 60) == 1, "nothing was earned for it"


def test_what_a_person_gave_is_not_reached_after_a_file_said_otherwise(desk: Desk) -> None:
    given: dict[str, Any] = {"reason": "a good year ahead", "actor": "ann", "now": NOW}
    tier_giving.give(desk.session, desk.program, desk.people["D1"], "gold", TODAY + dt.timedelta(days=10), **given)
    row = DistributorRow(code="D1", name="D1", tier="Silver")
    distributor_rows.put_distributors(
        desk.session, desk.program.id, "pl", [row], enrolled_on=TODAY, may_owe=True, moving=Moving(TODAY, NOW)
    )
    judge(desk, 1)
    assert tier(desk) == "gold"
    assert [why for _, _, why in history(desk)][-2:] == [TierReason.FILE, TierReason.GIVEN]
    assert desk.rows(HappenedEvent, distributor_id=desk.people["D1"]) == []
    judge(desk, 11)
    assert tier(desk) == "Silver"


def test_whoever_is_about_to_lose_a_tier_is_told_once_and_in_time(desk: Desk) -> None:
    desk.invoice("1", 120)
    desk.invoice("2", 600, who="D2")
    judge(desk)
    assert (tier(desk), tier(desk, "D2")) == ("Silver", "gold")
    end_of_next_year = (dt.date(2027, 12, 31) - TODAY).days
    told = []
    for ahead in (31, 29, 1):
        judge(desk, end_of_next_year - ahead)
        at = NOW + dt.timedelta(days=end_of_next_year - ahead)
        told.append(tier_reminders.remind(desk.session, desk.program, now=at))
    assert told == [0, 2, 0]
    notices = desk.session.scalars(
        select(Notice).where(Notice.kind == tier_reminders.KIND).order_by(Notice.distributor_id)
    ).all()
    assert [one.parts for one in notices] == [
        {"tier": "Silver partner", "falls_to": None, "lacking": 100, "metric": "points", "last": "2027-12-31"},
        {"tier": "Gold partner", "falls_to": None, "lacking": 500, "metric": "points", "last": "2027-12-31"},
    ]
