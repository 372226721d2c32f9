"""Names that sources have for things, as somebody said what they mean, on their pages."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.states import NamedThing
from app.extensions import db
from app.models.catalogue import Product
from app.models.distributors import Distributor
from app.models.people import AuditEvent
from app.models.programs import Program
from app.services.imported import aliases
from app.services.imported.aliases import KnownName, Meaning
from tests.app.web.conftest import token_of
from tests.app.web.world import World

As = Callable[[str], FlaskClient]


def known(world: World, what: NamedThing = NamedThing.PRODUCT) -> dict[str, KnownName]:
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        return {one.name: one for one in aliases.known(session, program.id, what)}


@pytest.fixture
def names(world: World) -> Iterator[dict[str, KnownName]]:
    """A box of twelve of everybody's, another of one distributor's rows, what does not take part, and a firm."""
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        product = session.scalars(
            select(Product.id).where(Product.program_id == program.id, Product.code == "P1")
        ).one()
        shop = session.get_one(Distributor, world.distributors["D-5"])
        given: dict[str, Any] = {"actor": world.login("administrator"), "now": world.clock()}
        aliases.put_product_alias(session, program, "Box <b>", Meaning(product, 12_000), **given)
        aliases.put_product_alias(
            session, program, "Box of D-5", Meaning(product), source_distributor_id=shop.id, **given
        )
        aliases.put_product_alias(session, program, "Freight", Meaning(None, reason="no goods"), **given)
        aliases.put_distributor_alias(session, program, "The firm", Meaning(shop.id), **given)
    yield known(world) | known(world, NamedThing.DISTRIBUTOR)
    with world.app.app_context(), transaction(db.session) as session:
        program = session.scalars(select(Program).where(Program.code == world.a)).one()
        for what in NamedThing:
            for one in aliases.known(session, program.id, what):
                aliases.forget(session, program, what, one.id, actor="test", now=world.clock())


def send(client: FlaskClient, address: str, page: str, **fields: Any) -> Any:
    return client.post(address, data={"csrf_token": token_of(client, page), **fields})


def test_the_lists_say_what_each_name_means_and_whose_it_is(world: World, as_: As, names: dict[str, KnownName]) -> None:
    looking, page = as_("viewer"), f"/programs/{world.a}/imports/names"
    assert page in looking.get(f"/programs/{world.a}/imports/unmatched").text
    said = looking.get(page).text
    for text in ("Box &lt;b&gt;", "Product P1", "every source", "Freight", "does not take part", "no goods"):
        assert text in said
    assert "/names/forget" not in said
    assert "/names/forget" in as_("verifier").get(page).text
    for more, there, not_there in (
        ("q=freight", "Freight", "Box of D-5"),
        ("source=distributors", "Box of D-5", "Freight"),
        ("source=all", "Freight", "Box of D-5"),
        ("means=nothing", "Freight", "Box of D-5"),
        ("means=something", "Box of D-5", "Freight"),
    ):
        rows = looking.get(f"{page}?{more}").text.partition("<tbody")[2]
        assert (there in rows, not_there in rows) == (True, False), more
    assert "The firm" in looking.get(f"{page}/distributors").text
    one = looking.get(f"{page}/{names['Box <b>'].id}").text
    assert ("Product P1" in one, "12" in one, '<form method="post"' in one.partition("<main")[2]) == (True, True, False)


def test_what_a_name_means_is_changed_and_every_mistake_is_said(
    world: World, as_: As, names: dict[str, KnownName]
) -> None:
    boss, page = as_("verifier"), f"/programs/{world.a}/imports/names/{names['Box <b>'].id}"
    for fields, problem in (
        ({"takes_part": "yes", "code": "no such", "unit": "1"}, "Nothing here has this code."),
        ({"takes_part": "yes", "code": "P1", "unit": ""}, "Say how many."),
        ({"takes_part": "yes", "code": "P1", "unit": "0"}, "Write a number from"),
        ({"takes_part": "no", "reason": " "}, "Say why."),
        ({"takes_part": "yes", "code": "P1", "unit": "1", "reason": "why not"}, "what counts needs no reason"),
        ({"code": "P1", "unit": "1"}, "Choose one."),
    ):
        refused = send(boss, page, page, **fields)
        assert (refused.status_code, problem in refused.text) == (400, True), fields
    assert known(world)["Box <b>"] == names["Box <b>"]
    changed = send(boss, page, page, takes_part="yes", code="p2", unit="6", reason="")
    assert changed.status_code == 303
    assert "Box &lt;b&gt;" in boss.get(changed.location).text
    now = known(world)["Box <b>"]
    assert (now.id, now.means, now.unit_milli, now.reason) == (names["Box <b>"].id, "P2", 6_000, None)
    assert send(boss, page, page, takes_part="no", reason="a sample", code="P1", unit="1").status_code == 303
    assert (known(world)["Box <b>"].means, known(world)["Box <b>"].reason) == (None, "a sample")
    back = {"takes_part": "yes", "code": "P1", "unit": "1", "reason": "a sample"}
    assert send(boss, page, page, **back).status_code == 303, "the reason of before stands in the form still"
    assert (known(world)["Box <b>"].means, known(world)["Box <b>"].reason) == ("P1", None)
    firm = f"/programs/{world.a}/imports/names/distributors/{names['The firm'].id}"
    assert send(boss, firm, firm, takes_part="yes", code="D-6").status_code == 303
    assert known(world, NamedThing.DISTRIBUTOR)["The firm"].means == "D-6"
    assert known(world)["Box of D-5"] == names["Box of D-5"], "a name of one source stays that source's"


def test_a_name_is_written_down_before_a_file_brings_it(world: World, as_: As, names: dict[str, KnownName]) -> None:
    boss, page = as_("verifier"), f"/programs/{world.a}/imports/names/new"
    for fields, problem in (
        ({"name": "", "source": "", "code": "P1", "unit": "1"}, "This field is required."),
        ({"name": "N", "source": "", "code": "no such", "unit": "1"}, "Nothing here has this code."),
        ({"name": "p2", "source": "", "code": "P1", "unit": "1"}, "is the code of a product here"),
        ({"name": "N", "source": "no such", "code": "P1", "unit": "1"}, "Not a valid choice."),
    ):
        refused = send(boss, page, page, **fields)
        assert (refused.status_code, problem in refused.text) == (400, True), fields
    assert send(boss, page, page, name="N", source="sales", code="P1", unit="6").status_code == 303
    made = known(world)["N"]
    assert (made.means, made.unit_milli, made.profile) == ("P1", 6_000, "sales")
    firm = f"/programs/{world.a}/imports/names/distributors/new"
    assert send(boss, firm, firm, name="Another firm", source="", code="D-6").status_code == 303
    assert known(world, NamedThing.DISTRIBUTOR)["Another firm"].means == "D-6"


def test_names_are_forgotten_one_by_one_and_together(world: World, as_: As, names: dict[str, KnownName]) -> None:
    boss, page = as_("verifier"), f"/programs/{world.a}/imports/names"
    one = f"{page}/{names['Freight'].id}"
    assert send(boss, f"{one}/forget", one).status_code == 303
    assert set(known(world)) == {"Box <b>", "Box of D-5"}
    assert boss.get(one).status_code == 404
    ids = [names["Box <b>"].id, names["Freight"].id]
    look = send(boss, f"{page}/forget", page, ids=ids)
    assert (look.status_code, "Forget 1 name" in look.text, "Product P1" in look.text) == (200, True, True)
    assert send(boss, f"{page}/forget", page, ids=ids, sure="yes").status_code == 303
    assert set(known(world)) == {"Box of D-5"}
    firm = names["The firm"].id
    send(boss, f"{page}/distributors/forget", f"{page}/distributors", ids=[firm], sure="yes")
    assert known(world, NamedThing.DISTRIBUTOR) == {}
    with world.app.app_context(), transaction(db.session) as session:
        actions = session.scalars(select(AuditEvent.action).where(AuditEvent.subject.in_(names)))
        assert {"product_alias.remove", "distributor_alias.remove"} <= set(actions)
