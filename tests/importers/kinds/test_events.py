"""What happened comes from a file: each happening once, what is wrong says why; rates wait for a second person."""

from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.states import RuleDraftState
from app.models.events import HappenedEvent
from app.models.rule_drafts import RuleDraft
from app.services import programs
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


def test_rates_from_a_file_wait_where_the_programme_asks_for_a_second_person(desk: Desk) -> None:
    desk.load(matrices=[MATRIX], import_profiles={"rates": RATES}, program={"rules": {"second_person": True}})
    desk.run(desk.csv(("tools", "gold", "2.5"), header=("group", "for", "points")), "rates")
    assert rates_of(desk) == MATRIX["rates"]
    with transaction(desk.registry) as session:
        held = session.scalars(select(RuleDraft).where(RuleDraft.program_id == desk.program_id)).one()
        assert (held.state, held.document["rates"]["tools"]["gold"]) == (RuleDraftState.WAITING, "2.5")
        assert programs.export(session, desk.code)["matrices"][0]["rates"] == MATRIX["rates"]
