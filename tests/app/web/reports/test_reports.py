"""Reports of sales say who sells how regularly, what sells best, and how distributors did beside the months before."""

import csv
import io
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from app.db.transaction import transaction
from app.domain.states import DocumentKind
from app.extensions import db
from app.services.ledger import figures
from tests.app.web.world import World
from tests.support import programs
from tests.support.sales import Sold, sell

SOLD_IN = {"REGULAR": (1, 2, 3, 5, 6), "IRREGULAR": (1, 2, 3, 4), "PASSIVE": (1, 2, 3), "NEVER": ()}
"""In which months of 2026; those of the report are six and end with June, of which the last three make active."""

Rows = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def told(world: World) -> str:
    """Sell in a programme of its own: a hundred a month, and goods that come back. Returns its code."""
    code = f"{world.a}-reports"
    with world.app.app_context(), transaction(db.session) as session:
        program = programs.load(session, programs.document(code))
        who = programs.people(session, program, tuple(SOLD_IN))
        goods = programs.goods(session, program, {"DRILL": None, "SAW": None})
        sell(
            session,
            program,
            [
                *(
                    Sold(f"{name}/{month}", who[name], goods["DRILL"], 2, 100_00, f"2026-{month:02d}-10")
                    for name, months in SOLD_IN.items()
                    for month in months
                ),
                Sold("SAWS", who["REGULAR"], goods["SAW"], 1, 700_00, "2026-06-11"),
                Sold(
                    "BACK", who["REGULAR"], goods["SAW"], -0.5, -350_00, "2026-06-12", DocumentKind.CREDIT_NOTE, "SAWS"
                ),
            ],
        )
        figures.refresh(session, program.id, world.clock())
    return code


@pytest.fixture
def report(told: str, as_: Callable[[str], FlaskClient]) -> Callable[[str], Rows]:
    """Gives a report as a file: its rows by code, each by column."""

    def read(asked: str) -> Rows:
        joined = "&" if "?" in asked else "?"
        with as_("owner").get(f"/programs/{told}/reports/{asked}{joined}form=csv") as taken:
            text = taken.data.decode("utf-8-sig")
        dialect = csv.Sniffer().sniff(text.splitlines()[0], ",;")
        return {row["Code"]: row for row in csv.DictReader(io.StringIO(text), dialect=dialect) if row["Code"]}

    return read


def test_active_passive_regular_and_irregular_distributors_are_told_apart(report: Callable[[str], Rows]) -> None:
    rows = report("activity?window=6")
    assert {code: (row["Activity"], row["Months with sales"]) for code, row in rows.items()} == {
        "REGULAR": ("Active, regular", "5"),
        "IRREGULAR": ("Active, irregular", "4"),
        "PASSIVE": ("Passive", "3"),
        "NEVER": ("Never sold", "0"),
    }
    assert report("activity?window=6&activity=passive").keys() == {"PASSIVE"}
    assert report("activity?window=3")["PASSIVE"]["Activity"] == "Never sold"


def test_products_stand_by_revenue_without_what_came_back(report: Callable[[str], Rows]) -> None:
    rows = report("products?window=6")
    assert list(rows) == ["DRILL", "SAW"]
    seen = {code: (row["Quantity"], row["Revenue"], row["Share of revenue"]) for code, row in rows.items()}
    assert seen == {"DRILL": ("24.000", "1200.00", "77.42%"), "SAW": ("0.500", "350.00", "22.58%")}


def test_distributors_are_compared_with_as_many_months_before(report: Callable[[str], Rows]) -> None:
    rows = report("distributors?window=3")
    seen = {code: (row["Net amount"], row["Months before"], row["Change"]) for code, row in rows.items()}
    assert seen == {
        "REGULAR": ("550.00", "300.00", "83.33%"),
        "IRREGULAR": ("100.00", "300.00", "-66.67%"),
        "PASSIVE": ("0.00", "300.00", "-100.00%"),
    }
