"""A programme is set up on a page by an owner of the platform: by a few words, or from its whole file."""

import io
import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.db.transaction import transaction
from app.extensions import db
from app.models.people import AuditEvent
from app.services.setup import program_files, programs
from tests.app.web.conftest import token_of
from tests.app.web.world import World

As = Callable[[str], FlaskClient]
PAGE = "/platform/programs/new"
WORDS = {
    "name": "Klub Ławka",
    "sponsor": "Ławki S.A.",
    "country": "PL",
    "currency": "PLN",
    "time_zone": "Europe/Warsaw",
    "locale": "pl",
    "starts_on": "2026-01-01",
    "point_value": "0.50",
}


def _document(world: World, code: str) -> dict[str, object]:
    with world.app.app_context(), transaction(db.session) as session:
        return dict(programs.export(session, code)["program"])


def _deeds(world: World, code: str) -> list[str]:
    with world.app.app_context(), transaction(db.session) as session:
        return list(session.scalars(select(AuditEvent.action).where(AuditEvent.subject == code)))


def _send(client: FlaskClient, **words: str) -> tuple[int, str]:
    answer = client.post(PAGE, data={"csrf_token": token_of(client, PAGE), **WORDS, **words})
    return answer.status_code, answer.headers.get("Location") or answer.text


def test_a_few_words_make_a_programme(world: World, as_: As) -> None:
    owner = as_("owner")
    empty = owner.get(PAGE).text
    assert len(empty.encode()) < 60_000
    russian = owner.get(PAGE, headers={"Accept-Language": "ru"}).text
    assert "Название" in russian
    assert len(russian.encode()) < 60_000
    assert '<option selected value="GBP">' in empty
    assert ("Poland" in empty, "Eurozone" in empty, "Diego Garcia" in empty) == (True, False, False)
    assert ("PLN · Polish Zloty" in empty, "German Mark" in empty) == (True, False), "money that one pays with"
    assert _send(owner) == (303, "/programs/klub-lawka/")
    said = _document(world, "klub-lawka")
    assert {name: said[name] for name in ("name", "currency", "country", "locale", "starts_on")} == {
        name: WORDS[name] for name in ("name", "currency", "country", "locale", "starts_on")
    }
    assert said["point"] == {"value": "0.5"}
    assert _deeds(world, "klub-lawka") == ["program.make"], "no file was loaded"
    page = owner.get("/programs/klub-lawka/").text
    assert "There are no sales yet" in page
    for empty in ("settings", "liability"):
        page = owner.get(f"/programs/klub-lawka/{empty}").text
        assert re.search(r"<tbody>\s*</tbody>", page) is None, f"a table of {empty} has a head and nothing below it"
    status, answer = _send(owner)
    assert (status, "There is a programme with this code." in answer) == (400, True)


def test_what_a_new_programme_does_not_allow_is_said_in_words_of_people(as_: As) -> None:
    owner = as_("owner")
    assert _send(owner, name="Klub Krzesło") == (303, "/programs/klub-krzeslo/")
    for place in ("own-accounts", "transfers"):
        page = owner.get(f"/programs/klub-krzeslo/{place}").text
        assert "which administrators edit and load on the page Programme" in page, place
        assert "program.accounts" not in page, place


def test_a_new_programme_is_led_to_what_sales_need(as_: As) -> None:
    owner, at = as_("owner"), "/programs/klub-szafa"
    assert _send(owner, name="Klub Szafa") == (303, f"{at}/")
    needs = {"products": "There are no products yet", "distributors": "There are no distributors yet"}
    page = owner.get(f"{at}/").text
    for place, said in needs.items():
        assert re.search(rf'<a href="{at}/{place}">.*?<span>{said}<', page), place
    form = f"{at}/products/new"
    made = {"csrf_token": token_of(owner, form), "code": "S-1", "name": "Wardrobe", "group": ""}
    assert owner.post(form, data=made).status_code == 303
    page = owner.get(f"{at}/").text
    assert (needs["products"] in page, needs["distributors"] in page) == (False, True)


