"""Asking for many rows by their keys: one parameter, however many keys."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, CollectionAggregate, ColumnElement, Text, any_, literal
from sqlalchemy.dialects.postgresql import ARRAY


def any_of(ids: Iterable[int]) -> CollectionAggregate[Any]:
    """Give what a column equals that has one of these numbers."""
    return any_(literal(list(ids), ARRAY(BigInteger)))


def among(column: Any, ids: Iterable[int]) -> ColumnElement[bool]:
    """Ask for the rows whose number is among these."""
    return column == any_of(ids)  # type: ignore[no-any-return]  # a mapped attribute


def among_texts(column: Any, texts: Iterable[str]) -> ColumnElement[bool]:
    """Ask for the rows whose text is among these."""
    return column == any_(literal(list(texts), ARRAY(Text)))  # type: ignore[no-any-return]  # a mapped attribute
