"""A distributor's data: changed by people, with what was and what is on record; blocked, and let take part again."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.states import TaxStatus
from app.models.people import AuditEvent
from app.models.programs import Program
from app.services.participants import distributor_changes, distributors
from app.services.participants.distributor_changes import set_blocked
from tests.support import programs
from tests.support.programs import NOW


@pytest.fixture
def one(session: Session, program: Program) -> int:
    """A distributor."""
    return programs.people(session, program, ["D1"])["D1"]


def change(session: Session, program: Program, one: int, **values: Any) -> bool:
    said = {"actor": "ann", "now": NOW, "reason": "asked by phone"}
    return distributor_changes.change(session, program, one, values, **said)


def noted(session: Session, program: Program) -> list[AuditEvent]:
    session.flush()
    return list(
        session.scalars(
            select(AuditEvent)
            .where(AuditEvent.program_id == program.id, AuditEvent.action.startswith("distributor."))
            .order_by(AuditEvent.id)
        )
    )


def test_what_is_changed_is_kept_with_what_it_was(session: Session, program: Program, one: int) -> None:
    gold = distributors.group_ids(session, program.id)["gold"]
    stamp = program.rules_stamp
    assert change(session, program, one, name="Żaba", group_id=gold, tax_status=TaxStatus.SOLE_TRADER, city=None)
    data = distributors.data_of(session, one)
    assert (data.name, data.group_name, data.tax_status) == ("Żaba", "Gold", TaxStatus.SOLE_TRADER)
    (note,) = noted(session, program)
    assert (note.actor, note.subject, note.reason) == ("ann", "D1", "asked by phone")
    assert note.before == {"name": "Distributor D1", "group": None, "tax_status": "company"}
    assert note.after == {"name": "Żaba", "group": "Gold", "tax_status": "sole_trader"}
    session.refresh(program)
    assert program.rules_stamp != stamp, "whoever keeps the programme's rules in memory loads them anew"


def test_a_distributor_stands_in_lists_by_its_new_name(session: Session, program: Program) -> None:
    found = programs.people(session, program, ["D1", "D2"])
    change(session, program, found["D1"], name="Zebra")
    names = [line.code for line in distributors_by_name(session, program)]
    assert names == ["D2", "D1"]


def distributors_by_name(session: Session, program: Program) -> list[Any]:
    from app.domain.states import Unit
    from app.services.tracing import balances

    return list(balances.balances(session, program.id, Unit.POINTS))


def test_what_is_not_other_changes_nothing(session: Session, program: Program, one: int) -> None:
    assert not change(session, program, one, name="Distributor D1", tier=None)
    assert noted(session, program) == []


def test_groups_and_distributors_of_other_programmes_are_not_there(
    session: Session, program: Program, one: int
) -> None:
    elsewhere = programs.load(session, programs.document(f"{program.code}-b"))
    foreign = distributors.group_ids(session, elsewhere.id)["gold"]
    with pytest.raises(LookupError):
        change(session, program, one, group_id=foreign)
    with pytest.raises(LookupError):
        change(session, elsewhere, one, name="Mine")
    with pytest.raises(LookupError):
        set_blocked(session, elsewhere, one, blocked=True, reason="?", actor="ann", now=NOW)
    session.expire_all()
    assert distributors.data_of(session, one).name == "Distributor D1"


def test_a_distributor_is_blocked_with_its_reason_until_it_takes_part_again(
    session: Session, program: Program, one: int
) -> None:
    for blocked, reason in ((True, "first"), (False, "paid"), (True, "second")):
        assert set_blocked(session, program, one, blocked=blocked, reason=reason, actor="ann", now=NOW), reason
        session.flush()
        data = distributors.data_of(session, one)
        assert (data.blocked, data.blocked_reason) == (blocked, reason if blocked else None)
    assert not set_blocked(session, program, one, blocked=True, reason="third", actor="ann", now=NOW)
    assert [note.action for note in noted(session, program)] == [
        "distributor.block",
        "distributor.unblock",
        "distributor.block",
    ]
