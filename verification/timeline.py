"""What happened to a document, from the day it came: what was decided and what was said, by whom and when.

A corrected document, or one that was looked at again, has what happened to those whose place it took as well.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from app.domain.states import DocumentStatus, DocumentWord
from app.models.claims import DocumentMessage
from app.models.sales import Decision, SalesDocument

PUBLIC = (DocumentWord.ASKED, DocumentWord.ANSWERED, DocumentWord.APPEALED, DocumentWord.REOPENED)
"""What the distributor reads as well; what those who decide tell one another is theirs."""


@dataclass(frozen=True)
class Event:
    """One thing that happened: a decision (``becomes``), something that was said (``word``), or neither: it came in."""

    at: dt.datetime
    document_id: int
    who: str | None = None
    words: str = ""
    code: str | None = None
    was: DocumentStatus | None = None
    becomes: DocumentStatus | None = None
    word: DocumentWord | None = None


def chain(session: Session, document_id: int) -> list[int]:
    """Give a document and those whose place it took, the newest first."""
    before = select(SalesDocument.id, SalesDocument.supersedes_id).where(SalesDocument.id == document_id)
    walk = before.cte("walk", recursive=True)
    older = aliased(SalesDocument)
    walk = walk.union_all(select(older.id, older.supersedes_id).join(walk, walk.c.supersedes_id == older.id))
    return sorted(session.scalars(select(walk.c.id)), reverse=True)


def successor(session: Session, document_id: int) -> int | None:
    """Give the document that took the place of one; None where none did."""
    one, other = aliased(SalesDocument), aliased(SalesDocument)
    return session.scalars(
        select(other.id)
        .join(one, (one.program_id == other.program_id) & (one.document_key == other.document_key))
        .where(one.id == document_id, other.supersedes_id == one.id)
        .order_by(other.id.desc())
        .limit(1)
    ).one_or_none()


def timeline(session: Session, document_id: int, *, public: bool = False) -> Sequence[Event]:
    """Give what happened to a document, newest first; ``public``: what its distributor may read."""
    ids = chain(session, document_id)
    words = [DocumentMessage.kind.in_(PUBLIC)] if public else []
    came = session.scalars(select(SalesDocument.counted_at).where(SalesDocument.id == ids[-1])).one()
    found = [
        Event(one.decided_at, one.document_id, one.decided_by, one.reason, one.reason_code, one.was, one.becomes)
        for one in session.scalars(select(Decision).where(Decision.document_id.in_(ids)).order_by(Decision.id))
    ]
    found += [
        Event(one.said_at, one.document_id, one.author, one.words, word=one.kind)
        for one in session.scalars(
            select(DocumentMessage).where(DocumentMessage.document_id.in_(ids), *words).order_by(DocumentMessage.id)
        )
    ]
    # what was decided of the whole when a part was accepted is told by the part
    shown = [one for one in found if one.becomes is not DocumentStatus.SUPERSEDED]
    return [*sorted(shown, key=lambda one: one.at, reverse=True), Event(at=came, document_id=ids[-1])]
