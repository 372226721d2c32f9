"""Money that rules give is loaded as points are, and is nowhere counted as points."""

import pytest
from sqlalchemy import select, update

from app.db.transaction import transaction
from app.domain.states import FindingKind, TaxStatus, Unit
from app.exports.histories.making import Maker
from app.models.distributors import Distributor
from app.models.ledger import Account
from app.models.people import AuditEvent
from app.models.prepaid import ConversionRun, Redemption, TopUp
from app.models.programs import Program
from app.models.reconciling import ProviderStatement, StatementFinding
from app.services.loads import invoicing
from app.services.tracing import chain
from app.web.finance.conversions import redemptions
from prepaid.conversions import runs, sending
from prepaid.reconciling import answering
from prepaid.redeeming.redemption_stories import story
from tests.prepaid.conftest import NOW, World
from tests.prepaid.reconciling.test_reconciling import BOOKED, EDGES, bring
from tests.prepaid.test_histories import LATER, made, rows_of


@pytest.fixture
def paid(world: World) -> World:
    """One who redeemed 200 points, worth 100.00, and 300.00 of money."""
    world.load().add("A", 200, TaxStatus.COMPANY).add("A", 300_00, TaxStatus.COMPANY, unit=Unit.MONEY)
    for unit in Unit:
        run = world.preview(unit=unit)
        world.approve(run)
        sending.send(world.registry, world.settings, world.provider, run.id, actor="cleo", now=NOW)
    return world


def test_what_is_invoiced_and_exported_names_points_of_points_alone(paid: World) -> None:
    with transaction(paid.registry) as session:
        program = session.get_one(Program, paid.program_id)
        (payer,) = invoicing.to_invoice(session, program, NOW.date(), NOW.date())
    assert (payer.points, payer.loads, payer.amounts["reward"]) == (200, 2, 400_00)
    maker = Maker(paid.registry, paid.settings, lambda: LATER)
    for subject in ("top_ups", "redemptions"):
        header, *rows = rows_of(paid, made(paid, maker, subject=subject, form="csv", language="en"))
        points = [row[header.index("Points")] for row in rows]
        assert sorted(points[:2]) == ["", "200"]


def test_a_run_of_money_says_how_much_of_it_each_load_was_made_from(paid: World) -> None:
    with transaction(paid.registry) as session:
        of_program = ConversionRun.program_id == paid.program_id
        ids = session.scalars(select(ConversionRun.id).where(of_program).order_by(ConversionRun.id)).all()
        found = [runs.report(session, one) for one in ids]
        lines = [[one.points for one in runs.lines(session, run)] for run in ids]
    assert [(one.run.unit, one.run.points, [total.points for total in one.totals]) for one in found] == [
        (Unit.POINTS, 200, [200]),
        (Unit.MONEY, 300_00, [300_00]),
    ]
    assert lines == [[200], [300_00]]
    paid.give("A", 50_00, unit=Unit.MONEY)
    run = paid.preview(unit=Unit.MONEY)
    with transaction(paid.registry) as session:
        session.execute(update(Distributor).where(Distributor.program_id == paid.program_id).values(blocked=True))
    with transaction(paid.registry) as session:
        (blocked,) = runs.report(session, run.id).obstacles
    assert blocked.points == 50_00


def test_what_paid_for_it_says_in_which_unit(paid: World) -> None:
    with transaction(paid.registry) as session:
        ids = session.scalars(
            select(TopUp.id)
            .join(Redemption, Redemption.id == TopUp.redemption_id)
            .where(Redemption.program_id == paid.program_id)
        ).all()
        seen = [chain.top_up(session, paid.program_id, one) for one in ids]
    assert {one.unit: one.points for one in seen} == {Unit.POINTS: 200, Unit.MONEY: 300_00}


def test_money_is_proposed_where_money_was_not_loaded(paid: World) -> None:
    bring(paid, *EDGES, ("none of ours", BOOKED, "1.00"))
    with transaction(paid.registry) as session:
        program = session.get_one(Program, paid.program_id)
        found = session.scalars(
            select(StatementFinding)
            .join(ProviderStatement, ProviderStatement.id == StatementFinding.statement_id)
            .where(ProviderStatement.program_id == program.id, StatementFinding.kind == FindingKind.MISSING_THERE)
        )
        proposed = {(answering.unit_of(session, one), answering.points_of(session, one)) for one in found}
    assert proposed == {(Unit.POINTS, 200), (Unit.MONEY, 300_00)}


def test_a_redemption_of_money_has_no_points_on_its_pages(paid: World) -> None:
    columns = (one.value for one in redemptions.REDEMPTIONS.columns if one.key == "points")
    with transaction(paid.registry) as session:
        of_program = Redemption.program_id == paid.program_id
        ids = session.scalars(select(Redemption.id).where(of_program)).all()
        assert {story(session, one).points for one in ids} == {200, None}
        listed = select(*columns).join(Account, Account.id == Redemption.account_id).where(of_program)
        assert set(session.scalars(listed)) == {200, None}


def test_what_is_noted_of_runs_says_points_of_points_alone(paid: World) -> None:
    with transaction(paid.registry) as session:
        noted = session.scalars(
            select(AuditEvent.after).where(
                AuditEvent.program_id == paid.program_id,
                AuditEvent.action.in_(("conversion.settle", "conversion.approve")),
            )
        ).all()
    points = [{key: one for key, one in after.items() if key.startswith("points")} for after in noted if after]
    money = [{key: one for key, one in after.items() if key.startswith("money")} for after in noted if after]
    settled = {"points_redeemed": 200, "points_returned": 0}
    assert [one for one in points if one] == [{"points": 200}, settled]
    assert [one for one in money if one] == [
        {"money_minor": 300_00},
        {"money_redeemed_minor": 300_00, "money_returned_minor": 0},
    ]
