"""Column types: states are stored as agreed, and what names no state is an error and not a guess."""

import enum
from typing import Any

import pytest
from sqlalchemy.dialects.postgresql import psycopg

from app.db.types import Coded, Named

DIALECT = psycopg.dialect()


class Number(enum.IntEnum):
    """Stored as a number."""

    ONE = 1
    TWO = 2


class Word(enum.StrEnum):
    """Stored as a text."""

    YES = "yes"
    NO = "no"


@pytest.mark.parametrize(
    ("kind", "member", "stored"),
    [
        (Coded(Number), Number.TWO, 2),
        (Named(Word), Word.NO, "no"),
        (Coded(Number), None, None),
        (Named(Word), None, None),
    ],
)
def test_a_state_is_stored_and_comes_back(kind: Any, member: enum.Enum | None, stored: object) -> None:
    sent = kind.process_bind_param(member, DIALECT)
    assert sent == stored
    assert type(sent) is type(stored)
    assert kind.process_result_value(stored, DIALECT) is member


@pytest.mark.parametrize(("kind", "stored"), [(Coded(Number), 3), (Named(Word), "maybe")])
def test_what_names_no_state_is_an_error(kind: Any, stored: object) -> None:
    with pytest.raises(ValueError, match=str(stored)):
        kind.process_result_value(stored, DIALECT)


@pytest.mark.parametrize("text", ["maybe", "YES"])
def test_a_text_that_names_no_state_is_not_sent(text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Named(Word).process_bind_param(text, DIALECT)


def test_a_number_that_names_no_state_is_not_sent() -> None:
    with pytest.raises(ValueError, match="3"):
        Coded(Number).process_bind_param(3, DIALECT)
