"""Runs of compensations: the tax on loads and goods of a period is paid back, each once."""

import datetime as dt
from collections.abc import Sequence

import pytest
from sqlalchemy import Row, select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from app.db.transaction import transaction
from app.domain.measures.calendar import midnight
from app.domain.states import RewardKind, RunStatus, TaxStatus, TopUpKind, TopUpStatus
from app.models.distributors import Distributor
from app.models.messages import Notice
from app.models.orders import OrderLine
from app.models.prepaid import Card, ConversionRun, Redemption, TopUp
from app.models.programs import Program
from app.models.rewards import Reward
from app.services.orders import returning
from app.services.participants import tax_statuses
from app.web.access.permissions import Reach
from app.web.access.reaching import reached
from prepaid.conversions import ordering, runs, sending
from prepaid.errors import BlockedMeanwhile, NotAllowedNow, PrepaidError, SamePerson, TotalsDiffer
from prepaid.taxing import owed
from tests.prepaid.conftest import FROM, NOW, TO, World
from tests.support.shop import Shop

BY_RUN = "{compensation: {paid: by_run}}"
PRIVATE = TaxStatus.PRIVATE_PERSON
PL_GOODS = """{rules: [{code: GOODS, version: 1, title: Goods, country: PL, applies_to: [private_person],
  reward_kinds: [goods, prepaid], rate_bp: 1000, base: {of: cost_incl_vat}, base_round: "1.00", tax_round: "1.00",
  borne_by: sponsor_compensates, legal: none}]}"""


def send(world: World, run: ConversionRun) -> RunStatus:
    world.approve(run)
    return sending.send(world.registry, world.settings, world.provider, run.id, actor="ben", now=NOW).status


def loads(world: World, run: ConversionRun) -> list[tuple[str, str, int, TopUpStatus]]:
    """Give the top-ups of a run: whose, what, how much, where it stands."""
    with transaction(world.registry) as session:
        return [
            (one.distributor_code, one.kind.value, one.amount_minor, one.status) for one in runs.lines(session, run.id)
        ]


def converted(world: World, people: Sequence[str] = ("D1", "D2")) -> ConversionRun:
    """Give private persons 5,000.00 each as loads that have arrived, their compensation still to come."""
    for code in people:
        world.add(code, 10_000, PRIVATE)
    run = world.preview()
    assert send(world, run) is RunStatus.SETTLED
    return run


def test_what_a_run_pays_later_is_frozen_with_the_load_and_paid_once(world: World) -> None:
    world.load(prepaid=BY_RUN)
    run = converted(world)
    assert (run.compensation_minor, run.deferred_minor) == (0, 2 * 55_600)
    assert {kind for _, kind, _, _ in loads(world, run)} == {"reward"}
    with pytest.raises(PrepaidError, match="ends on"):
        world.compensate(from_on=TO, to_on=FROM)
    paying = world.compensate()
    assert (paying.accounts, paying.amount_minor, paying.compensation_minor) == (2, 0, 2 * 55_600)
    assert (paying.terms["loads"], paying.terms["goods"], paying.exceptions) == (2, 0, [])
    assert world.compensate().status is RunStatus.EMPTY  # what a run has frozen is no other one's
    with pytest.raises(SamePerson):
        world.approve(paying, actor=" ANN ")
    assert send(world, paying) is RunStatus.SETTLED
    expected = [(code, "compensation", 55_600, TopUpStatus.LOADED) for code in ("D1", "D2")]
    assert loads(world, paying) == expected
    assert world.card_balance(run, "D1") == 500_000 + 55_600
    with transaction(world.registry) as session:
        told = select(Notice.parts).where(
            Notice.program_id == world.program_id,
            Notice.kind == "compensation_loaded",
            Notice.distributor_id.is_not(None),
        )
        assert session.scalars(told).all() == [{"amount_minor": 55_600}] * 2
    assert world.compensate().status is RunStatus.EMPTY
    assert world.compensate(from_on=dt.date(2026, 10, 1), to_on=dt.date(2026, 10, 31)).status is RunStatus.EMPTY
    assert world.compensate(to_on=dt.date.max).status is RunStatus.EMPTY


@pytest.mark.parametrize("zone", ["Europe/Warsaw", "America/Vancouver", "Africa/Casablanca"])
def test_what_waits_arrived_on_the_day_whose_run_takes_it(world: World, zone: str) -> None:
    """Rules of time zones are not the same everywhere: clocks of some change otherwise since 2026."""
    world.load(prepaid=BY_RUN, time_zone=zone)
    day = dt.date(2026, 11, 27)
    loads_of = world.references(converted(world))
    with transaction(world.registry) as session:
        program = session.get_one(Program, world.program_id)
        for code, minutes in (("D1", 1_410), ("D2", 30)):
            settled = midnight(day, zone) + dt.timedelta(minutes=minutes)
            session.execute(update(TopUp).where(TopUp.reference == loads_of[code, "reward"]).values(settled_at=settled))
        assert len(owed.owed(session, program, day, day).redemption_id) == 2
        arrived = owed.given(select(owed.given_on(zone)).select_from(Redemption))
        assert session.scalars(arrived.where(Redemption.program_id == program.id)).all() == [day] * 2
        assert owed.waiting(session, program).first_on == day


