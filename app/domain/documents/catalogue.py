"""Products and distributors of a programme in columns, with the trees of their groups: what rules are read against."""

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from app.domain.documents.placements import Stretches
from app.domain.documents.sales import Flags
from app.domain.measures.calendar import Days
from app.domain.measures.exact import Ints, places
from app.domain.typed.codes import by_every_name, code_key


@dataclass(frozen=True)
class GroupTree:
    """Groups with their parents: ``code``, ``name``, ``aliases`` and ``parent`` (a position, or -1) by position."""

    code: Sequence[str]
    name: Sequence[str]
    aliases: Sequence[Sequence[str]]
    parent: Sequence[int]

    def find(self, spellings: Iterable[str]) -> list[int]:
        """Give the positions of the groups that are called so, by code, name or alias. What is unknown is left out."""
        return [self._index[code_key(one)] for one in spellings if code_key(one) in self._index]

    @functools.cached_property
    def _index(self) -> Mapping[str, int]:
        """Index the groups once: a matrix asks for two of them a cell."""
        return by_every_name((at, self.code[at], self.name[at], self.aliases[at]) for at in range(len(self.code)))

    def with_descendants(self, positions: Iterable[int]) -> Flags:
        """Mark these groups and all below them."""
        chosen = set(positions)
        marks = np.zeros(len(self.code), dtype=bool)
        for at in range(len(self.code)):
            marks[at] = any(one in chosen for one in self.path(at))
        return marks

    def path(self, at: int) -> list[int]:
        """Give a group and those above it, nearest first."""
        path: list[int] = []
        while at >= 0 and at not in path:
            path.append(at)
            at = self.parent[at]
        return path


@dataclass(frozen=True)
class Catalogue:
    """Products and distributors of a programme, by position in the order of their ids.

    ``*_keys`` are codes as they compare; ``*_group`` are positions in the trees, or -1. What moved from one group or
    tier to another has a position for each stretch of days, under one id; ``*_stretches`` tells them apart.
    """

    product_ids: Ints
    product_keys: Sequence[str]
    product_group: Ints
    product_groups: GroupTree
    distributor_ids: Ints
    distributor_keys: Sequence[str]
    distributor_group: Ints
    distributor_tier: Sequence[str | None]
    distributor_groups: GroupTree
    product_stretches: Stretches | None = None
    distributor_stretches: Stretches | None = None
    beside_ids: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """Those of the distributors that are no companies: accounts of people beside one, and what became another one."""

    def products(self, ids: Ints, days: Days, of: Ints | None = None) -> Ints:
        """Give the positions of products by id, as they were on a day: ``of`` says which day belongs to which id.

        Raises:
            LookupError: The catalogue does not have one: it was loaded before that product came.
        """
        first = places(self.product_ids, ids)
        return first if self.product_stretches is None else self.product_stretches.on(first, days, of)

    def distributors(self, ids: Ints, days: Days) -> Ints:
        """Give the positions of distributors by id, as they were on a day each; raises like ``products``."""
        first = places(self.distributor_ids, ids)
        return first if self.distributor_stretches is None else self.distributor_stretches.on(first, days)
