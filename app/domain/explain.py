"""An award in words: the sentence that a distributor reads under a number.

The text is made from the rule version that gave the award and the figures stored with it; nothing is computed anew, so
an explanation cannot disagree with the ledger.
"""

from dataclasses import dataclass

from app.domain.definition import EarningRule, Matrix
from app.domain.states import Cut, Unit

_CUT = {
    Cut.PER_DOCUMENT: "the most for one document",
    Cut.DAY: "the most for a day",
    Cut.MONTH: "the most for a month",
    Cut.QUARTER: "the most for a quarter",
    Cut.YEAR: "the most for a year",
    Cut.PROGRAM: "the most for the whole programme",
    Cut.BUDGET: "the budget of the rule",
}

CUT_NAMES = {
    Cut.PER_DOCUMENT: "per_document",
    Cut.DAY: "per_distributor.day",
    Cut.MONTH: "per_distributor.month",
    Cut.QUARTER: "per_distributor.quarter",
    Cut.YEAR: "per_distributor.year",
    Cut.PROGRAM: "per_distributor.program",
    Cut.BUDGET: "budget",
}
"""How caps are called in the programme file."""


@dataclass(frozen=True)
class AwardFacts:
    """An award with what its line says: everything that an explanation needs.

    ``rates`` of a matrix are listed as the engine counts them: by row, then by column, the default last.
    """

    rule: EarningRule | Matrix
    unit: Unit
    amount: int
    uncut: int
    set_amount: int
    basis: int
    cell: int
    cut_by: Cut
    quantity_milli: int
    line_minor: int
    point_decimals: int
    currency_decimals: int
    currency: str
    point_name: str
    point_plural: str


def formula(facts: AwardFacts) -> str:
    """Write the computation of an award with its numbers: ``1 x floor(1 234.50 / 100.00) = 12, shared: 4``."""
    rule = facts.rule
    kind = rule.kind
    if kind == "per_unit":
        rate = _rate(facts)
        text = f"floor({rate} × {_quantity(facts.quantity_milli)}) = {_given(facts, facts.uncut)}"
    elif kind == "per_line":
        text = f"{_given(facts, facts.uncut)} for the line"
    elif kind == "multiplier":
        share = rule.factor - 10_000
        text = f"{_given(facts, facts.basis)} × {_percent(share)} = {_given(facts, facts.uncut)}, rounded half up"
    elif kind == "per_amount" and rule.of == "line":
        text = f"{_rate(facts)} × floor({_money(facts, facts.line_minor)} / {rule.step}) = {_given(facts, facts.uncut)}"
    else:
        text = f"{_of_set(facts)} = {_given(facts, facts.set_amount)}"
        if facts.uncut != facts.set_amount:
            text += f"; {_given(facts, facts.uncut)} of it for this line by its share of the amount"
        else:
            text += " for this line"
    if facts.cut_by is not Cut.NOTHING:
        text += f"; cut to {_given(facts, facts.amount)} by {_CUT[facts.cut_by]}"
    return text


def _of_set(facts: AwardFacts) -> str:
    rule = facts.rule
    if rule.kind == "per_amount":
        return f"{_rate(facts)} × floor({_money(facts, facts.basis)} / {rule.step})"
    if rule.kind == "per_document":
        return f"once for the document of {_money(facts, facts.basis)}"
    if rule.kind == "amount_bands":
        reached = max(band.from_ for band in rule.bands if _minor(facts, band.from_) <= facts.basis)
        return f"{_money(facts, facts.basis)} reaches the band from {reached}"
    if rule.kind == "line_count_bands":
        reached = max(band.from_ for band in rule.bands if band.from_ <= facts.basis)
        return f"{facts.basis} lines reach the band from {reached}"
    return f"{_money(facts, facts.basis)}"


def _minor(facts: AwardFacts, written: object) -> int:
    from decimal import Decimal

    return int(Decimal(str(written)).scaleb(facts.currency_decimals))


def _rate(facts: AwardFacts) -> str:
    rule = facts.rule
    if isinstance(rule, Matrix):
        rates = [rate for by_group in rule.rates.values() for rate in by_group.values()]
        if rule.default is not None:
            rates.append(rule.default)
        return str(rates[facts.cell])
    return str(getattr(rule, "points", ""))


def _given(facts: AwardFacts, amount: int) -> str:
    if facts.unit is Unit.MONEY:
        return _money(facts, amount)
    word = facts.point_name if abs(amount) == 10**facts.point_decimals else facts.point_plural
    return f"{decimal_text(amount, facts.point_decimals)} {word}"


def _money(facts: AwardFacts, minor: int) -> str:
    return f"{decimal_text(minor, facts.currency_decimals)} {facts.currency}"


def _quantity(milli: int) -> str:
    return decimal_text(milli, 3).rstrip("0").rstrip(".")


def _percent(basis_points: int) -> str:
    return decimal_text(basis_points, 2).rstrip("0").rstrip(".") + " %"


def decimal_text(value: int, decimals: int) -> str:
    """Write a whole number of smallest units as a decimal number."""
    sign, digits = "-" if value < 0 else "", str(abs(value)).zfill(decimals + 1)
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}" if decimals else f"{sign}{digits}"
