"""What somebody has beside a document to decide it: what its distributor brought before, and what it resembles."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Text, and_, cast, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.domain.states import DocumentKind, DocumentStatus, Unit
from app.models.catalogue import Product
from app.models.claims import Claim, SoldSerial
from app.models.distributors import Distributor
from app.models.sales import Award, SalesDocument, SalesLine
from verification.einvoices import ksef
from verification.einvoices.invoice import Party
from verification.stored import named_seller

LOOKED_AT = 500
"""So many of a distributor's newest documents say what is usual for it."""
SHOWN = 6


@dataclass(frozen=True)
class History:
    """What a distributor brought before: how many of each, what an invoice of it usually comes to, and the newest."""

    accepted: int
    refused: int
    waiting: int
    usual_minor: int | None
    largest_minor: int | None
    newest: Sequence[Any]


def history(session: Session, distributor_id: int, besides: int) -> History:
    """Look at a distributor's newest documents, besides the one that is being decided."""
    recent = session.execute(
        select(
            SalesDocument.id,
            SalesDocument.number,
            SalesDocument.issued_on,
            SalesDocument.net_minor,
            SalesDocument.status,
            SalesDocument.kind,
        )
        .where(SalesDocument.distributor_id == distributor_id, SalesDocument.id != besides)
        .order_by(SalesDocument.issued_on.desc(), SalesDocument.id.desc())
        .limit(LOOKED_AT)
    ).all()
    count = Counter(one.status for one in recent)
    amounts = sorted(
        one.net_minor for one in recent if one.status is DocumentStatus.ACCEPTED and one.kind is DocumentKind.INVOICE
    )
    return History(
        accepted=count[DocumentStatus.ACCEPTED],
        refused=count[DocumentStatus.REFUSED],
        waiting=count[DocumentStatus.REVIEW],
        usual_minor=amounts[len(amounts) // 2] if amounts else None,
        largest_minor=amounts[-1] if amounts else None,
        newest=[one for one in recent if one.status is not DocumentStatus.SUPERSEDED][:SHOWN],
    )


@dataclass(frozen=True)
class InKsef:
    """What is known of an invoice in KSeF: its number there, and where KSeF tells anybody whether it has it."""

    number: str
    address: str | None


@dataclass(frozen=True)
class _Stated:
    """What an invoice says that KSeF is asked by."""

    seller: Party
    issued_on: dt.date
    sha256: bytes


def in_ksef(session: Session, document: SalesDocument) -> InKsef | None:
    """Tell how an invoice that was registered is found in KSeF; none where nothing was said of that.

    Where it names no seller, its distributor is.
    """
    found = session.execute(
        select(Claim.content, Distributor.tax_id)
        .join(Distributor, Distributor.id == Claim.distributor_id)
        .where(Claim.document_id == document.id)
    ).one_or_none()
    kept, tax_id = ({}, None) if found is None else found
    number, link = kept.get("ksef_number", ""), kept.get("ksef_link", "")
    seller = Party(None, kept.get("seller_tax_id") or tax_id)
    stated = _Stated(seller, document.issued_on, bytes.fromhex(kept.get("file_sha256", "")))
    address = ksef.address(link, number, stated)
    return InKsef(number, address) if number or address else None


@dataclass(frozen=True)
class Line:
    """A line of a document, with what it gives."""

    number: int
    code: str
    name: str
    quantity_milli: int
    unit_price_micro: int | None
    net_minor: int
    points: int
    serials: Sequence[str]


@dataclass(frozen=True)
class Twin:
    """Another document that a check names, with its lines."""

    id: int
    number: str
    distributor_name: str
    issued_on: Any
    net_minor: int
    status: DocumentStatus
    seller: str | None
    lines: Sequence[Line]


def lines_of(session: Session, document_id: int, *, most: int | None = None) -> list[Line]:
    """Give the lines of a document in order."""
    given = (
        select(cast(func.coalesce(func.sum(Award.amount), 0), BigInteger))
        .where(
            Award.document_id == SalesLine.document_id,
            Award.line_number == SalesLine.line_number,
            Award.unit == Unit.POINTS,
        )
        .correlate(SalesLine)
        .scalar_subquery()
    )
    units = (
        select(func.coalesce(func.array_agg(SoldSerial.serial), cast([], ARRAY(Text))))
        .where(SoldSerial.document_id == SalesLine.document_id, SoldSerial.line_number == SalesLine.line_number)
        .correlate(SalesLine)
        .scalar_subquery()
    )
    rows = session.execute(
        select(
            SalesLine.line_number,
            Product.code,
            Product.name,
            SalesLine.quantity_milli,
            SalesLine.unit_price_micro,
            SalesLine.net_minor,
            given,
            units,
        )
        .join(Product, Product.id == SalesLine.product_id)
        .where(SalesLine.document_id == document_id)
        .order_by(SalesLine.line_number)
        .limit(most)
    )
    return [Line(*row) for row in rows]


def points_of(session: Session, document_id: int) -> int:
    """Add up what all lines of a document give."""
    given = cast(func.coalesce(func.sum(Award.amount), 0), BigInteger)
    return session.scalars(select(given).where(Award.document_id == document_id, Award.unit == Unit.POINTS)).one()


def twins(session: Session, document: SalesDocument, *, most: int = 2) -> list[Twin]:
    """Give the documents that the findings of a check name (``document``), and later ones whose findings name this one.

    Whoever comes second is found to resemble the first; whoever decides the first has to see that as well.
    """
    named = [one["document"] for one in document.reasons or () if isinstance(one.get("document"), int)]
    later = and_(
        SalesDocument.net_minor == document.net_minor,
        SalesDocument.id > document.id,
        SalesDocument.reasons.contains([{"document": document.id}]),
    )
    rows = session.execute(
        select(SalesDocument, Distributor.name)
        .join(Distributor, Distributor.id == SalesDocument.distributor_id)
        .where(
            SalesDocument.program_id == document.program_id,
            or_(SalesDocument.id.in_(list(dict.fromkeys(named))[:most]), later),
        )
        .order_by(SalesDocument.id)
        .limit(most)
    ).all()
    return [
        Twin(
            id=one.id,
            number=one.number,
            distributor_name=distributor,
            issued_on=one.issued_on,
            net_minor=one.net_minor,
            status=one.status,
            seller=named_seller(one),
            lines=lines_of(session, one.id, most=20),
        )
        for one, distributor in rows
    ]
