"""The wordings of a document, each of which took the place of the one before it (decision 24)."""

from typing import Any

from sqlalchemy import CTE, BindParameter, Select, bindparam, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from app.db.questions import Question
from app.models.sales import SalesDocument


def chain(session: Session, document_id: int) -> list[int]:
    """Give a document and those whose place it took, the newest first."""
    return sorted(session.scalars(select(walk(document_id).c.id)), reverse=True)


def successor(session: Session, document_id: int) -> int | None:
    """Give the document that took the place of one; None where none did."""
    row = _SUCCESSOR.first(session, document_id=document_id)
    return None if row is None else int(row.id)


def newest(session: Session, document_id: int) -> int:
    """Give the wording that stands, or stood last, where one of a document is named."""
    while (later := successor(session, document_id)) is not None:
        document_id = later
    return document_id


def whole(session: Session, document_id: int) -> list[int]:
    """Give all wordings of a document of which one is named, the newest first."""
    return chain(session, newest(session, document_id))


def walk(document_id: int | BindParameter[int]) -> CTE:
    """Walk from a document to those whose place it took."""
    return _walked(select(_FIRST.id, _FIRST.supersedes_id).where(_FIRST.id == document_id))


def walk_of_each(document_id: InstrumentedAttribute[Any]) -> CTE:
    """Walk from each document of the query around it, named by a column of it, to those whose place it took."""
    first = select(_FIRST.id, _FIRST.supersedes_id).where(_FIRST.id == document_id)
    return _walked(first.correlate(SalesDocument), nesting=True)


def _walked(first: Select[int, int | None], *, nesting: bool = False) -> CTE:
    walked = first.cte("walk", recursive=True, nesting=nesting)
    return walked.union_all(select(_OLDER.id, _OLDER.supersedes_id).join(walked, walked.c.supersedes_id == _OLDER.id))


_FIRST, _OLDER, _NEWER = aliased(SalesDocument), aliased(SalesDocument), aliased(SalesDocument)
_SUCCESSOR = Question(
    select(_NEWER.id)
    .join(_OLDER, (_OLDER.program_id == _NEWER.program_id) & (_OLDER.document_key == _NEWER.document_key))
    .where(_OLDER.id == bindparam("document_id"), _NEWER.supersedes_id == _OLDER.id)
    .order_by(_NEWER.id.desc())
    .limit(1)
)
