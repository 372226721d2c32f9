"""Whose sale it was, where people say so of sales that a sponsor's own report holds.

What people say stands beside the sale, by the key of its document, and is no part of what the file says of it: the same
file is known again, and a corrected one keeps what they said. Where the programme says so, a sale of which nobody is
named waits until then: it is here and earns nothing. A reason of the document says that it waits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sqlalchemy import Text, any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.domain.documents.sales import Flags, Sales, Texts
from app.domain.program_file.verification_settings import Severity, SourceName
from app.domain.rules.program_rules import ProgramRules
from app.domain.saying.reasons import WAITS
from app.domain.states import DocumentKind
from app.models.claims import SaleClaim
from app.models.sales import SalesDocument
from app.services.persons.rosters import name_key
from verification.recognising import content_hashes
from verification.stored import incoming_of

WAITING: Mapping[str, Any] = {"code": WAITS, "severity": Severity.NOTE}
"""The reason of a document that waits to be claimed."""


def waiting(rules: ProgramRules, source: SourceName, sales: Sales) -> Flags:
    """Mark the sales that earn nothing until somebody claims them."""
    documents = sales.documents
    if source != "import" or rules.settings.verification.loaded_sales_count == "at_once":
        return np.zeros(len(documents), dtype=bool)
    nobody = np.asarray([not (one or "").strip() for one in documents.person.tolist()], dtype=bool)
    marked: Flags = nobody & (documents.kind == DocumentKind.INVOICE)
    return marked


def waits(document: SalesDocument) -> bool:
    """Tell whether a stored document waits to be claimed."""
    return any(one["code"] == WAITS for one in document.reasons or ())


def waited(session: Session, document: SalesDocument) -> bool:
    """Tell whether a stored document waits to be claimed, or did so before its first claim."""
    of_sale = (SaleClaim.program_id == document.program_id, SaleClaim.document_key == document.document_key)
    did = select(SaleClaim.id).where(*of_sale, SaleClaim.waited).exists()
    return waits(document) or session.scalars(select(did)).one()


def let_wait(document: SalesDocument, *, waits_now: bool) -> None:
    """Note of a stored document that it waits to be claimed, or that it does so no more. Points are the caller's."""
    others = [one for one in document.reasons or () if one["code"] != WAITS]
    document.reasons = [*others, dict(WAITING)] if waits_now else others or None


def named_by_file(session: Session, document: SalesDocument) -> bool:
    """Tell whether a stored document bears its name because its file says so, and not by a claim alone."""
    sales = incoming_of(session, [document]).sales
    (nameless,) = content_hashes(_bearing(sales, [None]))
    return nameless != document.content_hash


def claimants(session: Session, program_id: int, keys: Sequence[str]) -> dict[str, list[str]]:
    """Give who claimed sales, by the key of their document; whoever was first stands first."""
    found: dict[str, list[str]] = {}
    rows = session.execute(
        select(SaleClaim.document_key, SaleClaim.person)
        .where(SaleClaim.program_id == program_id, SaleClaim.document_key == any_(literal(list(keys), ARRAY(Text))))
        .order_by(SaleClaim.id)
    )
    for key, person in rows:
        found.setdefault(key, []).append(person)
    return found


def named(session: Session, program_id: int, keys: Sequence[str], sales: Sales) -> Sales:
    """Let sales of which the file names nobody bear the name of whoever claimed them first."""
    claimed = claimants(session, program_id, keys)
    if not claimed:
        return sales
    return bearing(sales, keys, {key: people[0] for key, people in claimed.items()})


def bearing(sales: Sales, keys: Sequence[str], names: Mapping[str, str]) -> Sales:
    """Let sales that bear no name bear these, given by the keys of their documents."""
    people = zip(keys, sales.documents.person.tolist(), strict=True)
    return _bearing(sales, [(names.get(key) or None) if person is None else person for key, person in people])


def unnamed(session: Session, program_id: int, keys: Sequence[str], sales: Sales) -> Sales:
    """Give stored sales as their file says them: without the names that came by a claim alone."""
    claimed = claimants(session, program_id, keys)
    if not claimed:
        return sales
    people = zip(keys, sales.documents.person.tolist(), strict=True)
    return _bearing(
        sales,
        [
            None if person is not None and name_key(person) in map(name_key, claimed.get(key, ())) else person
            for key, person in people
        ],
    )


def named_anew(session: Session, program_id: int, keys: Sequence[str], sales: Sales, said: Sequence[bytes]) -> Sales:
    """Let stored sales bear the names that they have today: their files' own, else of whoever claimed them first.

    ``said`` are the hashes of what their files say, which tell whether a file names somebody.
    """
    nameless = content_hashes(_bearing(sales, [None] * len(keys)))
    people = zip(sales.documents.person.tolist(), nameless, said, strict=True)
    by_file = [None if without == hash_ else person for person, without, hash_ in people]
    return named(session, program_id, keys, _bearing(sales, by_file))


def _bearing(sales: Sales, people: Sequence[str | None]) -> Sales:
    person: Texts = np.asarray([*people, None], dtype=object)[:-1]
    return replace(sales, documents=replace(sales.documents, person=person))
