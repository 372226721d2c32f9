"""Lines of one document may be sold in several outlets, from the file to the points and why they were given."""

from typing import Any

import pytest
from sqlalchemy import select

from app.db.transaction import transaction
from app.models.aliases import UnknownName
from app.models.programs import Program
from app.models.sales import SalesLine
from app.services.tracing.explanations import explain_number
from importers.names import continuing
from tests.importers.batches.test_trying import agreed
from tests.importers.driver import HEADER, Desk

IN_LODZ = {"code": "lodz", "name": "Łódź", "kind": "per_line", "points": 1, "scope": {"outlets": ["łódź"]}}
BY_DESK = {"code": "desk", "name": "Desk", "kind": "per_line", "points": 10, "scope": {"channels": ["DESK"]}}
MORE = (*HEADER, "outlet", "channel", "person")


def row(net: str, outlet: str | None, channel: str | None = None, person: str | None = None) -> tuple[Any, ...]:
    return ("FV/1", "2026-03-01", "D1", "P", "1", net, outlet, channel, person)


@pytest.fixture
def sold(desk: Desk) -> Desk:
    desk.load(earning_rules=[IN_LODZ, BY_DESK])
    desk.people("D1")
    desk.goods(P=None)
    return desk.profile(columns={"outlet": "outlet", "channel": "channel", "person": "person"})


def given(desk: Desk) -> list[list[tuple[str, int]]]:
    """Tell what each line of the invoice was given, as it is explained."""
    with transaction(desk.registry) as session:
        found = explain_number(session, session.get_one(Program, desk.program_id), "FV/1")[0]
        lines = [sorted((award.rule, award.amount) for award in one.awards) for one in found.lines]
    desk.registry.remove()
    return lines


def test_a_rule_of_an_outlet_rewards_the_lines_that_were_sold_there(sold: Desk) -> None:
    rows = [row("10", "Kraków", "web"), row("20", " Łódź", "desk"), row("30", None), row("40", "ŁÓDŹ", "Web")]
    found = sold.run(sold.csv(*rows, header=MORE))
    assert (found.counts["lines_accepted"], found.warnings) == (4, ())
    assert given(sold) == [[], [("desk", 10), ("lodz", 1)], [], [("lodz", 1)]]
    assert sold.balance("D1") == (0, 12)
    with transaction(sold.registry) as session:
        lines = session.query(SalesLine.outlet, SalesLine.channel).order_by(SalesLine.document_id.desc()).limit(4)
        kept = {tuple(one) for one in lines}
    assert kept == {(None, None), ("Łódź", "desk"), ("ŁÓDŹ", None)}
    assert sold.run(sold.csv(*rows, header=MORE)).counts["duplicates"] == 4
    assert sold.balance("D1") == (0, 12)


def test_the_same_lines_in_another_order_are_a_duplicate_and_another_outlet_is_a_change(sold: Desk) -> None:
    rows = [row("10", "Kraków"), row("20", "Łódź")]
    sold.run(sold.csv(*rows, header=MORE))
    assert sold.run(sold.csv(*rows[::-1], header=MORE)).counts["duplicates"] == 2
    moved = [row("10", "Łódź"), row("20", "Kraków")]
    changed = sold.run(sold.csv(*moved, header=MORE))
    assert changed.counts["lines_held"] == 2
    assert [reasons[0]["code"] for _, reasons in sold.problems(changed.batch_id).values()] == ["changed_document"] * 2
    sold.profile(changed_documents="correct")
    assert sold.run(sold.csv(*moved, header=MORE)).counts["corrected"] == 1
    assert (given(sold), sold.balance("D1")) == ([[("lodz", 1)], []], (0, 1))


def test_a_dry_run_and_a_small_shard_know_where_lines_were_sold(sold: Desk, cut: Any) -> None:
    cut(1)
    path = sold.csv(row("10", "Kraków"), row("20", "Łódź"), header=MORE)
    assert [(one.rule, one.amount, one.lines) for one in agreed(sold, sold.run(path, dry_run=True), path)] == [
        ("lodz", 1, 1)
    ]
    assert sold.balance("D1") == (0, 1)


def test_an_import_says_which_documents_name_several_people(sold: Desk) -> None:
    found = sold.run(sold.csv(row("10", "Łódź", None, "Ewa Kos"), row("20", "Łódź", None, "Jan Żuk"), header=MORE))
    assert list(found.warnings) == [{"code": "several_people", "count": 1, "found": "FV/1"}]
    assert sold.balance("D1") == (0, 2)


def test_rows_that_waited_keep_where_they_were_sold_and_say_whom_they_name(sold: Desk) -> None:
    rows = [row("10", "Kraków", None, "Ewa Kos"), row("20", "Łódź", None, "Jan Żuk")]
    later = [("FV/1", "2026-03-01", "D1", "NEW", "1", "5", "Łódź", None, None)]
    found = sold.run(sold.csv(*rows, *later, header=MORE))
    assert (found.counts["lines_held"], found.warnings) == (3, ())
    with transaction(sold.registry) as session:
        program = session.get_one(Program, sold.program_id)
        (name,) = session.scalars(select(UnknownName.id).where(UnknownName.program_id == program.id))
        decided = continuing.create(session, program, [name], actor="test", now=sold.clock())
    sold.work()
    taken = sold.progress(decided.batches[0])
    assert (taken.counts["lines_accepted"], [one["code"] for one in taken.warnings]) == (3, ["several_people"])
    assert (given(sold), sold.balance("D1")) == ([[], [("lodz", 1)], [("lodz", 1)]], (0, 2))
