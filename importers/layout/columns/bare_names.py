"""Columns that are called ``Nr`` and nothing else: what they hold tells whether rows, documents or goods have it."""

import itertools
from collections.abc import Sequence

import pyarrow as pa

from importers.layout.columns.naming import Because, Candidate
from importers.layout.tables.header import JOINT
from importers.layout.words.synonyms import spoken

_BARE = frozenset(
    ["nr", "no", "n", "num", "number", "numer", "nummer", "número", "núm", "numero", "numéro", "№", "номер", "id", "#"]
)
_SAMPLE = 2_000
_LEAST_ROWS, _HIGHEST = 3, 3
_LIKELY, _KNOWN = 90, 95
_DAYS_FIRST = ("issued_on", "booked_on")

Found = dict[str, list[Candidate]]


def judged(body: pa.Table, found: Found) -> Found:
    """Say of columns with such a name what they hold, where that is certain; of what numbers rows, that it is nothing.

    Args:
        body: what stands below the header, a column of texts for each name.
        found: what each column may hold.
    """
    bare = [name for name in found if spoken(name.rpartition(JOINT)[2]) in _BARE]
    if not bare:
        return found
    judged = dict(found)
    for name in bare:
        said = [(text or "").strip() for text in body.column(name).slice(0, _SAMPLE).to_pylist()]
        if numbers_rows(said):
            judged[name] = []
        elif not found[name]:
            judged[name] = _held(body, name, said, {one: several for one, several in found.items() if one not in bare})
    return judged


def numbers_rows(said: Sequence[str]) -> bool:
    """Say whether texts count on from 1, over the whole table or anew for each document; nobody counts 0001, 0002."""
    if any(one.startswith("0") for one in said):
        return False
    counts = [int(text) for text in (one.rstrip(".") for one in said) if text.isdecimal() and len(text) < 8]
    if len(counts) < _LEAST_ROWS or counts[0] != 1 or max(counts) < _HIGHEST or 10 * len(counts) < 9 * _filled(said):
        return False
    steps = list(itertools.pairwise(counts))
    on = sum(after == before + 1 for before, after in steps)
    return 2 * on >= len(steps) and all(after in (before + 1, 1) for before, after in steps)


def _filled(said: Sequence[str]) -> int:
    return sum(map(bool, said))


def _held(body: pa.Table, name: str, said: Sequence[str], others: Found) -> list[Candidate]:
    """Say what a column holds that numbers no rows: goods, each of one name, or documents, each of one day."""
    best = {field: one for one, several in others.items() for field in _sure(several)}

    def pairs(field: str) -> set[tuple[str, str]]:
        texts = body.column(best[field]).slice(0, _SAMPLE).to_pylist() if field in best else []
        return {(one, other.strip()) for one, other in zip(said, texts, strict=False) if one and other}

    times, distinct = _filled(said), len({one for one in said if one})
    if distinct < 2 or times == distinct:
        return []  # each row has its own: nothing is proved
    goods = pairs("product_name")
    if "product" not in best and len(goods) == distinct == len({name for _, name in goods}):
        return [Candidate("product", _LIKELY, Because.NAMED, name)]
    day = next((field for field in _DAYS_FIRST if field in best), "")
    several = pairs("product") or goods
    if "document_number" not in best and len(pairs(day)) == distinct < len(several):
        return [Candidate("document_number", _LIKELY, Because.NAMED, name)]
    return []


def _sure(several: Sequence[Candidate]) -> list[str]:
    return [one.field for one in several[:1] if one.score >= _KNOWN or one.because is Because.DATES]
