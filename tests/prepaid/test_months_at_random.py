"""Months at random: points become loads, some fail, goods arrive, and tax is paid back under rules that change.

Whatever happened: a compensation is the smallest that its formula names, nobody has two, runs are their members' sums,
and histories of single days add up to those of all, in zones whose clocks change, in currencies of 0 to 3 decimals.
"""

import datetime as dt
import random
import zoneinfo
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.transaction import transaction
from app.domain.export_wish import Wish
from app.domain.states import ExportSubject, RewardKind, RunStatus, TaxStatus, TopUpKind, TopUpStatus
from app.exports.histories import reading
from app.models.distributors import Distributor
from app.models.prepaid import ConversionRun, Redemption, TopUp
from app.models.programs import Program
from app.services.loads import invoicing
from app.services.orders import moving
from app.services.orders.holding import OrderError
from app.services.orders.placing import OrderRefused
from prepaid.conversions import ordering, runs, sending
from prepaid.errors import PrepaidError
from tests.prepaid.conftest import World
from tests.support.shop import BEN, Shop

FIRST = dt.date(2026, 3, 1)
RATES = {"P v1": 1_000, "P v2": 2_000}
CHANGED = dt.date(2026, 4, 1)
_RULE = """{{code: P, version: {version}, title: P, country: PL, applies_to: [private_person], reward_kinds: [goods,
  prepaid], rate_bp: {rate}, base: {{of: face}}, borne_by: sponsor_compensates, legal: none, {days}}}"""
TAX = "{{rules: [{}, {}]}}".format(
    _RULE.format(version=1, rate=RATES["P v1"], days="valid_to: 2026-03-31"),
    _RULE.format(version=2, rate=RATES["P v2"], days="valid_from: 2026-04-01"),
)
PEOPLE = ("D1", "D2", "D3")
ENDED = (TopUpStatus.FAILED, TopUpStatus.CANCELLED)


def compensation(net: int, rate: int) -> int:
    """Give the smallest T with T = round(rate x (net + T)), in minor units (rules.md 10)."""
    found = 0
    while found != ((net + found) * rate + 5_000) // 10_000:
        found += 1
    return found


class Months:
    """A programme in which something happens at each step; the clock jumps to both sides of midnights."""

    def __init__(self, world: World, zone: str, currency: str, value: str) -> None:
        self.world, self.dice, self.zone = world, random.Random(f"{zone} {value}"), zoneinfo.ZoneInfo(zone)
        self.now = dt.datetime(2026, 3, 2, 8, tzinfo=dt.UTC)
        self.runs: list[int] = []
        self.orders: list[int] = []
        paid = "{compensation: {paid: by_run}}"
        world.load(tax=TAX, prepaid=paid, time_zone=zone, currency=currency, value=value)
        for code in PEOPLE:
            world.add(code, 3_000, TaxStatus.PRIVATE_PERSON, at=self.now)
        with transaction(world.registry) as session:
            shop = Shop(session, self.program(session), 0)
            shop.reward("tv", 333, kind=RewardKind.GOODS, price_by_hand=True)

    def program(self, session: Session) -> Program:
        return session.get_one(Program, self.world.program_id)

    @property
    def today(self) -> dt.date:
        return self.now.astimezone(self.zone).date()

    def step(self) -> str:
        day = self.today + dt.timedelta(days=self.dice.randrange(6))
        midnight = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), self.zone).astimezone(dt.UTC)
        self.now = max(self.now, midnight + dt.timedelta(seconds=self.dice.choice([-3_600, -1, 0, 3_599])))
        happens = [self.give, self.convert, self.compensate, self.go, self.order, self.deliver, self.call_off]
        (what,) = self.dice.choices(happens, [3, 3, 4, 9, 2, 3, 1])
        try:
            what()
        except (PrepaidError, OrderError, OrderRefused, LookupError):
            return "refused"
        return what.__name__

    def give(self) -> None:
        self.world.give(self.dice.choice(PEOPLE), self.dice.randrange(1, 900), at=self.now)

    def convert(self) -> None:
        self.keep(self.world.preview(from_on=FIRST, to_on=self.today, now=self.now))

    def compensate(self) -> None:
        begins = self.dice.choice([FIRST, CHANGED, self.today.replace(day=1)])
        if begins <= self.today:
            self.keep(self.world.compensate(from_on=begins, to_on=self.today, now=self.now))

    def keep(self, run: ConversionRun) -> None:
        if run.status is not RunStatus.EMPTY:
            self.runs.append(run.id)

    def go(self) -> None:
        one, world = self.dice.choice(self.runs[-2:] or [0]), self.world
        both = [(code, kind) for code in PEOPLE for kind in ("reward", "compensation")]
        world.refuse = {which: "card_expired" for which in both if self.dice.random() < 0.2}
        by: dict[str, Any] = {"actor": "ben", "now": self.now}
        ordering.approve_and_order(world.registry, world.settings, world.provider, one, **by)
        sending.send(world.registry, world.settings, world.provider, one, **by)

    def order(self) -> None:
        with transaction(self.world.registry) as session:
            found = select(Distributor.id).where(Distributor.program_id == self.world.program_id)
            of = session.scalars(found.where(Distributor.code == self.dice.choice(PEOPLE))).one()
            shop, key = Shop(session, self.program(session), of), f"order {len(self.orders)}"
            self.orders.append(shop.order({"tv": self.dice.randrange(1, 3)}, now=self.now, key=key))

    def deliver(self) -> None:
        with transaction(self.world.registry) as session:
            one = self.dice.choice(self.orders or [0])
            for move in (moving.order_by_hand, moving.deliver):
                move(session, self.program(session), one, None, actor=BEN, now=self.now)

    def call_off(self) -> None:
        with transaction(self.world.registry) as session:
            runs.cancel(session, self.dice.choice(self.runs or [0]), actor="ann", now=self.now, reason="no")


