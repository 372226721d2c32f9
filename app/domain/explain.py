"""An award in words: the sentence that a distributor reads under a number.

The text is made from the rule version that gave the award and the figures stored with it; nothing is computed anew, so
an explanation cannot disagree with the ledger.
"""

from dataclasses import dataclass

from app.domain.definition import AmountBands, EarningRule, LineCountBands, Matrix, Multiplier, PerAmount, PerLine
from app.domain.money import decimal_text
from app.domain.states import Cut, Unit
from app.domain.wording import Say, marked, plain

_ = marked
_CUT = {
    Cut.PER_DOCUMENT: _("the most for one document"),
    Cut.DAY: _("the most for a day"),
    Cut.MONTH: _("the most for a month"),
    Cut.QUARTER: _("the most for a quarter"),
    Cut.YEAR: _("the most for a year"),
    Cut.PROGRAM: _("the most for the whole programme"),
    Cut.BUDGET: _("the budget of the rule"),
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


def formula(facts: AwardFacts, say: Say = plain) -> str:
    """Write the computation of an award with its numbers: ``1 × floor(1234.50 PLN / 100.00) = 12 points``.

    ``say`` gives the words around them in a language.
    """
    text = _by_line(facts, say) or _by_set(facts, say)
    if facts.cut_by is not Cut.NOTHING:
        text += "; " + cut_words(facts.cut_by, _given(facts, facts.amount), say)
    return text


def whole_words(facts: AwardFacts, amount: int, say: Say = plain) -> str:
    """Say what an award came to, because each of several people whose sale it was gets the whole."""
    return say(_("%(amount)s in all: each of several has the whole")) % {"amount": _given(facts, amount)}


def cut_words(cut_by: Cut, amount: str, say: Say = plain) -> str:
    """Say what a cap left of an award."""
    return say(_("cut to %(amount)s by %(what)s")) % {"amount": amount, "what": say(_CUT[cut_by])}


def _by_line(facts: AwardFacts, say: Say) -> str | None:
    """Write what was computed for the line alone; None where a set of lines earned it together."""
    rule, given = facts.rule, _given(facts, facts.uncut)
    if rule.kind == "per_unit":
        return f"floor({_rate(facts)} × {_quantity(facts.quantity_milli)}) = {given}"
    if isinstance(rule, PerLine):
        return say(_("%(amount)s for the line")) % {"amount": given}
    if isinstance(rule, Multiplier):
        rounded = say(_("rounded half up"))
        return f"{_given(facts, facts.basis)} × {_percent(rule.factor - 10_000)} = {given}, {rounded}"
    if isinstance(rule, PerAmount | Matrix) and rule.of == "line":
        return f"{_rate(facts)} × floor({_money(facts, facts.line_minor)} / {rule.step}) = {given}"
    return None


def _by_set(facts: AwardFacts, say: Say) -> str:
    text = f"{_of_set(facts, say)} = {_given(facts, facts.set_amount)}"
    if facts.uncut == facts.set_amount:
        return say(_("%(sum)s for this line")) % {"sum": text}
    share = say(_("%(sum)s; %(amount)s of it for this line by its share of the amount"))
    return share % {"sum": text, "amount": _given(facts, facts.uncut)}


def _of_set(facts: AwardFacts, say: Say) -> str:
    rule = facts.rule
    if isinstance(rule, AmountBands):
        minor = facts.currency_decimals
        reached = max(band.from_ for band in rule.bands if band.from_.scaleb(minor) <= facts.basis)
        return say(_("%(amount)s reaches the band from %(from)s")) % {
            "amount": _money(facts, facts.basis),
            "from": reached,
        }
    if isinstance(rule, LineCountBands):
        lines = max(band.from_ for band in rule.bands if band.from_ <= facts.basis)
        return say(_("%(count)s lines reach the band from %(from)s")) % {"count": facts.basis, "from": lines}
    if isinstance(rule, PerAmount | Matrix):
        return f"{_rate(facts)} × floor({_money(facts, facts.basis)} / {rule.step})"
    return say(_("once for the document of %(amount)s")) % {"amount": _money(facts, facts.basis)}


def _rate(facts: AwardFacts) -> str:
    rule = facts.rule
    if not isinstance(rule, Matrix):
        return str(getattr(rule, "points", ""))
    return str(rule.cells[facts.cell])


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
