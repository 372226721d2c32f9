import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from app.domain.states import TaxStatus
from app.domain.taxes.tax_rules import RewardKind
from app.models.programs import Program
from prepaid.errors import TermsInvalid
from prepaid.taxing.tax import Levied, ProgramTax, Refused

ON = dt.date(2026, 11, 21)


def tax_of(country: str = "PL", currency: str = "PLN", **part: Any) -> ProgramTax:
    program = Program(code="P", country=country, currency=currency, currency_decimals=2, tax=part)
    return ProgramTax.of(program, ON)


def levied(tax: ProgramTax, status: TaxStatus, value_minor: int, before: int = 0) -> Levied:
    found = tax.levy(status, value_minor, before)
    assert isinstance(found, Levied), found
    return found


@pytest.mark.parametrize(
    ("net", "compensation"), [(200_000, 0), (450_000, 50_000), (500_000, 55_600), (200_001, 22_200)]
)
def test_a_compensated_reward_is_loaded_whole_with_the_tax_on_top(net: int, compensation: int) -> None:
    found = levied(tax_of(pack="PL"), TaxStatus.PRIVATE_PERSON, net)
    assert (found.load_minor, found.compensation_minor, found.withheld_minor) == (net, compensation, 0)
    assert found.counted_minor == net + compensation
    assert json.loads(found.trace())["rule_sha256"]
    assert found.rule == "PL-PREMIUM-SALE v1"


def test_what_was_computed_is_not_computed_again() -> None:
    tax = tax_of(pack="PL")
    assert levied(tax, TaxStatus.PRIVATE_PERSON, 500_000) is levied(tax, TaxStatus.PRIVATE_PERSON, 500_000)


def test_own_rules_stand_before_the_pack_s() -> None:
    own = {
        "code": "OWN",
        "version": 2,
        "title": "Own",
        "applies_to": ["private_person"],
        "reward_kinds": ["prepaid"],
        "rate_bp": 0,
        "borne_by": "participant",
        "legal": "none",
    }
    tax = tax_of(pack="PL", rules=[own])
    assert levied(tax, TaxStatus.PRIVATE_PERSON, 500_000).rule == "OWN v2"
    assert levied(tax, TaxStatus.COMPANY, 500_000).rule == "PL-BUSINESS v1"
    assert tax.source == "Tax by 1 rule of the programme's own and the pack PL that the programme names."
    alone = tax_of(rules=[own])
    assert isinstance(alone.levy(TaxStatus.COMPANY, 500_000, 0), Refused)


def test_what_a_rule_leaves_to_the_sponsor_is_chosen_in_the_programme() -> None:
    staff, reward = TaxStatus.DISTRIBUTOR_EMPLOYEE, 100_000
    assert levied(tax_of(pack="PL"), staff, reward).compensation_minor == 13_636  # 12 % of 1,136.36
    dear = tax_of(pack="PL", choices=[{"rule": "PL-DISTRIBUTOR-EMPLOYEE", "rate_bp": 3200}])
    assert levied(dear, staff, reward).compensation_minor == 47_059  # 32 % of 1,470.59
    borne = tax_of(pack="PL", choices=[{"rule": "PL-PREMIUM-SALE", "borne_by": "participant"}])
    found = levied(borne, TaxStatus.PRIVATE_PERSON, 500_000)
    assert (found.load_minor, found.compensation_minor, found.withheld_minor) == (450_000, 0, 50_000)
    assert json.loads(found.trace())["borne_by"] == "participant"
    goods = borne.for_goods(RewardKind.GOODS, ON).levy(TaxStatus.PRIVATE_PERSON, 500_000, 0)
    assert isinstance(goods, Levied)
    assert goods.compensation_minor == 0


def test_what_a_version_says_by_itself_nobody_chooses() -> None:
    own = {
        "code": "PL-DISTRIBUTOR-EMPLOYEE",
        "version": 2,
        "title": "Own",
        "applies_to": ["distributor_employee"],
        "reward_kinds": ["prepaid"],
        "rate_bp": 1200,
        "borne_by": "sponsor_compensates",
        "legal": "none",
        "valid_from": "2026-01-01",
    }
    choice = {"rule": "PL-DISTRIBUTOR-EMPLOYEE", "rate_bp": 3200, "borne_by": "participant"}
    tax = tax_of(pack="PL", rules=[own], choices=[choice])
    found = levied(tax, TaxStatus.DISTRIBUTOR_EMPLOYEE, 100_000)
    assert (found.rule, found.compensation_minor) == ("PL-DISTRIBUTOR-EMPLOYEE v2", 13_636)


def test_no_rule_says_what_was_looked_for() -> None:
    found = tax_of("CZ").levy(TaxStatus.COMPANY, 100, 0)
    assert isinstance(found, Refused)
    assert "No tax rule for country CZ, participant company, reward prepaid on 2026-11-21" in found.message


def test_a_participant_who_bears_a_withheld_tax_gets_the_rest() -> None:
    found = levied(tax_of("ES", "EUR", pack="ES"), TaxStatus.COMPANY, 100_000)
    assert found.load_minor + found.withheld_minor == 100_000


def test_a_tax_that_leaves_nothing_is_refused() -> None:
    rule = {
        "code": "ALL",
        "version": 1,
        "title": "All",
        "applies_to": ["company"],
        "reward_kinds": ["prepaid"],
        "rate_bp": 10_000,
        "borne_by": "participant",
        "withholding": True,
        "legal": "none",
    }
    found = tax_of(rules=[rule]).levy(TaxStatus.COMPANY, 100, 0)
    assert isinstance(found, Refused)
    assert found.code == "nothing_after_tax"


@pytest.mark.parametrize("part", [{"pack": "XX"}, {"rules": [{"code": "A"}]}])
def test_rules_that_cannot_be_used(part: dict[str, Any]) -> None:
    with pytest.raises(TermsInvalid, match="tax part of the programme P"):
        tax_of(**part)


def test_every_pack_can_be_read() -> None:
    for file in Path("app/domain/taxes/tax_data").glob("*.yaml"):
        country = file.stem.upper()
        assert tax_of(country).source == (
            f"Tax by the pack {country} of the programme's country, because the programme file names no rules."
        )
