"""Undoing an import of products or distributors: what nothing was made from since is taken back, the rest is told.

What an import created goes, what it changed is again what it was (`app.services.imported`). One job does it, a piece in
a transaction: whoever is killed has done a part, and another goes on with what is left.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy import Row, Select, case, func, select, tuple_
from sqlalchemy.orm import Session

from app.domain.saying.wording import Said, in_a_row, marked
from app.domain.states import BatchStatus, ImportedThing
from app.jobs import board
from app.jobs.board import Work
from app.models.imports import ImportBatch, ImportChange
from app.models.programs import Program
from app.services.goods import catalogue
from app.services.imported import restoring, unmatched
from app.services.imported.judging import InTheWay, judge, told
from app.services.imported.standing import BROUGHT
from app.services.timing import stage
from importers.batches import batches

_ = marked
UNDO_THINGS = "import.undo_things"
KINDS = frozenset(BROUGHT)
_PIECE = 2_000
"""Things that are taken back in one transaction: about a second, in which nobody adds to sales."""


def what_is_in_the_way(session: Session, batch: ImportBatch) -> tuple[int, list[InTheWay]]:
    """Say how many things can be taken back, and what is in the way of the others. The caller holds the import."""
    left = session.scalars(_left(batch.id)).all()
    found = judge(session, batch.program_id, left)
    stay = [key for key in found if key[0] is not ImportedThing.PRODUCT_GROUP]
    if any(one.thing is not ImportedThing.PRODUCT_GROUP and (one.thing, one.thing_id) not in found for one in left):
        return len(left) - len(stay), told(found[key] for key in stay)  # groups are judged once their products are gone
    return len(left) - len(found), told(found.values())


def is_noted(session: Session, batch: ImportBatch) -> bool:
    """Say whether it was kept what an import changed: of those that came in long ago it was not."""
    noted = session.scalar(select(func.count()).select_from(ImportChange).where(ImportChange.batch_id == batch.id)) or 0
    return noted > 0 or not (batch.counts.get("created") or batch.counts.get("changed"))


@dataclass(frozen=True)
class Beside:
    """Another import of the programme that may be about to use what would go; given up: once somebody retries it."""

    batch_id: int
    given_up: bool


def running_beside(session: Session, batch: ImportBatch) -> Beside | None:
    """Give an import of the programme that is under way, or that was given up after it had found what it names."""
    ended = (BatchStatus.DONE, BatchStatus.FAILED, BatchStatus.UNDONE)
    works = batches.at_work(ImportBatch.id)
    found = session.execute(
        select(ImportBatch.id, ~works)
        .where(
            ImportBatch.program_id == batch.program_id,
            ImportBatch.id != batch.id,
            ImportBatch.status.not_in(ended),
            works | ImportBatch.status.not_in((BatchStatus.QUEUED, BatchStatus.READING)),
        )
        .order_by(~works, ImportBatch.id)
        .limit(1)
    ).one_or_none()
    return None if found is None else Beside(*found)


def put_up(session: Session, batch_id: int, asked: int) -> None:
    """Put the undoing on the board; ``asked`` is how often it was asked for before."""
    board.put_up(session, UNDO_THINGS, f"{UNDO_THINGS}:{batch_id}:{asked}", {"batch": batch_id})


def undo(work: Work, now: dt.datetime) -> None:
    """Take an import's things back, piece by piece, in rounds: until what is left stays, whatever went meanwhile."""
    batch_id = int(work.payload["batch"])
    place: Place | None = None
    went = False
    while True:
        with work.transaction() as session, stage("undo"):
            batch = session.get_one(ImportBatch, batch_id)
            catalogue.begin_change(session, batch.program_id)
            beside = running_beside(session, batch)
            piece = [] if beside else _next(session, batch_id, place)
            if piece:
                place = _place_of(piece[-1])
                taken = _take_back(session, batch, [change for change, _ in piece], now)
                batches.add_counts(session, batch_id, {"things_undone": len(taken)})
                went = went or bool(taken)
                continue
            if went and not beside:
                place, went = None, False
                continue
            _end(session, batch, beside, now)
            work.finish(session)
            return


def _take_back(
    session: Session, batch: ImportBatch, piece: Sequence[ImportChange], now: dt.datetime
) -> list[ImportChange]:
    in_the_way = judge(session, batch.program_id, piece)
    program = session.get_one(Program, batch.program_id)
    free = [one for one in piece if (one.thing, one.thing_id) not in in_the_way]
    return restoring.take_back(
        session, program, free, actor=str(batch.undone_by), now=now, reason=str(batch.undo_reason)
    )


_TURN = case(
    (ImportChange.was.is_not(None), 0),
    (ImportChange.thing == ImportedThing.PRODUCT_GROUP, 3),
    (ImportChange.became["head_office_id"].astext.is_not(None), 1),
    else_=2,
)
"""What was changed comes first: it may lead to what was created. Branches come before offices, groups come last."""


Place: TypeAlias = tuple[int, ImportedThing, int]
"""Where a round has come to: the turn, the kind of thing and its number, of which the highest comes first."""

_PLACE = (_TURN, ImportChange.thing, -ImportChange.thing_id)


def _place_of(row: Row[ImportChange, int]) -> Place:
    change, turn = row
    return turn, change.thing, -change.thing_id


def _left(batch_id: int) -> Select[ImportChange, int]:
    """Give what is not taken back yet, each with its turn."""
    return (
        select(ImportChange, _TURN)
        .where(ImportChange.batch_id == batch_id, ImportChange.undone_at.is_(None))
        .order_by(*_PLACE)
    )


def _next(session: Session, batch_id: int, place: Place | None) -> list[Row[ImportChange, int]]:
    """Give what is taken back next, all of one turn: the turns before it are over."""
    left = _left(batch_id)
    if place is not None:
        left = left.where(tuple_(*_PLACE) > place)
    rows = session.execute(left.limit(_PIECE)).all()
    return [row for row in rows if row[1] == rows[0][1]]


def _end(session: Session, batch: ImportBatch, beside: Beside | None, now: dt.datetime) -> None:
    """Close the import: undone, or undone but for what is in the way."""
    found = told(judge(session, batch.program_id, session.scalars(_left(batch.id)).all()).values())
    why = None
    if beside:
        words = _("Undone in part: import %(number)s began meanwhile; wait until it has ended, then undo the rest.")
        if beside.given_up:
            words = _("Undone in part: import %(number)s was given up: try it again, then undo the rest.")
        why = Said(words, {"number": str(beside.batch_id)})
    elif found:
        why = in_a_row(Said(_("Undone but for what is in use.")), *(one.said for one in found))
    batches.set_status(
        session,
        batch.id,
        BatchStatus.DONE if why else BatchStatus.UNDONE,
        why=why,
        undone_at=None if why else now,
    )
    unmatched.propose(session, batch.program_id)
