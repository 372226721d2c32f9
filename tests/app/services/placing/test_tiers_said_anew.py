"""Tiers that a programme says anew: who is in one that is gone, and until when the others are held."""

import datetime as dt
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.transaction import Sessions, transaction
from app.domain.program_file.tier_settings import Tiers
from app.domain.states import TierReason
from app.models.distributors import Distributor
from app.models.events import HappenedEvent
from app.models.messages import Notice
from app.services.setup import programs, tier_terms
from app.services.tiering import tier_giving, tier_judging
from tests.app.services.placing.test_tiers import LEVELS, TODAY, history, judge, standing, tier
from tests.support.desk import Desk
from tests.support.meetings import elsewhere, wait_for_a_waiter
from tests.support.programs import NOW


@pytest.fixture
def desk(session: Session, code: str) -> Desk:
    """A programme with two tiers, and nothing that is for one of them."""
    return Desk(session, code, program={"tiers": {"levels": LEVELS}, "ends_on": None})


def says(desk: Desk, levels: list[dict[str, Any]], **more: Any) -> None:
    """Have the programme say other tiers."""
    said = Tiers.model_validate({"levels": levels, **more})
    tier_terms.put_tiers(desk.session, desk.program, said, actor="ann", now=NOW)


def test_whose_tier_is_gone_has_reached_nothing_and_is_told(desk: Desk) -> None:
    desk.invoice("1", 500)
    judge(desk)
    assert tier(desk) == "gold"
    says(desk, LEVELS[:1])
    judge(desk)
    lower = LEVELS[0]["code"]
    assert tier(desk) == lower
    assert history(desk)[-1] == (TODAY, lower, TierReason.GONE)
    told = desk.session.scalars(select(Notice).order_by(Notice.id.desc()).limit(1)).one()
    assert (told.kind, told.parts["was"]) == ("tier_lost", "gold")
    happened = select(HappenedEvent.about).where(HappenedEvent.program_id == desk.program.id)
    assert desk.session.scalars(happened).all() == ["gold"], "the first of them is all that happened"


def test_a_tier_given_by_hand_ends_with_the_tier(desk: Desk) -> None:
    tier_giving.give(desk.session, desk.program, desk.people["D1"], "gold", None, reason="x", actor="ann", now=NOW)
    assert tier(desk) == "gold"
    says(desk, LEVELS[:1])
    judge(desk)
    assert (tier(desk), standing(desk).given) == (None, False)


def test_another_span_or_grace_sets_the_day_anew_on_which_a_tier_may_be_lost(desk: Desk) -> None:
    desk.invoice("1", 500)
    judge(desk)
    assert standing(desk).review_on == dt.date(2027, 1, 1)
    says(desk, LEVELS, grace_days=30)
    judge(desk)
    assert standing(desk).review_on == dt.date(2027, 1, 31)
    says(desk, LEVELS, window="lifetime")
    judge(desk)
    assert standing(desk).review_on is None


def test_who_judges_waits_for_who_says_tiers_anew_and_judges_by_what_they_said(
    app: Flask, registry: Sessions, code: str
) -> None:
    with transaction(registry) as session:
        Desk(session, code, program={"tiers": {"levels": LEVELS}}).invoice("1", 500)

    def judging(other: Session) -> None:
        program = programs.program_by_code(other, code)
        assert tier_judging.judge(other, program, now=NOW) == 1

    with transaction(registry) as session:
        program = programs.program_by_code(session, code)
        said = Tiers.model_validate({"levels": [{**LEVELS[0], "code": "base", "from": 1}]})
        tier_terms.put_tiers(session, program, said, actor="ann", now=NOW)
        with elsewhere(app, judging) as judged:
            wait_for_a_waiter(session)
            session.commit()
            judged.result(20)
    with transaction(registry) as session:
        program = programs.program_by_code(session, code)
        whose = select(Distributor.tier).where(Distributor.program_id == program.id, Distributor.code == "D1")
        assert session.scalars(whose).one() == "base"
