"""The match stage: names become ids of distributors and products; what is unknown is held, created or refused."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from app.domain.documents.sales import UNKNOWN, Flags, Texts
from app.domain.measures.exact import Ints, by_value
from app.domain.states import Outcome
from app.services.imported.aliases import Meaning, Names
from importers.problems.problems import Problems
from importers.typed.sales_rows import Codes

Create = Callable[[list[str], dict[str, str]], Mapping[str, int]]
"""Makes what is unknown: takes codes as written and names by code, gives ids by code key."""

_NOTHING = Meaning(UNKNOWN)
_GROUPED = re.compile(r"[1-9]\d{0,2}([ \u00a0\u202f.,'])\d{3}(?:\1\d{3})*")
_MOST_DIGITS = 3
"""Digits of a number that nothing parts."""


@dataclass(frozen=True)
class Matched:
    """What the names of rows mean.

    Attributes:
        id: of each row's thing, ``UNKNOWN`` where there is none.
        unit_milli: how much of ours one unit of the row's is.
        unknown: marks the rows that wait for their name to be known.
        ignored: marks the rows whose name does not count.
    """

    id: Ints
    unit_milli: Ints
    unknown: Flags
    ignored: Flags


@dataclass(frozen=True)
class Sought:
    """The names of rows whose meaning is sought.

    Attributes:
        what: they are names of, for the message.
        codes: the column.
        called: what the file calls each row's thing, where it does.
        rows: the rows' numbers.
        bad: marks rows that have a problem already: nothing is created for them alone.
        distributor_id: of each row, where a distributor may have names of its own.
    """

    what: Literal["distributor", "product"]
    codes: Codes
    called: Texts | None
    rows: np.ndarray
    bad: np.ndarray
    distributor_id: Ints | None = None


def match(
    sought: Sought,
    names: Names,
    unknown: Literal["hold", "create", "reject"],
    create: Create,
    problems: Problems,
) -> Matched:
    """Say what each row's name means: by code, by EAN, by what the source calls it, by what anybody does.

    Args:
        sought: the names.
        names: what names mean to the source.
        unknown: what the profile says about unknown names.
        create: makes what is unknown.
        problems: takes the rows whose name is unknown, or does not count.
    """
    codes, rows, what = sought.codes, sought.rows, sought.what
    own = [names.own(text) for text in codes.written]
    known = [mine or names.aliases.get(key) or _NOTHING for mine, key in zip(own, codes.keys, strict=True)]
    for at, bare in _without_thousands(codes).items():
        if known[at] is _NOTHING:
            known[at] = names.own(bare) or names.aliases.get(bare) or _NOTHING
    means = _Means([*known, _NOTHING], codes.code)
    if sought.distributor_id is not None and names.of_distributors:
        means.of_distributors(codes, own, names.of_distributors, sought.distributor_id)
    ids = means.each(lambda one: UNKNOWN if one.id is None else one.id)
    ignored = means.each(lambda one: one.id is None).astype(bool)
    for at, places in by_value(means.of[ignored]):
        these, because = np.flatnonzero(ignored)[places], means.listed[at].reason or ""
        found = repr(codes.written[int(codes.code[these[0]])])
        problems.add_all(rows[these].tolist(), Outcome.REFUSED, f"ignored_{what}", found=found, because=because)
    strange = (ids == UNKNOWN) & (codes.code >= 0) & ~ignored
    if unknown == "create":
        wanted = strange & ~sought.bad
        fresh = np.unique(codes.code[wanted]).tolist()
        made = create([codes.written[at] for at in fresh], _first_names(codes, wanted, sought.called)) if fresh else {}
        onto = np.full(len(codes.keys) + 1, UNKNOWN, dtype=np.int64)
        onto[fresh] = [made[codes.keys[at]] for at in fresh]
        # what is left unknown stands in bad rows alone, and is created when these have been corrected
        ids = np.where(strange, onto[codes.code], ids)
        strange = np.zeros(len(strange), dtype=bool)
    else:
        outcome = Outcome.REFUSED if unknown == "reject" else Outcome.HELD
        unknown_rows = np.flatnonzero(strange)
        for code, places in by_value(codes.code[unknown_rows]):
            problems.add_all(
                rows[unknown_rows[places]].tolist(), outcome, f"unknown_{what}", found=repr(codes.written[code])
            )
    waits = strange if unknown == "hold" else np.zeros(len(strange), dtype=bool)
    return Matched(ids, means.each(lambda one: one.unit_milli), waits, ignored)


def _without_thousands(codes: Codes) -> dict[int, str]:
    """Give the digits of codes that a spreadsheet program wrote as numbers, such as ``12 345``, by their places.

    None are given where the codes are parted by several signs, or one of four digits by none: they are written so.
    """
    grouped = {at: found for at, text in enumerate(codes.written) if (found := _GROUPED.fullmatch(text.strip()))}
    whole = any(text.isdecimal() and len(text) > _MOST_DIGITS for text in codes.written) if grouped else False
    if whole or len({found[1] for found in grouped.values()}) != 1:
        return {}
    return {at: found[0].replace(found[1], "") for at, found in grouped.items()}


class _Means:
    """What each row's name means: ``listed[of[row]]``."""

    def __init__(self, listed: list[Meaning], code: Ints) -> None:
        self.listed = listed
        self.of = np.where(code < 0, len(listed) - 1, code)

    def of_distributors(
        self,
        codes: Codes,
        own: list[Meaning | None],
        theirs: Mapping[tuple[int, str], Meaning],
        distributor_id: Ints,
    ) -> None:
        """Take what distributors call products where it is not our own code: before what the profile calls them."""
        place = {key: at for at, key in enumerate(codes.keys)}
        fitting = {
            (who, place[key]): meaning
            for (who, key), meaning in theirs.items()
            if key in place and own[place[key]] is None
        }
        touched = np.flatnonzero(np.isin(codes.code, [at for _, at in fitting]))
        pairs, inverse = np.unique(
            np.stack([distributor_id[touched], codes.code[touched]], axis=1), axis=0, return_inverse=True
        )
        for at, places in by_value(inverse.astype(np.int64)):
            meaning = fitting.get((int(pairs[at, 0]), int(pairs[at, 1])))
            if meaning is not None:
                self.of[touched[places]] = len(self.listed)
                self.listed.append(meaning)

    def each(self, of_meaning: Callable[[Meaning], int]) -> Ints:
        """Give each row what stands for its meaning."""
        return np.asarray([of_meaning(one) for one in self.listed], dtype=np.int64)[self.of]


def _first_names(codes: Codes, wanted: np.ndarray, names: Texts | None) -> dict[str, str]:
    """Take the first name that the file gives each code."""
    if names is None:
        return {}
    named = np.flatnonzero(wanted & np.asarray([name is not None for name in names], dtype=bool))
    first, at = np.unique(codes.code[named], return_index=True)
    return {codes.written[code]: names[row] for code, row in zip(first.tolist(), named[at].tolist(), strict=True)}
