"""How far a distributor's claims are believed: earned by claims that were accepted, lost by those that were refused.

It moves the thresholds of its next ones. What a check refused says nothing of it; what a person refused does.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy import BigInteger, DateTime, any_, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY, INTERVAL
from sqlalchemy.orm import Session

from app.db.prepared import Prepared
from app.domain.measures.exact import Ints
from app.domain.program_file.verification_settings import Trust
from app.domain.states import DocumentStatus
from app.models.sales import Decision, SalesDocument


@dataclass(frozen=True)
class Standing:
    """What became of the claims of a distributor: how many it sent within the last hour, and what was decided."""

    lately: int = 0
    accepted: int = 0
    refused: int = 0

    def moves(self, trust: Trust) -> int:
        """Say by how much the thresholds move for this distributor; below zero: it is looked at more closely."""
        if self.refused:
            return -trust.lowers * self.refused
        return trust.lifts if self.accepted >= trust.clean_claims else 0


Standings: TypeAlias = Mapping[int, Standing]
UNKNOWN = Standing()

_now = bindparam("now", type_=DateTime(timezone=True))
_by_person = (
    select(Decision.id)
    .where(Decision.document_id == SalesDocument.id, Decision.becomes == DocumentStatus.REFUSED)
    .exists()
)
_CLAIMS = Prepared(
    select(
        SalesDocument.distributor_id,
        func.count().filter(SalesDocument.counted_at > _now - text("interval '1 hour'")),
        func.count().filter(text("sales_document.status = 1")),
        func.count().filter(text("sales_document.status = 3"), _by_person),
    )
    .where(
        SalesDocument.distributor_id == any_(bindparam("distributors", type_=ARRAY(BigInteger))),
        text("sales_document.source <> 'import'"),
        SalesDocument.counted_at > _now - bindparam("within", type_=INTERVAL),
    )
    .group_by(SalesDocument.distributor_id)
)


def ask(session: Session, distributors: Ints, trust: Trust, now: dt.datetime) -> Callable[[], Standings]:
    """Ask how distributors stand, and give it when it is called for; of those left out nothing is known."""
    answer = _CLAIMS.ask(session, distributors=distributors, now=now, within=f"{trust.days} days")
    return lambda: {who: Standing(*counts) for who, *counts in answer()}
