"""Lists as parameters: written at once or one by one, they arrive as they are."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Text, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
plain = st.sampled_from(
    ["", "NULL", "null", " ", "{}", ",", "a b", "łódź", "1|distributor:7|FV123", 'say "x"', "a\\b", '"', "\\"]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(texts=st.lists(words | plain | st.none(), max_size=6))
def test_texts_arrive_as_they_are(session: Session, texts: list[str | None]) -> None:
    assert session.scalar(select(bindparam("sent", texts, ARRAY(Text)))) == texts


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(numbers=st.lists(st.integers(-(2**63), 2**63 - 1) | st.none(), max_size=6))
def test_numbers_arrive_as_they_are(session: Session, numbers: list[int | None]) -> None:
    assert session.scalar(select(bindparam("sent", numbers, ARRAY(BigInteger)))) == numbers


def test_a_nul_is_refused_in_a_list_as_in_a_text(session: Session) -> None:
    with pytest.raises(DataError):
        session.scalar(select(bindparam("sent", ["a", "b\0c"], ARRAY(Text))))
