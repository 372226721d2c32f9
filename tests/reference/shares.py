"""Shares of people, slowly: points are handed out and taken back one document at a time, in whole fractions."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

WHOLE = 10_000


def part_of_person(total: int, share_bp: int) -> int:
    """Largest remainder for two: each its whole part, and one over to the larger remainder, of two equal the first."""
    return _second(total, Fraction(WHOLE - share_bp, WHOLE), Fraction(share_bp, WHOLE))


def _second(total: int, first_share: Fraction, second_share: Fraction) -> int:
    first, second = total * first_share, total * second_share
    over = total - int(first) - int(second)
    return int(second) + (1 if over and second - int(second) > first - int(first) else 0)


def equal_parts(total: int, share_bp: int, accounts: list[int]) -> list[int]:
    """Divide among a company and several people, of whom 0 has no account: the company's, then each one's once.

    Points are handed out one by one, each to whoever is furthest below their exact part after the whole parts are out.
    """
    if not share_bp or not any(accounts):
        return [total]
    each = Fraction(share_bp, WHOLE * len(accounts))
    wanted: dict[int, Fraction] = {0: Fraction(WHOLE - share_bp, WHOLE)}
    for account in accounts:
        wanted[account] = wanted.get(account, Fraction(0)) + each
    exact = {one: total * part for one, part in wanted.items()}
    given = {one: int(part) for one, part in exact.items()}
    largest_first = sorted(exact, key=lambda one: given[one] - exact[one])
    for one in largest_first[: total - sum(given.values())]:
        given[one] += 1
    return list(given.values())


@dataclass
class Sale:
    """What a document gave the company and the person, and what came back of it."""

    company: int
    person: int
    back: int = 0


@dataclass
class Book:
    """All sales, and who has what left of each."""

    sales: list[Sale] = field(default_factory=list)

    def sell(self, total: int, share_bp: int) -> None:
        """Hand out what a document earned."""
        person = part_of_person(total, share_bp)
        self.sales.append(Sale(total - person, person))

    def give_back(self, which: int, amount: int) -> None:
        """Take some of it back: in all, each gives in proportion to what each was given."""
        self.sales[which].back += amount

    def left(self) -> tuple[int, int]:
        """Say what company and person have left, reckoned from the beginning."""
        company = person = 0
        for sale in self.sales:
            whole = sale.company + sale.person
            taken = _second(sale.back, Fraction(sale.company, whole), Fraction(sale.person, whole))
            person += sale.person - taken
            company += sale.company - (sale.back - taken)
        return company, person
