"""Credit notes: what came back, and how its paper says so."""

import datetime as dt
from dataclasses import dataclass

import numpy as np

from app.demo.calendar import HOLIDAYS, LAST_DAY
from app.demo.numbering import HABITS, credit_note_numbers
from app.demo.products import Product
from app.demo.sales import Document, Line

NAMING = 85  # credit notes that name the invoice they correct
SILENT = 50  # credit notes that do not; the sale they belong to is found by distributor and product
AGAIN = 12  # of the invoices that were named, so many are corrected a second time
WITHOUT_SALE = 3  # credit notes for a product that their distributor never sold


@dataclass
class Returns:
    """Credit notes, and the invoices that they need: those must stay as they are."""

    documents: list[Document]
    origins: set[tuple[str, str]]
    without_sale: int


def credit_notes(documents: list[Document], products: list[Product], rng: np.random.Generator) -> Returns:
    """Take goods back, never more of a line than was sold.

    No two invoices that goods come back from share distributor and product, so that a credit note that names no
    invoice cannot use up what another one needs.
    """
    origins = _origins(documents, rng)
    made: list[Document] = []
    for place, (origin, lines) in enumerate(origins):
        first = [(line, _part(line, 1.0 if place < AGAIN else 0.7, rng)) for line in lines]
        day = _later(origin.issued_on, rng)
        named = origin.number if place < NAMING else ""
        made.append(_note(origin, day, _taken_back(first), named))
        if place < AGAIN:
            left = [(line, line.quantity_milli - taken) for line, taken in first]
            made.append(_note(origin, _later(day, rng), _taken_back(left), named))
    strange = _without_sale(documents, products, rng)
    made.extend(strange)
    _number(made)
    return Returns(made, {(origin.distributor, origin.number) for origin, _ in origins}, len(strange))


def _origins(documents: list[Document], rng: np.random.Generator) -> list[tuple[Document, list[Line]]]:
    """Choose invoices and one or two of their lines; the first dozen have lines that can come back in two parts."""
    taken: set[tuple[str, str]] = set()
    found: list[tuple[Document, list[Line]]] = []
    for place in rng.permutation(len(documents)).tolist():
        document = documents[place]
        if len(found) == NAMING + SILENT:
            break
        goods = [
            line
            for line in document.lines
            if line.net_minor > 0 and line.unit == "szt." and line.product != "TRANSPORT"
        ]
        lines = goods[: int(rng.integers(1, 3))]
        keys = {(document.distributor, line.product) for line in lines}
        late = (LAST_DAY - document.issued_on).days < 75
        indivisible = len(found) < AGAIN and any(line.quantity_milli < 2000 for line in lines)
        if lines and not late and not indivisible and not keys & taken:
            taken |= keys
            found.append((document, lines))
    return found


def _note(like: Document, day: dt.date, lines: list[Line], corrects: str = "") -> Document:
    """Write a credit note where the invoice was written, by whoever wrote it; its number comes last."""
    return Document(like.distributor, like.habit, "", day, lines, corrects, like.seller)


def _part(line: Line, chance: float, rng: np.random.Generator) -> int:
    """Return how much comes back: by this chance a part of what was sold, where it can be parted, or else all of it."""
    pieces = line.quantity_milli // 1000
    return 1000 * int(rng.integers(1, pieces)) if pieces > 1 and rng.random() < chance else line.quantity_milli


def _taken_back(parts: list[tuple[Line, int]]) -> list[Line]:
    return [Line(line.product, line.name, line.unit, -quantity, line.price_minor) for line, quantity in parts]


def _later(day: dt.date, rng: np.random.Generator) -> dt.date:
    later = day + dt.timedelta(days=int(rng.integers(2, 32)))
    while later.weekday() > 4 or later in HOLIDAYS:
        later += dt.timedelta(days=1)
    return later


def _without_sale(documents: list[Document], products: list[Product], rng: np.random.Generator) -> list[Document]:
    found = []
    for place in rng.choice(len(documents), size=WITHOUT_SALE, replace=False).tolist():
        like = documents[place]
        sold = {line.product for one in documents if one.distributor == like.distributor for line in one.lines}
        strange = next(one for one in products if one.code not in sold and one.unit == "szt.")
        line = Line(strange.code, strange.name, strange.unit, -2000, strange.price_minor)
        found.append(_note(like, min(_later(like.issued_on, rng), LAST_DAY), [line]))
    return found


def _number(documents: list[Document]) -> None:
    documents.sort(key=lambda one: (one.distributor, one.issued_on))
    for code in sorted({one.distributor for one in documents}):
        own = [one for one in documents if one.distributor == code]
        numbers = credit_note_numbers(HABITS[own[0].habit], [one.issued_on for one in own])
        for document, number in zip(own, numbers, strict=True):
            document.number = number
