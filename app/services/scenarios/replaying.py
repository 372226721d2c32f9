"""One stretch of a period through the engine, beside what was really given. Nothing is written here.

What the database says of a stretch is read first, all of it; then it is reckoned. So the next stretch can be read while
one is reckoned.
"""

import datetime as dt
from dataclasses import dataclass

import numpy as np
from sqlalchemy import BigInteger, Date, cast, func, select
from sqlalchemy.orm import Session

from app.domain.documents.sales import Flags
from app.domain.measures.calendar import period_of
from app.domain.measures.exact import Ints, sums_by
from app.domain.points.returns import taken_back
from app.domain.rules import comparing
from app.domain.rules.caps import NOBODY, CapUsage
from app.domain.rules.comparing import ByLine, ByRule, Moved, Paying, Selling, Sums, together
from app.domain.rules.earning import Awards, award
from app.domain.rules.rulebook import RuleBook
from app.domain.states import COUNTING, Cut, DocumentKind, Unit
from app.models.rules import EarningRuleVersion
from app.models.sales import Award, PersonShare, SalesDocument
from app.models.scenarios import Scenario
from app.services.counting.first_purchases import first_purchases
from app.services.persons.growth import BY_RULES, NOTED
from app.services.promotions.reading import scale_of
from app.services.rulebooks import rules_under
from app.services.scenarios import aims, ladders, period
from app.services.scenarios.asking import proposal_of
from app.services.scenarios.period import Held, Stretch


@dataclass(frozen=True)
class Plan:
    """What every stretch of a scenario needs: its rules compiled, and where each rule stands among its codes.

    ``spans`` are the days that its tiers count at the end of the period; ``texts`` are asked for of documents.
    """

    program_id: int
    from_on: dt.date
    to_on: dt.date
    book: RuleBook
    position: Ints
    versions: tuple[Ints, Ints]
    aims: tuple[aims.Running, ...]
    spans: tuple[tuple[int, int], ...]
    texts: frozenset[str]


def plan_of(session: Session, scenario: Scenario) -> Plan:
    """Compile the rules of a scenario, with products, distributors and groups as they stand."""
    proposal = proposal_of(scenario)
    rules = rules_under(session, scenario.program_id, proposal)
    book, days = rules.book, (rules.settings.starts_on, rules.settings.ends_on)
    running = aims.compile_aims(aims.aims_of(scenario), proposal, book, scale_of(rules), days)
    texts = period.texts_asked([book, *(one.compiled.book for one in running)])
    position = {code: at for at, code in enumerate(scenario.codes)}
    return Plan(
        program_id=scenario.program_id,
        from_on=scenario.from_on,
        to_on=scenario.to_on,
        book=book,
        position=np.asarray([position[rule.code] for rule in book.rules], dtype=np.int64),
        versions=period.versions_by_position(session, scenario.program_id, scenario.codes),
        aims=running,
        spans=ladders.spans_of(scenario),
        texts=texts | ({"person"} if aims.by_people(running) else frozenset()),
    )


def used_before(session: Session, plan: Plan) -> CapUsage:
    """Sum what capped rules had given before the period, in the spans that reach into it."""
    usage = CapUsage()
    limits = {
        rule.version.rule_id: [cut for cut, _limit in rule.caps.limits if cut not in (Cut.PER_DOCUMENT, Cut.DAY)]
        for rule in plan.book.rules
        if rule.caps is not None
    }
    if not any(limits.values()):
        return usage
    month = cast(func.date_trunc("month", SalesDocument.issued_on), Date)
    rows = session.execute(
        select(EarningRuleVersion.rule_id, SalesDocument.distributor_id, month, cast(func.sum(BY_RULES), BigInteger))
        .join(Award, Award.document_id == SalesDocument.id)
        .outerjoin(PersonShare, NOTED)
        .join(EarningRuleVersion, EarningRuleVersion.id == Award.rule_version_id)
        .where(
            SalesDocument.program_id == plan.program_id,
            SalesDocument.status.in_(COUNTING),
            SalesDocument.issued_on < plan.from_on,
            EarningRuleVersion.rule_id.in_(list(limits)),
        )
        .group_by(EarningRuleVersion.rule_id, SalesDocument.distributor_id, month)
    )
    for rule_id, distributor_id, first_on, amount in rows:
        for cut in limits[rule_id]:
            number = int(period_of(cut, np.asarray([first_on], dtype="datetime64[D]"))[0])
            key = (rule_id, cut, NOBODY if cut is Cut.BUDGET else distributor_id, number)
            usage.before[key] = usage.before.get(key, 0) + amount
    return usage


@dataclass(frozen=True)
class Read:
    """A stretch as the database has it: its sales, what they were given, and what came back of them."""

    held: Held
    returned: period.Returned
    judged: "_Judged | None"
    points: Ints | None
    """What lines outside of the period were given, where no rule judges them."""


@dataclass(frozen=True)
class _Judged:
    """What it takes to judge a stretch by rules, and to put that beside what was."""

    first_purchase: Flags
    real: Moved
    back: period.TakenBack


