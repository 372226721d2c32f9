"""Which tax rule holds for a reward, what is not offered, and which rules cannot be meant."""

import datetime as dt
from typing import Any

import pytest
from pydantic import ValidationError

from app.domain.states import TaxStatus
from app.domain.taxes import tax_packs
from app.domain.taxes.tax import choose, compute
from app.domain.taxes.tax_errors import ChoiceError, ForbiddenByRuleError, WrongCurrencyError
from app.domain.taxes.tax_rules import (
    BorneBy,
    Purpose,
    RewardKind,
    TaxRule,
)
from tests.app.domain.taxes.rewarded import TODAY, chosen, computed, own_rule


@pytest.mark.parametrize(
    ("country", "status", "kind", "code"),
    [
        ("PL", TaxStatus.PRIVATE_PERSON, RewardKind.PREPAID, "PL-PREMIUM-SALE"),
        ("PL", TaxStatus.SOLE_TRADER, RewardKind.PREPAID, "PL-BUSINESS"),
        ("PL", TaxStatus.COMPANY, RewardKind.GOODS, "PL-BUSINESS"),
        ("PL", TaxStatus.DISTRIBUTOR_EMPLOYEE, RewardKind.CASH, "PL-DISTRIBUTOR-EMPLOYEE"),
        ("ES", TaxStatus.PRIVATE_PERSON, RewardKind.CASH, "ES-PRIZE"),
        ("ES", TaxStatus.PRIVATE_PERSON, RewardKind.GOODS, "ES-PRIZE-KIND"),
        ("DE", TaxStatus.BUSINESS_FRIEND, RewardKind.GOODS, "DE-37B"),
        ("DE", TaxStatus.DISTRIBUTOR_EMPLOYEE, RewardKind.PREPAID, "DE-RECIPIENT"),
        ("FR", TaxStatus.DISTRIBUTOR_EMPLOYEE, RewardKind.PREPAID, "FR-L242-1-4"),
        ("GB", TaxStatus.DISTRIBUTOR_EMPLOYEE, RewardKind.VOUCHER, "UK-TAS"),
        ("US", TaxStatus.SOLE_TRADER, RewardKind.PREPAID, "US-1099"),
    ],
)
def test_a_pack_finds_the_rule(country: str, status: TaxStatus, kind: RewardKind, code: str) -> None:
    assert chosen(country, status, kind) == code


@pytest.mark.parametrize("country", tax_packs.pack_countries())
@pytest.mark.parametrize("currency", [("PLN", 2), ("EUR", 2), ("JPY", 0)])
def test_a_company_converts_without_compensation(country: str, currency: tuple[str, int]) -> None:
    pack = tax_packs.pack(country)
    rule = choose(pack, country=country, status=TaxStatus.COMPANY, reward_kind=RewardKind.PREPAID, on=TODAY)
    assert isinstance(rule, TaxRule)
    result = compute(rule, value_minor=123_456, currency=currency[0], decimals=currency[1], on=TODAY)
    assert (result.compensation_minor, result.levied_minor, result.forms) == (0, 0, ())
    assert result.paid_out_minor == result.net_minor == 123_456


def test_without_a_rule_the_redemption_is_blocked_with_what_was_looked_for() -> None:
    message = chosen("PL", TaxStatus.OWN_EMPLOYEE, RewardKind.PREPAID)
    for word in ("country PL", "participant own_employee", "reward prepaid", "2026-03-02", "blocked", "adviser"):
        assert word in message
    early = chosen("PL", TaxStatus.PRIVATE_PERSON, RewardKind.PREPAID, dt.date(2017, 12, 31))
    assert "PL-PREMIUM-SALE" in early
    assert "blocked" in early


def test_the_newest_version_that_has_begun_counts() -> None:
    defaults = {"country": "PL", "currency": "PLN", "decimals": 2}
    base = own_rule().model_dump(mode="json", exclude_none=True)
    versions = tax_packs.read_rules(
        [
            base | {"version": 1, "valid_from": "2020-01-01", "valid_to": "2026-12-31"},
            base | {"version": 2, "valid_from": "2026-07-01", "rate_bp": 1500},
        ],
        defaults,
    )
    days = (dt.date(2019, 12, 31), dt.date(2020, 1, 1), dt.date(2026, 6, 30), dt.date(2026, 7, 1), dt.date(2030, 1, 1))
    found = [
        choose(versions, country="PL", status=TaxStatus.PRIVATE_PERSON, reward_kind=RewardKind.PREPAID, on=day)
        for day in days
    ]
    assert [one.version if isinstance(one, TaxRule) else None for one in found] == [None, 1, 1, 2, 2]


