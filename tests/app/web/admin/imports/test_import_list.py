"""The list of imports: found by name, kind and state, sorted, and taken away."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app.extensions import db
from tests.app.web.world import World, begin_import, do_one_job, import_rows

As = Callable[[str], FlaskClient]
GOOD, UNKNOWN = ("L/1", "2026-04-01", "D-5", "P1", "1", "70,00"), ("L/2", "2026-04-01", "D-5", "NOBODY", "1", "70,00")


@pytest.fixture(scope="module")
def brought(world: World) -> World:
    """Programme A with three files: one all good, one with a row that is held, one that waits."""
    with world.app.app_context():
        import_rows(world, world.a, "listed-good.csv", [GOOD])
        import_rows(world, world.a, "listed-held.csv", [("L/3", *GOOD[1:]), UNKNOWN])
        begin_import(world, world.a, "listed-waits.csv", [("L/4", *GOOD[1:])])
        db.session.remove()
    return world


def listed(client: FlaskClient, world: World, query: str) -> list[str]:
    """Name the files that the list has, in its order."""
    page = client.get(f"/programs/{world.a}/imports?q=listed-&{query}").text
    return re.findall(r">listed-(\w+)\.csv<", page)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["waits", "held", "good"]),
        ("sort=file", ["good", "held", "waits"]),
        ("sort=-held", ["held", "waits", "good"]),
        ("state=running", ["waits"]),
        ("state=done", ["held", "good"]),
        ("rows=held", ["held"]),
        ("rows=refused", []),
        ("kind=products", []),
    ],
)
def test_imports_are_found_and_sorted(brought: World, as_: As, query: str, found: list[str]) -> None:
    assert listed(as_("administrator"), brought, query) == found


def test_rows_are_those_of_data_and_the_file_of_the_list_has_them(brought: World, as_: As) -> None:
    client = as_("administrator")
    page = client.get(f"/programs/{brought.a}/imports?q=listed-held").text
    assert re.search(r'data-live-text="rows_of_data">2<', page)
    with client.get(f"/programs/{brought.a}/imports?q=listed-held&form=csv") as file:
        assert re.search(r"listed-held\.csv,Sales,\w+,[^,]+,[^,]+,2,1,1,0,", file.text)


def test_a_running_import_says_in_the_list_how_far_it_is(brought: World, as_: As) -> None:
    client = as_("administrator")
    page = client.get(f"/programs/{brought.a}/imports?q=listed-waits").text
    assert "data-live=" in page
    with brought.app.app_context():
        while do_one_job(brought):
            pass
        db.session.remove()
    assert listed(client, brought, "state=running") == []