def read(session: Session, plan: Plan, stretch: Stretch) -> Read:
    """Read all that a stretch takes."""
    program_id = plan.program_id
    held = period.read(session, program_id, stretch, plan.texts)
    returned = period.returned(session, program_id, stretch, held)
    if not stretch.replayed:
        return Read(held, returned, None, period.points_of(session, program_id, stretch, held))
    judged = _Judged(
        first_purchase=first_purchases(session, plan.book, held.sales, held.ids),
        real=period.given(session, program_id, stretch, held, plan.versions),
        back=period.taken_back(session, program_id, stretch, plan.from_on, plan.versions),
    )
    return Read(held, returned, judged, None)


@dataclass(frozen=True)
class Replayed:
    """What a stretch came to: sums, and what promotions measured of it."""

    sums: Sums
    measured: bytes


def replay(plan: Plan, stretch: Read, usage: CapUsage) -> Replayed:
    """Replay what was read of a stretch. ``usage`` is what was used of caps before it; what it uses is added there."""
    held, returned, judged = stretch.held, stretch.returned, stretch.judged
    back_of_lines = returned.of_lines(len(held.sales.lines))
    if judged is None:
        assert stretch.points is not None, "what no rule judges keeps its points"
        return Replayed(comparing.NOTHING, aims.measured(plan.aims, held, back_of_lines, stretch.points))
    awards = award(plan.book, held.sales, judged.first_purchase, usage)
    real, back = judged.real, judged.back
    rule, unit = plan.position[awards.rule], plan.book.units[awards.rule]
    would = period.on_lines(held, awards.line, rule, unit, awards.amount)
    taken = _would_be_taken(would.rules, awards, held, returned)
    within = returned.within(plan.from_on, plan.to_on)[taken.of]
    # what was sold before the period was paid by the rules of then, and they take it back
    drafted = together([would, taken.moved(held, within), back.earlier])
    paying, multiplying = _paying(plan, awards, would.rules)
    sums = comparing.compare(
        drafted, together([real, back.all]), _selling(plan.book, held), paying, multiplying, plan.spans
    )
    measured = b""
    if plan.aims:
        points, gone = unit == Unit.POINTS, taken.unit == Unit.POINTS
        # of each line what it would have been given, less what all its returns would take
        kept = sums_by(awards.line[points], awards.amount[points], len(held.sales.lines))
        kept -= sums_by(taken.line[gone], taken.amount[gone], len(held.sales.lines))
        measured = aims.measured(plan.aims, held, back_of_lines, kept)
    return Replayed(sums, measured)


@dataclass(frozen=True)
class _Taken:
    """What returns would take, row by row: of which line and rule, by which of the returns."""

    of: Ints
    line: Ints
    day: Ints
    rule: Ints
    unit: Ints
    amount: Ints

    def moved(self, held: Held, which: Flags) -> Moved:
        """Give some of it by rule and by line."""
        lines, line = held.sales.lines, self.line[which]
        distributor = held.sales.documents.distributor_id[lines.document[line]]
        unit, amount = self.unit[which], -self.amount[which]
        return Moved(
            ByRule(self.rule[which], unit, amount),
            ByLine(lines.product_id[line], distributor, self.day[which], unit, amount),
        )


def _would_be_taken(would: ByRule, awards: Awards, held: Held, returned: period.Returned) -> _Taken:
    """Give what returns would take of what the drafted rules give: of each award of their line."""
    first = np.searchsorted(awards.line, returned.line, side="left")
    count = np.searchsorted(awards.line, returned.line, side="right") - first
    of = np.repeat(np.arange(len(returned.line)), count)
    at = np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count) + first[of]
    line, lines = returned.line[of], held.sales.lines
    amount = taken_back(
        awards.amount[at], lines.quantity_milli[line], returned.before_milli[of], returned.quantity_milli[of]
    )
    return _Taken(of, line, returned.day[of], would.rule[at], would.unit[at], amount)


def _paying(plan: Plan, awards: Awards, would: ByRule) -> tuple[Paying, Paying]:
    """Give what rules pay, and what multipliers give upon it."""
    kinds = np.asarray([rule.kind == "multiplier" for rule in plan.book.rules], dtype=bool)
    multiplies = kinds[awards.rule] if len(awards) else np.zeros(0, dtype=bool)

    def of(which: Flags) -> Paying:
        some = np.flatnonzero((awards.amount > 0) & which)
        return Paying(awards.line[some], would.rule[some], would.unit[some], awards.amount[some])

    return of(~multiplies), of(multiplies)


def _selling(book: RuleBook, held: Held) -> Selling:
    """Mark the lines that could earn: with a quantity and an amount, of an invoice of the programme's own days."""
    documents, lines = held.sales.documents, held.sales.lines
    counts = (documents.kind == DocumentKind.INVOICE) & (documents.issued_on >= book.starts_on)
    if book.ends_on is not None:
        counts &= documents.issued_on <= book.ends_on
    amount = lines.gross_minor if book.gross else lines.net_minor
    sells = counts[lines.document] & (lines.quantity_milli > 0) & (amount > 0)
    return Selling(
        product=lines.product_id,
        distributor=documents.distributor_id[lines.document],
        month=held.month,
        net_minor=lines.net_minor,
        sells=sells.astype(np.int64),
    )
