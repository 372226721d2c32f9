"""Rewards and rules of tests, and what is computed for them."""

import datetime as dt
from typing import Any

from app.domain.states import TaxStatus
from app.domain.taxes import tax_packs
from app.domain.taxes.tax import (
    NoTaxRule,
    choose,
    compute,
)
from app.domain.taxes.tax_rules import (
    RewardKind,
    TaxRule,
    minor_from_text,
)
from app.domain.taxes.tax_trace import TaxResult

TODAY = dt.date(2026, 3, 2)


def packed(code: str) -> TaxRule:
    for country in tax_packs.pack_countries():
        for rule in tax_packs.pack(country):
            if rule.code == code:
                return rule
    raise LookupError(code)


def minor(text: str) -> int:
    return minor_from_text(text, 2)


def computed(code: str, value: str, **chosen: Any) -> TaxResult:
    rule = packed(code)
    return compute(
        rule,
        value_minor=minor(value),
        **{"currency": rule.currency, "decimals": rule.decimals, "on": TODAY, **chosen},
    )


def own_rule(**said: Any) -> TaxRule:
    entry = {
        "code": "OWN",
        "version": 1,
        "title": "a rule of one's own",
        "applies_to": ["private_person"],
        "reward_kinds": ["prepaid"],
        "rate_bp": 1000,
        "borne_by": "sponsor_compensates",
        "legal": "none",
    }
    defaults = {"country": "PL", "currency": "PLN", "decimals": 2}
    return tax_packs.read_rules([entry | said], defaults)[0]


# Choosing a rule


def chosen(country: str, status: TaxStatus, kind: RewardKind, on: dt.date = TODAY) -> str:
    found = choose(tax_packs.pack(country), country=country, status=status, reward_kind=kind, on=on)
    return found.message if isinstance(found, NoTaxRule) else found.code
