"""Who moves between groups and tiers is measured anew in the promotions that tell them apart, and nobody else is."""

import datetime as dt
import random
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pytest
from sqlalchemy import delete, event, select

from app.domain.states import TierReason
from app.models.catalogue import Product
from app.models.distributors import Distributor
from app.models.promotions import PromotionStanding, PromotionTouched
from app.services.goods import catalogue, group_trees
from app.services.participants import distributors
from app.services.placing import placements, tier_changes
from app.services.placing.placements import DISTRIBUTORS, PRODUCTS, FileMoves, Kind, Moving
from app.services.placing.tier_changes import Change
from tests.app.services.promotions.running import Running
from tests.support.desk import TODAY, Desk, Opening
from tests.support.programs import NOW

DAYS = tuple(dt.date(2026, month, day) for month in (2, 3, 5, 8, 11) for day in (1, 15, 28))
TREE = [
    {"code": "tools", "name": "Tools"},
    {"code": "drills", "name": "Drills", "parent": "tools"},
    {"code": "hammers", "name": "Hammers", "parent": "tools"},
    {"code": "paint", "name": "Paint"},
]
TOOLS = {"code": "tools", "scope": {"product_groups": ["tools"], "exclude_product_groups": ["drills"]}}
GOLD = {
    "code": "gold",
    "scope": {"distributor_groups": ["gold"]},
    "target": {"default": 900, "groups": {"gold": 300}},
    "gates": [{"name": "Paint", "least": 50, "scope": {"product_groups": ["paint"]}}],
}
ALL = {"code": "all", "target": {"default": 900, "groups": {"silver": 300}}}

Thing: TypeAlias = tuple[type, int]


@dataclass
class Told:
    """What happened, as one who was told of it remembers it: sales, and where everything was from which day on."""

    desk: Desk
    sales: list[tuple[int, int, dt.date, int]] = field(default_factory=list)
    course: dict[Thing, dict[dt.date, str | None]] = field(default_factory=dict)
    above: dict[str, str | None] = field(default_factory=lambda: {one["code"]: one.get("parent") for one in TREE})

    def move(self, thing: Thing, group: str | None, since: dt.date | None) -> None:
        if since is None:
            self.course[thing] = {dt.date.min: group}
        else:
            kept = {day: of for day, of in self.course.get(thing, {dt.date.min: None}).items() if day < since}
            self.course[thing] = kept | {since: group}

    def group(self, thing: Thing, day: dt.date) -> str | None:
        course = self.course.get(thing, {dt.date.min: None})
        return course[max(one for one in course if one <= day)]

    def is_in(self, thing: Thing, day: dt.date, group: str) -> bool:
        here = self.group(thing, day)
        while here is not None and here != group:
            here = self.above.get(here)
        return here == group

    def sold(self, who: int, promotion: dict[str, Any]) -> int:
        scope, total = promotion.get("scope", {}), 0
        for owner, what, day, net in self.sales:
            counts = owner == who and dt.date(2026, 3, 1) <= day <= dt.date(2026, 11, 30)
            for group in scope.get("product_groups", []):
                counts = counts and self.is_in((Product, what), day, group)
            for group in scope.get("exclude_product_groups", []):
                counts = counts and not self.is_in((Product, what), day, group)
            for group in scope.get("distributor_groups", []):
                counts = counts and self.is_in((Distributor, who), day, group)
            total += net * counts
        return total

    def target(self, who: int, promotion: dict[str, Any]) -> int:
        target = promotion.get("target", {"default": 50_000})
        whole: int = target.get("groups", {}).get(self.group((Distributor, who), TODAY), target["default"])
        return whole * 100


def something_moves(told: Told, dice: random.Random) -> None:
    """Move a product, a distributor, or a whole group, by hand or by a file, from some day on or for ever."""
    desk, since = told.desk, dice.choice([None, TODAY, *DAYS])
    if dice.random() < 0.15:
        below = dice.choice([None, "tools", "paint"])
        ids = catalogue.group_ids(desk.session, desk.program.id)
        group_trees.change(
            *(desk.session, PRODUCTS, desk.program, ids["hammers"], "Hammers", ids[below] if below else None),
            actor="ann",
            now=NOW,
        )
        told.above["hammers"] = below
        return
    kind: Kind = dice.choice([PRODUCTS, PRODUCTS, DISTRIBUTORS])
    if kind is PRODUCTS:
        things, known = list(desk.goods.values()), catalogue.group_ids(desk.session, desk.program.id)
        group = dice.choice([None, *told.above])
    else:
        things, known = list(desk.people.values()), distributors.group_ids(desk.session, desk.program.id)
        group = dice.choice([None, "gold", "silver"])
    thing, id_ = dice.choice(things), known[group] if group else None
    if dice.random() < 0.5:
        wanted = {thing: id_}
        placements.move(desk.session, kind, desk.program, wanted, since, now=NOW, by="ann")
        told.move((kind.thing, thing), group, since)
    else:
        was = desk.session.get_one(kind.thing, thing, populate_existing=True)
        file = FileMoves(Moving(TODAY, NOW))
        present = was.group_id
        was.group_id = file.note(thing, present, id_, since)
        desk.session.flush()
        file.write(desk.session, kind, desk.program.id)
        if id_ != present:
            told.move((kind.thing, thing), group, since or (None if present is None else TODAY))
    catalogue.mark_changed(desk.session, desk.program.id)


