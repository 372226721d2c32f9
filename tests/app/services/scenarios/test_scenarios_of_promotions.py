"""Promotions and tiers of a scenario: as they are they pay what was paid, and others what they pay where they run."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from sqlalchemy import func, select

from app.domain.program_file.promotion_definition import Promotion as Definition
from app.domain.states import RulesOf, SumOf
from app.models.ledger import LedgerTransaction
from app.models.promotions import PromotionPayment, PromotionStanding
from app.models.scenarios import Scenario, ScenarioSum
from app.services import rulebooks
from app.services.promotions import bringing_up, publishing
from app.services.promotions.reading import promotion_by_code
from app.services.scenarios import aims, asking, keeping, period, replaying, results
from app.services.setup import program_files
from tests.app.services.owners.conftest import Owners
from tests.app.services.promotions.running import EXAMPLE, Running
from tests.support import programs
from tests.support.desk import CREDIT, IN_REVIEW, Desk, Opening
from tests.support.programs import BASE_RULE, NOW

SPRING = (dt.date(2026, 3, 1), dt.date(2026, 5, 31))
BY_SHARE: dict[str, Any] = {
    "code": "share",
    "metric": "points",
    "target": {"growth": {"from": "2026-01-01", "until": "2026-02-28", "growth_bp": 1_000, "least": 20}},
    "steps": [{"reach": 10_000, "reward": {"percent_bp": 5_000}}],
    "gates": [{"name": "Some Q", "metric": "products", "least": 2}],
}
OF_PEOPLE: dict[str, Any] = {
    "code": "people",
    "participants": "persons",
    "metric": "quantity",
    "target": {"default": 10, "distributors": {"D2": 5}},
    "pays": "each",
    "steps": [{"reach": 5_000, "reward": {"points": 7}}, {"reach": 10_000, "reward": {"per_unit": "0.5"}}],
    "budget": 40,
}
BEST: dict[str, Any] = {
    "code": "best",
    "from": "2026-02-01",
    "until": "2026-04-30",
    "target": {"default": 900},
    "steps": [{"reach": 10_000, "reward": {"points": 11}}],
    "when": "at_end",
    "ranking": {"prizes": [{"from": 1, "to": 1, "points": 50}, {"from": 2, "to": 3, "points": 10}]},
}
SMALL: dict[str, Any] = {"target": {"default": 200}, "code": "autumn"}
RUN = (SMALL, BY_SHARE, OF_PEOPLE, BEST)
TIERS = {"levels": [{"code": "silver", "name": "Silver", "from": 600}, {"code": "blue", "name": "Blue", "from": 1600}]}
TRIPLE = dict(BASE_RULE, points=3)


def sold_at(desk: Desk) -> Desk:
    """Sell before, in and after spring, in all ways that promotions tell apart."""
    for at in range(12):
        day, who = f"2026-{1 + at % 7:02}-{1 + 2 * at:02}", f"D{at % 3 + 1}"
        name = ("Ewa Kos", " ewa kos", None, "Jan")[at % 4]
        desk.sell(
            desk.line(f"F{at}", 4 + at, who=who, issued_on=day, person=name),
            desk.line(f"F{at}", 3, who=who, what="Q", issued_on=day, person=name),
        )
    desk.credit("K1", 2, issued_on="2026-05-20", corrects="F2", who="D3")
    desk.credit("K2", 3, issued_on="2026-06-20", corrects="F3", who="D1")
    desk.credit("K3", 1, issued_on="2026-03-20", corrects="F0", who="D1")
    desk.invoice("W", 30, issued_on="2026-04-20", source=IN_REVIEW)
    desk.credit("V", 2, issued_on="2026-04-21", corrects="F2", who="D3")
    desk.refuse("V", CREDIT)
    return desk


def definitions(*changes: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [EXAMPLE | dict(change) for change in changes]


def running(desk: Desk, *changes: Mapping[str, Any]) -> None:
    for change in changes:
        Running(desk, **change).bring_up()


def replayed(desk: Desk, days: tuple[dt.date, dt.date], rules_of: RulesOf, lines: int, **file: Any) -> Scenario:
    """Replay a period, as the job does, in stretches of so many lines."""
    parsed = None
    proposal = rulebooks.published(desk.session, desk.program.id)
    if file:
        document = programs.document(desk.program.code, **file)
        parsed = program_files.parse(yaml.safe_dump(document, sort_keys=False))
        proposal = asking.of_file(desk.session, desk.program, parsed)
    given = (desk.session, desk.program, rules_of, proposal, days)
    made = asking.create(*given, name="", actor="ann", now=NOW, file=parsed)
    scenario = desk.session.get_one(Scenario, made, populate_existing=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(period.stretches, "__defaults__", (lines,))
        keeping.cut(desk.session, scenario)
    plan = replaying.plan_of(desk.session, scenario)
    usage = replaying.used_before(desk.session, plan)
    for piece in keeping.pieces_to_do(desk.session, scenario.id):
        found = replaying.replay(plan, replaying.read(desk.session, plan, piece.stretch), usage)
        keeping.keep(desk.session, scenario.id, piece, found.sums, usage, found.measured)
        usage = keeping.carry(usage)
    keeping.put_together(desk.session, scenario.id)
    keeping.place(desk.session, scenario, plan.aims)
    return scenario


def paid(desk: Desk, scenario: Scenario, about: SumOf = SumOf.PROMOTED) -> dict[tuple[str, str], tuple[int, int]]:
    """Give what each distributor would be paid by each promotion, and was."""
    codes, names = [one.code for one in aims.aims_of(scenario)], {id_: code for code, id_ in desk.people.items()}
    rows = desk.session.execute(
        select(ScenarioSum.key, ScenarioSum.other, ScenarioSum.drafted, ScenarioSum.given).where(
            ScenarioSum.scenario_id == scenario.id, ScenarioSum.about == about
        )
    )
    return {(names[key], codes[other]): (drafted, given) for key, other, drafted, given in rows if drafted or given}


def tiers(desk: Desk, scenario: Scenario) -> list[tuple[int, int]]:
    return [
        (drafted, given)
        for drafted, given in desk.session.execute(
            select(ScenarioSum.drafted, ScenarioSum.given)
            .where(ScenarioSum.scenario_id == scenario.id, ScenarioSum.about == SumOf.TIER)
            .order_by(ScenarioSum.key)
        )
    ]


@pytest.mark.parametrize("lines", [3, period.LINES])
def test_promotions_and_tiers_that_are_in_force_give_what_they_gave(open_desk: Opening, lines: int) -> None:
    desk = sold_at(open_desk(program={"tiers": TIERS}))
    running(desk, *RUN)
    before = [
        desk.session.scalar(select(func.count()).select_from(one)) for one in (LedgerTransaction, PromotionPayment)
    ]
    whole = (dt.date(2026, 1, 1), dt.date(2026, 12, 31))
    for days in (SPRING, whole):
        scenario = replayed(desk, days, RulesOf.PUBLISHED, lines)
        found = paid(desk, scenario)
        assert all(drafted == given for drafted, given in found.values()), found
        assert {code for _, code in found} == {"autumn", "share", "people", "best"}
        placed = tiers(desk, scenario)
        assert all(drafted == given for drafted, given in placed), placed
        assert sum(drafted > 0 for drafted, _ in placed) > 1, placed
        assert [one.name for one in results.tiers(desk.session, scenario)] == ["", "Silver", "Blue"]
    assert before == [
        desk.session.scalar(select(func.count()).select_from(one)) for one in (LedgerTransaction, PromotionPayment)
    ]


@pytest.mark.parametrize("lines", [4, period.LINES])
def test_others_pay_what_they_pay_where_they_are_in_force(open_desk: Opening, lines: int) -> None:
    whole = (dt.date(2026, 1, 1), dt.date(2026, 12, 31))
    desk = sold_at(open_desk(program={"tiers": TIERS}))
    running(desk, SMALL, BEST)
    others = (dict(BY_SHARE, code="autumn"), OF_PEOPLE)
    high = {"levels": [{"code": "blue", "name": "Blue", "from": 1_000}]}
    scenario = replayed(
        *(desk, whole, RulesOf.FILE, lines),
        earning_rules=[TRIPLE],
        promotions=definitions(*others),
        program={"tiers": high},
    )
    there = sold_at(open_desk(program={"tiers": high}, earning_rules=[TRIPLE]))
    running(there, *others)
    twin = replayed(there, whole, RulesOf.PUBLISHED, lines)
    really, found = paid(there, twin), paid(desk, scenario)
    assert {key: drafted for key, (drafted, _) in found.items() if drafted} == {
        key: given for key, (_, given) in really.items() if given
    }
    standings = select(func.sum(PromotionStanding.paid)).where(
        PromotionStanding.distributor_id.in_(there.people.values())
    )
    assert sum(given for _, given in really.values()) == there.session.scalar(standings)
    gone = {key: given for key, (_, given) in found.items() if key[1] == "best"}
    assert gone, "what ran and would not is told as well"
    assert all(found[key] == (0, given) for key, given in gone.items())
    (none, _), _, (blue, _) = tiers(desk, scenario)
    assert [none, blue] == [drafted for drafted, _ in tiers(there, twin)]


def test_a_draft_stands_in_the_place_of_what_is_published(open_desk: Opening) -> None:
    desk = open_desk()
    desk.invoice("1", 60, issued_on="2026-04-02")
    running(desk, dict(SMALL, steps=[{"reach": 10_000, "reward": {"points": 5}}]))
    drafted = EXAMPLE | dict(SMALL, steps=[{"reach": 10_000, "reward": {"points": 9}}])
    publishing.draft(desk.session, desk.program.id, Definition.model_validate(drafted), actor="ann", now=NOW)
    assert paid(desk, replayed(desk, SPRING, RulesOf.DRAFTS, 99)) == {("D1", "autumn"): (9, 5)}
    assert paid(desk, replayed(desk, SPRING, RulesOf.PUBLISHED, 99)) == {("D1", "autumn"): (5, 5)}
    late = (dt.date(2026, 12, 1), dt.date(2026, 12, 31))
    assert aims.aims_of(replayed(desk, late, RulesOf.DRAFTS, 99)) == [], "it looks at no day of december"


def test_what_is_paid_at_the_end_is_told_within_its_budget_and_once_for_those_who_were_merged(
    open_desk: Opening,
) -> None:
    desk = sold_at(open_desk())
    steps = {"target": {"default": 10}, "steps": [{"reach": 10_000, "reward": {"points": 40}}]}
    prizes = {"ranking": {"prizes": [{"from": 1, "to": 1, "points": 50}]}}
    running(desk, steps | {"code": "end", "when": "at_end", "budget": 50}, steps | prizes | {"code": "best"})
    spring = paid(desk, replayed(desk, SPRING, RulesOf.PUBLISHED, 99))
    assert [spring.get((one, "end")) for one in ("D1", "D2", "D3")] == [(10, 10), None, (40, 40)], "who came furthest"
    Owners(desk).merge("D2", "D1")
    for code in ("end", "best"):
        bringing_up.bring_up(desk.session, promotion_by_code(desk.session, desk.program.id, code).id, now=NOW)
    found = paid(desk, replayed(desk, SPRING, RulesOf.PUBLISHED, 99))
    assert found["D1", "best"] == (90, 90), "40 for the step, of which the merged one was paid as many, and the prize"
    assert all(drafted == given for drafted, given in found.values()), found


def test_targets_of_a_sheet_hold_for_what_is_drafted_only(open_desk: Opening) -> None:
    desk = open_desk()
    desk.invoice("1", 60, issued_on="2026-04-02")
    steps = {"steps": [{"reach": 10_000, "reward": {"points": 9}}]}
    moved = Running(desk, **steps, **{"code": "moved", "from": "2026-06-01"})
    for one in (steps | {"code": "new"}, steps | {"code": "moved"}):
        drafted = Definition.model_validate(EXAMPLE | one)
        promotion = publishing.draft(desk.session, desk.program.id, drafted, actor="ann", now=NOW)
        publishing.put_targets(desk.session, promotion, {desk.people["D1"]: 100_00}, actor="ann", now=NOW)
    moved.bring_up()
    there = paid(desk, replayed(desk, SPRING, RulesOf.DRAFTS, 99))
    assert there == {("D1", "new"): (9, 0), ("D1", "moved"): (9, 0)}
    said = {"earning_rules": [BASE_RULE], "promotions": definitions(steps | {"code": "new"})}
    assert paid(desk, replayed(desk, SPRING, RulesOf.FILE, 99, **said)) == {("D1", "new"): (9, 0)}
