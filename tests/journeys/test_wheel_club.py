"""A manufacturer's resellers, products and sales go in by the command; everybody's points are the reference's."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.journeys.agreement import expect_awards, expect_balances, expect_explained
from tests.journeys.made_up import PEDALS, write_pedals
from tests.reference import wheel_club
from tests.reference.data import programme_path
from tests.reference.real import real, wheel_result
from tests.reference.run import Result
from tests.support.installation import Kept


@dataclass
class Flow:
    """One source of sales with its programme, and what each import told."""

    programme: Path
    folder: Path
    result: Result
    held: int
    rows: int
    code: str = ""
    told: dict[str, Any] = field(default_factory=dict)

    def file(self, name: str) -> Path:
        return self.folder / "reseller_sales_adventureworks" / name


FILES = {"distributors": "Resellers.csv", "products": "Product.csv", "sales": wheel_club.SALES_FILE}


def made_up(folder: Path) -> Flow:
    write_pedals(folder)
    programme = folder / "pedal-society.yaml"
    programme.write_text(yaml.safe_dump(PEDALS), encoding="utf-8")
    sales = wheel_club.read(PEDALS, folder)
    result = wheel_club.expected(PEDALS, folder)
    return Flow(programme, folder, result, len(sales.held), len(sales.held) + len(sales.lines))


def of_the_real_data(_: Path) -> Flow:
    _, folder = real("wheel-club")
    return Flow(programme_path("wheel-club", folder), folder, wheel_result(), 0, 30_129)


@pytest.fixture(scope="module", params=[made_up, of_the_real_data])
def flow(
    request: pytest.FixtureRequest, installation: Kept, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flow]:
    """Load the programme and import the three files, one after the other."""
    found: Flow = request.param(tmp_path_factory.mktemp("wheels"))
    loaded = installation.ask("program", "load", found.programme)
    assert loaded["created"] is True
    found.code = loaded["program"]
    for kind in ("distributors", "products"):
        found.told[kind] = installation.ask("import", kind, found.file(FILES[kind]), "--program", found.code)
    found.told["sales"] = installation.import_("sales", found.file(FILES["sales"]), found.code)
    return found


def test_every_row_is_counted_once(flow: Flow) -> None:
    lines = {name: flow.told["sales"][name] for name in ("lines_accepted", "lines_held", "lines_refused", "duplicates")}
    assert lines == {
        "lines_accepted": flow.rows - flow.held,
        "lines_held": flow.held,
        "lines_refused": 0,
        "duplicates": 0,
    }
    assert flow.told["sales"]["rows_read"] == flow.rows
    assert flow.told["sales"]["documents"] == len(flow.result.documents)
    assert (flow.told["sales"]["problems_file"] is not None) is bool(flow.held)
    for kind in ("distributors", "products"):
        rows = len(wheel_club.rows_of(flow.file(FILES[kind])))
        assert {flow.told[kind][name] for name in ("rows_read", "lines_accepted", "created")} == {rows}


def test_the_real_file_has_as_many_lines_and_documents_as_it_has() -> None:
    # the figures that everybody can count in the file by other means
    real("wheel-club")
    assert sum(len(document.lines) for document in wheel_result().documents) == 30_129
    assert len(wheel_result().documents) == 1_994


def test_everybody_has_the_points_of_the_reference(flow: Flow, installation: Kept) -> None:
    expect_balances(installation, flow.code, flow.result)
    awarded = sum(total.awarded for total in flow.result.per_distributor().values())
    assert awarded > 0
    assert (flow.told["sales"]["points_awarded"], flow.told["sales"]["points_reversed"]) == (awarded, 0)


def test_every_line_has_the_awards_of_the_reference(flow: Flow, installation: Kept) -> None:
    with installation.engine() as engine:
        assert expect_awards(engine, flow.code, flow.result) > 1_000


def test_what_explain_tells_is_what_the_reference_gives(flow: Flow, installation: Kept) -> None:
    by_lines = sorted(flow.result.documents, key=lambda document: len(document.lines))
    multiplied = {award.document for award in flow.result.awards if award.rule in ("spring", "specialty-november")}
    doubled = next(document for document in flow.result.documents if document.key in multiplied)
    expect_explained(installation, flow.code, flow.result, [by_lines[0].number, by_lines[-1].number, doubled.number])


def test_the_ledger_is_in_order(flow: Flow, installation: Kept) -> None:
    told = installation.ask("ledger", "check")
    assert (told["ok"], told["problems"]) == (True, [])
    assert told["transactions"] > 0


def test_importing_the_files_again_changes_nothing(flow: Flow, installation: Kept) -> None:
    before = installation.ask("balances", "--program", flow.code)
    again = installation.ask("import", "sales", flow.file(FILES["sales"]), "--program", flow.code)
    assert again["duplicates"] == flow.rows - flow.held
    assert again["lines_held"] == flow.held
    nothing = ("documents", "lines_accepted", "points_awarded", "points_reversed", "corrected", "distributors_created")
    assert {again[name] for name in nothing} == {0}
    for kind in ("distributors", "products"):
        again = installation.ask("import", kind, flow.file(FILES[kind]), "--program", flow.code)
        assert (again["created"], again["changed"], again["lines_refused"]) == (0, 0, 0)
    assert installation.ask("balances", "--program", flow.code) == before
    assert installation.ask("ledger", "check")["ok"]
