"""Rows that are perhaps no sales: cancelled by a column, or below a heading that says that goods came back."""

from pathlib import Path

import openpyxl
import pytest

from app.domain.program_file.import_profile import ImportProfile
from app.domain.states import DocumentKind
from importers.errors import FileRefused, QuestionOpen
from importers.layout.looks.proposing import Unanswered
from importers.layout.rows.cancelled import ANYTHING, cancels
from tests.importers.layout.reports import HEADER, laid, line, profile, read_by_proposal, read_text, typed

HEAD = "Nr faktury;Data sprzedaży;Odbiorca;Kod towaru;Ilość;Wartość netto"
LINES = "F;13.02.2019;K;P;2;10,00\nG;14.02.2019;L;P;1;5,00\n"
SOLD, CAME_BACK = DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE


@pytest.mark.parametrize(
    ("column", "sold", "cancelled", "values"),
    [
        ("Storno", "", "X", [ANYTHING]),
        ("Anulowano", "NIE", "TAK", [ANYTHING]),
        ("Cancelled?", "No", "Yes", [ANYTHING]),
        ("Status", "Wystawiona", "Anulowana", ["Anulowana"]),
        ("Estado", "Emitida", "Anulada", ["Anulada"]),
        ("Статус", "проведён", "аннулирован", ["аннулирован"]),
        ("Uwagi", "", "faktura anulowana", ["faktura anulowana"]),
        ("Status", "ok", "szkic", ["szkic"]),
        ("Order Status", "Completed", "Failed", ["Failed"]),
        ("Financial Status", "paid", "pending", ["pending"]),
        ("Status", "Zrealizowane", "Oczekuje na płatność", ["Oczekuje na płatność"]),
        ("Stav", "Vystavena", "Zrušená", ["Zrušená"]),
    ],
)
def test_rows_that_a_column_cancels_are_asked_about_and_refused(
    tmp_path: Path, column: str, sold: str, cancelled: str, values: list[str]
) -> None:
    content = f"{HEAD};{column}\nF;13.02.2019;K;P;2;10,00;{sold}\nG;14.02.2019;L;P;1;5,00;{cancelled}\n"
    with pytest.raises(Unanswered) as stopped:
        read_text(tmp_path, content)
    assert [(one.key, one.examples) for one in stopped.value.questions] == [("cancelled", (cancelled,))]
    found = read_text(tmp_path, content, {"cancelled": "cancelled"})
    assert found.outcomes == {3: ("refused", "cancelled")}
    assert found.profile.cancelled is not None
    assert found.profile.cancelled.values == values
    assert read_text(tmp_path, content, {"cancelled": "sold"}).outcomes == {}


@pytest.mark.parametrize(
    ("column", "sold", "others", "delivered"),
    [
        ("Typ dokumentu", "Faktura", "Oferta", ""),
        ("Rodzaj", "FV", "Zamówienie od klienta", ""),
        ("Typ", "Paragon", "Faktura pro forma", ""),
        ("Typ", "FA", "MM", "WZ"),
        ("Rodzaj dokumentu", "Faktura VAT", "Przesunięcie międzymagazynowe", "Wydanie zewnętrzne"),
        ("Operacja", "Sprzedaż", "zużycie własne", ""),
        ("Document type", "Invoice", "Sales quote", ""),
        ("Type", "Invoice", "Stock transfer", "Delivery note"),
        ("Tipo de documento", "Factura", "Presupuesto", "Albarán"),
        ("Belegart", "Rechnung", "Auftragsbestätigung", "Lieferschein"),
        ("Вид документа", "Реализация товаров", "Заказ покупателя", ""),
        ("Тип", "Накладная", "Счет на оплату", ""),
    ],
)
def test_documents_by_which_nothing_was_sold_are_asked_about_and_refused(
    tmp_path: Path, column: str, sold: str, others: str, delivered: str
) -> None:
    content = f"{HEAD};{column}\nF;13.02.2019;K;P;2;10,00;{sold}\nG;14.02.2019;L;P;1;5,00;{others}\n"
    content += f"H;14.02.2019;L;P;1;5,00;{delivered}\n" if delivered else ""
    with pytest.raises(Unanswered) as stopped:
        read_text(tmp_path, content)
    found = [(one.key, one.examples, len(one.options)) for one in stopped.value.questions]
    assert found == [("other_documents", (others, delivered), 3) if delivered else ("other_documents", (others,), 2)]
    refused = {3: ("refused", "other_document")}
    both = refused | ({4: refused[3]} if delivered else {})
    assert read_text(tmp_path, content, {"other_documents": "no_sales"}).outcomes == both
    assert read_text(tmp_path, content, {"other_documents": "sold"}).outcomes == {}
    if delivered:
        assert read_text(tmp_path, content, {"other_documents": "deliveries_sold"}).outcomes == refused


