"""Ordering: cards are issued where they are wanted, and the order file of an approved run is written."""

import datetime as dt
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Select, and_, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from app.config import Settings
from app.db.bulk import new_ids, rows_of
from app.db.transaction import Sessions, transaction
from app.domain.saying.wording import marked
from app.domain.states import RunKind, RunStatus, TopUpKind, TopUpStatus
from app.models.distributors import Distributor
from app.models.ledger import Account
from app.models.prepaid import Card, ConversionRun, LoadBatch, Redemption, TopUp
from app.models.programs import Program
from app.services import audit
from app.services.loads.arrivals import is_there
from app.services.same_person import is_same
from prepaid.cards import cards
from prepaid.conversions.runs import approve, refuse_blocked
from prepaid.errors import PrepaidError, TotalsDiffer
from prepaid.issuers.order_forms import order_form
from prepaid.loads.going_out import GoingOut, going_out
from prepaid.loads.moves import OPEN, locked_run, move, require, run_of
from prepaid.loads.recipients import RECEIVES, Recipient
from prepaid.loads.topups import was_ordered_again
from prepaid.providers import CardProvider
from prepaid.references import ordered_again
from prepaid.turns import take_turn

_ = marked


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
        PrepaidError, ProviderError, NoSuchRun: See `prepaid.conversions.runs.approve` and `order`.
    """
    with transaction(registry) as session:
        run = locked_run(session, run_id)
        one_by_one = run.kind is RunKind.REDEMPTIONS  # each of its redemptions was approved
        if not one_by_one and not (run.status is RunStatus.APPROVED and is_same(session, actor, run.approved_by)):
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
        wanted = going_out(session, run, [TopUpStatus.RESERVED])
        _check_totals(run, wanted)
        ordered = _write(session, settings, run, wanted, actor=actor, now=now)
        _note(session, run, "conversion.order", ordered, actor, now)
    return ordered


def reorder_failed(session: Session, settings: Settings, run_id: int, *, actor: str, now: dt.datetime) -> Ordered:
    """Order the compensations again that could not be loaded though their rewards were. The caller commits.

    Each gets a new reference: the provider has answered for the old one. The amounts are those that were approved.

    Raises:
        NotAllowedNow, NoSuchRun: There is no such run, or something of it is still open.
        PrepaidError: No compensation of the run has failed, or somebody who would get one is blocked.
        CardsMissing: A distributor has no card any more.
    """
    # a run of compensations that is prepared at once would take the same ones
    take_turn(session, run_of(session, run_id).program_id)
    run = locked_run(session, run_id)
    require(run, "ordered again", RunStatus.SETTLED)
    failed = session.execute(_failed_compensations(run.id)).all()
    if not failed:
        raise PrepaidError(_("Run %(run)s: no compensation has failed whose reward was loaded."), run=str(run.id))
    refuse_blocked(session, run, [row.redemption_id for row in failed])
    ids = new_ids(session, TopUp, len(failed))
    session.add_all(
        TopUp(
            id=one,
            redemption_id=row.redemption_id,
            run_id=run.id,
            kind=TopUpKind.COMPENSATION,
            attempt=row.attempt + 1,
            amount_minor=row.amount_minor,
            status=TopUpStatus.RESERVED,
            reference=ordered_again(row.reference, row.attempt + 1),
            created_at=now,
        )
        for one, row in zip(ids.tolist(), failed, strict=True)
    )
    session.flush()
    ordered = _write(session, settings, run, going_out(session, run, [TopUpStatus.RESERVED]), actor=actor, now=now)
    run.closed_at = None
    _note(session, run, "conversion.reorder", ordered, actor, now)
    return ordered


def count_failed(session: Session, run: ConversionRun) -> int:
    """Count the compensations of a run that `reorder_failed` would order again."""
    return session.execute(select(func.count()).select_from(_failed_compensations(run.id).subquery())).scalar_one()


def _failed_compensations(run_id: int) -> Select[*tuple[Any, ...]]:
    """Ask for compensations that failed though their rewards are there, and that nobody ordered again since.

    One that is on its card after all (`app.services.loads.arrivals`) has not failed.
    """
    reward = aliased(TopUp)
    return (
        select(TopUp.redemption_id, TopUp.amount_minor, TopUp.attempt, TopUp.reference)
        .join(Redemption, Redemption.id == TopUp.redemption_id)
        .outerjoin(
            reward,
            and_(
                reward.redemption_id == TopUp.redemption_id,
                reward.kind == TopUpKind.REWARD,
                is_there(reward),
            ),
        )
        .where(
            TopUp.run_id == run_id,
            TopUp.kind == TopUpKind.COMPENSATION,
            TopUp.status == TopUpStatus.FAILED,
            ~is_there(TopUp),
            ~was_ordered_again(by_any_run=True),
            or_(reward.id.is_not(None), Redemption.order_line_id.is_not(None)),
        )
        .order_by(TopUp.redemption_id)
    )


def _without_card(session: Session, run: ConversionRun) -> list[int]:
    """Name the distributors of a run that have no card of its provider, nor one that is ordered."""
    has_one = select(Card.id).where(Card.distributor_id == Recipient.id, Card.provider == run.provider, Card.active)
    found = session.scalars(
        select(Recipient.id)
        .select_from(TopUp)
        .join(Redemption, Redemption.id == TopUp.redemption_id)
        .join(Account, Account.id == Redemption.account_id)
        .join(Distributor, Distributor.id == Account.distributor_id)
        .join(Recipient, RECEIVES)
        .where(TopUp.run_id == run.id, ~has_one.exists())
        .order_by(Redemption.id)
    )
    return list(dict.fromkeys(found))


def _check_totals(run: ConversionRun, wanted: GoingOut) -> None:
    """Hold what is about to be ordered against the preview."""
    rewards, compensations = (wanted.of(kind).tolist() for kind in (TopUpKind.REWARD, TopUpKind.COMPENSATION))
    if run.kind is RunKind.COMPENSATIONS:
        counted = (_("the number of compensations"), run.terms["loads"] + run.terms["goods"], len(wanted))
    else:
        counted = (_("the number of accounts"), run.accounts, len(rewards))
    for what, previewed, found in (
        counted,
        (_("the sum of the rewards"), run.amount_minor, sum(rewards)),
        (_("the sum of the compensations"), run.compensation_minor, sum(compensations)),
    ):
        if previewed != found:
            raise TotalsDiffer(run.id, what, previewed, found)


def _write(
    session: Session, settings: Settings, run: ConversionRun, wanted: GoingOut, *, actor: str, now: dt.datetime
) -> Ordered:
    """Write an order file, and mark its top-ups and the run as ordered."""
    with _file(session, settings, run, wanted, actor=actor, now=now) as batch:
        given = rows_of(id=wanted.top_up_id, card_id=wanted.card_id)
        marked: Any = session.execute(
            update(TopUp)
            .where(TopUp.id == given.c.id, TopUp.status == TopUpStatus.RESERVED)
            .values(status=TopUpStatus.ORDERED, card_id=given.c.card_id, load_batch_id=batch.id)
            .execution_options(synchronize_session=False)
        )
        if marked.rowcount != len(wanted):
            raise TotalsDiffer(run.id, _("the number of top-ups"), len(wanted), marked.rowcount)
    move(run, RunStatus.ORDERED)
    return _ordered(settings, batch)


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
    wanted = going_out(session, run, OPEN, references)
    with _file(session, settings, run, wanted, actor=actor, now=now) as batch:
        given = rows_of(id=wanted.top_up_id, card_id=wanted.card_id)
        session.execute(
            update(TopUp)
            .where(TopUp.id == given.c.id)
            .values(load_batch_id=batch.id, card_id=given.c.card_id)
            .execution_options(synchronize_session=False)
        )
    ordered = _ordered(settings, batch)
    _note(session, run, "conversion.order_rest", ordered, actor, now)
    return ordered


def order_refused(session: Session, settings: Settings, run_id: int, *, actor: str, now: dt.datetime) -> list[Ordered]:
    """Write the files anew that an operator refused as a whole, as the template is now. The caller commits.

    Raises:
        NotAllowedNow, NoSuchRun: There is no such run to order.
        PrepaidError: No file of the run was refused, or it cannot be written.
    """
    run = locked_run(session, run_id)
    require(run, "written anew", RunStatus.ORDERED, RunStatus.SENDING, RunStatus.SENT)
    refused = session.execute(
        select(TopUp.load_batch_id, TopUp.reference)
        .join(LoadBatch, LoadBatch.id == TopUp.load_batch_id)
        .where(LoadBatch.run_id == run.id, LoadBatch.refused_at.is_not(None), TopUp.status.in_(OPEN))
        .order_by(TopUp.id)
    ).all()
    if not refused:
        raise PrepaidError(_("Run %(run)s: no file waits that the operator refused."), run=str(run.id))
    by_batch: dict[int, set[str]] = {}
    for row in refused:
        by_batch.setdefault(row.load_batch_id, set()).add(row.reference)
    return [order_rest(session, settings, run, those, actor=actor, now=now) for those in by_batch.values()]


@contextmanager
def _file(
    session: Session, settings: Settings, run: ConversionRun, wanted: GoingOut, *, actor: str, now: dt.datetime
) -> Iterator[LoadBatch]:
    """Note an order file, and write it while its top-ups are marked; when the block has ended it is there."""
    program = session.get_one(Program, run.program_id)
    batch_id = int(new_ids(session, LoadBatch, 1)[0])
    form = order_form(program, run.provider, run.id, batch_id, now)
    file = f"orders/run{run.id:06d}/{form.name}"
    batch = LoadBatch(
        id=batch_id,
        program_id=program.id,
        run_id=run.id,
        provider=run.provider,
        file=file,
        file_sha256=b"",
        lines=len(wanted),
        amount_minor=sum(wanted.lines.amount_minor.tolist()),
        created_at=now,
        created_by=actor,
    )
    session.add(batch)
    session.flush()
    with ThreadPoolExecutor(max_workers=1) as aside:  # it needs nothing of the session
        writing = aside.submit(form.write, settings.files / file, wanted.lines)
        yield batch
        batch.file_sha256 = writing.result().sha256
    session.flush()


def _ordered(settings: Settings, batch: LoadBatch) -> Ordered:
    assert batch.run_id is not None, "a batch of a run"
    return Ordered(
        batch.run_id, batch.id, settings.files / batch.file, batch.file_sha256, batch.lines, batch.amount_minor
    )


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
