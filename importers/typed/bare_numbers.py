"""A column's numbers without what only accompanies them: currencies, brackets, what parts thousands."""

from dataclasses import replace

import numpy as np

from app.domain.states import Outcome
from importers.layout.tables.table import TextTable
from importers.layout.written.numbers import PIECES, currencies_of, tidy
from importers.problems.problems import Problems
from importers.typed.parsing import Column


def bare_numbers(
    column: Column, table: TextTable, thousands: str | None, currency: str | None, problems: Problems
) -> Column:
    """Take what only accompanies numbers away, and hold the rows whose amount is in another currency.

    Args:
        column: of the table, as it is written.
        table: says which of its numbers come from number cells: there one group such as 1.234 parts decimals.
        thousands: what parts thousands in this column; none: such texts are refused beside number cells.
        currency: of the amounts; none: whatever stands beside the numbers is taken away.
        problems: takes what is found.
    """
    rows = table.row_number
    if thousands is None:
        _refuse_grouped(column, table, problems)
    single = not table.typed or column.name in table.grouped or thousands == ","  # no number cell has a comma
    tidied = tidy(column.values, thousands, surely=not single)
    foreign = [word not in PIECES and currency not in {None, *currencies_of(word)} for word in tidied.words]
    if any(foreign):
        marked = np.append(np.asarray(foreign), False)[tidied.word]
        for at in np.flatnonzero(column.spread(marked, False)).tolist():  # noqa: FBT003
            problems.add(
                rows[at], Outcome.HELD, "other_currency", field=column.name, found=column.shown(at), expected=currency
            )
    written = column.values if column.written is None else column.written
    return replace(column, values=tidied.values, written=written)


def _refuse_grouped(column: Column, table: TextTable, problems: Problems) -> None:
    """Refuse texts such as 1.234 where the comma is the decimal sign, as they are refused in a file of text."""
    if column.name not in table.grouped:
        return
    for at in np.flatnonzero(table.grouped[column.name]).tolist():
        problems.add(
            table.row_number[at],
            Outcome.REFUSED,
            "not_a_number",
            field=column.name,
            found=column.shown(at),
            example="1234,56",
        )
