"""Amounts whose currency stands in the format of their cells alone wait as those do that say it in text."""

from pathlib import Path
from typing import Any

import openpyxl
from sqlalchemy import select

from app.db.transaction import transaction
from app.models.rewards import Reward
from tests.importers.driver import HEADER, Desk
from tests.importers.problems.test_problems_workbook import corrected, counts, handed_back

EUR = "#,##0.00 [$€-407]"
ZL = '#,##0.00\\ "zł"'


def formatted(path: Path, header: tuple[str, ...], *rows: tuple[Any, ...]) -> Path:
    """Write a workbook; a cell may be a value with its number format."""
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    page.append(header)
    for at, cells in enumerate(rows, 2):
        for column, told in enumerate(cells, 1):
            value, code = told if isinstance(told, tuple) else (told, "General")
            page.cell(at, column, value).number_format = code
    book.save(path)
    return path


def test_an_amount_in_another_currency_waits_though_only_its_format_says_so(desk: Desk) -> None:
    desk.people("D1")
    desk.goods(P1=None)
    path = formatted(
        desk.folder / "euro.xlsx",
        HEADER,
        ("A", "2026-01-02", "D1", "P1", 1, (100.5, ZL)),
        ("B", "2026-01-02", "D1", "P1", 1, (200.25, EUR)),
        ("C", "2026-01-02", "D1", "P1", (1, EUR), 300),
        (("D", EUR), "2026-01-02", "D1", "P1", 1, 400),
    )
    found = desk.run(path)
    assert desk.codes(found) == {3: ("held", "other_currency")}
    assert counts(found) == (3, 1, 0, 0, 80)
    _, row = handed_back(found)
    assert row[5] == "200.25 €"
    # handed back it says what it is in, and waits until somebody has reckoned
    again = desk.run(Path(str(found.problems_file)))
    assert desk.codes(again) == {2: ("held", "other_currency")}
    assert counts(desk.run(corrected(found, F2=850))) == (1, 0, 0, 0, 85)


def test_it_does_so_where_the_comma_parts_decimals(desk: Desk) -> None:
    desk.people("D1")
    desk.goods(P1=None)
    desk.profile(decimal=",", thousands=".")
    path = formatted(
        desk.folder / "euro.xlsx",
        HEADER,
        ("A", "2026-01-02", "D1", "P1", 1, "1.000"),
        ("B", "2026-01-02", "D1", "P1", 1, (1.234, EUR)),
    )
    found = desk.run(path)
    assert counts(found) == (1, 1, 0, 0, 100)
    assert handed_back(found)[1][5] == "1,234 €"


def test_amounts_of_months_do_so_too(desk: Desk) -> None:
    desk.people("D1")
    desk.goods(P1=None)
    desk.document["import_profiles"]["sales"] = {
        "columns": {"distributor": "Client", "product": "Goods"},
        "months": {"series": "R", "quantity": "pcs", "net_amount": "value"},
        "header_rows": 2,
    }
    desk.reload()
    path = formatted(
        desk.folder / "months.xlsx",
        ("Client", "Goods", "2026-01", "2026-01", "2026-02", "2026-02"),
        (None, None, "pcs", "value", "pcs", "value"),
        ("D1", "P1", 1, (100, ZL), 2, (200, EUR)),
    )
    assert counts(desk.run(path)) == (1, 1, 0, 0, 10)


def test_a_discount_shown_per_cent_is_what_people_see(desk: Desk) -> None:
    columns = {one: one for one in ("code", "name", "points", "kind", "cost", "discount", "product_group")}
    desk.load(import_profiles={"rewards": {"columns": columns}})
    desk.goods(P1="tools")
    path = formatted(
        desk.folder / "rewards.xlsx",
        tuple(columns),
        ("R1", "Five off", (50, "0.00%"), "discount", None, (0.05, "0%"), "tools"),
        ("R2", "Little off", 50, "discount", None, (0.0125, "0.00%"), "tools"),
        ("R3", "Half off", 50, "discount", None, (50, '0"%"'), "tools"),
        ("R4", "What off", 50, "discount", None, 0.05, "tools"),
        ("R5", "Too much off", 50, "discount", None, (5, "0%"), "tools"),
        ("R6", "Mug", 50, None, (9.5, EUR), None, None),
    )
    found = desk.run(path, "rewards")
    assert desk.codes(found) == {
        5: ("refused", "no_such_value"),
        6: ("refused", "no_such_value"),
        7: ("held", "other_currency"),
    }
    assert handed_back(found)[2][5] == "500%"
    with transaction(desk.registry) as session:
        query = select(Reward.code, Reward.points, Reward.discount_bp).where(Reward.program_id == desk.program_id)
        assert {code: (points, share) for code, points, share in session.execute(query)} == {
            "R1": (50, 500),
            "R2": (50, 125),
            "R3": (50, 5_000),
        }


def test_a_page_is_read_by_its_numbers_and_not_by_what_it_shows_of_them(desk: Desk) -> None:
    desk.people("D1")
    desk.goods(**{"00123": None})
    desk.profile(decimal=",", thousands=".", dates="dmy")
    rows = (
        '<td>A<td x:num="46027">05.01.2026<td>D1<td x:num="123">00123<td x:num>1<td x:num="1234.505">1.234,51',
        '<td>B<td x:num="46028">06.01.2026<td>D1<td x:num="123">00123<td x:num>1<td x:num="50">50,00 €',
    )
    path = desk.folder / "page.xls"
    head = "".join(f"<th>{name}" for name in HEADER)
    path.write_text(f"<table><tr>{head}</tr>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>", encoding="utf-8")
    found = desk.run(path)
    assert desk.codes(found) == {3: ("held", "other_currency")}
    assert counts(found) == (1, 1, 0, 0, 123)
    assert desk.days() == ["2026-01-05"]
    assert handed_back(found)[1][:6] == ["B", "06.01.2026", "D1", "00123", "1", "50 €"]
