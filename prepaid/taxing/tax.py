"""Which tax rule holds for a distributor's reward, and what it levies on many rewards at once.

The product computes what the sponsor configured and gives no tax advice (rules.md 10).
"""

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic_core import to_json
from sqlalchemy import BigInteger, ColumnElement, and_, case, cast, func, literal, or_, select
from sqlalchemy.orm import Session

from app.db.many import among
from app.domain.measures.exact import Ints
from app.domain.program_file.definition import TaxChoice, TaxPart
from app.domain.saying.wording import Said, marked
from app.domain.states import TaxStatus, TopUpKind
from app.domain.taxes import tax
from app.domain.taxes.tax_errors import TaxError
from app.domain.taxes.tax_packs import UnknownPackError, pack_behind, rules_of
from app.domain.taxes.tax_rules import Basis, BorneBy, RewardKind, TaxRule
from app.models.distributors import Distributor
from app.models.ledger import Account
from app.models.prepaid import Redemption, TopUp
from app.models.programs import Program
from app.services.loads.arrivals import stands
from app.services.persons.rosters import WHO_NOW
from prepaid.errors import TermsInvalid

_ = marked
NO_RULE, TAX_REFUSED, NOTHING_LEFT = "no_tax_rule", "tax_refused", "nothing_after_tax"


def _source(own: int, pack: str | None, country: str | None) -> Said:
    """Say where the rules come from: the programme's own, the pack that it names, else that of its country."""
    if pack is None and not own:
        if country is None:
            return Said(_("No tax rules."), {})
        words = _("Tax by the pack %(pack)s of the programme's country, because the programme file names no rules.")
        return Said(words, {"pack": country})
    if not own:
        return Said(_("Tax by the pack %(pack)s that the programme names."), {"pack": pack})
    if pack is None:
        return Said(_OWN[own == 1], {"count": own})
    return Said(_OWN_AND_PACK[own == 1], {"count": own, "pack": pack})


_OWN = {
    True: _("Tax by 1 rule of the programme's own."),
    False: _("Tax by %(count)s rules of the programme's own."),
}
_OWN_AND_PACK = {
    True: _("Tax by 1 rule of the programme's own and the pack %(pack)s that the programme names."),
    False: _("Tax by %(count)s rules of the programme's own and the pack %(pack)s that the programme names."),
}


