"""Head offices and their branches: one level, each distributor below one head office at most."""

import enum
from collections.abc import Mapping
from typing import TypeVar

Who = TypeVar("Who", int, str)


class Misplaced(enum.StrEnum):
    """Why a distributor cannot stand below the head office that was said."""

    UNKNOWN = "unknown_head_office"
    ITSELF = "head_office_itself"
    A_BRANCH = "head_office_is_a_branch"
    HAS_BRANCHES = "head_office_of_others"


def misplaced(here: Mapping[Who, Who | None], said: Mapping[Who, Who]) -> dict[Who, Misplaced]:
    """Tell which of some distributors cannot stand below the head offices that are said of them.

    ``here`` is every distributor, by code or id, with the head office it has now. What is said is judged all together,
    as it would be afterwards: in which order it is said does not matter.
    """
    found = {
        one: Misplaced.UNKNOWN if office not in here else Misplaced.ITSELF
        for one, office in said.items()
        if office not in here or office == one
    }
    placed = {one: office for one, office in said.items() if one not in found}
    above = {**here, **placed}
    offices = set(above.values())
    for one, office in placed.items():
        if above[office] is not None:
            found[one] = Misplaced.A_BRANCH
        elif one in offices:
            found[one] = Misplaced.HAS_BRANCHES
    return found
