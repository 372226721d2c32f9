"""Credit notes and corrections that a file does not give as such: by names, kinds, signs, rows before and after."""

import re
from pathlib import Path

import openpyxl
import pytest

from app.domain.states import DocumentKind
from importers.errors import FileRefused, QuestionOpen
from importers.files.guard import judge
from importers.layout.looks.proposing import Unanswered
from importers.reading.reading import read_as
from tests.importers.files.made import LIMITS
from tests.importers.layout.reports import (
    HEADER,
    LANGUAGES,
    laid,
    line,
    profile,
    read_by_proposal,
    read_text,
    typed,
)

HEAD = "Nr faktury;Data sprzedaży;Odbiorca;Kod towaru;Ilość;Wartość netto"
LINES = "F;13.02.2019;K;P;2;10,00\nG;14.02.2019;L;P;1;5,00\n"
SOLD, CAME_BACK = DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        (("FV/1", "FKV/2", "FV/3"), {"number_prefix": "FKV"}),
        (("FV/1", "KOR/2", "ZW/3"), {"number_parts": ["KOR", "ZW"]}),
        (("FV/1", "FV/2/KOR", "FV/3"), {"number_parts": ["KOR"]}),
        (("INV/1", "RINV/2", "INV/3"), {"number_prefix": "RINV"}),
        (("FS-1/26", "(s)FSK-2/26", "FS-3/26"), {"number_parts": ["FSK"]}),
        (("PS-INV1", "PS-CR2", "PS-INV3"), {"number_parts": ["CR"]}),
    ],
)
def test_numbers_that_are_called_credit_notes_are_asked_about(
    tmp_path: Path, numbers: tuple[str, ...], said: dict[str, object]
) -> None:
    content = HEAD + "\n" + "".join(f"{one};13.02.2019;K;P;2;10,00\n" for one in (*numbers, "KORONA/4"))
    with pytest.raises(Unanswered, match="returned"):
        read_text(tmp_path, content)
    found = read_text(tmp_path, content, {"returned": "returned"})
    assert found.profile.credit_note is not None
    assert found.profile.credit_note.model_dump(exclude_defaults=True) == said
    back = re.compile(r"\b(?:FKV|KOR|ZW|RINV|FSK|CR2)\b")
    called = [back.search(one) is not None for one in (*numbers, "KORONA/4")]
    assert found.rows.kind.tolist() == [CAME_BACK if one else SOLD for one in called]


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("ZWROT: Farba biała 10L", "ZWROT:*"),
        ("Zwrot farby", "Zwrot *"),
        ("RETURN - Paint", "RETURN - *"),
        ("DEVOLUCIÓN Pintura", "DEVOLUCIÓN *"),
        ("ВОЗВРАТ краски", "ВОЗВРАТ *"),
        ("Farba biała (zwrot)", "*(zwrot)"),
    ],
)
def test_goods_that_are_called_returned_are_asked_about(tmp_path: Path, name: str, way: str) -> None:
    head = "Nr faktury;Data sprzedaży;Odbiorca;Kod towaru;Nazwa towaru;Ilość;Wartość netto"
    other = ("zwrotnica", "Klapa zwrotna", "Return valve", "Возвратный клапан", "Retour-Filter", "Zwrotny zawór")
    names = (*other, name)
    content = head + "\n" + "".join(f"F{at};13.02.2019;K;P{at};{one};2;10,00\n" for at, one in enumerate(names))
    with pytest.raises(Unanswered) as stopped:
        read_text(tmp_path, content)
    assert [(one.key, one.about) for one in stopped.value.questions] == [("returned", f"Nazwa towaru: {name}")]
    found = read_text(tmp_path, content, {"returned": "returned"})
    assert found.profile.credit_note is not None
    assert (found.profile.credit_note.column, found.profile.credit_note.values) == ("Nazwa towaru", [way])
    assert found.rows.kind.tolist() == [SOLD] * len(other) + [CAME_BACK]
    sold = read_text(tmp_path, content, {"returned": "sold"})
    assert (sold.rows.kind.tolist(), sold.profile.sold) == ([SOLD] * len(names), [way])
    assert len(read_text(tmp_path, content.rpartition("F6")[0]).good) == len(other)


