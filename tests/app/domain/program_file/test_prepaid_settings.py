"""What a programme may say of its card provider: what that would refuse is refused where it is set up."""

from typing import Any

import pytest

from app.domain.program_file.prepaid_settings import EEA, STRIPE_COUNTRIES, PrepaidPart, problems_of_prepaid

ADDRESS = {"line1": "Hauptstr. 1", "city": "Berlin", "postal_code": "10115", "country": "DE"}


def problems(currency: str, country: str, **part: Any) -> list[str]:
    return list(problems_of_prepaid(PrepaidPart.model_validate(part), currency, country))


def stripe(account: str = "DE", **address: str) -> dict[str, Any]:
    return {"provider": "stripe", "stripe": {"account_country": account, "billing": ADDRESS | address}}


@pytest.mark.parametrize(
    ("currency", "country", "part", "expected"),
    [
        ("EUR", "DE", stripe(), []),
        ("EUR", "PL", stripe(), []),
        ("GBP", "GB", stripe("GB", country="GB"), []),
        ("PLN", "PL", stripe(), ["program.currency: found PLN; an account in DE issues cards in EUR only."]),
        ("PLN", "PL", stripe("PL"), ["prepaid.stripe.account_country: found PL; Stripe issues cards for accounts in"]),
        (
            "EUR",
            "GB",
            stripe(),
            ["program.country: found GB; an account in DE issues cards to holders in"],
        ),
        ("USD", "US", stripe("US"), ["prepaid.stripe.billing.country: found DE; an account in US"]),
        ("EUR", "DE", {"provider": "stripe"}, ["prepaid.stripe: missing"]),
        (
            "PLN",
            "PL",
            {"provider": "batch_file"},
            ["prepaid.batch_file: missing", "prepaid.cards: found on_first_load"],
        ),
        ("PLN", "PL", {}, []),
    ],
)
def test_what_a_provider_would_refuse_is_said_with_its_place(
    currency: str, country: str, part: dict[str, Any], expected: list[str]
) -> None:
    found = problems(currency, country, **part)
    assert len(found) == len(expected)
    for problem, beginning in zip(found, expected, strict=True):
        assert problem.startswith(beginning)


def test_stripe_issues_in_22_countries_and_poland_is_none_of_them() -> None:
    assert len(STRIPE_COUNTRIES) == 22
    assert "PL" in EEA - STRIPE_COUNTRIES
