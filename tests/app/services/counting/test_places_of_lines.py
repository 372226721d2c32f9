"""A line that was sold in another outlet, or by another channel, than its document's counts where it was sold."""

import datetime as dt
from typing import Any

import pytest
import yaml
from sqlalchemy import select

from app.domain.states import DocumentStatus, RulesOf, SumOf
from app.models.sales import SalesDocument, SalesLine
from app.models.scenarios import Scenario
from app.services import rulebooks
from app.services.rulebooks import definition_of
from app.services.rules.rule_conflicts import conflicts
from app.services.scenarios import asking, period, replaying
from app.services.setup import program_files
from tests.app.services.promotions.running import Running
from tests.support import programs
from tests.support.desk import CORRECTING, IN_REVIEW, Desk, Opening, Standing
from tests.support.programs import NOW
from verification.deciding.replacing import replace
from verification.recognising import content_hashes
from verification.stored import incoming_of

SOUTH = {"code": "south", "name": "South", "kind": "per_unit", "points": 1, "scope": {"outlets": ["south"]}}
WEB = {"code": "web", "name": "Web", "kind": "per_unit", "points": 100, "scope": {"channels": ["web"]}}


@pytest.fixture
def spread(open_desk: Opening) -> Desk:
    return open_desk(earning_rules=[SOUTH, WEB])


def lines(desk: Desk, number: str = "1") -> list[Any]:
    """Write an invoice of two outlets and two channels: 3 points for the one, 500 for the other."""
    return [
        desk.line(number, 2, outlet="North", channel="desk"),
        desk.line(number, 3, outlet="South", channel="desk"),
        desk.line(number, 5, outlet="North", channel="Web"),
    ]


def own(desk: Desk, number: str = "1") -> list[tuple[str | None, str | None]]:
    found = desk.rows(SalesLine, document_id=desk.document(number).id)
    return [(line.outlet, line.channel) for line in found]


KEPT = [(None, None), ("South", None), (None, "Web")]


def test_each_line_earns_where_it_was_sold_and_only_what_differs_is_kept(spread: Desk) -> None:
    spread.sell(*lines(spread))
    document = spread.document("1")
    assert (document.outlet, document.channel, own(spread)) == ("North", "desk", KEPT)
    assert spread.points() == Standing(0, 503)
    assert spread.sell(*lines(spread)).duplicate.tolist() == [True]
    stored = incoming_of(spread.session, [document]).sales
    assert content_hashes(stored) == [document.content_hash]
    spread.invoice("2", 5, outlet="South", channel="desk")
    assert own(spread, "2") == [(None, None)]
    alone = incoming_of(spread.session, [spread.document("2")]).sales.lines
    assert (alone.outlet, alone.channel) == (None, None)


def test_a_discount_of_another_outlet_lowers_nothing_here(open_desk: Opening) -> None:
    rule = {"code": "s", "name": "S", "kind": "per_amount", "points": 1, "step": "10", "scope": {"outlets": ["south"]}}
    desk = open_desk(earning_rules=[rule])
    desk.sell(
        desk.line("1", 10, outlet="North"),
        desk.line("1", 10, outlet="South"),
        desk.line("1", quantity=1, net_minor=-30_00, outlet="North"),
        desk.line("1", quantity=1, net_minor=-20_00, outlet="South"),
    )
    assert desk.points() == Standing(0, 8)


def test_a_correction_moves_the_points_of_a_line_that_was_sold_elsewhere(spread: Desk) -> None:
    spread.sell(*lines(spread))
    moved = lines(spread)
    moved[1] = spread.line("1", 3, outlet="North", channel="Web")
    assert spread.sell(*moved).conflict.tolist() == [True]
    assert spread.sell(*moved, source=CORRECTING).corrected == 1
    assert (own(spread), spread.points()) == ([(None, None), (None, "Web"), (None, "Web")], Standing(0, 800))


def test_a_document_that_is_looked_at_again_counts_its_lines_where_they_were_sold(spread: Desk) -> None:
    spread.sell(*lines(spread), source=IN_REVIEW)
    for quantities, kept, pending in (
        (None, KEPT, 503),
        ({2: 2_000, 3: 5_000}, KEPT[1:], 502),
        ({2: 1_000}, KEPT[1:2], 1),
    ):
        replace(
            spread.session, spread.rules, spread.document("1"), quantities, now=NOW, actor="ann", reason="looked again"
        )
        assert (own(spread), spread.points()) == (kept, Standing(pending, 0))
    spread.accept("1")
    assert spread.points() == Standing(0, 1)


