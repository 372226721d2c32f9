"""Codes that a workbook keeps as numbers come in as people see them, and figures of the same look stay figures."""

from pathlib import Path

import numpy as np
import openpyxl
import pytest
from sqlalchemy import select

from app.db.transaction import transaction
from app.domain.documents.sales import UNKNOWN
from app.domain.typed.codes import code_key
from app.domain.typed.fields import FIGURES, KINDS
from app.models.catalogue import Product
from app.services.imported.aliases import Names
from importers.files.guard import judge
from importers.files.opening import grids, sheet_names
from importers.layout.looks.proposing import as_document, propose
from importers.layout.written.settling import NUMBERS
from importers.names.matching import Sought, match
from importers.problems.problems import Problems
from importers.reading.identifying import identify
from importers.reading.reading import look_at, read
from importers.typed.sales_rows import Codes
from tests.importers.driver import HEADER, Desk
from tests.importers.files.made import LIMITS

CODES = ("0000", "General", "00000", '"PL-"000', "0000", '0000" szt."')
"""Number formats of the columns of a report: number, date, distributor, product, quantity, net amount."""


def report(path: Path, *rows: tuple[object, ...], formats: tuple[str, ...] = CODES, above: int = 0) -> Path:
    """Write a report whose cells have these formats, below so many blank rows and beside as many blank columns."""
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    for at, row in enumerate([HEADER, *rows]):
        for column, value in enumerate(row):
            cell = page.cell(1 + above + at, 1 + above + column, value)
            if at and isinstance(value, int):
                cell.number_format = formats[column]
    book.save(path)
    return path


@pytest.mark.parametrize("above", [0, 3])
def test_products_and_distributors_are_matched_by_the_codes_that_people_see(desk: Desk, above: int) -> None:
    desk.people("00017", "17")
    desk.goods(**{"PL-012": None, "12": None, "0012": None})
    path = report(
        desk.folder / "report.xlsx",
        (7, "2026-01-05", 17, 12, 2, 120),
        (7, "2026-01-05", 17, "0012", 1, 30),
        (8, "2026-01-06", "17", "12", 1, 20),
        above=above,
    )
    found = desk.run(path)
    assert [found.counts[one] for one in ("rows_read", "lines_accepted", "lines_held")] == [3 + above, 3, 0]
    assert {number for number, _ in desk.documents()} == {"0007", "0008"}
    assert desk.balance("00017")[1] == 15
    assert desk.balance("17")[1] == 2


def test_a_row_that_is_handed_back_says_what_people_see(desk: Desk) -> None:
    desk.people("00017")
    desk.goods(**{"PL-012": None})
    first = desk.run(report(desk.folder / "report.xlsx", (7, "2026-01-05", 17, 13, 2, 120)))
    assert first.counts["lines_held"] == 1
    assert first.problems_file is not None
    page = openpyxl.load_workbook(first.problems_file).worksheets[0]
    assert [cell.value for cell in page[2]][:6] == ["0007", "2026-01-05", "00017", "PL-013", "2", "120"]


def test_what_is_seen_of_a_file_has_its_codes(tmp_path: Path) -> None:
    path = report(
        tmp_path / "report.xlsx",
        *((number, "2026-01-05", 17, product, 2, 120) for number, product in ((7, 12), (8, 13), (9, 14))),
    )
    seen = look_at(judge(path, "report.xlsx", LIMITS), "report.xlsx", "sales")
    assert seen.rows[1] == (2, ("0007", "2026-01-05", "00017", "PL-012", "2", "120"))
    samples = {one.name: one.facts.samples for one in seen.columns}
    assert samples["product"] == ("PL-012", "PL-013", "PL-014")
    assert samples["quantity"] == ("2",)
    assert {"product", "quantity", "net_amount"} <= as_document(propose(seen))["columns"].keys()


