"""Tiers and groups on pages: what they take and give, who is where, by hand, and what a distributor sees."""

import datetime as dt
import re
import uuid
from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app.db.transaction import transaction
from app.extensions import db
from app.models.catalogue import Product, ProductGroup
from app.models.distributors import Distributor
from app.models.placements import TierChange, TierStanding
from app.models.programs import Program
from app.services.goods import catalogue
from app.services.participants import distributors
from app.services.setup import programs
from app.services.tiering import tier_judging
from tests.app.web.conftest import token_of
from tests.app.web.world import World
from tests.support.sales import Sold, sell

As = Callable[[str], FlaskClient]

LEVELS = [
    {"code": "silver", "name": "Silver partner", "from": "100", "redeemable_bp": 8000, "benefits": ["A quick desk"]},
    {"code": "gold", "name": "Gold partner", "from": "100000000"},
]


@pytest.fixture
def tiered(world: World) -> Iterator[World]:
    """The world, whose first programme has tiers for a while."""
    with world.app.app_context():
        with transaction(db.session) as session:
            program = programs.program_by_code(session, world.a)
            # tiers look at this year, whichever it is
            was = program.settings
            program.settings = {**was, "ends_on": "2046-12-31", "tiers": {"levels": LEVELS}}
            session.flush()
            catalogue.mark_changed(session, program.id)
            of_p1 = select(Product.id).where(Product.program_id == program.id, Product.code == "P1")
            product = session.scalars(of_p1).one()
            number, day = f"TIER/{uuid.uuid4()}", world.clock().date()
            sold = Sold(number, world.distributors["D-5"], product, 1, 90_000, f"{day.replace(month=1, day=1)}")
            sell(session, program, [sold], now=world.clock())
            catalogue.mark_changed(session, program.id)
            tier_judging.judge(session, program, now=world.clock())
        db.session.remove()
    yield world
    with world.app.app_context():
        with transaction(db.session) as session:
            program = programs.program_by_code(session, world.a)
            program.settings = was
            for model in (TierChange, TierStanding):
                session.query(model).filter_by(program_id=program.id).delete()
            session.execute(update(Distributor).where(Distributor.program_id == program.id).values(tier=None))
            catalogue.mark_changed(session, program.id)
        db.session.remove()


def one(world: World, *more: str) -> str:
    return "/".join((f"/programs/{world.a}/distributors/{world.distributors['D-5']}/tier", *more))


def test_who_runs_a_programme_sees_what_tiers_take_and_give_and_who_is_where(tiered: World, as_: As) -> None:
    page = as_("viewer").get(f"/programs/{tiered.a}/tiers").text
    for said in ("Silver partner", "80%", "A quick desk", "No tier", "Distributor 05", "to Gold partner"):
        assert said in page, said
    found = as_("viewer").get(f"/programs/{tiered.a}/tiers?tier=gold").text
    assert "Distributor 05" not in found


def test_a_tier_is_given_and_taken_back(tiered: World, as_: As) -> None:
    client = as_("administrator")

    def send(what: str, **fields: str) -> int:
        return client.post(one(tiered, what), data={"csrf_token": token_of(client, one(tiered)), **fields}).status_code

    assert send("give", tier="gold", until_on="2020-01-01", reason="x") == 400
    assert send("give", tier="gold", reason="") == 400
    assert send("give", tier="gold", reason="A good year ahead") == 303
    page = client.get(one(tiered)).text
    for said in ("Given by hand", "Gold partner", "A good year ahead", "Take it back"):
        assert said in page, said
    assert send("take-back", why="A mistake") == 303
    assert "What was given by hand is over" in client.get(one(tiered)).text
    assert as_("viewer").post(one(tiered, "give"), data={"tier": "gold", "reason": "x"}).status_code in (400, 404)


def test_a_distributor_shows_in_which_groups_it_was(tiered: World, as_: As) -> None:
    client, page = as_("administrator"), f"/programs/{tiered.a}/distributors"
    with tiered.app.app_context():
        groups = distributors.groups_of(db.session(), programs.program_by_code(db.session(), tiered.a).id)
    group = next(str(id_) for id_, name in groups if name == "Silver")
    sent = {"csrf_token": token_of(client, page), "ids": [tiered.distributors["D-5"]]}
    asked = client.post(f"{page}/move", data=sent).text
    assert re.search(r'name="from_on"[^>]+value="20\d\d-', asked), "today is proposed"
    done = client.post(f"{page}/move", data={**sent, "sure": "yes", "group": group, "from_on": "2026-05-01"})
    assert done.status_code == 303
    shown = client.get(one(tiered)).text
    assert "from the beginning" in shown
    assert "from 1 May 2026 on" in shown


