"""Documents named once above their lines, as an ERP prints them: number, day and customer become columns."""

from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from importers.files.grid import Grid
from importers.layout.columns.lifted import with_lifted
from importers.layout.looks.looking import look
from importers.layout.looks.proposing import Unanswered, propose
from importers.layout.tables.header import Said
from tests.importers.layout.reports import Typed, grid, laid, profile, read_by_proposal, read_text, recognised, typed

HEAD = "Kod;Nazwa;Ilość;Wartość netto"
LINES = {"P1": "P1;Młotek;2;20,00", "P2": "P2;Wiertarka;1;250,00"}


def sold(found: Typed) -> list[tuple[str, ...]]:
    """Give of each line the document's number, its day, whose it is, and the goods."""
    return [one[:4] for one in found.good]


TWO = [("FV/1", "2026-01-15", "D001", "P1"), ("FV/1", "2026-01-15", "D001", "P2"), ("FV/2", "2026-01-16", "D002", "P2")]
STYLES = {
    "in one cell": ("Faktura: {}  Data: {}  Kontrahent: {}",),
    "in a sentence": ("Faktura {} z dnia {} kontrahent: {};;;",),
    "in cells": ("Faktura: {};Data: {};Kontrahent: {};",),
    "beside labels": ("Nr faktury;{};Data;{}", "Kontrahent;{};;"),
    "in rows": ("Faktura VAT nr {} z dnia {};;;", "Klient: {};;;"),
    "with more": ("Dokument: {}, Magazyn: MG 1;;;", "Data wystawienia: {}; Termin: 14 dni;;", "Odbiorca: {};;;"),
}


def report(style: Sequence[str], *, again: bool, total: bool, title: bool) -> str:
    """Write the report of two documents."""
    days = {"2026-01-15": "15.01.2026", "2026-01-16": "16.01.2026"}
    rows = ["Raport sprzedaży 2026;;;", ";;;"] if title else []
    rows += [] if again else [HEAD]
    for number in ("FV/1", "FV/2"):
        lines = [one for one in TWO if one[0] == number]
        rows += "\n".join(style).format(number, days[lines[0][1]], lines[0][2]).split("\n")
        rows += [HEAD] if again else []
        rows += [LINES[one[3]] for one in lines]
        rows += ["Razem;;3;270,00"] if total and len(lines) == 2 else []
        rows += [";;;"] if again else []
    return "\n".join(rows) + "\n"


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES.keys())
@given(again=st.booleans(), total=st.booleans(), title=st.booleans())
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_documents_are_named_above_their_lines(
    tmp_path: Path, style: Sequence[str], again: bool, total: bool, title: bool
) -> None:
    found = read_text(tmp_path, report(style, again=again, total=total, title=title))
    assert (sold(found), found.outcomes, found.table.wrong_width) == (TWO, {}, [])
    kinds = {kind: len(rows) for kind, rows in recognised(found.table).items()}
    assert (kinds["heading"], kinds.get("total", 0)) == (2 * len(style) + title, int(total))


