"""Order files read as a provider reads them: nothing else of ours, and every control total held against the lines."""

import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from app.config import settings
from app.domain.measures.currencies import decimals_of
from app.domain.measures.money import smallest_units
from app.domain.saying.wording import marked
from importers.errors import ImportRefused
from importers.files.guard import judge
from importers.files.limits import Limits
from importers.reading.reading import read
from prepaid.providers import OrderRefused

_ = marked
_COLUMNS = ("record", "line", "reference", "requires", "card_token", "amount", "currency", "distributor_code", "kind")


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A load as an order file asks for it."""

    reference: str
    requires: str | None
    token: str
    amount_minor: int
    currency: str
    distributor_code: str
    kind: str


def read_order(path: Path) -> list[OrderLine]:
    """Read an order file and check its control totals.

    Raises:
        OrderRefused: It is not what an order file must be.
    """
    try:
        table = read(judge(path, path.name, Limits.of(settings())), path.name, None, figures=("line", "amount"))
    except (ImportRefused, OSError) as problem:
        raise OrderRefused(_("The order file cannot be read: %(why)s"), why=str(problem)) from None
    missing = [name for name in _COLUMNS if name not in table.header]
    if missing or table.wrong_width:
        words = _("The order file lacks columns (%(columns)s) or has rows of another width.")
        raise OrderRefused(words, columns=missing)
    cells = {name: table.column(name).to_pylist() for name in _COLUMNS}
    rows = [dict(zip(_COLUMNS, values, strict=True)) for values in zip(*cells.values(), strict=True)]
    totals = [at for at, row in enumerate(rows) if row["record"] == "total"]
    if totals != [len(rows) - 1] or any(row["record"] != "load" for row in rows[:-1]):
        raise OrderRefused(_("The order file does not end with the one line of control totals."))
    lines = [_line_of(row) for row in rows[:-1]]
    said = rows[-1]
    if said["line"] != str(len(lines)) or _minor(said["amount"], said["currency"]) != sum(
        line.amount_minor for line in lines
    ):
        raise OrderRefused(_("The control totals of the order file are not those of its lines."))
    if len({line.reference for line in lines}) != len(lines):
        raise OrderRefused(_("A reference stands in the order file more than once."))
    return lines


def _line_of(row: dict[str, str | None]) -> OrderLine:
    needed = ("reference", "card_token", "amount", "currency", "kind")
    empty = [name for name in needed if not row[name]]
    amount = _minor(row["amount"], row["currency"])
    if empty or amount is None or amount <= 0:
        words = _("Line %(line)s of the order file is not complete, or its amount is none.")
        raise OrderRefused(words, line=str(row["line"]))
    return OrderLine(
        reference=str(row["reference"]),
        requires=row["requires"],
        token=str(row["card_token"]),
        amount_minor=amount,
        currency=str(row["currency"]),
        distributor_code=row["distributor_code"] or "",
        kind=str(row["kind"]),
    )


def _minor(text: str | None, currency: str | None) -> int | None:
    if text is None or currency is None or not re.fullmatch(r"[0-9]{1,16}(\.[0-9]{1,6})?", text):
        return None
    try:
        return smallest_units(Decimal(text), decimals_of(currency))
    except ValueError:
        return None
