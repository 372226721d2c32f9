"""What happened to a document, from the day it came: what was decided and what was said, by whom and when.

A corrected document, or one that was looked at again, has what happened to those whose place it took as well.
"""

import datetime as dt
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    SmallInteger,
    Text,
    bindparam,
    case,
    cast,
    literal,
    null,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Session

from app.db.questions import Question
from app.domain.states import DocumentStatus, DocumentWord
from app.models.claims import DocumentMessage
from app.models.sales import Decision, SalesDocument
from app.services.counting import wordings

PUBLIC = (
    *(DocumentWord.ASKED, DocumentWord.ANSWERED, DocumentWord.APPEALED, DocumentWord.REOPENED),
    *(DocumentWord.CLAIMED, DocumentWord.UNCLAIMED),
)
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


def timeline(session: Session, document_id: int, *, public: bool = False) -> Sequence[Event]:
    """Give what happened to a document, newest first; ``public``: what its distributor may read. One query.

    Who decided, or asked, is for those who run the programme: to a distributor it is the programme that speaks.
    """
    rows = _happened(public=public).ask(session, document_id=document_id)
    return [_event(*row) for row in sorted(rows, key=_order, reverse=True)]


@functools.cache
def _happened(*, public: bool) -> Question:
    walk = wordings.walk(bindparam("document_id", type_=BigInteger))
    nothing = null()
    came = (
        select(
            SalesDocument.counted_at.label("at"),
            SalesDocument.id.label("document_id"),
            cast(nothing, Text).label("who"),
            cast(nothing, Text).label("words"),
            cast(nothing, Text).label("code"),
            cast(nothing, SmallInteger).label("was"),
            cast(nothing, SmallInteger).label("becomes"),
            cast(nothing, Text).label("word"),
            literal(0, BigInteger).label("number"),
        )
        .join(walk, walk.c.id == SalesDocument.id)
        .where(walk.c.supersedes_id.is_(None))
    )
    decided = select(
        Decision.decided_at,
        Decision.document_id,
        cast(nothing, Text) if public else Decision.decided_by,
        Decision.reason,
        cast(Decision.reason_code, Text),
        type_coerce(Decision.was, SmallInteger),
        type_coerce(Decision.becomes, SmallInteger),
        cast(nothing, Text),
        Decision.id,
    ).join(walk, walk.c.id == Decision.document_id)
    said = select(
        DocumentMessage.said_at,
        DocumentMessage.document_id,
        case((DocumentMessage.kind == DocumentWord.ASKED, None), else_=DocumentMessage.author)
        if public
        else DocumentMessage.author,
        DocumentMessage.words,
        cast(nothing, Text),
        cast(nothing, SmallInteger),
        cast(nothing, SmallInteger),
        cast(DocumentMessage.kind, Text),
        DocumentMessage.id,
    ).join(walk, walk.c.id == DocumentMessage.document_id)
    if public:
        said = said.where(DocumentMessage.kind.in_(PUBLIC))
    # what was decided of the whole when a part was accepted is told by the part
    decided = decided.where(Decision.becomes != DocumentStatus.SUPERSEDED)
    return Question(union_all(came, decided, said))


def _order(row: Any) -> tuple[Any, ...]:
    """Tell what came after what; in one moment, what was said of a document follows what was decided."""
    return row.number > 0, row.at, row.document_id, row.word is not None, row.number


def _event(
    at: dt.datetime,
    document_id: int,
    who: str | None,
    words: str | None,
    code: str | None,
    was: int | None,
    becomes: int | None,
    word: str | None,
    _number: int,
) -> Event:
    return Event(
        at=at,
        document_id=document_id,
        who=who,
        words=words or "",
        code=code,
        was=None if was is None else DocumentStatus(was),
        becomes=None if becomes is None else DocumentStatus(becomes),
        word=None if word is None else DocumentWord(word),
    )
