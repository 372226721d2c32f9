"""`scripts/bench promotions`: what it costs to bring promotions up to date, beside the length of the history.

The same distributors with the same promotions, on histories of growing length. All is measured once, as after an
import of all that; then sales of a few distributors change, and only those are brought up to date: the cost per changed
distributor must not grow with the history.
"""

import argparse
import datetime as dt
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.bulk import copy_into, new_ids
from app.db.transaction import Sessions, transaction
from app.domain.states import Cut, DocumentKind, DocumentStatus, Unit
from app.models.promotions import Promotion
from app.models.rules import EarningRule, EarningRuleVersion
from app.models.sales import Award, SalesDocument, SalesLine
from app.services.anew.promotions import touch
from app.services.goods import catalogue
from app.services.goods.catalogue import ProductRow
from app.services.ledger import ledger_check
from app.services.participants.distributor_rows import DistributorRow, put_distributors
from app.services.participants.distributors import distributor_ids
from app.services.promotions import bringing_up
from app.services.setup import program_files, programs
from bench import installation

DISTRIBUTORS, PRODUCTS, LINES_PER_DOCUMENT = 500, 400, 5
CHANGED, TIMES, GROWTH = 20, 5, 4
FIRST, DAYS = np.datetime64("2026-01-01"), 365
NOW = dt.datetime(2026, 12, 31, 12, 0, tzinfo=dt.UTC)

PROGRAM = """
schema: kontor/1
program:
  code: {code}
  name: Promotions
  sponsor: Bench
  currency: PLN
  country: PL
  time_zone: Europe/Warsaw
  starts_on: 2026-01-01
  point: {{value: "0.10"}}
product_groups: [{{code: tools, name: Tools}}, {{code: drills, name: Drills, parent: tools}}]
earning_rules:
  - {{code: base, name: Base, kind: per_amount, points: 1, step: "10.00"}}
promotions:
  - code: year
    name: The whole year
    from: 2026-01-01
    until: 2026-12-31
    target: {{default: 20000}}
    steps: [{{reach: 8000, reward: {{points: 400}}}}, {{reach: 10000, reward: {{percent_bp: 500}}}}]
  - code: drills
    name: Drills, and some tools as well
    from: 2026-03-01
    until: 2026-11-30
    metric: quantity
    scope: {{product_groups: [drills]}}
    target: {{default: 200}}
    steps: [{{reach: 10000, reward: {{per_unit: "0.5"}}}}]
    gates: [{{name: Tools, metric: products, least: 3, scope: {{product_groups: [tools]}}}}]
  - code: growing
    name: More than in spring
    from: 2026-07-01
    until: 2026-12-31
    target: {{growth: {{from: 2026-01-01, until: 2026-06-30, growth_bp: 500}}}}
    steps: [{{reach: 10000, reward: {{points: 100}}}}]
    ranking: {{prizes: [{{from: 1, to: 10, points: 1000}}]}}
    budget: 1000000
"""


@dataclass(frozen=True)
class Measured:
    """One history: how long it is, what all of it took, and what a changed distributor took after that."""

    lines: int
    whole_seconds: float
    changed_distributors: int
    ms_per_changed_distributor: float


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="scripts/bench promotions", description=__doc__)
    parser.add_argument(
        "--lines", type=int, default=50_000, help="lines of the shorter history; the longer has four times"
    )
    parser.add_argument("--json", action="store_true", dest="as_json")
    given = parser.parse_args()
    with installation.at() as run:
        histories = [measured(run.registry, lines) for lines in (given.lines, GROWTH * given.lines)]
        with transaction(run.registry) as session:
            # what documents earned was stored here and never posted: only promotions are proved
            proved = [one for one in ledger_check.proved(session) if "promotion" in one]
    result = {"histories": [asdict(one) for one in histories], "promotions": 3, "ledger_problems": proved}
    if given.as_json:
        print(json.dumps(result, indent=2))
        return
    for one in histories:
        print(
            f"{one.lines:>9,} lines: all of it in {one.whole_seconds:.2f} s; then "
            f"{one.ms_per_changed_distributor:.2f} ms for each of {one.changed_distributors} changed distributors"
        )


