"""What is noticed of some rows of a file, and stops none of them: how many they are, and the first by number."""

import itertools
from collections.abc import Mapping
from typing import Any

_MOST_NAMED = 10


def noticed(code: str, found: Mapping[int, str]) -> list[dict[str, Any]]:
    """Tell it of rows, each with what it says; nothing where there are none."""
    if not found:
        return []
    told = [f"{row}: {text}" for row, text in itertools.islice(found.items(), _MOST_NAMED)]
    more = ["…"] if len(found) > _MOST_NAMED else []
    return [{"code": code, "count": len(found), "found": ", ".join([*told, *more])}]
