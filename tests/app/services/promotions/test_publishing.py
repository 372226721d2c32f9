"""Promotions in a programme file and in the chores of every night; bad set-ups are refused in their place."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.transaction import Sessions, transaction
from app.domain.states import PromotionState
from app.models.promotions import Promotion, PromotionStanding, PromotionVersion
from app.services import chores
from app.services.promotions.publishing import PromotionInvalid
from app.services.setup import program_files, programs
from app.services.setup.program_files import ProgramFileInvalid
from tests.app.services.promotions.running import EXAMPLE, OVER, Running
from tests.support.desk import Desk
from tests.support.programs import NOW, document, goods, load, people
from tests.support.sales import Sold, sell

CLOSING = {**EXAMPLE, "closes_on": "2026-12-05"}


def refused(session: Session, code: str, **changes: Any) -> list[str]:
    with pytest.raises(ProgramFileInvalid) as wrong:
        load(session, document(code, promotions=[{**EXAMPLE, **changes}]))
    return wrong.value.problems


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"until": "2026-02-01"}, "promotions[0]: the promotion ends on 2026-02-01, before it starts on 2026-03-01"),
        (
            {"closes_on": "2026-11-30"},
            "promotions[0]: the promotion closes on 2026-11-30, but its last day is 2026-11-30",
        ),
        ({"target": {"default": 0}}, "promotions[0].target.default: input should be greater than 0, found 0"),
        ({"target": None}, "promotions[0]: steps are shares of a target, and there is none"),
        ({"steps": []}, "promotions[0]: the promotion gives nothing: expected steps or a ranking"),
        (
            {"steps": [{"reach": 0, "reward": {"points": 1}}]},
            "promotions[0].steps[0].reach: input should be greater than 0, found 0",
        ),
        (
            {"steps": [{"reach": 9_000, "reward": {"points": 1}}, {"reach": 9_000, "reward": {"points": 2}}]},
            "promotions[0]: steps must rise: 9000 follows 9000",
        ),
        (
            {"steps": [{"reach": 9_000, "reward": {}}]},
            "promotions[0].steps[0].reward: expected one of points, percent_bp, per_unit or reward, found none",
        ),
        (
            {"ranking": {"prizes": [{"from": 1, "to": 3, "points": 5}, {"from": 3, "to": 4, "points": 1}]}},
            "promotions[0].ranking: prizes overlap: place 3 is in two of them",
        ),
        (
            {"target": {"growth": {"from": "2026-02-01", "until": "2026-03-01", "growth_bp": 5}}},
            "promotions[0]: the base period ends on 2026-03-01, not before the promotion starts on 2026-03-01",
        ),
        (
            {"scope": {"first_purchase": True}},
            "promotions[0]: scope.first_purchase: a promotion counts sales, not beginnings",
        ),
        ({"scope": {"days": ["fair"]}}, "promotions[0].scope.days: 'fair' is not among named_days"),
        ({"target": {"groups": {"iron": 1}}}, "promotions[0].target.groups: no distributor group is called 'iron'"),
    ],
)
def test_a_bad_set_up_is_refused_with_its_place(
    session: Session, code: str, changes: dict[str, Any], said: str
) -> None:
    assert refused(session, code, **changes) == [said]
    session.rollback()


def test_targets_of_a_sheet_are_no_targets_of_another_metric(desk: Desk) -> None:
    autumn = Running(desk)
    autumn.targets(D1=50_000)
    with pytest.raises(PromotionInvalid, match="metric: 1 targets of a sheet are in what it counted before"):
        autumn.publish(metric="quantity")
    autumn.publish(name="Late autumn")
    autumn.targets(D1=0)
    autumn.publish(metric="quantity")


def test_a_file_publishes_promotions_and_gives_them_back(session: Session, code: str) -> None:
    program = load(session, document(code, promotions=[EXAMPLE]))
    exported = programs.export(session, code)
    assert exported["promotions"][0]["code"] == "autumn"
    again = program_files.parse(program_files.to_yaml(exported))
    assert programs.load(session, again, actor="test", now=NOW).changes == []
    load(session, document(code, promotions=[{**EXAMPLE, "budget": 5_000}]))
    versions = session.scalars(
        select(PromotionVersion.version).join(Promotion).where(Promotion.program_id == program.id)
    )
    assert sorted(versions) == [1, 2]
    load(session, document(code))  # what was promised goes on
    assert session.scalars(select(Promotion.state).where(Promotion.program_id == program.id)).all() == [
        PromotionState.PUBLISHED
    ]


def test_chores_bring_promotions_up_to_date_and_close_them_on_their_day(registry: Sessions, code: str) -> None:
    with transaction(registry) as session:
        program = load(session, document(code, promotions=[CLOSING]))
        who, what = people(session, program, ["D1"]), goods(session, program, {"P": None})
        sell(session, program, [Sold("1/2026", who["D1"], what["P"], 1, 50_000_00)])
    chores.run(registry, NOW, code)
    assert _stands(registry, code) == (PromotionState.PUBLISHED, 1_000)
    chores.run(registry, OVER - dt.timedelta(days=1), code)
    assert _stands(registry, code)[0] is PromotionState.PUBLISHED
    chores.run(registry, OVER, code)
    assert _stands(registry, code) == (PromotionState.CLOSED, 1_000)


def _stands(registry: Sessions, code: str) -> tuple[PromotionState, int]:
    with transaction(registry) as session:
        program = programs.program_by_code(session, code)
        row = session.execute(
            select(Promotion.state, PromotionStanding.paid)
            .join(PromotionStanding, PromotionStanding.promotion_id == Promotion.id)
            .where(Promotion.program_id == program.id)
        ).one()
        return row.state, row.paid
