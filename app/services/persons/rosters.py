"""Who has an account of their own beside which company, for as many companies as are asked for at once."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from sqlalchemy import BigInteger, any_, bindparam, exists, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, aliased

from app.db.prepared import Prepared
from app.domain.measures.exact import Ints
from app.models.distributors import Distributor

WHO_NOW = func.coalesce(Distributor.merged_into_id, Distributor.id)
"""Who a distributor is since a merge. What was noted of whoever was merged stays noted of them."""

_COMPANY, _NOW = aliased(Distributor), aliased(Distributor)
BLOCKED_NOW = select(_NOW.blocked).where(_NOW.id == WHO_NOW).correlate(Distributor).scalar_subquery()
"""Whether they are blocked: the record of whoever was merged is closed, and they go on as who they are since."""

_COMPANIES = bindparam("companies", type_=ARRAY(BigInteger))
_ROSTER = Prepared(
    select(
        func.coalesce(_COMPANY.merged_into_id, _COMPANY.id),
        Distributor.person_key,
        WHO_NOW,
        BLOCKED_NOW,
        Distributor.id,
    )
    .join(_COMPANY, _COMPANY.id == Distributor.person_of_id)
    .where(or_(_COMPANY.id == any_(_COMPANIES), _COMPANY.merged_into_id == any_(_COMPANIES)))
    # of two who have one name by a merge, who always was of the company goes before
    .order_by(_COMPANY.merged_into_id.is_(None), Distributor.id)
)


def name_key(name: str | None) -> str:
    """Give the form in which the name of a person is compared: trimmed and in lower case."""
    return (name or "").strip().lower()


@dataclass(frozen=True)
class Roster:
    """The people of some companies who have accounts: by company and name, those who may earn; and all of them."""

    earning: Mapping[tuple[int, str], int]
    ids: Ints


NOBODY = Roster({}, np.zeros(0, dtype=np.int64))
"""Of a programme in which no person has an account."""


def some(session: Session, program_id: int) -> bool:
    """Tell whether anybody in a programme has an account of their own."""
    has = exists().where(Distributor.program_id == program_id, Distributor.person_of_id.is_not(None))
    return session.scalars(select(has)).one()


def roster_of(session: Session, company_ids: Ints) -> Roster:
    """Give the people of companies who have accounts. Whoever is blocked earns nothing: the company has their part."""
    rows = _ROSTER.rows(session, companies=np.unique(company_ids))
    earning = {(company, key): person for company, key, person, blocked, _ in rows if not blocked}
    # whose account was merged into another's is among them: what it spent or gave stands there still
    return Roster(earning, np.unique(np.asarray([[row[2], row[4]] for row in rows], dtype=np.int64)))


def with_people(session: Session, company_ids: Ints) -> Ints:
    """Give companies and all who have an account beside one of them: whoever counts locks them in one statement."""
    return np.union1d(company_ids, roster_of(session, company_ids).ids)
