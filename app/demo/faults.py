"""What is wrong with a sales report: the rows of sales.xlsx, some of them spoilt on purpose.

At most one row of an invoice is spoilt, at least two good rows remain in it, and an invoice that goods come back from
is left alone: so the counts hold whatever an import does with the good rows beside a bad one.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from app.demo.numbering import HABITS
from app.demo.sales import Document

Cell = str | int | float | dt.date | None
Row = dict[str, Cell]

NUMBER, ISSUED, DISTRIBUTOR, CORRECTS = "Numer faktury", "Data wystawienia", "Kod dystrybutora", "Faktura korygowana"
SELLER = "Sprzedawca"
PRODUCT, NAME, QUANTITY, UNIT = "Kod produktu", "Nazwa produktu", "Ilość", "J.m."
PRICE, NET = "Cena netto", "Wartość netto"


class Fault(StrEnum):
    """What is wrong with a row."""

    UNKNOWN_PRODUCT = "unknown_product"
    UNKNOWN_DISTRIBUTOR = "unknown_distributor"
    QUANTITY_NOT_A_NUMBER = "quantity_not_a_number"
    MISSING_DATE = "missing_date"
    DATE_OUTSIDE_PROGRAMME = "date_outside_programme"
    WRONG_DECIMAL = "wrong_decimal"
    REPEATED_EXACTLY = "repeated_exactly"
    REPEATED_OTHERWISE = "repeated_otherwise"


# How many rows are spoilt in which way; the ways take turns.
SPOILT_ROWS: dict[Fault, tuple[int, tuple[Row, ...]]] = {
    Fault.UNKNOWN_PRODUCT: (
        28,
        (
            {PRODUCT: "OBCY-7781", NAME: "Wiertarka udarowa 700 W (inny producent)"},
            {PRODUCT: "OBCY-7790", NAME: "Klej montażowy 300 ml (inny producent)"},
            {PRODUCT: "X-20417", NAME: "Rękawice robocze, rozmiar 10"},
            {PRODUCT: "X-20418", NAME: "Okulary ochronne bezbarwne"},
            {PRODUCT: "WU-999", NAME: "Wiertarka udarowa 1500 W (wycofana)"},
            {PRODUCT: "TC-911", NAME: "Tarcza do cięcia metalu 125×0,8 mm (wycofana)"},
        ),
    ),
    Fault.QUANTITY_NOT_A_NUMBER: (
        14,
        tuple({QUANTITY: text} for text in ("dwa", "1O", "brak", "#N/D!", "kilka sztuk", "?", "1o5")),
    ),
    Fault.MISSING_DATE: (10, ({ISSUED: None},)),
    Fault.WRONG_DECIMAL: (
        12,
        tuple({NET: text} for text in ("1,249,00", "12..50", "89,9O", "3,14,15", "199,,00", "1.2.34,0,0")),
    ),
}
# Whole documents of two rows each.
STRANGE_DISTRIBUTORS = ("D-1999", "D-2O01", "HURT-03", "D-1999", "D-1061", "BRAK")
STRANGE_DATES = tuple(
    dt.date.fromisoformat(day)
    for day in ("2025-10-06", "2025-10-17", "2025-10-29", "2025-10-30", "2025-01-11", "1926-05-12")
)
REPEATED_LINES = {Fault.REPEATED_EXACTLY: 5, Fault.REPEATED_OTHERWISE: 4}


@dataclass(frozen=True)
class Report:
    """All rows of the sales report, and how many of them are bad for which reason."""

    rows: list[Row]
    bad_rows: dict[Fault, int]


def report(documents: list[Document], untouched: set[tuple[str, str]], rng: np.random.Generator) -> Report:
    """Lay the documents out by date, spoil some rows, and add documents that should not be there."""
    pool = _plain(documents, untouched, rng)
    changes, bad_rows = _changes(pool)
    strangers = _strangers(pool, bad_rows)
    repeats = _repeats(pool, bad_rows)
    rows: list[Row] = []
    for document in sorted([*documents, *strangers], key=lambda one: (one.issued_on, one.distributor, one.number)):
        own = _rows_of(document)
        own[1:2] = [row | changes.get(id(document), {}) for row in own[1:2]]
        rows.extend(own)
    for document in repeats:
        rows.extend(_rows_of(document))
    return Report(rows, bad_rows)


def _plain(documents: list[Document], untouched: set[tuple[str, str]], rng: np.random.Generator) -> Iterator[Document]:
    """Deal out invoices of three rows and more, without discounts and gifts, that nothing came back from."""
    plain = [
        one
        for one in documents
        if len(one.lines) >= 3
        and all(line.net_minor > 0 for line in one.lines)
        and (one.distributor, one.number) not in untouched
    ]
    return iter([plain[place] for place in rng.permutation(len(plain)).tolist()])


def _changes(pool: Iterator[Document]) -> tuple[dict[int, Row], dict[Fault, int]]:
    """Choose whose second row is spoilt, and how."""
    changes: dict[int, Row] = {}
    for count, ways in SPOILT_ROWS.values():
        for place in range(count):
            changes[id(next(pool))] = ways[place % len(ways)]
    return changes, {fault: count for fault, (count, _) in SPOILT_ROWS.items()}


def _strangers(pool: Iterator[Document], bad_rows: dict[Fault, int]) -> list[Document]:
    """Make documents of distributors nobody knows, and documents from before the programme."""
    found = []
    for place, code in enumerate(STRANGE_DISTRIBUTORS):
        like = next(pool)
        found.append(
            replace(like, distributor=code, number=f"FV/{7001 + place}/{like.issued_on:%Y}", lines=like.lines[:2])
        )
    bad_rows[Fault.UNKNOWN_DISTRIBUTOR] = 2 * len(STRANGE_DISTRIBUTORS)
    for place, day in enumerate(STRANGE_DATES):
        like = next(pool)
        number = HABITS[like.habit].pattern.format(n=801 + place, d=day)
        found.append(replace(like, number=number, issued_on=day, lines=like.lines[:2]))
    bad_rows[Fault.DATE_OUTSIDE_PROGRAMME] = 2 * len(STRANGE_DATES)
    return found


def _repeats(pool: Iterator[Document], bad_rows: dict[Fault, int]) -> list[Document]:
    """Report two invoices once more at the end of the file, their numbers spelled differently, one with other content.

    With the same spelling nobody could tell a second report of an invoice from more lines of the first.
    """
    found = []
    for fault, count in REPEATED_LINES.items():
        like = next(one for one in pool if len(one.lines) == count and "/" in one.number)
        lines = list(like.lines)
        if fault is Fault.REPEATED_OTHERWISE:
            lines[-1] = replace(lines[-1], quantity_milli=lines[-1].quantity_milli + 1000)
        found.append(replace(like, number=like.number.lower().replace("/", " / "), lines=lines))
        bad_rows[fault] = count
    return found


def _rows_of(document: Document) -> list[Row]:
    """Write a document as rows. A spreadsheet's numbers are doubles; two decimals fit them."""
    return [
        {
            NUMBER: document.number,
            ISSUED: document.issued_on,
            DISTRIBUTOR: document.distributor,
            PRODUCT: line.product,
            NAME: line.name,
            QUANTITY: line.quantity_milli / 1000,
            UNIT: line.unit,
            PRICE: line.price_minor / 100,
            NET: line.net_minor / 100,
            CORRECTS: document.corrects or None,
            SELLER: document.seller,
        }
        for line in document.lines
    ]
