"""Why these points: a document with its lines, what each earned and by which rule version, and what returns took."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.orm import Session

from app.domain.definition import ProgramSettings
from app.domain.explain import CUT_NAMES, AwardFacts, formula
from app.domain.reasons import sentences
from app.domain.states import Cut, DocumentKind, DocumentStatus, Unit
from app.domain.wording import Say, plain
from app.models.catalogue import Product
from app.models.distributors import Distributor
from app.models.imports import ImportBatch
from app.models.programs import Program
from app.models.rules import EarningRuleVersion
from app.models.sales import Award, AwardReversal, SalesDocument, SalesLine
from app.services.rulebooks import definition_of


class NoSuchDocument(LookupError):
    """The programme has no document of this number."""

    def __init__(self, number: str) -> None:
        """Say which number."""
        super().__init__(f"No document has the number {number!r}.")


@dataclass(frozen=True)
class AwardExplained:
    """One award: the rule, its version, what it gave, why, and what returns have taken of it."""

    rule: str
    rule_name: str
    version: int
    unit: Unit
    amount: int
    formula: str
    cut_by: str | None
    reversed: int


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


@dataclass(frozen=True)
class DocumentExplained:
    """A document with everything that came of it. ``points`` is what it gave less what it took back."""

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
    lines: list[LineExplained]

    def total(self, unit: Unit) -> int:
        """Sum what the document gave in a unit, less what it took back."""
        given = sum(award.amount for line in self.lines for award in line.awards if award.unit is unit)
        return given - sum(one.amount for line in self.lines for one in line.taken_back if one.unit is unit)


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
    from app.domain.numbering import number_key

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


def explain_document(session: Session, program: Program, document_id: int, say: Say = plain) -> DocumentExplained:
    """Explain one document from what was stored when it counted, in the language of ``say``."""
    document = session.execute(
        select(
            SalesDocument.id,
            SalesDocument.number,
            SalesDocument.kind,
            SalesDocument.issued_on,
            SalesDocument.status,
            SalesDocument.reasons,
            SalesDocument.batch_id,
            Distributor.code,
            Distributor.name,
            ImportBatch.file_name,
        )
        .join(Distributor, Distributor.id == SalesDocument.distributor_id)
        .outerjoin(ImportBatch, ImportBatch.id == SalesDocument.batch_id)
        .where(SalesDocument.id == document_id)
    ).one()
    return DocumentExplained(
        id=document.id,
        number=document.number,
        kind=document.kind,
        distributor_code=document.code,
        distributor_name=document.name,
        issued_on=document.issued_on,
        status=document.status,
        reasons=sentences(document.reasons, say),
        file_name=document.file_name,
        batch_id=document.batch_id,
        lines=_lines(session, program, document_id, say),
    )


def _lines(session: Session, program: Program, document_id: int, say: Say) -> list[LineExplained]:
    settings = ProgramSettings.model_validate(program.settings)
    lines = [
        LineExplained(number, code, name, quantity, amount or 0, row)
        for number, code, name, quantity, amount, row in session.execute(
            select(
                SalesLine.line_number,
                Product.code,
                Product.name,
                SalesLine.quantity_milli,
                SalesLine.gross_minor if settings.earns_on == "gross" else SalesLine.net_minor,
                SalesLine.source_row,
            )
            .join(Product, Product.id == SalesLine.product_id)
            .where(SalesLine.document_id == document_id)
            .order_by(SalesLine.line_number)
        )
    ]
    by_number = {line.line_number: line for line in lines}
    reversed_: dict[tuple[int, int], int] = defaultdict(int)
    for sale_line, version, amount in session.execute(
        select(
            AwardReversal.sale_line_number,
            AwardReversal.rule_version_id,
            cast(func.sum(AwardReversal.amount), BigInteger),
        )
        .join(SalesDocument, SalesDocument.id == AwardReversal.return_document_id)
        .where(
            AwardReversal.sale_document_id == document_id,
            SalesDocument.status.in_((DocumentStatus.ACCEPTED, DocumentStatus.REVIEW)),
        )
        .group_by(AwardReversal.sale_line_number, AwardReversal.rule_version_id)
    ):
        reversed_[sale_line, version] = amount
    for award, written in session.execute(
        select(Award, EarningRuleVersion)
        .join(EarningRuleVersion, EarningRuleVersion.id == Award.rule_version_id)
        .where(Award.document_id == document_id)
        .order_by(Award.line_number, EarningRuleVersion.rule_id)
    ):
        line = by_number[award.line_number]
        rule = definition_of(written.definition)
        facts = AwardFacts(
            rule=rule,
            unit=award.unit,
            amount=award.amount,
            uncut=award.uncut,
            set_amount=award.set_amount,
            basis=award.basis,
            cell=award.cell,
            cut_by=award.cut_by,
            quantity_milli=line.quantity_milli,
            line_minor=line.net_minor,
            point_decimals=program.point_decimals,
            currency_decimals=program.currency_decimals,
            currency=program.currency,
            point_name=settings.point.name,
            point_plural=settings.point.plural,
        )
        line.awards.append(
            AwardExplained(
                rule=rule.code,
                rule_name=rule.name,
                version=written.version,
                unit=award.unit,
                amount=award.amount,
                formula=formula(facts, say),
                cut_by=None if award.cut_by is Cut.NOTHING else CUT_NAMES[award.cut_by],
                reversed=reversed_[award.line_number, award.rule_version_id],
            )
        )
    for line_number, definition, version_number, unit, amount, sale_number, line_of_sale in session.execute(
        select(
            AwardReversal.return_line_number,
            EarningRuleVersion.definition,
            EarningRuleVersion.version,
            AwardReversal.unit,
            AwardReversal.amount,
            SalesDocument.number,
            AwardReversal.sale_line_number,
        )
        .join(EarningRuleVersion, EarningRuleVersion.id == AwardReversal.rule_version_id)
        .join(SalesDocument, SalesDocument.id == AwardReversal.sale_document_id)
        .where(AwardReversal.return_document_id == document_id)
        .order_by(AwardReversal.return_line_number, SalesDocument.number, AwardReversal.sale_line_number)
    ):
        rule = definition_of(definition)
        by_number[line_number].taken_back.append(
            TakenBack(rule.code, rule.name, version_number, unit, amount, sale_number, line_of_sale)
        )
    return lines
