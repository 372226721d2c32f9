"""When several rules match a line: each stack's policy chooses, and stacks add up (rules.md 3)."""

from dataclasses import dataclass

import numpy as np

from app.domain.exact import Ints, order_of
from app.domain.rulebook import RuleBook
from app.domain.sales import Flags


@dataclass(frozen=True)
class Candidates:
    """What rules would give: the position of the line and of the rule, and the amount (above zero), row by row."""

    line: Ints
    rule: Ints
    amount: Ints


def survivors(book: RuleBook, given: Candidates) -> Flags:
    """Mark the rows that their stack keeps.

    ``sum`` keeps all. ``best`` keeps, for each line, the rule that gives most (ties: lower priority number, then code);
    ``first`` the lowest priority number (ties: code) among those that give something. Units are chosen apart: points
    and money in one stack do not compete.
    """
    kept = np.ones(len(given.line), dtype=bool)
    stacks = sorted({(rule.stack, rule.unit) for rule in book.rules if book.stacks[rule.stack] != "sum"})
    for stack, unit in stacks:
        inside = np.asarray([rule.stack == stack and rule.unit is unit for rule in book.rules])
        row = np.flatnonzero(inside[given.rule])
        if not row.size:
            continue
        # rules stand in the order of their codes, so the rule's position is the code's tie-break
        rule = given.rule[row]
        priority = np.asarray([one.priority for one in book.rules], dtype=np.int64)[rule]
        keys = [given.line[row], priority, rule]
        if book.stacks[stack] == "best":
            keys.insert(1, -given.amount[row])
        order = order_of(*keys)
        line = given.line[row][order]
        loses = np.append(False, line[1:] == line[:-1])
        kept[row[order[loses]]] = False
    return kept
