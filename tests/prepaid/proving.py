"""What must be true of a settled run, whatever died while it was carried out."""

from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.states import RunStatus, TopUpStatus
from app.models.prepaid import Card, ConversionRun, Redemption, SandboxCard, SandboxLoad, TopUp
from prepaid.conversions import runs
from tests.prepaid.conftest import World


def prove_loaded_once(world: World, run: ConversionRun) -> None:
    """Prove that the provider's books and ours agree: each top-up asked for once, each card loaded once or not."""
    with transaction(world.registry) as session:
        ours = {one.reference: one for one in runs.lines(session, run.id)}
        loads = session.scalars(select(SandboxLoad).where(SandboxLoad.reference.in_(ours))).all()
        assert len(loads) == len(ours)
        for load in loads:
            assert (load.result == "loaded") == (ours[load.reference].status is TopUpStatus.LOADED)
        on_cards = session.scalars(
            select(SandboxCard.balance_minor)
            .join(Card, Card.token == SandboxCard.token)
            .where(Card.program_id == world.program_id)
        ).all()
    assert sum(on_cards) == sum(one.amount_minor for one in ours.values() if one.status is TopUpStatus.LOADED)
    assert sum(one.amount_minor for one in ours.values()) == run.amount_minor + run.compensation_minor
    assert world.status(run) is RunStatus.SETTLED
    for (code, kind), state in world.top_ups(run).items():
        assert state in (TopUpStatus.LOADED, TopUpStatus.FAILED, TopUpStatus.CANCELLED)
        if kind == "reward":
            available, reserved, spent = world.wallet(code)
            assert (reserved, available == 0, spent > 0) == (
                0,
                state is TopUpStatus.LOADED,
                state is TopUpStatus.LOADED,
            )


def prove_compensated_once(world: World, run: ConversionRun, paying: ConversionRun) -> None:
    """Prove that each load with a tax to pay back had it loaded once, and that all of it is what the preview said."""
    with transaction(world.registry) as session:
        wanted = dict(
            session.execute(
                select(Redemption.id, Redemption.compensation_minor).where(
                    Redemption.run_id == run.id, Redemption.compensation_minor > 0
                )
            ).all()
        )
        ours = session.execute(
            select(TopUp.redemption_id, TopUp.amount_minor, TopUp.status, TopUp.reference).where(
                TopUp.run_id == paying.id
            )
        ).all()
        loads = session.scalars(
            select(SandboxLoad.amount_minor).where(SandboxLoad.reference.in_([one.reference for one in ours]))
        ).all()
    assert {one.redemption_id: one.amount_minor for one in ours} == wanted
    assert len(ours) == len(wanted)
    assert {one.status for one in ours} == {TopUpStatus.LOADED}
    assert sum(loads) == sum(wanted.values()) == paying.compensation_minor
    assert world.status(paying) is RunStatus.SETTLED
