"""What names of columns and titles say of amounts: another currency, or that they are counted in thousands."""

import re

import pyarrow as pa
import pytest

from importers.errors import FileRefused
from importers.layout.laying import lay
from importers.layout.written.amounts_named import currency_named, refuse_other_amounts, with_currencies
from tests.importers.layout.reports import COLUMNS, HEADER, grid, laid, line, profile, typed


@pytest.mark.parametrize(
    ("field", "name", "found"),
    [
        ("net_amount", "Wartość netto [tys. zł]", "tys"),
        ("net_amount", "Wartość netto (w tys.)", "tys"),
        ("net_amount", "Umsatz in TEUR", "TEUR"),
        ("net_amount", "Betrag (Tsd. €)", "Tsd"),
        ("net_amount", "Net amount k€", "k€"),
        ("net_amount", "Net amount (thousands)", "thousands"),
        ("net_amount", "Сумма, тыс. руб.", "тыс"),
        ("net_amount", "Importe (miles €)", "miles"),
        ("net_amount", "Wartość [mln zł]", "mln"),
        ("net_amount", "Net amount in cents", "cents"),
        ("net_amount", "Wartość (gr)", "(gr)"),
        ("net_amount", "Wartość w groszach, nie w zł", "groszach"),
        ("quantity", "Ilość [tys. szt.]", "tys"),
        ("quantity", "Qty (000)", "(000)"),
        ("unit_price", "Cena za 100 szt.", "za 100"),
        ("unit_price", "Preis / 1.000", "/ 1.000"),
        ("target", "Plan (TPLN)", "TPLN"),
    ],
)
def test_figures_that_are_counted_otherwise_are_refused(field: str, name: str, found: str) -> None:
    with pytest.raises(FileRefused) as refused:
        refuse_other_amounts({name: field}, [], "report.csv")
    said = f"report.csv, column {name!r}: its name says {found!r}, expected figures in full, one by one; write them so"
    assert str(refused.value).startswith(said)


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("net_amount", "Wartość netto"),
        ("net_amount", "Net amount 2026"),
        ("net_amount", "Kwota gr. towarowej"),
        ("quantity", "Ilość [gr]"),
        ("unit_price", "Cena za 1 szt."),
        ("unit_price", "Cena 2026/10"),
        ("unit_price", "Cena na 10.2026"),
        ("net_amount", "Сумма без учёта НДС, руб. коп."),
        ("net_amount", "Wartość (zł, gr)"),
        ("net_amount", "Net amount (pounds and pence)"),
        ("product", "Kod (tys.)"),
    ],
)
def test_other_names_say_nothing_of_it(field: str, name: str) -> None:
    refuse_other_amounts({name: field}, [["Mio Trade, tys. 5"], ["Kapitał zakładowy: 50 tys. zł"]], "report.csv")


@pytest.mark.parametrize(
    "title", ["Dane w tys. zł", "Angaben in TEUR", "суммы указаны в тыс. руб.", "importes en miles de euros"]
)
def test_what_stands_above_the_table_counts_amounts_too(title: str) -> None:
    with pytest.raises(FileRefused, match=r"report.csv: above the table stands .*, expected amounts in full"):
        laid([[title], HEADER, line()])


def test_months_in_thousands_are_refused() -> None:
    said = profile(
        columns={"product": "Kod"},
        fixed={"distributor": "D1"},
        months={"series": "R", "quantity": "szt.", "net_amount": "tys. zł"},
    )
    head = ["Kod", "2026-01 szt.", "2026-01 tys. zł"]
    with pytest.raises(FileRefused, match=r"column '2026-01 tys. zł': its name says 'tys'"):
        laid([head, ["P1", "1", "10"]], said)


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("Wartość netto [EUR]", "EUR"),
        ("Wartość netto EUR", "EUR"),
        ("Betrag in €", "€"),
        ("Amount ($)", "$"),
        ("Wartość zł", "zł"),
        ("Sales ALL", None),
        ("STD PRICE", None),
        ("Wartość net", None),
        ("Wartość PLN/EUR", None),
        ("Cena eur", None),
    ],
)
def test_the_name_of_a_column_names_its_currency(name: str, named: str | None) -> None:
    assert currency_named(name) == named


def read(rows: list[list[str | None]], head: list[str], **columns: str) -> dict[int, tuple[str, str]]:
    said = profile(columns={**COLUMNS, **columns}, decimal=",")
    found = lay(
        grid([*rows, head, line(), line("FV/2", net="(1 020,00)"), line("FV/3", net="30,00 zł")]), said, "x", "PLN"
    )
    assert found is not None
    return typed(found.table, said).outcomes