@dataclass(frozen=True)
class Refused:
    """Why a reward cannot be given: a code, and the words for whoever must solve it."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Levied:
    """The tax on one reward, frozen.

    Attributes:
        load_minor: what is loaded as the reward.
        compensation_minor: the extra top-up that pays the tax back.
        withheld_minor: what is kept back from the reward for the tax office.
        counted_minor: what counts towards the participant's total of the year.
        rule: code and version.
        status: what the participant was to the tax office.
        assessment: what it all comes from.
    """

    load_minor: int
    compensation_minor: int
    withheld_minor: int
    counted_minor: int
    rule: str
    status: TaxStatus
    assessment: tax.Assessment

    def trace(self) -> str:
        """Write every figure down, as JSON: some 2 kB, made when it is stored and not before."""
        return to_json(self.assessment.result().as_json() | {"participant": self.status.value}).decode()


def rule_name(rule: TaxRule) -> str:
    """Name a rule with its version, as a redemption keeps it."""
    return f"{rule.code} v{rule.version}"


@dataclass
class ProgramTax:
    """A programme's tax rules on a day, for one kind of reward. What was computed once is not computed again.

    Attributes:
        source: where the rules come from, in words.
        part: what the programme says of tax; what it chose among what the rules offer stands there.
    """

    country: str
    currency: str
    decimals: int
    on: dt.date
    rules: tuple[TaxRule, ...]
    said: Said
    part: TaxPart = field(default_factory=TaxPart)
    reward_kind: RewardKind = RewardKind.PREPAID
    _chosen: dict[TaxStatus, TaxRule | Refused] = field(default_factory=dict)
    _applied: dict[TaxStatus, tax.AppliedRule | Refused] = field(default_factory=dict)
    _known: dict[tuple[TaxStatus, int, tax.YearSoFar], Levied | Refused] = field(default_factory=dict)

    @staticmethod
    def of(program: Program, on: dt.date, tax_part: dict[str, Any] | None = None) -> "ProgramTax":
        """Read a programme's rules: those its file names, else the pack of its country.

        ``tax_part`` is another tax part than the programme has, such as one with a draft in it.

        Raises:
            TermsInvalid: The file names a pack that there is not, or rules that contradict themselves.
        """
        part = TaxPart.model_validate(program.tax if tax_part is None else tax_part)
        country = pack_behind(part.pack, has_own=bool(part.rules), country=program.country)
        defaults = {"country": program.country, "currency": program.currency, "decimals": program.currency_decimals}
        try:
            found = rules_of(country, part.rules, defaults)
        except (UnknownPackError, ValueError) as problem:
            words = _("The tax part of the programme %(program)s cannot be used: %(why)s")
            raise TermsInvalid(words, program=program.code, why=str(problem)) from None
        said = _source(len(part.rules), part.pack, country)
        return ProgramTax(program.country, program.currency, program.currency_decimals, on, found, said, part)

    @property
    def source(self) -> str:
        """Tell where the rules come from."""
        return self.said.words()

    def kept(self) -> dict[str, Any]:
        """Write down where the rules come from, for the terms of a run."""
        return {"tax": self.source, "tax_said": self.said.kept()}

    def for_goods(self, kind: RewardKind, on: dt.date) -> "ProgramTax":
        """Give the same rules for another kind of reward, on the day on which it was given."""
        return replace(self, reward_kind=kind, on=on, _chosen={}, _applied={}, _known={})

    def rule_for(self, status: TaxStatus) -> TaxRule | Refused:
        """Find the rule for a reward of a participant of this status, once for all of them."""
        if status not in self._chosen:
            kind = self.reward_kind
            found = tax.choose(self.rules, country=self.country, status=status, reward_kind=kind, on=self.on)
            self._chosen[status] = Refused(NO_RULE, found.message) if isinstance(found, tax.NoTaxRule) else found
        return self._chosen[status]

    def levy(self, status: TaxStatus, value_minor: int, year: tax.YearSoFar) -> Levied | Refused:
        """Compute the tax on a reward, once for all participants of this status with these figures."""
        key = (status, value_minor, year)
        if key not in self._known:
            self._known[key] = self._levy(*key)
        return self._known[key]

    def _levy(self, status: TaxStatus, value_minor: int, year: tax.YearSoFar) -> Levied | Refused:
        applied = self._applied_to(status)
        if isinstance(applied, Refused):
            return applied
        rule = applied.rule
        try:
            found = applied.assess(value_minor, year if rule.needs_year_total else None)
        except TaxError as problem:
            return Refused(TAX_REFUSED, str(problem))
        # A compensated reward is loaded whole, and so is its compensation, whoever pays the tax office (rules.md 10).
        withheld = value_minor - found.paid_out_minor if applied.borne_by is BorneBy.PARTICIPANT else 0
        if withheld >= value_minor:
            return Refused(NOTHING_LEFT, f"Rule {rule.code} leaves nothing of the reward to load.")
        return Levied(
            load_minor=value_minor - withheld,
            compensation_minor=found.compensation_minor,
            withheld_minor=withheld,
            counted_minor=found.counted_minor,
            rule=rule_name(rule),
            status=status,
            assessment=found,
        )

    def _applied_to(self, status: TaxStatus) -> tax.AppliedRule | Refused:
        """Apply the rule for participants of this status, once for all of them."""
        if status not in self._applied:
            rule = self.rule_for(status)
            try:
                self._applied[status] = (
                    rule if isinstance(rule, Refused) else self._apply(rule, self.part.choice_of(rule))
                )
            except TaxError as problem:
                self._applied[status] = Refused(TAX_REFUSED, str(problem))
        return self._applied[status]

    def _apply(self, rule: TaxRule, chosen: TaxChoice) -> tax.AppliedRule:
        return tax.apply(
            rule,
            currency=self.currency,
            decimals=self.decimals,
            on=self.on,
            rate_bp=chosen.rate_bp,
            borne_by=chosen.borne_by,
        )

    def earlier(self, session: Session, distributor_ids: Ints, statuses: list[TaxStatus]) -> list[tax.YearSoFar]:
        """Sum what each distributor had earlier in the year under the rule that holds for it now, and what was levied.

        Rewards that were called off or could not be loaded do not count, but where the money is there after all.
        Nothing where the rule does not look at a year.
        """
        totals: dict[TaxStatus, dict[int, tax.YearSoFar]] = {status: {} for status in statuses}
        for status in totals:
            rule = self.rule_for(status)
            if isinstance(rule, TaxRule) and rule.needs_year_total:
                totals[status] = self._year_totals(session, rule, distributor_ids)
        nothing = tax.YearSoFar()
        return [
            totals[status].get(one, nothing) for one, status in zip(distributor_ids.tolist(), statuses, strict=True)
        ]

    def _year_totals(self, session: Session, rule: TaxRule, distributor_ids: Ints) -> dict[int, tax.YearSoFar]:
        load = select(TopUp.id).where(TopUp.redemption_id == Redemption.id, TopUp.kind == TopUpKind.REWARD)
        there, failed = load.where(stands(TopUp)).exists(), load.where(~stands(TopUp)).exists()
        surcharges = [("surcharges", at, "amount_minor") for at in range(len(rule.surcharges))]
        # what stands in columns is read there: a trace has some 2 kB, and a run may ask for a hundred thousand of them
        rate = _of_trace("rate_bp") if len(rule.rates_bp) > 1 else literal(rule.rate_bp)
        looked_at = (
            [
                _one(Redemption.tax_rule),
                _one(rate),
                _sum(Redemption.tax_base_minor),
                _sum(Redemption.tax_levied_minor),
                *(_sum(_of_trace(*path)) for path in surcharges),
            ]
            if rule.basis is Basis.CALENDAR_YEAR
            else []
        )
        rows = session.execute(
            select(WHO_NOW, _sum(Redemption.counted_minor), *looked_at)
            .join(Account, Account.id == Redemption.account_id)
            .join(Distributor, Distributor.id == Account.distributor_id)
            .where(
                or_(*(among(one, distributor_ids.tolist()) for one in (Distributor.id, Distributor.merged_into_id))),
                Redemption.redeemed_on.between(self.on.replace(month=1, day=1), self.on.replace(month=12, day=31)),
                Redemption.tax_rule.startswith(f"{rule.code} v", autoescape=True),
                or_(there, and_(Redemption.ended_at.is_(None), ~failed)),
            )
            .group_by(WHO_NOW)
        )
        return {who: _so_far(rule, counted, *levied) for who, counted, *levied in rows}


def _of_trace(*path: str | int) -> ColumnElement[int]:
    return cast(Redemption.tax_trace[path].astext, BigInteger)


def _sum(amount: Any) -> ColumnElement[int]:
    return cast(func.sum(amount), BigInteger)


def _one(value: Any) -> ColumnElement[Any]:
    """Give what all of them have in common."""
    return case((func.min(value) == func.max(value), func.min(value)))


def _so_far(
    rule: TaxRule,
    counted: int,
    wording: str | None = None,
    rate: int | None = None,
    base: int | None = None,
    levied: int | None = None,
    *surcharges: int | None,
) -> tax.YearSoFar:
    """Say what somebody had in the year; of what was levied, where this wording of the rule levied all of it."""
    known = [one for one in surcharges if one is not None]
    if wording != rule_name(rule) or rate is None or base is None or levied is None or len(known) < len(surcharges):
        return tax.YearSoFar(counted)
    of_tax = tax.LeviedBefore(rule.version, rate, base, levied - sum(known), tuple(known))
    return tax.YearSoFar(counted, of_tax)
