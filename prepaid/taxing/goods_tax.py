"""The tax on goods that were delivered: what they were worth, by which rule, and what is paid back.

Each line is judged on the day on which it came, in the order of delivery, so that a rule that looks at a year sees what
came before.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.orm import Session

from app.db.bulk import copy_into, new_ids
from app.domain.measures.exact import Ints
from app.domain.rewards.reward_prices import WHOLE_BP
from app.domain.states import RewardKind
from app.domain.taxes import tax_rules
from app.domain.taxes.tax import YearSoFar
from app.domain.taxes.tax_rules import TaxRule, ValueOf
from app.models.prepaid import ConversionRun, Redemption
from prepaid.taxing.owed import Goods
from prepaid.taxing.tax import Levied, ProgramTax, Refused

NO_VALUE = "no_value"

_KINDS = {RewardKind.GOODS: tax_rules.RewardKind.GOODS, RewardKind.VOUCHER: tax_rules.RewardKind.VOUCHER}


def value_of(one: Goods, figure: ValueOf) -> int | None:
    """Give the figure of a line that a rule starts from; None: nobody said what it cost.

    What was paid in money was not given; what the points were worth never held it.
    """
    if figure is ValueOf.FACE:
        return one.worth_minor
    if one.cost_minor is None:
        return None
    cost = one.cost_minor
    if figure is not ValueOf.COST:
        cost = (cost * (WHOLE_BP + one.tax_bp) + WHOLE_BP // 2) // WHOLE_BP
    return max(0, cost - one.paid_minor)


@dataclass(frozen=True, slots=True)
class JudgedGoods:
    """A line with its value, and what is levied on it or why nobody can say."""

    line: Goods
    value_minor: int
    levied: Levied | Refused

    @property
    def compensation_minor(self) -> int:
        """Give what is paid back of the tax."""
        return self.levied.compensation_minor if isinstance(self.levied, Levied) else 0


def judge(
    session: Session, tax: ProgramTax, lines: Sequence[Goods], *, is_taken: Callable[[JudgedGoods], bool]
) -> list[JudgedGoods]:
    """Judge lines, in the order of their delivery, and give those that are taken: they alone count towards a year."""
    books = _Books(session, tax, lines)
    taken = []
    for one in lines:
        judged = JudgedGoods(one, *books.judged(one))
        if is_taken(judged):
            books.count(judged)
            taken.append(judged)
    return taken


def freeze(session: Session, run: ConversionRun, judged: Sequence[JudgedGoods], *, now: dt.datetime) -> Ints:
    """Write down what was levied on goods, as redemptions of a run. Gives their ids, in order."""
    ids, count = new_ids(session, Redemption, len(judged)), len(judged)
    levied = [one.levied for one in judged if isinstance(one.levied, Levied)]
    copy_into(
        session,
        Redemption,
        {
            "id": ids,
            "program_id": np.full(count, run.program_id),
            "account_id": _ints([one.line.account_id for one in judged]),
            "run_id": np.full(count, run.id),
            "order_line_id": _ints([one.line.line_id for one in judged]),
            "redeemed_on": np.asarray([one.line.delivered_on for one in judged], dtype="datetime64[D]"),
            "points": _ints([one.line.points for one in judged]),
            "point_value_micro": np.full(count, run.terms["point_value_micro"]),
            "amount_minor": _ints([one.value_minor for one in judged]),
            "compensation_minor": _ints([one.compensation_minor for one in levied]),
            "withheld_minor": _ints([one.withheld_minor for one in levied]),
            "counted_minor": _ints([one.counted_minor for one in levied]),
            "currency": [run.currency] * count,
            "tax_rule": [one.rule for one in levied],
            "tax_trace": [one.trace() for one in levied],
            "reserve_transaction_id": _ints([one.line.reservation_id for one in judged]),
            "created_at": np.full(count, np.datetime64(now.astimezone(dt.UTC).replace(tzinfo=None), "us")),
        },
    )
    return ids


def has_judged(session: Session, run: ConversionRun) -> bool:
    """Tell whether something counts that a run judged of goods, be it that they owe nothing."""
    return session.scalars(select(Redemption.id).where(_judged_by(run)).limit(1)).first() is not None


def _judged_by(run: ConversionRun) -> ColumnElement[bool]:
    return and_(Redemption.run_id == run.id, Redemption.order_line_id.is_not(None), Redemption.ended_at.is_(None))


def call_off(session: Session, run: ConversionRun, *, actor: str, now: dt.datetime, reason: str | None) -> None:
    """Let what a run judged of goods count for nothing: a later run judges them anew. The run is locked."""
    session.execute(
        update(Redemption)
        .where(_judged_by(run))
        .values(ended_at=now, ended_by=actor, ended_why=reason)
        .execution_options(synchronize_session=False)
    )


def _ints(values: Sequence[int]) -> Ints:
    return np.asarray(values, dtype=np.int64)


class _Books:
    """What everybody had in each year by each rule: what the books say, and what was taken here since."""

    def __init__(self, session: Session, tax: ProgramTax, lines: Sequence[Goods]) -> None:
        self._session, self._tax = session, tax
        self._by_day: dict[tuple[RewardKind, dt.date], ProgramTax] = {}
        self._earlier: dict[tuple[str, int], dict[int, YearSoFar]] = {}
        self._everybody = np.unique(np.asarray([one.recipient_id for one in lines], dtype=np.int64))
        self._here: dict[tuple[str, int, int], YearSoFar] = {}

    def judged(self, one: Goods) -> tuple[int, Levied | Refused]:
        tax = self._tax_on(one)
        rule = tax.rule_for(one.tax_status)
        if isinstance(rule, Refused):
            return one.worth_minor, rule
        value = value_of(one, rule.base.of)
        if value is None:
            return 0, Refused(
                NO_VALUE, f"Nobody said what {one.name!r} cost. Say so at the reward, then preview again."
            )
        if value == 0:
            return 0, Refused(NO_VALUE, f"{one.name!r} is worth nothing beyond what was paid for it.")
        return value, tax.levy(one.tax_status, value, self._so_far(tax, rule, one))

    def count(self, judged: JudgedGoods) -> None:
        rule = self._tax_on(judged.line).rule_for(judged.line.tax_status)
        if isinstance(rule, TaxRule) and isinstance(judged.levied, Levied):
            so_far = self._so_far(self._tax_on(judged.line), rule, judged.line)
            self._here[_year(rule, judged.line)] = so_far.with_(judged.levied.assessment)

    def _tax_on(self, one: Goods) -> ProgramTax:
        """Give the tax of its kind on its day."""
        key = one.kind, one.delivered_on
        if key not in self._by_day:
            self._by_day[key] = self._tax.for_goods(_KINDS[one.kind], one.delivered_on)
        return self._by_day[key]

    def _so_far(self, tax: ProgramTax, rule: TaxRule, one: Goods) -> YearSoFar:
        if not rule.needs_year_total:
            return YearSoFar()
        return self._here.get(_year(rule, one)) or self._before(tax, rule, one)

    def _before(self, tax: ProgramTax, rule: TaxRule, one: Goods) -> YearSoFar:
        year = rule.code, one.delivered_on.year
        if year not in self._earlier:
            totals = tax.earlier(self._session, self._everybody, [one.tax_status] * len(self._everybody))
            self._earlier[year] = dict(zip(self._everybody.tolist(), totals, strict=True))
        return self._earlier[year].get(one.recipient_id, YearSoFar())


def _year(rule: TaxRule, one: Goods) -> tuple[str, int, int]:
    """Name the total that a line counts towards: by which rule, of which year, whose."""
    return rule.code, one.delivered_on.year, one.recipient_id