def test_below_a_first_draft_it_is_not_said_that_there_are_no_rules(as_: As) -> None:
    owner, rules = as_("owner"), "/programs/klub-stol/rules"
    assert _send(owner, name="Klub Stół") == (303, "/programs/klub-stol/")
    assert "No rules yet" in owner.get(rules).text
    assert "No rule is published: no sale earns anything" in owner.get("/programs/klub-stol/").text
    form = f"{rules}/build?kind=per_line"
    fields = {"csrf_token": token_of(owner, form), "name": "Lines", "points": "2", "unit": "points", "stack": "base"}
    assert owner.post(form, data=fields).status_code == 303
    page = owner.get(rules).text
    assert "No rules yet" not in page
    assert "No rule is published yet" in page
    draft = re.search(rf"{rules}/drafts/\d+", page)
    assert draft
    assert owner.post(f"{draft[0]}/publish", data={"csrf_token": fields["csrf_token"]}).status_code == 303
    assert "no sale earns anything" not in owner.get("/programs/klub-stol/").text


def test_where_there_is_nothing_there_is_nothing_to_search_keep_or_take_away(as_: As) -> None:
    owner, products = as_("owner"), "/programs/klub-regal/products"
    assert _send(owner, name="Klub Regał") == (303, "/programs/klub-regal/")
    tools = 'class="list-tools"'
    page = owner.get(products).text
    assert "There are no products yet" in page
    assert (tools in page, "0 rows" in page) == (False, False)
    assert tools in owner.get(f"{products}?q=desk").text, "a search that finds nothing can be changed"
    form = f"{products}/new"
    made = {"csrf_token": token_of(owner, form), "code": "R-1", "name": "Shelf", "group": ""}
    assert owner.post(form, data=made).status_code == 303
    assert tools in owner.get(products).text


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"name": ""}, "Name it."),
        ({"code": "Our Club"}, "Small letters, digits and hyphens"),
        ({"point_value": "0"}, "0.000001"),
        ({"ends_on": "2025-12-31"}, "before"),
        ({"currency": "XYZ"}, "Not a valid choice"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_made(world: World, as_: As, words: dict[str, str], told: str) -> None:
    status, page = _send(as_("owner"), **{"code": "never-made", **words})
    assert (status, told in page) == (400, True)
    with world.app.app_context(), transaction(db.session) as session, pytest.raises(programs.NoSuchProgram):
        programs.program_by_code(session, "never-made")


def test_a_programme_comes_whole_from_its_file(world: World, as_: As) -> None:
    owner, address = as_("owner"), "/platform/programs/file"

    def send(text: str) -> tuple[int, str]:
        file = (io.BytesIO(text.encode()), "programme.yaml")
        answer = owner.post(address, data={"csrf_token": token_of(owner, PAGE), "file": file})
        return answer.status_code, answer.headers.get("Location") or answer.text

    with world.app.app_context(), transaction(db.session) as session:
        document = programs.export(session, world.a)
    status, page = send(program_files.to_yaml(document))
    assert (status, "There is a programme with this code. Load its file on its own page." in page) == (400, True)
    document["program"] = {**document["program"], "code": "from-a-file"}
    assert send(program_files.to_yaml(document)) == (303, "/programs/from-a-file/")
    assert Decimal(str(_document(world, "from-a-file")["point"]["value"])) > 0  # type: ignore[index]
    assert _deeds(world, "from-a-file") == ["program.load"]
    status, page = send("schema: kontor/1\nprogram: {code: x}\n")
    assert (status, "program.name: is missing" in page) == (400, True)


def test_nobody_but_an_owner_of_the_platform_sets_up_programmes(as_: As) -> None:
    assert as_("administrator").get(PAGE).status_code == 404
