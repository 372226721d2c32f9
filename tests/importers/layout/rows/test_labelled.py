"""Rows of labels and what they say: ``Faktura: FV/1  Data: 05.01.2026``."""

import pytest

from importers.layout.rows.labelled import Labelled, day_behind, labelled, names_document, perhaps_names_document

NUMBER, DAY, WHO = "document_number", "issued_on", "distributor"


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (
            ["Faktura: FV/1  Data: 05.01.2026  Klient: Sklep Żółw"],
            {NUMBER: "FV/1", DAY: "05.01.2026", WHO: "Sklep Żółw"},
        ),
        (["Faktura: FV/1 Data wystawienia: 05.01.2026, Klient: X"], {NUMBER: "FV/1", DAY: "05.01.2026", WHO: "X"}),
        (["Faktura", "FV/1", "Data", "2026-01-05"], {NUMBER: "FV/1", DAY: "2026-01-05"}),
        (["Faktura:", "FV/1", "Data:", "2026-01-05"], {NUMBER: "FV/1", DAY: "2026-01-05"}),
        (["Faktura VAT nr FV 1/2026 z dnia 05.01.2026 r."], {NUMBER: "FV 1/2026", DAY: "05.01.2026"}),
        (["Faktura: FV/1 z dnia 05.01.2026"], {NUMBER: "FV/1", DAY: "05.01.2026"}),
        (["Реализация товаров и услуг ТД0012 от 05.01.2026 12:00:00"], {NUMBER: "ТД0012", DAY: "05.01.2026 12:00:00"}),
        (["Invoice 1001 dated 5 Jan 2026"], {NUMBER: "1001", DAY: "5 Jan 2026"}),
        (
            ["Rechnung Nr. 2026-001 vom 05.01.2026", "Kunde: Müller"],
            {NUMBER: "2026-001", DAY: "05.01.2026", WHO: "Müller"},
        ),
        (["Factura F-001 de fecha 05/01/2026"], {NUMBER: "F-001", DAY: "05/01/2026"}),
        (["Faktura korygująca nr KOR 3/2026"], {NUMBER: "KOR 3/2026"}),
        (["Credit note: CN-12"], {NUMBER: "CN-12"}),
        (["Kontrahent:", "D001", "Sklep Północ"], {WHO: "D001"}),
        (
            ["Faktura FV/1 z dnia 05.01.2026, kontrahent: Sklep, s.c."],
            {NUMBER: "FV/1", DAY: "05.01.2026", WHO: "Sklep, s.c."},
        ),
        (["Rechnung Nr. 12 vom 05.01.2026 Kunde: Nord"], {NUMBER: "12", DAY: "05.01.2026", WHO: "Nord"}),
        (["Invoice 1001 dated 5 Jan 2026; Customer North"], {NUMBER: "1001", DAY: "5 Jan 2026", WHO: "North"}),
        (["Fattura n. 12/A del 05/01/2026"], {NUMBER: "12/A", DAY: "05/01/2026"}),
        (["Data: 05.01.2026 12:30, Faktura: 1/2, Magazyn: MG"], {NUMBER: "1/2", DAY: "05.01.2026 12:30"}),
    ],
)
def test_what_rows_say(cells: list[str], said: dict[str, str]) -> None:
    assert {one.field: one.text for one in labelled(cells) if one.field} == said


@pytest.mark.parametrize(
    "cells",
    [
        ["Kod", "Nazwa", "Ilość"],
        ["Kontrahent", "Nr faktury", "Data", "Ilość"],
        ["Data", "Kod"],
        ["Faktura:", "Data:", "Kod:"],
        ["Nr faktury", "Data", "Sprzedaż"],
        ["Faktura FV/1 razem"],
        ["Faktura FV/1 uwagi: pilne"],
        ["Faktura FV/1, kontrahent:"],
        ["Śruba M8: ocynk", "2", "10,00"],
        ["Faktura: FV/1", "2", "10,00"],
        ["FV/1", "2026"],
        ["Sprzedaż 2026"],
        ["Zwroty 01.2026"],
        ["Klient: Sklep Magazyn: Główny"],
        ["Faktura: FV/1 " + "z 1 " * 10_000],
        ["Klient: " * 10_000],
    ],
)
def test_rows_that_say_something_else_as_well(cells: list[str]) -> None:
    assert labelled(cells) == []


def test_what_names_a_document_or_perhaps_does() -> None:
    (total,) = labelled(["Razem faktura: 120,00"])
    assert not names_document(total)
    assert not perhaps_names_document(total)
    assert not perhaps_names_document(Labelled("", None, "1" * 30_000))
    texts = {"Kwit: PAR/7": True, "Strona: 2/3": False, "Wydruk: 2026-01-05": False}
    assert {text: perhaps_names_document(labelled([text])[0]) for text in texts} == texts


def test_a_day_behind_a_number() -> None:
    found = day_behind("Реализация 12 от 05.01.2026")
    assert found is not None
    assert found.text == "05.01.2026"
    assert [day_behind(text) for text in ("Отчёт от 05.01.2026", "FV/1", "1 " + "z 1 " * 10_000)] == [None] * 3
