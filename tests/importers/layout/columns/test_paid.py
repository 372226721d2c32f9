"""Which columns hold what was paid: amounts beside their tax, prices and amounts beside a discount."""

from collections.abc import Sequence

import pytest

from importers.errors import FileRefused
from importers.layout.looks.looking import Seen, look
from importers.layout.tables.table import TextTable
from tests.importers.layout.reports import COLUMNS, grid, laid, profile

NAMES = ["Nr faktury", "Data", "Odbiorca", "Kod towaru", "Ilość"]
NETS, TAXES, GROSS = ("20,00", "60,00", "5,00"), ("4,60", "13,80", "1,15"), ("24,60", "73,80", "6,15")
PIECES, PRICES, TAXED_PRICES = ("2", "3", "1"), ("10,00", "20,00", "5,00"), ("12,30", "24,60", "6,15")


def seen(**columns: Sequence[str]) -> Seen:
    """Look at a report with these columns of figures."""
    names = [name.replace("_", " ") for name in columns]
    rows = [
        [f"F/{at}", "13.01.2026", "D1", f"P{at}", PIECES[at], *figures]
        for at, figures in enumerate(zip(*columns.values(), strict=True))
    ]
    return look([grid([[*NAMES, *names], *rows])], [], "sales")


def asked(found: Seen) -> list[str]:
    return [one.key for one in found.questions]


@pytest.mark.parametrize(
    ("net", "tax", "gross"),
    [("Subtotal", "Tax", "Total"), ("Base", "IVA", "Total"), ("Сумма", "НДС", "Всего"), ("Wartość", "VAT", "Razem")],
)
def test_of_two_amounts_and_a_tax_the_one_without_it_is_net(net: str, tax: str, gross: str) -> None:
    found = seen(**{net: NETS, tax: TAXES, gross: GROSS})
    assert (found.columns_of["net_amount"], found.columns_of["gross_amount"]) == (net, gross)
    assert asked(found) == []
    alone = seen(**{net: NETS[:1], tax: TAXES[:1], gross: GROSS[:1]})
    assert alone.columns_of["net_amount"] == net, "one row is enough"


@pytest.mark.parametrize(("tax", "amount"), [("w tym VAT", "Wartość"), ("IVA", "Total"), ("MwSt 19 %", "Betrag")])
def test_an_amount_that_holds_its_tax_is_no_net_amount(tax: str, amount: str) -> None:
    assert asked(seen(**{tax: TAXES, amount: GROSS})) == ["column:net_amount"]
    assert seen(**{tax: TAXES, amount: NETS}).columns_of["net_amount"] == amount
    priced = seen(Cena=PRICES, **{tax: TAXES, amount: GROSS})
    assert ("net_amount" in priced.columns_of, priced.columns_of["unit_price"], asked(priced)) == (False, "Cena", [])


def test_amounts_are_not_reckoned_of_prices_with_tax_or_before_a_discount() -> None:
    taxed = seen(Cena=TAXED_PRICES, Wartość_brutto=GROSS)
    assert ("unit_price" in taxed.columns_of, asked(taxed)) == (False, ["column:net_amount"])
    assert asked(seen(Cena=PRICES, Wartość_brutto=GROSS)) == []
    assert asked(seen(Cena=PRICES, Rabat=("10", "0", "5%"))) == ["column:net_amount"]
    assert asked(seen(Cena=PRICES, Rabat=("0", "0,00", ""))) == []
    assert asked(seen(Cena=PRICES, Rabat=("10", "0", "0"), Wartość=("18,00", "60,00", "5,00"))) == []


@pytest.mark.parametrize("after", ["po rabacie", "po upuście"])
def test_what_is_after_a_discount_was_paid(after: str) -> None:
    reduced = ("9,00", "20,00", "4,75")
    found = seen(**{"Cena": PRICES, "Rabat": ("10", "0", "5"), f"Cena {after}": reduced})
    assert (found.columns_of["unit_price"], asked(found)) == (f"Cena {after}", [])
    found = seen(**{"Cena": PRICES, "Wartość": NETS, f"Wartość {after}": ("18,00", "60,00", "4,75")})
    assert (found.columns_of["net_amount"], asked(found)) == (f"Wartość {after}", [])


def test_what_all_lines_of_a_document_have_alike_is_what_it_comes_to() -> None:
    def found(*amounts: str, **prices: str) -> Seen:
        names = [*NAMES, "Wartość netto", *prices]
        rows = [
            [f"F/{at // 2}", "13.01.2026", "D1", f"P{at}", str(at + 1), amount, *prices.values()]
            for at, amount in enumerate(amounts)
        ]
        return look([grid([names, *rows])], [], "sales")

    alike = found("90,00", "90,00", "45,00", "45,00")
    assert (alike.columns_of["document_total"], asked(alike)) == ("Wartość netto", ["column:net_amount"])
    assert asked(found("90,00", "90,00", "45,00", "45,00", Cena="1,50")) == [], "it is reckoned of prices"
    assert asked(found("90,00", "90,00", "45,00", "40,00")) == []
    assert asked(found("0,00", "0,00", "45,00", "45,00")) == [], "free lines"
    assert asked(found("10,00", "10,00", "10,00", "10,00")) == [], "a price that all goods have"