def test_a_file_that_says_so_in_several_ways_is_asked_about_once(tmp_path: Path) -> None:
    rows = ["F/1;;", "KOR/2;Korekta;", "F/3;Zwrot;", "F/4;;tak", "KOR/5;;tak"]
    lines = "".join("{};13.02.2019;K;P;2;10,00;{};{}\n".format(*row.split(";")) for row in rows)
    content = f"{HEAD};Typ;Retoure\n{lines}"
    with pytest.raises(Unanswered) as stopped:
        read_text(tmp_path, content)
    assert [one.key for one in stopped.value.questions] == ["returned"]
    found = read_text(tmp_path, content, {"returned": "returned"})
    assert found.profile.credit_note is not None
    assert found.profile.credit_note.model_dump(exclude_defaults=True) == {
        "number_prefix": "KOR",
        "column": "Typ",
        "values": ["Korekta", "Zwrot"],
        "others": {"Retoure": ["*"]},
    }
    assert found.rows.kind.tolist() == [SOLD] + [CAME_BACK] * 4
    assert read_text(tmp_path, content, {"returned": "sold"}).rows.kind.tolist() == [SOLD] * 5


def test_how_a_large_source_numbers_its_credit_notes_is_learned_wherever_they_stand(tmp_path: Path) -> None:
    sold = "".join(f"F/{at};13.02.2019;K;P;2;10,00\n" for at in range(100_001))
    learned = read_text(tmp_path, f"{HEAD}\n{sold}XX/2;14.02.2019;L;P;(1);(5,00)\n")
    assert learned.profile.credit_note is not None
    assert learned.profile.credit_note.model_dump(exclude_defaults=True) == {"number_prefix": "XX", "signed": True}


@pytest.mark.parametrize(
    "other", ["F/2;14.02.2019;L;P;-1;-5,00", "XXB/2;14.02.2019;L;P;1;5,00", "2;14.02.2019;L;P;-1;-5"]
)
def test_letters_that_do_not_tell_credit_notes_from_others_are_not_learned(tmp_path: Path, other: str) -> None:
    found = read_text(tmp_path, f"{HEAD}\nF/1;13.02.2019;K;P;2;10,00\nXX/2;14.02.2019;L;P;-1;-5,00\n{other}\n")
    assert found.profile.credit_note is None


def test_what_a_signed_source_calls_credit_notes_takes_nothing_back_that_it_sells(tmp_path: Path) -> None:
    content = f"{HEAD}\nF/1;13.02.2019;K;P;2;10,00\nXX/2;14.02.2019;L;P;-1;-5,00\n"
    learned = read_text(tmp_path, content)
    assert learned.profile.credit_note is not None
    assert learned.profile.credit_note.signed
    assert learned.rows.kind.tolist() == [SOLD, CAME_BACK]
    rows = [HEADER, line("F/1"), line("XX/2", quantity="-1", net="-5,00"), line("XX/3")]
    said = profile(decimal=",", credit_note={"number_prefix": "XX", "signed": True})
    with pytest.raises(QuestionOpen, match=r"'XX/3'.*; say signed: false under credit_note: or sold:"):
        typed(laid(rows, said), said)
    said = profile(decimal=",", credit_note={"number_prefix": "XX", "signed": True}, sold=["XX"])
    assert typed(laid(rows, said), said).rows.kind.tolist() == [SOLD, CAME_BACK, SOLD]
    said = profile(decimal=",", credit_note={"number_prefix": "XX"})
    assert typed(laid(rows, said), said).rows.kind.tolist() == [SOLD, CAME_BACK, CAME_BACK]