def rows(session: Session, months: Months, subject: ExportSubject, days: Sequence[dt.date]) -> list[dict[str, Any]]:
    every = [one.key for one in reading.HISTORIES[subject].fields]
    asked = {"subject": subject, "programs": [months.world.code], "columns": every}
    wish = Wish.model_validate(asked | {"from_on": days[0], "to_on": days[-1]})
    return [dict(row._mapping) for row in session.execute(reading.Asked(session, wish).selected())]


def paid_back_once(session: Session, months: Months) -> int:
    """Hold compensations against their formula and runs against their members. Gives how many are loaded."""
    of_program = Redemption.program_id == months.world.program_id
    loads = defaultdict(list)
    for one in session.scalars(select(TopUp).join(Redemption, Redemption.id == TopUp.redemption_id).where(of_program)):
        loads[one.redemption_id, one.kind].append(one)
    for reward in session.scalars(select(Redemption).where(of_program)):
        assert reward.tax_rule == ("P v1" if reward.redeemed_on < CHANGED else "P v2")
        assert reward.compensation_minor == compensation(reward.amount_minor, RATES[reward.tax_rule])
        back = loads[reward.id, TopUpKind.COMPENSATION]
        assert len([one for one in back if one.status not in ENDED]) <= 1
        assert {one.amount_minor for one in back} <= {reward.compensation_minor}
    every = [one for some in loads.values() for one in some]
    for run in session.scalars(select(ConversionRun).where(ConversionRun.id.in_(months.runs))):
        mine = [one.amount_minor for one in every if one.run_id == run.id]
        assert sum(mine) == run.amount_minor + run.compensation_minor
    return sum(one.kind is TopUpKind.COMPENSATION and one.status is TopUpStatus.LOADED for one in every)


@pytest.mark.parametrize(
    ("zone", "currency", "value"),
    [("Europe/Warsaw", "PLN", "0.37"), ("America/Vancouver", "JPY", "37"), ("Pacific/Auckland", "KWD", "0.037")],
)
def test_what_is_paid_back_and_what_histories_say_add_up(
    worlds: Callable[[], World], zone: str, currency: str, value: str
) -> None:
    months = Months(worlds(), zone, currency, value)
    met = Counter(months.step() for _ in range(32))
    assert all(met[one] for one in ("give", "convert", "compensate", "go")), met
    with transaction(months.world.registry) as session:
        assert paid_back_once(session, months) > 0
        days = [FIRST + dt.timedelta(days=at) for at in range((months.today - FIRST).days + 2)]
        sums = {}
        for subject in ExportSubject:
            whole = rows(session, months, subject, days)
            edges = sorted({row["day"] for row in whole})[-3:]
            for day in {one + dt.timedelta(days=off) for one in edges for off in (-1, 0, 1)}:
                same = [row for row in whole if row["day"] == day]
                assert sorted(map(str, rows(session, months, subject, [day]))) == sorted(map(str, same)), (subject, day)
            sums[subject] = whole
        payers = invoicing.to_invoice(session, months.program(session), days[0], days[-1])
    loaded = sum(row["loaded"] for row in sums[ExportSubject.TOP_UPS])
    assert loaded == sum(row["amount"] for row in sums[ExportSubject.INVOICE]) == sum(one.total for one in payers)
    assert loaded > 0