def test_what_is_refused_and_comes_again_is_told_by_where_it_was_sold(spread: Desk) -> None:
    spread.sell(*lines(spread), source=IN_REVIEW)
    spread.refuse("1")
    spread.sell(*lines(spread), source=CORRECTING)
    statuses = spread.session.scalars(
        select(SalesDocument.status).where(SalesDocument.program_id == spread.program.id)
    ).all()
    assert set(statuses) == {DocumentStatus.REFUSED}
    moved = lines(spread)
    moved[1] = spread.line("1", 3, outlet="West", channel="desk")
    spread.sell(*moved, source=CORRECTING)
    assert spread.points() == Standing(0, 500)


@pytest.mark.parametrize("lines_at_once", [1, period.LINES])
def test_a_replay_gives_what_was_given_and_other_rules_look_where_lines_were_sold(
    spread: Desk, lines_at_once: int
) -> None:
    for at in range(1, 4):
        spread.sell(*lines(spread, str(at)))
    assert _drafted(spread, rulebooks.published(spread.session, spread.program.id), lines_at_once) == {
        "south": (9, 9),
        "web": (1500, 1500),
    }
    north = {**SOUTH, "scope": {"outlets": ["NORTH"], "channels": ["web", "other"]}}
    document = programs.document(spread.program.code, earning_rules=[north])
    text = yaml.safe_dump(document, sort_keys=False)
    proposal = asking.of_file(spread.session, spread.program, program_files.parse(text))
    assert _drafted(spread, proposal, lines_at_once)["south"] == (15, 9)


def _drafted(desk: Desk, proposal: rulebooks.Proposal, lines_at_once: int) -> dict[str, tuple[int, int]]:
    """Tell by rule what the proposal gives, and what was given."""
    days = (dt.date(2026, 3, 1), dt.date(2026, 3, 31))
    made = asking.create(desk.session, desk.program, RulesOf.FILE, proposal, days, name="try", actor="ann", now=NOW)
    scenario = desk.session.get_one(Scenario, made)
    plan = replaying.plan_of(desk.session, scenario)
    usage = replaying.used_before(desk.session, plan)
    found: dict[str, tuple[int, int]] = {}
    for stretch, _ in period.stretches(desk.session, desk.program.id, *days, lines_at_once):
        sums = replaying.replay(plan, replaying.read(desk.session, plan, stretch), usage).sums
        for about, key, drafted, given in zip(
            sums.about.tolist(), sums.key.tolist(), sums.drafted.tolist(), sums.given.tolist(), strict=True
        ):
            if about == SumOf.RULE:
                was = found.get(scenario.codes[key], (0, 0))
                found[scenario.codes[key]] = (was[0] + drafted, was[1] + given)
    return found


@pytest.mark.parametrize(
    ("scope", "paid"),
    [
        ({"outlets": ["south"]}, 0),
        ({"outlets": ["south"], "products": ["Q"]}, 1_000),
        ({"outlets": ["south"], "channels": ["desk"]}, 0),
        ({"channels": ["WEB"], "outlets": ["north"]}, 400),
        ({"outlets": ["north"]}, 1_000),
    ],
)
def test_a_promotion_counts_the_lines_that_were_sold_where_it_looks(
    desk: Desk, scope: dict[str, Any], paid: int
) -> None:
    running = Running(desk, scope=scope, target={"default": 100})
    desk.sell(
        desk.line("1", 2, outlet="North", channel="desk"),
        desk.line("1", 3, outlet="South", channel="desk"),
        desk.line("1", 8, outlet="North", channel="Web"),
        desk.line("2", 3, outlet="South", what="P"),
        desk.line("2", 10, outlet="South", what="Q", who="D1") if "products" in scope else desk.line("3", 1),
    )
    assert running.paid() == paid


def test_rules_of_two_outlets_meet_on_no_line_of_one_invoice(open_desk: Opening) -> None:
    desk = open_desk(earning_rules=[SOUTH])
    desk.sell(*lines(desk))
    new = {"code": "new", "name": "New", "kind": "per_unit", "points": 2}
    for outlet, expected in (("North", []), ("South", [("south", "1", 6, 3)])):
        rule = definition_of({**new, "scope": {"outlets": [outlet]}})
        found = conflicts(desk.session, desk.program, rule)
        assert [(one.other.code, one.number, one.mine, one.theirs) for one in found] == expected
