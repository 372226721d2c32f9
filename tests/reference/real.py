"""The two real sources, each counted once in a run of the tests, whoever asks."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.reference import data, gift_wholesale, wheel_club
from tests.reference.run import Result


@cache
def real(name: str) -> tuple[dict[str, Any], Path]:
    """Give a programme file and the data folder, or skip and say what is missing."""
    folder = data.data_folder()
    if folder is None:
        pytest.skip("NOT RUN: KONTOR_TEST_DATA is not set or names no folder, the real data is not there")
    made = data.programme_dict(name, folder)
    if made is None:
        pytest.skip(f"NOT RUN: no {name}.yaml; set KONTOR_TEST_PROGRAMMES or put `programmes` beside the data")
    return made, folder


@cache
def wheel_result() -> Result:
    """Count wheel-club once."""
    made, folder = real("wheel-club")
    return wheel_club.expected(made, folder)


@cache
def gift_result() -> Result:
    """Count gift-wholesale once."""
    made, folder = real("gift-wholesale")
    return gift_wholesale.expected(made, folder)
