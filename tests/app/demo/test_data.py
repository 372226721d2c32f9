"""The demonstration data are what their docstring says, every time."""

import csv
import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml

from app.demo import data
from app.demo.calendar import FIRST_DAY, LAST_DAY
from app.demo.data import DemoFiles, write_demo
from app.demo.faults import (
    CORRECTS,
    DISTRIBUTOR,
    ISSUED,
    NET,
    NUMBER,
    PRICE,
    PRODUCT,
    QUANTITY,
    SELLER,
    STRANGE_DATES,
)
from app.domain.documents.numbering import number_key
from app.domain.program_file.definition import ProgramFile, problems_of
from app.domain.roles import Role
from app.web.auth.samples import SAMPLES

NIP_WEIGHTS = (6, 5, 7, 2, 3, 4, 5, 6, 7)


def sheet(path: Path) -> list[dict[str, Any]]:
    header, *rows = openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True)
    return [dict(zip(map(str, header), row, strict=True)) for row in rows]


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    return write_demo(tmp_path_factory.mktemp("demo") / "new")


@pytest.fixture(scope="module")
def sales(files: DemoFiles) -> list[dict[str, Any]]:
    return sheet(files.sales)


@pytest.fixture(scope="module")
def programme(files: DemoFiles) -> ProgramFile:
    return ProgramFile.model_validate(yaml.safe_load(files.programme.read_text(encoding="utf-8")))


def is_number(value: object) -> bool:
    return isinstance(value, int | float)


def test_a_second_run_writes_the_same(files: DemoFiles, sales: list[dict[str, Any]], tmp_path: Path) -> None:
    again = write_demo(tmp_path)
    for name in ("distributors", "programme"):
        first, second = (getattr(one, name).read_bytes() for one in (files, again))
        assert hashlib.sha256(first).digest() == hashlib.sha256(second).digest()
    # A workbook carries the time of its making, so it is compared by what it says.
    assert sheet(again.products) == sheet(files.products)
    assert sheet(again.sales) == sales
    assert again.bad_rows == files.bad_rows


def test_the_counts_are_those_of_the_docstring(files: DemoFiles, sales: list[dict[str, Any]]) -> None:
    assert len(table(files.distributors)) == files.distributor_count == 60
    assert len(sheet(files.products)) == files.product_count == 400
    assert len(sales) == files.sales_rows == 10_424
    assert (files.invoices, files.credit_notes, files.documents) == (2_850, 150, 3_000)
    assert (files.credit_notes_naming, files.returns_without_sale) == (97, 3)
    assert (files.discount_lines, files.free_lines) == (45, 60)
    assert files.bad_rows == {
        "unknown_product": 28,
        "quantity_not_a_number": 14,
        "missing_date": 10,
        "wrong_decimal": 12,
        "unknown_distributor": 12,
        "date_outside_programme": 12,
        "repeated_exactly": 5,
        "repeated_otherwise": 4,
    }
    assert files.sales_rows == 10_424
    assert "10,424 rows" in (data.__doc__ or "")


def test_the_programme_is_one_that_loads(programme: ProgramFile) -> None:
    assert problems_of(programme) == []
    assert {rule.kind for rule in programme.earning_rules} == {
        "per_unit",
        "per_amount",
        "per_line",
        "per_document",
        "amount_bands",
        "line_count_bands",
        "multiplier",
    }


def test_columns_and_groups_are_those_of_the_programme(files: DemoFiles, programme: ProgramFile) -> None:
    profiles = programme.import_profiles
    rows = {"distributors": table(files.distributors), "products": sheet(files.products), "sales": sheet(files.sales)}
    for name, found in rows.items():
        assert set(profiles[name].columns.values()) <= set(found[0])
    assert {row["Grupa"] for row in rows["distributors"]} == {group.name for group in programme.distributor_groups}
    parents = {group.code: group.name for group in programme.product_groups}
    tree = {(group.name, parents[group.parent]) for group in programme.product_groups if group.parent}
    assert {(row["Grupa"], row["Grupa nadrzędna"]) for row in rows["products"]} == tree
    scoped = {code for rule in programme.earning_rules for code in rule.scope.products}
    assert scoped <= {row["Kod"] for row in rows["products"]}


def test_tax_numbers_check_and_belong_to_no_office(files: DemoFiles) -> None:
    rows = table(files.distributors)
    numbers = [row["NIP"] for row in rows if row["NIP"]]
    assert len(set(numbers)) == len(numbers)
    for number in numbers:
        assert sum(w * int(d) for w, d in zip(NIP_WEIGHTS, number[:9], strict=True)) % 11 == int(number[9])
        assert number[2] == "0", "a code that no tax office has"
    for row in rows:
        assert bool(row["NIP"]) == (row["Status podatkowy"] in ("company", "sole_trader"))
    assert Counter(row["Status podatkowy"] for row in rows) == {
        "company": 26,
        "sole_trader": 23,
        "distributor_employee": 7,
        "private_person": 4,
    }


def test_package_codes_check(files: DemoFiles) -> None:
    for row in sheet(files.products):
        digits = [int(digit) for digit in row["EAN"]]
        assert len(digits) == 13
        assert sum(digits[0::2] + [3 * digit for digit in digits[1::2]]) % 10 == 0
        assert row["Cena katalogowa"] > 0


