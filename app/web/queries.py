"""What single pages show and no service gives: counts, sums and links, each in one query."""

import datetime as dt
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from sqlalchemy import (
    BigInteger,
    BindParameter,
    Select,
    Text,
    bindparam,
    case,
    cast,
    column,
    func,
    literal,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from app.db.questions import Question
from app.domain.saying.reasons import sentence
from app.domain.states import COUNTING, Outcome, RunStatus, TopUpStatus, Unit
from app.models.distributors import Distributor
from app.models.imports import ImportBatch, ImportProblem
from app.models.ledger import Account
from app.models.prepaid import Card, ConversionRun, Redemption, TopUp
from app.models.sales import AwardReversal, SalesDocument
from app.services.access import erasure
from app.web.formats import shown
from app.web.navigation import places
from prepaid.loads.failed import failed_of_newest_runs


@dataclass(frozen=True)
class PointsSum:
    """What all wallets of a programme hold together, in one unit.

    ``distributors`` are companies that take part: neither people with accounts of their own, nor who was merged.
    """

    distributors: int
    pending: int
    available: int
    reserved: int
    earned: int
    spent: int
    expired: int
    adjusted: int

    @property
    def issued(self) -> int:
        """Give what was given in all: earned, and added by hand."""
        return self.earned + self.adjusted


def points_sum(session: Session, program_id: int) -> PointsSum:
    """Add up the wallets of a programme."""
    row = _POINTS_SUM.first(session, program_id=program_id)
    return PointsSum(*(int(part) for part in row))


_POINTS_SUM = Question(
    select(
        func.count().filter(Distributor.person_of_id.is_(None), Distributor.merged_into_id.is_(None)),
        *(
            cast(func.coalesce(func.sum(part), 0), BigInteger)
            for part in (
                Account.pending,
                Account.available,
                Account.reserved,
                Account.earned,
                Account.spent,
                Account.expired,
                Account.adjusted,
            )
        ),
    )
    .join(Distributor, Distributor.id == Account.distributor_id)
    .where(Account.program_id == bindparam("program_id"), Account.unit == Unit.POINTS)
)


@dataclass(frozen=True)
class Waiting:
    """How much waits for somebody in a programme; of what takes a second person, what others asked for.

    ``failed`` are loads of the newest runs, and ``failed_minor`` is what they come to.
    """

    review: int
    names: int
    adjustments: int
    transfers: int
    merges: int
    disputes: int
    orders: int
    rule_drafts: int
    tax_changes: int
    runs: int
    redemptions: int
    unknown: int
    failed: int
    failed_minor: int
    differences: int
    applications: int
    leaving: int


def duties(session: Session, program_id: int, login: str) -> Waiting:
    """Count what waits. One query."""
    return Waiting(*_waiting().first(session, program_id=program_id, login=login))


@functools.cache
def _waiting() -> Question:
    program_id: BindParameter[int] = bindparam("program_id", type_=BigInteger)
    login: BindParameter[str] = bindparam("login", type_=Text)

    def count(*conditions: Any) -> Any:
        return select(func.count()).where(*conditions).scalar_subquery()

    failed = failed_of_newest_runs(program_id)
    return Question(
        select(
            # what stands beside the places of the navigation, counted in the same way
            places.in_review(program_id, login),
            places.to_match(program_id, login),
            places.to_adjust(program_id, login),
            places.to_transfer(program_id, login),
            places.to_merge(program_id, login),
            places.disputed(program_id, login),
            places.to_approve(program_id, login),
            places.to_publish(program_id, login),
            places.tax_to_publish(program_id, login),
            count(
                ConversionRun.program_id == program_id,
                ConversionRun.status == RunStatus.PREVIEW,
                ConversionRun.previewed_by != login,
            ),
            places.to_let_go(program_id, login),
            count(
                Redemption.program_id == program_id,
                TopUp.redemption_id == Redemption.id,
                TopUp.status == TopUpStatus.UNKNOWN,
            ),
            count(failed),
            select(cast(func.coalesce(func.sum(TopUp.amount_minor), 0), BigInteger)).where(failed).scalar_subquery(),
            places.differing(program_id, login),
            places.to_vet(program_id, login),
            erasure.how_many(program_id),
        )
    )


def place_of(session: Session, program_id: int, distributor_id: int) -> tuple[str, int] | None:
    """Give where a distributor stands in the order of names, for the page after it."""
    key = session.scalars(
        select(Distributor.sort_key).where(Distributor.program_id == program_id, Distributor.id == distributor_id)
    ).one_or_none()
    return None if key is None else (key, distributor_id)


def cards_of(session: Session, distributor_id: int) -> Sequence[Any]:
    """Give the cards that a distributor has and had, the one in use first: last digits, whether in use, since when."""
    return session.execute(
        select(Card.last4, Card.active, Card.provider, Card.issued_at)
        .where(Card.distributor_id == distributor_id)
        .order_by(Card.active.desc(), Card.id.desc())
        .limit(10)
    ).all()


@dataclass(frozen=True)
class ReasonCount:
    """How often a reason kept rows of an import from counting, with the first of them as an example."""

    code: str
    outcome: Outcome
    rows: int
    first_row: int
    example: str


def reasons_of(session: Session, batch_id: int) -> list[ReasonCount]:
    """Count the reasons of an import's problems, the most frequent first. Two queries."""
    reason = func.jsonb_array_elements(ImportProblem.reasons).table_valued(column("value", JSONB)).render_derived()
    code_ = reason.c.value["code"].astext
    count = func.count(ImportProblem.row_number.distinct())
    counted = session.execute(
        select(code_, ImportProblem.outcome, count, func.min(ImportProblem.row_number))
        .join(reason, literal_column("true"))
        .where(ImportProblem.batch_id == batch_id)
        .group_by(code_, ImportProblem.outcome)
        .order_by(count.desc(), code_)
    ).all()
    first_rows = session.execute(
        select(ImportProblem.row_number, ImportProblem.reasons).where(
            ImportProblem.batch_id == batch_id, ImportProblem.row_number.in_({row[3] for row in counted})
        )
    )
    examples = {
        (at, one["code"]): sentence(one, gettext, shown) for at, reasons in first_rows for one in reversed(reasons)
    }
    return [
        ReasonCount(code, outcome, rows, first_row, examples[first_row, code])
        for code, outcome, rows, first_row in counted
    ]


@dataclass(frozen=True)
class ImportOf:
    """What an import was: by whom, of which file."""

    created_by: str
    created_at: dt.datetime
    finished_at: dt.datetime | None
    profile_name: str
    file_bytes: int
    continues_id: int | None
    undone_by: str | None
    undo_reason: str | None
    undone_at: dt.datetime | None
    profile: dict[str, Any]
    file_sha256: bytes

    @property
    def fingerprint(self) -> str:
        """Give the file's SHA-256 as it is written."""
        return self.file_sha256.hex()


def import_of(session: Session, batch_id: int) -> ImportOf:
    """Tell what an import was."""
    row = session.execute(
        select(
            ImportBatch.created_by,
            ImportBatch.created_at,
            ImportBatch.finished_at,
            ImportBatch.profile_name,
            ImportBatch.file_bytes,
            ImportBatch.continues_id,
            ImportBatch.undone_by,
            ImportBatch.undo_reason,
            ImportBatch.undone_at,
            ImportBatch.profile,
            ImportBatch.file_sha256,
        ).where(ImportBatch.id == batch_id)
    ).one()
    return ImportOf(*row)


@dataclass(frozen=True)
class Linked:
    """Another document that a document took points from, or that took points from it."""

    id: int
    number: str
    issued_on: dt.date
    points: int


@dataclass(frozen=True)
class Links:
    """What a document is linked to: the documents that took points of it back, and those whose points it took back."""

    returns: Sequence[Linked]
    sales: Sequence[Linked]


def links_of(session: Session, document_id: int) -> Links:
    """Give what a document is linked to by returned goods: returns of it that count, and what it returns. One query."""
    rows = _LINKS.ask(session, document_id=document_id)
    returns, sales = ([Linked(*row[1:]) for row in rows if row.returned is which] for which in (True, False))
    return Links(returns, sales)


def _linked(other: Any, this: Any, *, returned: bool) -> Select[*tuple[Any, ...]]:
    # a return that was refused, corrected or undone took nothing of it; of such a sale nothing is taken any more
    counts = SalesDocument.status.in_(COUNTING)
    taken = func.sum(AwardReversal.amount)
    found = (
        select(
            literal(returned).label("returned"),
            SalesDocument.id,
            SalesDocument.number,
            SalesDocument.issued_on,
            cast(taken if returned else case((counts, taken), else_=0), BigInteger).label("points"),
        )
        .join(AwardReversal, other == SalesDocument.id)
        .where(this == bindparam("document_id"), AwardReversal.unit == Unit.POINTS, *((counts,) if returned else ()))
        .group_by(SalesDocument.id)
        .order_by(SalesDocument.issued_on, SalesDocument.id)
        .limit(50)
        .subquery()
    )
    return select(*found.c)


_LINKS = Question(
    union_all(
        _linked(AwardReversal.return_document_id, AwardReversal.sale_document_id, returned=True),
        _linked(AwardReversal.sale_document_id, AwardReversal.return_document_id, returned=False),
    ).order_by(literal_column("issued_on"), literal_column("id"))
)