def test_a_programmes_own_rule_stands_before_the_packs() -> None:
    own = own_rule().model_dump(mode="json", exclude_none=True)
    rules = tax_packs.rules_of("PL", [own], {"country": "PL", "currency": "PLN", "decimals": 2})
    found = choose(rules, country="PL", status=TaxStatus.PRIVATE_PERSON, reward_kind=RewardKind.PREPAID, on=TODAY)
    assert isinstance(found, TaxRule)
    assert found.code == "OWN"


# What a rule may not be used for, and what must be chosen


def test_the_german_flat_tax_is_not_for_points_of_own_sales() -> None:
    with pytest.raises(ForbiddenByRuleError, match="VI R 25/16"):
        computed("DE-37B", "119.00", year_before_minor=0)


def test_a_rule_may_be_blocked_altogether() -> None:
    with pytest.raises(ForbiddenByRuleError, match="under review"):
        compute(
            own_rule(blocks=[{"reason": "under review"}]),
            value_minor=1,
            currency="PLN",
            decimals=2,
            on=TODAY,
            purpose=Purpose.OTHER,
        )


def test_what_is_not_offered_cannot_be_chosen() -> None:
    with pytest.raises(ChoiceError, match="not chosen, and must be one of 2000, 4000"):
        computed("UK-TAS", "100.00")
    with pytest.raises(ChoiceError, match="1900"):
        computed("PL-DISTRIBUTOR-EMPLOYEE", "100.00", rate_bp=1900)
    with pytest.raises(ChoiceError, match="who bears the tax"):
        computed("DE-37B", "1.00", borne_by=BorneBy.PARTICIPANT, purpose=Purpose.OTHER, year_before_minor=0)


def test_an_amount_in_another_currency_is_refused() -> None:
    with pytest.raises(WrongCurrencyError, match="PLN with 2 decimals, the reward in EUR"):
        computed("PL-PREMIUM-SALE", "100.00", currency="EUR")


def test_a_negative_reward_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be negative"):
        compute(own_rule(), value_minor=-1, currency="PLN", decimals=2, on=TODAY)


# Reading rules


@pytest.mark.parametrize("country", tax_packs.pack_countries())
def test_every_rule_of_a_pack_reads_back_and_says_it_needs_confirming(country: str) -> None:
    for rule in tax_packs.pack(country):
        assert rule.country == country
        assert "confirmed by your adviser" in rule.note
        again = TaxRule.model_validate_json(rule.model_dump_json())
        assert again == rule
        assert again.sha256 == rule.sha256


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ({"rate_bp": None}, "needs rate_bp"),
        ({"rate_bp": 10.5}, "integer"),
        ({"rate_bp": 10_001}, "10000"),
        ({"rate_bp": 1000, "rate_choices_bp": [1200]}, "not among"),
        ({"rate_bp": 9500}, "cannot be compensated"),
        ({"exemption": {"limit": 2000, "mode": "cliff"}}, "write amounts as text"),
        ({"exemption": {"limit": 2000.0, "mode": "cliff"}}, "write amounts as text"),
        ({"exemption": {"limit": "2000.005", "mode": "cliff"}}, "more decimals"),
        ({"exemption": {"limit": "2,000", "mode": "cliff"}}, "expected an amount"),
        ({"exemption": {"limit": "1", "share_bp": 1, "of": "x", "mode": "cliff"}}, "either"),
        ({"exemption": {"share_bp": 1, "mode": "cliff"}}, "either"),
        ({"report": {"mode": "above", "by_year": {2025: 600}}}, "write amounts as text"),
        ({"gross_up": True}, "sponsor alone bears"),
        ({"currency": None}, "go together"),
        ({"currency": None, "decimals": None, "base_round": "1.00"}, "need a currency"),
        ({"valid_from": "2026-01-02", "valid_to": "2026-01-01"}, "before valid_from"),
        ({"surcharges": [{"name": "x", "rate_bp": 10_000, "of": "gross"}]}, "cannot be compensated"),
        (
            {
                "exemption": {"limit": "1.00", "mode": "cliff"},
                "ceiling": {"limit": "2.00", "basis": "calendar_year", "beyond": "x"},
            },
            "same basis",
        ),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(said: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        own_rule(**said)


def test_one_code_and_version_stands_once() -> None:
    entry = own_rule().model_dump(mode="json", exclude_none=True)
    with pytest.raises(ValueError, match="OWN version 1 stands there twice"):
        tax_packs.read_rules([entry, entry], {})


def test_an_unknown_pack_says_which_there_are() -> None:
    with pytest.raises(tax_packs.UnknownPackError, match="DE, ES, FR, GB, PL, US"):
        tax_packs.pack("XX")
