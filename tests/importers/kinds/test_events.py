"""What happened comes from a file: each happening once, what is wrong says why; rates wait for a second person."""

import datetime as dt

from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.measures.calendar import local_date
from app.domain.states import RuleDraftState
from app.models.events import HappenedEvent
from app.models.rule_drafts import RuleDraft
from app.services.setup import programs
from tests.importers.driver import Desk
from tests.importers.kinds.test_rates_and_adjustments import MATRIX, RATES, rates_of

RULE = {"code": "training", "name": "Training", "kind": "event", "event": "training", "points": 20}
PROFILE = {"columns": {"distributor": "code", "event": "what", "on": "when", "about": "which"}}
HEADER = ("code", "what", "when", "which")


def test_events_are_told_once_and_give_points(desk: Desk) -> None:
    desk.load(earning_rules=[RULE], import_profiles={"events": PROFILE})
    desk.people("D1", "D2")
    rows = [
        ("D1", "Training", "2026-05-05", "safety"),
        ("D1", "training", "2026-05-06", "safety"),
        ("D2", "registration", "2026-05-05", None),
        ("nobody", "training", "2026-05-05", None),
        ("D2", "training", "soon", None),
    ]
    file = desk.csv(*rows, header=HEADER)
    found = desk.run(file, "events")
    assert (found.counts["created"], found.counts["lines_accepted"]) == (2, 2)
    assert set(desk.codes(found)) == {4, 5, 6}
    assert desk.codes(found)[4] == ("refused", "no_such_value")
    assert desk.codes(found)[5] == ("held", "unknown_distributor")
    again = desk.run(file, "events")
    assert again.counts["created"] == 0
    with transaction(desk.registry) as session:
        told = session.scalars(select(HappenedEvent.about).where(HappenedEvent.program_id == desk.program_id)).all()
    assert told == ["safety", "safety"]


def test_what_is_still_to_come_has_not_happened(desk: Desk) -> None:
    desk.load(earning_rules=[RULE], import_profiles={"events": PROFILE})
    desk.people("D1")
    today = local_date(desk.clock(), "Europe/Warsaw")
    days = [today, today + dt.timedelta(days=1), today + dt.timedelta(days=366)]
    rows = [("D1", "training", day.isoformat(), f"part {at}") for at, day in enumerate(days)]
    found = desk.run(desk.csv(*rows, header=HEADER), "events")
    assert desk.codes(found) == dict.fromkeys((3, 4), ("refused", "issued_later"))
    assert desk.balance("D1") == (0, 20)


def test_a_reference_that_told_something_else_is_refused_and_says_what_it_told(desk: Desk) -> None:
    profile = {"columns": {**PROFILE["columns"], "reference": "nr"}}
    desk.load(earning_rules=[RULE], import_profiles={"events": profile})
    desk.people("D1", "D2")
    header = (*HEADER, "nr")
    march = desk.csv(("D1", "training", "2026-03-01", "Safety", "1"), header=header)
    assert desk.run(march, "events").counts["created"] == 1
    rows = [
        ("D1", "training", "2026-04-01", "safety", "1"),
        ("D1", "training", "2026-03-01", "law", "1"),
        ("D2", "training", "2026-04-01", "safety", "1"),
        ("D1", "survey", "2026-04-01", None, "1"),
        ("D1", "training", "2026-03-01", "safety", "1"),
        ("D2", "training", "2026-04-02", "safety", "1"),
    ]
    found = desk.run(desk.csv(*rows, header=header), "events")
    assert desk.codes(found) == dict.fromkeys((2, 3, 7), ("refused", "reference_told_before"))
    assert (found.counts["created"], found.counts["duplicates"]) == (2, 1)
    (told,) = desk.problems(found.batch_id)[2][1]
    assert (told["field"], told["found"], told["told_on"], told["about"]) == ("nr", "'1'", "2026-03-01", "Safety")
    assert desk.balance("D1") == (0, 20)


def test_rates_from_a_file_wait_where_the_programme_asks_for_a_second_person(desk: Desk) -> None:
    desk.load(matrices=[MATRIX], import_profiles={"rates": RATES}, program={"rules": {"second_person": True}})
    desk.run(desk.csv(("tools", "gold", "2.5"), header=("group", "for", "points")), "rates")
    assert rates_of(desk) == MATRIX["rates"]
    with transaction(desk.registry) as session:
        held = session.scalars(select(RuleDraft).where(RuleDraft.program_id == desk.program_id)).one()
        assert (held.state, held.document["rates"]["tools"]["gold"]) == (RuleDraftState.WAITING, "2.5")
        assert programs.export(session, desk.code)["matrices"][0]["rates"] == MATRIX["rates"]
