"""Who approves is somebody else than who asked, whatever address they have by now."""

import pytest

from app.models.desk import AdjustmentRequest
from app.services import audit
from app.services.by_hand import adjustments
from app.services.same_person import is_same, names_of
from tests.support.desk import Desk
from tests.support.programs import NOW


def changes(desk: Desk, was: str, becomes: str) -> None:
    """Write down that somebody has another address, as `own_account.prove_email` does."""
    names = {"before": {"login": was}, "after": {"login": becomes}}
    audit.note(desk.session, was, "user.email", becomes, now=NOW, **names)
    desk.session.flush()


def ask(desk: Desk, actor: str) -> int:
    more = {"reason_code": "correction", "note": "counted twice", "actor": actor, "now": NOW}
    return adjustments.request(desk.session, desk.program, desk.people["D1"], 5, **more)


def test_who_has_another_address_since_approves_nothing_of_their_own(desk: Desk) -> None:
    asked = ask(desk, "ann@x.example")
    changes(desk, "ann@x.example", "ann@y.example")
    changes(desk, "ann@y.example", "ann@z.example")
    with pytest.raises(adjustments.SamePerson):
        adjustments.approve(desk.session, desk.program, asked, actor="Ann@z.example", now=NOW)
    done = adjustments.approve_together(desk.session, desk.program, [asked], actor="Ann@z.example", now=NOW)
    assert done == adjustments.Together(decided=0, own=1, uncovered=0)
    adjustments.refuse(desk.session, desk.program, asked, note="wrong", actor="Ann@z.example", now=NOW)
    assert desk.session.get_one(AdjustmentRequest, asked).state == "withdrawn"


def test_who_went_back_to_their_first_address_is_known_by_the_second(desk: Desk) -> None:
    changes(desk, "ann@x.example", "ann@y.example")
    asked = ask(desk, "ann@y.example")
    changes(desk, "ann@y.example", "ann@x.example")
    with pytest.raises(adjustments.SamePerson):
        adjustments.approve(desk.session, desk.program, asked, actor="ann@x.example", now=NOW)


def test_who_has_an_address_that_somebody_else_gave_up_is_not_them(desk: Desk) -> None:
    changes(desk, "ann@x.example", "shared@x.example")
    changes(desk, "shared@x.example", "ann@y.example")
    assert names_of(desk.session, "shared@x.example") == {"shared@x.example"}, "a new person has it"
    assert not is_same(desk.session, "shared@x.example", "ann@x.example", None)
    assert is_same(desk.session, "ann@y.example", "ann@x.example")
    assert not is_same(desk.session, "ann@y.example", None)
