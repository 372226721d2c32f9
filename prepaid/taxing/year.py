"""A year of tax: what each form is about, month by month, and the lists by which its forms are filled in.

The lists are working lists: they say whom and how much, and what is missing, and file nothing.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Date, Subquery, case, cast, func, literal, or_, select
from sqlalchemy.orm import Session

from app.domain.taxes.tax_rules import TaxRule, ThresholdMode
from app.models.prepaid import Redemption
from app.models.programs import Program
from prepaid.taxing.register import (
    BASE,
    COMPENSATION,
    DECLARED,
    FORM,
    GROSS,
    LEVIED,
    PARTICIPANT,
    REMITTED,
    RULE_CODE,
    SUMS,
    VALUE,
    WITHHELD,
    Totals,
    Who,
    of_year,
    standing,
)
from prepaid.taxing.tax import ProgramTax

NEAR_BP = 8_000
"""From this share of a threshold on somebody is near it."""


@dataclass(frozen=True)
class Form:
    """A form of a year: who is on it.

    Attributes:
        codes: rules that report from a total of the year on: all their rewards count towards it.
        threshold_minor: that total; none: every taxed reward is reported.
        above: whether the threshold itself is not reported yet.
        pay_by: when the tax is due, in the rule's words.
    """

    name: str
    codes: tuple[str, ...] = ()
    threshold_minor: int | None = None
    above: bool = False
    pay_by: str | None = None


@dataclass(frozen=True)
class ByRule:
    """What a year's rewards under one version of a rule come to."""

    rule: str
    form: str | None
    sums: Totals


@dataclass(frozen=True)
class Month:
    """What a month's rewards on a form come to."""

    month_on: dt.date
    sums: Totals


def years(session: Session, program_id: int) -> list[int]:
    """Give the years in which there were rewards, the newest first."""
    first, last = session.execute(
        select(func.min(Redemption.redeemed_on), func.max(Redemption.redeemed_on)).where(
            Redemption.program_id == program_id
        )
    ).one()
    return [] if first is None else list(range(last.year, first.year - 1, -1))


def by_rule(session: Session, program_id: int, year: int) -> list[ByRule]:
    """Sum a year by rule, its version and its form."""
    rows = session.execute(
        standing(select(Redemption.tax_rule, FORM, *SUMS))
        .where(Redemption.program_id == program_id, of_year(year))
        .group_by(Redemption.tax_rule, FORM)
        .order_by(Redemption.tax_rule, FORM)
    )
    return [ByRule(row[0], row[1], Totals(*row[2:])) for row in rows]


def forms(program: Program, year: int, sums: Sequence[ByRule]) -> list[Form]:
    """Give the forms of a year, by the rules that held last in it and by what was reported."""
    used = {one.rule.rpartition(" v")[0] for one in sums}
    found: dict[str, Form] = {}
    for rule in _last_of(year, ProgramTax.of(program, dt.date(year, 12, 31)).rules):
        if rule.form is None or rule.code not in used:
            continue
        known = found.get(rule.form, Form(rule.form, pay_by=rule.pay_by))
        if rule.report is not None:
            threshold = (rule.report.of(year)[1], rule.report.mode is ThresholdMode.ABOVE)
            if known.threshold_minor is not None:  # whoever a second rule reports earlier is not to be missed
                threshold = min(threshold, (known.threshold_minor, known.above))
            known = Form(rule.form, (*known.codes, rule.code), *threshold, known.pay_by)
        found[rule.form] = known
    for name in sorted({one.form for one in sums if one.form is not None} - found.keys()):
        found[name] = Form(name)
    return list(found.values())


def _last_of(year: int, rules: Sequence[TaxRule]) -> list[TaxRule]:
    """Give of each code the version that held last in a year, in the order in which the codes are looked at."""
    first, last = dt.date(year, 1, 1), dt.date(year, 12, 31)
    found: dict[str, TaxRule] = {}

    def rank(rule: TaxRule) -> tuple[dt.date, dt.date, int]:
        return min(rule.valid_to or last, last), rule.valid_from or dt.date.min, rule.version

    for rule in rules:
        held = (rule.valid_from or first) <= last and (rule.valid_to or last) >= first
        if held and (rule.code not in found or rank(rule) > rank(found[rule.code])):
            found[rule.code] = rule
    return list(found.values())


def _on(form: Form) -> Any:
    """Say that a reward counts for a form."""
    named = FORM.in_([form.name])
    return or_(named, RULE_CODE.in_(form.codes)) if form.codes else named


def months(session: Session, program_id: int, year: int, form: Form) -> list[Month]:
    """Sum a form month by month."""
    month = cast(func.date_trunc("month", Redemption.redeemed_on), Date)
    rows = session.execute(
        standing(select(month, *SUMS))
        .where(Redemption.program_id == program_id, of_year(year), _on(form))
        .group_by(month)
        .order_by(month)
    )
    return [Month(row[0], Totals(*row[1:])) for row in rows]


def recipients(program_id: Any, year: int, form: Form) -> Subquery:
    """Sum a form by recipient: the rows of its working list.

    ``state`` says of each whether it is to be reported: due, or, where a threshold decides, reached, near or below.
    ``id`` is the recipient; ``lacks_id`` says that there is no tax id to fill in.
    """
    counted = cast(func.sum(Redemption.counted_minor), BigInteger)
    names = ("value", "compensation", "gross", "base", "levied", "withheld", "declared", "remitted")
    figures = (VALUE, COMPENSATION, GROSS, BASE, LEVIED, WITHHELD, DECLARED, REMITTED)
    return (
        standing(
            select(
                Who.id.label("id"),
                Who.code.label("code"),
                Who.name.label("name"),
                Who.sort_key.label("sort_key"),
                Who.tax_id.label("tax_id"),
                (func.coalesce(Who.tax_id, "") == "").label("lacks_id"),
                func.max(PARTICIPANT).label("participant"),
                func.count().label("rewards"),
                counted.label("counted"),
                _state(counted, form).label("state"),
                *(cast(func.sum(one), BigInteger).label(name) for name, one in zip(names, figures, strict=True)),
            )
        )
        .where(Redemption.program_id == program_id, of_year(year), _on(form))
        .group_by(Who.id)
        .subquery("recipient")
    )


def _state(counted: Any, form: Form) -> Any:
    if form.threshold_minor is None:
        return literal("due")
    reached = counted > form.threshold_minor if form.above else counted >= form.threshold_minor
    near = counted * 10_000 >= form.threshold_minor * NEAR_BP
    return case((reached, "reached"), (near, "near"), else_="below")


@dataclass(frozen=True)
class Gaps:
    """How many recipients are on a form, and of how many no tax id is known."""

    recipients: int
    without_id: int
    reached: int
    near: int


def gaps(session: Session, program_id: int, year: int, form: Form) -> Gaps:
    """Count whom a form is about, and what it lacks."""
    listed = recipients(program_id, year, form)
    state = listed.c.state
    row = session.execute(
        select(
            func.count(),
            func.count().filter(listed.c.lacks_id, state.in_(["due", "reached"])),
            func.count().filter(state == "reached"),
            func.count().filter(state == "near"),
        )
    ).one()
    return Gaps(*row)
