"""A load that a statement contradicts: what follows from the adjustment goes for tax, compensation and invoices too."""

import datetime as dt
import uuid
from typing import Any

import numpy as np
import pytest
from sqlalchemy import func, select

from app.db.transaction import transaction
from app.domain.export_wish import Wish
from app.domain.states import FindingAnswer, FindingKind, TaxStatus, Unit
from app.exports.histories import asking
from app.exports.histories.loads import COMPENSATIONS, REDEMPTIONS, TOP_UPS
from app.exports.histories.making import Maker
from app.models.desk import AdjustmentRequest
from app.models.distributors import Distributor
from app.models.exports import Export
from app.models.prepaid import ConversionRun, Redemption, TopUp
from app.models.programs import Program
from app.services.by_hand import adjustments, merging
from app.services.loads import invoicing
from app.services.owners import pools
from app.services.tracing import balances
from prepaid import gathering
from prepaid.conversions import ordering, runs
from prepaid.conversions.failed import failed_and_not_tried_again
from prepaid.errors import PrepaidError
from prepaid.loads import settling
from prepaid.loads.moves import locked_run
from prepaid.providers import Answer, LoadResult
from prepaid.reconciling import answering
from prepaid.taxing import owed, register
from prepaid.taxing.tax import ProgramTax
from tests.prepaid.conftest import NOW, World
from tests.prepaid.loads.corrections import (
    AFTERWARDS,
    COMPENSATION,
    DECEMBER,
    REWARD,
    YEAR,
    adjust,
    invoiced,
    loaded,
    open_findings,
    told,
)
from tests.prepaid.reconciling.test_reconciling import BOOKED, EDGES, LATER, answered, bring


def said(world: World, days: tuple[dt.date, dt.date] = YEAR) -> tuple[int, int, int, int]:
    """Give what the register says was given and levied, and what is invoiced for rewards, and for how many loads."""
    with transaction(world.registry) as session:
        program = session.get_one(Program, world.program_id)
        found = register.totals(session, program.id, *days)
        payers = invoicing.to_invoice(session, program, *days)
        loads = invoicing.loads_of(session, program, *days)
        assert loads == sum(one.loads for one in payers)
        return found.rewards, found.levied_minor, sum(one.amounts["reward"] for one in payers), loads


def test_what_was_reversed_is_neither_taxed_nor_compensated_and_what_was_invoiced_is_credited(paid: World) -> None:
    reference = loaded(paid, LoadResult.LOADED)
    assert said(paid) == (1, COMPENSATION, REWARD, 1)
    bring(paid, *EDGES, (reference, BOOKED, "5000.00", "PLN"), (reference, "2026-11-22", "-5000.00", "PLN"))
    adjust(paid, approve=False)
    assert said(paid) == (1, COMPENSATION, REWARD, 1), "nobody approved it yet"
    with transaction(paid.registry) as session:
        program = session.get_one(Program, paid.program_id)
        asked = session.scalars(select(AdjustmentRequest.id).where(AdjustmentRequest.program_id == program.id)).one()
        adjustments.approve(session, program, asked, actor="ben", now=LATER)
    assert said(paid) == (0, 0, 0, 0)
    assert said(paid, (NOW.date(), NOW.date()))[2:] == (REWARD, 1), "the invoice of that day stays as it was"
    assert said(paid, (LATER.date(), LATER.date()))[2:] == (-REWARD, -1)
    assert paid.compensate(to_on=LATER.date()).compensation_minor == 0

    again = paid.preview(to_on=LATER.date(), now=LATER)
    paid.approve(again)
    answered(paid, again, D1=LoadResult.LOADED)
    assert said(paid) == (1, COMPENSATION, REWARD, 1)
    assert paid.compensate(to_on=LATER.date()).compensation_minor == COMPENSATION


