"""Reports in the layouts that distributors send: the profile that a look proposes reads each to its lines."""

import json
from pathlib import Path
from typing import Any

import pytest

from importers.errors import FileRefused
from importers.files.guard import judge
from importers.layout.tables.table import Kind
from importers.reading.reading import look_at
from importers.typed.totals import check_totals
from tests.importers.files.made import LIMITS
from tests.importers.layout.reports import LANGUAGES, counted, read_by_proposal

TITLES, BLANKS, TOTALS = Kind.HEADING, Kind.BLANK, Kind.TOTAL
FILES: dict[str, dict[Kind, int]] = {
    "01_pl_cp1250_preamble_total.csv": {TITLES: 3, BLANKS: 2, TOTALS: 1},
    "02_de_utf8bom_trailing_minus.csv": {TOTALS: 1},
    "03_es_latin1_tab.txt": {TOTALS: 1},
    "04_ru_cp1251.csv": {TITLES: 2, TOTALS: 1},
    "05_fr_utf16le_tab.txt": {},
    "06_us_currency_paren.csv": {},
    "07_pl_sep_line_currency.csv": {},
    "08a_pl_february.csv": {},
    "08b_pl_march_with_resubmitted_february.csv": {},
    "09_pl_merged_header_subtotals.xlsx": {TITLES: 3, BLANKS: 1, TOTALS: 7},
    "11_three_months_hidden_archive.xlsx": {BLANKS: 3},
    "12_biff8_numeric_invoice_numbers.xls": {},
    "13_html_table_named.xls": {TITLES: 1},
    "14_repeated_empty_rows.ods": {TITLES: 1},
    "17_huge_dimension.xlsx": {},
}


def expected(reports: Path, name: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((reports / "expected" / f"{name}.json").read_text())
    return told


def minor(amount: str) -> int:
    whole, _, part = amount.partition(".")
    return int(whole + f"{part:0<2}")


@pytest.mark.parametrize("name", FILES)
def test_every_line_is_read_as_it_was_meant(reports: Path, name: str) -> None:
    meant = expected(reports, name)
    found = read_by_proposal(reports / meant["file"])
    assert found.good == [
        (
            one["invoice_no"].strip(),
            one["date"],
            one["customer"],
            one["product_code"],
            one["product_name"],
            one["qty"] * 1_000,
            minor(one["unit_price"]) * 10**6,
            minor(one["value"]),
        )
        for one in meant["lines"]
    ]
    assert counted(found.table) == FILES[name]
    assert found.table.rows_read == meant["n_lines"] + sum(FILES[name].values())
    assert check_totals(found.table, found.columns, found.rows, found.profile, 2, found.problems) == []


def test_a_matrix_of_months_becomes_a_line_for_each_product_and_month(reports: Path) -> None:
    meant = expected(reports, "15_wide_month_matrix.xlsx")
    found = read_by_proposal(reports / meant["file"], {"fixed:distributor": "D1"})
    assert sorted((what, day[:7], pieces, net) for _, day, _, what, _, pieces, _, net in found.good) == sorted(
        (one["product_code"], one["period"], one["qty"] * 1_000, minor(one["value"])) for one in meant["cells"]
    )
    assert {(number, day[:7], who) for number, day, who, *_ in found.good} == {
        (f"REPORT-{month}", month, "D1") for month in ("2019-01", "2019-02", "2019-03", "2019-04")
    }
    assert len(set(found.table.row_number.tolist())) == len(found.good), "each line has a number of its own"


def test_formulas_that_nobody_computed_are_refused_with_what_to_do(reports: Path) -> None:
    with pytest.raises(FileRefused, match=r"sheet 'Sheet', row 2, column 'Gesamt netto': found a formula .* save it"):
        read_by_proposal(reports / "files" / "10_formulas_no_cached_values.xlsx")


def test_a_workbook_under_a_password_is_refused(reports: Path) -> None:
    with pytest.raises(FileRefused, match="password"):
        read_by_proposal(reports / "files" / "16_password_protected.xlsx")


def test_of_bad_rows_each_has_its_reason_and_each_good_line_is_read(reports: Path) -> None:
    meant = expected(reports, "18_bad_rows.csv")
    found = read_by_proposal(reports / meant["file"])
    wrong = {one["row"] for one in meant["bad_rows"]}
    # what names goods that nobody knows is found by who knows the goods; the short row is none of the table's
    assert found.outcomes.keys() == wrong - {9, 26}
    assert {outcome for outcome, _ in found.outcomes.values()} == {"refused"}
    assert [row for row, _ in found.table.wrong_width] == [26]
    assert {row: codes for row, (_, codes) in found.outcomes.items()} == {
        2: "not_a_date",
        3: "not_a_number",
        4: "not_a_number",
        5: "missing",
        6: "not_a_number",
        7: "not_a_date",
        8: "not_a_number",
        10: "formula",
        11: "amount_contradicts",
        12: "issued_later",
        13: "amount_contradicts",
    }
    good = [one for one in found.good if not one[3].startswith("'")]
    assert [(one[0], one[3], one[7]) for one in good] == [
        (one["invoice_no"], one["product_code"], minor(one["value"])) for one in meant["lines"]
    ]


def test_what_is_asked_is_what_the_file_does_not_say(reports: Path) -> None:
    files = reports / "files"
    asked = {
        path.name: [one.key for one in look_at(judge(path, path.name, LIMITS, LANGUAGES), path.name, "sales").questions]
        for path in sorted(files.iterdir())
        if path.suffix in (".csv", ".txt")
    }
    assert not any(asked.values()), asked
