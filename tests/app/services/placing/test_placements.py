"""Products and distributors that move between groups: a sale is judged by the group of its own day."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models.catalogue import Product
from app.models.sales import Award
from app.services.goods import catalogue
from app.services.goods.catalogue import ProductRow
from app.services.participants import distributor_changes, distributor_rows, distributors
from app.services.participants.distributor_rows import DistributorRow
from app.services.placing import placements
from app.services.placing.placements import DISTRIBUTORS, PRODUCTS, Moving
from tests.support import programs
from tests.support.desk import Desk
from tests.support.programs import NOW

TODAY = NOW.date()
RULES: list[dict[str, Any]] = [
    {"code": "tools", "name": "T", "kind": "per_line", "points": 1, "scope": {"product_groups": ["tools"]}},
    {"code": "drills", "name": "D", "kind": "per_line", "points": 10, "scope": {"product_groups": ["drills"]}},
    {"code": "gold", "name": "G", "kind": "per_line", "points": 100, "scope": {"distributor_groups": ["gold"]}},
]
MATRIX = {
    "code": "grid",
    "name": "Grid",
    "kind": "per_unit",
    "rates": {"tools": {"gold": 1000, "silver": 2000}, "drills": {"silver": 3000}},
}


@pytest.fixture
def desk(session: Session, code: str) -> Desk:
    return Desk(session, code, earning_rules=RULES, matrices=[MATRIX])


def move_product(desk: Desk, group: str | None, from_on: str | None, what: str = "P", now: dt.datetime = NOW) -> bool:
    group_id = None if group is None else catalogue.group_ids(desk.session, desk.program.id)[group]
    day = None if from_on is None else dt.date.fromisoformat(from_on)
    return catalogue.move(
        desk.session, desk.program, desk.goods[what], group_id, day, actor="ann", now=now, reason="as agreed"
    )


def move_distributor(desk: Desk, group: str, from_on: str | None, who: str = "D1") -> bool:
    group_id = distributors.group_ids(desk.session, desk.program.id)[group]
    day = None if from_on is None else dt.date.fromisoformat(from_on)
    wanted = {"group_id": group_id}
    return distributor_changes.change(
        desk.session, desk.program, desk.people[who], wanted, from_on=day, actor="ann", now=NOW
    )


def earned(desk: Desk, *days: str) -> list[int]:
    """Sell one piece on each of these days, in one import, and tell what each sale earned."""
    desk.sell(*(desk.line(day, 1, quantity=1, issued_on=day) for day in days))
    total = select(func.coalesce(func.sum(Award.amount), 0))
    return [int(desk.session.scalars(total.where(Award.document_id == desk.document(day).id)).one()) for day in days]


def test_a_sale_is_judged_by_the_groups_of_its_day(desk: Desk) -> None:
    assert move_product(desk, "tools", None)
    assert move_product(desk, "drills", "2026-05-01")
    assert move_distributor(desk, "gold", "2026-04-01")
    assert move_distributor(desk, "silver", "2026-06-01")
    days = ("2026-03-31", "2026-04-01", "2026-04-30", "2026-05-01", "2026-05-31", "2026-06-01")
    # tools alone, with gold's rate and rule, drills (tools as well) with gold's fallback to tools, silver's own rate
    assert earned(desk, *days) == [1, 1101, 1101, 1111, 1111, 3011]


def test_what_is_said_of_a_day_drops_what_was_said_of_later_ones(desk: Desk) -> None:
    move_product(desk, "tools", None)
    move_product(desk, "drills", "2026-05-01")
    assert not move_product(desk, "drills", "2026-05-01")
    assert not move_product(desk, "drills", "2026-06-01"), "it is there on that day and after it"
    assert move_product(desk, None, "2026-04-01")
    history = placements.history(desk.session, PRODUCTS, desk.goods["P"])
    assert [(one.from_on, one.group) for one in history] == [(dt.date(2026, 4, 1), None), (None, "Tools")]
    assert (history[0].noted_by, history[0].reason) == ("ann", "as agreed")
    assert move_product(desk, "drills", None)
    assert placements.history(desk.session, PRODUCTS, desk.goods["P"]) == [], "it always was there"
    assert earned(desk, "2026-03-01") == [11]


def test_a_move_that_is_to_come_is_judged_by_its_day_and_becomes_the_present_group_then(desk: Desk) -> None:
    move_product(desk, "tools", None)
    assert move_product(desk, "drills", "2026-12-01")
    product = desk.session.get_one(Product, desk.goods["P"])
    desk.session.refresh(product)
    tools, drills = (catalogue.group_ids(desk.session, desk.program.id)[name] for name in ("tools", "drills"))
    assert product.group_id == tools
    assert placements.settle(desk.session, desk.program.id, dt.date(2026, 11, 30)) == 0
    assert placements.settle(desk.session, desk.program.id, dt.date(2026, 12, 1)) == 1
    desk.session.refresh(product)
    assert product.group_id == drills


def test_files_move_from_today_or_from_the_day_of_a_row(desk: Desk) -> None:
    program, session = desk.program, desk.session
    groups = distributors.group_ids(session, program.id)
    moving = Moving(TODAY, NOW, "ann")

    def put(code: str, group: str, said: str | None = None) -> tuple[int, int]:
        day = None if said is None else dt.date.fromisoformat(said)
        row = DistributorRow(code=code, name=f"Distributor {code}", group_id=groups[group], group_from=day)
        return distributor_rows.put_distributors(
            session, program.id, "pl", [row], enrolled_on=TODAY, may_owe=True, moving=moving
        )

    def history(code: str) -> list[tuple[dt.date | None, str | None]]:
        return [(one.from_on, one.group) for one in placements.history(session, DISTRIBUTORS, desk.people[code])]

    assert put("D1", "gold") == (0, 1)
    assert history("D1") == [], "what nobody knew before was so from the beginning"
    assert put("D1", "silver") == (0, 1)
    assert history("D1") == [(TODAY, "Silver"), (None, "Gold")]
    assert put("D1", "silver") == (0, 0)
    assert put("D2", "gold", "2026-07-01") == (0, 1)
    assert history("D2") == [(dt.date(2026, 7, 1), "Gold"), (None, None)]
    assert put("D2", "silver", "2027-01-01") == (0, 1)
    assert distributors.data_of(session, desk.people["D2"]).group_name == "Gold", "the day is still to come"


def test_products_of_a_file_move_like_distributors(desk: Desk) -> None:
    groups = catalogue.group_ids(desk.session, desk.program.id)

    def put(group: str) -> None:
        rows = [ProductRow("P", "Product P", groups[group])]
        catalogue.put_products(desk.session, desk.program.id, "pl", rows, moving=Moving(TODAY, NOW))

    put("tools")
    put("drills")
    history = placements.history(desk.session, PRODUCTS, desk.goods["P"])
    assert [(one.from_on, one.group) for one in history] == [(TODAY, "Drills"), (None, "Tools")]


def test_nothing_moves_into_a_group_of_another_programme(session: Session, code: str, desk: Desk) -> None:
    other = programs.load(session, programs.document(f"{code}-2"))
    foreign = catalogue.group_ids(session, other.id)["tools"]
    with pytest.raises(LookupError):
        catalogue.move(session, desk.program, desk.goods["P"], foreign, None, actor="ann", now=NOW)
