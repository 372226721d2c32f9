"""A look at a file: what is proposed, why, and what is asked."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from app.domain.states import DocumentKind
from importers.errors import FileRefused, QuestionOpen
from importers.layout.columns.naming import candidates, facts_of
from importers.layout.looks.looking import fingerprint, look
from importers.layout.looks.proposing import AnswerInvalid, Unanswered, propose
from importers.layout.tables.header import HeaderNotThere, Said
from importers.layout.words.synonyms import spoken
from tests.importers.layout.reports import HEADER, Typed, grid, line, read_by_proposal

HEAD = "Nr faktury;Data sprzedaży;Odbiorca;Kod towaru;Ilość;Wartość netto"


def read(folder: Path, content: str, answers: Mapping[str, str] | None = None, currency: str = "PLN") -> Typed:
    path = folder / "report.csv"
    path.write_text(content, encoding="utf-8")
    return read_by_proposal(path, answers, currency=currency)


@pytest.mark.parametrize(
    ("content", "currency", "nets"),
    [
        (
            '"Invoice #","Inv Date","Dealer","SKU","Qty","Ext. Price"\n"A","12/28/2018","X","K","3","$3,551.82"\n'
            '"C","12/11/2018","X","K","(1)","($600.26)"\n"X Total","","","","2","$2,951.56"\n',
            "USD",
            [355182, -60026],
        ),
        (
            "Beleg-Nr.;Datum;Kunde;Art.-Nr.;Stück;Betrag\nR;17.08.2018;K;P;2;CHF 2'001.50\nErgebnis;;;;2;\n",
            "CHF",
            [200150],
        ),
        ("№ документа;Дата;Покупатель;Артикул;Количество;Сумма, руб.\nA;13.02.2019;K;P;2;1 012,50\n", "RUB", [101250]),
        (f"{HEAD}\nF;43500;K;P;2;12,50\n", "PLN", [1250]),
        ("N° pièce;Date;Client;Référence;Quantité;Montant HT\nF;5 févr. 2019;K;P;1;1\u202f012,50 €\n", "EUR", [101250]),
        (
            "N. documento;Data fattura;Ragione sociale;Codice articolo;Q.tà;Prezzo unitario;Imponibile;Importo ivato\n"
            "F;15/01/2019;K;P;1;1.012,50;1.012,50;1.235,25\nTotale generale;;;;1;;1.012,50;1.235,25\n",
            "EUR",
            [101250],
        ),
        (
            "Numero fattura;Data;Cliente;Codice;Descrizione;Quantità;Importo netto;Importo lordo\n"
            "F;15/01/2019;K;P;Trapano;1;1.012,50;1.235,25\nRiporto;;;;;1;1.012,50;1.235,25\n",
            "EUR",
            [101250],
        ),
    ],
    ids=["us", "ch", "ru", "serials", "fr", "it", "it, carried over"],
)
def test_files_of_any_country_are_read_without_a_word(
    tmp_path: Path, content: str, currency: str, nets: list[int]
) -> None:
    found = read(tmp_path, content, currency=currency)
    assert found.outcomes == {}
    assert [one[-1] for one in found.good] == nets


def test_grouped_reports_months_in_names_and_headers_of_two_rows_are_seen(tmp_path: Path) -> None:
    grouped = f"{HEAD}\nF;13.02.2019;K;P;2;10,00\n;;;Q;1;5,00\nG;14.02.2019;L;P;1;5,00\n;;;Q;1;5,00\n"
    found = read(tmp_path, grouped)
    assert found.profile.fill_down == ["document_number", "issued_on", "distributor"]
    assert [one[:3] for one in found.good][1] == ("F", "2019-02-13", "K")
    months = "Kod;styczeń 2019 szt.;styczeń 2019 zł;luty 2019 szt.;luty 2019 zł\nP;1;10,00;2;20,50\n"
    found = read(tmp_path, months, {"fixed:distributor": "D"})
    assert [one[-1] for one in found.good] == [1000, 2050]
    italian = "Codice;gennaio 2019 pz;gennaio 2019 importo;febbraio 2019 pz;febbraio 2019 importo\nP;1;10,00;2;20,50\n"
    found = read(tmp_path, italian, {"fixed:distributor": "D"})
    assert [(one[1], one[-1]) for one in found.good] == [("2019-01-31", 1000), ("2019-02-28", 2050)]
    roman = "Kod;IV 2019 szt.;IV 2019 zł;V 2019 szt.;V 2019 zł;VI 2019 szt.;VI 2019 zł\nP;1;10,00;;;2;20,50\n"
    found = read(tmp_path, roman, {"fixed:distributor": "D"})
    assert [(one[1], one[-1]) for one in found.good] == [("2019-04-30", 1000), ("2019-06-30", 2050)]
    two = ";;;Towar;Wartości;\nNr faktury;Data;Odbiorca;Kod;Ilość;Wartość\nF;13.02.2019;K;P;2;12,50\n"
    assert len(read(tmp_path, two).good) == 1


@pytest.mark.parametrize(
    ("content", "asked", "answer", "read_as"),
    [
        (f"{HEAD}\nF;01/02/2019;K;P;2;12,50\n", "dates", "mdy", ("2019-01-02", 1250)),
        (f"{HEAD}\nF;2019-02-01;K;P;2;1.250\n", "decimal", ",", ("2019-02-01", 125000)),
        (f"{HEAD}\nF;2019-02-01;K;P;2;1.250\n", "decimal", ".", ("2019-02-01", 125)),
        (
            f"{HEAD};Data faktury\nF;2019-02-01;K;P;2;5;2019-03-01\n",
            "column:issued_on",
            "Data faktury",
            ("2019-03-01", 500),
        ),
        ("Nr faktury;Data;Kod;Ilość;Netto\nF;2019-02-01;P;2;5\n", "fixed:distributor", "D", ("2019-02-01", 500)),
    ],
)
def test_what_nobody_may_guess_is_asked(
    tmp_path: Path, content: str, asked: str, answer: str, read_as: tuple[str, int]
) -> None:
    with pytest.raises(Unanswered) as open_:
        read(tmp_path, content)
    assert [one.key for one in open_.value.questions] == [asked]
    assert f"Answer {asked}=" in str(open_.value)
    [line] = read(tmp_path, content, {asked: answer}).good
    assert (line[1], line[-1]) == read_as


def test_an_answer_that_fits_no_question_is_refused(tmp_path: Path) -> None:
    for wrong in ({"dates": "ydm"}, {"dates": "dmy", "colour": "red"}, {"dates": "dmy", "fixed:product": ""}):
        with pytest.raises(AnswerInvalid):
            read(tmp_path, f"{HEAD}\nF;01/02/2019;K;P;2;12,50\n", wrong)


def test_a_column_that_is_quantity_times_price_is_the_amount() -> None:
    rows = [["Invoice", "Date", "Customer", "SKU", "Qty", "Price", "Amount", "Value"]]
    rows += [[f"A{at}", "2026-01-02", "K", "P", "2", "5.00", "7.00", "10.00"] for at in range(3)]
    seen = look([grid(rows)], [], "sales")
    assert seen.columns_of["net_amount"] == "Value"
    assert not seen.questions
    assert seen.ignored == ("Amount",)


def test_sheets_that_name_the_same_columns_are_read_together() -> None:
    rows = [["Invoice", "Date", "Customer", "SKU", "Qty", "Net"], ["A", "2026-01-02", "K", "P", "1", "5"]]
    months = [grid(rows, name=name) for name in ("January", "February")]
    assert look(months, [], "sales").read == "visible"
    assert look([months[0], grid([["a note"]], name="Notes")], [], "sales").read == "first"
    assert look([grid([["a note"]], name="Notes"), months[0]], [], "sales").read == ("January",)
    assert propose(look(months, [], "sales")).sheets == "visible"


def test_headers_have_one_fingerprint_in_whatever_order_and_month() -> None:
    assert fingerprint(["Kod", " Ilość "]) == fingerprint(["ilość", "KOD"])
    assert fingerprint(["Kod", "2019-01 / szt."]) == fingerprint(["2019-02 / szt.", "Kod"])
    assert fingerprint(["Kod"]) != fingerprint(["Kod", "Nazwa"])


def test_names_are_compared_as_they_are_spoken() -> None:
    assert [spoken(one) for one in ("InvoiceNo", "Invoice #", "N° facture", "Kod\ntowaru", "Réf.")] == [
        *("invoice no", "invoice no", "n facture", "kod towaru", "réf")
    ]
    assert [spoken(one) for one in ("Od-\nbiorca", "Bestell-Nr.", "Ilość -\nsztuki", "Nr-\n2")] == [
        *("odbiorca", "bestell nr", "ilość sztuki", "nr 2")
    ]


LEGEND = [["Kod", "Klient", "Data", "Ilość", "Netto"], ["P", "K", "2026-01-05", "1", "1,00"], [None] * 5]
"""A table that looks more like sales than the one below it."""
BELOW = [["N", "D", "O", "T", "I", "W"], ["szt.", "", "", "", "", ""], ["F/1", "2026-01-05", "K", "P", "2", "20,00"]]


def test_a_header_stands_where_somebody_says(tmp_path: Path) -> None:
    of = grid([*LEGEND, *BELOW], name="one")
    assert look([of], (), "sales").header == 1
    seen = look([of], (), "sales", Said(row=4))
    assert (seen.header, seen.header_rows, [one.name for one in seen.columns]) == (4, 1, list("NDOTIW"))
    joined = look([of], (), "sales", Said("one", 4, 2))
    assert joined.columns[0].name == "N / szt."
    other = grid([HEADER, line()], name="two")
    assert look([of, other], (), "sales").sheet == "two", "the first names not all that is needed"
    assert look([of, other], (), "sales", Said("one")).sheet == "one"
    chosen = look([of, other], (), "sales", Said("two"))
    assert (chosen.sheet, chosen.read, chosen.header) == ("two", ("two",), 1)


@pytest.mark.parametrize("said", [Said(row=3), Said(row=99), Said("elsewhere"), Said("empty")])
def test_where_somebody_says_there_is_nothing(said: Said) -> None:
    with pytest.raises(HeaderNotThere):
        look([grid([*LEGEND, *BELOW], name="one"), grid([["alone"]], name="empty")], (), "sales", said)


@pytest.mark.parametrize(
    ("content", "answers"),
    [
        ("FV;Data;Płatnik;Indeks handlowy;Ilość sprzedana;Wartość sprzedaży\nF;13.02.2019;K;P;2;20,50\n", {}),
        ("Faktura;Fakturadatum;Auftraggeber;Sachnummer;Stückzahl;Positionswert\nF;13.02.2019;K;P;2;20,50\n", {}),
        ("№ док.;Дата;Заказчик;Каталожный номер;Отгружено;Сумма реализации\nF;13.02.2019;K;P;2;20,50\n", {}),
        ("Voucher no;Date;Party Name;SKU;Qty;Amount\nF;13.02.2019;K;P;2;20,50 Dr\n", {}),
        ("Albarán;Fecha;Cliente;Cód. art.;Cdad.;Venta neta\nF;13.02.2019;K;P;2;20,50\n", {}),
        ("Nr faktury;Data;Odbiorca;Kod;Ilość;Netto\nF;pon., 13.02.2019;K;P;2;20,50\n", {}),
        ("Nr faktury;Data;Odbiorca;Kod;Ilość;Netto\nF;13022019;K;P;2;20,50\nG;02032019;K;P;2;20,50\n", {}),
        ("Nr faktury;Data;Odbiorca;Kod;Ilość;Netto\nF;2019-02-13T00:00:00Z;K;P;2;20,50\n", {}),
        (f"{HEAD}\nF;13.02.2019;K;P;2;20,50\n;;;Razem faktura;2;20,50\n;;;Razem F:;2;20,50\n", {}),
        (f"{HEAD}\nF;13.02.2019;K;P;2;20,50\nRazem F;;;;2;20,50\nCałość;;;;2;20,50\n", {}),
        ("Okres:;02.2019\nOddział:;Łódź\nKto:;Anna\nKiedy:;dziś\n" + HEAD + "\nF;13.02.2019;K;P;2;20,50\n", {}),
    ],
    ids=[
        "pl",
        "de",
        "ru",
        "sides of an account",
        "es",
        "weekday",
        "run",
        "zone",
        "totals of a document",
        "totals where dates stand",
        "more above",
    ],
)
def test_what_others_call_it_is_known(tmp_path: Path, content: str, answers: dict[str, str]) -> None:
    found = read(tmp_path, content, answers)
    assert found.outcomes == {}
    assert found.good[0][:4] == ("F", "2019-02-13", "K", "P")
    assert {one[-1] for one in found.good} == {2050}


@pytest.mark.parametrize(
    ("content", "asked"),
    [
        # a code for each name, and nobody knows what the column is called
        (
            "Nr faktury;Data;Odbiorca;Xyz;Nazwa;Ilość;Netto\nF;13.02.2019;K;A-1;Nut;2;9\nG;13.02.2019;K;A-2;Oil;1;8\n",
            "product",
        ),
        # less than quantity times price, for a discount
        (
            "Nr faktury;Data;Odbiorca;Kod;Ilość;Cena;Qwe\nF;13.02.2019;K;P;2;10;18\nG;13.02.2019;K;P;1;10;9\n",
            "net_amount",
        ),
    ],
)
def test_what_may_be_meant_by_a_column_without_a_known_name_is_asked(tmp_path: Path, content: str, asked: str) -> None:
    with pytest.raises(Unanswered) as found:
        read(tmp_path, content)
    assert [one.key for one in found.value.questions] == [f"column:{asked}"]
    named = {"product": "Xyz", "net_amount": "Qwe"}[asked]
    assert read(tmp_path, content, {f"column:{asked}": named}).outcomes == {}


def test_a_question_may_be_answered_with_none_of_its_columns_where_the_field_can_be_missed(tmp_path: Path) -> None:
    content = "Nr faktury;Data;Odbiorca;Kod;Ilość;Cena;Qwe\nF;13.02.2019;K;P;2;10;18\nG;13.02.2019;K;P;1;10;9\n"
    with pytest.raises(Unanswered, match="or nothing where none does"):
        read(tmp_path, content)
    assert [one[-1] for one in read(tmp_path, content, {"column:net_amount": ""}).good] == [2000, 1000]
    named = "Nr faktury;Data;Odbiorca;Xyz;Nazwa;Ilość;Netto\nF;13.02.2019;K;A-1;Nut;2;9\nG;13.02.2019;K;A-2;Oil;1;8\n"
    with pytest.raises(AnswerInvalid, match="column:product=: expected 'Nazwa' or 'Xyz'"):
        read(tmp_path, named, {"column:product": ""})


def test_a_column_that_an_answer_names_is_read_as_it_proves_and_holds_nothing_else(tmp_path: Path) -> None:
    content = "Nr faktury;Data faktury;Data;Odbiorca;Kod;Ilość;Netto;Brutto\nF;2019-03-01;%s;K;P;2;9,10;11,20\n"
    read_as_said = {"column:issued_on": "Data", "column:net_amount": "Brutto"}
    [line] = read(tmp_path, content % "13.02.2019", read_as_said).good
    assert (line[1], line[-1]) == ("2019-02-13", 1120)
    with pytest.raises(QuestionOpen, match="day, month and year may be in the order"):
        read(tmp_path, content % "01.02.2019", read_as_said)
    [line] = read(tmp_path, content % "01.02.2019", {**read_as_said, "dates": "dmy"}).good
    assert line[1] == "2019-02-01"
    with pytest.raises(AnswerInvalid, match="the file has no such column; it has 'Nr faktury', 'Data faktury', "):
        read(tmp_path, content % "13.02.2019", {**read_as_said, "column:product": "Kody"})


def test_a_text_such_as_1_234_beside_number_cells_is_asked() -> None:
    rows = [line("A", quantity="1.200", net="2.400"), line("B", quantity="3", net="1500")]
    marked = {4: np.array([False, True, False]), 5: np.array([False, True, False])}
    asked = look([grid([HEADER, *rows], typed=True, texts=marked)], (), "sales").questions
    assert [(one.key, one.examples) for one in asked] == [("decimal", ("1.200",))]
    assert look([grid([HEADER, *rows], typed=True)], (), "sales").questions == ()


def test_a_sheet_with_a_column_more_is_read_with_the_others_and_a_summary_before_them_is_not() -> None:
    summary = grid([["Odbiorca", "Wartość netto"], ["D1", "40,00"]], name="Podsumowanie")
    months = grid([HEADER, line()], name="May"), grid([[*HEADER, "Uwagi"], [*line("G"), ""]], name="June")
    seen = look([summary, *months], (), "sales")
    assert (seen.sheet, seen.read, seen.fitting) == ("May", "visible", ("May", "June"))


def test_a_rebate_of_so_many_per_cent_is_no_flag(tmp_path: Path) -> None:
    head = HEAD.replace("Ilość", "Rabat;Ilość")
    found = read(tmp_path, f"{head}\nF;13.02.2019;K;P;10%;2;10,00\nG;13.02.2019;K;P;0%;1;5,00\n")
    assert (len(found.good), "discounted" in found.profile.columns) == (2, False)
    found = read(tmp_path, f"{head}\nF;13.02.2019;K;P;tak;2;10,00\nG;13.02.2019;K;P;nie;1;5,00\n")
    assert found.rows.discounted.tolist() == [1, 0]


def test_a_time_without_its_first_zero_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, f"{HEAD}\nF;2019-02-13 0:00:00;K;P;2;10,00\n")
    assert [one[1] for one in found.good] == ["2019-02-13"]


def test_a_header_that_comes_again_says_nothing_of_what_its_columns_hold(tmp_path: Path) -> None:
    lines = "".join(f"{HEAD}\n{at};2019021{at};K;P;{at};10,00\n" for at in range(3, 6))
    found = read(tmp_path, lines)
    assert [one[1] for one in found.good] == ["2019-02-13", "2019-02-14", "2019-02-15"]


@pytest.mark.parametrize("kind", ["adjustments", "events"])
@pytest.mark.parametrize("name", ["Nr", "Id", "No.", "Номер", "Lp."])
def test_a_column_that_only_counts_its_rows_is_no_reference(kind: str, name: str) -> None:
    facts = facts_of(pa.chunked_array([["1", "2", "3"]]))
    assert "reference" not in {one.field for one in candidates(name, facts, kind)}
    assert "reference" in {one.field for one in candidates("Referencja", facts, kind)}


def test_a_header_of_two_rows_is_seen_beside_columns_of_empty_texts(tmp_path: Path) -> None:
    first = "Nr faktury;Data sprzedaży;Odbiorca;Towar;;Sprzedaż;; ; "
    below = ";;;Kod towaru;Nazwa towaru;Ilość;Wartość netto; ; "
    found = read(tmp_path, f"{first}\n{below}\nF;13.02.2019;K;P;Kabel;2;10,00; ; \n")
    assert [(one[0], one[3], one[5], one[7]) for one in found.good] == [("F", "P", 2000, 1000)]


@pytest.mark.parametrize(
    ("first", "second", "open_"),
    [
        ("Szt. A", "Szt. B", ["month_quantity", "month_net_amount"]),
        ("Wykonanie szt.", "Plan zł", ["month_net_amount"]),
        ("Plan", "Wykonanie", ["month_quantity", "month_net_amount"]),
        ("szt.", "brutto zł", ["month_net_amount"]),
        ("zł", "szt.", []),
        ("szt.", "zł", []),
    ],
)
def test_what_stands_under_each_month_is_asked_where_its_names_do_not_tell(
    tmp_path: Path, first: str, second: str, open_: list[str]
) -> None:
    months = ";".join(f"{month} {label}" for month in ("sty 2026", "lut 2026") for label in (first, second))
    rows = f"Kod;{months};I kw. 2026\nP1;4;5,00;2;3,50;6\n"
    answers = {"fixed:distributor": "D1"}
    if open_:
        with pytest.raises(Unanswered) as asked:
            read(tmp_path, rows, answers)
        assert [(one.key, one.options) for one in asked.value.questions] == [
            (one, (first, second) + ("<none>",) * (one == "month_net_amount")) for one in open_
        ]
        with pytest.raises(AnswerInvalid, match="cannot both stand under"):
            read(tmp_path, rows, {**answers, "month_quantity": first, "month_net_amount": first})
        answers |= {"month_quantity": first, "month_net_amount": second}
    found = read(tmp_path, rows, answers)
    assert len(found.good) == 2
    assert (found.good[0][5], found.good[0][7]) == ((5000, 400) if second == "szt." else (4000, 500))


def test_pieces_may_stand_under_the_month_alone_beside_its_amounts(tmp_path: Path) -> None:
    months = "Kod;sty 2026;sty 2026 zł;lut 2026;lut 2026 zł\nP;1;10,00;2;20,50\n"
    found = read(tmp_path, months, {"fixed:distributor": "D"})
    assert found.profile.months is not None
    assert (found.profile.months.quantity, found.profile.months.net_amount) == (None, "zł")
    assert [one[-1] for one in found.good] == [1000, 2050]


def test_quarters_among_the_months_are_names_of_columns(tmp_path: Path) -> None:
    head = ";".join(["Kod", "sty 2026", "", "Q1 2026", "", "I kw. 2026", "", "Razem 2 kw.", ""])
    rows = f"{head}\n;{';'.join(['szt.', 'zł'] * 4)}\nP1;{';'.join(['2', '20,00'] * 4)}\n".replace("Q1", "lut", 1)
    rows = rows.replace("I kw. 2026", "H1 2026")
    found = read(tmp_path, rows, {"fixed:distributor": "D1"})
    assert [one[0] for one in found.good] == ["REPORT-2026-01", "REPORT-2026-02"]


@pytest.mark.parametrize(
    ("kind", "number", "pieces", "asked", "told"),
    [
        ("Korekta", "F2", "1", "Korekta", {"column": "Typ", "values": ["Korekta"]}),
        ("FV", "KOR/2", "1", "KOR/2", {"number_prefix": "KOR"}),
        ("Korekta", "KOR/2", "-1", None, None),
        ("FV", "F2", "1", None, None),
    ],
)
def test_documents_that_are_called_credit_notes_and_sell_goods_are_asked_about(
    tmp_path: Path, kind: str, number: str, pieces: str, asked: str | None, told: dict[str, object] | None
) -> None:
    rows = f"Typ;{HEAD}\nFV;F1;13.02.2019;K;P;2;10,00\n{kind};{number};14.02.2019;K;P;{pieces};5,00\n"
    if asked is None:
        assert read(tmp_path, rows).outcomes == {}
        return
    with pytest.raises(Unanswered, match=f"documents such as {asked}, whose quantities are above zero"):
        read(tmp_path, rows)
    found = read(tmp_path, rows, {"returned": "returned"})
    assert found.profile.credit_note is not None
    assert found.profile.credit_note.model_dump(exclude_defaults=True) == told
    assert found.rows.kind.tolist() == [DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE]
    assert read(tmp_path, rows, {"returned": "sold"}).rows.kind.tolist() == [DocumentKind.INVOICE] * 2


@pytest.mark.parametrize("sign", ["~", "^", "|", "||"])
def test_seldom_signs_part_cells_as_well(tmp_path: Path, sign: str) -> None:
    found = read(tmp_path, f"{HEAD}\nF;13.02.2019;K;P;2;10,00\nG;14.02.2019;L;P;1;1 005,00\n".replace(";", sign))
    assert [one[-1] for one in found.good] == [1000, 100500]


@pytest.mark.parametrize("sign", ["   ", "::"])
def test_a_text_that_nothing_parts_is_refused_with_what_may(tmp_path: Path, sign: str) -> None:
    with pytest.raises(FileRefused, match=r"no sign parts its rows, such as 'Nr faktury.*netto', .* '~' or '\^'"):
        read(tmp_path, f"{HEAD}\nF;13.02.2019;K;P;2;10,00\n".replace(";", sign))


def test_totals_of_some_goods_are_told_by_their_sums(tmp_path: Path) -> None:
    content = (
        f"{HEAD}\nF;13.02.2019;K;P;2;1 000,00\n;;;Q;1;5,00\n;;;Razem Kable;3;1 005,00\n;;;Total Quartz 5000;1;7,00\n"
        ";;;S;1;1,00\n;;;Razem inne;2;8,00\n"
    )
    found = read(tmp_path, content)
    assert [one[3] for one in found.good] == ["P", "Q", "Total Quartz 5000", "S"]
    assert list(found.table.recognised.totals) == [4, 7]
    months = (
        "Kod;styczeń 2019 szt.;styczeń 2019 zł;luty 2019 szt.;luty 2019 zł\nP;1;10,00;2;20,50\nQ;1;1 010,00;;\n"
        "Razem Kable;2;1 020,00;2;20,50\nR;1;3,00;;\nRazem Inne;1;3,00;;\n"
        "Total Quartz;5;7;;\nRazem;8;1 030,00;2;20,50\n"
    )
    found = read(tmp_path, months, {"fixed:distributor": "D"})
    assert sorted({one[3] for one in found.good}) == ["P", "Q", "R", "Total Quartz"]


def test_a_report_without_amounts_takes_a_price_for_every_row(tmp_path: Path) -> None:
    content = "Kod;styczeń 2019;luty 2019\nP;1;2\nQ;1;\n"
    with pytest.raises(Unanswered, match="net_amount"):
        read(tmp_path, content, {"fixed:distributor": "D"})
    found = read(tmp_path, content, {"fixed:distributor": "D", "fixed:unit_price": "2.50"})
    assert [one[-1] for one in found.good] == [250, 250, 500]
    found = read(tmp_path, content, {"fixed:distributor": "D", "fixed:unit_price": "99999999999999"})
    assert {code for _, code in found.outcomes.values()} == {"number_too_large"}


NAMED = "Nr faktury;Data;Odbiorca;Kod;Nazwa;Ilość;Cena;Wartość netto"


@pytest.mark.parametrize(
    "total",
    [
        *(
            "F;;;;Razem;3;;17,00",
            "F;13.02.2019;K;;Razem;3;;17,00",
            "F;;;Razem;;3;;17,00",
            "F;13.02.2019;K;Razem;;3;;17,00",
        ),
        *("F;13.02.2019;K;Suma częściowa;;3;;17,00", "F;13.02.2019;K;Итого по клиенту;;3;;17,00"),
        *("F;13.02.2019;K;SUMA DNIA 13.02.2019;;3;;17,00", "F;13.02.2019;K;Carried forward;;3;;17,00"),
    ],
)
def test_a_total_that_repeats_what_it_is_of_is_no_line_of_its_document(tmp_path: Path, total: str) -> None:
    lines = "F;13.02.2019;K;P;Rura;2;5,00;10,00\nF;13.02.2019;K;Q;Kabel;1;7,00;7,00\n"
    found = read(tmp_path, f"{NAMED}\n{lines}{total}\nG;14.02.2019;K;Q;Kabel;1;7,00;7,00\n")
    assert ([one[0] for one in found.good], found.outcomes) == (["F", "F", "G"], {})
    assert list(found.table.recognised.totals) == [4]


def test_rows_that_name_the_document_of_the_lines_below_are_headings(tmp_path: Path) -> None:
    content = (
        f"{NAMED}\nF;13.02.2019;K;;;;;17,00\n;;;P;Rura;2;5,00;10,00\n;;;Q;Kabel;1;7,00;7,00\nG;14.02.2019;L;;;;;\n"
        ";;;Q;Kabel;1;7,00;7,00\n"
    )
    found = read(tmp_path, content)
    assert [(one[0], one[1][-2:], one[2], one[3]) for one in found.good] == [
        ("F", "13", "K", "P"),
        ("F", "13", "K", "Q"),
        ("G", "14", "L", "Q"),
    ]
    assert (found.outcomes, found.table.row_number.tolist()) == ({}, [3, 4, 6])
    lines = content.replace("F;13.02.2019;K;;", "F;13.02.2019;K;Z;")
    assert read(tmp_path, lines).outcomes[2] == ("refused", "missing"), "its first line stands beside its number"


def test_units_below_the_names_are_of_the_header(tmp_path: Path) -> None:
    lines = "F;13.02.2019;K;P;Rura;2;5,00;10,00\n"
    found = read(tmp_path, f"{NAMED}\n;;;;;szt.;zł;zł\n{lines}")
    assert ([one[-1] for one in found.good], found.outcomes) == ([1000], {})
    assert read(tmp_path, f"{NAMED}\n;;;;;szt.;EUR;[EUR]\n{lines}").outcomes == {
        3: ("held", "other_currency other_currency")
    }
    with pytest.raises(FileRefused, match="its name says 'tys"):
        read(tmp_path, f"{NAMED}\n;;;;;szt.;zł;tys. zł\n{lines}")


def test_codes_that_a_program_took_for_numbers_are_whole_again(tmp_path: Path) -> None:
    found = read(tmp_path, f"{HEAD}\n101.0;13.02.2019;7.0;5901234123457.0;2;12,50\n102.0;14.02.2019;K;42.0;2;1,5\n")
    assert [one[:4:] for one in found.good] == [
        ("101", "2019-02-13", "7.0", "5901234123457"),
        ("102", "2019-02-14", "K", "42"),
    ]


def test_a_header_of_known_names_is_one_beside_many_that_are_numbered(tmp_path: Path) -> None:
    names, cells = (";".join(f"{word}{at}" for at in range(30)) for word in ("Pole", "x"))
    found = read(tmp_path, f"{HEAD};{names}\nF;13.02.2019;K;P;2;10,00;{cells}\nG;14.02.2019;K;P;1;5,00;{cells}\n")
    assert [one[0] for one in found.good] == ["F", "G"]


def test_a_row_that_numbers_the_columns_is_of_the_header(tmp_path: Path) -> None:
    for row in ("1;2;3;4;5;6", "(1);(2);(3);(4);(5);(6)"):
        found = read(tmp_path, f"{HEAD}\n{row}\nF;13.02.2019;K;P;2;10,00\n")
        assert (len(found.good), found.outcomes, found.table.row_number.tolist()) == (1, {}, [3])


def test_words_of_a_page_that_are_kept_on_a_line_are_parted_by_spaces(tmp_path: Path) -> None:
    rows = [HEADER, ["F", "13.02.2019", "First&nbsp;Shop", "P", "2", "1&nbsp;010,00"]]
    path = tmp_path / "report.xls"
    table = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    path.write_text(f"<html><meta charset='utf-8'><table>{table}</table></html>", encoding="utf-8")
    assert [(one[2], one[-1]) for one in read_by_proposal(path).good] == [("First Shop", 101000)]


def test_dates_with_any_dash_are_read(tmp_path: Path) -> None:
    found = read(tmp_path, f"{HEAD}\nF;13\u201302\u20132019;K;P;2;10,00\nG;2019\u201102\u201114;K;P;1;5,00\n")
    assert [one[1] for one in found.good] == ["2019-02-13", "2019-02-14"]


def test_what_only_the_first_row_of_a_document_says_holds_for_its_others(tmp_path: Path) -> None:
    lines = "F;13.02.2019;K;P;2;10,00\nF;;;Q;1;5,00\nG;14.02.2019;L;P;1;5,00\nG;;;Q;1;5,00\n"
    assert [one[1:3] for one in read(tmp_path, f"{HEAD}\n{lines}").good] == [
        ("2019-02-13", "K"),
        ("2019-02-13", "K"),
        ("2019-02-14", "L"),
        ("2019-02-14", "L"),
    ]
    lacking = read(tmp_path, f"{HEAD}\n{lines}H;15.02.2019;;P;1;5,00\n")
    assert {row: code for row, (_, code) in lacking.outcomes.items()} == {3: "missing", 5: "missing", 6: "missing"}


def test_numbers_of_full_width_or_behind_an_apostrophe_are_read(tmp_path: Path) -> None:
    found = read(tmp_path, f"{HEAD}\nF;13.02.2019;K;P;'2;'1 010,00\nG;14.02.2019;L;P;１２;'-5,00\n")
    assert [(one[5], one[7]) for one in found.good] == [(2000, 101000), (12000, -500)]


def test_months_that_stand_alone_beside_an_unknown_name_are_offered_in_words(tmp_path: Path) -> None:
    rows = "Kod;sty 2026;sty 2026 plan;lut 2026;lut 2026 plan\nP;1;2;3;4\n"
    answers = {"fixed:distributor": "D", "fixed:unit_price": "2.00"}
    with pytest.raises(Unanswered) as asked:
        read(tmp_path, rows, answers)
    assert [(one.key, one.options) for one in asked.value.questions] == [
        ("month_quantity", ("<month>", "plan")),
        ("month_net_amount", ("plan", "<none>")),
    ]
    answers |= {"month_quantity": "<month>", "month_net_amount": "<none>"}
    assert [(one[0], one[5], one[7]) for one in read(tmp_path, rows, answers).good] == [
        ("REPORT-2026-01", 1000, 200),
        ("REPORT-2026-02", 3000, 600),
    ]


@pytest.mark.parametrize(
    "names",
    [
        (
            "Number",
            "Invoice Date",
            "Partner",
            "Invoice lines/Product",
            "Invoice lines/Quantity",
            "Invoice lines/Subtotal",
        ),
        (
            "Numer",
            "Data faktury",
            "Kontrahent",
            "Pozycje faktury/Produkt",
            "Pozycje faktury/Ilość",
            "Pozycje faktury/Netto",
        ),
        (
            "Número",
            "Fecha",
            "Cliente",
            "Líneas de factura/Producto",
            "Líneas de factura/Cantidad",
            "Líneas de factura/Neto",
        ),
        ("Invoice", "Date", "Customer", "Lineitem sku", "Lineitem quantity", "Lineitem total"),
    ],
)
def test_columns_of_lines_are_called_after_them_by_programs_that_keep_lines_below_documents(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    lines = "A;2026-01-05;K;P;2;20.00\n;;;Q;1;5.00\nB;2026-01-06;L;P;1;10.00\n;;;Q;3;15.00\n"
    found = read(tmp_path, f"{';'.join(names)}\n{lines}")
    assert found.profile.fill_down == ["document_number", "issued_on", "distributor"]
    assert [(*one[:4], one[-1]) for one in found.good][1] == ("A", "2026-01-05", "K", "Q", 500)


@pytest.mark.parametrize(
    "names",
    [
        "id_order;date_add;customer;product_reference;product_quantity;total_price_tax_excl",
        "Numer zamówienia;Data zakupu;Kupujący;SKU;Liczba sztuk;Wartość netto",
        "Sygnatura;Data wystawienia;Kod klienta;Kod towaru;Ilość;Wartość netto",
        "Order ID;Order Date;Customer Name;SKU;Item quantity;Order Line Total",
    ],
)
def test_orders_of_shops_are_known_by_what_programs_call_their_columns(tmp_path: Path, names: str) -> None:
    found = read(tmp_path, f"{names}\nA-1;2026-01-15;Północ;P1;2;20.00\nA-2;2026-01-16;Żółw;P2;1;10.00\n")
    assert [(*one[:4], *one[5:8:2]) for one in found.good] == [
        ("A-1", "2026-01-15", "Północ", "P1", 2000, 2000),
        ("A-2", "2026-01-16", "Żółw", "P2", 1000, 1000),
    ]


def test_an_amount_in_the_programmes_currency_beside_one_of_the_document_is_asked_about(tmp_path: Path) -> None:
    rows = "Document No.;Posting Date;Customer No.;Item No.;Quantity;Amount;Amount (LCY);Currency Code\n"
    rows += "SI1;2026-01-05;C1;P1;2;20.00;80.00;EUR\nSI2;2026-01-15;C2;P1;1;40.00;40.00;\n"
    with pytest.raises(Unanswered) as stopped:
        read(tmp_path, rows)
    assert [(one.key, one.options) for one in stopped.value.questions] == [
        ("column:net_amount", ("Amount", "Amount (LCY)"))
    ]
    assert [one[-1] for one in read(tmp_path, rows, {"column:net_amount": "Amount (LCY)"}).good] == [8000, 4000]


def test_columns_are_called_as_they_read_in_the_encoding_that_somebody_says(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    content = "Faktura;Datum;Odběratel;Kód produktu;Počet;Celkem bez DPH\nF;13.02.2019;K;P;2;12,50\n"
    path.write_bytes(content.encode("cp1250"))
    with pytest.raises(Unanswered, match="encoding='cp1252' or 'cp1250'"):
        read_by_proposal(path)
    found = read_by_proposal(path, {"encoding": "cp1250"})
    assert (found.columns["distributor"], found.columns["quantity"]) == ("Odběratel", "Počet")
    assert [(*one[:4], one[5], one[-1]) for one in found.good] == [("F", "2019-02-13", "K", "P", 2000, 1250)]
