"""From a grid to its table: headers wherever they stand, rows that are no lines, cells that hold for several rows."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from importers.errors import ColumnsMissing, FileRefused
from importers.files.grid import Merge
from importers.files.guard import judge
from importers.files.opening import grids
from importers.kinds.rows import read_rows
from importers.layout.columns.columns import mapped
from importers.layout.laying import lay
from importers.layout.looks.looking import look
from importers.layout.tables.table import TextTable
from importers.problems.problems import Problems
from importers.typed.totals import check_totals
from tests.importers.files.made import LIMITS
from tests.importers.layout.reports import HEADER, grid, laid, line, numbers, profile, recognised, typed

TITLE: list[str | None] = ["Hurtownia Żółw", None, None, None, None, None]
BLANK: list[str | None] = [None, " ", None, None, None, None]


# --- the header -----------------------------------------------------------------------------------------------------


def test_a_header_is_found_by_its_names_wherever_it_stands() -> None:
    table = laid([TITLE, BLANK, [name.upper() for name in HEADER], line()])
    assert numbers(table) == [4]
    assert recognised(table) == {"heading": [1], "blank": [2]}
    assert table.rows_read == 3


def test_a_header_stands_where_the_profile_says_it_does() -> None:
    rows = [HEADER, line("A"), HEADER, line("B")]
    assert numbers(laid(rows, profile(header=3))) == [4]
    with pytest.raises(FileRefused, match="row 9 is empty, expected the header; correct the profile's header"):
        laid(rows, profile(header=9))


def test_what_a_header_lacks_is_told_with_its_row_and_sheet() -> None:
    with pytest.raises(ColumnsMissing, match=r"Sheet 'May', row 2: the header lacks 'Wartość' \(for net_amount\)"):
        laid([TITLE, HEADER[:-1], line()], name="May")
    with pytest.raises(ColumnsMissing, match="Row 1: the header lacks"):
        laid([["a", "b"], ["1", "2"]])


def test_a_name_that_stands_twice_is_refused_only_where_it_is_wanted() -> None:
    rows = [[*HEADER, "Uwagi", "uwagi"], [*line(), "x", "y"]]
    assert laid(rows).header[-2:] == ["Uwagi", "uwagi (2)"]
    with pytest.raises(FileRefused, match="row 1 names 'Data' more than once"):
        laid([[*HEADER, "Data"], [*line(), "x"]])


def test_rows_of_a_header_are_joined_and_cells_that_are_one_name_all_below_them() -> None:
    rows = [
        ["Dokument", None, "Odbiorca", "Towar", None, "Wartość"],
        ["Nr faktury", "Data", None, "Kod", "Ilość", None],
        line(),
    ]
    merged = (Merge(1, 0, 1, 1), Merge(1, 2, 2, 2), Merge(1, 3, 1, 4), Merge(1, 5, 2, 5))
    for more in ({"merged": merged}, {}):
        table = laid(rows, profile(header_rows=2), **more)
        assert table.header[:2] == ["Dokument / Nr faktury", "Dokument / Data"]
        assert table.header[3:5] == ["Towar / Kod", "Towar / Ilość"]
        assert len(typed(table, profile(header_rows=2, decimal=",")).good) == 1


# --- rows that are no lines -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "word", ["Suma FV/1", "RAZEM", "Итого:", "Gesamtsumme", "Sub-total", "TOTAL", "Łącznie", "Somme"]
)
def test_a_row_that_adds_up_others_is_no_line(word: str) -> None:
    rows = [
        HEADER,
        line("A"),
        [word, None, None, None, "2", "20,00"],
        line("B"),
        [None, word, None, None, "4", "40,00"],
    ]
    table = laid(rows)
    assert numbers(table) == [2, 4]
    assert recognised(table) == {"total": [3, 5]}


@pytest.mark.parametrize("said", ["Всего по A", "Razem dokument A:", "Summe für A", "A suma"])
def test_what_adds_a_document_up_may_stand_where_goods_do(said: str) -> None:
    total: list[str | None] = [None, None, None, said, "4", "40,00"]
    assert recognised(laid([HEADER, line("A"), line("A"), total, line("B")])) == {"total": [4]}


@pytest.mark.parametrize(
    "total",
    [
        *(["*", None, None, None, "4", "40,00"], ["** D1", None, None, None, "4", "40,00"]),
        *([None, None, "*", None, "4", "40,00"], [None, None, None, "**", "4", "40,00"]),
        *(["A", "Result", None, None, "4", "40,00"], ["A", "2026-01-05", "Wynik", None, "4", "40,00"]),
        *(["A", "2026-01-05", "D1", "Gesamtergebnis", "4", "40,00"], ["A", "*", None, None, "4", "40,00"]),
        *(["A", None, "D1", None, "4", "40,00", "*"], ["Overall Result", None, None, None, "4", "40,00"]),
    ],
)
def test_levels_are_added_up_behind_what_they_are_called_or_beside_stars(total: list[str | None]) -> None:
    rows = [[*HEADER, "Poziom"], *([*line("A"), "#"] for _ in range(2)), total, [*line("B"), "#"]]
    assert (numbers(table := laid(rows)), recognised(table)) == ([2, 3, 5], {"total": [4]})


@pytest.mark.parametrize(
    "lost", [["A", "2026-01-05", "D1", None, "4", "40,00", "*"], ["Total", "2026-01-05", None, None, "4", "40,00"]]
)
def test_a_line_that_lost_its_goods_adds_nothing_up(lost: list[str | None]) -> None:
    assert 3 in numbers(laid([[*HEADER, "Poziom"], [*line("A"), "#"], lost, [*line("B"), "#"]]))


TARGETS = ["Kod", "Cel", "Akcja"]


def of_targets(*rows: list[str | None], header: Sequence[str] = TARGETS) -> TextTable:
    columns = dict(zip(("distributor", "target", "promotion"), header, strict=False))
    return laid([list(header), *rows], profile(kind="targets", columns=columns))


@pytest.mark.parametrize(
    "rows",
    [
        [["TOTAL", "700", None], ["D2", "500", None]],
        [["D1", "700", None], ["Total", "500", None]],
        [["D1", "700", None], ["D2", "500", None], ["Total", "700", None]],
        [["D1", "700", None], ["D2", "500", None], ["Total", "1200", "wiosna"]],
        [["D1", "700", None], ["Total", "700", None]],
        [["D1", "700", None], ["D2", "700", None], ["Suma", "1400", None], ["D3", "9", None]],
        [["D1", "many", None], ["D2", "700", None], ["Total", "700", None]],
    ],
)
def test_a_distributor_whose_code_reads_like_a_total_is_a_line(rows: list[list[str | None]]) -> None:
    assert recognised(of_targets(*rows)) == {}


@pytest.mark.parametrize("word", ["Total", "RAZEM:", "Итого"])
@pytest.mark.parametrize(
    ("figures", "total"),
    [
        (("700", "500"), "1200"),
        (("1.700,50", "500"), "2.200,50"),
        (("1 700.50 zł", "500 zł"), "2 200.50 zł"),
        (("1,700.50", "500"), "2200.50"),
        (("700", "500"), None),
    ],
)
def test_a_row_that_adds_up_targets_is_no_line(word: str, figures: tuple[str, str], total: str | None) -> None:
    rows: list[list[str | None]] = [["D1", figures[0], "wiosna"], ["D2", figures[1], "wiosna"], [word, total, None]]
    assert recognised(of_targets(*rows)) == {"total": [4]}
    below: list[list[str | None]] = [[None, None, None], ["J. K.", None, None]]
    assert recognised(of_targets(*rows, *below))["total"] == [4]
    assert recognised(of_targets(*(row[:2] for row in rows), header=TARGETS[:2])) == {"total": [4]}


def test_a_total_of_events_says_nothing_else_and_one_of_months_is_a_total_whatever_it_says() -> None:
    columns = {"distributor": "Kod", "event": "Co", "on": "Data"}
    form = profile(kind="events", columns=columns)
    header = ["Kod", "Co", "Data", "Osoby"]
    rows: list[list[str | None]] = [
        ["D1", "training", "2026-03-01", "2"],
        ["Total", "training", "2026-03-01", "3"],
        ["Total", None, None, "5"],
    ]
    assert recognised(laid([header, *rows], form)) == {"total": [4]}
    months = profile(columns={"distributor": "Kod"}, fixed={"product": "P"}, months={"series": "R"})
    matrix = [["Kod", "01.2026", "02.2026"], ["D1", "2", "3"], ["Razem", "9", "3"], ["D2", "1", "1"]]
    assert 3 in recognised(laid(matrix, months))["total"]


BOOKINGS = ["Referencja", "Data", "Kwota", "Waluta", "Karta", "Rodzaj"]


def of_bookings(*rows: list[str | None]) -> TextTable:
    fields = ("reference", "booked_on", "amount", "currency", "token", "kind")
    return laid([BOOKINGS, *rows], profile(kind="statements", columns=dict(zip(fields, BOOKINGS, strict=True))))


@pytest.mark.parametrize(
    "total",
    [
        ["Razem", None, "150,00", "PLN", None, None],
        [None, "Suma", "150,00", None, None, None],
        [None, None, "150,00", None, None, "Total:"],
        [None, None, "150,00", None, None, None],
    ],
)
def test_a_total_of_bookings_is_no_booking(total: list[str | None]) -> None:
    rows: list[list[str | None]] = [
        ["K-1", "2026-11-03", "100,00", "PLN", None, None],
        [None, "2026-11-04", "50,00", "PLN", None, "fee"],
    ]
    found = of_bookings(*rows, total, ["Koniec wyciągu", None, None, None, None, None])
    assert recognised(found)["total"] == [4]
    assert numbers(found) == [2, 3]
    assert found.recognised.totals[4]["Kwota"] == "150,00"


@pytest.mark.parametrize(
    "row",
    [
        ["123456", None, "100,00", "PLN", None, None],
        [None, None, "100,00", "PLN", "900", None],
        [None, None, "100,00", "PLN", None, "fee"],
        ["Total", "2026-11-05", "100,00", "PLN", None, None],
    ],
)
def test_a_booking_that_lacks_its_day_or_is_called_a_total_on_one_is_for_a_person(row: list[str | None]) -> None:
    first: list[str | None] = ["K-1", "2026-11-03", "100,00", "PLN", None, None]
    assert recognised(of_bookings(first, row)) == {}


def test_goods_whose_names_begin_like_a_total_are_lines() -> None:
    rows = [
        HEADER,
        line("A", product="Total Quartz"),
        line(None, who=None, date=None, product="Total Quartz"),
        line("B"),
    ]
    form = profile(fill_down=["document_number", "distributor", "issued_on"])
    assert numbers(laid(rows, form)) == [2, 3, 4]
    assert numbers(laid([HEADER, line("SUMA-7"), line("Total/1")])) == [2, 3]


def test_a_header_that_comes_again_is_no_line_and_neither_is_the_title_above_it() -> None:
    rows = [HEADER, line("A"), ["Strona 2", *[None] * 5], BLANK, HEADER, line("B"), HEADER, line("C")]
    assert recognised(laid(rows)) == {"heading": [3], "blank": [4], "repeated_header": [5, 7]}


def test_what_stands_alone_below_the_last_line_is_a_note_and_between_lines_a_row_with_a_problem() -> None:
    alone: list[str | None] = ["FV/7", None, None, None, None, None]
    form = profile(decimal=",")
    table = laid([HEADER, line("A"), alone, line("B"), ["Sporządził: J. K.", *[None] * 5]], form)
    assert recognised(table) == {"heading": [5]}
    assert typed(table, form).outcomes == {3: ("refused", "missing missing missing missing")}


def test_rows_of_another_width_are_titles_totals_notes_or_nobodys() -> None:
    broken = {1: ["Raport"], 4: ["Razem", "2", "20,00"], 5: ["FV/3", "2026-01-05", "A;B"], 7: ["Koniec"]}
    found = lay(
        grid(
            [TITLE, HEADER, line("A"), line("B")],
            wrong_width=tuple((row, len(one)) for row, one in broken.items()),
            broken=broken,
        ),
        profile(),
        "report.csv",
    )
    assert found is not None
    assert found.table.wrong_width == [(5, 3)]
    assert recognised(found.table) == {"heading": [1, 1, 7], "total": [4]}


def test_totals_are_compared_with_the_lines_above_them() -> None:
    def told(*nets: str) -> list[dict[str, Any]]:
        total = [["Suma", None, None, None, None, net] for net in nets]
        rows = [HEADER, line("A"), line("A"), total[0], line("B"), total[1], total[2]]
        form = profile(decimal=",")
        found = typed(laid(rows, form), form)
        return check_totals(found.table, found.columns, found.rows, found.profile, 2, found.problems)

    assert told("40,00", "20,00", "60,00") == []
    assert told("40", "60,00 zł", "60,00") == [], "one may begin at the first line as well"
    assert [(one["row"], one["found"], one["expected"]) for one in told("40", "21,00", "60")] == [(6, "21,00", "20")]
    bad = [HEADER, line("A", net="x"), ["Suma", None, None, None, None, "1,00"]]
    form = profile(decimal=",")
    found = typed(laid(bad, form), form)
    assert check_totals(found.table, found.columns, found.rows, found.profile, 2, found.problems) == []


def test_a_total_above_the_lines_is_compared_with_those_below_it() -> None:
    def told(*rows: list[str | None]) -> list[tuple[str, str]]:
        form = profile(decimal=",")
        found = typed(laid([HEADER, *rows], form), form)
        noted = check_totals(found.table, found.columns, found.rows, found.profile, 2, found.problems)
        return [(one["found"], one["expected"]) for one in noted]

    def total(net: str) -> list[str | None]:
        return ["Razem", None, None, None, None, net]

    assert told(total("60,00"), line("A"), line("A"), line("B")) == []
    assert told(total("40,00"), line("A"), line("A"), total("40,00"), line("B")) == [], "of the first document, say"
    assert told(total("61,00"), line("A"), line("A"), line("B")) == [("61,00", "60")]
    assert told(total("40,00"), ["x", *line("A")[1:4], "?", "40,00"]) == [], "a line of it cannot be read"


def test_a_total_in_a_text_cell_beside_number_cells_may_have_thousands() -> None:
    rows = [HEADER, line(quantity="600", net="1.200,50"), line("B", quantity="634", net="5,00")]
    for pieces, differs in (("1.234", 0), ("1.235", 1)):
        form = profile(decimal=",", thousands=".")
        found = typed(laid([*rows, ["Razem", None, None, None, pieces, "1.205,50"]], form, typed=True), form)
        assert len(check_totals(found.table, found.columns, found.rows, found.profile, 2, found.problems)) == differs


# --- cells that hold for several rows -------------------------------------------------------------------------------


def test_what_is_written_once_for_a_document_holds_for_its_rows_and_no_further() -> None:
    rows = [
        HEADER,
        line("A", who="D1"),
        line(None, who=None),
        line("B", who=None),
        line(None, who="D2"),
        line("C", who="D3"),
    ]
    table = laid(rows, profile(fill_down=["document_number", "distributor"]))
    assert table.column("Nr faktury").to_pylist() == ["A", "A", "B", "B", "C"]
    assert table.column("Odbiorca").to_pylist() == ["D1", "D1", None, "D2", "D3"]


def test_what_stands_before_the_number_holds_for_several_documents() -> None:
    rows = [
        HEADER,
        line("A", who="D1"),
        line(None, who=None, date=None),
        line("B", who=None, date=None),
        line("C", who="D2"),
        line(None, who="D3"),
    ]
    table = laid(rows, profile(fill_down=["distributor", "document_number", "issued_on"]))
    assert table.column("Odbiorca").to_pylist() == ["D1", "D1", "D1", "D2", "D3"]
    assert table.column("Nr faktury").to_pylist() == ["A", "A", "B", "C", None], "nobody knows of the last document"
    assert table.column("Data").to_pylist() == ["2026-01-05", "2026-01-05", None, "2026-01-05", "2026-01-05"]


def test_cells_that_are_one_hold_for_all_their_rows() -> None:
    rows = [HEADER, line("A"), line(None), line(None), line("B")]
    table = laid(rows, merged=(Merge(2, 0, 3, 0),), name="May")
    assert table.column("Nr faktury").to_pylist() == ["A", "A", None, "B"]


def test_formulas_without_a_value_matter_where_they_are_read() -> None:
    rows = [[*HEADER, "Marża"], [*line(), None], ["Razem", *[None] * 6]]
    assert numbers(laid(rows, unvalued=((2, 6), (3, 5)), name="May")) == [2]
    with pytest.raises(
        FileRefused, match=r"report\.csv, sheet 'May', row 2, column 'Wartość': found a formula whose value"
    ):
        laid(rows, unvalued=((2, 5),), name="May")


def test_rows_that_a_workbook_hides_are_read_and_told() -> None:
    assert laid([HEADER, line("A"), line("B")], hidden_rows=frozenset({3, 9}), name="May").warnings == [
        {"code": "hidden_rows", "sheet": "May", "rows": 1}
    ]


def test_rows_that_are_struck_through_are_read_and_told() -> None:
    rows = [HEADER, *(line(number) for number in "ABCDE")]
    assert laid(rows, struck_rows=frozenset({3, 9}), name="May").warnings == [
        {"code": "struck_rows", "sheet": "May", "rows": 1, "found": "3"}
    ]
    assert laid(rows, struck_rows=frozenset({2, 3, 4, 6})).warnings == [
        {"code": "struck_rows", "rows": 4, "found": "2, 3, 4 …"}
    ]


def test_what_holds_for_every_row_is_said_by_the_profile() -> None:
    said = profile(columns={"code": "Kod", "name": "Nazwa"}, fixed={"group": "Młotki"})
    problems = Problems()
    table = laid([["Kod", "Nazwa"], ["P1", "Młotek"], ["P2", None]], said)
    rows = read_rows(table, mapped(table, said), problems, needed=("code", "name"), key=("code",))
    assert [cells for _, cells in rows] == [{"code": "P1", "name": "Młotek", "group": "Młotki"}]
    assert problems.outcome.keys() == {3}


# --- reports of public bodies, beside what others made of them ------------------------------------------------------


def test_published_reports_have_the_rows_that_others_found_in_them(test_data: Path) -> None:
    folder = test_data / "uk_public_spend_csv"
    if not folder.is_dir():
        pytest.skip(f"NOT RUN: there are no reports of public bodies in {test_data}")
    for path in sorted((folder / "csv").iterdir()):
        judged = judge(path, path.name, LIMITS, ["en"])
        [whole] = grids(judged, path.name)
        seen = look([whole], [], "sales")
        said = profile(columns={"net_amount": seen.columns[0].name}, header=seen.header)
        found = lay(whole, said, path.name)
        assert found is not None
        with (folder / "clean" / path.name).open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        table = found.table
        assert [name for name in table.header if not name.startswith("column ")] == [
            one.strip() for one in header if one.strip()
        ]
        ours = zip(*(table.column(name).to_pylist() for name in table.header), strict=True)
        alike = [
            [cell.strip() for cell in theirs if cell.strip()]
            == [cell.strip() for cell in mine if cell and cell.strip()]
            for mine, theirs in zip(ours, rows, strict=True)
        ]
        assert alike.count(False) <= 11, path.name  # a dash of another code page was written otherwise by hand


# --- pages and what a printed report has around its lines -------------------------------------------------------------


def test_what_stands_above_the_header_stands_there_on_every_page(tmp_path: Path) -> None:
    top = [["Hurtownia", None, None, None, "Strona", "1"], TITLE, BLANK, HEADER]
    again = [["Hurtownia", None, None, None, "Strona", "2"], TITLE, BLANK, [name.upper() for name in HEADER]]
    table = laid([*top, line(), *again, line("B")])
    assert numbers(table) == [5, 10]
    assert recognised(table) == {"heading": [1, 2, 6, 7], "blank": [3, 8], "repeated_header": [9]}
    path = tmp_path / "pages.csv"
    rows = [";".join(HEADER), "A;2026-01-05;D1;P1;2;20,00", "Strona 2", ";".join(HEADER), "B;2026-01-05;D1;P1;2;20,00"]
    path.write_text("\n".join(rows), encoding="utf-8")
    (cells,) = grids(judge(path, path.name, LIMITS, []), path.name)
    found = lay(cells, profile(), path.name)
    assert found is not None
    assert (found.table.wrong_width, recognised(found.table)) == ([], {"heading": [3], "repeated_header": [4]})


def test_a_line_drawn_across_the_page_is_no_line() -> None:
    drawn: list[str | None] = ["-----", "---", None, "===", "--", "----:"]
    table = laid([HEADER, drawn, line(), drawn, line("--"), ["Razem", *[None] * 4, "20,00"]])
    assert numbers(table) == [3, 5]
    assert recognised(table) == {"blank": [2, 4], "total": [6]}


def test_what_is_in_a_total_or_added_to_it_is_told_below_it_and_is_no_line() -> None:
    total, taxed = ["Razem netto", *[None] * 4, "20,00"], ["Razem brutto", *[None] * 4, "24,60"]
    for words in ("w tym korekty", "VAT 23%", "НДС 20 %", "davon Gutschriften"):
        table = laid([HEADER, line(), total, [words, *[None] * 4, "4,60"], taxed])
        assert recognised(table) == {"total": [3, 5], "heading": [4]}, words
    lost = laid([HEADER, line(), total, ["FV/2", *[None] * 4, "4,60"]])
    assert numbers(lost) == [2, 4], "a line that lost its goods is refused with what it lacks"
    assert numbers(laid([HEADER, ["VAT 23%", *[None] * 4, "4,60"], line()])) == [2, 3]


def test_notes_below_a_blank_row_are_no_lines_and_half_a_line_is() -> None:
    note: list[str | None] = ["Liczba pozycji", "24", None, None, None, None]
    assert recognised(laid([HEADER, line(), BLANK, note])) == {"blank": [3], "heading": [4]}
    assert numbers(laid([HEADER, line(), note])) == [2, 3]
    assert numbers(laid([HEADER, line(), BLANK, note, line("B")])) == [2, 4, 5]


@pytest.mark.parametrize(
    "word",
    [
        *("Σ", "Podsuma", "Strona razem", "Rechnungssumme", "Zwischentotal", "Saldo:", "W sumie", "FV/1 ogółem"),
        *("Invoice total FV/1", "Dokument suma: FV/1", "Order subtotal 17"),
    ],
)
def test_totals_are_told_by_their_words(word: str) -> None:
    assert recognised(laid([HEADER, line(), [word, *[None] * 4, "20,00"], line("B")])) == {"total": [3]}


def test_a_header_comes_again_whatever_blank_columns_stand_around_the_table() -> None:
    around = [[None, *row, None, None] for row in (HEADER, line(), HEADER, line("B"))]
    table = laid(around)
    assert (numbers(table), recognised(table)) == ([2, 4], {"repeated_header": [3]})


@pytest.mark.parametrize("moved", [[0, 1, 3, 2, 4, 5], [1, 0, 2, 3, 4, 5], [0, 1, 2, 3, 5, 4]])
def test_a_header_with_its_columns_in_other_places_is_of_another_table(moved: list[int]) -> None:
    other = [HEADER[at] for at in moved]
    with pytest.raises(FileRefused, match=r"report.csv, row 4: found another header, whose columns stand in other"):
        laid([HEADER, line(), BLANK, other, line("B")])
    assert numbers(laid([HEADER, line(), line("Kod", product="Kod", who="Odbiorca")])) == [2, 3], "goods are called so"


def test_columns_of_empty_texts_are_only_the_look_of_cells() -> None:
    table = laid([[*row, "", " "] for row in (HEADER, line())])
    assert table.header == HEADER


@pytest.mark.parametrize("page", ["Strona 2 z 3", "Page 2 of 3", "Str. 2/3", "Página 2 de 3", "Seite 2", "стр. 2 из 3"])
def test_what_numbers_pages_among_the_lines_is_no_line(page: str) -> None:
    empty: list[str | None] = [None] * 5
    found = laid([HEADER, line("A"), [page, *empty], line("B"), [*empty, page], line("C")])
    assert (numbers(found), recognised(found)) == ([2, 4, 6], {"heading": [3, 5]})
    found = laid([HEADER, line("A"), line("B")], wrong_width=((2, 1),), broken={2: [page]})
    assert (found.wrong_width, recognised(found)) == ([], {"heading": [2]})
    assert numbers(laid([HEADER, line("A"), [None, None, None, f"{page} kg", None, None], line("B")])) == [2, 3, 4]
