"""What an account earned, spent, lost and was given by hand in all, with what those had who were merged into it.

The ledger keeps counters where they came to be, and its proofs hold each account to its own entries. To people a
survivor and whoever was merged into it are one: the survivor's figures are those of both, and the merged one's are 0,
so that sums over many accounts count nothing twice. What moved from the one to the other is no adjustment of the two
together. Tiers count by documents and events (`tier_metrics`), not by this.
"""

from sqlalchemy import BigInteger, ColumnElement, and_, case, cast, func, select
from sqlalchemy.orm import aliased

from app.models.distributors import Distributor
from app.models.ledger import Account

COUNTERS = ("earned", "spent", "expired", "adjusted")
"""Counters that only grow with what happens, unlike what stands on an account."""

_WHO = aliased(Distributor, name="merged")
_THEIRS = aliased(Account, name="of_merged")
_MERGED = (
    select(
        _WHO.merged_into_id.label("survivor_id"),
        _THEIRS.unit.label("unit"),
        *(cast(func.sum(getattr(_THEIRS, name)), BigInteger).label(name) for name in COUNTERS),
    )
    .join(_THEIRS, _THEIRS.distributor_id == _WHO.id)
    .where(_WHO.merged_into_id.is_not(None))
    .group_by(_WHO.merged_into_id, _THEIRS.unit)
    .subquery("of_all_merged")
)


MERGED = (_MERGED, and_(_MERGED.c.survivor_id == Account.distributor_id, _MERGED.c.unit == Account.unit))
"""What a query of accounts and their distributors joins, by an outer join, to ask for ``counted`` figures."""


def counted(name: str) -> ColumnElement[int]:
    """Give one of the counters, in the smallest unit, for a query that joins ``MERGED``."""
    own: ColumnElement[int] = getattr(Account, name)
    return case((Distributor.merged_into_id.is_(None), own + func.coalesce(_MERGED.c[name], 0)), else_=0)