def test_what_fails_or_is_called_off_waits_for_the_next_run(world: World) -> None:
    world.load(prepaid=BY_RUN)
    converted(world)
    off = world.compensate()
    with transaction(world.registry) as session:
        runs.cancel(session, off.id, actor="ann", now=NOW, reason="wrong month")
    world.refuse[("D1", "compensation")] = "card_expired"
    first = world.compensate()
    assert first.compensation_minor == 2 * 55_600
    assert send(world, first) is RunStatus.SETTLED
    assert [one[3] for one in loads(world, first)] == [TopUpStatus.FAILED, TopUpStatus.LOADED]
    with transaction(world.registry) as session:
        assert ordering.count_failed(session, session.get_one(ConversionRun, first.id)) == 1
    second = world.compensate()
    assert (second.accounts, second.compensation_minor) == (1, 55_600)
    del world.refuse[("D1", "compensation")]
    assert send(world, second) is RunStatus.SETTLED
    assert loads(world, second) == [("D1", "compensation", 55_600, TopUpStatus.LOADED)]
    with transaction(world.registry) as session:
        # the first run still adds up to its preview, and there is nothing left to order again
        assert runs.report(session, first.id).amount_minor(TopUpStatus.FAILED) == 55_600
        assert ordering.count_failed(session, session.get_one(ConversionRun, first.id)) == 0
        with pytest.raises(PrepaidError, match="no compensation"):
            ordering.reorder_failed(session, world.settings, first.id, actor="ann", now=NOW)
        tried = session.scalars(
            select(TopUp.attempt)
            .join(Redemption, Redemption.id == TopUp.redemption_id)
            .where(TopUp.run_id == second.id, TopUp.kind == TopUpKind.COMPENSATION)
        )
        assert tried.all() == [3]


def test_a_failed_compensation_is_ordered_again_by_its_own_run(world: World) -> None:
    world.load(prepaid=BY_RUN)
    converted(world, ["D1"])
    world.refuse[("D1", "compensation")] = "card_expired"
    run = world.compensate()
    assert send(world, run) is RunStatus.SETTLED
    world.refuse.clear()
    with transaction(world.registry) as session:
        again = ordering.reorder_failed(session, world.settings, run.id, actor="ann", now=NOW)
        assert again.amount_minor == 55_600
    sending.send(world.registry, world.settings, world.provider, run.id, actor="ben", now=NOW)
    assert [one[3] for one in loads(world, run)] == [TopUpStatus.FAILED, TopUpStatus.LOADED]
    assert world.compensate().status is RunStatus.EMPTY


def test_whoever_cannot_be_loaded_is_left_out_with_the_reason(world: World) -> None:
    world.load(prepaid=BY_RUN)
    converted(world)
    _block(world, "D1", blocked=True)
    run = world.compensate()
    assert [(one["distributor"], one["code"], one["amount_minor"]) for one in run.exceptions] == [
        ("D1", "blocked", 55_600)
    ]
    _block(world, "D2", blocked=True)
    with pytest.raises(BlockedMeanwhile):
        world.approve(run)


def test_a_month_of_a_card_holds_its_compensations_too(world: World) -> None:
    limits = "limits: {PL: {a_month: 11000}}"
    world.load(prepaid=BY_RUN[:-1] + f", {limits}" + "}")
    converted(world, ["D1"])
    world.give("D1", 10_000)
    more = world.preview()
    assert more.accounts == 1
    assert send(world, more) is RunStatus.SETTLED
    run = world.compensate()  # 10,000.00 are loaded this month, 556.00 fit once
    assert (run.compensation_minor, [one["code"] for one in run.exceptions]) == (55_600, ["over_card_limit"])


def test_a_load_that_is_not_what_was_previewed_stops_the_order(world: World) -> None:
    world.load(prepaid=BY_RUN)
    converted(world, ["D1"])
    run = world.compensate()
    with transaction(world.registry) as session:
        session.execute(update(TopUp).where(TopUp.run_id == run.id).values(amount_minor=TopUp.amount_minor + 1))
    with pytest.raises(TotalsDiffer):
        world.approve(run)


