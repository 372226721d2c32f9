"""Amounts that are with a tax by what stands below or beside a table, or in a column of it."""

import pytest

from importers.errors import FileRefused
from importers.layout.written.taxed import says_gross
from tests.importers.layout.reports import HEADER, laid, line, numbers, profile

NET = profile(columns={**profile().columns, "net_amount": "Wartość netto"})
NET_HEADER = [*HEADER[:-1], "Wartość netto"]


@pytest.mark.parametrize(
    "said",
    [
        *("Ceny brutto", "Wartości zawierają VAT (23%)", "Uwaga: wszystkie kwoty zawierają podatek VAT", "Cena z VAT"),
        *("All prices include 20% VAT", "Amounts are inclusive of tax", "Prices: taxes included", "Precios brutos"),
        *("Importes con IVA", "Los precios incluyen IVA", "Цены указаны с НДС", "Суммы включают НДС", "Bruttopreise"),
        *("Alle Preise inkl. 19% MwSt.", "Preise einschließlich Umsatzsteuer", "Ceny jsou včetně DPH", "Prix TTC"),
    ],
)
def test_a_note_below_the_table_says_that_its_amounts_are_with_tax(said: str) -> None:
    rows = [HEADER, line(), line("FV/2"), [], [said]]
    with pytest.raises(FileRefused, match=r"column 'Wartość': .* stands below or beside it, so its amounts seem to be"):
        laid(rows)
    with pytest.raises(FileRefused, match="stands below or beside it"):
        laid([HEADER, line(), line("FV/2")], wrong_width=((4, 1),), broken={4: [said]})
    with pytest.raises(FileRefused, match="stands beside it in the column 'column 7'"):
        laid([HEADER, [*line(), said], line("FV/2")])
    assert numbers(laid([NET_HEADER, *rows[1:]], NET)) == [2, 3], "its own name says that they are not"


@pytest.mark.parametrize(
    "said",
    [
        *("Ceny netto", "Ceny nie zawierają VAT", "Kwoty bez VAT", "Prices do not include VAT", "Preise zzgl. MwSt."),
        *("Wartość brutto: 1 230,00", "Razem wartość brutto", "Waga brutto", "Precios sin IVA", "Цены не включают НДС"),
        *("Sprzedaż netto i wartości brutto", "Montants HT", "VAT is not included in prices", "Druk: ceny detaliczne"),
    ],
)
def test_a_note_that_says_otherwise_or_a_sum_of_all_says_nothing_of_the_amounts(said: str) -> None:
    assert numbers(laid([HEADER, line(), line("FV/2"), [], [said]])) == [2, 3]


@pytest.mark.parametrize(
    ("name", "values", "told"),
    [
        ("Typ ceny", ("brutto", "brutto"), "brutto"),
        ("Price type", ("net", "Gross"), "Gross"),
        ("Ceny", ("od netto", "od brutto"), "od brutto"),
        ("Tipo de precio", ("con IVA", "sin IVA"), "con IVA"),
        ("Вид цены", ("с НДС", None), "с НДС"),
        ("Prices include tax", ("no", "yes"), "yes"),
        ("Prices include tax", ("no", "no"), None),
        ("Typ ceny", ("netto", "netto"), None),
        ("Waga", ("brutto", "brutto"), None),
        ("Opakowanie", ("brutto", "karton"), None),
        ("Kwota brutto", ("24,60", "1"), None),
    ],
)
def test_a_column_says_of_which_rows_amounts_are_with_tax(
    name: str, values: tuple[str | None, ...], told: str | None
) -> None:
    lines = [[*line(f"FV/{at}"), value] for at, value in enumerate(values)]
    if told is None:
        assert numbers(laid([[*HEADER, name], *lines])) == [2, 3]
        return
    with pytest.raises(FileRefused, match=f"'{told}' stands beside it in the column '{name}', so amounts seem to be"):
        laid([[*HEADER, name], *lines])
    assert numbers(laid([[*NET_HEADER, name], *lines], NET)) == [2, 3]


def test_what_speaks_of_weights_says_nothing_of_a_tax() -> None:
    assert not any(map(says_gross, ("Waga brutto", "Bruttogewicht", "Peso bruto", "Gross weight", "Brutto/netto")))