def test_what_a_load_of_whoever_was_merged_cost_is_the_survivors(paid: World) -> None:
    reference = loaded(paid, LoadResult.LOADED)
    for code in ("S", "H"):
        paid.add(code, 5)
    with transaction(paid.registry) as session:
        program = session.get_one(Program, paid.program_id)
        of_program = Distributor.program_id == program.id
        ids = dict(session.execute(select(Distributor.code, Distributor.id).where(of_program)).all())
        asks: dict[str, Any] = {"actor": "ann", "now": NOW}
        merge = merging.request(session, program, ids["D1"], ids["S"], note="one firm", choices={}, **asks)
        merging.approve(session, program, merge, actor="ben", now=NOW)
        pool = pools.open_pool(session, program, "Pool", ids["H"], spending="holder", **asks)
        pools.join(session, program, pool, ids["S"], **asks)
    bring(paid, *EDGES, (reference, BOOKED, "5000.00", "PLN"), (reference, "2026-11-22", "-5000.00", "PLN"))
    adjust(paid)
    with transaction(paid.registry) as session:
        program = session.get_one(Program, paid.program_id)
        asked = select(AdjustmentRequest.distributor_id).where(AdjustmentRequest.program_id == program.id)
        assert session.scalars(asked).all() == [ids["S"]]
        took = pools.leave(session, program, pool, ids["S"], takes_own=True, actor="ann", now=LATER)
    assert took == 10_000 + 5, "what came back of the load is its own, and goes with it"


def test_what_is_on_the_card_after_all_is_taxed_compensated_and_invoiced(paid: World) -> None:
    reference = loaded(paid, LoadResult.FAILED)
    assert said(paid) == (0, 0, 0, 0)
    bring(paid, *EDGES, (reference, BOOKED, "5000.00", "PLN"))
    adjust(paid)
    assert said(paid) == (1, COMPENSATION, REWARD, 1)
    assert said(paid, (LATER.date(), LATER.date()))[2:] == (REWARD, 1)
    assert paid.compensate(to_on=LATER.date()).compensation_minor == COMPENSATION


def test_tax_that_was_paid_back_by_another_amount_is_that_amount(paid: World) -> None:
    reward = loaded(paid, LoadResult.LOADED)
    run = paid.compensate()
    paid.approve(run)
    reference = paid.references(run)["D1", "compensation"]
    with transaction(paid.registry) as session:
        answer = [(None, Answer(reference, LoadResult.LOADED))]
        settling.settle(session, locked_run(session, run.id), answer, actor="cleo", now=NOW)
    assert paid_back(paid) == (COMPENSATION, 0)
    bring(paid, *EDGES, (reward, BOOKED, "5000.00", "PLN"), (reference, BOOKED, "550.00", "PLN"))
    adjust(paid, points=12)
    assert paid_back(paid) == (550_00, 0)


def test_another_amount_that_is_on_the_card_is_what_it_takes_of_the_month(world: World) -> None:
    world.load(prepaid='{limits: {PL: {a_month: "6000.00"}}}').add("D1", 10_000)
    reference = loaded(world, LoadResult.LOADED)
    bring(world, *EDGES, (reference, BOOKED, "5500.00", "PLN"))
    soon = NOW + dt.timedelta(days=3)
    adjust(world, points=-1, now=soon)
    world.add("D1", 1_201, at=soon)
    of_soon = {"from_on": soon.date(), "to_on": soon.date(), "now": soon + dt.timedelta(days=1)}
    assert world.preview(**of_soon).exceptions[0]["code"] == "over_card_limit"