WAITS = ("held", "other_currency")


def test_amounts_wait_whose_column_or_title_says_another_currency() -> None:
    named = [*HEADER[:-1], "Wartość [EUR]"]
    assert read([], named, net_amount="Wartość [EUR]") == {2: WAITS, 3: WAITS}
    assert read([["Waluta:", "EUR"]], HEADER) == {3: WAITS, 4: WAITS}
    assert read([["Currency: EUR"]], HEADER) == {3: WAITS, 4: WAITS}
    assert read([["Waluta: PLN"], ["EUR Trade"]], HEADER) == {}
    in_pln = [*HEADER[:-1], "Wartość [PLN]"]
    assert read([["Waluta: EUR"]], in_pln, net_amount="Wartość [PLN]") == {}


def test_amounts_wait_of_rows_that_name_another_currency() -> None:
    columns = {
        "Wartość": ["1", "2", "3", "x"],
        "Wartość PLN": ["4", "8", "12", "1"],
        "Waluta": ["PLN", "EUR", None, "EUR"],
    }
    cells = pa.table({name: pa.array(texts, pa.large_string()) for name, texts in columns.items()})
    found = with_currencies(cells, {0, 1}, {0, 1}, [], "PLN")
    assert found.column(0).to_pylist() == ["1", "2 EUR", "3", "x"]
    assert found.column(1).to_pylist() == columns["Wartość PLN"], "its name says that it is in the programme's"
    assert with_currencies(cells, {0, 1}, {0, 1, 2}, [], "PLN") == cells, (
        "a column that is read is judged by who reads it"
    )


@pytest.mark.parametrize(
    ("foreign", "own"),
    [("Wartość w walucie", "Wartość"), ("Betrag FW", "Betrag"), ("Сумма в валюте", "Сумма"), ("Amount FCY", "Amount")],
)
def test_a_column_of_currencies_is_of_the_amounts_that_are_called_so(foreign: str, own: str) -> None:
    columns = {foreign: ["1", "2"], "Waluta": ["PLN", "EUR"], own: ["1", "8"]}
    cells = pa.table({name: pa.array(texts, pa.large_string()) for name, texts in columns.items()})
    assert with_currencies(cells, {2}, {2}, [], "PLN") == cells
    assert with_currencies(cells, {0}, {0}, [], "PLN").column(0).to_pylist() == ["1", "2 EUR"]


@pytest.mark.parametrize(
    "said",
    [
        *("Wszystkie kwoty brutto", "All amounts incl. VAT", "Importes con IVA incluido", "Alle Beträge inkl. MwSt."),
        *("Суммы указаны с НДС", "Montants TTC"),
    ],
)
def test_amounts_are_refused_that_are_with_tax_by_what_stands_above_them(said: str) -> None:
    columns = {"Wartość": "net_amount", "Ilość": "quantity"}
    expected = rf"column 'Wartość': '{re.escape(said)}' stands above it, so its amounts seem to be with tax"
    with pytest.raises(FileRefused, match=expected):
        refuse_other_amounts(columns, [["Raport"], ["", said]], "report.csv")
    with pytest.raises(FileRefused, match=expected):
        refuse_other_amounts(columns, [], "report.csv", sheet=said)
    refuse_other_amounts({"Wartość netto": "net_amount"}, [[said]], "report.csv")
    refuse_other_amounts({**columns, "Kwota": "gross_amount"}, [[said]], "report.csv")


def test_what_speaks_of_net_amounts_as_well_or_of_weights_says_nothing_of_a_tax() -> None:
    for said in ("Sprzedaż netto i brutto", "Waga brutto: 12 kg", "Gross weight", "Kwoty bez VAT"):
        refuse_other_amounts({"Wartość": "net_amount"}, [[said]], "report.csv")


@pytest.mark.parametrize("own", ["Amount (LCY)", "Kwota w walucie krajowej", "Betrag Hauswährung"])
def test_amounts_that_are_called_so_are_in_the_programmes_currency_beside_a_column_of_currencies(own: str) -> None:
    columns = {"Amount": ["1", "2"], own: ["1", "8"], "Currency": [None, "EUR"]}
    cells = pa.table({name: pa.array(texts, pa.large_string()) for name, texts in columns.items()})
    assert with_currencies(cells, {1}, {1}, [], "PLN") == cells
    assert with_currencies(cells, {0}, {0}, [], "PLN").column(0).to_pylist() == ["1", "2 EUR"]
