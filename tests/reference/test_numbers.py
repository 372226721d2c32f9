"""Numbers and keys of documents, and names of groups: worked out by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.reference.by_hand import programme, sale
from tests.reference.numbering import document_key, normalised
from tests.reference.programme import read_catalogue, read_programme
from tests.reference.sales import (
    INVOICE,
    Group,
    chain,
    documents_of,
    find_group,
)

# ------------------------------------------------------------------------------------------------ 9. numbering


@pytest.mark.parametrize(
    ("number", "expected"),  # of documents of 2025
    [
        ("FV/1/12/2025", "1.12.25"),
        ("FV/11/2/2025", "11.2.25"),
        ("fv 0012/2025", "12.25"),
        ("Faktura 12/25", "12.25"),
        ("INVOICE-12-25", "12.25"),
        ("RE: 12_25", "12.25"),
        ("nr12/25", "12.25"),
        ("FV12", "12"),
        ("FVAT12", "FVAT12"),
        ("REX12", "REX12"),
        ("SO43659", "SO43659"),
        ("C536379", "C536379"),
        ("  536365 ", "536365"),
        ("000", "0"),
        ("00/000", "0.0"),
        ("2025", "2025"),  # the only digit group keeps its four digits
        ("A/2025", "A2025"),
        ("2025/1", "25.1"),
        ("2005/2025", "2005.25"),  # document 2005 of 2025 is not document 5
        ("5/2025", "5.25"),
        ("1/2024", "1.2024"),  # not the year of issue
        ("1/1999", "1.1999"),
        ("1/12025", "1.12025"),
        ("2025/2025", "2025.25"),  # one group at most, the last
        ("25/2025", "25.25"),
        ("2025/25", "2025.25"),  # the last that reads as the year is short already
        ("2025/1/2", "25.1.2"),
        ("A2025B1", "A25B1"),
        ("FV FAKTURA NR 7/2025", "7.25"),
        ("FV/RE12", "12"),
        ("FVNR12", "FVNR12"),
        ("FV/REX12", "REX12"),
        ("12/FV/25", "12FV25"),
        ("fv", "FV"),
        ("Faktura nr", "FAKTURA NR"),
        (" -- ", "--"),
        ("1O/2O25", "10.25"),
        ("l2/25", "12.25"),
        ("I5", "15"),
        ("12/I/25", "12I25"),  # a run without a digit keeps its letters
        ("12/A/25", "12A25"),
        ("A01B002", "A1B2"),
        ("SOI1", "SOI1"),  # S is no look-alike, so the run keeps its letters
        ("\uff11\uff12\uff0f\uff12\uff15", "12.25"),  # full-width 12/25
        ("12\u200b3/25", "123.25"),  # zero-width space
        ("\ufeffFV 7/25", "7.25"),
        ("12--/ 25", "12.25"),
        ("", ""),
    ],
)
def test_normalised_numbers(number: str, expected: str) -> None:
    assert normalised(number, 2025) == expected


def test_only_the_year_of_issue_is_a_year() -> None:
    assert normalised("1/2005", 2005) == normalised("1/05", 2005) == "1.5"
    assert normalised("1/2005", 2025) == "1.2005"
    assert normalised("1/2000", 2000) == "1.0"


def test_the_key_of_a_document() -> None:
    assert document_key(" pl123 ", INVOICE, "FV/01/2025", 2025) == ("PL123", "invoice", "1.25")


def test_the_year_of_a_document_is_that_of_its_earliest_line() -> None:
    lines = [sale(number="1/2024", day=date(2025, 1, 1)), sale(number="1/2024", day=date(2024, 12, 31))]
    (document,) = documents_of(lines, "net", 2)
    assert document.key[2] == "1.24"


# ------------------------------------------------------------------------------------------------ reading a programme


def test_group_references_find_the_code_before_the_name_before_the_alias() -> None:
    groups = [Group("x", "One", aliases=("two",)), Group("two", "x"), Group("three", "TWO")]
    found = [find_group(groups, name) for name in ("X", "two", "one")]
    assert [group.code if group else None for group in found] == ["x", "two", "x"]
    assert find_group(groups, "four") is None


def test_unknown_groups_and_circles_of_groups_end_the_climb() -> None:
    groups = [Group("a", parent="b"), Group("b", parent="a"), Group("c", parent="missing")]
    assert [group.code for group in chain(groups, "a")] == ["a", "b"]
    assert [group.code for group in chain(groups, "c")] == ["c"]
    assert chain(groups, "missing") == []


def test_the_catalogue_of_a_programme_file() -> None:
    catalogue = read_catalogue(
        {
            "product_groups": [{"code": "g", "name": "G"}, {"code": "h", "parent": "g"}],
            "products": [{"code": "p1", "group": "H"}],
            "distributor_groups": [{"code": "w", "aliases": ["Ware House"]}],
            "distributors": [{"code": "d1", "group": "ware house", "tier": "gold"}],
        }
    )
    assert [group.code for group in catalogue.product_chain(" P1")] == ["h", "g"]
    assert [group.code for group in catalogue.distributor_chain("D1")] == ["w"]


@pytest.mark.parametrize(
    "rule",
    [
        {"code": "r", "kind": "per_dozen", "points": 1},
        {"code": "r", "kind": "per_line", "points": 1, "unit": "stars"},
        {"code": "r", "kind": "per_amount", "points": 1},
        {"code": "r", "kind": "per_line", "points": 1, "caps": {"per_distributor": {"week": 1}}},
    ],
)
def test_a_rule_that_cannot_be_read_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_programme(programme(rule))
