"""What other rules would have given, beside what was given: sums by rule, product, distributor, month, pair of rules.

The parts of a period are added up one by one and then together: every sum is a sum over lines. There are ten awards to
a line: what is asked of a line is asked once a line, and what is asked of an award costs one addition.
"""

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import combinations
from typing import Any, TypeAlias

import numpy as np

from app.domain.measures.exact import Ints, sums_by
from app.domain.states import SumOf, Unit

_UNITS = max(Unit) + 1
_PAIRED = 100_000
"""Two that belong together are one number: the first times this and the second."""
_WORD = 62
"""Rules that are marked in one number of 64 bits."""


@dataclass(frozen=True)
class ByRule:
    """What rules gave or took back, row by row; ``rule`` is a position among the rules of the scenario."""

    rule: Ints
    unit: Ints
    amount: Ints


@dataclass(frozen=True)
class ByLine:
    """What lines were given or lost, row by row: of which product and distributor, on which day since January 1970.

    What was taken back is below zero.
    """

    product: Ints
    distributor: Ints
    day: Ints
    unit: Ints
    amount: Ints

    @functools.cached_property
    def month(self) -> Ints:
        """Give the month of each row, counted likewise."""
        return self.day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


@dataclass(frozen=True)
class Moved:
    """The same amounts, once by rule and once by line."""

    rules: ByRule
    lines: ByLine


def together(parts: Sequence[Moved]) -> Moved:
    """Put amounts one beneath the other."""
    return Moved(_joined(ByRule, [one.rules for one in parts]), _joined(ByLine, [one.lines for one in parts]))


def _joined(kind: Any, parts: Sequence[Any]) -> Any:
    return kind(*(np.concatenate([getattr(one, field.name) for one in parts]) for field in fields(kind)))


@dataclass(frozen=True)
class Paying:
    """Which rules pay which lines, by line; multipliers stand by themselves: they come on top of what others pay."""

    line: Ints
    rule: Ints
    unit: Ints
    amount: Ints


@dataclass(frozen=True)
class Selling:
    """Lines, by position: of what, whose, when, how much; ``sells`` marks those that could earn, with 1."""

    product: Ints
    distributor: Ints
    month: Ints
    net_minor: Ints
    sells: Ints


@dataclass(frozen=True)
class Sums:
    """Sums, row by row; each is about something else. Lines are counted in the rows of points, and of rules."""

    about: Ints
    key: Ints
    other: Ints
    unit: Ints
    drafted: Ints
    given: Ints
    lines: Ints
    net_minor: Ints
    unpaid_lines: Ints
    unpaid_minor: Ints

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.key)


NOTHING = Sums(*(np.zeros(0, dtype=np.int64) for _ in fields(Sums)))
"""Of days that no rule judges."""

_Rows: TypeAlias = dict[str, Ints]
_MEASURES = ("drafted", "given", "lines", "net_minor", "unpaid_lines", "unpaid_minor")
_BY_LINE = {SumOf.PRODUCT: "product", SumOf.DISTRIBUTOR: "distributor", SumOf.MONTH: "month"}


def compare(
    drafted: Moved,
    given: Moved,
    selling: Selling,
    paying: Paying,
    multiplying: Paying,
    spans: Sequence[tuple[int, int]] = (),
) -> Sums:
    """Sum what drafted rules give and what was given, with the lines that sell and those that are paid.

    ``multiplying`` are the multipliers of what ``paying`` pays: their lines are counted, and paired with no other's.
    ``spans`` are first and last days, counted from January 1970, of which every distributor's points are summed.
    """
    sides = {"drafted": drafted, "given": given}
    by_rule = [{"key": one.rules.rule, "unit": one.rules.unit, name: one.rules.amount} for name, one in sides.items()]
    alone, pairs = _paid_together(selling, paying)
    upon, _ = _paid_together(selling, multiplying)
    found = [_summed(SumOf.RULE, [*by_rule, *alone, *upon])]
    selling_rows = _selling_rows(selling, paying)
    for about, name in _BY_LINE.items():
        rows = [
            {"key": getattr(one.lines, name), "unit": one.lines.unit, side: one.lines.amount}
            for side, one in sides.items()
        ]
        found.append(_summed(about, [*rows, {**selling_rows, "key": getattr(selling, name)[selling.sells == 1]}]))
    if pairs:
        found.append(_summed(SumOf.PAIR, pairs))
    within = [row for number, span in enumerate(spans) for row in _within(sides, number, *span)]
    if within:
        found.append(_summed(SumOf.SPAN, within))
    return Sums(*(np.concatenate([getattr(one, field.name) for one in found]) for field in fields(Sums)))


def _within(sides: Mapping[str, Moved], number: int, first: int, last: int) -> Iterator[_Rows]:
    """Give the points that distributors were given, or lost, within a span."""
    for side, moved in sides.items():
        rows = moved.lines
        at = np.flatnonzero((rows.day >= first) & (rows.day <= last) & (rows.unit == Unit.POINTS))
        yield {"key": rows.distributor[at] * _PAIRED + number, "unit": rows.unit[at], side: rows.amount[at]}


