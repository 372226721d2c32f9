"""Taking back what returned goods earned: the database's side of `app.domain.returns`."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import BigInteger, all_, any_, cast, func, literal, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.db.bulk import copy_into, rows_of
from app.domain.document_keys import named_seller
from app.domain.exact import Ints
from app.domain.returns import Match, Matches, ReturnedLine, SoldLine, match_returns, reversed_in_all
from app.domain.sales import Sales
from app.domain.states import COUNTING, DocumentKind, Unit
from app.models.rules import EarningRuleVersion
from app.models.sales import Award, AwardReversal, ReturnMatch, SalesDocument, SalesLine


@dataclass(frozen=True)
class Reversals:
    """What returns take back, in counting order of the returns.

    Columns of equal length: the returning document, the document that sold, the unit, the terms of the award (0: the
    programme's own), the amount, and whose points it takes.
    """

    return_document_id: Ints
    sale_document_id: Ints
    unit: Ints
    terms_id: Ints
    amount: Ints
    owner_id: Ints

    def of(self, unit: Unit) -> "Reversals":
        """Keep one unit's."""
        mine = self.unit == unit
        return Reversals(
            self.return_document_id[mine],
            self.sale_document_id[mine],
            self.unit[mine],
            self.terms_id[mine],
            self.amount[mine],
            self.owner_id[mine],
        )


def take_back(session: Session, sales: Sales, document_ids: Ints) -> tuple[Reversals, Matches]:
    """Match the returned lines of documents that have just been stored, and record what their sales lose.

    Documents, lines and awards of the same work must be stored already. Returns the amounts to post, and the matches
    with the quantities that met no sale.
    """
    returned = _returned_lines(session, sales, document_ids)
    if not returned:
        empty = np.zeros(0, dtype=np.int64)
        return Reversals(empty, empty, empty, empty, empty, empty), Matches()
    sold = _sold_lines(session, returned, document_ids)
    already = _returned_already(session, sold)
    matches = match_returns(returned, sold, already)
    _store_matches(session, matches.found)
    return _store_reversals(session, matches.found), matches


def _returned_lines(session: Session, sales: Sales, document_ids: Ints) -> list[ReturnedLine]:
    documents, lines = sales.documents, sales.lines
    marked = np.flatnonzero(sales.is_return()).tolist()
    naming = {int(document_ids[lines.document[at]]) for at in marked if sales.named_by(at) is not None}
    sellers = _sellers_of(session, naming)
    found: list[ReturnedLine] = []
    discounts = sales.takes_discount_back()
    days = documents.issued_on.astype("datetime64[D]").astype(np.int64)
    for at in marked:
        document = int(lines.document[at])
        found.append(
            ReturnedLine(
                document=int(document_ids[document]),
                line_number=int(lines.line_number[at]),
                distributor_id=int(documents.distributor_id[document]),
                product_id=int(lines.product_id[at]),
                day=int(days[document]),
                counted=document,
                quantity_milli=abs(int(lines.quantity_milli[at])),
                corrects=sales.named_by(at),
                discounts=bool(discounts[at]),
                seller=sellers.get(int(document_ids[document])),
            )
        )
    return found


def _sellers_of(session: Session, naming: Collection[int]) -> dict[int, str | None]:
    """Find who issued the documents that name what they correct."""
    if not naming:
        return {}
    rows = session.execute(
        select(SalesDocument.id, SalesDocument.document_key, SalesDocument.kind, SalesDocument.number_key).where(
            SalesDocument.id == any_(literal(sorted(naming), ARRAY(BigInteger)))
        )
    )
    return {document: named_seller(key, int(kind), number) for document, key, kind, number in rows}


def _sold_lines(session: Session, returned: Sequence[ReturnedLine], document_ids: Ints) -> list[SoldLine]:
    """Load every line that these returns may meet."""
    pairs = sorted({(line.distributor_id, line.product_id) for line in returned})
    wanted = rows_of(
        distributor_id=np.asarray([pair[0] for pair in pairs], dtype=np.int64),
        product_id=np.asarray([pair[1] for pair in pairs], dtype=np.int64),
    )
    # a document that is named may be of a later day than the return
    named = any(line.corrects is not None for line in returned)
    last_day = np.datetime64(max(line.day for line in returned), "D").astype(object)
    early = true() if named else SalesDocument.issued_on <= last_day
    rows = session.execute(
        select(
            SalesDocument.id,
            SalesLine.line_number,
            SalesDocument.distributor_id,
            SalesLine.product_id,
            SalesDocument.issued_on,
            SalesDocument.number,
            SalesDocument.number_key,
            SalesDocument.document_key,
            SalesLine.quantity_milli,
            SalesLine.net_minor,
        )
        .select_from(wanted)
        .join(SalesDocument, SalesDocument.distributor_id == wanted.c.distributor_id)
        .join(SalesLine, (SalesLine.document_id == SalesDocument.id) & (SalesLine.product_id == wanted.c.product_id))
        .where(
            SalesDocument.kind == DocumentKind.INVOICE,
            SalesDocument.status.in_(COUNTING),
            early,
            SalesLine.quantity_milli > 0,
        )
    ).all()
    counted = {int(one): at for at, one in enumerate(document_ids.tolist())}
    return [
        SoldLine(
            document=row.id,
            line_number=row.line_number,
            distributor_id=row.distributor_id,
            product_id=row.product_id,
            at=(int(np.datetime64(row.issued_on, "D").astype(np.int64)), row.number, row.line_number),
            year=row.issued_on.year,
            number_key=row.number_key,
            quantity_milli=row.quantity_milli,
            counted=counted.get(row.id),
            discounts=row.net_minor < 0,
            seller=named_seller(row.document_key, DocumentKind.INVOICE, row.number_key) if named else None,
        )
        for row in rows
    ]


def _returned_already(session: Session, sold: Sequence[SoldLine]) -> dict[tuple[int, int], int]:
    """Sum what was returned of lines before, by (document, line). Refused and superseded returns do not count."""
    documents = sorted({line.document for line in sold})
    rows = session.execute(
        select(
            ReturnMatch.sale_document_id,
            ReturnMatch.sale_line_number,
            cast(func.sum(ReturnMatch.quantity_milli), BigInteger),
        )
        .join(SalesDocument, SalesDocument.id == ReturnMatch.return_document_id)
        .where(
            ReturnMatch.sale_document_id == any_(literal(documents, ARRAY(BigInteger))),
            SalesDocument.status.in_(COUNTING),
        )
        .group_by(ReturnMatch.sale_document_id, ReturnMatch.sale_line_number)
    )
    return {(document, line): quantity for document, line, quantity in rows}


def _store_matches(session: Session, found: Sequence[Match]) -> None:
    copy_into(
        session,
        ReturnMatch,
        {
            "return_document_id": _column([match.returned.document for match in found]),
            "return_line_number": _column([match.returned.line_number for match in found]),
            "sale_document_id": _column([match.sold.document for match in found]),
            "sale_line_number": _column([match.sold.line_number for match in found]),
            "quantity_milli": _column([match.quantity_milli for match in found]),
        },
    )


def _column(values: list[int]) -> Ints:
    return np.asarray(values, dtype=np.int64)


def _store_reversals(session: Session, found: Sequence[Match]) -> Reversals:
    """Record what each match takes from each award of its sale: what is reversed in all, less what was taken before.

    What was taken before is what returns that count have taken, and not what those would take that came back before:
    one of them may have been refused or corrected since, and a full return leaves exactly 0 all the same.
    """
    awards: dict[tuple[int, int], list[tuple[int, int, int, int]]] = {}
    taken: dict[tuple[int, int, int], int] = {}
    documents = sorted({match.sold.document for match in found})
    of = AwardReversal
    before = (
        select(
            *(of.sale_document_id, of.sale_line_number, of.rule_version_id),
            cast(func.sum(of.amount), BigInteger).label("amount"),
        )
        .join(SalesDocument, SalesDocument.id == of.return_document_id)
        .where(
            of.sale_document_id == any_(literal(documents, ARRAY(BigInteger))),
            SalesDocument.status.in_(COUNTING),
        )
        .group_by(of.sale_document_id, of.sale_line_number, of.rule_version_id)
        .subquery()
    )
    for document, line, version, unit, terms, amount, already in session.execute(
        select(
            Award.document_id,
            Award.line_number,
            Award.rule_version_id,
            Award.unit,
            EarningRuleVersion.terms_id,
            Award.amount,
            func.coalesce(before.c.amount, 0),
        )
        .join(EarningRuleVersion, EarningRuleVersion.id == Award.rule_version_id)
        .outerjoin(
            before,
            (before.c.sale_document_id == Award.document_id)
            & (before.c.sale_line_number == Award.line_number)
            & (before.c.rule_version_id == Award.rule_version_id),
        )
        .where(Award.document_id == any_(literal(documents, ARRAY(BigInteger))))
    ):
        awards.setdefault((document, line), []).append((version, int(unit), terms or 0, amount))
        taken[document, line, version] = already
    rows = [
        (match, version, unit, terms, amount)
        for match in found
        for version, unit, terms, amount in awards.get((match.sold.document, match.sold.line_number), ())
    ]
    in_all = reversed_in_all(
        _column([row[4] for row in rows]),
        _column([row[0].before_milli + row[0].quantity_milli for row in rows]),
        _column([row[0].sold.quantity_milli for row in rows]),
    )
    some: list[tuple[tuple[Match, int, int, int, int], int]] = []
    for row, wanted in zip(rows, in_all.tolist(), strict=True):
        key = row[0].sold.document, row[0].sold.line_number, row[1]
        if wanted > taken[key]:
            some.append((row, wanted - taken[key]))
            taken[key] = wanted
    reversals = Reversals(
        return_document_id=_column([row[0].returned.document for row, _ in some]),
        sale_document_id=_column([row[0].sold.document for row, _ in some]),
        unit=_column([row[2] for row, _ in some]),
        terms_id=_column([row[3] for row, _ in some]),
        amount=_column([amount for _, amount in some]),
        owner_id=_column([row[0].returned.distributor_id for row, _ in some]),
    )
    copy_into(
        session,
        AwardReversal,
        {
            "return_document_id": reversals.return_document_id,
            "return_line_number": _column([row[0].returned.line_number for row, _ in some]),
            "sale_document_id": reversals.sale_document_id,
            "sale_line_number": _column([row[0].sold.line_number for row, _ in some]),
            "rule_version_id": _column([row[1] for row, _ in some]),
            "unit": reversals.unit,
            "amount": reversals.amount,
        },
    )
    return reversals


def taken_of(session: Session, sale_ids: Sequence[int], *, but: Sequence[int]) -> dict[tuple[int, int, int], int]:
    """Sum what returns that count, ``but`` for some, took of what documents gave.

    By document that sold, unit and terms (0: the programme's own).
    """
    rows = session.execute(
        select(
            AwardReversal.sale_document_id,
            AwardReversal.unit,
            EarningRuleVersion.terms_id,
            cast(func.sum(AwardReversal.amount), BigInteger),
        )
        .join(SalesDocument, SalesDocument.id == AwardReversal.return_document_id)
        .join(EarningRuleVersion, EarningRuleVersion.id == AwardReversal.rule_version_id)
        .where(
            AwardReversal.sale_document_id == any_(literal(list(sale_ids), ARRAY(BigInteger))),
            AwardReversal.return_document_id != all_(literal(list(but), ARRAY(BigInteger))),
            SalesDocument.status.in_(COUNTING),
        )
        .group_by(AwardReversal.sale_document_id, AwardReversal.unit, EarningRuleVersion.terms_id)
    )
    return {(document, int(unit), terms or 0): amount for document, unit, terms, amount in rows}
