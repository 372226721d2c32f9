"""An award in words: the sentence that a distributor reads under a number.

The text is made from the rule version that gave the award and the figures stored with it; nothing is computed anew, so
an explanation cannot disagree with the ledger.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.domain.measures.money import decimal_text
from app.domain.program_file.definition import (
    AmountBands,
    EarningRule,
    LineCountBands,
    Matrix,
    Multiplier,
    PerAmount,
    PerLine,
)
from app.domain.saying.wording import Say, marked, plain
from app.domain.states import Cut, Unit

_ = marked
_CUT = {
    Cut.PER_DOCUMENT: _("the most for one document"),
    Cut.DAY: _("the most for a day"),
    Cut.MONTH: _("the most for a month"),
    Cut.QUARTER: _("the most for a quarter"),
    Cut.YEAR: _("the most for a year"),
    Cut.PROGRAM: _("the most for the whole programme"),
    Cut.BUDGET: _("the budget of the rule"),
    Cut.HAD: _("what was given for it before and is kept"),
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


class Teller:
    """How whoever reads writes the numbers of an explanation; this one writes them as the programme file does."""

    def say(self, text: str) -> str:
        """Give a text in the reader's language."""
        return plain(text)

    def shown(self, value: Any) -> Any:
        """Write what fills a stored reason."""
        return value

    def given(self, facts: AwardFacts, amount: int) -> str:
        """Write what was given, with its unit."""
        if facts.unit is Unit.MONEY:
            return self.money(facts, amount)
        word = facts.point_name if abs(amount) == 10**facts.point_decimals else facts.point_plural
        return f"{decimal_text(amount, facts.point_decimals)} {word}"

    def money(self, facts: AwardFacts, minor: int) -> str:
        """Write an amount with its currency."""
        return f"{decimal_text(minor, facts.currency_decimals)} {facts.currency}"

    def quantity(self, milli: int) -> str:
        """Write how many pieces, with the decimals that there are."""
        return decimal_text(milli, 3).rstrip("0").rstrip(".")

    def decimal(self, value: Decimal) -> str:
        """Write a number of the programme file."""
        return str(value)

    def share(self, basis_points: int) -> str:
        """Write a share."""
        return decimal_text(basis_points, 2).rstrip("0").rstrip(".") + " %"

    def whole(self, quotient: str) -> str:
        """Say that of a quotient, or a product, only the whole part counts."""
        return f"floor({quotient})"


PLAIN = Teller()


def formula(facts: AwardFacts, teller: Teller = PLAIN) -> str:
    """Write the computation of an award with its numbers: ``1 × floor(1234.50 PLN / 100.00) = 12 points``."""
    text = _by_line(facts, teller) or _by_set(facts, teller)
    if facts.cut_by is not Cut.NOTHING:
        text += "; " + cut_words(facts.cut_by, teller.given(facts, facts.amount), teller.say)
    return text


def whole_words(facts: AwardFacts, amount: int, teller: Teller) -> str:
    """Say what an award came to, because each of several people whose sale it was gets the whole."""
    words = teller.say(_("%(amount)s in all: each of several has the whole"))
    return words % {"amount": teller.given(facts, amount)}


def cut_words(cut_by: Cut, amount: str, say: Say = plain) -> str:
    """Say what a cap left of an award."""
    return say(_("cut to %(amount)s by %(what)s")) % {"amount": amount, "what": say(_CUT[cut_by])}


def _by_line(facts: AwardFacts, teller: Teller) -> str | None:
    """Write what was computed for the line alone; None where a set of lines earned it together."""
    rule, given, say = facts.rule, teller.given(facts, facts.uncut), teller.say
    if rule.kind == "per_unit":
        return f"{_pieces(facts, teller)} = {given}"
    if isinstance(rule, PerLine):
        return say(_("%(amount)s for the line")) % {"amount": given}
    if isinstance(rule, Multiplier):
        rounded, more = say(_("rounded half up")), teller.share(rule.factor - 10_000)
        return f"{teller.given(facts, facts.basis)} × {more} = {given}, {rounded}"
    if isinstance(rule, PerAmount | Matrix) and rule.of == "line":
        return f"{_steps(facts, facts.line_minor, teller)} = {given}"
    return None


def _by_set(facts: AwardFacts, teller: Teller) -> str:
    text = f"{_of_set(facts, teller)} = {teller.given(facts, facts.set_amount)}"
    if facts.uncut == facts.set_amount:
        return teller.say(_("%(sum)s for this line")) % {"sum": text}
    share = teller.say(_("%(sum)s; %(amount)s of it for this line by its share of the amount"))
    return share % {"sum": text, "amount": teller.given(facts, facts.uncut)}


def _of_set(facts: AwardFacts, teller: Teller) -> str:
    rule, say = facts.rule, teller.say
    if isinstance(rule, AmountBands):
        minor = facts.currency_decimals
        reached = max(band.from_ for band in rule.bands if band.from_.scaleb(minor) <= facts.basis)
        return say(_("%(amount)s reaches the band from %(from)s")) % {
            "amount": teller.money(facts, facts.basis),
            "from": teller.decimal(reached),
        }
    if isinstance(rule, LineCountBands):
        lines = max(band.from_ for band in rule.bands if band.from_ <= facts.basis)
        return say(_("%(count)s lines reach the band from %(from)s")) % {"count": facts.basis, "from": lines}
    if isinstance(rule, PerAmount | Matrix):
        return _steps(facts, facts.basis, teller)
    return say(_("once for the document of %(amount)s")) % {"amount": teller.money(facts, facts.basis)}


def _pieces(facts: AwardFacts, teller: Teller) -> str:
    """Write what so many pieces give; that only the whole of it counts is said where there is more than that."""
    decimals = facts.currency_decimals if facts.unit is Unit.MONEY else facts.point_decimals
    written = f"{_rate(facts, teller)} × {teller.quantity(facts.quantity_milli)}"
    exact = _rate_of(facts) * facts.quantity_milli * 10**decimals % 1000 == 0
    return written if exact else teller.whole(written)


def _steps(facts: AwardFacts, minor: int, teller: Teller) -> str:
    """Write how many whole steps an amount has, and what each of them gives."""
    rule = facts.rule
    step = rule.step if isinstance(rule, PerAmount | Matrix) else None
    assert step is not None, "an amount has steps"
    whole = teller.whole(f"{teller.money(facts, minor)} / {teller.decimal(step)}")
    return f"{_rate(facts, teller)} × {whole}"


def _rate(facts: AwardFacts, teller: Teller) -> str:
    return teller.decimal(_rate_of(facts))


def _rate_of(facts: AwardFacts) -> Decimal:
    rule = facts.rule
    return rule.cells[facts.cell] if isinstance(rule, Matrix) else Decimal(getattr(rule, "points", 0))
