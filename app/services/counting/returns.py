"""Taking back what returned goods earned: the database's side of `app.domain.points.returns`."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import BigInteger, Select, all_, any_, cast, func, literal, null, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, aliased

from app.db.bulk import copy_into, rows_of
from app.db.many import any_of
from app.domain.documents.document_keys import named_seller
from app.domain.documents.sales import Sales
from app.domain.measures.exact import Ints
from app.domain.points.returns import Match, Matches, ReturnedLine, SoldLine, match_returns, reversed_in_all
from app.domain.states import COUNTING, DocumentKind, Unit
from app.models.rules import EarningRuleVersion
from app.models.sales import Award, AwardReversal, ReturnMatch, SalesDocument, SalesLine

_SALE = aliased(SalesDocument)


def taken_by(document_id: Any, unit: Unit) -> Select[int]:
    """Sum what a document took back of sales that count: what it took of others comes to nothing."""
    return (
        select(func.coalesce(func.sum(AwardReversal.amount), 0))
        .join(_SALE, _SALE.id == AwardReversal.sale_document_id)
        .where(AwardReversal.return_document_id == document_id, AwardReversal.unit == unit, _SALE.status.in_(COUNTING))
    )


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
            SalesDocument.id == any_of(sorted(naming))
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
            (SalesDocument.document_key if named else null()).label("document_key"),
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
            seller=named_seller(row.document_key, DocumentKind.INVOICE, row.number_key) if row.document_key else None,
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
            ReturnMatch.sale_document_id == any_of(documents),
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
    taken = _Taken.of(session, {match.sold.document for match in found})
    rows = [(match, award) for match in found for award in taken.awards_of(match.sold)]
    in_all = reversed_in_all(
        _column([award.amount for _, award in rows]),
        _column([match.before_milli + match.quantity_milli for match, _ in rows]),
        _column([match.sold.quantity_milli for match, _ in rows]),
    )
    some = [
        (match, award, amount)
        for (match, award), wanted in zip(rows, in_all.tolist(), strict=True)
        if (amount := taken.up_to(match.sold, award, wanted))
    ]
    reversals = Reversals(
        return_document_id=_column([match.returned.document for match, _, _ in some]),
        sale_document_id=_column([match.sold.document for match, _, _ in some]),
        unit=_column([award.unit for _, award, _ in some]),
        terms_id=_column([award.terms_id for _, award, _ in some]),
        amount=_column([amount for _, _, amount in some]),
        owner_id=_column([match.returned.distributor_id for match, _, _ in some]),
    )
    copy_into(
        session,
        AwardReversal,
        {
            "return_document_id": reversals.return_document_id,
            "return_line_number": _column([match.returned.line_number for match, _, _ in some]),
            "sale_document_id": reversals.sale_document_id,
            "sale_line_number": _column([match.sold.line_number for match, _, _ in some]),
            "rule_version_id": _column([award.rule_version_id for _, award, _ in some]),
            "unit": reversals.unit,
            "amount": reversals.amount,
        },
    )
    return reversals


class _Awarded(NamedTuple):
    """What a version of a rule gave to a line; ``terms_id`` 0: by the programme's own terms."""

    rule_version_id: int
    unit: int
    terms_id: int
    amount: int


class _Taken:
    """What lines that sold were given, and what returns that count have taken of it, up to those recorded now."""

    def __init__(self) -> None:
        self._awards: dict[tuple[int, int], list[_Awarded]] = defaultdict(list)
        self._taken: dict[tuple[int, int, int], int] = {}

    @staticmethod
    def of(session: Session, document_ids: Collection[int]) -> "_Taken":
        """Read it of the lines of documents."""
        known = literal(sorted(document_ids), ARRAY(BigInteger))
        key = (AwardReversal.sale_document_id, AwardReversal.sale_line_number, AwardReversal.rule_version_id)
        before = (
            select(*key, cast(func.sum(AwardReversal.amount), BigInteger).label("amount"))
            .join(SalesDocument, SalesDocument.id == AwardReversal.return_document_id)
            .where(AwardReversal.sale_document_id == any_(known), SalesDocument.status.in_(COUNTING))
            .group_by(*key)
            .subquery()
        )
        rows = session.execute(
            select(
                Award.document_id,
                Award.line_number,
                Award.rule_version_id,
                Award.unit,
                func.coalesce(EarningRuleVersion.terms_id, 0),
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
            .where(Award.document_id == any_(known))
        )
        made = _Taken()
        for document, line, version, unit, terms, amount, already in rows:
            made._awards[document, line].append(_Awarded(version, int(unit), terms, amount))
            made._taken[document, line, version] = already
        return made

    def awards_of(self, sold: SoldLine) -> Sequence[_Awarded]:
        """Give what a line was given."""
        return self._awards.get((sold.document, sold.line_number), ())

    def up_to(self, sold: SoldLine, award: _Awarded, in_all: int) -> int:
        """Take of an award until so much is taken in all; gives how much that is, 0 where more was taken before."""
        key = (sold.document, sold.line_number, award.rule_version_id)
        more = max(in_all - self._taken[key], 0)
        self._taken[key] += more
        return more


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
            AwardReversal.sale_document_id == any_of(sale_ids),
            AwardReversal.return_document_id != all_(literal(list(but), ARRAY(BigInteger))),
            SalesDocument.status.in_(COUNTING),
        )
        .group_by(AwardReversal.sale_document_id, AwardReversal.unit, EarningRuleVersion.terms_id)
    )
    return {(document, int(unit), terms or 0): amount for document, unit, terms, amount in rows}