def test_every_kind_of_bad_row_is_there_as_often_as_said(
    files: DemoFiles, sales: list[dict[str, Any]], programme: ProgramFile
) -> None:
    products = {row["Kod"] for row in sheet(files.products)} | {item.code for item in programme.products}
    distributors = {row["Kod"] for row in table(files.distributors)}
    starts, ends = programme.program.starts_on, programme.program.ends_on
    assert ends is not None
    found: Counter[str] = Counter()
    for row in sales:
        reasons = [
            name
            for name, bad in (
                ("unknown_product", row[PRODUCT] not in products),
                ("unknown_distributor", row[DISTRIBUTOR] not in distributors),
                ("quantity_not_a_number", not is_number(row[QUANTITY])),
                ("missing_date", row[ISSUED] is None),
                ("date_outside_programme", row[ISSUED] is not None and not starts <= row[ISSUED].date() <= ends),
                ("wrong_decimal", not is_number(row[NET])),
            )
            if bad
        ]
        assert len(reasons) <= 1, "one reason a row"
        found.update(reasons)
    expected = {name: count for name, count in files.bad_rows.items() if not name.startswith("repeated")}
    assert found == expected


def by_document(rows: list[dict[str, Any]]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    documents: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        documents.setdefault((row[DISTRIBUTOR], row[NUMBER]), []).append(row)
    return documents


def test_the_sample_sales_rep_wrote_a_third_of_the_documents_of_one_distributor(sales: list[dict[str, Any]]) -> None:
    [rep] = [sample.name for sample in SAMPLES if sample.role is Role.REP]
    wrote = {key: {row[SELLER] for row in rows} for key, rows in by_document(sales).items()}
    assert all(len(names) == 1 for names in wrote.values()), "a document names one person"
    theirs = Counter(distributor for (distributor, _number), names in wrote.items() if names == {rep})
    known = {distributor: count for distributor, count in theirs.items() if distributor.startswith("D-10")}
    assert list(known) == ["D-1004"], "the distributor with most points, whose owner is a sample as well"
    everything = sum(distributor == "D-1004" for distributor, _number in wrote)
    assert everything // 4 < known["D-1004"] < everything // 2


def test_two_documents_come_again_under_another_spelling(sales: list[dict[str, Any]]) -> None:
    documents = by_document(sales)
    *good, exact, changed = documents
    for again, same in ((exact, True), (changed, False)):
        year = documents[again][0][ISSUED].year
        key = number_key(again[1], year)
        [first] = [one for one in good if one[0] == again[0] and number_key(one[1], year) == key]
        content = [[(row[PRODUCT], row[QUANTITY], row[NET]) for row in documents[one]] for one in (first, again)]
        assert (content[0] == content[1]) is same
        assert first != again


def test_all_other_documents_have_numbers_of_their_own(sales: list[dict[str, Any]]) -> None:
    documents = by_document(sales)
    keys = Counter(
        (distributor, number.startswith("KOR"), number_key(number, rows[0][ISSUED].year))
        for (distributor, number), rows in documents.items()
    )
    assert len(documents) == 3_000 + 6 + 6 + 2
    assert sorted(keys.values())[-3:] == [1, 2, 2]


def test_good_rows_lie_within_the_year_and_add_up(sales: list[dict[str, Any]]) -> None:
    for row in sales:
        if row[ISSUED] is not None and row[ISSUED].date() not in STRANGE_DATES:
            assert FIRST_DAY <= row[ISSUED].date() <= LAST_DAY
        if is_number(row[NET]) and is_number(row[QUANTITY]):
            exact = round(row[QUANTITY] * 1000) * round(row[PRICE] * 100)
            assert round(row[NET] * 100) * 1000 - 500 <= exact <= round(row[NET] * 100) * 1000 + 500
    assert max(row[ISSUED].date() for row in sales if row[NUMBER].startswith("KOR")) <= LAST_DAY


def test_no_more_comes_back_than_was_sold(files: DemoFiles, sales: list[dict[str, Any]]) -> None:
    sold: Counter[tuple[str, str]] = Counter()
    named: Counter[tuple[str, str, str]] = Counter()
    returned: Counter[tuple[str, str]] = Counter()
    numbers = {(row[DISTRIBUTOR], row[NUMBER]) for row in sales}
    for row in sales:
        if row[NUMBER].startswith("KOR"):
            returned[row[DISTRIBUTOR], row[PRODUCT]] += -row[QUANTITY]
            assert row[QUANTITY] < 0
            assert row[NET] < 0
            if row[CORRECTS]:
                named[row[DISTRIBUTOR], row[CORRECTS], row[PRODUCT]] += -row[QUANTITY]
                assert (row[DISTRIBUTOR], row[CORRECTS]) in numbers
        elif is_number(row[QUANTITY]):
            sold[row[DISTRIBUTOR], row[PRODUCT]] += row[QUANTITY]
            named[row[DISTRIBUTOR], row[NUMBER], row[PRODUCT]] -= row[QUANTITY]
    assert max(named.values()) <= 0
    assert sum(returned[key] > sold[key] for key in returned) == files.returns_without_sale
