"""Ordering: cards are issued where they are wanted, and the order file of an approved run is written."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import and_, func, select, update
from sqlalchemy.orm import Session, aliased

from app.config import Settings
from app.db.bulk import new_ids, rows_of
from app.db.transaction import Sessions, transaction
from app.domain.states import RunStatus, TopUpKind, TopUpStatus
from app.models.distributors import Distributor
from app.models.ledger import Account
from app.models.prepaid import Card, ConversionRun, LoadBatch, Redemption, TopUp
from app.models.programs import Program
from app.services import audit
from prepaid import cards
from prepaid.columns import among
from prepaid.errors import CardsMissing, PrepaidError, TotalsDiffer
from prepaid.moves import OPEN, locked_run, move, require
from prepaid.order_files import OrderLines, file_name, write_order
from prepaid.providers import CardProvider
from prepaid.runs import approve, reference, refuse_blocked, same_person


@dataclass(frozen=True)
class Ordered:
    """An order file that was written."""

    run_id: int
    batch_id: int
    file: Path
    sha256: bytes
    lines: int
    amount_minor: int


def approve_and_order(
    registry: Sessions, settings: Settings, provider: CardProvider, run_id: int, *, actor: str, now: dt.datetime
) -> Ordered:
    """Approve a run and write its order file. Where it was stopped between the two, it goes on.

    Raises:
        PrepaidError, ProviderError, NoSuchRun: See `prepaid.runs.approve` and `order`.
    """
    with transaction(registry) as session:
        run = locked_run(session, run_id)
        if run.status is not RunStatus.APPROVED or not same_person(run.approved_by or "", actor):
            approve(session, run_id, actor=actor, now=now)
    return order(registry, settings, provider, run_id, actor=actor, now=now)


def order(
    registry: Sessions, settings: Settings, provider: CardProvider, run_id: int, *, actor: str, now: dt.datetime
) -> Ordered:
    """Write the order file of an approved run. Where the programme wants it, missing cards are issued first.

    The provider is asked for cards between transactions. Whatever stops this, it can be done again: the run stays
    approved until its file is written.

    Raises:
        NotAllowedNow, NoSuchRun: There is no such run to order.
        CardsMissing: A distributor has no card, and the programme does not have them issued.
        TotalsDiffer: What would be ordered is not what was previewed.
        ProviderError: The provider did not issue the cards.
    """
    with transaction(registry) as session:
        run = locked_run(session, run_id)
        require(run, "ordered", RunStatus.APPROVED)
        program_id = run.program_id
        if run.terms["cards"] == "on_first_load":
            program = session.get_one(Program, program_id)
            cards.order_cards(
                session, program, _without_card(session, run), actor=actor, now=now, provider_name=run.provider
            )
    cards.issue_ordered(registry, provider, program_id, now=now)
    with transaction(registry) as session:
        run = locked_run(session, run_id)
        require(run, "ordered", RunStatus.APPROVED)
        refuse_blocked(session, run)
        wanted = _wanted(session, run, [TopUpStatus.RESERVED])
        _check_totals(run, wanted)
        ordered = _write(session, settings, run, wanted, actor=actor, now=now)
        _note(session, run, "conversion.order", ordered, actor, now)
    return ordered


def reorder_failed(session: Session, settings: Settings, run_id: int, *, actor: str, now: dt.datetime) -> Ordered:
    """Order the compensations again that could not be loaded though their rewards were. The caller commits.

    Each gets a new reference: the provider has answered for the old one. The amounts are those that were approved.

    Raises:
        NotAllowedNow, NoSuchRun: There is no such run, or something of it is still open.
        PrepaidError: No compensation of the run has failed.
        CardsMissing: A distributor has no card any more.
    """
    run = locked_run(session, run_id)
    require(run, "ordered again", RunStatus.SETTLED)
    reward, newer = aliased(TopUp), aliased(TopUp)
    failed = session.execute(
        select(TopUp.redemption_id, TopUp.amount_minor, TopUp.attempt, TopUp.reference)
        .join(Redemption, Redemption.id == TopUp.redemption_id)
        .join(
            reward,
            and_(
                reward.redemption_id == TopUp.redemption_id,
                reward.kind == TopUpKind.REWARD,
                reward.status == TopUpStatus.LOADED,
            ),
        )
        .outerjoin(
            newer,
            and_(newer.redemption_id == TopUp.redemption_id, newer.kind == TopUp.kind, newer.attempt > TopUp.attempt),
        )
        .where(
            Redemption.run_id == run.id,
            TopUp.kind == TopUpKind.COMPENSATION,
            TopUp.status == TopUpStatus.FAILED,
            newer.id.is_(None),
        )
        .order_by(TopUp.redemption_id)
    ).all()
    if not failed:
        raise PrepaidError(f"Run {run.id}: no compensation has failed whose reward was loaded.")
    ids = new_ids(session, TopUp, len(failed))
    session.add_all(
        TopUp(
            id=one,
            redemption_id=row.redemption_id,
            kind=TopUpKind.COMPENSATION,
            attempt=row.attempt + 1,
            amount_minor=row.amount_minor,
            status=TopUpStatus.RESERVED,
            reference=reference(run.key, _number(row.reference), TopUpKind.COMPENSATION, row.attempt + 1),
            created_at=now,
        )
        for one, row in zip(ids.tolist(), failed, strict=True)
    )
    session.flush()
    ordered = _write(session, settings, run, _wanted(session, run, [TopUpStatus.RESERVED]), actor=actor, now=now)
    run.closed_at = None
    _note(session, run, "conversion.reorder", ordered, actor, now)
    return ordered


def _number(old_reference: str) -> int:
    """Take the number in the run out of a reference."""
    digits = old_reference.rsplit("-", 1)[1]
    return int(digits.split("C")[0].split("R")[0])


def _without_card(session: Session, run: ConversionRun) -> list[int]:
    """Name the distributors of a run that have no card of its provider, nor one that is ordered."""
    has_one = select(Card.id).where(
        Card.distributor_id == Account.distributor_id, Card.provider == run.provider, Card.active
    )
    found = session.scalars(
        select(Account.distributor_id)
        .join(Redemption, Redemption.account_id == Account.id)
        .where(Redemption.run_id == run.id, ~has_one.exists())
        .order_by(Redemption.id)
    )
    return [one for one in found if one is not None]


def _wanted(session: Session, run: ConversionRun, states: Sequence[TopUpStatus]) -> list[Any]:
    """Give the top-ups of a run in some states with the cards they go to, in the order of the file."""
    reward = aliased(TopUp)
    rows = session.execute(
        select(
            TopUp.id,
            TopUp.reference,
            TopUp.kind,
            TopUp.amount_minor,
            reward.reference.label("reward"),
            Distributor.code,
            Distributor.name,
            Card.id.label("card_id"),
            Card.token,
            Card.last4,
        )
        .join(Redemption, Redemption.id == TopUp.redemption_id)
        .join(reward, and_(reward.redemption_id == Redemption.id, reward.kind == TopUpKind.REWARD))
        .join(Account, Account.id == Redemption.account_id)
        .join(Distributor, Distributor.id == Account.distributor_id)
        .outerjoin(
            Card,
            and_(
                Card.distributor_id == Distributor.id,
                Card.provider == run.provider,
                Card.active,
                Card.token.is_not(None),
            ),
        )
        .where(Redemption.run_id == run.id, TopUp.status.in_(states))
        .order_by(Redemption.id, TopUp.kind.desc(), TopUp.attempt)
    ).all()
    missing = [row.code for row in rows if row.token is None and row.kind is TopUpKind.REWARD]
    if missing or any(row.token is None for row in rows):
        raise CardsMissing(run.id, missing or [row.code for row in rows if row.token is None])
    return list(rows)


def _check_totals(run: ConversionRun, wanted: Sequence[Any]) -> None:
    """Hold what is about to be ordered against the preview."""
    rewards = [row.amount_minor for row in wanted if row.kind is TopUpKind.REWARD]
    compensations = sum(row.amount_minor for row in wanted if row.kind is TopUpKind.COMPENSATION)
    for what, previewed, found in (
        ("the number of accounts", run.accounts, len(rewards)),
        ("the sum of the rewards", run.amount_minor, sum(rewards)),
        ("the sum of the compensations", run.compensation_minor, compensations),
    ):
        if previewed != found:
            raise TotalsDiffer(run.id, what, previewed, found)


def _write(
    session: Session, settings: Settings, run: ConversionRun, wanted: Sequence[Any], *, actor: str, now: dt.datetime
) -> Ordered:
    """Write an order file, and mark its top-ups and the run as ordered."""
    ordered = _file(session, settings, run, wanted, actor=actor, now=now)
    given = rows_of(
        id=np.asarray([row.id for row in wanted], dtype=np.int64),
        card_id=np.asarray([row.card_id for row in wanted], dtype=np.int64),
    )
    session.execute(
        update(TopUp)
        .where(TopUp.id == given.c.id, TopUp.status == TopUpStatus.RESERVED)
        .values(status=TopUpStatus.ORDERED, card_id=given.c.card_id, load_batch_id=ordered.batch_id)
        .execution_options(synchronize_session=False)
    )
    marked = session.execute(
        select(func.count()).select_from(TopUp).where(TopUp.load_batch_id == ordered.batch_id)
    ).scalar_one()
    if marked != len(wanted):
        raise TotalsDiffer(run.id, "the number of top-ups", len(wanted), marked)
    move(run, RunStatus.ORDERED)
    return ordered


def order_rest(
    session: Session,
    settings: Settings,
    run: ConversionRun,
    references: Collection[str],
    *,
    actor: str,
    now: dt.datetime,
) -> Ordered:
    """Write a file of their own for loads of which the provider knows nothing, though it answered for others.

    They keep their references: whatever has ended is not handed in again. The run is locked; the caller commits.
    """
    wanted = [row for row in _wanted(session, run, OPEN) if row.reference in references]
    ordered = _file(session, settings, run, wanted, actor=actor, now=now)
    session.execute(
        update(TopUp)
        .where(among(TopUp.id, [row.id for row in wanted]))
        .values(load_batch_id=ordered.batch_id)
        .execution_options(synchronize_session=False)
    )
    _note(session, run, "conversion.order_rest", ordered, actor, now)
    return ordered


def _file(
    session: Session, settings: Settings, run: ConversionRun, wanted: Sequence[Any], *, actor: str, now: dt.datetime
) -> Ordered:
    """Write an order file and note it."""
    program = session.get_one(Program, run.program_id)
    amounts = np.asarray([row.amount_minor for row in wanted], dtype=np.int64)
    batch_id = int(new_ids(session, LoadBatch, 1)[0])
    file = f"orders/run{run.id:06d}/{file_name(program.code, run.id, batch_id)}"
    written = write_order(
        settings.files / file,
        batch_id,
        run.currency,
        program.currency_decimals,
        OrderLines(
            reference=[row.reference for row in wanted],
            requires=[row.reward if row.kind is TopUpKind.COMPENSATION else None for row in wanted],
            token=[row.token for row in wanted],
            last4=[row.last4 for row in wanted],
            amount_minor=amounts,
            kind=[row.kind for row in wanted],
            distributor_code=[row.code for row in wanted],
            holder=[row.name for row in wanted],
        ),
    )
    batch = LoadBatch(
        id=batch_id,
        program_id=program.id,
        run_id=run.id,
        provider=run.provider,
        file=file,
        file_sha256=written.sha256,
        lines=len(wanted),
        amount_minor=sum(amounts.tolist()),
        created_at=now,
        created_by=actor,
    )
    session.add(batch)
    session.flush()
    return Ordered(run.id, batch_id, settings.files / file, written.sha256, batch.lines, batch.amount_minor)


def _note(session: Session, run: ConversionRun, action: str, ordered: Ordered, actor: str, now: dt.datetime) -> None:
    after = {
        "batch": ordered.batch_id,
        "file": ordered.file.name,
        "sha256": ordered.sha256.hex(),
        "lines": ordered.lines,
        "amount_minor": ordered.amount_minor,
    }
    subject = f"conversion run {run.id}"
    audit.note(session, actor, action, subject, now=now, program_id=run.program_id, after=after)
