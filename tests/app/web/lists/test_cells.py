"""The cells of a list: written in one pass, escaped, and each list's statement built once for all programmes."""

import re
from collections import namedtuple
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from flask import g
from flask.testing import FlaskClient
from sqlalchemy import Integer, String, column

from app.web.context import Scope
from app.web.lists.asking import asked_of
from app.web.lists.cells import NO_BREAK, cells_of, in_two_lines
from app.web.lists.describing import Badge, Column, Kind, Listing, To
from tests.app.web.world import World

Row = namedtuple("Row", "number amount state note row_id")  # as the rows of a query are
_TEXT, _NUMBER = column("text", String), column("number", Integer)
COLUMNS = (
    Column("number", "Number", _TEXT, sort=_TEXT, link=To("documents.show", document_id="row_id"), small="note"),
    Column("amount", "Amount", _NUMBER, Kind.MONEY, phone=False),
    Column("state", "<State>", _TEXT, badge=lambda state: Badge(f"is {state}", "good")),
    Column("note", "Note", _TEXT, shown=False),
)
PROGRAM: Any = SimpleNamespace(id=1, code="a&b", locale="en", currency_decimals=2)


def written(world: World, row: Row) -> str:
    """Write the cells of a row on a page of a programme."""
    with world.app.test_request_context("/"):
        g.scope = Scope(PROGRAM)
        return str(cells_of(COLUMNS, [column.title for column in COLUMNS])(row))


@pytest.mark.parametrize(
    ("state", "lines"),
    [
        ("Done", ["Done"]),
        ("Not known", ["Not known"]),
        ("Puede iniciar sesión", ["Puede iniciar", "sesión"]),
        ("Ordered at the supplier", ["Ordered at", "the supplier"]),
        ("Wstrzymane", ["Wstrzymane"]),
        ("Przyjęte przez operatora", ["Przyjęte przez", "operatora"]),
        ("Ожидает подтверждения вашим консультантом", ["Ожидает", "подтверждения", "вашим", "консультантом"]),
    ],
)
def test_a_state_breaks_once_at_most_where_its_halves_are_short(state: str, lines: list[str]) -> None:
    assert [one.replace(NO_BREAK, " ") for one in in_two_lines(state).split(" ")] == lines


def test_whatever_anybody_wrote_is_escaped(world: World) -> None:
    assert written(world, Row("<b>", 123_456, "<i>", '"&', 7)) == (
        '<th scope="row"><a href="/programs/a&amp;b/documents/7">&lt;b&gt;</a><small>&#34;&amp;</small></th>'
        '<td class="num desk-only">1,234.56</td>'
        '<td class="bare" data-title="&lt;State&gt;">'
        '<span class="state state-good">is\N{NO-BREAK SPACE}&lt;i&gt;</span></td>'
    )


@pytest.mark.parametrize(("amount", "css", "text"), [(0, " zero", "0.00"), (-1, " bad", "\u22120.01"), (None, "", "")])
def test_nothing_and_less_than_nothing_are_told_apart(world: World, amount: int | None, css: str, text: str) -> None:
    found = written(world, Row("1", amount, None, None, None))
    assert f'<td class="num desk-only{css}">{text}</td>' in found
    assert found.startswith('<th scope="row">1</th>'), "nothing is linked that has no id, nothing stands below"
    assert found.endswith('<td data-title="&lt;State&gt;"></td>')


def test_a_list_is_that_of_the_programme_that_is_looked_at(world: World, as_: Callable[[str], FlaskClient]) -> None:
    seen = {}
    for code in (world.a, world.b, world.a):
        page = as_("owner").get(f"/programs/{code}/documents").text
        seen[code] = {int(id_) for id_ in re.findall(rf'<th[^>]*><a href="/programs/{code}/documents/(\d+)"', page)}
    assert world.document_of_b in seen[world.b]
    assert seen[world.a]
    assert not seen[world.a] & seen[world.b]


def test_the_address_of_a_list_is_written_as_all_others_are(world: World) -> None:
    typed = "ż &+?#/='\"%<>~:;,@!$()*[]"
    listing = Listing("a", "A", COLUMNS, Callable, _NUMBER, "number")  # type: ignore[arg-type]  # it is not asked
    with world.app.test_request_context("/programs/x/documents"):
        g.scope = Scope(PROGRAM)
        expected = world.app.url_for("documents.index", program_code="x", after=typed)
        assert asked_of(listing).address(after=typed, form=None) == expected
