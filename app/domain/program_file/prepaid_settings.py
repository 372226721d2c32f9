"""What a programme says about money on cards: who issues them, how much goes on them, and whom the issuer knows."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from app.domain.program_file.batch_file import BatchFile
from app.domain.program_file.compensation_settings import Compensation
from app.domain.program_file.parts import NotNegative, Part, Positive, Words
from app.domain.program_file.reconciliation import StatementPart
from app.domain.program_file.redemption_settings import Redemptions, ScheduledRun

STRIPE_COUNTRIES = frozenset(
    "AT BE HR CY EE FI FR DE GR IE IT LV LT LU MT NL PT SK SI ES GB US".split()  # noqa: SIM905  # one line to compare
)
"""Countries of accounts that may issue cards at Stripe (docs of Stripe Issuing, 2026)."""

EEA = frozenset("AT BE BG HR CY CZ DK EE FI FR DE GR HU IS IE IT LV LI LT LU MT NL NO PL PT RO SK SI ES SE".split())  # noqa: SIM905
"""To whose residents an account in the European Union may issue cards, in euros."""

_CURRENCY_OF = {"GB": "GBP", "US": "USD"}


def _country(value: str) -> str:
    if not re.fullmatch(r"[A-Z]{2}", value):
        raise ValueError(f"expected an ISO 3166 code such as DE, found {value!r}")
    return value


Country = Annotated[str, AfterValidator(_country)]


class Address(Part):
    """Where the holders of cards are reached: usually the company that runs the programme."""

    line1: Words
    city: Words
    postal_code: Words
    country: Country


class Stripe(Part):
    """Cards of Stripe Issuing. Its secret key stands in the environment, never here."""

    account_country: Country = Field(description="where the account at Stripe is")
    holders: Literal["individual", "company"] = "individual"
    billing: Address


class CardLimits(Part):
    """Most money on cards of holders in one country: what its rules against money laundering let through."""

    a_month: Positive | None = Field(None, description="most that is loaded on one card in a calendar month")
    a_month_unidentified: NotNegative | None = Field(
        None, description="the same while the issuer has not verified who holds the card"
    )
    on_card: Positive | None = Field(None, description="most that was ever loaded and is not known to be spent")


class PrepaidPart(Part):
    """How points become money on cards."""

    provider: Literal["sandbox", "batch_file", "stripe"] = "sandbox"
    cards: Literal["on_first_load", "registered"] = Field(
        "on_first_load", description="on_first_load: the provider issues a card with the first top-up"
    )
    minimum_points: NotNegative | None = Field(None, description="less than this is not converted")
    maximum_amount: Positive | None = Field(None, description="most money in one top-up")
    limits: dict[Country, CardLimits] = Field({}, description="by the country of the programme")
    batch_file: BatchFile | None = Field(None, description="how the files for a card operator are written and read")
    stripe: Stripe | None = None
    statements: StatementPart = StatementPart()
    compensation: Compensation = Compensation()
    redemptions: Redemptions = Redemptions()
    scheduled_run: ScheduledRun | None = None


def problems_of_prepaid(part: PrepaidPart, currency: str, country: str) -> Iterator[str]:
    """Find what a provider would refuse, before anybody orders from it: each with place, what was found, expected."""
    if part.provider == "batch_file":
        if part.batch_file is None:
            yield "prepaid.batch_file: missing; the provider batch_file needs the template of its files"
        if part.cards != "registered":
            yield "prepaid.cards: found on_first_load; an operator of files issues no cards itself, expected registered"
    if part.provider == "stripe":
        yield from _stripe_problems(part.stripe, currency, country)


def stripe_accounts_for(currency: str, country: str) -> list[str]:
    """Name the countries whose accounts may issue cards in a currency to holders in a country."""
    return [
        account
        for account in sorted(STRIPE_COUNTRIES)
        if _CURRENCY_OF.get(account, "EUR") == currency and country in _reached_from(account)
    ]


def _reached_from(account: str) -> frozenset[str]:
    return EEA if account not in _CURRENCY_OF else frozenset({account})


def _stripe_problems(part: Stripe | None, currency: str, country: str) -> Iterator[str]:
    if part is None:
        yield "prepaid.stripe: missing; the provider stripe needs the country of its account and a billing address"
        return
    account = part.account_country
    if account not in STRIPE_COUNTRIES:
        yield (
            f"prepaid.stripe.account_country: found {account}; Stripe issues cards for accounts in "
            f"{', '.join(sorted(STRIPE_COUNTRIES))}. Choose the provider batch_file."
        )
        return
    expected = _CURRENCY_OF.get(account, "EUR")
    if currency != expected:
        yield (
            f"program.currency: found {currency}; an account in {account} issues cards in {expected} only. Choose the "
            "provider batch_file, or an account elsewhere."
        )
    reached = _reached_from(account)
    for place, found in (("program.country", country), ("prepaid.stripe.billing.country", part.billing.country)):
        if found not in reached:
            yield (
                f"{place}: found {found}; an account in {account} issues cards to holders in "
                f"{'the European Economic Area' if expected == 'EUR' else account} only"
            )
