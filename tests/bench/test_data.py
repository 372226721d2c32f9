"""The benchmark's files say what they claim, and say the same in each form."""

import csv
import datetime as dt
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastexcel
import openpyxl
import pytest
import yaml

from app.domain.documents.numbering import number_key
from app.domain.program_file.definition import ProgramFile, problems_of
from bench.data import BAD_NUMBERS, WORKBOOKS, BenchFiles, write_bench

LINES = 10_000


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> BenchFiles:
    return write_bench(tmp_path_factory.mktemp("bench"), LINES, forms=WORKBOOKS)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def sales(files: BenchFiles) -> list[dict[str, str]]:
    return table(files.folder / "sales.csv")


def as_text(value: Any) -> str:
    return value.date().isoformat() if isinstance(value, dt.datetime) else str(value)


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(files: BenchFiles, tmp_path: Path) -> None:
    again, other = (
        write_bench(tmp_path / "again", LINES, forms=WORKBOOKS),
        write_bench(tmp_path / "other", LINES, seed=8),
    )
    for path in files.folder.iterdir():
        assert (again.folder / path.name).read_bytes() == path.read_bytes()
    assert (other.folder / "sales.csv").read_bytes() != (files.folder / "sales.csv").read_bytes()


def test_csv_and_xlsx_hold_the_same_lines(files: BenchFiles, sales: list[dict[str, str]]) -> None:
    header, *rows = openpyxl.load_workbook(files.folder / "sales.xlsx").worksheets[0].iter_rows(values_only=True)
    assert list(header) == list(sales[0])
    assert len(rows) == len(sales) == LINES
    numbers = {"qty", "unit_price", "net_amount"}
    for cells, line in zip(rows, sales, strict=True):
        for (name, written), cell in zip(line.items(), cells, strict=True):
            if name in numbers and isinstance(cell, int | float):
                assert Decimal(str(cell)) == Decimal(written)
            else:
                assert as_text(cell) == written


def test_an_xlsb_holds_the_same_lines(files: BenchFiles, sales: list[dict[str, str]]) -> None:
    sheet = fastexcel.read_excel(files.folder / "sales.xlsb").load_sheet("Sales", dtypes="string")
    rows = sheet.to_arrow().to_pylist()
    assert list(rows[0]) == list(sales[0])
    assert len(rows) == len(sales) == LINES
    for row, line in zip(rows, sales, strict=True):
        assert row.pop("invoice_date").removesuffix(" 00:00:00") == line["invoice_date"]
        for name, cell in row.items():
            number = name in ("unit_price", "net_amount") or (name == "qty" and line[name] not in BAD_NUMBERS)
            assert Decimal(cell) == Decimal(line[name]) if number else cell == line[name]


def test_the_counts_are_those_of_the_files(files: BenchFiles, sales: list[dict[str, str]]) -> None:
    skus = {row["sku"] for row in table(files.folder / "products.csv")}
    distributors = {row["code"] for row in table(files.folder / "distributors.csv")}
    assert (len(skus), len(distributors)) == (400, 100)
    found: Counter[str] = Counter()
    held: set[str] = set()
    known: list[dict[str, str]] = []
    for row in sales:
        reasons = [
            name
            for name, bad in (
                ("unknown_product", row["sku"] not in skus),
                ("unknown_distributor", row["distributor_code"] not in distributors),
                ("bad_number", not re.fullmatch(r"\d+(\.\d+)?", row["qty"])),
                ("bad_date", not re.fullmatch(r"2025-(0[1-9]|1[0-2])-\d\d", row["invoice_date"])),
            )
            if bad
        ]
        assert len(reasons) <= 1, "one reason a line"
        found.update(reasons)
        if reasons != ["unknown_distributor"]:
            known.append(row)
            held |= {row["invoice_no"]} if reasons else set()
        if not reasons:
            exact = Decimal(row["qty"]) * Decimal(row["unit_price"])
            assert Decimal(row["net_amount"]) == exact.quantize(Decimal("0.01"), "ROUND_HALF_UP")
    assert found == files.bad_rows == dict.fromkeys(found, 20) | {"unknown_product": 40}
    assert files.documents == len({row["invoice_no"] for row in sales}) == LINES // 5
    assert files.refused_lines == found["bad_number"] + found["bad_date"]
    counted = [row for row in known if row["invoice_no"] not in held]
    assert files.counted_lines == len(counted)
    assert files.counted_documents == len({row["invoice_no"] for row in counted})
    assert files.counted_net_minor == int(sum(Decimal(row["net_amount"]) for row in counted) * 100)


def test_numbers_of_documents_stay_apart_when_normalised(sales: list[dict[str, str]]) -> None:
    numbers = {row["invoice_no"] for row in sales}
    assert len({number_key(number, 2025) for number in numbers}) == len(numbers)


def test_the_programme_has_twenty_rules_of_all_kinds(files: BenchFiles) -> None:
    text = (files.folder / "programme.yaml").read_text(encoding="utf-8")
    programme = ProgramFile.model_validate(yaml.safe_load(text))
    assert problems_of(programme) == []
    kinds = Counter(rule.kind for rule in programme.earning_rules)
    assert kinds.total() + len(programme.matrices) == 20
    assert kinds["multiplier"] == 2
    assert set(kinds) == {
        "per_unit",
        "per_amount",
        "per_line",
        "per_document",
        "amount_bands",
        "line_count_bands",
        "multiplier",
    }
    assert [rule.code for rule in programme.earning_rules if rule.caps is not None] == ["capped"]
    groups = {group.code for group in programme.product_groups}
    assert len(groups) == 68
    assert {row["group"] for row in table(files.folder / "products.csv")} == {one for one in groups if one[0] == "g"}
    sellers = {group.code for group in programme.distributor_groups}
    assert {row["group"] for row in table(files.folder / "distributors.csv")} <= sellers
    assert set(programme.matrices[0].rates) <= groups
    assert {code for row in programme.matrices[0].rates.values() for code in row} <= sellers


@pytest.mark.parametrize("lines", [1, 99, 500])
def test_small_sizes_work(tmp_path: Path, lines: int) -> None:
    small = write_bench(tmp_path, lines, forms=())
    assert len(table(tmp_path / "sales.csv")) == lines
    assert sum(small.bad_rows.values()) == lines // 100
    assert not (tmp_path / "sales.xlsx").exists()
