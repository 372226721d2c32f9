"""Which rows are a header, and what columns are called, where several ways of writing a report come together."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from importers.errors import FileRefused
from importers.files.grid import Merge
from importers.layout.columns.naming import Facts, candidates
from importers.layout.columns.whose_tax_ids import without_customers
from importers.layout.laying import lay
from importers.layout.looks.looking import Seen, look
from importers.layout.looks.proposing import propose
from importers.reading.identifying import identify
from tests.importers.layout.reports import grid, numbers, profile, read_text, recognised

Row = Sequence[str | None]
NAMES = ["Data faktury", "Nr faktury", "Odbiorca", "Kod towaru", "Ilość", "Cena", "Wartość netto"]
ENGLISH = ["Invoice Date", "Invoice No", "Customer", "Item Code", "Qty", "Price", "Net Amount"]
TITLE: Row = ["Raport sprzedaży"]
TEXTS = Facts(10_000, 0, 0, 0, 0, ("ABC",))
FIGURES = Facts(10_000, 0, 10_000, 0, 0, ("1,23",))
DAYS = Facts(10_000, 10_000, 0, 0, 0, ("2026-01-31",))


def sold(number: str | None = "F/1", day: str | None = "13.01.2026", who: str | None = "D1") -> Row:
    return [day, number, who, "P1", "2", "10,00", "20,00"]


def seen(rows: Sequence[Row]) -> Seen:
    return look([grid(rows)], [], "sales")


def laid_out(rows: Sequence[Row]) -> tuple[list[int], dict[str, list[int]]]:
    """Give the lines of a sheet, and what its other rows are, as a look at it proposes."""
    found = lay(grid(rows), propose(seen(rows)), "report.csv")
    assert found is not None
    return numbers(found.table), dict(recognised(found.table))


def test_a_header_that_comes_again_on_the_last_page_is_not_the_first() -> None:
    total: Row = ["Suma", None, None, None, "8", None, "80,00"]
    rows = [[*NAMES, None], *[[*sold(), "uwaga"]] * 4, ["str. 1"], [*NAMES, None], [*total, None]]
    assert seen(rows).header == 1
    assert laid_out(rows) == ([2, 3, 4, 5], {"repeated_header": [7], "heading": [6], "total": [8]})


@pytest.mark.parametrize("rows", [[NAMES, ENGLISH], [ENGLISH, NAMES]])
def test_a_header_in_two_languages_is_one_header(rows: list[Row]) -> None:
    found = seen([TITLE, *rows, sold()])
    assert (found.header, found.header_rows) == (2, 2)
    assert found.columns_of["quantity"] in ("Ilość / Qty", "Qty / Ilość")
    assert laid_out([TITLE, *rows, sold(), ["str. 1"], TITLE, *rows, sold()])[0] == [4, 9]


@pytest.mark.parametrize(
    ("name", "facts", "field"),
    [
        ("Kod kontr.", TEXTS, "distributor"),
        ("Cód. Cli.", TEXTS, "distributor"),
        ("Nazwa tow.", TEXTS, "product_name"),
        ("Код ном.", TEXTS, "product"),
        ("Cant. vend.", FIGURES, "quantity"),
        ("Wart. sprz. netto", FIGURES, "net_amount"),
        ("Amount excl. VAT", FIGURES, "net_amount"),
        ("Importe con IVA", FIGURES, "gross_amount"),
        ("Cena zak.", FIGURES, None),
        ("Wart. VAT", FIGURES, None),
        ("Kat.", TEXTS, None),
    ],
)
def test_names_are_known_where_they_are_shortened(name: str, facts: Facts, field: str | None) -> None:
    assert next((one.field for one in candidates(name, facts, "sales")), None) == field


def test_an_invoice_is_the_document_where_its_order_is_named_as_well() -> None:
    ordered = [["Nr zamówienia", *NAMES], ["Z/1", *sold()], ["Z/1", *sold("F/2")]]
    found = seen(ordered)
    assert (found.columns_of["document_number"], found.questions) == ("Nr faktury", ())
    alone = seen([[row[0], row[1], *row[3:]] for row in ordered])
    assert (alone.columns_of["document_number"], alone.questions) == ("Nr zamówienia", ())


def test_what_stands_over_codes_and_names_says_whether_they_are_of_customers_or_of_goods() -> None:
    over: Row = ["Dokument", None, "Nabywca", None, "Towar", None, "Sprzedaż", None]
    names = ["Numer", "Data", "Kod", "Nazwa", "Kod", "Nazwa", "Ilość", "Wartość"]
    found = seen([over, names, *[["F/1", "13.01.2026", "D1", "Sklep", "P1", "Farba", "2", "20,00"]] * 2])
    assert found.questions == ()
    assert {
        field: found.columns_of[field] for field in ("distributor", "distributor_name", "product", "product_name")
    } == {
        "distributor": "Nabywca / Kod",
        "distributor_name": "Nabywca / Nazwa",
        "product": "Towar / Kod",
        "product_name": "Towar / Nazwa",
    }


def test_joined_cells_above_the_header_group_its_columns() -> None:
    """Codes of customers and of goods were asked about where each is called otherwise than the others."""
    groups = ["Dokument", None, "Odbiorca", "Towar", None, "Sprzedaż", None]
    names: Row = ["Data", "Numer", "Kod", "Indeks", "Nazwa", "Ilość", "Wartość"]
    rows: list[Row] = [groups, names, *[["13.01.2026", "F/1", "D1", "P1", "Farba", "2", "20,00"]] * 2]
    joined = (Merge(1, 0, 1, 1), Merge(1, 3, 1, 4), Merge(1, 5, 1, 6))
    found = look([grid(rows, merged=joined)], [], "sales")
    assert (found.header_rows, found.questions) == (2, ())
    assert (found.columns_of["distributor"], found.columns_of["product"]) == ("Odbiorca / Kod", "Towar / Indeks")
    title = [["Sprzedaż za styczeń", *[None] * 6], *rows[1:]]
    assert look([grid(title, merged=(Merge(1, 0, 1, 6),))], [], "sales").header_rows == 1


def test_lines_that_look_like_names_are_none() -> None:
    rows = [NAMES, ["wczoraj", "F", "Klient", "Kod", "dwa", "Cena", "dużo"], sold()]
    assert seen(rows).header_rows == 1, "few of them are names of what stands above them"


def test_the_row_that_numbers_the_columns_comes_again_with_the_header() -> None:
    numbering: Row = [str(at) for at in range(1, 8)]
    rows = [NAMES, numbering, sold(), sold(), NAMES, numbering, sold()]
    assert laid_out(rows) == ([3, 4, 7], {"repeated_header": [2, 5, 6]})


def test_what_stands_alone_in_a_row_says_nothing_of_its_column() -> None:
    """The days of the first column are few, and the titles of pages and customers above the lines are many."""
    rows: list[Row] = [[*NAMES, "Data zamówienia"]]
    for page in range(4):
        lines = [[*sold(), "10.01.2026"], [*sold(None, None, None), "11.01.2026"]]
        rows += [[f"Strona {page}"], [f"Wydruk {page}"], [f"Klient: {page}"], *lines]
    assert seen(rows).columns_of["issued_on"] == "Data faktury"


@pytest.mark.parametrize(
    "name",
    ["Себестоимость", "VAT amount", "Сумма НДС", "Einkaufspreis", "EK-Preis", "Wartość zakupu netto", "Wartość / VAT"],
)
def test_what_goods_cost_and_taxes_are_no_amounts_of_a_sale(name: str) -> None:
    assert candidates(name, FIGURES, "sales") == []


@pytest.mark.parametrize(
    "names",
    [
        "Číslo dokladu;Datum vystavení;Datum splatnosti;Odběratel;Kód zboží;Název;Množství;Částka bez DPH;DPH",
        "Fakturabeleg;Datum;Fällig;Rechnungsempfänger;Teilenr.;Bezeichnung;Rechnungsmenge;Positionsbetrag;MwSt",
        "Nr paragonu;Data;Termin płatności;Nr nabywcy;Indeks katalogowy;Nazwa;Ilość szt.;Przychód netto;VAT",
        "Bill;Date;Due date;Account ref;Item ID;Description;Sales volume;Sales revenue;Tax",
        "Документ движения;Дата;Срок оплаты;Покупатель;Артикул;Номенклатура;Кол-во;Сумма, руб. без НДС;Сумма НДС",
        "Voucher No;Date;Due date;Party Name;Item Code;Description;Net qty;Amount, EUR, net;Tax",
    ],
)
def test_columns_are_known_as_further_programs_call_them(names: str) -> None:
    rows = [names.split(";"), *[["F1", "13.01.2026", "13.02.2026", "D1", "P1", "Farba", "3", "10,00", "2,30"]] * 2]
    found = seen([list(row) for row in rows])
    assert found.questions == ()
    places = {field: names.split(";").index(name) for field, name in found.columns_of.items()}
    fields = ("document_number", "issued_on", "distributor", "product", "product_name", "quantity", "net_amount")
    assert [places[field] for field in fields] == [0, 1, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    "name", ["Sales LY", "Qty PY", "Amount last year", "Budget amount", "Umsatz Vorjahr", "Wartość narastająco"]
)
def test_figures_of_another_year_and_planned_ones_are_no_amounts_of_a_sale(name: str) -> None:
    """What Sales LY holds was taken for pieces, as it is nearly called Sales Qty."""
    assert candidates(name, FIGURES, "sales") == []
    assert candidates("Sales TY", FIGURES, "sales")[0].field == "net_amount"


@pytest.mark.parametrize("name", ["Termin płatności", "Due Date", "Vencimiento", "Срок годности", "Fälligkeit"])
def test_the_day_of_payment_is_not_taken_for_that_of_the_sale(name: str) -> None:
    """It was, where no other column holds days: by what stands in it."""
    assert candidates(name, DAYS, "sales") == []
    rows = [[name, *NAMES[1:]], sold(), sold()]
    assert [one.key for one in seen(rows).questions] == ["column:issued_on"]


def test_what_goods_cost_is_not_offered_as_what_they_were_sold_for() -> None:
    rows = [[*NAMES[:6], "Koszt"], *[[*sold()[:6], "14,00"]] * 2]
    assert seen(rows).questions == ()


@pytest.mark.parametrize("text", ["F/1 suma", "Suma F/1", "Razem netto", "Total net", "Итого без НДС"])
def test_a_total_is_told_where_the_code_of_goods_stands(text: str) -> None:
    rows = [NAMES, sold(), sold("F/2"), [None, None, None, text, "4", None, "40,00"], sold("F/3")]
    assert laid_out(rows) == ([2, 3, 5], {"total": [4]})


@pytest.mark.parametrize("text", ["F/9 suma", "Suma wiertło", "Total Netting 5 kg"])
def test_goods_that_are_called_like_a_total_are_lines(text: str) -> None:
    rows = [NAMES, sold(), ["13.01.2026", "F/2", "D1", text, "4", None, "40,00"], sold("F/3")]
    assert laid_out(rows)[0] == [2, 3, 4]


def test_lines_drawn_between_documents_say_nothing_of_a_column_of_days() -> None:
    rows: list[Row] = [NAMES]
    for at in range(3):
        rows += [sold(f"F/{at}", "46035"), ["-" * (8 + at)] * 2]
    found = seen([*rows, ["=" * 12] * 2, ["." * 12] * 2])
    assert (found.columns_of["issued_on"], found.questions) == ("Data faktury", ())


def test_a_summary_before_the_sheets_is_not_looked_at_where_they_leave_something_open() -> None:
    summary = grid([["Odbiorca", "Wartość"], ["D1", "10,00"]], name="Suma")
    lines = grid([[name for name in NAMES if name != "Odbiorca"], *[[*sold()[:2], *sold()[3:]]] * 2], name="Styczeń")
    found = look([summary, lines], [], "sales")
    assert (found.sheet, [one.key for one in found.questions]) == ("Styczeń", ["fixed:distributor"])


def test_what_is_written_once_for_several_rows_is_seen_in_whichever_sheet_has_such() -> None:
    first = grid([NAMES, sold("F/1"), sold("F/2")], name="Styczeń")
    second = grid([NAMES, sold("F/3"), sold(None, None, None), sold(None, None, None)], name="Luty")
    assert look([first, second], [], "sales").fill_down == ("document_number", "issued_on", "distributor")


def test_a_pivot_table_says_whose_several_documents_are_once() -> None:
    names: Row = ["Odbiorca", "Nr faktury", "Data", "Kod towaru", "Suma z Ilość", "Suma z Wartość netto"]
    rows: list[Row] = [
        names,
        ["D1", "F/1", "13.01.2026", "P1", "2", "20,00"],
        ["D2", "F/2", "14.01.2026", "P1", "1", "10,00"],
        [None, None, None, "P2", "3", "30,00"],
        [None, "F/2 Suma", None, None, "4", "40,00"],
        [None, "F/3", "15.01.2026", "P2", "1", "10,00"],
        ["Suma końcowa", None, None, None, "7", "70,00"],
    ]
    found = lay(grid(rows), propose(seen(rows)), "report.csv")
    assert found is not None
    assert found.table.column("Odbiorca").to_pylist() == ["D1", "D2", "D2", "D2"]
    assert found.table.column("Nr faktury").to_pylist() == ["F/1", "F/2", "F/2", "F/3"]
    bare = [[(name or "").removeprefix("Suma z ") for name in names], *rows[1:]]
    assert "distributor" not in seen(bare).fill_down, "a list that lacks a customer is no pivot table"


def test_a_unit_price_and_an_amount_of_german_lists_settle_what_parts_thousandths_of_pieces() -> None:
    header = ["Belegnr", "Belegdatum", "Kunde", "Art-Nr", "Bezeichnung", "Menge", "EP netto", "GP netto"]
    lines = [("3,000", "1.466,01", "4.398,03"), ("1,000", "11,99", "11,99"), ("12,000", "5,19", "62,28")]
    rows: list[Row] = [
        header,
        *[["F/1", "13.01.2026", "D1", f"AW-{at}", "Kabel", *one] for at, one in enumerate(lines)],
    ]
    assert seen(rows).questions == ()
    assert propose(seen(rows)).columns["net_amount"] == "GP netto"


@pytest.mark.parametrize("name", ["KG netto", "LP netto", "HP netto"])
def test_two_letters_before_netto_are_no_amount_unless_they_are_known(name: str) -> None:
    header = ["Belegnr", "Belegdatum", "Kunde", "Art-Nr", "Menge", name, "EP netto"]
    rows: list[Row] = [header, *[[f"F/{at}", "13.01.2026", "D1", "P1", "2", f"7{at},50", "11,00"] for at in (1, 2)]]
    assert propose(seen(rows)).columns.get("net_amount") != name
    assert propose(seen(rows)).columns["unit_price"] == "EP netto"


@pytest.mark.parametrize(
    "names", [("Netto PLN", "Netto EUR"), ("Wartość [EUR]", "Wartość [PLN]"), ("Kwota", "Kwota EUR")]
)
def test_of_amounts_in_two_currencies_side_by_side_somebody_says_which_count(names: tuple[str, str]) -> None:
    header = ["Nr faktury", "Data", "Odbiorca", "Kod towaru", "Ilość", *names]
    rows: list[Row] = [header, *[[f"F/{at}", "13.01.2026", "D1", "P1", "2", f"4{at},00", f"1{at},00"] for at in (1, 2)]]
    found = seen(rows)
    assert [(one.key, one.options) for one in found.questions] == [("column:net_amount", names)]
    assert "unit_price" not in propose(found, {"column:net_amount": names[0]}).columns, "the other is no price"


def test_another_table_below_and_a_row_of_numbers_say_nothing_of_the_columns() -> None:
    told = ["Data wyst.", "Nr faktury", "Odbiorca", "Kod towaru", "Ilość", "Cena", "Wartość netto"]
    numbering: Row = [str(at) for at in range(1, 8)]
    assert seen([told, numbering, sold()]).columns_of["issued_on"] == "Data wyst."
    moved = [6, 4, 3, 0, 5, 1, 2]
    below = [[row[at] for at in moved] for row in (NAMES, sold("F/7"), sold("F/8"))]
    assert seen([NAMES, sold(), *below]).questions == ()
    with pytest.raises(FileRefused, match="row 3: found another header"):
        laid_out([NAMES, sold(), *below])


def test_a_code_beside_the_name_of_a_customer_is_asked_about_as_one_of_goods_is() -> None:
    names = ["Data faktury", "Nr faktury", "Nazwa odbiorcy", "Oznaczenie", "Kod towaru", "Ilość", "Wartość netto"]
    rows = [
        ["13.01.2026", f"F/{at}", f"Sklep {name}", f"K{name}1", "P1", "2", "20,00"] for at, name in enumerate("ABA")
    ]
    (asked,) = seen([names, *rows]).questions
    assert (asked.key, asked.options, asked.optional) == ("column:distributor", ("Nazwa odbiorcy", "Oznaczenie"), False)
    for name in ("Telefon", "Kod poczt.", "PLZ"):
        assert seen([[name if one == "Oznaczenie" else one for one in names], *rows]).questions == ()


def test_over_a_row_that_nobody_can_read_no_document_is_filled_down() -> None:
    """It may be the first of the next one, whose lines would else be sold by the one before."""
    again = sold(None, None, None)
    rows = [NAMES, sold("F/1"), again, again, again, sold("F/3"), again]
    shape = grid(rows, wrong_width=((4, 3),), broken={4: ["14.01.2026", "F/2", "D2"]})
    shape.row_number[3:] += 1
    read = profile(
        columns=dict(zip(("issued_on", "document_number", "distributor", "product", "quantity"), NAMES, strict=False)),
        fill_down=["document_number", "issued_on", "distributor"],
    )
    found = lay(shape, read, "report.csv")
    assert found is not None
    assert found.table.column("Nr faktury").to_pylist() == ["F/1", "F/1", None, None, "F/3", "F/3"]


@pytest.mark.parametrize(
    ("pieces", "amounts"),
    [("Ilość", "Wartość netto"), ("Menge", "Betrag netto"), ("Кол-во", "Сумма без НДС"), ("szt.", "Wartość")],
)
def test_months_without_a_year_are_told_by_what_stands_beside_their_names(pieces: str, amounts: str) -> None:
    names = [f"{month} {what}" for month in ("Styczeń", "Luty", "Marzec") for what in (pieces, amounts)]
    found = seen([["Rok 2025"], ["Odbiorca", "Kod", *names], ["D1", "P1", "1", "10,00", "2", "20,00", "3", "30,00"]])
    assert found.questions == ()
    assert found.months is not None
    assert (found.months.quantity, found.months.net_amount, found.months.year) == (pieces, amounts, 2025)


@pytest.mark.parametrize("read_once", [NAMES, ENGLISH])
def test_a_header_in_two_languages_is_known_by_the_one_that_was_read_once(read_once: Row) -> None:
    once = propose(seen([read_once, sold()]))
    both = grid([NAMES, ENGLISH, sold(), sold("F/2")])
    found = identify([both], [], "report.csv", {"sales": once})
    assert (found.profile_name, found.recognised) == ("sales", True)
    table = lay(both, once, "report.csv")
    assert table is not None
    assert numbers(table.table) == [3, 4]


def test_questions_about_headings_name_their_rows() -> None:
    rows: list[Row] = [NAMES, sold(), ["Zwroty"], sold("F/2"), ["Zwroty"], sold("F/3")]
    asked = next(one for one in seen(rows).questions if one.topic == "headed_returns")
    assert (asked.about, asked.rows) == ("Zwroty", (3, 5))


COUNTED = [[str(at), f"F/{at // 2}", "2026-01-13", "D1", f"P{at}", str(at), "20.00"] for at in range(1, 9)]
NUMBERED = ["Faktura", "Data", "Odbiorca", "Kod", "Ilość", "Netto"]


@pytest.mark.parametrize("name", ["Nr", "№", "Number", "Numer"])
def test_a_bare_number_is_what_it_counts(name: str) -> None:
    assert seen([[name, *NUMBERED], *COUNTED]).columns_of["document_number"] == "Faktura"
    per_document = [[str(1 + at % 3), f"F/{at // 3}", *row[2:]] for at, row in enumerate(COUNTED)]
    assert not seen([[name, *NUMBERED], *per_document]).questions
    only = seen([[name, *NUMBERED[1:]], *([row[0], *row[2:]] for row in COUNTED)])
    assert [one.key for one in only.questions] == ["column:document_number"], "rows are counted, no documents"
    of_documents = seen([[name, *NUMBERED[1:]], *([str(7 + at // 2), *row[2:]] for at, row in enumerate(COUNTED))])
    assert (of_documents.columns_of["document_number"], of_documents.questions) == (name, ())


def test_a_bare_number_may_be_that_of_goods() -> None:
    rows = [[*row[1:4], str(700 + at % 3), f"Klej {at % 3}", *row[5:]] for at, row in enumerate(COUNTED)]
    found = seen([["Faktura", "Data", "Odbiorca", "Nr", "Nazwa", "Ilość", "Netto"], *rows])
    assert (found.columns_of["product"], found.columns_of["product_name"], found.questions) == ("Nr", "Nazwa", ())


@pytest.mark.parametrize("words", ["Suma z ", "Sum of ", "Summe von ", "Сумма по полю "])
def test_what_a_pivot_table_adds_up_is_called_as_it_is(words: str) -> None:
    found = seen([[*NUMBERED[:4], f"{words}Qty", f"{words}Netto"], *(row[1:] for row in COUNTED)])
    assert (found.columns_of["quantity"], found.columns_of["net_amount"]) == (f"{words}Qty", f"{words}Netto")
    assert not found.questions


def test_rows_of_a_pivot_table_that_lack_their_document_are_not_one_document(tmp_path: Path) -> None:
    names = "Klient;Faktura;Data;Kod;Suma z Ilość;Suma z Netto"
    lines = "K;(puste);13.01.2026;P;2;20,00\n;;;Q;1;9,00\nL;F/2;14.01.2026;(puste);1;5,00\nL;F/3;15.01.2026;P;1;5,00\n"
    found = read_text(tmp_path, f"{names}\n{lines}")
    assert [(one[0], one[-1]) for one in found.good] == [("F/3", 500)]
    assert found.outcomes == dict.fromkeys((2, 3, 4), ("refused", "missing"))


def test_the_apostrophe_of_numbers_that_are_texts_is_dropped() -> None:
    rows = [["'F/1", "2026-01-13", "'s-Hertogenbosch", "'00123", "2", "20.00"], [*COUNTED[1][1:4], "AB'1", "'3", "9"]]
    table = lay(grid([NUMBERED, *rows]), propose(seen([NUMBERED, *rows])), "x")
    assert table is not None
    assert table.table.column("Odbiorca").to_pylist() == ["'s-Hertogenbosch", "D1"]
    assert table.table.column("Kod").to_pylist() == ["00123", "AB'1"]
    assert table.table.column("Ilość").to_pylist() == ["2", "3"]


@pytest.mark.parametrize(
    ("header", "cells", "choices"),
    [
        (("Towar", ""), ("Olej silnikowy", "A-{}"), ["Towar", "column 5"]),
        (("", "Towar"), ("A-{}", "Olej silnikowy"), ["Towar", "column 4"]),
        (("Item", "Product"), ("Olej silnikowy", "A-{}"), ["Item", "Product"]),
        (("Towar", ""), ("A-{}", "Olej silnikowy"), None),
        (("Towar", "Uwagi"), ("Olej silnikowy", "A-{}"), None),
        (("Towar", ""), ("Olej silnikowy", "Brak"), None),
    ],
    ids=["behind", "before", "both called as goods", "codes", "another name", "no codes"],
)
def test_codes_beside_names_below_a_name_of_both_are_asked_about(
    header: Row, cells: Sequence[str], choices: list[str] | None
) -> None:
    rows: list[Row] = [["Nr faktury", "Data", "Odbiorca", *header, "Ilość", "Wartość netto"]]
    for at in range(3):
        goods = [text.format(at) if "{" in text else f"{text} {'abc'[at]}" for text in cells]
        rows.append([f"F/{at}", "13.01.2026", "D1", *goods, "2", "20,00"])
    found = {one.key: list(one.options) for one in seen(rows).questions}
    assert found == ({} if choices is None else {"column:product": choices})


def test_codes_beside_names_of_customers_are_asked_about() -> None:
    rows: list[Row] = [["Nr faktury", "Data", "", "Odbiorca", "Kod towaru", "Ilość", "Wartość netto"]]
    rows += [[f"F/{at}", "13.01.2026", f"10{at}", f"Firma {'abc'[at]}", "P1", "2", "20,00"] for at in range(3)]
    assert [(one.key, one.options) for one in seen(rows).questions] == [
        ("column:distributor", ("Odbiorca", "column 3"))
    ]


@pytest.mark.parametrize(
    ("names", "whose"),
    [
        (["Odbiorca", "NIP"], None),
        (["NIP", "Nazwa kontrahenta"], None),
        (["Nabywca / Kod", "Nabywca / NIP"], None),
        (["Odbiorca", "NIP sprzedawcy", "NIP"], "NIP sprzedawcy"),
        (["Odbiorca", "Sprzedawca / NIP"], "Sprzedawca / NIP"),
        (["NIP", "Uwagi"], "NIP"),
    ],
)
def test_a_tax_id_beside_a_customer_is_no_sellers(names: list[str], whose: str | None) -> None:
    found = {one: candidates(one, TEXTS, "sales") for one in names}
    held = [
        name for name, several in without_customers(found).items() for one in several if one.field == "seller_tax_id"
    ]
    assert held[:1] == ([whose] if whose else [])


def test_a_document_has_no_key_by_the_tax_id_of_its_customer() -> None:
    named = [*NAMES, "NIP"]
    assert "seller_tax_id" not in seen([named, [*sold(), "5260001246"], [*sold("F/2"), "5260001246"]]).columns_of