def _selling_rows(selling: Selling, paying: Paying) -> _Rows:
    sells = np.flatnonzero(selling.sells)
    unpaid = np.ones(len(selling.sells), dtype=np.int64)
    unpaid[paying.line] = 0
    unpaid, net = unpaid[sells], selling.net_minor[sells]
    return {
        "unit": np.full(len(sells), Unit.POINTS, dtype=np.int64),
        "lines": np.ones(len(sells), dtype=np.int64),
        "net_minor": net,
        "unpaid_lines": unpaid,
        "unpaid_minor": unpaid * net,
    }


def _summed(about: SumOf, rows: list[_Rows]) -> Sums:
    """Sum rows of the same key and unit."""
    coded = [one["key"] * _UNITS + one["unit"] for one in rows]
    codes, places = _numbered(coded)
    measures = {name: np.zeros(len(codes), dtype=np.int64) for name in _MEASURES}
    for one, at in zip(rows, places, strict=True):
        for name in one.keys() & measures.keys():
            measures[name] += sums_by(at, one[name], len(codes))
    key, unit = codes // _UNITS, codes % _UNITS
    paired = about in (SumOf.PAIR, SumOf.SPAN)
    return Sums(
        about=np.full(len(key), about, dtype=np.int64),
        key=key // _PAIRED if paired else key,
        other=key % _PAIRED if paired else np.zeros(len(key), dtype=np.int64),
        unit=unit,
        **measures,
    )


def _numbered(coded: list[Ints]) -> tuple[Ints, list[Ints]]:
    """Give the distinct codes, rising, and the place of each row's among them.

    Ids of one programme lie close together: marking them in a field of their range takes a tenth of a sort's time.
    """
    some = [one for one in coded if len(one)]
    if not some:
        return np.zeros(0, dtype=np.int64), coded
    least, most = min(int(one.min()) for one in some), max(int(one.max()) for one in some)
    if most - least > 4 * sum(map(len, some)) + 1_000_000:
        codes, place = np.unique(np.concatenate(coded), return_inverse=True)
        return codes, np.split(place, np.cumsum([len(one) for one in coded])[:-1])
    there = np.zeros(most - least + 1, dtype=bool)
    for one in some:
        there[one - least] = True
    number = np.cumsum(there) - 1
    return np.flatnonzero(there) + least, [number[one - least] for one in coded]


def _paid_together(selling: Selling, paying: Paying) -> tuple[list[_Rows], list[_Rows]]:
    """Give what each rule pays, and what each two rules pay that pay the same lines in the same unit.

    Of a million lines a few hundred sets of rules are left that pay a line together: those are paired.
    """
    alone: list[_Rows] = []
    pairs: list[_Rows] = []
    for unit in Unit:
        mine = np.flatnonzero(paying.unit == unit)
        if not mine.size:
            continue
        for rules, lines, net, amounts in _sets(paying.line[mine], paying.rule[mine], paying.amount[mine], selling):
            count = len(rules)
            alone.append(_row(rules, unit, [lines] * count, [net] * count))
            two = list(combinations(range(count), 2))
            if two:
                keys = [rules[a] * _PAIRED + rules[b] for a, b in two]
                both = [amounts[a] + amounts[b] for a, b in two]
                pairs.append(_row(keys, unit, [lines] * len(two), [net] * len(two), both))
    return alone, pairs


def _row(keys: list[int], unit: Unit, lines: list[int], net: list[int], drafted: list[int] | None = None) -> _Rows:
    row = {"key": keys, "unit": [int(unit)] * len(keys), "lines": lines, "net_minor": net}
    if drafted is not None:
        row["drafted"] = drafted
    return {name: np.asarray(values, dtype=np.int64) for name, values in row.items()}


def _sets(line: Ints, rule: Ints, amount: Ints, selling: Selling) -> Iterator[tuple[list[int], int, int, list[int]]]:
    """Give each set of rules that pays lines together: rising, with how many, their net amount, what each rule pays."""
    starts = np.flatnonzero(np.append(True, line[1:] != line[:-1]))
    of_line = np.zeros(len(starts), dtype=np.int64)
    for word in range(int(rule.max()) // _WORD + 1):
        bits = np.where(rule // _WORD == word, 1 << (rule % _WORD), 0)
        _, place = np.unique(np.bitwise_or.reduceat(bits, starts), return_inverse=True)
        _, of_line = np.unique(of_line * len(starts) + place, return_inverse=True)
    sets, width = int(of_line.max()) + 1, int(rule.max()) + 1
    lines = np.bincount(of_line, minlength=sets)
    net = sums_by(of_line, selling.net_minor[line[starts]], sets)
    of_row = np.repeat(of_line, np.diff(np.append(starts, len(line))))
    paid = sums_by(of_row * width + rule, amount, sets * width).reshape(sets, width)
    pays = np.zeros((sets, width), dtype=bool)
    pays[of_row, rule] = True
    for at in range(sets):
        rules = np.flatnonzero(pays[at])
        yield rules.tolist(), int(lines[at]), int(net[at]), paid[at, rules].tolist()
