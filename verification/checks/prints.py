"""Prints: 64 bits that stand for what a document's lines say, or for a number with a letter left out.

Equal things have equal prints; that two others share one is less likely than that the disk tells a lie.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from app.domain.measures.exact import Ints

Prints = npt.NDArray[np.uint64]

_FIRST, _SECOND, _BASE = (np.uint64(one) for one in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x100000001B3))
_LONGEST = 48
"""Letters of a number that are looked at; longer ones differ elsewhere as well."""


def mixed(*columns: Ints) -> Prints:
    """Stir columns of whole numbers into one, so that near numbers come far apart."""
    total = np.zeros(len(columns[0]), dtype=np.uint64)
    for column in columns:
        total = (total ^ column.astype(np.int64).view(np.uint64)) * _FIRST
        total ^= total >> np.uint64(29)
        total *= _SECOND
        total ^= total >> np.uint64(32)
    return total


def of_lines(document: Ints, count: int, *columns: Ints) -> Prints:
    """Give the print of each document's lines, in whatever order they stand."""
    prints = np.zeros(count, dtype=np.uint64)
    np.add.at(prints, document, mixed(*columns))
    return prints


def shortened(texts: Sequence[str], owner: Ints) -> tuple[Ints, Prints]:
    """Give the prints of texts, whole and with each letter left out: two that are one edit apart share one.

    Each is its owner's: alike are only texts of the same owner. Gives the place of the text beside each print.
    """
    letters = np.zeros((len(texts), _LONGEST), dtype=np.uint64)
    codes = np.asarray([text[:_LONGEST] for text in texts], dtype=f"<U{_LONGEST}")
    letters[:] = codes.view(np.uint32).reshape(len(texts), _LONGEST)
    length = (letters != 0).sum(axis=1)
    powers = np.cumprod(np.concatenate([[np.uint64(1)], np.full(_LONGEST - 1, _BASE)]), dtype=np.uint64)
    # the letters before the one that is left out keep their places, those after it move up by one
    before = np.cumsum(letters * powers, axis=1, dtype=np.uint64)
    moved = letters[:, 1:] * powers[:-1]
    after = np.cumsum(moved[:, ::-1], axis=1, dtype=np.uint64)[:, ::-1]
    nothing = np.zeros((len(texts), 1), dtype=np.uint64)
    without = np.concatenate([nothing, before[:, :-1]], axis=1) + np.concatenate([after, nothing], axis=1)
    prints = np.concatenate([before[:, -1:], without], axis=1)
    there = np.concatenate([np.ones((len(texts), 1), dtype=bool), letters != 0], axis=1)
    place = np.broadcast_to(np.arange(len(texts))[:, None], there.shape)[there]
    size = np.concatenate([length[:, None], np.broadcast_to(length[:, None] - 1, letters.shape)], axis=1)[there]
    return place, mixed(prints[there].view(np.int64), owner[place], size)