def test_documents_that_name_what_they_correct_are_asked_about(tmp_path: Path) -> None:
    content = f"{HEAD};Koryguje fakturę\nF;13.02.2019;K;P;2;10,00;\nG;14.02.2019;L;P;1;5,00;F\n"
    with pytest.raises(Unanswered, match="Koryguje fakturę: F, whose quantities are above zero"):
        read_text(tmp_path, content)
    assert read_text(tmp_path, content, {"returned": "returned"}).rows.kind.tolist() == [SOLD, CAME_BACK]
    assert read_text(tmp_path, content, {"returned": "sold"}).rows.kind.tolist() == [SOLD, SOLD]


def test_an_amount_with_the_other_sign_than_its_goods_is_refused(tmp_path: Path) -> None:
    priced = "Nr faktury;Data sprzedaży;Odbiorca;Kod towaru;Ilość;Cena netto;Wartość netto"
    rows = ["F;13.02.2019;K;P;2;10,00;20,00"] * 8 + [
        "G;13.02.2019;K;P;2;10,00;-20,00",
        "H;13.02.2019;K;P;-2;10,00;18,00",
        "I;13.02.2019;K;P;-2;10,00;-20,00",
        "J;13.02.2019;K;P;1;10,00;-0,50",
    ]
    found = read_text(tmp_path, priced + "\n" + "\n".join(rows) + "\n")
    assert found.outcomes == dict.fromkeys((10, 11), ("refused", "amount_contradicts"))


def test_an_amount_with_the_other_sign_is_refused_where_its_goods_cost_as_much_in_other_rows(tmp_path: Path) -> None:
    rows = ["F;13.02.2019;K;P;2;20,00", "F;13.02.2019;K;Q;1;9,00", "G;13.02.2019;K;P;3;27,00"]
    wrong = ["H;13.02.2019;K;P;1;-9,50", "I;13.02.2019;K;Q;-1;9,00"]
    right = ["J;13.02.2019;K;P;-1;-9,50", "K;13.02.2019;K;P;2;-2,00", "L;13.02.2019;K;RABAT;1;-9,00"]
    found = read_text(tmp_path, "\n".join([HEAD, *rows, *wrong, *right, ""]))
    assert found.outcomes == dict.fromkeys((5, 6), ("refused", "sign_contradicts"))


@pytest.mark.parametrize("amounts", [";Wartość netto", ""], ids=["with amounts", "prices alone"])
def test_a_price_below_zero_of_goods_that_cost_as_much_in_other_rows_is_refused(tmp_path: Path, amounts: str) -> None:
    rows = ["F;13.02.2019;K;P;2;10,00;20,00", "G;13.02.2019;K;P;1;-10,00;-10,00", "H;13.02.2019;K;P;1;-1,00;-1,00"]
    rows += ["I;13.02.2019;K;RABAT;1;-10,00;-10,00"]
    head = f"Nr faktury;Data sprzedaży;Odbiorca;Kod towaru;Ilość;Cena netto{amounts}"
    found = read_text(tmp_path, "\n".join([head, *(row if amounts else row.rpartition(";")[0] for row in rows), ""]))
    assert found.outcomes == {3: ("refused", "sign_contradicts")}


@pytest.mark.parametrize(("pieces", "amount"), [("-", ""), ("", "-")], ids=["pieces", "amounts"])
def test_a_list_whose_amounts_all_have_the_other_sign_than_their_goods_is_refused(
    tmp_path: Path, pieces: str, amount: str
) -> None:
    rows = [f"F;13.02.2019;K;P;{pieces}2;{amount}20,00", f"G;14.02.2019;L;Q;{pieces}1;{amount}9,00"]
    with pytest.raises(FileRefused, match=r"'Wartość netto': found the other sign .* in 2 of 2 rows"):
        read_text(tmp_path, "\n".join([HEAD, *rows, ""]))
    assert len(read_text(tmp_path, "\n".join([HEAD, *rows, "H;15.02.2019;L;R;1;9,00", ""])).good) == 3, "not all do"


