"""Undoing an import of sales: its documents and what they gave are taken back, while nobody has spent or built on it.

What is in the way is told before anything happens. Then jobs take the documents back, those of some distributors each,
a piece in a transaction: whoever is killed has done a part, and another goes on. A document that a correction of this
import had replaced counts again, as it was. Afterwards the same file can be imported anew.

What brought products or distributors is asked for here too, and taken back by `undoing_things`.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app.db.many import any_of
from app.domain.rules.program_rules import ProgramRules
from app.domain.saying.wording import Said, Told, in_a_row, marked
from app.domain.states import COUNTING, BatchStatus, DocumentStatus, JobState
from app.domain.typed.card_numbers import holds_card_number
from app.jobs import board, registry
from app.jobs.board import Work
from app.models.aliases import UnknownInBatch
from app.models.imports import ImportBatch
from app.models.jobs import Job
from app.models.programs import Program
from app.models.sales import Decision, SalesDocument
from app.services import audit
from app.services.counting import first_purchases
from app.services.counting.voiding import lock_wallets_of, void_documents
from app.services.goods.catalogue import begin_change
from app.services.imported.judging import InTheWay
from app.services.imported.undo_blocks import Block, blocks
from app.services.rulebooks import rules_of
from app.services.timing import stage
from importers.batches import batches
from importers.batches.afterwards import bring_up_to_date
from importers.undoing import restoring
from importers.undoing import things as undoing_things
from verification.deciding.handing_on import hand_on_first_purchases

_ = marked
UNDO = "import.undo"
DOCUMENTS_OF_A_JOB = 20_000
_PIECE = 1_000
"""Documents that are taken back in one transaction: about a second, in which their wallets wait."""
CAN_BE_UNDONE = ("sales", *sorted(undoing_things.KINDS))
"""Kinds of files that can be taken back."""
_UNDONE_FROM = (BatchStatus.DONE, BatchStatus.FAILED)


class CannotUndo(Told):
    """Something is in the way of undoing an import; ``blocks`` tell what, where documents are in the way."""

    def __init__(self, text: str, found: Sequence[Block | InTheWay] = (), **values: Any) -> None:
        """Say what."""
        whole = in_a_row(Said(text, values), *(one.said for one in found))
        super().__init__(whole.text, **whole.values)
        self.blocks = found
        self.problems = [str(one.said) for one in found] or [str(self)]


def register(clock: Callable[[], dt.datetime]) -> None:
    """Name the function of the jobs."""
    registry.register(UNDO, lambda work: _undo(work, clock), heavy=True)
    registry.register(undoing_things.UNDO_THINGS, lambda work: undoing_things.undo(work, clock()))


def begin(session: Session, batch_id: int, *, reason: str, actor: str, now: dt.datetime) -> int:
    """Ask for an import, and those that took in what it held, to be undone. Returns how many jobs that is.

    The caller commits, then wakes workers.

    Raises:
        NoSuchBatch: There is none.
        CannotUndo: It is not in a state to be undone, no reason was given, or something is in the way.
    """
    of_program = session.scalars(select(ImportBatch.program_id).where(ImportBatch.id == batch_id)).one_or_none()
    if of_program is None:
        raise batches.NoSuchBatch(batch_id)
    begin_change(session, of_program)  # a merge, which holds it, is over by then, or finds that this was asked for
    batch = session.scalars(
        select(ImportBatch)
        .where(ImportBatch.id == batch_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    _may_be_undone(batch, reason)
    together = list(
        session.scalars(
            select(ImportBatch)
            .where((ImportBatch.id == batch_id) | (ImportBatch.continues_id == batch_id))
            .order_by(ImportBatch.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )
    running = [one.id for one in together if one.status not in (*_UNDONE_FROM, BatchStatus.UNDONE)]
    if running or _works(session, [one.id for one in together]):
        raise CannotUndo(
            _("Import %(number)s is not finished yet: wait until it is, then undo it."), number=str(batch_id)
        )
    if batch.kind != "sales":
        return _begin_things(session, batch, reason=reason, actor=actor, now=now)
    rules, ids = rules_of(session, batch.program_id), [one.id for one in together]
    in_the_way = blocks(session, rules, ids)
    if in_the_way:
        raise CannotUndo(_("Import %(number)s cannot be undone."), in_the_way, number=str(batch_id))
    parts = _parts(session, rules, ids)
    documents = sum(count for _ids, count in parts)
    session.execute(delete(UnknownInBatch).where(UnknownInBatch.batch_id.in_(ids)))
    _ask(session, together, {"documents": documents}, reason=reason.strip(), actor=actor, now=now)
    asked = _asked(session, UNDO, batch_id)
    for at, (distributor_ids, _count) in enumerate(parts or [([], 0)]):
        payload = {"batch": batch_id, "batches": ids, "distributors": distributor_ids}
        board.put_up(session, UNDO, f"{UNDO}:{batch_id}:{asked + at}", payload)
    return max(1, len(parts))


def _begin_things(session: Session, batch: ImportBatch, *, reason: str, actor: str, now: dt.datetime) -> int:
    if not undoing_things.is_noted(session, batch):
        words = _("Import %(number)s came in before it was kept what an import changes.")
        raise CannotUndo(words, number=str(batch.id))
    beside = undoing_things.running_beside(session, batch)
    if beside is not None:
        words = _("Import %(number)s of this programme is not finished yet: wait until it is, then undo this one.")
        if beside.given_up:
            words = _("Import %(number)s of this programme was given up: try it again first, then undo this one.")
        raise CannotUndo(words, number=str(beside.batch_id))
    things, in_the_way = undoing_things.what_is_in_the_way(session, batch)
    if in_the_way and not things:
        raise CannotUndo(_("Import %(number)s cannot be undone."), in_the_way, number=str(batch.id))
    batch.message = batch.message_said = None
    _ask(session, [batch], {"things": things}, reason=reason.strip(), actor=actor, now=now)
    undoing_things.put_up(session, batch.id, _asked(session, undoing_things.UNDO_THINGS, batch.id))
    return 1


def _ask(
    session: Session,
    together: Sequence[ImportBatch],
    counts: dict[str, int],
    *,
    reason: str,
    actor: str,
    now: dt.datetime,
) -> None:
    """Note that imports are to be undone, and how much that is; the first one is whose undoing was asked for."""
    first = together[0]
    for one in together:
        one.undo_reason, one.undone_by, one.status = reason, actor, BatchStatus.UNDOING
    session.flush()
    batches.add_counts(session, first.id, {f"{what}_to_undo": count for what, count in counts.items()})
    audit.note(
        session,
        actor,
        "import.undo",
        f"{first.file_name} ({first.id})",
        now=now,
        program_id=first.program_id,
        after=dict(counts),
        reason=reason,
    )


def _asked(session: Session, kind: str, batch_id: int) -> int:
    """Count how often jobs of a kind were asked for."""
    return session.execute(
        select(func.count()).select_from(Job).where(Job.kind == kind, Job.payload["batch"].as_integer() == batch_id)
    ).scalar_one()


def _may_be_undone(batch: ImportBatch, reason: str) -> None:
    number = str(batch.id)
    if batch.dry_run:
        raise CannotUndo(_("Import %(number)s was a dry run: nothing of it was kept."), number=number)
    if batch.kind not in CAN_BE_UNDONE:
        words = _("Import %(number)s brought %(kind)s: what can be undone is %(kinds)s.")
        raise CannotUndo(words, number=number, kind=Said(batch.kind), kinds=[Said(one) for one in CAN_BE_UNDONE])
    if batch.continues_id is not None:
        words = _("Import %(number)s took in what import %(first)s held: undo that one.")
        raise CannotUndo(words, number=number, first=str(batch.continues_id))
    if batch.status in (BatchStatus.UNDOING, BatchStatus.UNDONE):
        going = batch.status is BatchStatus.UNDOING
        words = _("Import %(number)s is undoing already.") if going else _("Import %(number)s is undone already.")
        raise CannotUndo(words, number=number)
    if not reason.strip():
        raise CannotUndo(_("Undoing needs a reason."))
    if holds_card_number(reason):
        raise CannotUndo(_("The reason may hold the number of a payment card, which is never kept; remove it."))


def _works(session: Session, batch_ids: Sequence[int]) -> bool:
    """Say whether anything of these imports is still to be done."""
    working = select(ImportBatch.id).where(ImportBatch.id.in_(batch_ids), batches.at_work(ImportBatch.id))
    return session.scalars(working.limit(1)).one_or_none() is not None


def _parts(session: Session, rules: ProgramRules, batch_ids: Sequence[int]) -> list[tuple[list[int], int]]:
    """Part the distributors whose documents are to be taken back: about so many documents a job."""
    rows = session.execute(
        select(SalesDocument.distributor_id, func.count())
        .where(
            SalesDocument.program_id == rules.program_id,
            SalesDocument.batch_id.in_(batch_ids),
            SalesDocument.status.in_((*COUNTING, DocumentStatus.REFUSED)),
        )
        .group_by(SalesDocument.distributor_id)
        .order_by(SalesDocument.distributor_id)
    )
    parts: list[tuple[list[int], int]] = []
    for who, count in rows:
        if not parts or parts[-1][1] + count > DOCUMENTS_OF_A_JOB:
            parts.append(([], 0))
        parts[-1] = ([*parts[-1][0], who], parts[-1][1] + count)
    return parts


def _undo(work: Work, clock: Callable[[], dt.datetime]) -> None:
    """Take the documents of some distributors back, piece by piece, until none is left.

    The last job of an import lets promotions follow: what they gave for it could be spent else, until they are looked
    at by themselves.
    """
    batch_id, batch_ids = int(work.payload["batch"]), [int(one) for one in work.payload["batches"]]
    left = [int(one) for one in work.payload["distributors"]]
    while True:
        with work.transaction() as session, stage("undo"):
            left, taken = _take_back(session, batch_id, batch_ids, left, clock())
            if taken is not None:
                batches.add_counts(session, batch_id, {"documents_undone": taken})
                continue
            last = _end_if_last(session, work, batch_id, batch_ids, clock())
            work.finish(session)
            break
    if last:
        bring_up_to_date(work.registry, clock())


def _take_back(
    session: Session, batch_id: int, batch_ids: Sequence[int], left: list[int], now: dt.datetime
) -> tuple[list[int], int | None]:
    """Take one piece back. Gives the distributors that may have more, and how many documents it was.

    None where there is no piece any more; of one that is in the way as a whole it is 0, and others come after it.
    """
    batch = session.get_one(ImportBatch, batch_id)
    rules = rules_of(session, batch.program_id)
    documents = _next(session, batch_ids, left)
    if not documents:
        return left, None
    owners = sorted(set(documents.values()))
    lock_wallets_of(session, list(documents))
    # where something was spent since it was asked for, by a company, a person of it or its pool, it keeps all of this
    found = blocks(session, rules, batch_ids, owners, most=None)
    in_the_way = {who for one in found for who in one.distributor_ids}
    left = [one for one in left if one not in in_the_way]
    mine = [document for document, who in documents.items() if who not in in_the_way]
    counting = set(
        session.scalars(
            select(SalesDocument.id)
            .where(SalesDocument.id == any_of(mine), SalesDocument.status.in_(COUNTING))
            .with_for_update()
        )
    )
    void_documents(
        session,
        rules,
        sorted(counting),
        becomes=DocumentStatus.UNDONE,
        now=now,
        actor=batch.undone_by,
        reason=batch.undo_reason,
    )
    session.execute(
        update(SalesDocument)
        .where(SalesDocument.id == any_of(mine), SalesDocument.status == DocumentStatus.REFUSED)
        .values(status=DocumentStatus.UNDONE)
        .execution_options(synchronize_session=False)
    )
    # what stands again may be a return, and is to meet nothing that goes with a later piece
    going = set(_next(session, batch_ids, [one for one in owners if one not in in_the_way]).values())
    whole = [one for one in owners if one not in going]
    restoring.count_again(session, rules, batch_ids, whole, now=now)
    _hand_on(session, rules, batch, batch_ids, whole, now)
    return left, len(mine)


def _hand_on(
    session: Session,
    rules: ProgramRules,
    batch: ImportBatch,
    batch_ids: Sequence[int],
    distributor_ids: Sequence[int],
    now: dt.datetime,
) -> None:
    """Let others be first purchases where those of these imports were."""
    if first_purchases.rewarded(rules.book):
        gone = session.scalars(
            select(SalesDocument.id).where(
                SalesDocument.distributor_id == any_of(distributor_ids),
                SalesDocument.batch_id.in_(batch_ids),
                SalesDocument.status == DocumentStatus.UNDONE,
            )
        ).all()
        program = session.get_one(Program, rules.program_id)
        hand_on_first_purchases(session, program, rules, gone, now=now, actor=batch.undone_by)


def _next(session: Session, batch_ids: Sequence[int], distributor_ids: Sequence[int]) -> dict[int, int]:
    """Give the next documents to take back, by id their distributor.

    One distributor comes after the other, for every wallet is opened whole; of each the newest documents come first, so
    returns before their sales. What a person refused stays refused, whatever becomes of the import.
    """
    by_person = select(Decision.id).where(
        Decision.document_id == SalesDocument.id, Decision.becomes == DocumentStatus.REFUSED
    )
    refused = (SalesDocument.status == DocumentStatus.REFUSED) & ~by_person.exists()
    rows = session.execute(
        select(SalesDocument.id, SalesDocument.distributor_id)
        .where(
            SalesDocument.distributor_id == any_of(distributor_ids),
            SalesDocument.batch_id.in_(batch_ids),
            SalesDocument.status.in_(COUNTING) | refused,
        )
        .order_by(SalesDocument.distributor_id, SalesDocument.id.desc())
        .limit(_PIECE)
    )
    return dict(rows.all())


def _end_if_last(session: Session, work: Work, batch_id: int, batch_ids: Sequence[int], now: dt.datetime) -> bool:
    """Close the imports in the transaction that took the last documents back. Says whether it was this one.

    The import's row is held until the commit: of jobs that end at the same time, each sees those that were before it.
    """
    batch = session.scalars(
        select(ImportBatch)
        .where(ImportBatch.id == batch_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()
    others = select(Job.id).where(
        Job.kind == UNDO,
        Job.payload["batch"].as_integer() == batch_id,
        Job.state != JobState.DONE,
        Job.id != work.claim.id,
    )
    if session.execute(select(others.exists())).scalar_one():
        return False
    in_the_way = blocks(session, rules_of(session, batch.program_id), batch_ids)
    status = BatchStatus.DONE if in_the_way else BatchStatus.UNDONE
    why = in_a_row(Said(_("Undone but for what was spent meanwhile.")), *(one.said for one in in_the_way))
    for one in batch_ids:
        batches.set_status(
            session,
            one,
            status,
            why=why if in_the_way else None,
            undone_at=None if in_the_way else now,
        )
    return True
