"""Who gets what a document earns: the company, the people whose sale it was, or all by shares (largest remainder).

What was given stays what it was: a return takes from each in proportion to what each was given, never by the shares
that the programme has by then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
from pydantic import Field, model_validator

from app.domain.measures.exact import Ints
from app.domain.measures.sharing import parts_of
from app.domain.program_file.parts import Part
from app.domain.states import TaxStatus

WHOLE = 10_000
"""All of it, in basis points."""

To: TypeAlias = Literal["company", "person", "shares"]
Each: TypeAlias = Literal["equal", "whole"]
"""What each of several people gets whose sale it was: an equal part of the people's share, or all of it."""


class Shares(Part):
    """Who gets the points of a document that names a person with an account of their own."""

    to: To = "company"
    person_bp: int | None = Field(None, gt=0, lt=WHOLE, description="the person's share, where both get some")
    tax_status: TaxStatus = Field(
        TaxStatus.DISTRIBUTOR_EMPLOYEE, description="of people's accounts when they are opened"
    )

    @model_validator(mode="after")
    def _says_how_much(self) -> "Shares":
        if (self.to == "shares") != (self.person_bp is not None):
            raise ValueError("person_bp is needed where points are shared, and has no place elsewhere")
        return self

    @property
    def of_person(self) -> int:
        """Give the person's share in basis points."""
        return {"company": 0, "person": WHOLE, "shares": self.person_bp or 0}[self.to]


@dataclass(frozen=True)
class Division:
    """How what one document earns is divided: by the weight of the company, and that of each person, in their order.

    ``once`` is the weight of what the rules gave: where each person gets the whole, all weights together are more.
    """

    company: int
    people: Mapping[int, int]
    once: int

    @property
    def all(self) -> int:
        """Add the weights up."""
        return self.company + sum(self.people.values())


def division(person_bp: int, accounts: Sequence[int], each: Each = "equal") -> Division | None:
    """Say how a document is divided among people, in the order of their names; None: it is the company's alone.

    Args:
        person_bp: the people's share.
        accounts: of each person, 0 of whoever has none. What would be theirs is the company's.
        each: what each of several gets.
    """
    having = [account for account in accounts if account]
    if not person_bp or not having:
        return None
    of_all = len(accounts) if each == "equal" else 1
    missing = len(accounts) - len(having) if each == "equal" else 0
    people: dict[int, int] = {}
    for account in having:
        people[account] = people.get(account, 0) + person_bp
    return Division((WHOLE - person_bp) * of_all + person_bp * missing, people, WHOLE * of_all)


def grown(amount: Ints, weight: Ints, once: Ints) -> Ints:
    """Let what the rules gave grow to what is divided, rounded half up: more where each person gets the whole."""
    more = np.flatnonzero(weight != once)
    found = amount.copy()
    if more.size:
        found[more] = (2 * amount[more] * weight[more] + once[more]) // (2 * once[more])
    return found


@dataclass
class Taken:
    """What a document gave under one set of terms, and what returns have taken of it: the company's, each person's."""

    given: list[int]
    back: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin with nothing taken, where nothing is said."""
        self.back = self.back or [0] * len(self.given)

    def take(self, amount: int) -> list[int]:
        """Take so much back. Returns the part of the company, and of each person.

        In all, each has given back in proportion to what each was given: when everything is back, nothing is left. The
        company gives its part first, then one person after the other, each as one of two with all who follow.
        """
        parts, left = [], amount
        for at in range(len(self.given) - 1):
            after = slice(at + 1, None)
            others = _of_two(left, (self.given[at], sum(self.given[after])), (self.back[at], sum(self.back[after])))
            parts.append(left - others)
            left = others
        parts.append(left)
        self.back = [before + part for before, part in zip(self.back, parts, strict=True)]
        return parts


def _of_two(amount: int, given: tuple[int, int], back: tuple[int, int]) -> int:
    """Take back from one of two and the other: the other's part."""
    in_all = min(sum(back) + amount, sum(given))
    due = _part(in_all, *given) - back[1]
    part = max(amount - (given[0] - back[0]), min(amount, given[1] - back[1], due))
    return max(0, min(amount, part))


def _part(total: int, one: int, other: int) -> int:
    """Divide what is back in proportion to what was given: the other's part."""
    if not other or not one:
        return total if other else 0
    return parts_of(total, [one, other])[1]
