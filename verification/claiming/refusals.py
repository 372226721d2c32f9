"""What a person refused and somebody claims again: whoever claims it, and whatever they say of it now.

As it stands it stays refused, and whose sale it was is no part of that. Some refusals ask for another proof, or say
that it was somebody else's: then it may come once more. A person looks at it, and so at what says something else now.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.domain.saying.decision_codes import AGAIN, NOT_YOURS
from app.domain.states import DocumentStatus
from app.models.sales import Decision, SalesDocument
from verification.incoming import Incoming, document_keys
from verification.recognising import content_hashes


@dataclass(frozen=True)
class Refusal:
    """Why a person refused an invoice, and whether it said the same and was claimed for whom it is claimed now."""

    code: str | None
    same_content: bool
    same_person: bool

    @property
    def binds(self) -> bool:
        """Tell whether it stays refused."""
        may_come = self.code in AGAIN or (self.code == NOT_YOURS and not self.same_person)
        return self.same_content and not may_come


def refusals_of(session: Session, program_id: int, claimed: Incoming) -> Sequence[Refusal]:
    """Find why people refused the invoice that is claimed, whomever it was claimed for."""
    (key,), (person,) = document_keys(claimed), claimed.sales.documents.person.tolist()
    newest = (
        select(Decision.becomes, Decision.reason_code)
        .where(Decision.document_id == SalesDocument.id)
        .order_by(Decision.id.desc())
        .limit(1)
        .lateral()
    )
    rows = session.execute(
        select(SalesDocument.person, SalesDocument.content_hash, newest.c.reason_code)
        .join(newest, newest.c.becomes == DocumentStatus.REFUSED)
        # the state as the partial index says it, for the index to be used
        .where(SalesDocument.program_id == program_id, SalesDocument.document_key == key, text("status = 3"))
    ).all()
    return [
        Refusal(code, same_content=_hash_for(claimed, whose) == content_hash, same_person=whose == person)
        for whose, content_hash, code in rows
    ]


def _hash_for(claimed: Incoming, person: str | None) -> bytes:
    """Hash what a claim says, as if it were somebody else's."""
    documents = replace(claimed.sales.documents, person=np.asarray([person], dtype=object))
    (said,) = content_hashes(replace(claimed.sales, documents=documents))
    return said
