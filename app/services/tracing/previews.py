"""What sales would earn: the same rules as ever, line by line, with nothing stored."""

from sqlalchemy import BigInteger, bindparam, select
from sqlalchemy.orm import Session

from app.domain.documents.sales import NO_AMOUNT, Sales
from app.domain.rules.explain import PLAIN, Teller
from app.domain.rules.program_rules import ProgramRules
from app.domain.states import Cut, Unit
from app.models.catalogue import Product
from app.models.programs import Program
from app.services.counting.awards import would_award
from app.services.tracing.explanations import Given, LineExplained, explain_award

_PRODUCTS = select(Product.id, Product.code, Product.name).where(
    Product.id.in_(bindparam("ids", type_=BigInteger, expanding=True))
)


def preview(
    session: Session, program: Program, rules: ProgramRules, sales: Sales, teller: Teller = PLAIN
) -> list[LineExplained]:
    """Explain what each line of sales would earn if it counted now, as the lines of a document are explained."""
    lines = sales.lines
    named = {id_: (code, name) for id_, code, name in session.execute(_PRODUCTS, {"ids": lines.product_id.tolist()})}
    amounts = lines.gross_minor if rules.book.gross else lines.net_minor
    explained = [
        LineExplained(
            line_number=int(lines.line_number[at]),
            product_code=named[product_id][0],
            product_name=named[product_id][1],
            quantity_milli=int(lines.quantity_milli[at]),
            net_minor=0 if amounts[at] == NO_AMOUNT else int(amounts[at]),
            source_row=None,
        )
        for at, product_id in enumerate(lines.product_id.tolist())
    ]
    awards = would_award(session, rules, sales)
    for at, line in enumerate(awards.line.tolist()):
        rule = rules.book.rules[int(awards.rule[at])]
        given = Given(
            unit=Unit(int(rules.book.units[awards.rule[at]])),
            amount=int(awards.amount[at]),
            uncut=int(awards.uncut[at]),
            set_amount=int(awards.set_amount[at]),
            basis=int(awards.basis[at]),
            cell=int(awards.cell[at]),
            cut_by=Cut(int(awards.cut_by[at])),
        )
        definition, version = rule.version.definition, rule.version.version
        explained[line].awards.append(
            explain_award(program, rules.settings, definition, version, given, explained[line], teller)
        )
    return explained
