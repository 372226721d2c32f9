"""Why these points: a document with its lines, what each earned and by which rule version, and what returns took."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import BigInteger, Integer, bindparam, cast, exists, func, select
from sqlalchemy.orm import Session

from app.db.questions import Question
from app.domain.measures.money import part_of
from app.domain.program_file.definition import EarningRule, Matrix, ProgramSettings
from app.domain.rules.explain import CUT_NAMES, PLAIN, AwardFacts, Teller, formula, whole_words
from app.domain.saying.reasons import sentences
from app.domain.states import COUNTING, Cut, DocumentKind, DocumentStatus, Unit
from app.models.catalogue import Product
from app.models.disputes import Dispute
from app.models.distributors import Distributor
from app.models.imports import ImportBatch
from app.models.merges import MergedDocument
from app.models.programs import Program
from app.models.rules import EarningRuleVersion
from app.models.sales import Award, AwardReversal, PersonShare, SalesDocument, SalesLine
from app.services.counting.returns import taken_by
from app.services.counting.wordings import walk_of_each
from app.services.rulebooks import definitions_of


class NoSuchDocument(LookupError):
    """The programme has no document of this number."""

    def __init__(self, number: str) -> None:
        """Say which number."""
        super().__init__(f"No document has the number {number!r}.")


@dataclass(frozen=True)
class AwardExplained:
    """One award: the rule, its version, what it gave, why, and what returns have taken of it.

    ``version_id`` is 0 where nothing was given yet.
    """

    rule: str
    rule_name: str
    version: int
    unit: Unit
    amount: int
    formula: str
    cut_by: str | None
    reversed: int
    version_id: int = 0


@dataclass(frozen=True)
class TakenBack:
    """What a returned line took of an award of a sale."""

    rule: str
    rule_name: str
    version: int
    unit: Unit
    amount: int
    sale_number: str
    sale_line: int


@dataclass(frozen=True)
class LineExplained:
    """One line: what was sold or returned, and what came of it."""

    line_number: int
    product_code: str
    product_name: str
    quantity_milli: int
    net_minor: int
    source_row: int | None
    awards: list[AwardExplained] = field(default_factory=list)
    taken_back: list[TakenBack] = field(default_factory=list)

    def total(self, unit: Unit) -> int:
        """Tell what the line gave in a unit, less what it took back."""
        given = sum(award.amount for award in self.awards if award.unit is unit)
        return given - sum(one.amount for one in self.taken_back if one.unit is unit)

    def of_version(self, version_id: int) -> "LineExplained":
        """Leave what one version of a rule gave, where it gave something: all of it, where it did not."""
        given = [award for award in self.awards if award.version_id == version_id]
        return replace(self, awards=given) if given else self


@dataclass(frozen=True)
class DocumentExplained:
    """A document with what came of it. ``totals`` is what all of it gave in each unit, less what it took back.

    ``handed_over``: it was another distributor's before a merge (`app.services.by_hand.merging.came_from`).
    """

    id: int
    number: str
    kind: DocumentKind
    distributor_code: str
    distributor_name: str
    issued_on: Any
    status: DocumentStatus
    reasons: str
    file_name: str | None
    batch_id: int | None
    line_count: int
    disputed: bool
    shared: bool
    handed_over: bool
    totals: Mapping[Unit, int]
    lines: list[LineExplained]

    @property
    def counts(self) -> bool:
        """Tell whether what it gave stands: of one that was refused, corrected or undone all of it was taken back."""
        return self.status in COUNTING

    def total(self, unit: Unit) -> int:
        """Tell what the document gave in a unit, less what it took back."""
        return self.totals[unit]


def explain_number(session: Session, program: Program, number: str) -> list[DocumentExplained]:
    """Explain the documents of a number, written in any of the ways that are one (rules.md 9), newest first.

    Documents of several distributors may bear one number.

    Raises:
        NoSuchDocument: There is none.
    """
    found = session.execute(
        select(SalesDocument.id, SalesDocument.number, SalesDocument.number_key, SalesDocument.issued_on).where(
            SalesDocument.program_id == program.id, func.upper(SalesDocument.number) == number.strip().upper()
        )
    ).all()
    if not found:
        found = _by_key(session, program.id, number)
    if not found:
        raise NoSuchDocument(number)
    return [explain_document(session, program, row.id) for row in sorted(found, key=lambda row: -row.id)]


def _by_key(session: Session, program_id: int, number: str) -> list[Any]:
    """Find documents by the normal form of a number, read with each year of the programme."""
    from app.domain.documents.numbering import number_key

    years = session.execute(
        select(func.min(SalesDocument.issued_on), func.max(SalesDocument.issued_on)).where(
            SalesDocument.program_id == program_id
        )
    ).one()
    if years[0] is None:
        return []
    keys = {number_key(number, year) for year in range(years[0].year, years[1].year + 1)}
    rows = session.execute(
        select(SalesDocument.id, SalesDocument.number, SalesDocument.number_key, SalesDocument.issued_on).where(
            SalesDocument.program_id == program_id, SalesDocument.number_key.in_(keys)
        )
    ).all()
    return [row for row in rows if number_key(number, row.issued_on.year) == row.number_key]


def explain_document(
    session: Session,
    program: Program,
    document_id: int,
    teller: Teller = PLAIN,
    *,
    after: int = 0,
    most: int | None = None,
) -> DocumentExplained:
    """Explain one document from what was stored when it counted, as ``teller`` tells it.

    ``after`` and ``most`` choose lines: a page does not explain what it does not show.
    """
    document = _DOCUMENT.first(session, document_id=document_id)
    return DocumentExplained(
        id=document.id,
        number=document.number,
        kind=document.kind,
        distributor_code=document.code,
        distributor_name=document.name,
        issued_on=document.issued_on,
        status=document.status,
        reasons=sentences(document.reasons, teller.say, teller.shown),
        file_name=document.file_name,
        batch_id=document.batch_id,
        line_count=document.line_count,
        disputed=document.disputed,
        shared=document.of_weight is not None,
        handed_over=document.handed_over,
        totals={unit: getattr(document, unit.name) for unit in Unit},
        lines=_lines(session, program, document_id, teller, after, most, (document.of_weight, document.once_weight)),
    )


def _given_of(unit: Unit) -> Any:
    """Sum what a document gave in a unit, less what it took back."""
    given = select(func.coalesce(func.sum(Award.amount), 0)).where(
        Award.document_id == SalesDocument.id, Award.unit == unit
    )
    taken = taken_by(SalesDocument.id, unit).correlate(SalesDocument)
    return cast(given.scalar_subquery() - taken.scalar_subquery(), BigInteger).label(unit.name)


def _weight_of(column: Any) -> Any:
    """Give a weight of those among whom a document is shared; none where it is its distributor's alone."""
    return select(func.max(column)).where(PersonShare.document_id == SalesDocument.id).scalar_subquery()