def test_whoever_was_merged_into_another_is_compensated_there(world: World) -> None:
    world.load(prepaid=BY_RUN)
    loaded = converted(world, ["D1"])
    world.add("D2")
    with transaction(world.registry) as session:
        found = select(Distributor).where(Distributor.program_id == world.program_id)
        of = {one.code: one for one in session.scalars(found)}
        of["D1"].merged_into_id, of["D1"].blocked = of["D2"].id, True
        session.execute(update(Card).where(Card.distributor_id == of["D1"].id).values(distributor_id=of["D2"].id))
    run = world.compensate()
    assert (run.accounts, run.exceptions) == (1, [])
    assert send(world, run) is RunStatus.SETTLED
    with transaction(world.registry) as session:
        cards = select(TopUp.card_id).where(TopUp.run_id.in_([loaded.id, run.id])).distinct()
        assert len(session.scalars(cards).all()) == 1


def _block(world: World, code: str, *, blocked: bool) -> None:
    with transaction(world.registry) as session:
        found = select(Distributor).where(Distributor.program_id == world.program_id, Distributor.code == code)
        session.scalars(found).one().blocked = blocked


def _deliver(world: World, code: str, rewards: dict[str, tuple[RewardKind, int | None]]) -> int:
    """Have somebody order one of each reward, and get it."""
    with transaction(world.registry) as session:
        program = session.get_one(Program, world.program_id)
        found = select(Distributor.id).where(Distributor.program_id == program.id, Distributor.code == code)
        shop = Shop(session, program, session.scalars(found).one())
        for name, (kind, cost) in rewards.items():
            shop.reward(name, 100, kind=kind, cost_minor=cost, price_by_hand=True)
        order = shop.order(dict.fromkeys(rewards, 1), now=NOW)
        shop.ordered(order)
        shop.deliver(order)
        return order


def _come_back(session: Session, world: World, order: int) -> int:
    """Have all of an order come back."""
    pieces = {one.id: 1 for one in session.scalars(select(OrderLine).where(OrderLine.order_id == order))}
    program = session.get_one(Program, world.program_id)
    said = {"into_stock": True, "reason": "broken", "actor": "ann", "now": NOW}
    return returning.take_back(session, program, order, pieces, **said)


def test_goods_whose_tax_was_reckoned_come_back_once_their_run_is_called_off(world: World) -> None:
    world.load(tax=PL_GOODS).add("D1", 10_000, PRIVATE)
    order = _deliver(world, "D1", {"tv": (RewardKind.GOODS, 450_000)})
    run = world.compensate()
    with pytest.raises(returning.TaxReckoned) as error, transaction(world.registry) as session:
        _come_back(session, world, order)
    assert (error.value.line, error.value.run_id) == ("Reward tv", run.id)
    with transaction(world.registry) as session:
        runs.cancel(session, run.id, actor="ann", now=NOW, reason="it came back")
        assert _come_back(session, world, order) == 100
    again = world.compensate()
    assert (again.status, again.terms["goods"], again.exceptions) == (RunStatus.EMPTY, 0, [])


def test_what_a_run_is_reckoning_the_tax_of_does_not_come_back_meanwhile(world: World) -> None:
    world.load(tax=PL_GOODS).add("D1", 10_000, PRIVATE)
    order = _deliver(world, "D1", {"tv": (RewardKind.GOODS, 450_000)})
    with transaction(world.registry) as reckoning:
        assert len(owed.goods(reckoning, reckoning.get_one(Program, world.program_id), FROM, TO)) == 1
        with Session(reckoning.get_bind()) as session:
            session.execute(text("set local lock_timeout = '200ms'"))
            with pytest.raises(OperationalError, match="lock timeout"):
                _come_back(session, world, order)
    with transaction(world.registry) as session:
        assert _come_back(session, world, order) == 100


def test_goods_are_judged_by_the_day_of_their_delivery_and_compensated_once(world: World) -> None:
    world.load(tax=PL_GOODS).add("D1", 10_000, PRIVATE)
    _deliver(world, "D1", {"tv": (RewardKind.GOODS, 450_000), "mug": (RewardKind.GOODS, None)})
    run = world.compensate()
    # 4,500.00: the smallest T with T = round(10 % of round(4,500 + T)) is 500.00
    assert (run.compensation_minor, run.accounts, run.terms["goods"]) == (50_000, 1, 1)
    assert [(one["code"], "mug" in one["message"]) for one in run.exceptions] == [("no_value", True)]
    with transaction(world.registry) as session:
        one = session.scalars(select(Redemption).where(Redemption.run_id == run.id)).one()
        assert (one.amount_minor, one.compensation_minor, one.tax_rule) == (450_000, 50_000, "GOODS v1")
        assert (one.points, one.redeemed_on, one.tax_trace["rule_code"]) == (100, NOW.date(), "GOODS")
        assert reached(session, Reach.REDEMPTION, {"program_code": world.code, "redemption_id": one.id}) is None
        runs.cancel(session, run.id, actor="ann", now=NOW, reason="cost was wrong")
    again = world.compensate()
    assert again.compensation_minor == 50_000
    assert send(world, again) is RunStatus.SETTLED
    assert loads(world, again) == [("D1", "compensation", 50_000, TopUpStatus.LOADED)]
    with pytest.raises(IntegrityError, match="uq_redemption_order_line"), transaction(world.registry) as session:
        session.execute(update(Redemption).where(Redemption.run_id == run.id).values(ended_at=None, ended_by=None))
    last = world.compensate()
    assert (last.status, [one["code"] for one in last.exceptions]) == (RunStatus.EMPTY, ["no_value"])


