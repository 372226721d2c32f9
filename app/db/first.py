"""The first rows of a query, with how many more there are: a page that shows a part says what it leaves out."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from sqlalchemy import Select, func, literal, select
from sqlalchemy.orm import Session

_Row = TypeVar("_Row")


class First(list[_Row]):
    """Rows in the order that was asked for; ``more`` follow them."""

    def __init__(self, rows: Iterable[_Row] = (), more: int = 0) -> None:
        """Take the rows, and how many there are besides."""
        super().__init__(rows)
        self.more = more


def first(
    session: Session, query: Select[*tuple[Any, ...]], most: int, make: Callable[..., Any] | None = None
) -> First[Any]:
    """Give the first rows of a query, as they are or each made of its columns; those that follow are counted.

    It takes a second query only where there are any.
    """
    found = session.execute(query.limit(most + 1)).all()
    more = 0
    if len(found) > most:
        all_of_it = query.order_by(None).with_only_columns(literal(1), maintain_column_froms=True).subquery()
        more = session.execute(select(func.count()).select_from(all_of_it)).scalar_one() - most
    return First((row if make is None else make(*row) for row in found[:most]), more)