def test_what_is_left_of_an_amount_without_its_discount_was_paid() -> None:
    left = {"Wartość": NETS, "Rabat": ("2,00", "0", "0,50"), "Do zapłaty netto": ("18,00", "60,00", "4,50")}
    found = seen(Cena=PRICES, **left)
    assert (found.columns_of["net_amount"], asked(found)) == ("Do zapłaty netto", [])
    found = seen(Cena=PRICES, **{**left, "Do zapłaty netto": ("18,00", "60,00", "5,00")})
    assert found.columns_of["net_amount"] == "Wartość", "one row says otherwise"


def test_a_second_net_amount_is_no_amount_with_tax() -> None:
    found = seen(Wartość_netto_EUR=("4,65", "13,95", "1,16"), Wartość_netto_PLN=NETS)
    (question,) = found.questions
    assert (question.key, question.options) == ("column:net_amount", ("Wartość netto EUR", "Wartość netto PLN"))
    assert "gross_amount" not in found.columns_of


def test_figures_that_are_none_are_reckoned_with_as_nothing() -> None:
    found = seen(Cena=("9" * 400, "9" * 400, "5,00"), Wartość=NETS)
    assert found.columns_of["net_amount"] == "Wartość"


def later(amount: str, mapped: dict[str, str] | None = None, **columns: Sequence[str]) -> TextTable:
    """Lay out a later month by a profile that was made before, and reads net amounts of the column ``amount``."""
    names = [name.replace("_", " ") for name in columns]
    rows = [
        [f"F/{at}", "13.01.2026", "D1", f"P{at}", PIECES[at], *figures]
        for at, figures in enumerate(zip(*columns.values(), strict=True))
    ]
    said = profile(columns={**COLUMNS, "product": "Kod towaru", "net_amount": amount} | (mapped or {}), decimal=",")
    return laid([[*NAMES, *names], *rows], said)


@pytest.mark.parametrize(
    "beside", [{"VAT": TAXES}, {"Podstawa": NETS, "Kwota_VAT": TAXES}], ids=["within", "added to another"]
)
def test_amounts_that_are_called_net_and_hold_the_tax_beside_them_are_refused(beside: dict[str, Sequence[str]]) -> None:
    with pytest.raises(
        FileRefused, match=r"'Wartość netto': its amounts are with tax by .* column '(Kwota )?VAT', expected"
    ):
        later("Wartość netto", Wartość_netto=GROSS, **beside)
    assert later("Wartość netto", Wartość_netto=NETS, **beside, Brutto=GROSS).warnings == []


def test_amounts_that_seem_to_be_with_tax_are_told_where_they_are_not_called_net() -> None:
    told = [{"code": "amounts_perhaps_taxed", "field": "Wartość", "found": "VAT"}]
    assert later("Wartość", Wartość=GROSS, VAT=TAXES).warnings == told
    assert later("Wartość brutto", Wartość_brutto=GROSS, VAT=TAXES).warnings == [], "somebody chose it"
    told = [{"code": "amounts_perhaps_taxed", "field": "Wartość netto", "found": "Cena netto"}]
    price = {"unit_price": "Cena netto"}
    assert later("Wartość netto", price, Wartość_netto=GROSS, Cena_netto=PRICES).warnings == told
    assert later("Wartość netto", price, Wartość_netto=NETS, Cena_netto=PRICES).warnings == []


def test_a_discount_that_is_half_of_each_amount_is_not_what_was_paid() -> None:
    found = seen(Cena=("10,00", "20,00", "5,00"), Rabat=("10", "30", "2,50"), Wartość=("20,00", "60,00", "5,00"))
    assert found.columns_of["net_amount"] == "Wartość"


def test_amounts_beside_prices_are_asked_about_where_no_column_is_called_quantity() -> None:
    rows = [
        ["F/1", "13.01.2026", "D1", "P1", "2", "10,00", "18,00"],
        ["F/2", "13.01.2026", "D1", "P2", "3", "5,00", "15,00"],
    ]
    found = look([grid([[*NAMES[:-1], "Bucăți", "Cena netto", "Grundlage"], *rows])], [], "sales")
    assert {one.key: one.options for one in found.questions} == {
        "column:quantity": ("Bucăți", "Grundlage", "Cena netto"),
        "column:net_amount": ("Grundlage",),
    }


def test_amounts_that_are_rounded_up_or_of_thousands_of_pieces_are_asked_about() -> None:
    rows = [
        ["24,5", "9,99", "244,76"],
        ["1.500", "2,00", "3.000,00"],
        ["2", "10,00", "18,00"],
        ["5,5", "9,99", "54,95"],
    ]
    lines = [[f"F/{at}", "13.01.2026", "D1", "P1", *cells] for at, cells in enumerate(rows)]
    found = look([grid([[*NAMES, "Cena netto", "Grundlage"], *lines])], [], "sales")
    assert [(one.key, one.options) for one in found.questions] == [("column:net_amount", ("Grundlage",))]
