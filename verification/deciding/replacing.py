"""Another wording takes the place of a document: some of it, or all of it once more. It waits for a decision.

What counted is never changed: the old wording is taken back, and the new one is stored and counted as a document of its
own that names the one whose place it takes. Whatever explains points, sums them up or proves them reads both alike.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace as changed

import numpy as np
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db.bulk import new_ids
from app.domain.documents.sales import NO_AMOUNT, Lines, Sales
from app.domain.measures.money import part_of
from app.domain.rules.program_rules import ProgramRules
from app.domain.states import COUNTING, DocumentStatus, ReviewState
from app.models.claims import SoldSerial
from app.models.reviews import Review
from app.models.sales import ReturnMatch, SalesDocument, SalesLine
from app.services.counting.awards import count_documents
from app.services.counting.voiding import void_documents
from app.services.ledger import figures
from verification import origins, sale_claims, sold_units
from verification.gate import OF_RETURNS, what_returns_met
from verification.recognising import content_hashes
from verification.stored import incoming_of


class NumberTaken(Exception):
    """Another document with the same number counts meanwhile."""


class UnitCounts(Exception):
    """A unit of the document counts by another one meanwhile; ``serial`` is its number."""

    def __init__(self, serial: str) -> None:
        """Say which."""
        self.serial = serial
        super().__init__(serial)


class GoodsReturned(Exception):
    """Goods of the document went back with another document that counts."""


def replace(
    session: Session,
    rules: ProgramRules,
    document: SalesDocument,
    quantities: Mapping[int, int] | None = None,
    *,
    now: dt.datetime,
    actor: str,
    reason: str,
) -> int:
    """Put another wording of a document in its place, in review, and give its id.

    ``quantities`` are thousandths by line number, of the lines that stay; without them it is the same once more. The
    caller has locked the wallets of its distributor and the document, and commits.

    Raises:
        NumberTaken: A document that was refused cannot come back beside another attempt.
        UnitCounts: Nor can one whose units were sold with another meanwhile.
        GoodsReturned: What went back is matched to the lines as they are.
    """
    _must_be_free(session, document)
    incoming = incoming_of(session, [document])
    sales = incoming.sales if quantities is None else partial(incoming.sales, quantities)
    risk, opened_at = _place(session, document, now)
    if document.status in COUNTING:
        void_documents(
            session, rules, [document.id], becomes=DocumentStatus.SUPERSEDED, now=now, actor=actor, reason=reason
        )
    else:
        session.execute(
            update(SalesDocument)
            .where(SalesDocument.id == document.id)
            .values(status=DocumentStatus.SUPERSEDED)
            .execution_options(synchronize_session=False)
        )
    new_id = int(new_ids(session, SalesDocument, 1)[0])
    # the same once more is what its file says still, whoever claimed it meanwhile
    said = document.content_hash if quantities is None else _said(session, document, sales)
    _store(session, document, new_id, sales, said)
    counted = count_documents(
        session,
        rules,
        sales,
        np.asarray([new_id], dtype=np.int64),
        np.asarray([DocumentStatus.REVIEW], dtype=np.int64),
        now=now,
        actor=actor,
        waits=np.asarray([sale_claims.waits(document)], dtype=bool),
    )
    for one, found in what_returns_met(rules, counted).items():
        made = session.get_one(SalesDocument, one)
        made.reasons = [*(made.reasons or ()), *found]
    _bring_along(session, document, new_id, risk, opened_at)
    figures.touch(session, rules.program_id, sales.documents.issued_on)
    return new_id


def _said(session: Session, document: SalesDocument, sales: Sales) -> bytes:
    """Hash what is left of a document, without the name that came by a claim."""
    (said,) = content_hashes(sale_claims.unnamed(session, document.program_id, [document.document_key], sales))
    return said


def partial(sales: Sales, quantities: Mapping[int, int]) -> Sales:
    """Keep some lines of one document, and so much of each; amounts follow the quantity, rounded half up.

    Raises:
        ValueError: A line does not exist, grows, changes its sign or comes to nothing; or no line is left.
    """
    lines = sales.lines
    whole = dict(zip(lines.line_number.tolist(), lines.quantity_milli.tolist(), strict=True))
    for number, quantity in quantities.items():
        if number not in whole or not (0 < quantity <= whole[number] or whole[number] <= quantity < 0):
            raise ValueError(f"line {number} cannot come to {quantity}")
    keep = np.isin(lines.line_number, list(quantities))
    if not keep.any():
        raise ValueError("no line is left")
    kept = sales.of_lines(keep).lines
    wanted = np.asarray([quantities[number] for number in kept.line_number.tolist()], dtype=np.int64)
    of = list(zip(np.abs(wanted).tolist(), np.abs(kept.quantity_milli).tolist(), strict=True))

    def shrunk(amounts: np.ndarray) -> np.ndarray:
        pairs = zip(amounts.tolist(), of, strict=True)
        return np.asarray(
            [NO_AMOUNT if amount == NO_AMOUNT else part_of(amount, part, all_) for amount, (part, all_) in pairs],
            dtype=np.int64,
        )

    lowered = changed(
        kept, quantity_milli=wanted, net_minor=shrunk(kept.net_minor), gross_minor=shrunk(kept.gross_minor)
    )
    return Sales(sales.documents, lowered)


def _place(session: Session, document: SalesDocument, now: dt.datetime) -> tuple[int, dt.datetime]:
    """Tell how grave a document is, and since when it waits: what is looked at again waits from now on."""
    found = session.execute(
        select(Review.risk, Review.opened_at, Review.closed_at).where(Review.document_id == document.id)
    ).one_or_none()
    if found is None:
        return 0, now
    return found.risk, found.opened_at if found.closed_at is None else now


def _must_be_free(session: Session, document: SalesDocument) -> None:
    back = (
        select(ReturnMatch.return_document_id)
        .join(SalesDocument, SalesDocument.id == ReturnMatch.return_document_id)
        .where(
            ReturnMatch.sale_document_id == document.id,
            # what a document returned of its own goods goes with it
            ReturnMatch.return_document_id != document.id,
            SalesDocument.status.in_(COUNTING),
        )
    )
    if session.execute(select(back.exists())).scalar_one():
        raise GoodsReturned
    another = select(SalesDocument.id).where(
        SalesDocument.program_id == document.program_id,
        SalesDocument.document_key == document.document_key,
        SalesDocument.status.in_(COUNTING),
        SalesDocument.id != document.id,
    )
    if session.execute(select(another.exists())).scalar_one():
        raise NumberTaken
    # what counts has its units; what does not had let them go
    serial = None if document.status in COUNTING else sold_units.counting_elsewhere(session, document)
    if serial is not None:
        raise UnitCounts(serial)


def _store(session: Session, document: SalesDocument, new_id: int, sales: Sales, content_hash: bytes) -> None:
    (net,) = sales.net_of_documents().tolist()
    same = (
        "program_id",
        "distributor_id",
        "kind",
        "number",
        "number_key",
        "document_key",
        "issued_on",
        "issued_minute",
        "source",
        "batch_id",
        "corrects_number",
        "person",
        "outlet",
        "channel",
    )
    session.add(
        SalesDocument(
            id=new_id,
            **{name: getattr(document, name) for name in same},
            net_minor=net,
            reasons=[one for one in document.reasons or () if one["code"] not in OF_RETURNS] or None,
            line_count=len(sales.lines),
            content_hash=content_hash,
            status=DocumentStatus.REVIEW,
            supersedes_id=document.id,
        )
    )
    session.flush()
    _store_lines(session, document.id, new_id, sales.lines)
    session.flush()
    _copy_serials(session, document.id, new_id, sales.lines)


def _store_lines(session: Session, document_id: int, new_id: int, lines: Lines) -> None:
    """Store lines as those of a new document: what a part does not change of them is as in the old one."""
    of_old = {
        line.line_number: line
        for line in session.scalars(select(SalesLine).where(SalesLine.document_id == document_id))
    }
    for number, quantity, net_minor, gross in zip(
        lines.line_number.tolist(),
        lines.quantity_milli.tolist(),
        lines.net_minor.tolist(),
        lines.gross_minor.tolist(),
        strict=True,
    ):
        old = of_old[number]
        session.add(
            SalesLine(
                document_id=new_id,
                line_number=number,
                product_id=old.product_id,
                quantity_milli=quantity,
                unit_price_micro=old.unit_price_micro,
                net_minor=net_minor,
                gross_minor=None if gross == NO_AMOUNT else gross,
                discounted=old.discounted,
                source_row=old.source_row,
                corrects_number=old.corrects_number,
                outlet=old.outlet,
                channel=old.channel,
            )
        )


def _copy_serials(session: Session, document_id: int, new_id: int, lines: Lines) -> None:
    """Let the units that stay keep their serial numbers: as many of a line as its quantity still has."""
    left = dict(zip(lines.line_number.tolist(), (-(-lines.quantity_milli // 1_000)).tolist(), strict=True))
    had = select(SoldSerial).where(SoldSerial.document_id == document_id)
    for one in session.scalars(had.order_by(SoldSerial.line_number, SoldSerial.serial_key)).all():
        if left.get(one.line_number, 0) > 0:
            left[one.line_number] -= 1
            same = ("line_number", "serial_key", "product_id", "serial")
            session.add(SoldSerial(document_id=new_id, **{name: getattr(one, name) for name in same}))
    session.flush()


def _bring_along(session: Session, document: SalesDocument, new_id: int, risk: int, opened_at: dt.datetime) -> None:
    """Let the claim and the proofs belong to what counts, and give it a place in the queue as grave as before."""
    origins.bring_along(session, {document.id: new_id})
    session.execute(
        insert(Review).values(
            document_id=new_id,
            program_id=document.program_id,
            state=ReviewState.WAITING,
            risk=risk,
            opened_at=opened_at,
        )
    )
