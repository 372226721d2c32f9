"""A dry run counts what the import would, and keeps nothing: whatever it leaves out, nobody looks at again."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from app.db.transaction import transaction
from app.domain.states import Unit
from app.models.imports import ImportBatch
from app.models.ledger import Account
from app.models.programs import Program
from app.models.rules import EarningRule, EarningRuleVersion
from app.models.sales import Award, SalesDocument
from app.services.ledger import ledger
from app.services.owners import pools
from importers.batches.batches import Progress
from importers.batches.store import BatchFiles
from importers.batches.trying import AwardedBy, tried
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
    assert agreed(desk, dry, path) != []


def agreed(desk: Desk, dry: Progress, path: Path) -> Sequence[AwardedBy]:
    """Import what a dry run has tried, and hold the two against one another. Gives what each rule awarded."""
    real = desk.run(path)
    assert dry.counts == real.counts
    assert desk.problems(dry.batch_id) == desk.problems(real.batch_id)
    given = awarded(desk, real.batch_id)
    assert would_award(desk, dry.batch_id) == given
    return given


@pytest.mark.parametrize("newer", [[], [("A/0", "2026-01-05", "D1", "P1", 1, "50.00")]])
def test_what_corrects_a_first_purchase_is_one_in_a_dry_run_too(desk: Desk, newer: list[Sequence[Any]]) -> None:
    desk.load(earning_rules=[dict(rule) for rule in RULES])
    desk.profile(changed_documents="correct")
    desk.people("D1")
    desk.goods(P1="drills")
    bought = [("A/1", "2026-03-05", "D1", "P1", 1, "100.00"), ("A/2", "2026-04-05", "D1", "P1", 1, "100.00")]
    desk.run(desk.csv(*bought))
    path = desk.csv((*bought[0][:5], "200.00"), *newer)
    given = agreed(desk, desk.run(path, dry_run=True), path)
    assert AwardedBy("first", Unit.POINTS, 7, 1) in given


def test_what_a_member_of_a_pool_earns_pays_for_what_another_gives_back_in_a_dry_run_too(desk: Desk) -> None:
    desk.load(program={"returns": "clamp"})
    who = desk.people("D1", "D2")
    desk.goods(P1="drills")
    desk.run(desk.csv(("A/1", "2026-01-05", "D1", "P1", 10, "1000.00")))
    with transaction(desk.registry) as session:
        program = session.get_one(Program, desk.program_id)
        account = session.scalars(
            select(Account.id).where(Account.distributor_id == who["D1"], Account.unit == Unit.POINTS)
        ).one()
        ledger.reserve(session, account, 100, key=f"spent:{program.code}", on=desk.clock().date())
        pool = pools.open_pool(session, program, "Both", who["D1"], spending="members", actor="ann", now=desk.clock())
        pools.join(session, program, pool, who["D2"], actor="ann", now=desk.clock())
    path = desk.csv(
        ("B/1", "2026-03-05", "D2", "P1", 10, "1000.00"), ("K/1", "2026-04-05", "D1", "P1", -10, "-1000.00")
    )
    agreed(desk, dry := desk.run(path, dry_run=True), path)
    assert dry.counts["points_reversed"] == 100
