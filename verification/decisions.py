"""What people decide about documents after the gate: accept what waits, refuse what should not have counted."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.domain.calendar import local_date
from app.domain.card_numbers import holds_card_number
from app.domain.reasons import sentences
from app.domain.states import DocumentKind, DocumentStatus
from app.models.distributors import Distributor
from app.models.programs import Program
from app.models.sales import Decision, SalesDocument
from app.services import figures, ledger, notices
from app.services.accounts import lock_wallets
from app.services.rulebooks import rules_of
from app.services.voiding import void_documents


class CannotDecide(Exception):
    """The document is not in a state in which this can be decided."""


class NoSuchDocument(CannotDecide):
    """The programme has no such document."""


@dataclass(frozen=True)
class Waiting:
    """A document in a list of documents."""

    id: int
    number: str
    kind: DocumentKind
    issued_on: dt.date
    distributor_code: str
    distributor_name: str
    net_minor: int
    status: DocumentStatus
    reasons: str


def documents(
    session: Session, program_id: int, status: DocumentStatus, *, after: int = 0, limit: int | None = None
) -> list[Waiting]:
    """Give the documents of a status, oldest first. ``after`` is the id of the last one seen, for the next page."""
    rows = session.execute(
        select(
            SalesDocument.id,
            SalesDocument.number,
            SalesDocument.kind,
            SalesDocument.issued_on,
            Distributor.code,
            Distributor.name,
            SalesDocument.net_minor,
            SalesDocument.status,
            SalesDocument.reasons,
        )
        .join(Distributor, Distributor.id == SalesDocument.distributor_id)
        .where(SalesDocument.program_id == program_id, SalesDocument.status == status, SalesDocument.id > after)
        .order_by(SalesDocument.id)
        .limit(limit)
    )
    return [
        Waiting(id_, number, kind, issued_on, code, name, net, status_, sentences(why))
        for id_, number, kind, issued_on, code, name, net, status_, why in rows
    ]


def decide(
    session: Session,
    program: Program,
    document_id: int,
    becomes: DocumentStatus,
    *,
    reason: str,
    actor: str,
    now: dt.datetime,
) -> None:
    """Accept a document in review, or refuse one that is in review or was accepted.

    Accepting makes its points available, or lets them cool off where the programme says so; refusing takes them back.
    The caller commits.

    Raises:
        NoSuchDocument: The programme does not have it.
        CannotDecide: Its status does not allow it, or no reason was given.
    """
    here = (SalesDocument.id == document_id, SalesDocument.program_id == program.id)
    owner = session.scalars(select(SalesDocument.distributor_id).where(*here)).one_or_none()
    if owner is None:
        raise NoSuchDocument(f"The programme {program.code} has no document {document_id}; see `kontor documents`.")
    # wallets before documents, as whoever corrects the document does
    lock_wallets(session, np.asarray([owner], dtype=np.int64))
    document = session.execute(
        select(
            SalesDocument.id,
            SalesDocument.number,
            SalesDocument.status,
            SalesDocument.issued_on,
            SalesDocument.person,
        )
        .where(*here)
        .with_for_update()
    ).one()
    allowed = {
        DocumentStatus.ACCEPTED: (DocumentStatus.REVIEW,),
        DocumentStatus.REFUSED: (DocumentStatus.REVIEW, DocumentStatus.ACCEPTED),
    }
    if document.status not in allowed.get(becomes, ()):
        raise CannotDecide(
            f"Document {document_id} is {document.status.name.lower()}: it cannot become {becomes.name.lower()}."
        )
    if not reason.strip():
        raise CannotDecide("A decision needs a reason.")
    if holds_card_number(reason):
        raise CannotDecide("The reason may hold the number of a payment card, which is never kept; remove it.")
    if becomes is DocumentStatus.REFUSED:
        rules = rules_of(session, program.id)
        void_documents(session, rules, [document_id], becomes=becomes, now=now, actor=actor, reason=reason)
    else:
        _accept(session, program, document_id, now=now, actor=actor)
    accepted = becomes is DocumentStatus.ACCEPTED
    notices.tell(
        session,
        program.id,
        "document_accepted" if accepted else "document_refused",
        {"number": document.number, "reason": reason} | ({"person": document.person} if document.person else {}),
        distributor_id=owner,
        now=now,
    )
    figures.touch(session, program.id, np.asarray([document.issued_on], dtype="datetime64[D]"))
    session.add(
        Decision(
            document_id=document_id,
            was=document.status,
            becomes=becomes,
            reason=reason,
            decided_by=actor,
            decided_at=now,
        )
    )
    session.flush()


def decide_together(
    session: Session,
    program: Program,
    document_ids: Sequence[int],
    becomes: DocumentStatus,
    *,
    reason: str,
    actor: str,
    now: dt.datetime,
) -> int:
    """Decide documents in review alike, and give how many they were; one that waits no longer is left as it is.

    The caller commits.

    Raises:
        CannotDecide: No reason was given, or one that cannot be kept.
    """
    chosen = (SalesDocument.id.in_(document_ids), SalesDocument.program_id == program.id)
    owners = session.scalars(select(SalesDocument.distributor_id).where(*chosen).distinct()).all()
    # every wallet before the first document, or two people who choose the same ones wait for each other
    lock_wallets(session, np.asarray(owners, dtype=np.int64))
    waiting = session.scalars(
        select(SalesDocument.id)
        .where(*chosen, SalesDocument.status == DocumentStatus.REVIEW)
        .order_by(SalesDocument.id)
        .with_for_update()
    ).all()
    for document_id in waiting:
        decide(session, program, document_id, becomes, reason=reason, actor=actor, now=now)
    return len(waiting)


def _accept(session: Session, program: Program, document_id: int, *, now: dt.datetime, actor: str) -> None:
    days = rules_of(session, program.id).settings.verification.cooling_off_days
    changes: dict[str, Any] = {"status": DocumentStatus.ACCEPTED}
    if days:
        changes["release_on"] = local_date(now, program.time_zone) + dt.timedelta(days=days)
    session.execute(
        update(SalesDocument)
        .where(SalesDocument.id == document_id)
        .values(**changes)
        .execution_options(synchronize_session=False)
    )
    if not days:
        ledger.release(session, program, [document_id], now=now, actor=actor)
