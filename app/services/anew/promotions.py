"""Saying whose months changed: whoever lets documents count, or cease to, says so without waiting for anybody."""

from collections.abc import Iterable

from sqlalchemy import BigInteger, Date, any_, bindparam, cast, func, insert, or_, select, union
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, aliased

from app.db.bulk import table_of
from app.db.prepared import Prepared
from app.domain.states import PromotionState
from app.models.promotions import Promotion, PromotionTouched
from app.models.sales import ReturnMatch, SalesDocument

_DOCUMENTS = any_(bindparam("documents", type_=ARRAY(BigInteger)))
_published = (
    Promotion.program_id == bindparam("program", type_=BigInteger),
    Promotion.state == PromotionState.PUBLISHED,
)
_sale = aliased(SalesDocument)
_changed = union(
    select(
        SalesDocument.distributor_id, cast(func.date_trunc("month", SalesDocument.issued_on), Date).label("month_on")
    ).where(SalesDocument.id == _DOCUMENTS),
    # what came back belongs to the month in which it was sold
    select(_sale.distributor_id, cast(func.date_trunc("month", _sale.issued_on), Date))
    .join(ReturnMatch, ReturnMatch.sale_document_id == _sale.id)
    .where(ReturnMatch.return_document_id == _DOCUMENTS),
).cte("changed")
_TOUCH = Prepared(
    insert(table_of(PromotionTouched)).from_select(
        ["promotion_id", "distributor_id", "month_on"],
        select(Promotion.id, _changed.c.distributor_id, _changed.c.month_on)
        .select_from(Promotion)
        .join(
            _changed,
            or_(
                _changed.c.month_on.between(Promotion.first_on - 30, Promotion.last_on),
                _changed.c.month_on.between(Promotion.base_first_on - 30, Promotion.base_last_on),
            ),
        )
        # asked once and before all else: a programme without promotions looks at no document
        .where(*_published, select(Promotion.id).where(*_published).exists()),
    )
)


def touch(session: Session, program_id: int, document_ids: Iterable[int]) -> None:
    """Say that documents have begun to count, or ceased to. The caller has locked their wallets, and commits.

    What they return is touched as well, in the months in which it was sold.
    """
    _TOUCH.send(session, program=program_id, documents=[int(one) for one in document_ids])