def test_what_was_reversed_leaves_its_room_in_the_month_of_the_card(world: World) -> None:
    world.load(prepaid='{limits: {PL: {a_month: "5500.00"}}}').add("D1", 10_000)
    reference = loaded(world, LoadResult.LOADED)
    bring(world, *EDGES, (reference, BOOKED, "5000.00", "PLN"), (reference, "2026-11-22", "-5000.00", "PLN"))
    adjust(world, approve=False)
    soon = NOW + dt.timedelta(days=3)
    world.add("D1", 1_200, at=soon)
    of_soon = {"from_on": soon.date(), "to_on": soon.date(), "now": soon + dt.timedelta(days=1)}
    assert world.preview(**of_soon).exceptions[0]["code"] == "over_card_limit"
    with transaction(world.registry) as session:
        program = session.get_one(Program, world.program_id)
        asked = session.scalars(select(AdjustmentRequest.id).where(AdjustmentRequest.program_id == program.id)).one()
        adjustments.approve(session, program, asked, actor="ben", now=of_soon["now"])
    run = world.preview(**of_soon)
    assert (run.exceptions, run.amount_minor) == ([], 60_000)


def paid_back(world: World) -> tuple[int, int]:
    """Give what the register says was paid back of taxes, and what is still owed."""
    with transaction(world.registry) as session:
        found = register.totals(session, world.program_id, *YEAR)
        return found.compensation_minor, owed.waiting(session, session.get_one(Program, world.program_id)).amount_minor


def can_be_tried_again(world: World, run: ConversionRun) -> tuple[int, int]:
    """Count the compensations of a run that may be ordered again, and the loads that finance is told have failed."""
    with transaction(world.registry) as session:
        told = select(func.count()).select_from(TopUp).where(failed_and_not_tried_again(world.program_id))
        return ordering.count_failed(session, run), session.execute(told).scalar_one()


def test_tax_is_paid_back_once_it_is_on_the_card_by_an_answer_or_an_approved_correction(paid: World) -> None:
    reward = loaded(paid, LoadResult.LOADED)
    assert paid_back(paid) == (0, COMPENSATION), "no run has paid it yet"
    run = paid.compensate()
    paid.approve(run)
    assert paid_back(paid) == (0, 0), "it is on its way"
    reference = paid.references(run)["D1", "compensation"]
    with transaction(paid.registry) as session:
        failed = [(None, Answer(reference, LoadResult.FAILED))]
        settling.settle(session, locked_run(session, run.id), failed, actor="cleo", now=NOW)
    assert paid_back(paid) == (0, COMPENSATION), "it failed"
    assert can_be_tried_again(paid, run) == (1, 1)
    bring(paid, *EDGES, (reward, BOOKED, "5000.00", "PLN"), (reference, BOOKED, "556.00", "PLN"))
    adjust(paid, points=-1)
    assert paid_back(paid) == (COMPENSATION, 0), "it is there after all, and is not paid twice"
    assert can_be_tried_again(paid, run) == (0, 0)
    assert paid.compensate(to_on=LATER.date()).compensation_minor == 0


@pytest.mark.parametrize(
    ("result", "booked", "points", "before", "after"),
    [
        (LoadResult.LOADED, ("5000.00", "-5000.00"), None, REWARD, ("loaded", 0, "not_there")),
        (LoadResult.FAILED, ("5000.00",), None, 0, ("failed", REWARD, "there")),
        (LoadResult.LOADED, ("4900.00",), 200, REWARD, ("loaded", 490_000, "other_amount")),
        (LoadResult.LOADED, ("5100.00",), -1, REWARD, ("loaded", 510_000, "other_amount")),
    ],
)
def test_histories_tell_what_is_on_the_card_once_a_correction_is_approved(
    paid: World,
    result: LoadResult,
    booked: tuple[str, ...],
    points: int | None,
    before: int,
    after: tuple[str, int, str],
) -> None:
    reference = loaded(paid, result)
    bring(paid, *EDGES, *((reference, BOOKED, amount, "PLN") for amount in booked))
    adjust(paid, approve=False, points=points)
    answer = after[0]
    assert told(paid, TOP_UPS) == told(paid, REDEMPTIONS) == [(answer, before, None)], "nobody approved it yet"
    with transaction(paid.registry) as session:
        program = session.get_one(Program, paid.program_id)
        asked = session.scalars(select(AdjustmentRequest.id).where(AdjustmentRequest.program_id == program.id)).one()
        adjustments.approve(session, program, asked, actor="ben", now=LATER)
    assert told(paid, TOP_UPS) == told(paid, REDEMPTIONS) == [after]