def test_kinds_of_documents_that_sell_are_no_question(tmp_path: Path) -> None:
    for column, one, other in (
        ("Typ", "Faktura", "Paragon"),
        ("Status", "zamówienie zrealizowane", "sprzedaż z zamówienia"),
        ("Rodzaj", "Hurt", "Detal"),
        ("Type", "Invoice", "Web order, completed"),
        ("Uwagi", "", "do zamówienia 12/2019 z oferty specjalnej"),
        ("Kolor", "oferta", "wz"),
    ):
        content = f"{HEAD};{column}\nF;13.02.2019;K;P;2;10,00;{one}\nG;14.02.2019;L;P;1;5,00;{other}\n"
        assert len(read_text(tmp_path, content).good) == 2, column


def test_a_profile_that_does_not_say_what_sells_nothing_stops_the_import() -> None:
    rows = [[*HEADER, "Typ"], [*line("A"), "FV"], [*line("B"), "Oferta"], [*line("C"), "WZ"]]
    with pytest.raises(QuestionOpen, match=r"'Typ': documents seem to be named there .* 'Oferta', 'WZ'"):
        typed(laid(rows), profile(decimal=","))
    said = profile(decimal=",", other_documents={"column": "Typ", "values": ["oferta"]})
    with pytest.raises(QuestionOpen, match="it holds 'WZ'"):
        typed(laid(rows, said), said)
    said = profile(decimal=",", other_documents={"column": "Typ", "values": ["oferta"]}, sold=["WZ"])
    assert set(typed(laid(rows, said), said).outcomes) == {3}
    said = profile(decimal=",", other_documents={"column": "Typ"})
    assert typed(laid(rows, said), said).outcomes == {}
    said = profile(decimal=",", credit_note={"column": "Typ", "values": ["Zwrot"]})
    with pytest.raises(QuestionOpen, match="it holds 'Oferta'"):
        typed(laid(rows, said), said)


def test_a_state_that_cancels_nothing_is_no_question(tmp_path: Path) -> None:
    for column, one, other in (("Status", "opłacona", "nie anulowana"), ("Storno", "0", "-"), ("Anulowano", "nie", "")):
        content = f"{HEAD};{column}\nF;13.02.2019;K;P;2;10,00;{one}\nG;14.02.2019;L;P;1;5,00;{other}\n"
        assert len(read_text(tmp_path, content).good) == 2


def test_a_profile_that_does_not_say_what_a_column_cancels_stops_the_import() -> None:
    rows = [[*HEADER, "Status"], [*line("A"), "wydana"], [*line("B"), "anulowana"], [*line("C"), "ANULOWANO"]]
    with pytest.raises(QuestionOpen, match=r"'Status': rows seem to be cancelled .* 'anulowana', 'ANULOWANO'"):
        typed(laid(rows), profile(decimal=","))
    said = profile(decimal=",", cancelled={"column": "Status", "values": ["Anulowana"]})
    with pytest.raises(QuestionOpen, match="it holds 'ANULOWANO'"):
        typed(laid(rows, said), said)
    said = profile(decimal=",", cancelled={"column": "Status", "values": ["Anulowana", "anulowano"]})
    assert set(typed(laid(rows, said), said).outcomes) == {3, 4}
    said = profile(decimal=",", cancelled={"column": "Status", "values": []})
    assert typed(laid(rows, said), said).outcomes == {}


