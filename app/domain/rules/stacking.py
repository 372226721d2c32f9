"""When several rules match a line: each stack's policy chooses, and stacks add up (rules.md 3)."""

from dataclasses import dataclass

import numpy as np

from app.domain.documents.sales import Flags
from app.domain.measures.exact import Ints, order_of
from app.domain.rules.rulebook import RuleBook


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
    for policy, inside in book.choices:
        row = np.flatnonzero(inside[given.rule])
        if not row.size:
            continue
        # rules stand in the order of their codes, so the rule's position is the code's tie-break
        rule = given.rule[row]
        keys = [given.line[row], book.priorities[rule], rule]
        if policy == "best":
            keys.insert(1, -given.amount[row])
        order = order_of(*keys)
        line = given.line[row][order]
        loses = np.append(False, line[1:] == line[:-1])
        kept[row[order[loses]]] = False
    return kept