def measured(registry: Sessions, lines: int) -> Measured:
    """Make a history of a length, bring all of it up to date, then a few distributors again and again."""
    with transaction(registry) as session:
        program_id, documents = _history(session, lines)
    began = time.perf_counter()
    _bring_up(registry, program_id)
    whole = time.perf_counter() - began
    spent: list[float] = []
    for turn in range(TIMES):
        with transaction(registry) as session:
            touch(session, program_id, documents[turn * CHANGED : (turn + 1) * CHANGED].tolist())
        began = time.perf_counter()
        _bring_up(registry, program_id)
        spent.append((time.perf_counter() - began) * 1000 / CHANGED)
    return Measured(lines, round(whole, 3), CHANGED, round(sorted(spent)[TIMES // 2], 3))


def _bring_up(registry: Sessions, program_id: int) -> None:
    with transaction(registry) as session:
        promotions = session.scalars(select(Promotion.id).where(Promotion.program_id == program_id)).all()
    for promotion_id in promotions:
        with transaction(registry) as session:
            bringing_up.bring_up(session, promotion_id, now=NOW)


def _history(session: Session, lines: int) -> tuple[int, np.ndarray]:
    """Store accepted invoices with what they earned, as if they had been imported. Gives one of each distributor."""
    code = f"promotions-{lines}"
    loaded = programs.load(session, program_files.parse(PROGRAM.format(code=code)), actor="bench", now=NOW)
    program_id = loaded.program_id
    rows = [DistributorRow(code=f"D{at:04}", name=f"Distributor {at}") for at in range(DISTRIBUTORS)]
    put_distributors(session, program_id, "pl", rows, enrolled_on=dt.date(2026, 1, 1), may_owe=True)
    groups = catalogue.group_ids(session, program_id)
    goods = [
        ProductRow(code=f"P{at:04}", name=f"Product {at}", group_id=groups["drills" if at % 4 == 0 else "tools"])
        for at in range(PRODUCTS)
    ]
    catalogue.put_products(session, program_id, "pl", goods)
    owners = np.asarray(sorted(distributor_ids(session, program_id).values()), dtype=np.int64)
    products = np.asarray(sorted(catalogue.product_ids(session, program_id).values()), dtype=np.int64)
    version = session.scalars(
        select(EarningRuleVersion.id).join(EarningRule).where(EarningRule.program_id == program_id)
    ).one()
    return program_id, _store(session, program_id, lines, owners, products, version)


def _store(
    session: Session, program_id: int, lines: int, owners: np.ndarray, products: np.ndarray, version: int
) -> np.ndarray:
    dice = np.random.default_rng(7)
    count = lines // LINES_PER_DOCUMENT
    ids = new_ids(session, SalesDocument, count)
    of = np.repeat(ids, LINES_PER_DOCUMENT)
    net = dice.integers(1_00, 200_00, len(of))
    whose = np.tile(owners, count // len(owners) + 1)[:count]
    numbers: Sequence[str] = [f"FV/{at}/2026" for at in range(count)]
    copy_into(
        session,
        SalesDocument,
        {
            "id": ids,
            "program_id": np.full(count, program_id, dtype=np.int64),
            "distributor_id": whose,
            "kind": np.full(count, DocumentKind.INVOICE, dtype=np.int64),
            "number": numbers,
            "number_key": numbers,
            "document_key": [f"1|{program_id}|{number}" for number in numbers],
            "issued_on": FIRST + dice.integers(0, DAYS, count),
            "net_minor": net.reshape(count, -1).sum(axis=1),
            "line_count": np.full(count, LINES_PER_DOCUMENT, dtype=np.int64),
            "content_hash": [b"bench"] * count,
            "source": ["import"] * count,
            "status": np.full(count, DocumentStatus.ACCEPTED, dtype=np.int64),
        },
    )
    number = np.tile(np.arange(1, LINES_PER_DOCUMENT + 1), count)
    copy_into(
        session,
        SalesLine,
        {
            "document_id": of,
            "line_number": number,
            "product_id": dice.choice(products, len(of)),
            "quantity_milli": dice.integers(1, 10, len(of)) * 1000,
            "net_minor": net,
        },
    )
    ones = np.ones(len(of), dtype=np.int64)
    copy_into(
        session,
        Award,
        {
            "document_id": of,
            "line_number": number,
            "rule_version_id": version * ones,
            **dict.fromkeys(("amount", "uncut", "set_amount", "basis"), net // 10_00),
            "cell": -ones,
            "unit": Unit.POINTS * ones,
            "cut_by": Cut.NOTHING * ones,
        },
    )
    return ids[: len(owners)]


if __name__ == "__main__":
    main()