@pytest.mark.parametrize("seed", range(4))
def test_after_any_moves_everybody_stands_as_one_who_remembers_all_days_reckons(open_desk: Opening, seed: int) -> None:
    desk, dice = open_desk(product_groups=TREE), random.Random(seed)
    told, counted = Told(desk), 0
    wordings = [TOOLS, GOLD, ALL]
    running = [Running(desk, **one) for one in wordings]
    for number in range(40):
        if dice.random() < 0.5:
            who, what, day = dice.choice(list(desk.people)), dice.choice("PQ"), dice.choice(DAYS)
            points = dice.randint(1, 40)
            desk.invoice(f"{number}", points, who=who, what=what, issued_on=day.isoformat())
            told.sales.append((desk.people[who], desk.goods[what], day, points * 1_000))
        else:
            something_moves(told, dice)
        if dice.random() < 0.5:
            for one, wording in zip(running, wordings, strict=True):
                one.bring_up()
                desk.session.expire_all()
                stands = {row.distributor_id: row for row in desk.rows(PromotionStanding, promotion_id=one.row.id)}
                for id_ in desk.people.values():
                    sold, target = told.sold(id_, wording), told.target(id_, wording)
                    if id_ in stands:
                        counted += sold > 0
                        assert (stands[id_].value, stands[id_].target) == (sold, target)
                    else:
                        assert not sold, "whoever takes no part sold nothing in it"
    assert counted, "something counted somewhere"


def touched(desk: Desk) -> set[tuple[str, str, dt.date]]:
    """Tell who is to be measured anew, in which promotion and month, and forget it."""
    codes = {
        running.row.id: running.code for running in (OneOf(desk, "tools"), OneOf(desk, "gold"), OneOf(desk, "all"))
    }
    names = {id_: code for code, id_ in desk.people.items()}
    rows = desk.session.execute(
        select(PromotionTouched.promotion_id, PromotionTouched.distributor_id, PromotionTouched.month_on)
    ).all()
    desk.session.execute(delete(PromotionTouched))
    return {(codes[promotion], names[who], month) for promotion, who, month in rows}


class OneOf(Running):
    """A promotion that runs already."""

    def __init__(self, desk: Desk, code: str) -> None:
        self.desk, self.code = desk, code


def test_only_those_whose_sales_count_otherwise_are_measured_anew(open_desk: Opening) -> None:
    desk = open_desk(product_groups=TREE)
    for wording in (TOOLS, GOLD, dict(ALL, scope={"tiers": ["best"]})):
        Running(desk, **wording).bring_up()
    march, may = dt.date(2026, 3, 1), dt.date(2026, 5, 1)
    desk.invoice("1", 10, who="D1", what="P", issued_on="2026-03-05")
    desk.invoice("2", 10, who="D2", what="P", issued_on="2026-05-05")
    desk.invoice("3", 10, who="D3", what="Q", issued_on="2026-05-05")
    touched(desk)
    goods, people = (
        catalogue.group_ids(desk.session, desk.program.id),
        distributors.group_ids(desk.session, desk.program.id),
    )

    def moved(kind: Kind, thing: int, group: int | None, since: dt.date | None) -> set[tuple[str, str, dt.date]]:
        placements.move(desk.session, kind, desk.program, {thing: group}, since, now=NOW)
        return touched(desk)

    p = desk.goods["P"]
    assert moved(PRODUCTS, p, goods["drills"], None) == set(), "excluded is as good as not named"
    assert moved(PRODUCTS, p, goods["hammers"], dt.date(2026, 4, 1)) == {("tools", "D2", may)}
    assert moved(PRODUCTS, p, goods["paint"], None) == {("tools", "D2", may)} | {
        ("gold", who, month) for who, month in (("D1", march), ("D2", may))
    }, "everything it ever was is forgotten: the gate looks at paint"
    joins = moved(DISTRIBUTORS, desk.people["D3"], people["gold"], dt.date(2026, 6, 1))
    assert joins == {("gold", "D3", march)}, "its sales of before stay; its target is another"
    change = Change(desk.people["D2"], None, "best", TierReason.GIVEN)
    tier_changes.write(desk.session, desk.program.id, [change], Moving(dt.date(2026, 5, 2), NOW))
    assert touched(desk) == {("all", "D2", may), ("all", "D2", march)}
    group_trees.change(
        *(desk.session, PRODUCTS, desk.program, goods["paint"], "Paint", goods["tools"]), actor="ann", now=NOW
    )
    assert touched(desk) == {("tools", "D1", march), ("tools", "D2", may)}


def test_sales_are_read_once_for_all_that_a_file_moves(open_desk: Opening) -> None:
    desk = open_desk(product_groups=TREE)
    for wording in (TOOLS, GOLD, ALL):
        Running(desk, **wording).bring_up()
    known = catalogue.group_ids(desk.session, desk.program.id)
    placements.move(*(desk.session, PRODUCTS, desk.program, {desk.goods["Q"]: known["hammers"]}, None), now=NOW)
    desk.invoice("1", 10, who="D1", what="P", issued_on="2026-03-05")
    desk.invoice("2", 10, who="D2", what="Q", issued_on="2026-05-05")
    desk.invoice("3", 10, who="D3", what="Q", issued_on="2026-08-05")
    touched(desk)
    file, asked = FileMoves(Moving(TODAY, NOW)), []
    for what, was, becomes, since in (("P", None, "paint", None), ("Q", "hammers", "drills", dt.date(2026, 6, 1))):
        file.note(desk.goods[what], known[was] if was else None, known[becomes], since)
    connection = desk.session.connection()
    event.listen(connection, "before_cursor_execute", lambda *given: asked.append(given[2]))
    file.write(desk.session, PRODUCTS, desk.program.id)
    assert sum("sales_line" in one for one in asked) == 1
    march, august = dt.date(2026, 3, 1), dt.date(2026, 8, 1)
    assert touched(desk) == {("gold", "D1", march), ("tools", "D3", august)}