def _disputed() -> Any:
    """Tell whether somebody disputed a document, or a wording before it."""
    before = walk_of_each(SalesDocument.id)
    return select(Dispute.id).join(before, before.c.id == Dispute.document_id).correlate(SalesDocument).exists()


_DOCUMENT = Question(
    select(
        SalesDocument.id,
        SalesDocument.number,
        SalesDocument.kind,
        SalesDocument.issued_on,
        SalesDocument.status,
        SalesDocument.reasons,
        SalesDocument.batch_id,
        SalesDocument.line_count,
        Distributor.code,
        Distributor.name,
        ImportBatch.file_name,
        _disputed().label("disputed"),
        exists().where(MergedDocument.document_id == SalesDocument.id).label("handed_over"),
        _weight_of(PersonShare.of_weight).label("of_weight"),
        _weight_of(PersonShare.once_weight).label("once_weight"),
        *(_given_of(unit) for unit in Unit),
    )
    .join(Distributor, Distributor.id == SalesDocument.distributor_id)
    .outerjoin(ImportBatch, ImportBatch.id == SalesDocument.batch_id)
    .where(SalesDocument.id == bindparam("document_id"))
)


def _lines_by(amount: Any) -> Question:
    return Question(
        select(
            SalesLine.line_number,
            Product.code,
            Product.name,
            SalesLine.quantity_milli,
            amount,
            SalesLine.source_row,
        )
        .join(Product, Product.id == SalesLine.product_id)
        .where(
            SalesLine.document_id == bindparam("document_id"),
            SalesLine.line_number > bindparam("after", type_=BigInteger),
        )
        .order_by(SalesLine.line_number)
        .limit(bindparam("most", type_=Integer))
    )


_LINES = {"net": _lines_by(SalesLine.net_minor), "gross": _lines_by(SalesLine.gross_minor)}
_REVERSED = Question(
    select(
        AwardReversal.sale_line_number,
        AwardReversal.rule_version_id,
        cast(func.sum(AwardReversal.amount), BigInteger),
    )
    .join(SalesDocument, SalesDocument.id == AwardReversal.return_document_id)
    .where(
        AwardReversal.sale_document_id == bindparam("document_id"),
        AwardReversal.sale_line_number.between(bindparam("first"), bindparam("last")),
        SalesDocument.status.in_(COUNTING),
    )
    .group_by(AwardReversal.sale_line_number, AwardReversal.rule_version_id)
)
_AWARDS = Question(
    select(
        Award.line_number,
        Award.rule_version_id,
        EarningRuleVersion.version,
        EarningRuleVersion.published_at,
        Award.unit,
        Award.amount,
        Award.uncut,
        Award.set_amount,
        Award.basis,
        Award.cell,
        Award.cut_by,
    )
    .join(EarningRuleVersion, EarningRuleVersion.id == Award.rule_version_id)
    .where(
        Award.document_id == bindparam("document_id"),
        Award.line_number.between(bindparam("first"), bindparam("last")),
    )
    .order_by(Award.line_number, EarningRuleVersion.rule_id)
)
_TAKEN_BACK = Question(
    select(
        AwardReversal.return_line_number,
        AwardReversal.rule_version_id,
        EarningRuleVersion.version,
        EarningRuleVersion.published_at,
        AwardReversal.unit,
        AwardReversal.amount,
        SalesDocument.number,
        AwardReversal.sale_line_number,
    )
    .join(EarningRuleVersion, EarningRuleVersion.id == AwardReversal.rule_version_id)
    .join(SalesDocument, SalesDocument.id == AwardReversal.sale_document_id)
    .where(
        AwardReversal.return_document_id == bindparam("document_id"),
        SalesDocument.status.in_(COUNTING),
        AwardReversal.return_line_number.between(bindparam("first"), bindparam("last")),
    )
    .order_by(AwardReversal.return_line_number, SalesDocument.number, AwardReversal.sale_line_number)
)


