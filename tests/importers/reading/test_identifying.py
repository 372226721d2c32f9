"""Of which kind a file is, told by what its columns are called."""

from itertools import combinations
from pathlib import Path

import pytest

from importers.errors import FileRefused
from importers.files.guard import judge
from importers.files.opening import whole
from importers.layout.looks.proposing import propose
from importers.reading.identifying import identify
from tests.importers.files.made import LIMITS
from tests.importers.layout.reports import grid

SALES = {
    "Nr faktury": "FV/1",
    "Data sprzedaży": "2026-01-05",
    "Kontrahent": "D1",
    "Kod towaru": "P1",
    "Nazwa": "Młotek",
    "Ilość": "2",
    "Wartość netto": "20,00",
}


def kind_of(row: dict[str, str]) -> str | None:
    return identify([grid([list(row), list(row.values())])], [], "report.csv", {}).kind


@pytest.mark.parametrize(
    "lacking",
    [one for several in (0, 1, 2) for one in combinations(SALES, several) if one != ("Nazwa", "Wartość netto")],
)
def test_what_lacks_a_column_or_two_of_sales_is_no_list_of_goods_or_customers(lacking: tuple[str, ...]) -> None:
    assert kind_of({name: text for name, text in SALES.items() if name not in lacking}) == "sales"


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["Kod", "Nazwa", "EAN", "Grupa"], "products"),
        (["Kod", "Nazwa", "Punkty"], "rewards"),
        (["Kontrahent", "Cel"], "targets"),
        (["Kod klienta", "Nazwa", "NIP"], "distributors"),
        (["Imię", "Nazwisko", "E-mail"], "people"),
        (["Nr karty", "Klient"], "aliases"),
        (["Kod vouchera", "Nagroda"], "vouchers"),
        (["Numer zamówienia", "Numer przesyłki", "Przewoźnik"], "shipments"),
        (["Kod", "Nazwa"], None),
        (["Kod", "Ilość"], None),
        (["Nr WZ", "Data", "Kontrahent", "Kod", "Ilość"], "deliveries"),
        (["Nº albarán", "Fecha albarán", "Cliente", "Código", "Cantidad"], "deliveries"),
        (["Nr WZ", "Data", "Kontrahent", "Kod", "Ilość", "Wartość netto"], None),
        (["Nr faktury", "Nr WZ", "Data", "Kontrahent", "Kod", "Ilość", "Wartość netto"], "sales"),
    ],
)
def test_what_else_files_hold(names: list[str], kind: str | None) -> None:
    assert kind_of(dict.fromkeys(names, "1")) == kind


QUARTERS = {"I kw. 2026": "2", "II kw. 2026": "3"}


def test_a_matrix_of_quarters_is_of_sales_and_refused_as_such() -> None:
    with pytest.raises(FileRefused, match=r"quarters stand side by side, such as 'I kw\. 2026', 'II kw\. 2026'"):
        kind_of({"Klient": "D1", "Kod towaru": "P1"} | QUARTERS)
    assert kind_of({"Kod klienta": "D1", "Nazwa": "Firma", "NIP": "5260001246"} | QUARTERS) == "distributors"


def test_a_file_that_was_found_to_be_in_another_encoding_is_recognised_by_its_own_profile(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    content = "Faktura;Datum;Odběratel;Kód produktu;Počet;Celkem bez DPH\nF;13.02.2019;K;P;2;12,50\n"
    path.write_bytes(content.encode("cp1250"))
    read = whole(judge(path, path.name, LIMITS), path.name)
    found = identify(*read, path.name, {}).seen
    assert found.encoding == "cp1252"
    profile = propose(found, {"encoding": "cp1250"})
    again = identify(*read, path.name, {"czech": profile, "other": profile.model_copy(update={"header_key": "x"})})
    assert (again.profile_name, again.recognised) == ("czech", True)
    assert identify(*read, path.name, {"czech": profile}, profile_name="czech").unfit is None
    path.write_text(content, encoding="utf-8")
    by_now = identify(*whole(judge(path, path.name, LIMITS), path.name), path.name, {"czech": profile})
    assert (by_now.profile_name, by_now.recognised) == ("czech", True)
