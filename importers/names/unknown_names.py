"""What the rows of a file name that nobody knows: counted name by name, for the queue of unknown names."""

from collections.abc import Iterator

import numpy as np

from app.domain.documents.sales import NO_AMOUNT, Texts
from app.domain.measures.exact import by_value
from app.domain.states import NamedThing
from app.services.imported.unmatched import Seen
from importers.names.matching import Matched
from importers.typed.sales_rows import Codes, SalesRows

_LARGEST = int(np.iinfo(np.int64).max)


def seen(rows: SalesRows, distributors: Matched, products: Matched) -> list[Seen]:
    """Count the lines, documents and amounts that wait for each unknown name."""
    return [
        *_seen(NamedThing.DISTRIBUTOR, rows, rows.distributor, distributors, rows.distributor_name),
        *_seen(NamedThing.PRODUCT, rows, rows.product, products, rows.product_name),
    ]


def _seen(what: NamedThing, rows: SalesRows, codes: Codes, matched: Matched, called: Texts | None) -> Iterator[Seen]:
    waiting = np.flatnonzero(matched.unknown)
    numbers = len(rows.number.written) + 1
    for code, places in by_value(codes.code[waiting]):
        these = waiting[places]
        documents = np.unique(rows.distributor.code[these] * numbers + rows.number.code[these])
        net = rows.net_minor[these]
        amount = sum(net[net != NO_AMOUNT].tolist())  # of a hostile file more than 64 bits hold
        names = () if called is None else (name for name in called[these].tolist() if name is not None)
        yield Seen(
            what=what,
            written=codes.written[code],
            key=codes.keys[code],
            called=next(iter(names), None),
            lines=len(these),
            documents=len(documents),
            amount_minor=max(-_LARGEST, min(_LARGEST, amount)),
            first_row=int(rows.row_number[these[0]]),
        )