@pytest.mark.parametrize(("booked", "points", "more"), [("4900.00", 200, -10_000), ("5100.00", -200, 10_000)])
def test_the_difference_of_another_amount_is_invoiced_in_the_month_of_its_approval(
    paid: World, booked: str, points: int, more: int
) -> None:
    reference = loaded(paid, LoadResult.LOADED)
    before = invoiced(paid)
    assert before == (10_000, REWARD, 1)
    bring(paid, *EDGES, (reference, BOOKED, booked, "PLN"))
    adjust(paid, points=points, approve=False)
    assert invoiced(paid) == before, "nobody approved it yet"
    with transaction(paid.registry) as session:
        program = session.get_one(Program, paid.program_id)
        asked = session.scalars(select(AdjustmentRequest.id).where(AdjustmentRequest.program_id == program.id)).one()
        adjustments.approve(session, program, asked, actor="ben", now=LATER)
    assert invoiced(paid, (NOW.date(), NOW.date())) == before, "the invoice of that day stays as it was"
    assert invoiced(paid, (LATER.date(), LATER.date())) == (-points, more, 0)
    assert invoiced(paid) == (10_000 - points, REWARD + more, 1)


@pytest.mark.parametrize(("booked", "given"), [("4900.00", 200), ("5100.00", -200)])
def test_a_load_of_another_amount_that_is_reversed_later_goes_back_as_it_was_corrected(
    paid: World, booked: str, given: int
) -> None:
    """What was given for the difference is not given once more, and not credited once more."""
    reference = loaded(paid, LoadResult.LOADED)
    bring(paid, *EDGES, (reference, BOOKED, booked, "PLN"))
    adjust(paid)
    assert invoiced(paid)[0] == 10_000 - given
    bring(paid, *DECEMBER, (reference, "2026-12-10", f"-{booked}", "PLN"))
    adjust(paid, now=AFTERWARDS)
    with transaction(paid.registry) as session:
        asked = select(AdjustmentRequest.amount).where(AdjustmentRequest.program_id == paid.program_id)
        assert session.scalars(asked.order_by(AdjustmentRequest.id)).all() == [given, 10_000 - given]
    assert invoiced(paid) == (0, 0, 0)
    assert told(paid, TOP_UPS) == [("loaded", 0, "not_there")]


@pytest.mark.parametrize("result", [LoadResult.FAILED, LoadResult.UNKNOWN])
def test_another_amount_of_a_load_waits_for_what_becomes_of_it(paid: World, result: LoadResult) -> None:
    reference = loaded(paid, result)
    bring(paid, *EDGES, (reference, BOOKED, "5100.00", "PLN"))
    said: dict[str, Any] = {"points": -200, "reason": "as they say", "actor": "fay", "now": LATER}
    with transaction(paid.registry) as session:
        program = session.get_one(Program, paid.program_id)
        (found,) = (one for one in open_findings(session, program) if one.kind is FindingKind.AMOUNT_DIFFERS)
        with pytest.raises(PrepaidError, match="Say first what becomes"):
            answering.answer(session, program, found.id, FindingAnswer.ADJUSTED, **said)