def test_what_cancels_a_row() -> None:
    assert [cancels(text, (ANYTHING,)) for text in ("X", "tak", "2026-01-05", "nein", "0,00", " ", "-")] == [
        True
    ] * 3 + [False] * 4
    assert [cancels(text, None) for text in ("szkic faktury", "VOID", "przed anulowaniem", "devoid")] == [
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("title", ["Zwroty za luty", "Returns", "Devoluciones 02/2019", "Возвраты", "Gutschriften"])
def test_goods_below_a_title_that_says_returns_are_asked_about(tmp_path: Path, title: str) -> None:
    content = f"{title}\n\n{HEAD}\n{LINES}"
    with pytest.raises(Unanswered) as stopped:
        read_text(tmp_path, content)
    assert [(one.key, one.about) for one in stopped.value.questions] == [("headed_returns", title)]
    found = read_text(tmp_path, content, {"headed_returns": "returned"})
    assert found.rows.kind.tolist() == [CAME_BACK] * 2
    assert read_text(tmp_path, content, {"headed_returns": "sold"}).rows.kind.tolist() == [SOLD] * 2
    signed = content.replace(";2;10", ";-2;-10").replace(";1;5", ";-1;-5")
    assert read_text(tmp_path, signed).rows.kind.tolist() == [SOLD] * 2, "signs say it already"
    assert len(read_text(tmp_path, f"Sprzedaż i {title}\n\n{HEAD}\n{LINES}").good) == 2


def test_a_heading_among_the_lines_holds_up_to_the_next_one(tmp_path: Path) -> None:
    content = f"{HEAD}\nZwroty;;;;;\n{LINES}Sprzedaż;;;;;\nH;15.02.2019;K;P;3;9,00\n"
    with pytest.raises(Unanswered, match="stand below 'Zwroty'"):
        read_text(tmp_path, content)
    found = read_text(tmp_path, content, {"headed_returns": "returned"})
    assert found.rows.kind.tolist() == [CAME_BACK, CAME_BACK, SOLD]
    assert found.table.recognised.rows["heading"].tolist() == [2, 5]  # type: ignore[index]


def test_a_sheet_that_is_called_returns_is_asked_about(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    del book[book.sheetnames[0]]
    for name, number in (("Sprzedaż", "A"), ("Zwroty", "B")):
        page = book.create_sheet(name)
        for row in (HEADER, [number, "2026-01-05", "D1", "P1", 2, 20], [f"{number}2", "2026-01-06", "D1", "P1", 1, 9]):
            page.append(row)
    path = tmp_path / "report.xlsx"
    book.save(path)
    with pytest.raises(Unanswered, match="stand below 'Zwroty'"):
        read_by_proposal(path)
    found = read_by_proposal(path, {"headed_returns": "returned"})
    assert found.rows.kind.tolist() == [SOLD, SOLD, CAME_BACK, CAME_BACK]
    with pytest.raises(QuestionOpen, match="a heading says that these goods came back"):
        typed(found.table, ImportProfile.model_validate(found.profile.model_copy(update={"headed_returns": None})))


def test_months_below_such_a_title_are_asked_about(tmp_path: Path) -> None:
    content = "Zwroty\nKod;styczeń 2019 szt.;styczeń 2019 zł;luty 2019 szt.;luty 2019 zł\nP;1;10,00;2;20,50\n"
    answers = {"fixed:distributor": "D"}
    with pytest.raises(Unanswered, match="headed_returns"):
        read_text(tmp_path, content, answers)
    found = read_text(tmp_path, content, {**answers, "headed_returns": "returned"})
    assert found.rows.kind.tolist() == [CAME_BACK] * 2


def test_rows_that_were_handed_back_lost_their_headings() -> None:
    rows = [[*HEADER, "Reason [dates dmy]"], [*line("A"), "No product has the code"]]
    with pytest.raises(FileRefused, match="do not say below which heading"):
        laid(rows, profile(headed_returns="returned"))


@pytest.mark.parametrize(
    ("column", "sold", "back"),
    [("Znak", "+", "-"), ("S/H", "S", "H"), ("Strona", "Wn", "Ma"), ("Ruch", "WZ", "PZ"), ("Mnożnik", "1", "-1")],
)
def test_a_column_that_says_which_way_goods_went_is_asked_about(
    tmp_path: Path, column: str, sold: str, back: str
) -> None:
    lines = [f"F{at};13.02.2019;K;P;2;10,00;{sold}" for at in range(700)] + [f"G;14.02.2019;L;P;1;5,00;{back}"]
    content = f"{HEAD};{column}\n" + "\n".join(lines) + "\n"
    with pytest.raises(Unanswered) as stopped:
        read_text(tmp_path, content)
    assert [(one.key, one.about) for one in stopped.value.questions] == [("returned", f"{column}: {back}")]
    assert set(read_text(tmp_path, content, {"returned": "returned"}).rows.kind[-2:].tolist()) == {SOLD, CAME_BACK}
    assert len(read_text(tmp_path, content.replace(f"1;5,00;{back}", f"1;5,00;{sold}")).good) == 701


def test_an_amount_that_has_a_tax_in_it_is_asked_about(tmp_path: Path) -> None:
    priced = "Nr faktury;Data sprzedaży;Odbiorca;Kod towaru;Ilość;Cena netto;Wartość"
    content = f"{priced}\nF;13.02.2019;K;P;2;10,00;24,60\nG;14.02.2019;L;P;3;5,00;16,20\n"
    with pytest.raises(Unanswered) as stopped:
        read_text(tmp_path, content)
    assert [(one.key, one.options, one.optional) for one in stopped.value.questions] == [
        ("column:net_amount", ("Wartość",), True)
    ]
    assert [one[-1] for one in read_text(tmp_path, content, {"column:net_amount": ""}).good] == [2000, 1500]
    assert [one[-1] for one in read_text(tmp_path, content, {"column:net_amount": "Wartość"}).good] == [2460, 1620]


def test_a_column_of_what_came_back_is_told_where_it_is_not_read(tmp_path: Path) -> None:
    lines = "F;13.02.2019;K;P;2;10,00;{}\nG;14.02.2019;L;P;1;5,00;0\n"
    for name, held, told in (("Ilość zwrócona", "3 szt.", "3 szt."), ("Returned", "0", None), ("Zwrot", "Nie", None)):
        found = read_text(tmp_path, f"{HEAD};{name}\n{lines.format(held)}").table.warnings
        assert found == ([{"code": "returns_beside", "field": name, "found": told}] if told else [])


def test_pieces_that_came_back_mark_no_row_that_sells_others(tmp_path: Path) -> None:
    lines = "F;13.02.2019;K;P;5;50,00;1\nG;14.02.2019;L;P;2;20,00;0\n"
    for name in ("Ilość zwrotów", "Returned qty", "Devoluciones (uds)", "Кол-во возврата"):
        found = read_text(tmp_path, f"{HEAD};{name}\n{lines}")
        assert [one[5] for one in found.good] == [5000, 2000]
        assert found.table.warnings == [{"code": "returns_beside", "field": name, "found": "1"}]
    with pytest.raises(Unanswered):
        read_text(tmp_path, f"{HEAD};Zwrot\n{lines}")


@pytest.mark.parametrize(("sold", "back"), [("Sprzedaż", "Zwroty"), ("Umsatz", "Gutschriften"), ("Ventas", "Abonos")])
def test_what_was_sold_is_read_beside_what_came_back_under_the_same_names(tmp_path: Path, sold: str, back: str) -> None:
    names = f"Nr faktury;Data sprzedaży;Odbiorca;Kod towaru;{sold};;{back};\n;;;;Ilość;Netto;Ilość;Netto\n"
    found = read_text(tmp_path, f"{names}F;13.02.2019;K;P;5;50,00;1;10,00\nG;14.02.2019;L;P;2;20,00;;\n")
    assert [one[5::2] for one in found.good] == [(5000, 5000), (2000, 2000)]
    assert [one["field"] for one in found.table.warnings] == [f"{back} / Ilość", f"{back} / Netto"]


def test_what_is_left_of_pieces_without_those_that_came_back_was_sold(tmp_path: Path) -> None:
    names = "Invoice;Date;Customer;SKU;Sold qty;Returned qty;Net qty;Net sales"
    found = read_text(tmp_path, f"{names}\nF;13.02.2019;K;P;10;2;8;80,00\nG;14.02.2019;L;P;5;0;5;50,00\n")
    assert [one[5::2] for one in found.good] == [(8000, 8000), (5000, 5000)]


def test_goods_with_several_units_are_told(tmp_path: Path) -> None:
    lines = "F;13.02.2019;K;P;2;10,00;{}\nG;14.02.2019;L;P;1;5,00;szt.\nG;14.02.2019;L;Q;1;5,00;kg\n"
    for name, unit, told in (
        ("JM", "karton", True),
        ("j.m.", "SZT", False),
        ("Unit", "pcs", False),
        ("Uwagi", "op", False),
    ):
        found = read_text(tmp_path, f"{HEAD};{name}\n{lines.format(unit)}").table.warnings
        said = [{"code": "units_differ", "field": name, "found": "P", "expected": f"{unit}, szt.", "count": 1}]
        assert found == (said if told else []), name


@pytest.mark.parametrize(
    ("column", "sold", "planned"),
    [
        *(("Wersja", "Wykonanie", "Plan"), ("Scenario", "Actual", "Budget"), ("Typ danych", "Rzeczywiste", "Prognoza")),
        *(("Dane", "TY", "LY"), ("Okres", "bieżący", "poprzedni"), ("Szenario", "Ist", "Plan")),
        *(("Вид данных", "Факт", "План"), ("Escenario", "Real", "Presupuesto"), ("Measure", "Sales", "Forecast")),
    ],
)
def test_rows_of_what_was_planned_or_of_another_period_are_asked_about(
    tmp_path: Path, column: str, sold: str, planned: str
) -> None:
    content = f"{HEAD};{column}\nF;13.02.2019;K;P;2;10,00;{sold}\nG;14.02.2019;L;P;1;5,00;{planned}\n"
    months = f"Klient;Kod;{column};Cena netto;styczeń 2026;luty 2026\nK;P;{sold};1,00;2;3\nK;P;{planned};1,00;5;6\n"
    for text, left in ((content, [1000]), (months, [200, 300])):
        with pytest.raises(Unanswered) as stopped:
            read_text(tmp_path, text)
        assert [(one.key, one.examples) for one in stopped.value.questions] == [("other_documents", (planned,))]
        found = read_text(tmp_path, text, {"other_documents": "no_sales"})
        assert [one[-1] for one in found.good] == left
    assert len(read_text(tmp_path, content.replace(column, "Program")).good) == 2, "no column of kinds"
