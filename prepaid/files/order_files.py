"""Order files: what a card provider is asked to load, one line a load, and a last line with the control totals.

CSV in UTF-8 with a header. A line is of the record ``load``; the last one, ``total``, has the number of loads in the
column ``line`` and their sum in ``amount``, so that a file that was cut off is noticed. ``requires`` names the load
without which a line must not be loaded: a compensation goes with its reward.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.domain.measures.exact import Ints
from app.domain.states import TopUpKind
from app.domain.typed.card_numbers import first_card_number, holds_card_number, holds_issued_number
from app.exports.csvfile import write_csv
from app.exports.files import Written
from app.exports.tables import Column, Kind, Layout
from prepaid.errors import CardNumberFound

LOAD, TOTAL = "load", "total"
_UNFIT = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True)
class OrderLines:
    """Loads in the order of the file, in columns."""

    reference: list[str]
    requires: list[str | None]
    token: list[str]
    last4: list[str]
    amount_minor: Ints
    kind: list[TopUpKind]
    distributor_code: list[str]
    holder: list[str]


def file_name(program_code: str, run_id: int, batch_id: int) -> str:
    """Name an order file: no two have one name, and a person sees what it is."""
    program = _UNFIT.sub("-", program_code).strip("-").lower()[:40] or "program"
    return f"{program}-run{run_id:06d}-batch{batch_id:06d}.csv"


def refuse_card_numbers(name: str, lines: OrderLines) -> None:
    """Make sure that no number of a card leaves the house.

    Raises:
        CardNumberFound: A name or a code looks like one.
    """
    for what, texts, holds_one in (
        ("the code of a distributor", lines.distributor_code, holds_issued_number),
        ("the name of a distributor", lines.holder, holds_card_number),
        ("the token of a card", lines.token, holds_issued_number),
    ):
        at = first_card_number(texts, holds_one)
        if at is not None:
            raise CardNumberFound(f"{name}, line {at + 1}: {what}")


def write_order(path: Path, batch_id: int, currency: str, decimals: int, lines: OrderLines) -> Written:
    """Write an order file; it appears whole or not at all. ``rows`` of what is returned counts the last line too.

    Raises:
        CardNumberFound: A name or a code looks like the number of a payment card.
    """
    refuse_card_numbers(path.name, lines)
    layout = Layout(
        (
            Column("record", "record"),
            Column("batch", "batch", Kind.INTEGER),
            Column("line", "line", Kind.INTEGER),
            Column("reference", "reference"),
            Column("requires", "requires"),
            Column("token", "card_token"),
            Column("last4", "last4"),
            Column("amount", "amount", Kind.MONEY, decimals=decimals),
            Column("currency", "currency"),
            Column("kind", "kind"),
            Column("code", "distributor_code"),
            Column("holder", "holder"),
        )
    )
    count = len(lines.reference)
    loads = {
        "record": [LOAD] * count,
        "batch": np.full(count, batch_id, dtype=np.int64),
        "line": np.arange(1, count + 1),
        "reference": lines.reference,
        "requires": lines.requires,
        "token": lines.token,
        "last4": lines.last4,
        "amount": lines.amount_minor,
        "currency": [currency] * count,
        "kind": [one.value for one in lines.kind],
        "code": lines.distributor_code,
        "holder": lines.holder,
    }
    none: dict[str, list[object]] = {key: [None] for key in loads}
    total = none | {
        "record": [TOTAL],
        "batch": [batch_id],
        "line": [count],
        "amount": [sum(lines.amount_minor.tolist())],
        "currency": [currency],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_csv(path, layout, [loads, total])