def test_a_workbook_has_such_rows_in_merged_cells_and_typed_ones(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for name, number in (("Styczeń", 1001), ("Luty", 1002)):
        page = book.create_sheet(name)
        page.append(["Faktura nr", number, "Data"])
        page.cell(1, 4).value = "2026-01-15"
        page.append(["Odbiorca: D001"])
        page.merge_cells("A2:D2")
        page.append(HEAD.split(";"))
        page.append(["00123", "Młotek", 2, 20])
        page.append(["Razem", None, 2, 20])
    del book[book.sheetnames[0]]
    book.save(tmp_path / "report.xlsx")
    found = read_by_proposal(tmp_path / "report.xlsx")
    assert sold(found) == [(number, "2026-01-15", "D001", "00123") for number in ("1001", "1002")]


def test_a_customer_may_stand_above_several_documents(tmp_path: Path) -> None:
    rows = [
        *(HEAD, "Klient: D001;;;", "Реализация товаров ТД12 от 15.01.2026 12:00:00;;;", LINES["P1"]),
        *("Реализация товаров ТД13 от 16.01.2026 9:30:00;;;", LINES["P1"], LINES["P2"]),
        *("Klient: D002;;;", "Реализация товаров ТД14 от 16.01.2026 10:00:00;;;", LINES["P2"]),
    ]
    found = read_text(tmp_path, "\n".join(rows))
    assert [one[:3] for one in sold(found)] == [
        ("ТД12", "2026-01-15", "D001"),
        *[("ТД13", "2026-01-16", "D001")] * 2,
        ("ТД14", "2026-01-16", "D002"),
    ]


def test_what_is_said_of_one_document_is_not_that_of_the_next(tmp_path: Path) -> None:
    rows = [
        HEAD,
        "Faktura: FV/1;Data: 15.01.2026;Klient: D001;",
        LINES["P1"],
        "Faktura: FV/2;;Klient: D002;",
        LINES["P2"],
    ]
    found = read_text(tmp_path, "\n".join(rows))
    assert (sold(found), found.outcomes) == ([("FV/1", "2026-01-15", "D001", "P1")], {5: ("refused", "missing")})


@pytest.mark.parametrize("other", ["Paragon PAR/7;;;", "Kwit: PAR/7;;;", "Data: 17.01.2026;;;"])
def test_lines_below_a_document_that_nobody_understands_are_not_those_of_the_last_one(
    tmp_path: Path, other: str
) -> None:
    first = "Faktura: {};Data: {}.01.2026;Klient: D001;"
    rows = [HEAD, first.format("FV/1", 15), LINES["P1"], other, LINES["P1"], first.format("FV/2", 16), LINES["P2"]]
    found = read_text(tmp_path, "\n".join(rows))
    assert [one[0] for one in sold(found)] == ["FV/1", "FV/2"]
    assert found.outcomes[5][0] == "refused"


def test_a_page_ends_no_document(tmp_path: Path) -> None:
    first = "Faktura: FV/{};Data: 15.01.2026;Klient: D001;"
    rows = ["Strona: 1/2;;;", HEAD, first.format(1), LINES["P1"], "Strona: 2/2;;;", HEAD, LINES["P2"]]
    found = read_text(tmp_path, "\n".join([*rows, first.format(2), LINES["P2"]]))
    assert [one[::3] for one in sold(found)] == [("FV/1", "P1"), ("FV/1", "P2"), ("FV/2", "P2")]


def test_a_credit_note_is_told_by_what_stands_before_its_number(tmp_path: Path) -> None:
    rows = [
        *(HEAD, "Faktura: 1/2026;Data: 15.01.2026;Klient: D001;", LINES["P1"]),
        *("Faktura korygująca: 2/2026;Data: 16.01.2026;Klient: D001;", LINES["P1"]),
    ]
    with pytest.raises(Unanswered) as stopped:
        read_text(tmp_path, "\n".join(rows))
    (asked,) = stopped.value.questions
    assert (asked.key, asked.about) == ("returned", "Faktura korygująca")
    found = read_text(tmp_path, "\n".join(rows), {"returned": "returned"})
    assert found.profile.credit_note is not None
    assert found.profile.credit_note.column == "Faktura (type)"


@pytest.mark.parametrize(
    "rows",
    [
        ["Raport: 12/2026;;;", "Dokument: RS 12/2026;;;", HEAD, LINES["P1"]],
        ["Raport nr 12/2026 z dnia 31.01.2026;;;", HEAD, LINES["P1"]],
        ["Faktura: FV/1;Data: 15.01.2026;;", f"{HEAD};Nr faktury", f"{LINES['P1']};FV/1"],
        [HEAD, LINES["P1"], "Faktura: FV/1;Data: 15.01.2026;;", LINES["P2"], "Faktura: FV/2;Data: 16.01.2026;;"],
    ],
    ids=["a title", "a dated one", "a column has them", "below the lines"],
)
def test_what_names_no_document_of_the_lines_below(rows: list[str]) -> None:
    given_ = grid([row.split(";") for row in rows])
    assert with_lifted(given_, "sales") is given_


def test_the_day_of_a_report_is_not_that_of_its_documents(tmp_path: Path) -> None:
    rows = ["Data: 31.01.2026;;;", HEAD]
    rows += [row for at in (1, 2) for row in (f"Faktura: FV/{at};Klient: D00{at};;", LINES["P1"])]
    with pytest.raises(Unanswered) as stopped:
        read_text(tmp_path, "\n".join(rows))
    assert [one.key for one in stopped.value.questions] == ["column:issued_on"]


def test_a_lone_document_is_read_where_it_says_its_day(tmp_path: Path) -> None:
    rows = ["Faktura VAT nr FV/1;;;", "Data wystawienia: 15.01.2026;;;", "Nabywca: D001;;;", HEAD, *LINES.values()]
    assert sold(read_text(tmp_path, "\n".join(rows))) == TWO[:2]


def test_a_profile_reads_the_next_report_and_what_was_handed_back(tmp_path: Path) -> None:
    first = read_text(tmp_path, report(STYLES["in cells"], again=False, total=True, title=False))
    others = report(STYLES["in one cell"], again=True, total=False, title=True).replace("FV/", "FV/9")
    kept = first.profile
    assert [one[0] for one in sold(typed(laid(_cells(others), kept), kept))] == ["FV/91", "FV/91", "FV/92"]
    header = list(first.table.header)
    assert header[4:] == ["Faktura", "Data", "Kontrahent", "Faktura (type)"]
    row = ["P1", "Młotek", "3", "30,00", "FV/1", "15.01.2026", "D001", "Faktura", "No product has the code"]
    back = typed(laid([[*header, "Reason [dates dmy; numbers 1234,5]"], row], kept), kept)
    assert [one[:6] for one in back.good] == [("FV/1", "2026-01-15", "D001", "P1", "Młotek", 3000)]


def _cells(text: str) -> list[list[str]]:
    return [[*row.split(";"), "", "", ""][:4] for row in text.splitlines()]


def test_somebody_may_say_where_the_header_is() -> None:
    text = report(STYLES["in cells"], again=False, total=False, title=True)
    seen = look([grid(_cells(text))], [], "sales", Said(None, 3))
    assert propose(seen).columns["document_number"] == "Faktura"
    assert seen.lifted == ("Faktura", "Data", "Kontrahent", "Faktura (type)")
    assert [cells[0] for _, cells in seen.rows] == [row[0] for row in _cells(text)], "shown as they stand"


def test_a_short_row_is_of_the_document_above_it(tmp_path: Path) -> None:
    head, first = f"{HEAD};Uwagi", "Faktura: FV/{};Data: 15.01.2026;Klient: D001;;"
    rows = [head, first.format(1), f"{LINES['P1']};pilne", f"{LINES['P2']};x", first.format(2), LINES["P2"]]
    found = read_text(tmp_path, "\n".join(rows))
    assert [one[::3] for one in sold(found)] == [("FV/1", "P1"), ("FV/1", "P2"), ("FV/2", "P2")]


def test_letters_before_a_number_are_part_of_it(tmp_path: Path) -> None:
    rows = [
        "Kod;Ilość;Wartość",
        "FS 1/01/2026 z dnia 2026-01-15;;",
        "P1;2;20",
        "PA 1/01/2026 z dnia 2026-01-16;;",
        "P2;1;9",
    ]
    found = read_text(tmp_path, "\n".join(rows), {"fixed:distributor": "D001"})
    assert [one[:2] for one in sold(found)] == [("FS 1/01/2026", "2026-01-15"), ("PA 1/01/2026", "2026-01-16")]


def test_what_is_said_of_documents_holds_below_it() -> None:
    rows = [["Okres: 01.2026", ""], HEAD.split(";"), ["Faktura: FV/1", "Data: 15.01.2026"], LINES["P1"].split(";")]
    found = with_lifted(grid([*rows, ["Faktura: FV/2", "Data: 16.01.2026"], LINES["P2"].split(";")]), "sales")
    assert found.row_number.tolist() == [1, 2, 4, 6]
    assert found.cells.column(4).to_pylist() == [None, "Faktura", "FV/1", "FV/2"]


HEADED = "Nr faktury;Kod;Ilość;Wartość netto"


@pytest.mark.parametrize("again", [False, True])
def test_days_may_stand_above_the_lines_of_each(tmp_path: Path, again: bool) -> None:
    rows = ["Sprzedaż dzienna;;;"] + [HEADED] * (not again)
    for day, number in ((15, "FV/1"), (16, "FV/2")):
        rows += [f"Data sprzedaży: {day}.01.2026;;;"] + [HEADED] * again
        rows += [f"{number};P{at};2;20,00" for at in (1, 2)] + ["Razem;;4;40,00"]
    found = read_text(tmp_path, "\n".join(rows), {"fixed:distributor": "D001"})
    assert (sold(found), found.outcomes) == (
        [(f"FV/{at}", f"2026-01-{14 + at}", "D001", f"P{of}") for at in (1, 2) for of in (1, 2)],
        {},
    )


def test_days_may_stand_alone_above_the_lines_of_each(tmp_path: Path) -> None:
    rows = ["Sprzedaż dzienna;;;", HEADED, "15.01.2026;;;", "FV/1;P1;2;20,00", "Razem;;2;20,00"]
    rows += ["16.01.2026;;;", "FV/2;P1;2;20,00", "FV/2;P2;1;9,00"]
    found = read_text(tmp_path, "\n".join(rows), {"fixed:distributor": "D001"})
    assert [one[:2] for one in sold(found)] == [("FV/1", "2026-01-15"), *[("FV/2", "2026-01-16")] * 2]
    assert (found.outcomes, found.profile.columns["issued_on"]) == ({}, "Date")


def test_days_and_customers_may_stand_above_the_lines_of_both(tmp_path: Path) -> None:
    rows = [HEADED, "Data: 15.01.2026;Klient: D001;;", "FV/1;P1;2;20,00", "Data: 16.01.2026;Klient: D002;;"]
    found = read_text(tmp_path, "\n".join([*rows, "FV/2;P2;1;9,00", "Klient: D003;;;", "FV/3;P2;1;9,00"]))
    assert [one[:3] for one in sold(found)] == [
        ("FV/1", "2026-01-15", "D001"),
        ("FV/2", "2026-01-16", "D002"),
        ("FV/3", "2026-01-16", "D003"),
    ]


@pytest.mark.parametrize(
    "rows",
    [
        ["Data: 31.01.2026;;;", HEADED, "FV/1;P1;2;20,00"],
        [HEADED, "Data: styczeń;;;", "FV/1;P1;2;20,00"],
        [HEADED, "FV/1;P1;2;20,00", "Data: 15.01.2026;;;", "FV/2;P1;2;20,00", "Data: 16.01.2026;;;"],
        [f"{HEADED};Data", "Data: 15.01.2026;;;;", "FV/1;P1;2;20,00;15.01.2026"],
        [HEADED, "45123;;;", "FV/1;P1;2;20,00"],
    ],
    ids=["a title", "no day", "below the lines", "a column has them", "a number"],
)
def test_what_is_no_day_of_the_lines_below(rows: list[str]) -> None:
    given_ = grid([row.split(";") for row in rows])
    assert with_lifted(given_, "sales") is given_


DATED = "Nr faktury;Data sprzedaży;Kod;Ilość;Wartość netto"
BOUGHT = {"Hurtownia Północ": ["F1", "G1"], "Sklep Żółw": ["F2", "G2"]}


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("tail", ["", ";" * 4])
@pytest.mark.parametrize("label", ["Klient: ", "Odbiorca "])
def test_customers_may_stand_above_the_documents_of_each(tmp_path: Path, again: bool, tail: str, label: str) -> None:
    rows = [DATED] * (not again)
    for name, documents in BOUGHT.items():
        rows += [f"{label}{name}{tail}"] + [DATED] * again
        rows += [f"{one};13.02.2019;P1;2;10,00" for one in documents] + ["Razem;;;4;20,00"]
    found = read_text(tmp_path, "\n".join(rows))
    meant = [(one, name) for name, documents in BOUGHT.items() for one in documents]
    assert ([one[:3:2] for one in sold(found)], found.outcomes, found.table.wrong_width) == (meant, {}, [])
    assert (found.profile.columns["distributor"], len(recognised(found.table)["heading"])) == (label.strip(" :"), 2)


def test_customers_may_stand_above_their_months() -> None:
    rows = [["Kod", "Cena netto", "01.2026", "02.2026"], ["Klient: D001"], ["P1", "10,00", "1", "2"], ["Klient: D002"]]
    said = profile(
        columns={"product": "Kod", "unit_price": "Cena netto", "distributor": "Klient"},
        months={"series": "R"},
        decimal=",",
    )
    found = typed(laid([*rows, ["P1", "10,00", "5", "6"]], said), said)
    assert [(one[0], one[2], one[5]) for one in found.good] == [
        *[("R-2026-01", "D001", 1000), ("R-2026-01", "D002", 5000)],
        *[("R-2026-02", "D001", 2000), ("R-2026-02", "D002", 6000)],
    ]


@pytest.mark.parametrize(
    "rows",
    [
        [DATED, "F1;13.02.2019;P1;2;10,00", "Klient: Żółw;;;;", "F2;13.02.2019;P1;2;10,00", "Klient: Kowal;;;;"],
        [DATED, "F1;13.02.2019;P1;2;10,00", "Klient: Żółw;;;;", "F2;13.02.2019;P1;2;10,00"],
        ["Klient: Żółw;;;;", DATED, "F1;13.02.2019;P1;2;10,00"],
        [f"{DATED};Klient", "Klient: Żółw;;;;;", "F1;13.02.2019;P1;2;10,00;D001"],
    ],
    ids=["below the lines", "below the first ones", "a title", "a column has them"],
)
def test_customers_of_which_nobody_knows_whose_lines_are_theirs(rows: list[str]) -> None:
    given_ = grid([row.split(";") for row in rows])
    assert with_lifted(given_, "sales") is given_


WIDE = "Nr faktury;Data sprzedaży;Kod;Nazwa;Ilość;Wartość netto"


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("tail", ["", ";" * 5])
def test_names_alone_above_lines_may_be_those_of_customers(tmp_path: Path, again: bool, tail: str) -> None:
    rows = [f"Sprzedaż wg kontrahentów{tail}"] + [WIDE] * (not again)
    for name, documents in BOUGHT.items():
        rows += [f"{name}{tail}"] + [WIDE] * again
        rows += [f"{one};13.02.2019;P1;Młotek;2;10,00" for one in documents] + ["Razem;;;;4;20,00"]
    rows += [f"Koniec raportu{tail}"]
    with pytest.raises(Unanswered) as stopped:
        read_text(tmp_path, "\n".join(rows))
    (asked,) = stopped.value.questions
    assert (asked.key, asked.examples) == ("fixed:distributor", ("Heading: Hurtownia Północ, Sklep Żółw",))
    found = read_text(tmp_path, "\n".join(rows), {"fixed:distributor": "Heading"})
    meant = [(one, name) for name, documents in BOUGHT.items() for one in documents]
    assert ([one[:3:2] for one in sold(found)], found.outcomes, found.table.wrong_width) == (meant, {}, [])
    found = read_text(tmp_path, "\n".join(rows), {"fixed:distributor": "D001"})
    assert ({one[2] for one in sold(found)}, found.outcomes) == ({"D001"}, {}), "they were names of goods, say"
    assert len(recognised(found.table)["heading"]) == 4


@pytest.mark.parametrize(
    ("headings", "found"),
    [
        (["K-001 Północ;;;;;", "K-002 Żółw;;;;;"], ["K-001 Północ", "K-002 Żółw"]),
        (["K-001;Północ;;;;", "NORD;Sklep 2;;;;", "K-003;;;;;", "1004;4F;;;;"], ["K-001", "NORD", "K-003", "1004"]),
        ([";K-001;;;Północ;", ";K-002;;;Żółw;"], ["K-001", "K-002"]),
        (["Północ;;;;;", "4F;;;;;", "Total Polska;;;;;", "Żółw;;;;;"], ["Północ", "4F", "Total Polska", "Żółw"]),
    ],
)
def test_codes_and_short_names_may_stand_above_lines(tmp_path: Path, headings: list[str], found: list[str]) -> None:
    lines = [f"F{at};13.02.2019;P1;Młotek;2;10,00" for at in range(len(headings))]
    rows = [WIDE, *(row for pair in zip(headings, lines, strict=True) for row in pair)]
    read = read_text(tmp_path, "\n".join(rows), {"fixed:distributor": "Heading"})
    assert ([one[2] for one in sold(read)], read.outcomes) == (found, {})


def test_goods_of_which_none_was_sold_are_no_names_of_lines() -> None:
    given_ = grid([WIDE.split(";"), ["", "", "P0", "Piła"], ["F1", "2019-02-13", "P1", "Młotek", "2", "10"]])
    assert with_lifted(given_, "sales") is given_


@pytest.mark.parametrize(
    "name",
    ["Strona 1", "Zwroty", "Razem", "-----", "2019-02-13", "FV/12/2019", "Uwaga: pilne", "PL", "szt.", "PLN", "Ilość"],
)
def test_what_is_no_name_of_lines(name: str) -> None:
    given_ = grid([WIDE.split(";"), [name], ["F1", "2019-02-13", "P1", "Młotek", "2", "10"]])
    assert with_lifted(given_, "sales") is given_


def test_the_title_of_each_page_is_no_name_of_its_lines() -> None:
    row = ["F1", "13.02.2019", "P1", "Młotek", "2", "10,00"]
    given_ = grid([["Raport sprzedaży"], WIDE.split(";"), row, ["Raport sprzedaży"], WIDE.split(";"), row])
    assert with_lifted(given_, "sales") is given_


def test_goods_may_stand_below_those_who_have_a_target_for_them() -> None:
    given_ = grid([["Kod", "Cel"], ["Klient: D001", ""], ["P1", "2"], ["Klient: D002", ""], ["P1", "3"]])
    assert with_lifted(given_, "targets").lifted is not None
    assert with_lifted(given_, "products") is given_


@pytest.mark.parametrize("once", [False, True])
def test_days_may_stand_behind_the_numbers_in_one_column(tmp_path: Path, once: bool) -> None:
    number = "Реализация товаров и услуг ТД00001{} от {}.01.2026 12:00:00"
    rows = ["Регистратор;Контрагент;Артикул;Количество;Сумма без НДС", ";;;;"]
    for at, day in ((2, 15), (3, 16)):
        first = f"{number.format(at, day)};D00{at}"
        rows += [f"{first};P1;2;20,00", f"{';' if once else first};P2;1;9,00"]
    found = read_text(tmp_path, "\n".join([*rows, "Итого;;;6;58,00"]))
    assert [one[:4] for one in sold(found)] == [
        (number.format(at, day), f"2026-01-{day}", f"D00{at}", f"P{of}")
        for at, day in ((2, 15), (3, 16))
        for of in (1, 2)
    ]
    assert recognised(found.table)["total"] == [7]


@pytest.mark.parametrize("above", [False, True])
@pytest.mark.parametrize(("before", "answers"), [("Покупатель: ", None), ("", {"fixed:distributor": "Heading"})])
def test_days_behind_numbers_stand_below_those_who_bought(
    tmp_path: Path, above: bool, before: str, answers: dict[str, str] | None
) -> None:
    rows = [
        *(f"{before}ООО Север;;;;", "Реализация 12 от 13.02.2019;P1;Молоток;2;10,00", ";P2;Пила;2;10,00"),
        *(f"{before}ООО Юг;;;;", "Реализация 13 от 14.02.2019;P1;Молоток;2;10,00"),
    ]
    rows.insert(1 if above and before else 0, "Документ;Код;Наименование;Количество;Сумма без НДС")
    found = read_text(tmp_path, "\n".join(rows), answers)
    first, second = ("2019-02-13", "ООО Север"), ("2019-02-14", "ООО Юг")
    assert ([one[1:3] for one in found.good], found.outcomes) == ([first, first, second], {})


def test_numbers_of_which_few_have_a_day_are_no_days() -> None:
    numbers = ["FV/1 z dnia 15.01.2026", "FV/2 z dnia 15.01.2026", "FV/3", "FV/4"]
    given_ = grid([HEADED.split(";"), *([number, "P1", "2", "20"] for number in numbers)])
    assert with_lifted(given_, "sales") is given_


def test_other_kinds_have_no_documents() -> None:
    given_ = grid(_cells(report(STYLES["in cells"], again=False, total=False, title=False)))
    assert isinstance(given_, Grid)
    assert with_lifted(given_, "products") is given_
    assert with_lifted(given_, "sales").lifted is not None
    assert with_lifted(given_, "deliveries").lifted is not None


def test_delivery_notes_are_asked_about_as_where_a_column_names_them(tmp_path: Path) -> None:
    first = "{}: {}/2026;Data: 15.01.2026;Klient: D001;"
    rows = [HEAD, first.format("Faktura", 1), LINES["P1"], first.format("WZ", 2), LINES["P2"]]
    with pytest.raises(Unanswered) as stopped:
        read_text(tmp_path, "\n".join(rows))
    assert [(one.key, one.about, one.examples) for one in stopped.value.questions] == [
        ("other_documents", "Faktura (type)", ("WZ",))
    ]


def test_a_column_may_be_named_in_any_row_of_its_header() -> None:
    rows = [["Faktura nr RS/1 z dnia 31.01.2026", "", "", ""], ["Nr faktury", "Data", "Sprzedaż", ""]]
    given_ = grid(
        [*rows, ["", "", "Kod", "Ilość"], ["FV/1", "15.01.2026", "P1", "2"], ["FV/2", "16.01.2026", "P1", "2"]]
    )
    assert with_lifted(given_, "sales") is given_
