"""Documents and what is known of earlier ones, told to the checks in a few words."""

import dataclasses
from typing import Any

import numpy as np

from app.domain.documents.numbering import number_key
from app.domain.documents.sales import NO_AMOUNT, Sales
from app.domain.program_file.verification_settings import DEFAULTS, Check
from tests.support.sales import Sold
from verification.checks.facts import (
    Allowed,
    Earlier,
    Facts,
    Finding,
    History,
    Proofs,
    Run,
)
from verification.checks.table import CHECKS


def facts_of(sales: Sales, **told: Any) -> Facts:
    """Lay out what checks look at; what is not told is harmless."""
    count = len(sales.documents)
    nobody = np.full(count, None, dtype=object)
    numbers = [number_key(one, 2026) for one in sales.documents.number.tolist()]
    allowed = {
        "starts_on": np.datetime64("2026-01-01"),
        "ends_on": np.datetime64("2026-06-30"),
        "today": np.datetime64("2026-07-01"),
        "decimals": 2,
    }
    harmless: dict[str, Any] = {
        "number_key": np.asarray([*numbers, None], dtype=object)[:-1],
        "seller_key": np.full(count, "distributor:1", dtype=object),
        "buyer": nobody,
        "key": np.asarray([*(f"1|distributor:1|{one}" for one in numbers), None], dtype=object)[:-1],
        "total_minor": np.full(count, NO_AMOUNT, dtype=np.int64),
        "blocked": np.zeros(count, dtype=bool),
        "tax_id": nobody,
        "enrolled_on": np.full(count, np.datetime64("2025-01-01")),
        "lately": np.zeros(count, dtype=np.int64),
        "proofs": Proofs.none(),
        "history": History.none(),
    }
    given = {name: told.pop(name) for name in list(told) if name in Allowed.__dataclass_fields__}
    return Facts(sales=sales, allowed=Allowed(**(allowed | given)), **(harmless | told))


def found_by(check: Check, sales: Sales, **told: Any) -> list[Finding]:
    run: Run = CHECKS[check]
    return list(run(facts_of(sales, **told), DEFAULTS["portal"][check]))


# beside what is here already


def earlier(*rows: dict[str, Any]) -> Earlier:
    """Lay out documents that are here; each row says what of one is told."""
    usual: dict[str, Any] = {
        "id": 1,
        "distributor_id": 1,
        "kind": 1,
        "number": "A",
        "number_key": "A",
        "seller_key": "distributor:1",
        "issued_on": "2026-03-01",
        "net_minor": 10_00,
        "line_count": 1,
        "accepted": True,
        "lines": 0,
        "products": 0,
    }
    texts = dict.fromkeys(("number", "number_key", "seller_key"), "O")
    kinds = texts | {"issued_on": "M8[D]", "accepted": "?", "lines": "u8", "products": "u8"}
    columns = {
        name: np.asarray([*((usual | row)[name] for row in rows), usual[name]], dtype=kinds.get(name, "i8"))[:-1]
        for name in usual
    }
    return Earlier(**columns)


def history(**told: Any) -> History:
    return dataclasses.replace(History.none(), **told)


def one_sale(number: str, *lines: tuple[int, int, int], who: int = 1, day: str = "2026-03-01") -> list[Sold]:
    """Write a document of lines: product, pieces, net amount."""
    return [Sold(number, who, product, pieces, net, day) for product, pieces, net in lines]


def told(findings: list[Finding], sales: Sales) -> list[str]:
    return [sales.documents.number[one.document] for one in findings]
