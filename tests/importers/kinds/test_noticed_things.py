"""What is probably wrong with products and distributors is told of their rows, which come in all the same."""

from tests.importers.driver import Desk

TAXED = {"code": "Kod", "name": "Nazwa", "tax_id": "NIP", "head_office": "Centrala"}


def test_an_ean_whose_check_digit_is_wrong_is_noticed(desk: Desk) -> None:
    desk.load(import_profiles={"products": {"columns": {"code": "Kod", "name": "Nazwa", "ean": "EAN"}}})
    eans = ("5901234123457", "5901234123458", None, "590123412345", "96385074")
    rows = [(f"P{at}", "Farba", one) for at, one in enumerate(eans)]
    found = desk.run(desk.csv(*rows, header=("Kod", "Nazwa", "EAN")), "products")
    assert list(found.warnings) == [
        {"code": "eans_cannot_be", "count": 2, "found": "3: 5901234123458, 5: 590123412345"}
    ]
    assert found.counts["created"] == 5


def shared(desk: Desk, *rows: tuple[str | None, ...]) -> list[object]:
    found = desk.run(desk.csv(*rows, header=tuple(TAXED.values())), "distributors")
    assert found.counts["lines_accepted"] == len(rows)
    return [one["found"] for one in found.warnings if one["code"] == "tax_ids_shared"]


def test_two_distributors_of_one_tax_id_are_noticed_but_for_branches(desk: Desk) -> None:
    desk.load(import_profiles={"distributors": {"columns": TAXED}})
    first = [
        ("D1", "North", "526-000-12-46", None),
        ("D2", "South", "PL5260001246", None),
        ("D3", "West", "1234563218", None),
        ("B1", "West, branch", "123-456-32-18", "D3"),
        ("B2", "West, branch", "1234563218", "D3"),
    ]
    assert shared(desk, *first) == ["2: 526-000-12-46 / D2, 3: PL5260001246 / D1"]
    assert shared(desk, ("D4", "East", "1234563218", None)) == ["2: 1234563218 / B1"]
    assert shared(desk, ("D1", "North", "5260001246", None), ("D2", "South", "7680002466", None)) == []
