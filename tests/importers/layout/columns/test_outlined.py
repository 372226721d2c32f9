"""Outlines, as 1C groups its reports: customers, documents and goods in one column, with sums beside each."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importers.layout.columns.lifted import with_lifted
from importers.layout.looks.proposing import Unanswered
from tests.importers.layout.reports import Typed, grid, laid, read_text, recognised, typed

HEAD = ["Продажи;;;", "Период: Январь 2026;;;", "Контрагент;Количество;Цена;Сумма без НДС"]
LEVELS = ["Документ продажи;;;", "Номенклатура;;;"]
SOLD = "Реализация товаров и услуг ТД0000{} от {}.01.2026 12:00:00;{};;{},00"
NORTH = ["ООО Север;3;;270,00", SOLD.format(12, "05", 3, 270), "Дрель;2;125,00;250,00", "Молоток;1;20,00;20,00"]
SOUTH = [
    "ООО Юг;6;;95,00",
    *(SOLD.format(13, "16", 4, 80), "Молоток;4;20,00;80,00"),
    *(SOLD.format(14, "17", 2, 15), "Гвозди;2;7,50;15,00"),
]
TOTAL = "Итого;9;;365,00"


def sold(found: Typed) -> list[tuple[str, ...]]:
    """Give of each line the document's number, its day, whose it is, and the goods."""
    return [one[:4] for one in found.good]


MEANT = [
    *[("ТД000012", "2026-01-05", "ООО Север", "Дрель"), ("ТД000012", "2026-01-05", "ООО Север", "Молоток")],
    *[("ТД000013", "2026-01-16", "ООО Юг", "Молоток"), ("ТД000014", "2026-01-17", "ООО Юг", "Гвозди")],
]


@pytest.mark.parametrize("names", [[*HEAD, *LEVELS], [*HEAD[:2], "Контрагент, Документ, Номенклатура" + HEAD[2][10:]]])
@pytest.mark.parametrize("top", [False, True])
def test_documents_and_customers_stand_above_what_adds_up_to_them(
    tmp_path: Path, names: Sequence[str], top: bool
) -> None:
    rows = [*names, *[TOTAL] * top, *NORTH, *SOUTH, *[TOTAL] * (not top)]
    found = read_text(tmp_path, "\n".join(rows))
    assert (sold(found), found.outcomes) == (MEANT, {})
    assert found.profile.columns["distributor"] == "Контрагент"
    assert found.profile.columns["product"] == "Номенклатура"
    headings = len(recognised(found.table)["heading"])
    assert (headings, len(recognised(found.table)["total"])) == (2 + 5 + 2 * (len(names) > len(HEAD)), 1)


def test_groups_of_customers_are_headings(tmp_path: Path) -> None:
    rows = [*HEAD, *LEVELS, "Москва;3;;270,00", *NORTH, "Сочи;6;;95,00", *SOUTH]
    assert sold(read_text(tmp_path, "\n".join(rows))) == MEANT


def test_customers_that_no_name_of_a_level_tells_are_asked_about(tmp_path: Path) -> None:
    rows = [*HEAD[:2], "Данные;Количество;Цена;Сумма без НДС", *NORTH, *SOUTH, TOTAL]
    with pytest.raises(Unanswered) as stopped:
        read_text(tmp_path, "\n".join(rows))
    (asked,) = stopped.value.questions
    assert (asked.key, asked.examples) == ("fixed:distributor", ("Heading: ООО Север, ООО Юг",))
    found = read_text(tmp_path, "\n".join(rows), {"fixed:distributor": "Heading"})
    assert (sold(found), found.profile.columns["product"]) == (MEANT, "Product")


def test_documents_may_be_of_nobody_by_name(tmp_path: Path) -> None:
    rows = [*HEAD[:2], "Номенклатура" + HEAD[2][10:], *NORTH[1:], *SOUTH[1:], TOTAL]
    found = read_text(tmp_path, "\n".join(rows), {"fixed:distributor": "D1"})
    assert [(one[0], one[3]) for one in sold(found)] == [(one[0], one[3]) for one in MEANT]


def test_a_profile_reads_the_next_outline(tmp_path: Path) -> None:
    kept = read_text(tmp_path, "\n".join([*HEAD, *LEVELS, *NORTH, *SOUTH, TOTAL])).profile
    rows = [row.split(";") for row in (*HEAD, *LEVELS, *SOUTH)]
    assert sold(typed(laid(rows, kept), kept)) == MEANT[2:]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Дрель;2;125,00;250,00", "Дрель;5;125,00;249,00"),
        ("ООО Юг;6;;95,00", "ООО Юг;6;;94,00"),
        ("Гвозди;2;7,50;15,00", "Гвозди;;;"),
        ("Молоток;4;20,00;80,00\n", ""),
    ],
    ids=["goods", "a customer", "no figures", "no goods"],
)
def test_what_does_not_add_up_is_no_outline(old: str, new: str) -> None:
    text = "\n".join([*HEAD, *LEVELS, *NORTH, *SOUTH, TOTAL])
    given_ = grid([row.split(";") for row in text.replace(old, new).splitlines()])
    assert with_lifted(given_, "sales").lifted is None


def test_amounts_that_were_rounded_need_not_add_up_where_pieces_do(tmp_path: Path) -> None:
    text = "\n".join([*HEAD, *LEVELS, *NORTH, *SOUTH, TOTAL]).replace("Гвозди;2;7,50;15,00", "Гвозди;2;7,50;15,01")
    assert sold(read_text(tmp_path, text)) == MEANT


def test_documents_in_a_column_of_their_own_are_no_outline() -> None:
    rows = [HEAD[2], SOLD.format(12, "05", 3, 270), SOLD.format(13, "16", 4, 80)]
    given_ = grid([row.split(";") for row in rows])
    assert with_lifted(given_, "sales") is given_


PIECES = st.lists(st.integers(1, 3), min_size=1, max_size=3)


@given(st.lists(st.lists(PIECES, min_size=1, max_size=3), min_size=1, max_size=4), st.booleans())
def test_every_line_gets_its_document_and_its_customer(customers: list[list[list[int]]], regions: bool) -> None:
    rows, meant = [[*HEAD[2].split(";")]], []
    for who, documents in enumerate(customers):
        added = sum(map(sum, documents))
        rows += [[f"Область {who}", str(added), "", str(added)]] * regions
        rows.append([f"ООО {who}", str(added), "", str(added)])
        for at, goods in enumerate(documents):
            rows.append([f"Реализация {who}{at} от 05.01.2026", str(sum(goods)), "", str(sum(goods))])
            for of, pieces in enumerate(goods):
                rows.append([f"Товар {of}", str(pieces), "1", str(pieces)])
                meant.append((f"{who}{at}", f"ООО {who}", f"Товар {of}"))
    lifted = with_lifted(grid(rows), "sales")
    assert lifted.lifted is not None
    told = zip(lifted.lifted.names, lifted.cells.columns[lifted.width :], strict=True)
    of = {name: texts.to_pylist()[1:] for name, texts in told}
    goods = lifted.cells.column(0).to_pylist()[1:]
    assert list(zip(of["Document"], of["Контрагент"], goods, strict=True)) == meant
