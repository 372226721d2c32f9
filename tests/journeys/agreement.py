"""What an installation counted beside what the reference counts: everybody's points, every award, every reversal."""

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import aliased

from app.domain.states import Cut, DocumentKind, Unit
from app.models.programs import Program
from app.models.rules import EarningRule, EarningRuleVersion
from app.models.sales import Award, AwardReversal, SalesDocument
from tests.reference.run import Result
from tests.support.installation import Kept

Shown = dict[tuple[str, str, int, str], tuple[int, int]]
"""By kind and number of a document, line and rule: points, and points before caps."""


def expect_balances(installation: Kept, program: str, result: Result) -> None:
    """Every distributor has the reference's points, and those who sold nothing have none."""
    told = installation.ask("balances", "--program", program)
    assert (told["program"], told["unit"]) == (program, "points")
    expected = result.per_distributor()
    accounts = {account["distributor"].upper(): account for account in told["accounts"]}
    assert len(accounts) == len(told["accounts"])
    assert set(expected) <= set(accounts)
    for code, account in accounts.items():
        total = expected.get(code)
        net = total.net if total else 0
        shown = {name: account[name] for name in ("pending", "available", "reserved", "spent", "expired", "adjusted")}
        assert shown == dict.fromkeys(shown, 0) | {"available": net}, code
        assert account["earned"] == net, code


def expect_awards(engine: Engine, program: str, result: Result) -> int:
    """Every line has the reference's awards, by rule, and returns took back what the reference takes. Counts them."""
    documents = {document.key: document for document in result.documents}
    expected: Shown = {
        (documents[award.document].kind, documents[award.document].number, award.line_number, award.rule): (
            award.points,
            award.before_caps,
        )
        for award in result.awards
        if award.points
    }
    with engine.connect() as connection:
        kind_of = {DocumentKind.INVOICE: "invoice", DocumentKind.CREDIT_NOTE: "credit_note"}
        given = connection.execute(
            select(
                SalesDocument.kind,
                SalesDocument.number,
                Award.line_number,
                EarningRule.code,
                Award.amount,
                Award.uncut,
                Award.unit,
                Award.cut_by,
            )
            .join(SalesDocument, SalesDocument.id == Award.document_id)
            .join(EarningRuleVersion, EarningRuleVersion.id == Award.rule_version_id)
            .join(EarningRule, EarningRule.id == EarningRuleVersion.rule_id)
            .join(Program, Program.id == SalesDocument.program_id)
            .where(Program.code == program)
        ).all()
        sale = aliased(SalesDocument)
        taken = connection.execute(
            select(
                SalesDocument.number,
                AwardReversal.return_line_number,
                sale.number,
                AwardReversal.sale_line_number,
                EarningRule.code,
                func.sum(AwardReversal.amount),
            )
            .join(SalesDocument, SalesDocument.id == AwardReversal.return_document_id)
            .join(sale, sale.id == AwardReversal.sale_document_id)
            .join(EarningRuleVersion, EarningRuleVersion.id == AwardReversal.rule_version_id)
            .join(EarningRule, EarningRule.id == EarningRuleVersion.rule_id)
            .join(Program, Program.id == SalesDocument.program_id)
            .where(Program.code == program)
            .group_by(
                SalesDocument.number,
                AwardReversal.return_line_number,
                sale.number,
                AwardReversal.sale_line_number,
                EarningRule.code,
            )
        ).all()
    told: Shown = {
        (kind_of[kind], number, line, rule): (amount, uncut)
        for kind, number, line, rule, amount, uncut, *_ in given
        if amount
    }
    assert len(told) == len([one for one in given if one[4]])
    assert told == expected
    assert all(unit is Unit.POINTS for *_, unit, _ in given)
    assert all((cut is not Cut.NOTHING) == (amount < uncut) for *_, amount, uncut, _, cut in given)
    back = {tuple(key): int(amount) for *key, amount in taken if amount}
    assert back == {
        (
            documents[reversal.return_document].number,
            reversal.return_line,
            documents[reversal.sale_document].number,
            reversal.sale_line,
            reversal.rule,
        ): reversal.points
        for reversal in result.reversals
        if reversal.points
    }
    return len(told)


def expect_explained(installation: Kept, program: str, result: Result, numbers: list[str]) -> None:
    """`kontor explain` tells the same, line by line, with a formula for each award."""
    entries = result.per_line()
    for number in numbers:
        (document,) = [one for one in result.documents if one.number == number]
        told = installation.ask("explain", number, "--program", program)
        assert (told["document"], told["distributor"].upper()) == (number, document.distributor)
        assert [line["line"] for line in told["lines"]] == [line.number for line in document.lines]
        for line in told["lines"]:
            expected = {
                entry.rule: (entry.awarded, entry.reversed)
                for entry in entries.get((document.key, line["line"]), [])
                if entry.awarded
            }
            awards = {
                award["rule"]: (award["points"], award["reversed"]) for award in line["awards"] if award["points"]
            }
            assert awards == expected
            assert all(award["version"] == 1 and award["formula"] for award in line["awards"])
        given = sum(award["points"] for line in told["lines"] for award in line["awards"])
        taken = sum(one["points"] for line in told["lines"] for one in line["taken_back"])
        assert told["points"] == given - taken
