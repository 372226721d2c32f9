"""Which rules of a stack meet on the same lines, what each gives there, and what the stack's policy makes of it.

Everything is computed by the engine itself, over real sales or over samples: what is shown is what would happen.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from app.domain.documents.catalogue import Catalogue
from app.domain.documents.sales import Sales
from app.domain.measures.exact import Ints
from app.domain.measures.scale import Scale
from app.domain.program_file.definition import EarningRule, Matrix, Policy
from app.domain.rules.caps import CapUsage
from app.domain.rules.earning import Awards, award
from app.domain.rules.happening import Happened, award_events
from app.domain.rules.rule_compiling import compile_rules
from app.domain.rules.rulebook import RuleBook, RuleVersion

NamedDays: TypeAlias = Mapping[str, Sequence[dt.date]]


@dataclass(frozen=True)
class Clash:
    """A rule that meets the looked-at one in its stack, and the line on which most is at stake.

    ``line`` is a position in the sales, or among the events. ``mine`` and ``theirs`` is what each gives there by
    itself, ``total`` what the stack gives in all, ``kept`` the codes of the rules it keeps. ``besides`` is what the
    stack gives there by rules that are neither of the two: the name of each, and its part of the total.
    """

    code: str
    lines: int
    line: int
    mine: int
    theirs: int
    total: int
    kept: tuple[str, ...]
    besides: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Ground:
    """What rules are compared over: the programme's catalogue, how it counts, its named days."""

    catalogue: Catalogue
    scale: Scale
    named_days: NamedDays


def may_meet(one: EarningRule | Matrix, other: EarningRule | Matrix) -> bool:
    """Tell whether two rules share a stack, a unit and a day, and look at the same kind of thing."""
    if one.stack != other.stack or one.unit != other.unit:
        return False
    if (one.kind == "event") != (other.kind == "event"):
        return False
    if (one.kind == "multiplier") != (other.kind == "multiplier"):
        return False
    first, last = _days(one), _days(other)
    return max(first[0], last[0]) <= min(first[1], last[1])


def _days(rule: EarningRule | Matrix) -> tuple[dt.date, dt.date]:
    scope = rule.scope
    begins = [day for day in (scope.from_, rule.valid_from) if day is not None]
    return max(begins, default=dt.date.min), scope.until or dt.date.max


def clashes_on_sales(
    rule: EarningRule | Matrix,
    others: Sequence[EarningRule | Matrix],
    base: Sequence[EarningRule | Matrix],
    policies: Mapping[str, Policy],
    ground: Ground,
    sales: Sales,
) -> list[Clash]:
    """Find the rules that meet one on lines of sales, each with the line where both together give most.

    ``others`` are those that may meet it; ``base`` all rules besides, which a multiplier multiplies.
    """
    book = _book([rule, *base], policies, ground, sales.documents.issued_on)
    alone = replace(book, stacks={**book.stacks, rule.stack: "sum"})
    first = np.ones(len(sales.documents), dtype=bool)
    each, kept = (award(one, sales, first, CapUsage()) for one in (alone, book))
    return _clashes(rule, others, book, _by_line(each, len(sales.lines)), _by_line(kept, len(sales.lines)))


def clashes_on_events(
    rule: EarningRule | Matrix,
    others: Sequence[EarningRule | Matrix],
    policies: Mapping[str, Policy],
    ground: Ground,
    happened: Happened,
) -> list[Clash]:
    """Find the event rules that meet one on events."""
    book = _book([rule, *others], policies, ground, happened.on)
    alone = replace(book, stacks={**book.stacks, rule.stack: "sum"})
    each, kept = (award_events(one, happened, CapUsage()) for one in (alone, book))
    given = [(one.event, one.rule, one.amount) for one in (each, kept)]
    return _clashes(rule, others, book, *(_Given(*one, len(happened)) for one in given))


@dataclass(frozen=True)
class _Given:
    """What rules give to lines: row by row, the line, the rule and the amount."""

    line: Ints
    rule: Ints
    amount: Ints
    lines: int

    def of(self, rule: int) -> Ints:
        """Give what one rule gives each line."""
        amounts = np.zeros(self.lines, dtype=np.int64)
        mine = self.rule == rule
        amounts[self.line[mine]] = self.amount[mine]
        return amounts


def _by_line(awards: Awards, lines: int) -> _Given:
    return _Given(awards.line, awards.rule, awards.amount, lines)


def _book(
    rules: Sequence[EarningRule | Matrix], policies: Mapping[str, Policy], ground: Ground, days: np.ndarray
) -> RuleBook:
    """Compile rules as if each held on every day, without limits: what is asked is what they give to a line."""
    bare = [
        one.model_copy(
            update={"valid_from": None, "caps": None, "scope": one.scope.model_copy(update=dict.fromkeys(_DATES))}
        )
        for one in rules
    ]
    versions = [RuleVersion(at, at, 1, None, one) for at, one in enumerate(bare, start=1)]
    starts_on: dt.date = days.min().astype(object) if len(days) else dt.date.min
    return compile_rules(
        versions,
        ground.catalogue,
        scale=ground.scale,
        stacks=policies,
        named_days=ground.named_days,
        starts_on=starts_on,
        ends_on=None,
    )


_DATES = ("from_", "until")


def _clashes(
    rule: EarningRule | Matrix, others: Sequence[EarningRule | Matrix], book: RuleBook, each: _Given, kept: _Given
) -> list[Clash]:
    at = {one.code: number for number, one in enumerate(book.rules)}
    mine = each.of(at[rule.code])
    inside = [
        number
        for number, one in enumerate(book.rules)
        if one.stack == rule.stack and one.unit == _unit(book, at[rule.code])
    ]
    stays = {number: kept.of(number) for number in inside}
    total = np.sum(list(stays.values()), axis=0)
    found: list[Clash] = []
    for other in others:
        theirs = each.of(at[other.code])
        both = np.flatnonzero((mine > 0) & (theirs > 0))
        if not both.size:
            continue
        worst = int(both[np.argmax(mine[both] + theirs[both])])
        found.append(
            Clash(
                code=other.code,
                lines=len(both),
                line=worst,
                mine=int(mine[worst]),
                theirs=int(theirs[worst]),
                total=int(total[worst]),
                kept=tuple(book.rules[number].code for number in inside if stays[number][worst] > 0),
                besides=tuple(
                    (book.rules[number].version.definition.name, int(stays[number][worst]))
                    for number in inside
                    if number not in {at[rule.code], at[other.code]} and stays[number][worst]
                ),
            )
        )
    return sorted(found, key=lambda one: (-one.lines, one.code))


def _unit(book: RuleBook, at: int) -> int:
    return int(book.rules[at].unit)
