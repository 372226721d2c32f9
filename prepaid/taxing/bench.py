"""Tries tax rules: which one holds for a reward, and every figure of it. Nothing is written down."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from app.domain.states import TaxStatus
from app.domain.taxes import tax
from app.domain.taxes.tax import NoTaxRule
from app.domain.taxes.tax_errors import TaxError
from app.domain.taxes.tax_rules import BorneBy, Purpose, RewardKind, TaxRule
from app.domain.taxes.tax_trace import TaxResult
from app.models.programs import Program
from prepaid.taxing.tax import ProgramTax


@dataclass(frozen=True)
class Case:
    """A reward that nobody had: what it is worth, who would have it, and what else a rule may ask for.

    A rate and who bears the tax are taken before what the programme chose.
    """

    value_minor: int
    status: TaxStatus
    kind: RewardKind
    on: dt.date
    year_before_minor: int = 0
    rate_bp: int | None = None
    borne_by: BorneBy | None = None
    purpose: Purpose = Purpose.OWN_SALES_POINTS


@dataclass(frozen=True)
class Trial:
    """What came out: the rule and its result, or why the reward would be blocked."""

    rule: TaxRule | None
    result: TaxResult | None
    blocked: NoTaxRule | TaxError | None


def tried(program: Program, case: Case, part: dict[str, Any] | None = None) -> Trial:
    """Compute a reward under a programme's rules, or under another tax part of its file.

    Raises:
        prepaid.errors.TermsInvalid: The rules contradict themselves.
    """
    rules = ProgramTax.of(program, case.on, part)
    found = tax.choose(rules.rules, country=rules.country, status=case.status, reward_kind=case.kind, on=case.on)
    if isinstance(found, NoTaxRule):
        return Trial(None, None, found)
    chosen = rules.part.choice_of(found)
    try:
        result = tax.compute(
            found,
            value_minor=case.value_minor,
            currency=rules.currency,
            decimals=rules.decimals,
            on=case.on,
            rate_bp=chosen.rate_bp if case.rate_bp is None else case.rate_bp,
            borne_by=case.borne_by or chosen.borne_by,
            year_before_minor=case.year_before_minor if found.needs_year_total else None,
            purpose=case.purpose,
        )
    except TaxError as blocked:
        return Trial(found, None, blocked)
    return Trial(found, result, None)