def test_a_long_file_is_told_by_its_first_rows_with_their_codes(tmp_path: Path) -> None:
    path = report(tmp_path / "long.xlsx", *((at, "2026-01-05", 17, 12, 2, 120) for at in range(1, 402)))
    judged = judge(path, "long.xlsx", LIMITS)
    said = identify(list(grids(judged, "long.xlsx")), sheet_names(judged, "long.xlsx"), "long.xlsx", {})
    assert (said.kind, said.seen.rows[1][1][:4]) == ("sales", ("0001", "2026-01-05", "00017", "PL-012"))


def test_a_matrix_of_months_has_codes_beside_its_figures(desk: Desk) -> None:
    desk.people("D1")
    desk.goods(**{"00012": None})
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    for row in (["Kod", "2026-01 szt.", "2026-01 zł"], [12, 3, 40]):
        page.append(row)
    page["A2"].number_format, page["B2"].number_format, page["C2"].number_format = "00000", '000" opak."', '00"!"'
    book.save(desk.folder / "matrix.xlsx")
    desk.document["import_profiles"]["sales"] = {
        "columns": {"product": "Kod"},
        "fixed": {"distributor": "D1"},
        "months": {"series": "R", "quantity": "szt.", "net_amount": "zł"},
    }
    desk.reload()
    found = desk.run(desk.folder / "matrix.xlsx")
    assert (found.counts["lines_accepted"], desk.balance("D1")[1]) == (1, 4)


def test_things_of_a_file_have_the_codes_that_people_see(desk: Desk) -> None:
    desk.profile("products", columns={"code": "code", "name": "name", "ean": "ean"})
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    page.append(["code", "name", "ean"])
    page.append([123, 77, 12345678905])
    page["A2"].number_format, page["B2"].number_format, page["C2"].number_format = "00000", "0000", "0000000000000"
    book.save(desk.folder / "products.xlsx")
    desk.run(desk.folder / "products.xlsx", "products")
    with transaction(desk.registry) as session:
        rows = session.execute(
            select(Product.code, Product.name, Product.ean).where(Product.program_id == desk.program_id)
        )
        assert [tuple(row) for row in rows] == [("00123", "0077", "0012345678905")]


def test_a_table_that_is_known_has_figures_only_where_it_is_told(tmp_path: Path) -> None:
    path = report(tmp_path / "answers.xlsx", (7, "2026-01-05", 17, 12, 2, 120))
    judged = judge(path, "answers.xlsx", LIMITS)
    table = read(judged, "answers.xlsx", None, figures=["Quantity", "NET"])
    assert [table.column(name).to_pylist() for name in HEADER] == [
        *(["0007"], ["2026-01-05"], ["00017"], ["PL-012"], ["2"], ["120"])
    ]


def test_figures_are_fields_that_there_are() -> None:
    known = frozenset().union(*(kind.known for kind in KINDS.values()))
    assert FIGURES - known == {"line_number"}, "which a profile names beside its columns"
    assert set(NUMBERS) <= FIGURES


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (["12 345", "12 346", "99"], [1, 2, UNKNOWN]),
        (["12\u00a0345"], [1]),
        (["12,345", "1,234,567"], [1, 3]),
        (["12 345", "12,346"], [UNKNOWN, UNKNOWN]),  # parted by two signs: no program wrote them so
        (["12.345", "12346"], [UNKNOWN, 2]),  # one is parted, one is not
        (["12 34"], [UNKNOWN]),
        (["7 001"], [4]),  # somebody's own code
    ],
)
def test_codes_with_signs_of_thousands_are_found(written: list[str], meant: list[int]) -> None:
    names = Names(codes={"12345": 1, "12346": 2, "1234567": 3, "7 001": 4, "7001": 5})
    codes = Codes(np.arange(len(written), dtype=np.int64), written, [code_key(one) for one in written])
    rows, nothing = np.arange(len(written)), np.zeros(len(written), dtype=bool)
    sought = Sought("product", codes, None, rows, nothing)
    found = match(sought, names, "hold", lambda *_: {}, Problems())
    assert found.id.tolist() == meant
