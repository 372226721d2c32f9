"""Whoever looks at a ranking sees their own row; who the others are and what they sold, only where that is shown."""

from typing import Any

from sqlalchemy import select

from app.domain.program_file.promotion_definition import Ranking
from app.models.distributors import Distributor
from app.services.promotions import ranking
from app.services.promotions.ranking import Known, NextPlace, Row
from tests.app.services.promotions.running import Running
from tests.support import programs
from tests.support.desk import Desk

PRIZES = [{"from": 1, "to": 1, "points": 500}, {"from": 2, "to": 3, "points": 100}]


def _raced(desk: Desk, sold: dict[str, int], **changes: Any) -> Running:
    autumn = Running(desk, **{"steps": [], "target": None} | changes)
    for who, points in sold.items():
        desk.invoice(f"1/{who}", points, who=who)
    autumn.bring_up()
    return autumn


def _known(desk: Desk, who: str, value: int) -> Known:
    name = desk.session.scalars(select(Distributor.name).where(Distributor.id == desk.people[who])).one()
    return Known(name, value)


def test_names_are_hidden_where_nothing_is_said(desk: Desk) -> None:
    said = Ranking.model_validate({"prizes": PRIZES})
    autumn = _raced(desk, {"D1": 300, "D2": 200, "D3": 100}, ranking={"prizes": PRIZES})
    own = autumn.standing("D2")
    assert ranking.seen_from(desk.session, said, own) == [
        Row(1, 500, mine=False, known=None),
        Row(2, 100, mine=True, known=_known(desk, "D2", 2_000_00)),
        Row(3, 100, mine=False, known=None),
    ]
    assert ranking.next_place(desk.session, said, own) == NextPlace(1, None)


def test_where_many_share_a_place_whoever_looks_is_in_the_list(desk: Desk) -> None:
    many = [f"E{number:02}" for number in range(3 * ranking.IN_SIGHT + 5)]
    desk.people |= programs.people(desk.session, desk.program, many)
    autumn = _raced(desk, dict.fromkeys([*many, "D1"], 10), ranking={"prizes": PRIZES})
    said, own = Ranking.model_validate({"prizes": PRIZES}), autumn.standing(many[-1])
    seen = ranking.seen_from(desk.session, said, own)
    assert (len(seen), [one.mine for one in seen].count(True), seen[-1].mine) == (3 * ranking.IN_SIGHT + 1, 1, True)
    assert len(ranking.of_all(desk.session, autumn.row.id)) == 3 * ranking.IN_SIGHT


def test_who_runs_the_programme_knows_everybody(desk: Desk) -> None:
    autumn = _raced(desk, {"D1": 300, "D2": 200}, ranking={"prizes": PRIZES})
    assert ranking.of_all(desk.session, autumn.row.id) == [
        Row(1, 500, mine=False, known=_known(desk, "D1", 3_000_00)),
        Row(2, 100, mine=False, known=_known(desk, "D2", 2_000_00)),
    ]


def test_names_and_what_is_missing_are_told_where_the_promotion_shows_them(desk: Desk) -> None:
    told = {"names": "shown", "prizes": PRIZES}
    said = Ranking.model_validate(told)
    autumn = _raced(desk, {"D1": 300, "D2": 200, "D3": 200}, ranking=told)
    first, own = autumn.standing("D1"), autumn.standing("D3")
    assert [row.known for row in ranking.seen_from(desk.session, said, own)] == [
        _known(desk, "D1", 3_000_00),
        _known(desk, "D2", 2_000_00),
        _known(desk, "D3", 2_000_00),
    ]
    assert ranking.next_place(desk.session, said, own) == NextPlace(1, 1_000_00)
    assert ranking.next_place(desk.session, said, first) is None


def test_who_has_no_place_sees_their_own_row_and_no_next_place(desk: Desk) -> None:
    said = Ranking.model_validate({"prizes": PRIZES})
    autumn = _raced(desk, {"D1": 300}, ranking={"prizes": PRIZES})
    own = autumn.standing("D2")
    assert ranking.seen_from(desk.session, said, own) == [
        Row(1, 500, mine=False, known=None),
        Row(0, 0, mine=True, known=_known(desk, "D2", 0)),
    ]
    assert ranking.next_place(desk.session, said, own) is None


def test_of_a_ranking_by_share_what_is_missing_is_a_share_of_ones_own_target(desk: Desk) -> None:
    told = {"by": "share", "names": "shown", "prizes": PRIZES}
    target = {"default": 3_000, "distributors": {"D2": 7_000}}
    autumn = _raced(desk, {"D1": 100, "D2": 100}, ranking=told, target=target)
    own = autumn.standing("D2")
    assert autumn.standing("D1").share_bp == 3_333
    missing = ranking.next_place(desk.session, Ranking.model_validate(told), own)
    assert missing == NextPlace(1, 2_333_10 - 1_000_00)
