"""Columns that name kinds of documents, by numbers or words, of which only the source knows what they mean."""

from pathlib import Path

import pytest

from app.domain.states import DocumentKind
from importers.errors import QuestionOpen
from importers.layout.looks.looking import look
from importers.layout.looks.proposing import Unanswered, beside_kinds, propose, said_of_kind
from tests.importers.layout.reports import HEADER, grid, laid, line, profile, read_text, typed

HEAD = "Nr faktury;Data sprzedaży;Odbiorca;Kod towaru;Ilość;Wartość netto"
SOLD, CAME_BACK = DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE


def report(column: str, *codes: str, pieces: str = "2") -> str:
    lines = "".join(
        f"F/{at};13.02.2019;K;P{line};{pieces if at else 2};10,00;{code}\n"
        for at, code in enumerate(codes)
        for line in (1, 2)
    )
    return f"{HEAD};{column}\n{lines}"


@pytest.mark.parametrize(
    ("column", "codes"),
    [
        ("Typ dok.", ("1", "2", "3")),
        ("Typ", ("01", "02", "03")),
        ("Belegart", ("1", "2", "9")),
        ("Tipo de comprobante", ("1", "3", "6")),
        ("Вид документа", ("10", "20", "30")),
        ("TrN_TypDokumentu", ("302", "305", "320")),
        ("Druh dokladu", ("1", "2", "3")),
    ],
)
def test_it_is_asked_what_each_number_of_a_kind_means(tmp_path: Path, column: str, codes: tuple[str, ...]) -> None:
    content = report(column, *codes)
    with pytest.raises(Unanswered, match=f"for which the column '{column}' holds '{codes[1]}'") as stopped:
        read_text(tmp_path, content)
    assert [one.key for one in stopped.value.questions] == [f"kind:{code}" for code in codes]
    answers = dict(zip((f"kind:{code}" for code in codes), ("sold", "returned", "no_sales"), strict=True))
    found = read_text(tmp_path, content, answers)
    assert found.rows.kind.tolist() == [SOLD] * 2 + [CAME_BACK] * 2 + [SOLD] * 2
    assert found.outcomes == dict.fromkeys((6, 7), ("refused", "other_document"))


@pytest.mark.parametrize("column", ["Typ klienta", "Rodzaj towaru", "Typ ceny", "Miesiąc", "Stawka"])
def test_numbers_of_other_columns_are_no_kinds_of_documents(tmp_path: Path, column: str) -> None:
    assert len(read_text(tmp_path, report(column, "1", "2", "3")).good) == 6


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        *(("Typ dokumentu", one) for one in ("Faktura zaliczkowa", "Faktura zakupu", "FZP", "Nota obciążeniowa")),
        *(("Document type", one) for one in ("Prepayment invoice", "Purchase invoice", "X9", "Debit memo")),
        *(("Belegart", one) for one in ("Anzahlungsrechnung", "Einkauf")),
        *(("Tipo de documento", one) for one in ("Factura de anticipo", "Compra")),
        *(("Вид документа", one) for one in ("Авансовый счёт-фактура", "Покупка")),
        ("Typ", "Zaliczka"),
        ("Tipo di documento", "Nota di abbuono"),
    ],
)
def test_it_is_asked_what_kinds_are_that_nobody_knows_but_not_what_invoices_are(
    tmp_path: Path, column: str, kind: str
) -> None:
    content = report(column, "Faktura", "FV", kind)
    with pytest.raises(Unanswered) as stopped:
        read_text(tmp_path, content)
    assert [one.key for one in stopped.value.questions] == [f"kind:{kind}"]
    assert len(read_text(tmp_path, content, {f"kind:{kind}": "sold"}).good) == 6
    assert len(read_text(tmp_path, content, {f"kind:{kind}": "no_sales"}).good) == 4
    alone = read_text(tmp_path, report("Typ", "Farba", "Pędzel")).good
    assert len(alone) == 4, "kinds of goods"
    assert (
        len(read_text(tmp_path, report(column, "Faktura VAT", "Paragon", "FS", "Invoice", "Продажа", "Fattura")).good)
        == 12
    )


def test_numbers_that_signs_or_lines_tell_are_not_asked_about(tmp_path: Path) -> None:
    assert len(read_text(tmp_path, report("Typ", "1", "2", pieces="-2").replace("-2;10", "-2;-10")).good) == 4
    assert len(read_text(tmp_path, report("Typ", "1", "1")).good) == 4
    mixed = report("Typ", "1", "2").replace("P2;2;10,00;1", "P2;2;10,00;2").replace("P1;2;10,00;2", "P1;2;10,00;1")
    assert len(read_text(tmp_path, mixed).good) == 4, "one of goods: it differs among the lines of a document"


def test_a_number_that_nobody_named_stops_a_later_import() -> None:
    rows = [[*HEADER, "Typ dok."], [*line("F/1"), "1"], [*line("F/2"), "2"]]
    with pytest.raises(QuestionOpen, match=r"Typ dok.*\(it holds '1', '2'\); say credit_note:, other_documents: or"):
        typed(laid(rows, profile(decimal=",")), profile(decimal=","))
    said = profile(decimal=",", credit_note={"column": "Typ dok.", "values": ["2"]}, sold=["1"])
    assert typed(laid(rows, said), said).rows.kind.tolist() == [SOLD, CAME_BACK]
    with pytest.raises(QuestionOpen, match="it holds '3'"):
        typed(laid([rows[0], rows[2], [*line("F/3"), "3"]], said), said)
    for all_sold in (
        profile(decimal=",", sold=["1", "2"]),
        profile(decimal=",", other_documents={"column": "typ dok.", "values": []}),
    ):
        assert typed(laid(rows, all_sold), all_sold).rows.kind.tolist() == [SOLD, SOLD]


def test_another_answer_takes_the_place_of_the_one_before() -> None:
    rows = [[*HEADER, "Typ dok."], [*line("F/1"), "1"], [*line("F/2"), "2"], [*line("F/3"), "3"]]
    seen = look([grid(rows)], [], "sales")
    said = propose(seen, {"kind:1": "sold", "kind:2": "returned", "kind:3": "no_sales"})
    assert [said_of_kind(said, one) for one in seen.questions] == ["sold", "returned", "no_sales"]
    before = said.model_dump(exclude_defaults=True) | {"sold": ["1", "KOR"]}
    left = beside_kinds(seen, before)
    assert (left["sold"], left.get("credit_note"), left.get("other_documents")) == (["KOR"], None, None)


@pytest.mark.parametrize("sold", ["Fattura", "Fatura", "Factuur"])
def test_an_invoice_of_a_neighbour_tells_that_a_column_is_one_of_kinds(tmp_path: Path, sold: str) -> None:
    with pytest.raises(Unanswered, match="for which the column 'Tipo' holds 'Accredito'"):
        read_text(tmp_path, report("Tipo", sold, "Accredito"))