@pytest.mark.parametrize(("booked", "points"), [("5100.00", 10_200), ("4900.00", 9_800)])
def test_what_is_there_after_all_is_asked_for_once_more_and_costs_what_is_there(
    paid: World, booked: str, points: int
) -> None:
    """Another amount was approved before what it is of, which was refused and is asked for again."""
    reference = loaded(paid, LoadResult.FAILED)
    bring(paid, *EDGES, (reference, BOOKED, booked, "PLN"))
    first, second, third = (LATER + dt.timedelta(hours=one) for one in range(3))

    def ask(kind: FindingKind) -> int:
        (found,) = (one for one in open_findings(session, program) if one.kind is kind)
        said = {"points": answering.points_of(session, found), "reason": "as they say", "actor": "fay", "now": first}
        made = answering.answer(session, program, found.id, FindingAnswer.ADJUSTED, **said).adjustment_id
        assert made is not None
        return made

    with transaction(paid.registry) as session:
        program = session.get_one(Program, paid.program_id)
        whole, other = ask(FindingKind.RETURNED_HERE), ask(FindingKind.AMOUNT_DIFFERS)
        adjustments.approve(session, program, other, actor="ben", now=first)
        adjustments.refuse(session, program, whole, note="look again", actor="ben", now=second)
        adjustments.approve(session, program, ask(FindingKind.RETURNED_HERE), actor="ben", now=third)
    assert paid.wallet("D1") == (10_000 - points, 0, 0)
    assert invoiced(paid)[:2] == (points, points * 50)
    bring(paid, *DECEMBER, (reference, "2026-12-10", f"-{booked}", "PLN"))
    adjust(paid, now=AFTERWARDS)
    assert paid.wallet("D1") == (10_000, 0, 0)
    assert invoiced(paid) == (0, 0, 0)


@pytest.mark.parametrize("first", [0, 1])
def test_in_whichever_order_two_corrections_of_a_load_are_approved_it_is_credited_once(paid: World, first: int) -> None:
    reference = loaded(paid, LoadResult.LOADED)
    bring(paid, *EDGES, (reference, BOOKED, "4900.00", "PLN"))
    adjust(paid, approve=False)
    bring(paid, *DECEMBER, (reference, "2026-12-10", "-4900.00", "PLN"))
    adjust(paid, approve=False)
    with transaction(paid.registry) as session:
        program = session.get_one(Program, paid.program_id)
        of_program = AdjustmentRequest.program_id == program.id
        asked = session.execute(
            select(AdjustmentRequest.id, AdjustmentRequest.amount).where(of_program).order_by(AdjustmentRequest.id)
        ).all()
        assert [amount for _, amount in asked] == [200, 9_800], "what waits is not asked for once more"
        for at, moment in zip((first, 1 - first), (LATER, AFTERWARDS), strict=True):
            adjustments.approve(session, program, asked[at].id, actor="ben", now=moment)
    assert invoiced(paid)[1:] == (0, 0)


def test_a_compensation_that_was_reversed_is_told_in_its_history(paid: World) -> None:
    reward = loaded(paid, LoadResult.LOADED)
    run = paid.compensate()
    paid.approve(run)
    reference = paid.references(run)["D1", "compensation"]
    with transaction(paid.registry) as session:
        settling.settle(
            session, locked_run(session, run.id), [(None, Answer(reference, LoadResult.LOADED))], actor="c", now=NOW
        )
    back = ((reference, BOOKED, "556.00", "PLN"), (reference, "2026-11-22", "-556.00", "PLN"))
    bring(paid, *EDGES, (reward, BOOKED, "5000.00", "PLN"), *back)
    adjust(paid, points=1)
    assert told(paid, COMPENSATIONS) == [("loaded", 0, "not_there")]
    assert told(paid, REDEMPTIONS) == [("loaded", REWARD, "not_there")]


def test_an_export_of_before_a_correction_stays_as_it_was(paid: World) -> None:
    def export() -> int:
        wish = Wish(subject="top_ups", programs=[paid.code], from_on=YEAR[0], to_on=YEAR[1], form="csv")
        with transaction(paid.registry) as session:
            made = asking.ask(session, wish, program_id=paid.program_id, actor="fin", now=NOW, by_worker=False).id
        maker.make(made)
        return made

    def total(made: int) -> int | None:
        with transaction(paid.registry) as session:
            return sum(one["amounts"]["loaded"] for one in session.get_one(Export, made).sums or ())

    maker = Maker(paid.registry, paid.settings, lambda: LATER)
    reference = loaded(paid, LoadResult.LOADED)
    of_before = export()
    bring(paid, *EDGES, (reference, BOOKED, "5000.00", "PLN"), (reference, "2026-11-22", "-5000.00", "PLN"))
    adjust(paid)
    assert maker.again(of_before, actor="auditor"), "the same, byte for byte"
    assert [total(of_before), total(export())] == [REWARD, 0]