def test_many_are_given_a_tier_at_once(tiered: World, as_: As) -> None:
    client, page = as_("administrator"), f"/programs/{tiered.a}/tiers"
    sent = {"csrf_token": token_of(client, page), "ids": [tiered.distributors["D-5"], tiered.distributors["D-6"]]}
    asked = client.post(f"{page}/give", data=sent)
    assert "Give a tier to 2 distributors" in asked.text
    done = client.post(f"{page}/give", data={**sent, "sure": "yes", "tier": "gold", "reason": "both"})
    assert done.status_code == 303
    assert "Gold partner" in client.get(one(tiered)).text


def test_a_distributor_sees_their_tier_what_it_gives_and_what_the_next_takes(tiered: World, as_: As) -> None:
    page = as_("distributor").get(f"/portal/{tiered.a}/{tiered.distributors['D-5']}/tier").text
    for said in ("Silver partner", "You may redeem 80% of your points.", "A quick desk", "more, and you are in Gold"):
        assert said in page, said
    assert re.search(r"<progress[^>]+Gold partner", page)
    address = f"/portal/{tiered.a}/{tiered.distributors['D-5']}/tier"
    russian = as_("distributor").get(address, headers={"Accept-Language": "ru"}).text
    assert re.search(r"порог: [0-9\s\u00a0\u202f]+ балл", russian), "points are counted within a sentence"
    assert "от Баллов" not in russian


def test_a_programme_without_tiers_says_so(world: World, as_: As) -> None:
    assert "This programme has no tiers" in as_("viewer").get(f"/programs/{world.a}/tiers").text
    assert "no tiers" in as_("distributor").get(f"/portal/{world.a}/{world.distributors['D-5']}/tier").text
    assert as_("viewer").get(one(world)).status_code == 200


def test_groups_are_made_renamed_and_moved_without_circles(world: World, as_: As) -> None:
    client, edit = as_("administrator"), f"/programs/{world.a}/groups/edit"

    def send(query: str, **fields: str) -> tuple[int, str]:
        address = f"{edit}?{query}"
        answer = client.post(address, data={"csrf_token": token_of(client, address), **fields})
        return answer.status_code, answer.text

    def id_of(code: str) -> int:
        with world.app.app_context():
            mine = ProductGroup.program_id == select(Program.id).where(Program.code == world.a).scalar_subquery()
            return db.session.scalars(select(ProductGroup.id).where(mine, ProductGroup.code == code)).one()

    form = client.get(f"{edit}?of=products").text
    assert '<label class="form-label" for="code">Code</label>' in form, (
        "it is not optional: what leaves it out is refused"
    )
    assert send("of=products", name="Saws", code="saws", parent=str(id_of("tools")))[0] == 303
    assert send("of=products", name="Saws", code="other", parent="")[0] == 400
    assert send("of=products", name="Blades", code="blades", parent=str(id_of("saws")))[0] == 303
    status, page = send(f"of=products&group={id_of('saws')}", name="Saws", parent=str(id_of("blades")))
    assert (status, "cannot stand below itself" in page) == (400, True)
    assert send(f"of=products&group={id_of('saws')}", name="All saws", parent="")[0] == 303
    assert "All saws" in client.get(f"/programs/{world.a}/groups").text
    assert client.get(f"{edit}?of=nothing").status_code == 404
    assert client.get(f"{edit}?of=products&group=999999999").status_code == 404
    assert as_("viewer").get(f"{edit}?of=products").status_code == 404


def test_a_product_shows_in_which_groups_it_was(world: World, as_: As) -> None:
    with world.app.app_context():
        with transaction(db.session) as session:
            program = programs.program_by_code(session, world.a)
            product = session.scalars(
                select(Product.id).where(Product.program_id == program.id, Product.code == "P1")
            ).one()
            groups = catalogue.group_ids(session, program.id)
            by = {"actor": "ann", "now": world.clock()}
            catalogue.move(session, program, product, groups["tools"], dt.date(2026, 5, 1), **by)
        db.session.remove()
    page = as_("viewer").get(f"/programs/{world.a}/products/history?product={product}").text
    assert "from the beginning" in page
    assert "Drills" in page
    assert as_("viewer").get(f"/programs/{world.a}/products/history?product=1999999999").status_code == 404
    with world.app.app_context():
        with transaction(db.session) as session:
            program = programs.program_by_code(session, world.a)
            catalogue.move(session, program, product, groups["drills"], None, **by)
        db.session.remove()
