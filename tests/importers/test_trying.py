"""A dry run counts what the import would, and keeps nothing: whatever it leaves out, nobody looks at again."""

import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from sqlalchemy import func, select

from app.db.transaction import transaction
from app.domain.states import Unit
from app.models.imports import ImportBatch
from app.models.rules import EarningRule, EarningRuleVersion
from app.models.sales import Award, SalesDocument
from importers.store import BatchFiles
from importers.trying import AwardedBy, tried
from tests.importers.driver import Desk
from tests.support.programs import BASE_RULE

PEOPLE = ("D1", "D2", "D3", "D4", "D5")
RULES = (
    BASE_RULE,
    {"code": "capped", "name": "Capped", "kind": "per_unit", "points": 3, "caps": {"per_distributor": {"month": 40}}},
    {"code": "first", "name": "First", "kind": "per_document", "points": 7, "scope": {"first_purchase": True}},
    {"code": "cash", "name": "Cash", "kind": "per_document", "points": "2.50", "unit": "money"},
)


def months(chance: random.Random, batch: str, count: int) -> list[Sequence[Any]]:
    """Invent a report: invoices, credit notes for some of them, and for what nobody sold, by some of the people."""
    rows: list[Sequence[Any]] = []
    returning = PEOPLE[: chance.randint(0, 3)]
    for at in range(count):
        who, product = chance.choice(PEOPLE), chance.choice(("P1", "P2"))
        day = f"2026-{chance.randint(1, 6):02}-{chance.randint(1, 28):02}"
        pieces = chance.randint(1, 9)
        rows.append((f"{batch}/{at}", day, who, product, pieces, f"{pieces * 17}.00"))
        if who in returning and chance.random() < 0.4:
            gone = chance.randint(1, 12)
            rows.append((f"{batch}/K{at}", "2026-07-01", who, product, -gone, f"-{gone * 17}.00"))
    return rows


def awarded(desk: Desk, batch: int) -> list[AwardedBy]:
    """Add up what stands in the table of awards."""
    with transaction(desk.registry) as session:
        rows = session.execute(
            select(EarningRule.code, Award.unit, func.sum(Award.amount), func.count())
            .join(EarningRuleVersion, EarningRuleVersion.id == Award.rule_version_id)
            .join(EarningRule, EarningRule.id == EarningRuleVersion.rule_id)
            .join(SalesDocument, SalesDocument.id == Award.document_id)
            .where(SalesDocument.batch_id == batch)
            .group_by(EarningRule.code, Award.unit)
        ).all()
    found = [AwardedBy(code, Unit(unit), int(amount), lines) for code, unit, amount, lines in rows]
    return sorted(found, key=lambda one: (one.unit, -one.amount, one.rule))


def would_award(desk: Desk, batch: int) -> Sequence[AwardedBy]:
    with transaction(desk.registry) as session:
        files = desk.app.extensions["kontor"]["settings"].files
        return tried(session, session.get_one(ImportBatch, batch), BatchFiles(files, batch)).awarded


@pytest.mark.parametrize("shard_lines", [20_000, 15, 4])
@pytest.mark.parametrize("seed", range(4))
def test_a_dry_run_counts_what_the_import_does(
    desk: Desk, seed: int, shard_lines: int, cut: Callable[[int], None]
) -> None:
    chance = random.Random(seed)
    cut(shard_lines)
    desk.load(earning_rules=[dict(rule) for rule in RULES], program={"returns": chance.choice(["clamp", "negative"])})
    desk.profile(changed_documents="correct")
    desk.people(*PEOPLE)
    desk.goods(P1="drills", P2=None)
    before = months(chance, "OLD", 12)
    desk.run(desk.csv(*before))
    changed = [(*row[:5], f"{row[4] * 20}.00") for row in before if row[4] > 0 and chance.random() < 0.3]
    path = desk.csv(*changed, *before[:2], *months(chance, "NEW", 25), ("BAD", "never", "D1", "P1", 1, "1.00"))
    was = desk.totals()
    dry = desk.run(path, dry_run=True)
    kept = desk.totals()
    moved = {name for name in was if was[name] != kept[name]}
    assert moved <= {"import_batch", "import_shard", "import_problem", "job"}
    real = desk.run(path)
    assert dry.counts == real.counts
    assert desk.codes(dry) == desk.codes(real)
    assert would_award(desk, dry.batch_id) == awarded(desk, real.batch_id) != []
