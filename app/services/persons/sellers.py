"""Whose sales they were: the person that a document names, and whoever else claimed it."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from app.db.many import any_of
from app.domain.documents.sales import Documents
from app.domain.measures.exact import Ints
from app.domain.rules.program_rules import ProgramRules
from app.models.claims import SaleClaim
from app.models.sales import SalesDocument
from app.services.persons.rosters import name_key

OF_THE_SALE = and_(
    SaleClaim.program_id == SalesDocument.program_id, SaleClaim.document_key == SalesDocument.document_key
)
"""Joins what people said of a sale to the document that is its wording."""


def whose_sales(
    session: Session, rules: ProgramRules, documents: Documents, document_ids: Ints
) -> dict[int, Sequence[str]]:
    """Give the names of whose each document is, by position; none of those that are nobody's.

    Whoever the document names stands first, others in the order in which they claimed it.
    """
    named = np.flatnonzero(documents.person != None).tolist()  # noqa: E711  # each of the texts is looked at
    found: dict[int, Sequence[str]] = {at: (documents.person[at],) for at in named if documents.person[at].strip()}
    if found and (rules.settings.verification.people_per_sale or 0) > 1:
        claimed = _claimed(session, document_ids[list(found)])
        for at in found:
            found[at] = each_once([*found[at], *claimed.get(int(document_ids[at]), ())])
    return found


def each_once(names: Sequence[str | None]) -> list[str]:
    """Keep each name once, as it stands first; what is empty names nobody."""
    once: dict[str, str] = {}
    for name in names:
        if name is not None and name.strip():
            once.setdefault(name_key(name), name)
    return list(once.values())


def _claimed(session: Session, document_ids: Ints) -> dict[int, list[str]]:
    rows = session.execute(
        select(SalesDocument.id, SaleClaim.person)
        .join(SaleClaim, OF_THE_SALE)
        .where(SalesDocument.id == any_of(document_ids.tolist()))
        .order_by(SaleClaim.id)
    )
    found: dict[int, list[str]] = defaultdict(list)
    for document, person in rows:
        found[document].append(person)
    return found
