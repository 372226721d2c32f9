"""Saying that documents are to be looked at: whoever lets them count, or cease to, says so without waiting."""

from collections.abc import Iterable

from sqlalchemy import BigInteger, ColumnElement, any_, bindparam, exists, func, insert, literal, or_, select, union
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.db.bulk import table_of
from app.db.prepared import Prepared
from app.domain.states import DocumentKind
from app.models.instants import InstantGrant, InstantReward, InstantTouched
from app.models.sales import ReturnMatch, SalesDocument

_DOCUMENTS = any_(bindparam("documents", type_=ARRAY(BigInteger)))
_OF_PROGRAM = InstantReward.program_id == bindparam("program", type_=BigInteger)
_changed = union(
    select(SalesDocument.id).where(SalesDocument.id == _DOCUMENTS),
    # what came back is taken off what was sold
    select(ReturnMatch.sale_document_id).where(ReturnMatch.return_document_id == _DOCUMENTS),
).cte("changed")


def of_its_days(instant: type[InstantReward] | InstantReward) -> ColumnElement[bool]:
    """Narrow documents to the sales of the days on which something brings a reward."""
    last_on = func.coalesce(instant.last_on, SalesDocument.issued_on)
    return (SalesDocument.kind == DocumentKind.INVOICE) & SalesDocument.issued_on.between(instant.first_on, last_on)


_TOUCH = Prepared(
    insert(table_of(InstantTouched)).from_select(
        ["instant_id", "document_key"],
        select(InstantReward.id, SalesDocument.document_key)
        .distinct()
        .select_from(InstantReward)
        .join(SalesDocument, SalesDocument.program_id == InstantReward.program_id)
        .join(_changed, _changed.c.id == SalesDocument.id)
        # asked once and before all else: a programme without such rewards looks at no document
        .where(
            _OF_PROGRAM,
            select(InstantReward.id).where(_OF_PROGRAM).exists(),
            or_(
                InstantReward.stopped_at.is_(None) & of_its_days(InstantReward),
                exists().where(
                    InstantGrant.instant_id == InstantReward.id,
                    InstantGrant.document_key == SalesDocument.document_key,
                ),
            ),
        ),
    )
)


def touch(session: Session, program_id: int, document_ids: Iterable[int]) -> None:
    """Say that documents have begun to count, or ceased to, or that something of them came back. The caller commits."""
    _TOUCH.send(session, program=program_id, documents=[int(one) for one in document_ids])


def touch_all(session: Session, instant: InstantReward) -> None:
    """Say that all sales of its days are to be looked at: something brings a reward from now on. The caller commits."""
    session.execute(
        insert(InstantTouched).from_select(
            ["instant_id", "document_key"],
            select(literal(instant.id, BigInteger), SalesDocument.document_key).where(
                SalesDocument.program_id == instant.program_id, of_its_days(instant)
            ),
        )
    )
