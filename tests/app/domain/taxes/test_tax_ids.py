"""Tax ids that cannot be."""

import pytest

from app.domain.taxes.tax_ids import country_of, fault_of


@pytest.mark.parametrize(
    ("tax_id", "country"),
    [
        ("5265877635", "PL"),
        ("PL 526-587-76-35", None),
        ("NL8200.98.395.B.01", None),
        ("EL094259216", None),
        ("IT00743110157", "IT"),
        ("00743110157", "IT"),
    ],
)
def test_what_can_be_a_tax_id_has_no_fault(tax_id, country):
    assert fault_of(tax_id, country) is None


@pytest.mark.parametrize(
    ("tax_id", "country", "fault"),
    [
        ("5265877636", "PL", "check_digits"),
        ("1111111111", "PL", "check_digits"),
        ("526587763", "PL", "length"),
        ("52658776AB", "PL", "form"),
        ("DE123456789", None, "check_digits"),
        ("EL094259217", None, "check_digits"),
    ],
)
def test_a_tax_id_that_cannot_be_says_why(tax_id, country, fault):
    assert fault_of(tax_id, country) == fault


def test_without_a_country_or_with_one_whose_rules_are_unknown_nothing_is_said():
    assert fault_of("5265877636") is None
    assert fault_of("12-3456789", "US") is None


def test_the_country_before_the_figures_goes_before_that_of_the_bearer():
    assert country_of("PL5265877635", "DE") == "PL"
    assert country_of("5265877635", "pl") == "PL"
    assert country_of("B12345678") is None