def test_a_plan_beside_what_was_sold_is_refused_until_somebody_says_which_is_read(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    del book[book.sheetnames[0]]
    for name, pieces in (("Wykonanie", 2), ("Plan", 3)):
        page = book.create_sheet(name)
        for row in (HEADER, *([f"F{at}", "2026-01-05", "D1", "P1", pieces, 10 * pieces] for at in range(5))):
            page.append(row)
    path = tmp_path / "report.xlsx"
    book.save(path)
    with pytest.raises(FileRefused, match="5 of the 5 lines of sheet 'Wykonanie' stand in sheet 'Plan' as well"):
        read_by_proposal(path)
    judged = judge(path, path.name, LIMITS, LANGUAGES)
    assert len(read_as(judged, path.name, profile(sheets=["Wykonanie"])).row_number) == 5
    assert len(read_as(judged, path.name, profile(sheets=["Wykonanie", "Plan"])).row_number) == 10


@pytest.mark.parametrize(
    ("column", "before", "after"),
    [
        ("Stan", "przed korektą", "po korekcie"),
        ("Rodzaj", "Przed", "Po"),
        ("Status", "Before correction", "After correction"),
        ("Line", "before", "after"),
        ("Estado", "Antes de la rectificación", "Después de la rectificación"),
        ("Estado", "antes", "después"),
        ("Строка", "А (до изменения)", "Б (после изменения)"),
        ("Состояние", "до корректировки", "после корректировки"),
        ("Zustand", "vor der Korrektur", "nach der Korrektur"),
        ("Pozycja", "było", "jest"),
    ],
)
def test_rows_before_and_after_a_correction_are_asked_about(
    tmp_path: Path, column: str, before: str, after: str
) -> None:
    content = (
        f"{HEAD};{column}\nFV/1;13.02.2019;K;P;10;100,00;\nKOR/1;14.02.2019;K;P;10;100,00;{before}\n"
        f"KOR/1;14.02.2019;K;P;12;120,00;{after}\n"
    )
    with pytest.raises(Unanswered) as stopped:
        read_text(tmp_path, content)
    assert [(one.key, one.about, one.examples) for one in stopped.value.questions] == [
        ("corrections", column, (before, after))
    ]
    found = read_text(tmp_path, content, {"corrections": "difference"})
    assert [(one[5], one[7]) for one in found.good][-2:] == [(-10_000, -10_000), (12_000, 12_000)]
    assert found.rows.kind.tolist() == [SOLD] * len(found.good), "signs say it"
    signed = content.replace(f"P;10;100,00;{before}", f"P;-10;-100,00;{before}")
    assert read_text(tmp_path, signed, {"corrections": "difference"}).good == found.good
    both = read_text(tmp_path, content, {"corrections": "sold"})
    assert [(one[5], one[7]) for one in both.good][-2:] == [(10_000, 10_000), (12_000, 12_000)]


def test_a_profile_that_does_not_say_what_is_before_a_correction_stops_the_import() -> None:
    rows = [[*HEADER, "Stan"], [*line("A"), ""], [*line("B"), "przed korektą"], [*line("B"), "po korekcie"]]
    with pytest.raises(QuestionOpen, match=r"'Stan': rows seem to be as before or after .* 'przed korektą'"):
        typed(laid(rows), profile(decimal=","))
    said = profile(decimal=",", corrections={"column": "Stan", "before": ["przed zmianą"]})
    with pytest.raises(QuestionOpen, match="it holds 'przed korektą'"):
        typed(laid(rows, said), said)
    said = profile(decimal=",", corrections={"column": "Stan", "before": ["Przed korektą"]})
    assert typed(laid(rows, said), said).rows.quantity_milli.tolist() == [2000, -2000, 2000]
    said = profile(decimal=",", corrections={"column": "Stan"})
    assert typed(laid(rows, said), said).rows.quantity_milli.tolist() == [2000, 2000, 2000]


@pytest.mark.parametrize("told", ["Przed korektą", "PRZED"])
def test_rows_before_a_correction_are_taken_back_however_each_is_spelled(told: str) -> None:
    spelled = (told, told.lower(), f"{told}:")
    after = ("po korekcie", "Po korekcie") if told.endswith("ą") else ("po", "Po")
    rows = [[*HEADER, "Stan"], *([*line(f"K{at}"), one] for at, one in enumerate((*spelled, *after)))]
    said = profile(decimal=",", corrections={"column": "Stan", "before": list(spelled)})
    assert typed(laid(rows, said), said).rows.quantity_milli.tolist() == [-2000, -2000, -2000, 2000, 2000]


def test_a_side_of_an_account_is_known_however_it_is_spelled() -> None:
    rows = [[*HEADER, "Strona"], *([*line(f"F{at}"), one] for at, one in enumerate(("D", "C", "d", "c.")))]
    with pytest.raises(QuestionOpen, match="Strona: C"):
        typed(laid(rows), profile(decimal=","))
    said = profile(decimal=",", credit_note={"column": "Strona", "values": ["C", "c."]})
    assert typed(laid(rows, said), said).rows.kind.tolist() == [SOLD, CAME_BACK, SOLD, CAME_BACK]


@pytest.mark.parametrize(
    ("column", "sold", "number", "back", "asked"),
    [
        ("Uwagi", "", "KOR/2", "", "KOR/2"),
        ("Typ", "Faktura", "FV/2", "Korekta", "Korekta"),
        ("Typ", "FV", "FV/2", "KF", "KF"),
        ("Typ", "VAT", "FV/2", "KOR_ZAL", "KOR_ZAL"),
        ("Type", "380", "FV/2", "381", "381"),
        ("Znak", "+", "FV/2", "-", "Znak: -"),
    ],
)
def test_the_first_credit_note_without_a_sign_stops_an_import_whose_profile_says_nothing_of_any(
    column: str, sold: str, number: str, back: str, asked: str
) -> None:
    rows = [[*HEADER, column], [*line("FV/1"), sold], [*line(number), back]]
    with pytest.raises(QuestionOpen, match=f"goods seem to have come back .*'{re.escape(asked)}"):
        typed(laid(rows), profile(decimal=","))
    signed = [[*HEADER, column], [*line("FV/1"), sold], [*line(number, quantity="-2", net="-20,00"), back]]
    assert typed(laid(signed), profile(decimal=",")).outcomes == {}
    said = profile(decimal=",", sold=["KOR", back or "KOR"])
    assert typed(laid(rows, said), said).rows.kind.tolist() == [SOLD, SOLD]


def test_another_kind_of_credit_note_stops_an_import_as_well() -> None:
    rows = [[*HEADER, "Typ"], [*line("FV/1"), "F"], [*line("FKV/2"), "F"], [*line("FV/3"), "Zwrot"]]
    said = profile(decimal=",", credit_note={"number_prefix": "FKV"})
    with pytest.raises(QuestionOpen, match=r"'Typ': .*'Zwrot'"):
        typed(laid(rows, said), said)
    said = profile(decimal=",", credit_note={"number_prefix": "FKV", "column": "Typ", "values": ["Zwrot"]})
    assert typed(laid(rows, said), said).rows.kind.tolist() == [SOLD, CAME_BACK, CAME_BACK]
    said = profile(decimal=",", credit_note={"column": "Typ", "values": ["Korekta"]}, sold=["FKV"])
    with pytest.raises(QuestionOpen, match=r"'Typ': .*'Zwrot'"):
        typed(laid(rows, said), said)


def test_a_column_that_tells_other_documents_tells_credit_notes_as_well() -> None:
    rows = [[*HEADER, "Rodzaj"], [*line(), "FV"], [*line("FV/2"), "WZ"], [*line("FV/3"), "KOR"]]
    said = profile(other_documents={"column": "Rodzaj", "values": ["WZ"]})
    with pytest.raises(QuestionOpen, match=r"'Rodzaj': .*'KOR'"):
        typed(laid(rows, said), said)
    for other in ({"sold": ["KOR"]}, {"other_documents": {"column": "Rodzaj", "values": ["WZ", "KOR"]}}):
        said = profile(**{"other_documents": {"column": "Rodzaj", "values": ["WZ"]}} | other)
        assert len(typed(laid(rows, said), said).rows.kind) == 3, other
    said = profile(
        other_documents={"column": "Rodzaj", "values": ["WZ"]}, credit_note={"column": "Rodzaj", "values": ["KOR"]}
    )
    assert typed(laid(rows, said), said).rows.kind.tolist() == [SOLD, SOLD, CAME_BACK]


def test_credit_notes_are_asked_about_before_somebody_says_where_the_numbers_stand(tmp_path: Path) -> None:
    content = f"{HEAD};Rodzaj\nA/1;13.02.2019;K;P;2;10,00;FV\nA/2;14.02.2019;L;P;1;5,00;KOR\n".replace(
        "Nr faktury", "Nr"
    )
    with pytest.raises(Unanswered) as stopped:
        read_text(tmp_path, content)
    assert {one.key for one in stopped.value.questions} >= {"column:document_number", "returned"}
    answers = {"column:document_number": "Nr", "returned": "returned"}
    assert read_text(tmp_path, content, answers).rows.kind.tolist() == [SOLD, CAME_BACK]


def test_a_file_of_nothing_but_credit_notes_is_asked_about(tmp_path: Path) -> None:
    with pytest.raises(Unanswered, match="returned"):
        read_text(tmp_path, f"{HEAD}\nKOR/1;13.02.2019;K;P;2;10,00\nKOR/2;14.02.2019;L;P;1;5,00\n")
    assert len(read_text(tmp_path, f"{HEAD}\nCN/1;13.02.2019;K;P;2;10,00\nCN/2;14.02.2019;L;P;1;5,00\n").good) == 2


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Ilość przed", "Ilość po"),
        ("Ilość przed korektą", "Ilość po korekcie"),
        ("Quantity before", "Quantity after"),
        ("Qty (before correction)", "Qty (after correction)"),
        ("Количество до", "Количество после"),
        ("Cantidad antes", "Cantidad después"),
    ],
)
def test_columns_of_figures_before_and_after_a_correction_are_not_taken_for_what_was_sold(
    tmp_path: Path, before: str, after: str
) -> None:
    head = f"Nr faktury;Data sprzedaży;Odbiorca;Kod towaru;{before};{after};Wartość netto"
    with pytest.raises(Unanswered) as stopped:
        read_text(tmp_path, f"{head}\nF;13.02.2019;K;P;10;8;-20,00\nG;14.02.2019;L;P;3;1;-5,00\n")
    assert [one.key for one in stopped.value.questions] == ["column:quantity"]
    found = read_text(tmp_path, f"{HEAD} po rabacie\n{LINES}")
    assert [one[-1] for one in found.good] == [1000, 500], "a discount is no correction"