@pytest.mark.parametrize(
    ("booked", "proposed"), [(("100.00", "-100.00"), 100_00), (("95.00",), 5_00)], ids=["reversed", "less"]
)
def test_what_a_load_of_money_cost_is_given_back_as_money(world: World, booked: tuple[str, ...], proposed: int) -> None:
    world.load().add("D1", 100_00, unit=Unit.MONEY)
    reference = loaded(world, LoadResult.LOADED, unit=Unit.MONEY)
    bring(world, *EDGES, *((reference, BOOKED, amount, "PLN") for amount in booked))
    adjust(world)
    with transaction(world.registry) as session:
        program = session.get_one(Program, world.program_id)
        stands = {unit: balances.balance_of(session, program.id, "D1", unit).available for unit in Unit}
    assert stands == {Unit.POINTS: 0, Unit.MONEY: proposed}


YEARLY = """{rules: [{code: YEAR, version: 1, title: Year, country: PL, applies_to: [private_person],
  reward_kinds: [prepaid], rate_bp: 1000, base: {of: face}, borne_by: sponsor_compensates, legal: none,
  exemption: {limit: "1000.00", basis: calendar_year, mode: slice}}]}"""


@pytest.mark.parametrize("tax", ["{pack: PL}", YEARLY])
def test_what_was_called_off_and_is_on_the_card_all_the_same_counts_as_there(world: World, tax: str) -> None:
    world.load(tax=tax, prepaid="{redemptions: {offered: true, approval: always}, compensation: {paid: by_run}}")
    world.add("D1", 10_000, TaxStatus.PRIVATE_PERSON)
    with transaction(world.registry) as session:
        program = session.get_one(Program, world.program_id)
        who = balances.balance_of(session, program.id, "D1", Unit.POINTS).distributor_id
        gathering.ask_and_go(session, program, who, 10_000, key=str(uuid.uuid4()), actor="eve", now=NOW)
        asked = session.scalars(select(Redemption).where(Redemption.program_id == program.id)).one()
        session.expunge(asked)
        run_id = gathering.approve_and_go(session, asked.id, actor="ben", now=NOW)
        run_id = run_id or gathering.gather(session, program, actor="ben", now=NOW)
    assert run_id is not None
    ordering.order(world.registry, world.settings, world.provider, run_id, actor="ben", now=NOW)
    with transaction(world.registry) as session:
        run = session.get_one(ConversionRun, run_id)
        runs.cancel(session, run_id, actor="ben", now=NOW, order_file_not_sent=True, reason="wrong file")
        session.expunge(run)
    levied = COMPENSATION if tax != YEARLY else asked.compensation_minor

    def before_in_the_year() -> list[int]:
        with transaction(world.registry) as session:
            program = session.get_one(Program, world.program_id)
            whom = np.asarray([who], dtype=np.int64)
            found = ProgramTax.of(program, NOW.date()).earlier(session, whom, [TaxStatus.PRIVATE_PERSON])
            return [one.counted_minor for one in found]

    assert (said(world), before_in_the_year()) == ((0, 0, 0, 0), [0])
    bring(world, *EDGES, (world.references(run)["D1", "reward"], BOOKED, "5000.00", "PLN"))
    adjust(world)
    assert said(world) == (1, levied, REWARD, 1)
    assert before_in_the_year() == [asked.counted_minor if tax == YEARLY else 0]
    with transaction(world.registry) as session:
        assert owed.waiting(session, session.get_one(Program, world.program_id)).amount_minor == levied > 0