@dataclass(frozen=True)
class Given:
    """What a rule gave to a line, with the numbers it was computed from (see `app.models.sales.Award`)."""

    unit: Unit
    amount: int
    uncut: int
    set_amount: int
    basis: int
    cell: int
    cut_by: Cut


def explain_award(
    program: Program,
    settings: ProgramSettings,
    rule: EarningRule | Matrix,
    version: int,
    given: Given,
    line: LineExplained,
    teller: Teller = PLAIN,
    *,
    reversed_: int = 0,
    in_all: int | None = None,
) -> AwardExplained:
    """Explain what one version of a rule gave to a line, as ``teller`` tells it.

    ``in_all`` is what that came to where each of several people has the whole of it.
    """
    facts = AwardFacts(
        rule=rule,
        unit=given.unit,
        amount=given.amount,
        uncut=given.uncut,
        set_amount=given.set_amount,
        basis=given.basis,
        cell=given.cell,
        cut_by=given.cut_by,
        quantity_milli=line.quantity_milli,
        line_minor=line.net_minor,
        point_decimals=program.point_decimals,
        currency_decimals=program.currency_decimals,
        currency=program.currency,
        point_name=settings.point.name,
        point_plural=settings.point.plural,
    )
    words = formula(facts, teller)
    if in_all is not None and in_all != given.amount:
        words += f"; {whole_words(facts, in_all, teller)}"
    return AwardExplained(
        rule=rule.code,
        rule_name=rule.name,
        version=version,
        unit=given.unit,
        amount=given.amount if in_all is None else in_all,
        formula=words,
        cut_by=None if given.cut_by is Cut.NOTHING else CUT_NAMES[given.cut_by],
        reversed=reversed_,
    )


def _once(award: Any, weights: tuple[int | None, int | None]) -> int:
    """Tell what a rule gave before it grew for several people who each have the whole."""
    of_all, once = weights
    if of_all is None or once is None or of_all == once:
        return int(award.amount)
    return int(award.uncut) if award.cut_by is Cut.NOTHING else part_of(award.amount, once, of_all)


def _lines(
    session: Session,
    program: Program,
    document_id: int,
    teller: Teller,
    after: int,
    most: int | None,
    weights: tuple[int | None, int | None],
) -> list[LineExplained]:
    settings = ProgramSettings.model_validate(program.settings)
    found = _LINES[settings.earns_on].ask(session, document_id=document_id, after=after, most=most)
    lines = [
        LineExplained(number, code, name, quantity, amount or 0, row)
        for number, code, name, quantity, amount, row in found
    ]
    if not lines:
        return []
    by_number = {line.line_number: line for line in lines}
    of_these = {"document_id": document_id, "first": lines[0].line_number, "last": lines[-1].line_number}
    reversed_: dict[tuple[int, int], int] = defaultdict(int)
    for sale_line, version_id, amount in _REVERSED.ask(session, **of_these):
        reversed_[sale_line, version_id] = amount
    awards = _AWARDS.ask(session, **of_these)
    taken_back = _TAKEN_BACK.ask(session, **of_these)
    rules = definitions_of(session, {(one.rule_version_id, one.published_at) for one in [*awards, *taken_back]})
    for award in awards:
        line, rule = by_number[award.line_number], rules[award.rule_version_id]
        once = _once(award, weights)
        given = Given(award.unit, once, award.uncut, award.set_amount, award.basis, award.cell, award.cut_by)
        taken = reversed_[award.line_number, award.rule_version_id]
        explained = explain_award(
            program, settings, rule, award.version, given, line, teller, reversed_=taken, in_all=award.amount
        )
        line.awards.append(replace(explained, version_id=award.rule_version_id))
    for line_number, version_id, version, _published, unit, amount, sale_number, sale_line in taken_back:
        rule = rules[version_id]
        by_number[line_number].taken_back.append(
            TakenBack(rule.code, rule.name, version, unit, amount, sale_number, sale_line)
        )
    return lines