def test_goods_are_taxed_by_what_somebody_was_when_they_came(world: World) -> None:
    world.load(tax=PL_GOODS).add("D1", 10_000, PRIVATE)
    _deliver(world, "D1", {"tv": (RewardKind.GOODS, 450_000)})
    with transaction(world.registry) as session:
        program = session.get_one(Program, world.program_id)
        who = session.scalars(select(Distributor.id).where(Distributor.program_id == program.id)).one()
        tomorrow = NOW.date() + dt.timedelta(days=1)
        said = {"reason": "registered a business", "actor": "ann", "now": NOW + dt.timedelta(days=2)}
        tax_statuses.put(session, program, who, TaxStatus.SOLE_TRADER, tomorrow, **said)
        assert session.get_one(Distributor, who).tax_status is TaxStatus.SOLE_TRADER
    assert world.compensate().compensation_minor == 50_000


def test_goods_that_owe_nothing_are_judged_once_and_those_nobody_taxes_are_told(world: World) -> None:
    world.load().add("D1", 10_000, PRIVATE).add("D2", 10_000, TaxStatus.OWN_EMPLOYEE)
    _deliver(world, "D1", {"tv": (RewardKind.GOODS, 150_000)})  # worth its points: below what is free of tax
    run = world.compensate()
    assert (run.status, run.terms["goods"], run.exceptions) == (RunStatus.EMPTY, 0, [])
    with transaction(world.registry) as session:
        assert session.scalars(select(Redemption.compensation_minor).where(Redemption.run_id == run.id)).all() == [0]
    with transaction(world.registry) as session:  # judged wrongly: they are judged anew
        runs.cancel(session, run.id, actor="ann", now=NOW, reason="wrong status")
    again = world.compensate()
    with transaction(world.registry) as session:
        assert [one.compensation_minor for one in _judged(session, again)] == [0]
    world.load(prepaid="{compensation: {goods: false}}")
    nothing = world.compensate()
    assert nothing.status is RunStatus.EMPTY
    with pytest.raises(NotAllowedNow), transaction(world.registry) as session:
        runs.cancel(session, nothing.id, actor="ann", now=NOW)


def test_goods_that_are_left_out_count_towards_no_year_before_they_are_taken(world: World) -> None:
    yearly = """{rules: [{code: YEAR, version: 1, title: Year, country: PL, applies_to: [private_person],
      reward_kinds: [goods], rate_bp: 1000, base: {of: cost_incl_vat}, borne_by: sponsor_compensates, legal: none,
      exemption: {limit: "1000.00", basis: calendar_year, mode: slice}}]}"""
    world.load(tax=yearly, prepaid="{maximum_amount: '50.00'}").add("D1", 10_000, PRIVATE)
    _deliver(world, "D1", {"tv": (RewardKind.GOODS, 150_000), "mug": (RewardKind.GOODS, 20_000)})
    first = world.compensate()
    assert (first.compensation_minor, [one["code"] for one in first.exceptions]) == (0, ["over_limit"])
    with transaction(world.registry) as session:  # the mug alone is below what is exempt
        assert [tuple(one) for one in _judged(session, first)] == [(20_000, 0)]
    world.load(tax=yearly)
    # of both together 700.00 are taxed, and the compensation with them: a ninth
    assert world.compensate().compensation_minor == 7_778


def test_goods_are_taxed_as_what_they_were_when_they_were_ordered(world: World) -> None:
    world.load(tax=PL_GOODS).add("D1", 10_000, PRIVATE)
    _deliver(world, "D1", {"tv": (RewardKind.GOODS, 450_000)})
    with transaction(world.registry) as session:
        found = update(Reward).where(Reward.program_id == world.program_id)
        session.execute(found.values(kind=RewardKind.DONATION))
    assert world.compensate().compensation_minor == 50_000


def _judged(session: Session, run: ConversionRun) -> Sequence[Row[tuple[int, int]]]:
    """Give what a run wrote down of goods: their value, and what is paid back."""
    asked = select(Redemption.amount_minor, Redemption.compensation_minor).where(Redemption.run_id == run.id)
    return session.execute(asked.order_by(Redemption.id)).all()
