"""Tax ids of sellers that people type, and what of them cannot be."""

import pytest

from verification.claiming.sellers import Sellers


@pytest.mark.parametrize(
    ("tax_id", "fault"),
    [
        ("1234567890", "check_digits"),
        ("5260001246", None),
        ("526-000-12-46", None),
        ("PL 526 000 12 46", None),
        ("PL1234567890", "check_digits"),
        ("526000124", "length"),
        ("NIP 5260001246", "form"),  # no country's letters
        ("unknown", "form"),
        ("DE136695976", None),  # a seller abroad
        ("DE123456789", "check_digits"),
        ("FR 40 303 265 045", None),
        ("UA12345678", None),  # whose rules are not known here
        ("US12", "form"),
    ],
)
def test_a_tax_id_is_judged_by_its_own_country_and_else_by_the_programmes(tax_id: str, fault: str | None) -> None:
    assert Sellers("PL").fault_of(tax_id) == fault


def test_where_a_countrys_rules_are_not_known_anything_goes() -> None:
    assert Sellers("US").fault_of("12-3456789") is None


def test_what_the_programme_wrote_itself_is_taken_as_it_is() -> None:
    sellers = Sellers("PL", frozenset({"5000000000"}))
    assert sellers.fault_of("PL 500-000-00-00") is None
    assert sellers.fault_of("5000000001") is not None
