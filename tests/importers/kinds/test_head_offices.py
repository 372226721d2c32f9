"""Branches name their head office by its code, wherever in the file that stands."""

from sqlalchemy import select

from app.db.transaction import transaction
from app.models.people import AuditEvent
from app.services.participants.head_offices import head_offices
from tests.importers.driver import Desk

HEADER = ("Code", "Name", "Head office")
PROFILE = {"columns": {"code": "Code", "name": "Name", "head_office": "Head office"}}


def hierarchy(desk: Desk) -> dict[str, str | None]:
    with transaction(desk.registry) as session:
        return head_offices(session, desk.program_id)


def noted(desk: Desk) -> dict[str, tuple[object, object]]:
    with transaction(desk.registry) as session:
        found = session.scalars(
            select(AuditEvent).where(
                AuditEvent.program_id == desk.program_id, AuditEvent.action == "distributor.change"
            )
        )
        return {one.subject: ((one.before or {})["head_office"], (one.after or {})["head_office"]) for one in found}


def test_a_head_office_may_stand_below_its_branches(desk: Desk) -> None:
    desk.load(import_profiles={"distributors": PROFILE})
    file = desk.csv(("B1", "North", "hq"), ("B2", "South", "HQ "), ("HQ", "Head", None), header=HEADER)
    found = desk.run(file, "distributors")
    assert (found.counts["created"], found.counts["changed"]) == (3, 0)
    assert hierarchy(desk) == {"b1": "hq", "b2": "hq", "hq": None}
    assert noted(desk) == {"B1": (None, "HQ"), "B2": (None, "HQ")}
    again = desk.run(file, "distributors")
    assert (again.counts["created"], again.counts["changed"]) == (0, 0)


def test_what_a_row_does_not_say_stays_and_what_it_says_moves_the_branch(desk: Desk) -> None:
    desk.load(import_profiles={"distributors": PROFILE})
    desk.run(desk.csv(("HQ", "Head", None), ("X", "Other", None), ("B1", "North", "HQ"), header=HEADER), "distributors")
    unsaid = desk.run(desk.csv(("B1", "North", None), header=HEADER), "distributors")
    assert unsaid.counts["changed"] == 0
    assert hierarchy(desk)["b1"] == "hq"
    moved = desk.run(desk.csv(("B1", "North", "X"), header=HEADER), "distributors")
    assert (moved.counts["created"], moved.counts["changed"]) == (0, 1)
    assert hierarchy(desk)["b1"] == "x"
    both = desk.run(desk.csv(("B1", "Northern", "HQ"), header=HEADER), "distributors")
    assert both.counts["changed"] == 1, "one distributor, changed in two things"


def test_an_unknown_head_office_holds_its_rows_and_those_below_them(desk: Desk) -> None:
    desk.load(import_profiles={"distributors": PROFILE})
    rows = [("B1", "North", "NONE"), ("B2", "South", "B3"), ("B3", "East", "B3"), ("B4", "West", None)]
    found = desk.run(desk.csv(*rows, header=HEADER), "distributors")
    assert desk.codes(found) == {
        2: ("held", "unknown_head_office"),
        3: ("held", "unknown_head_office"),
        4: ("refused", "head_office_itself"),
    }
    assert hierarchy(desk) == {"b4": None}


def test_a_branch_of_a_branch_is_refused_in_words(desk: Desk) -> None:
    desk.load(import_profiles={"distributors": PROFILE})
    desk.run(desk.csv(("HQ", "Head", None), ("B1", "North", "HQ"), header=HEADER), "distributors")
    rows = [("B2", "South", "B1"), ("HQ", "Head", "TOP"), ("TOP", "Top", None)]
    found = desk.run(desk.csv(*rows, header=HEADER), "distributors")
    assert desk.codes(found) == {2: ("refused", "head_office_is_a_branch"), 3: ("refused", "head_office_of_others")}
    assert hierarchy(desk) == {"hq": None, "b1": "hq", "top": None}