def test_lines_below_headings_of_a_correction_are_refused(tmp_path: Path) -> None:
    content = f"{HEAD}\nPrzed korektą;;;;;\nF;13.02.2019;K;P;2;10,00\nPo korekcie;;;;;\nF;13.02.2019;K;P;1;5,00\n"
    with pytest.raises(FileRefused, match="'Przed korektą' says that lines are as before or after a correction"):
        read_text(tmp_path, content)
    assert len(read_text(tmp_path, f"Sprzedaż po korekcie\n\n{HEAD}\n{LINES}").good) == 2, "all of it was corrected"
    book = openpyxl.Workbook()
    del book[book.sheetnames[0]]
    for name, pieces in (("Przed korektą", 2), ("Po korekcie", 1)):
        page = book.create_sheet(name)
        for row in (HEADER, ["F", "2026-01-05", "D1", "P1", pieces, 10 * pieces]):
            page.append(row)
    path = tmp_path / "report.xlsx"
    book.save(path)
    with pytest.raises(FileRefused, match="sheet 'Przed korektą': 'Przed korektą' says"):
        read_by_proposal(path)


@pytest.mark.parametrize(
    ("column", "sold", "back"),
    [
        ("Status", "Sprzedaż", "Zwrot"),
        ("Order Status", "Completed", "Refunded"),
        ("Status", "Wydane", "Częściowo zwrócone"),
        ("Status", "ok", "Rückerstattet"),
        ("Estado", "ok", "Reembolsado"),
        ("Statut", "ok", "Remboursé"),
        ("Статус", "ok", "Возвращён"),
        ("Stav", "ok", "Vráceno"),
        ("Druh dokladu", "Faktura", "Dobropis"),
        ("Typ", "Faktura", "Nota kredytowa"),
        ("Belegart", "Rechnung", "Rechnungskorrektur"),
        ("Type", "Facture", "Note de crédit"),
        ("Вид", "Счёт-фактура", "Кредит-нота"),
        ("Uwagi", "pilne", "zwrot towaru"),
        ("Korekta", "NIE", "TAK"),
        ("Zwrot", "N", "T"),
        ("Is return", "0", "1"),
        ("Credit memo", "N", "Y"),
        ("Gutschrift", "", "X"),
        ("Возврат", "нет", "да"),
        ("Devolución", "no", "sí"),
        ("Przyczyna zwrotu", "", "uszkodzony"),
        ("Nr RMA", "", "RMA/7"),
        ("Faktura pierwotna", "", "FV/1/2025"),
        ("Tran type", "SI", "SC"),
        ("Belegart", "RE", "GU"),
        ("Fakturaart", "F2", "G2"),
        ("Tipo", "FV", "AB"),
        ("Type pièce", "FA", "AV"),
        ("Typ", "S", "Z"),
        ("Transaction", "Sale", "Return"),
    ],
)
def test_a_column_that_marks_what_came_back_is_asked_about(tmp_path: Path, column: str, sold: str, back: str) -> None:
    content = f"{HEAD};{column}\nF;13.02.2019;K;P;2;10,00;{sold}\nG;14.02.2019;L;P;1;5,00;{back}\n"
    with pytest.raises(Unanswered, match="returned"):
        read_text(tmp_path, content)
    assert read_text(tmp_path, content, {"returned": "returned"}).rows.kind.tolist() == [SOLD, CAME_BACK]
    assert read_text(tmp_path, content, {"returned": "sold"}).rows.kind.tolist() == [SOLD, SOLD]
    assert len(read_text(tmp_path, content.replace(";1;5,00;", ";-1;-5,00;")).good) == 2, "signs say it already"


def test_remarks_and_columns_that_mark_nothing_are_no_question(tmp_path: Path) -> None:
    for column, one, other in (
        ("Uwagi", "", "klient pyta o zwrot kosztów dostawy palet"),
        ("Opis", "Zwrotnica", "Kabel"),
        ("Termin zwrotu", "14 dni", "14 dni"),
        ("Ilość zwrócona", "0", "3 szt."),
        ("Zwrot", "0", "nie"),
        ("Cena po korekcie", "5,00", "6,00"),
        ("Typ klienta", "A", "Z"),
        ("Klasa", "S", "Z"),
    ):
        content = f"{HEAD};{column}\nF;13.02.2019;K;P;2;10,00;{one}\nG;14.02.2019;L;P;1;5,00;{other}\n"
        assert len(read_text(tmp_path, content).good) == 2, column
