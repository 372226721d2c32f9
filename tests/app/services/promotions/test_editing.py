"""Drafts of promotions: published by a second person where the programme asks for one, sent back, and dropped."""

import pytest

from app.domain.program_file.promotion_definition import Promotion as Definition
from app.domain.states import PromotionState
from app.models.promotions import Promotion
from app.services.promotions import publishing, reading
from app.services.setup import promotion_editing as editing
from app.services.setup.promotion_editing import SamePerson
from tests.app.services.promotions.running import EXAMPLE
from tests.support.desk import Desk, Opening
from tests.support.programs import NOW


def drafted(desk: Desk, **changes: object) -> Promotion:
    definition = Definition.model_validate(EXAMPLE | changes)
    return publishing.draft(desk.session, desk.program.id, definition, actor="ann", now=NOW)


def publish(desk: Desk, promotion: Promotion, actor: str) -> None:
    editing.publish_draft(desk.session, desk.program, promotion, actor=actor, now=NOW)


def test_a_second_person_publishes_where_the_programme_asks_for_one(open_desk: Opening) -> None:
    desk = open_desk(program={"rules": {"second_person": True}})
    draft = drafted(desk)
    for actor in ("ann", "bob"):
        with pytest.raises(SamePerson):
            publish(desk, draft, actor)  # nobody asked yet
    editing.ask(desk.session, draft.id, actor="cem", now=NOW)
    for actor in ("Ann", "cem"):
        with pytest.raises(SamePerson):
            publish(desk, draft, actor)
    editing.send_back(desk.session, draft.id, note="half of it", actor="bob", now=NOW)
    assert (draft.asked_by, draft.note) == (None, "half of it")
    with pytest.raises(editing.NoDraft):
        editing.send_back(desk.session, draft.id, note="again", actor="bob", now=NOW)
    editing.ask(desk.session, draft.id, actor="ann", now=NOW)
    drafted(desk, name="Another autumn")
    assert draft.asked_at is None, "what was asked for is another draft now"
    editing.ask(desk.session, draft.id, actor="ann", now=NOW)
    publish(desk, draft, "bob")
    assert (draft.state, draft.version, draft.asked_at) == (PromotionState.PUBLISHED, 1, None)


def test_a_draft_is_dropped_and_what_is_published_stays(desk: Desk) -> None:
    draft = drafted(desk)
    editing.drop(desk.session, draft.id, actor="ann", now=NOW)
    assert reading.promotions_of(desk.session, desk.program.id) == []
    with pytest.raises(reading.NoSuchPromotion):
        reading.promotion_by_code(desk.session, desk.program.id, "autumn")
    for act in (editing.drop, editing.ask):
        with pytest.raises(editing.NoDraft):
            act(desk.session, draft.id, actor="ann", now=NOW)
    again = drafted(desk)  # the code is free
    publish(desk, again, "ann")
    drafted(desk, name="Another autumn")
    editing.drop(desk.session, again.id, actor="ann", now=NOW)
    (found,) = reading.promotions_of(desk.session, desk.program.id)
    assert reading.definition_of(desk.session, found).name == "Autumn"
    with pytest.raises(editing.NoDraft):
        publish(desk, found, "ann")
