"""Mails to whoever registered an invoice: a question about it, or that it is refused. They wait in the outbox.

A notice stands in the portal as well; a mail finds who does not look there. It goes to whoever registered the invoice,
as long as they are of its distributor, else to the distributor's owners. Nobody gets one about what a sponsor's file
brought: nobody sent it.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.config import settings
from app.db.many import any_of
from app.domain.roles import Role
from app.models.claims import Claim
from app.models.people import Membership, UserAccount
from app.models.programs import Program
from app.models.sales import SalesDocument
from app.services.telling import messages
from app.services.telling.messages import Kind

MOST_NAMED = 10
"""Invoices that a mail names; the pages have them all."""


@dataclass(frozen=True)
class _Reader:
    login: str
    name: str
    locale: str | None


def asked(session: Session, program: Program, document: SalesDocument, words: str, *, now: dt.datetime) -> None:
    """Write what is asked about a document that somebody registered. The caller commits."""
    _write(session, program, Kind.DOCUMENT_ASKED, [document], words.strip(), now)


def refused(
    session: Session, program: Program, documents: Sequence[SalesDocument], why: str, *, now: dt.datetime
) -> None:
    """Write why documents are refused; who registered several of them gets one mail. The caller commits."""
    _write(session, program, Kind.DOCUMENT_REFUSED, documents, why, now)


def _write(
    session: Session, program: Program, kind: Kind, documents: Sequence[SalesDocument], words: str, now: dt.datetime
) -> None:
    numbers: dict[_Reader, list[str]] = {}
    places: dict[_Reader, int] = {}
    whose = _readers(session, [one.id for one in documents])
    for document in documents:
        for reader in whose.get(document.id, ()):
            numbers.setdefault(reader, []).append(document.number)
            places[reader] = document.id
    for reader, of in numbers.items():
        page = f"/programs/{program.code}/documents/{places[reader]}"
        messages.write(
            session,
            kind,
            reader.login,
            locale=reader.locale or program.locale,
            now=now,
            program=program,
            name=reader.name,
            number=", ".join(of[:MOST_NAMED]) + (" …" if len(of) > MOST_NAMED else ""),
            words=words,
            link=f"{settings().address}{page}",
        )


def _readers(session: Session, document_ids: Sequence[int]) -> dict[int, list[_Reader]]:
    """Give whom to write to about documents that came as claims: who registered them, else their owners."""
    rows = session.execute(
        select(
            Claim.document_id, Claim.author, Membership.role, UserAccount.login, UserAccount.name, UserAccount.locale
        )
        .join(Membership, Membership.distributor_id == Claim.distributor_id)
        .join(UserAccount, UserAccount.id == Membership.user_id)
        .where(Claim.document_id == any_of(document_ids), UserAccount.active)
        .order_by(Claim.document_id, UserAccount.id)
    ).all()
    authors: dict[int, list[_Reader]] = {}
    owners: dict[int, list[_Reader]] = {}
    for document_id, author, role, login, name, locale in rows:
        assert document_id is not None, "it was asked for"
        if login == author:
            authors.setdefault(document_id, []).append(_Reader(login, name, locale))
        elif role == Role.OWNER:
            owners.setdefault(document_id, []).append(_Reader(login, name, locale))
    return {**owners, **authors}
