"""Short news for the people of a distributor: written in the transaction of what they are about, read in the portal.

A notice keeps what its sentence is made with; the sentence is made in the language of whoever reads it.
"""

import datetime as dt
import functools
from collections.abc import Sequence
from itertools import repeat
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    Text,
    and_,
    any_,
    bindparam,
    func,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session

from app.models.messages import Notice, NoticeSeen

KINDS = (
    "document_accepted",
    "document_refused",
    "document_partly",
    "document_asked",
    "document_corrected",
    "adjusted",
    "transferred",
    "top_up_loaded",
    "top_up_failed",
    "compensation_loaded",
    "conversion_asked",
    "redemption_refused",
    "application_consent",
    "rep_left",
    "points_expire",
    "dispute_granted",
    "dispute_declined",
    "dispute_reopened",
    "tier_reached",
    "tier_lost",
    "tier_at_risk",
    "order_approved",
    "order_shipped",
    "order_cancelled",
    "order_returned",
    "draw_won",
    "instant_reward",
    "instant_taken",
    "credit_used",
    "credit_ended",
)
"""What notices are about."""


def tell(
    session: Session,
    program_id: int,
    kind: str,
    parts: dict[str, Any],
    *,
    distributor_id: int | None = None,
    user_id: int | None = None,
    address: str | None = None,
    now: dt.datetime,
) -> None:
    """Leave a notice for everybody of a distributor, or for one person. The caller commits."""
    assert kind in KINDS, kind
    session.add(
        Notice(
            program_id=program_id,
            distributor_id=distributor_id,
            user_id=user_id,
            kind=kind,
            parts=parts,
            address=address,
            created_at=now,
        )
    )


def tell_many(
    session: Session,
    program_id: int,
    kind: str,
    told: Sequence[tuple[int, dict[str, Any]]],
    *,
    addresses: Sequence[str] | None = None,
    now: dt.datetime,
) -> None:
    """Leave a notice for each of many distributors: (distributor, parts), and where it leads. The caller commits."""
    assert kind in KINDS, kind
    if told:
        rows = [
            {
                "program_id": program_id,
                "distributor_id": owner,
                "kind": kind,
                "parts": parts,
                "address": address,
                "created_at": now,
            }
            for (owner, parts), address in zip(told, addresses or repeat(None), strict=False)
        ]
        session.execute(insert(Notice), rows)


def newest(
    session: Session,
    program_id: int,
    distributor_id: int,
    user_id: int,
    *,
    named: Sequence[str] | None = None,
    before: int | None = None,
    limit: int = 20,
) -> Sequence[Notice]:
    """Give the notices that somebody sees in a distributor's portal (see `shown`), newest first."""
    query = _newest() if before is None else _newest().where(Notice.id < before)
    asked = {
        "program_id": program_id,
        "distributor_id": distributor_id,
        "user_id": user_id,
        "named": named,
        "most": limit,
    }
    return session.scalars(query, asked).all()


@functools.cache
def _newest() -> Select[Notice]:
    distributor_id, user_id = (bindparam(name, type_=BigInteger) for name in ("distributor_id", "user_id"))
    named: BindParameter[Any] = bindparam("named", type_=ARRAY(Text))
    return (
        select(Notice)
        .where(Notice.program_id == bindparam("program_id"), shown(distributor_id, user_id, named))
        .order_by(Notice.id.desc())
        .limit(bindparam("most", type_=Integer))
    )


def shown(distributor_id: Any, user_id: Any, named: ColumnElement[Any]) -> ColumnElement[bool]:
    """Give the condition of the notices that somebody sees: their own, and those of their distributor.

    Where ``named`` is not NULL, they see of their distributor's only those on documents that bear one of these names,
    which are in lower case: what the others sold and what the distributor has is not a sales rep's business.
    """
    bears = func.lower(func.trim(Notice.parts["person"].astext)) == any_(named)
    return or_(Notice.user_id == user_id, and_(Notice.distributor_id == distributor_id, or_(named.is_(None), bears)))


def seen(session: Session, program_id: int, user_id: int, last_id: int) -> None:
    """Note how far a person has read. The caller commits."""
    made = insert(NoticeSeen).values(user_id=user_id, program_id=program_id, last_id=last_id)
    session.execute(
        made.on_conflict_do_update(
            index_elements=["user_id", "program_id"],
            set_={"last_id": func.greatest(NoticeSeen.last_id, made.excluded.last_id)},
        )
    )
