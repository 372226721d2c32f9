"""New codes that others have but for zeros in front: a spreadsheet program takes these away, and makes 42 of 0042."""

import itertools
from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from app.domain.typed.codes import code_key
from importers.kinds.named_rows import noticed


def lost_zeros(codes: Mapping[int, str], here: Collection[str]) -> list[dict[str, Any]]:
    """Tell of them, each with the code that it may be. They stay: 17 and 0017 may be two.

    Args:
        codes: what each row calls its thing.
        here: the keys of the codes that were known before.
    """
    keys = {row: code_key(code) for row, code in codes.items()}
    alike: defaultdict[str, set[str]] = defaultdict(set)
    for key in itertools.chain(here, keys.values()):
        if key.isdecimal():
            alike[key.lstrip("0")].add(key)
    new = {row: key for row, key in keys.items() if key not in here and key.isdecimal()}
    found = {row: min(others) for row, key in new.items() if (others := alike[key.lstrip("0")] - {key})}
    return noticed("codes_but_for_zeros", {row: f"{codes[row]} / {other}" for row, other in found.items()})
