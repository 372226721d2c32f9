"""How the numbers of each column are written: proved, reckoned from the others, or asked."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError

from app.domain.program_file.import_profile import NumberForm
from importers.errors import QuestionOpen
from importers.files.guard import judge
from importers.layout.looks.proposing import Unanswered, propose
from importers.layout.written.numbers import proof
from importers.layout.written.settling import settle
from importers.layout.written.signs import Agreed, Signs, agree
from importers.reading.reading import look_at
from tests.importers.files.made import LIMITS
from tests.importers.layout.reports import COLUMNS, LANGUAGES, laid, profile, read_by_proposal, typed

HEADER = [*list(COLUMNS.values())[:-1], "Cena", "Wartość"]
PRICED = COLUMNS | {"unit_price": "Cena"}


def agreed(**columns: list[str]) -> Agreed:
    texts = {name: pa.array(values, type=pa.large_string()) for name, values in columns.items()}
    return agree({name: proof(one, typed=False) for name, one in texts.items()}, texts.__getitem__)


def test_one_column_proves_what_another_leaves_open() -> None:
    assert agreed(unit_price=["1.234", "7"], net_amount=["5,50", "1"]) == Agreed(Signs(",", "."))
    assert agreed(unit_price=["1.234"]) == Agreed(None, open="unit_price")
    assert agreed(unit_price=["7"], net_amount=["8"]) == Agreed(Signs("."))
    assert agreed() == Agreed(Signs("."))


def test_each_column_is_written_as_it_proves() -> None:
    found = agreed(quantity=["2", "3"], unit_price=["5.50", "1,234.00"], net_amount=["11,00", "3.702,00"])
    assert found == Agreed(Signs(".", ","), {"net_amount": Signs(",", ".")})


def test_what_quantity_times_price_comes_to_tells_pieces_with_three_decimals_from_thousands() -> None:
    pieces = ["4.000", "2.000"]
    decimals = agreed(quantity=pieces, unit_price=["5,50", "3,10"], net_amount=["22,00", "6,20"])
    assert decimals == Agreed(Signs(","), {"quantity": Signs(".")})
    thousands = agreed(quantity=pieces, unit_price=["5,50", "3,10"], net_amount=["22.000,00", "6.200,00"])
    assert thousands == Agreed(Signs(",", "."))


def test_pieces_that_may_be_thousands_are_asked_where_nothing_can_be_reckoned() -> None:
    pieces = ["4.000", "2.000"]
    assert agreed(quantity=pieces, net_amount=["22,00", "6,20"]).open == "quantity"
    discounted = agreed(quantity=pieces, unit_price=["5,50", "3,10"], net_amount=["19,00", "5,00"])
    assert discounted == Agreed(Signs(","), {"unit_price": Signs(","), "net_amount": Signs(",")}, open="quantity")
    assert agreed(quantity=["4.000", "2"], net_amount=["22,00", "6,20"]) == Agreed(Signs(",", "."))


def written(path: Path, *rows: str) -> Path:
    path.write_text("\n".join([";".join(HEADER), *rows]) + "\n", encoding="utf-8")
    return path


def test_prices_with_a_point_are_read_beside_amounts_with_a_comma(tmp_path: Path) -> None:
    path = written(
        tmp_path / "mixed.csv",
        "A;15.01.2026;D1;P1;2;1234.50;2.469,00",
        "B;16.01.2026;D1;P2;-1;0.99;-0,99",
        "Razem;;;;1;;2.468,01",
    )
    found = read_by_proposal(path)
    assert [(pieces, price, net) for *_, pieces, price, net in found.good] == [
        (2000, 123450 * 10**6, 246900),
        (-1000, 99 * 10**6, -99),
    ]
    assert found.profile.signs_of("unit_price") == (".", None)
    assert found.profile.signs_of("net_amount") == (",", ".")
    later = profile(columns=PRICED, dates="dmy", decimal="found")
    again = typed(laid([HEADER, ["A", "15.01.2026", "D1", "P1", "2", "12.50", "25,00"]], later), later)
    assert (again.rows.unit_price_micro.tolist(), again.rows.net_minor.tolist()) == ([1250 * 10**6], [2500])


def test_an_answer_is_of_the_column_that_was_asked_of(tmp_path: Path) -> None:
    path = written(
        tmp_path / "asked.csv",
        "A;15.01.2026;D1;P1;4.000;5,50;19,00",
        "B;16.01.2026;D1;P2;2.000;3,10;5,00",
    )
    seen = look_at(judge(path, path.name, LIMITS, LANGUAGES), path.name, "sales")
    assert [(one.key, one.about, one.examples) for one in seen.questions] == [("decimal", "Ilość", ("4.000", "2.000"))]
    with pytest.raises(Unanswered):
        propose(seen)
    for answer, pieces in ((".", [4000, 2000]), (",", [4_000_000, 2_000_000])):
        found = read_by_proposal(path, {"decimal": answer})
        assert [line[5:] for line in found.good] == [
            (pieces[0], 550 * 10**6, 1900),
            (pieces[1], 310 * 10**6, 500),
        ]


def test_a_profile_that_finds_the_signs_does_not_guess_them() -> None:
    form = profile(columns=PRICED, dates="dmy", decimal="found")
    table = laid([HEADER, ["A", "15.01.2026", "D1", "P1", "4.000", "5,50", "19,00"]], form)
    with pytest.raises(QuestionOpen, match="Ilość"):
        settle(table, PRICED, form)


def test_of_a_workbook_text_cells_of_each_column_are_read_by_its_signs() -> None:
    form = profile(
        columns=PRICED, dates="dmy", decimal=",", thousands=".", numbers={"unit_price": NumberForm(decimal=".")}
    )
    rows = [HEADER, ["A", "15.01.2026", "D1", "P1", "2", "1.234", "2.468"]]
    texts = {at: np.array([False, True]) for at in (5, 6)}
    found = typed(laid(rows, form, typed=True, texts=texts), form)
    assert (found.rows.unit_price_micro.tolist(), found.rows.net_minor.tolist()) == ([1234 * 10**5], [246800])


def test_a_profile_says_nothing_of_columns_that_it_has_not() -> None:
    with pytest.raises(ValidationError, match="numbers names unit_price"):
        profile(numbers={"unit_price": {"decimal": "."}})
    with pytest.raises(ValidationError, match="thousands must be parted otherwise"):
        NumberForm(decimal=".", thousands=".")
