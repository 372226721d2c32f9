"""The promotions of a scenario: those of a file or of drafts beside those that run, over the sales that they look at.

A stretch is measured as promotions measure months, with the points that the drafted rules give; what a promotion counts
outside of the period (its own other days, its base period) keeps the points that it was given. In the end everybody is
placed and paid as on the promotion's last day.
"""

import datetime as dt
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.many import any_of
from app.domain.measures.exact import Ints
from app.domain.measures.scale import Scale
from app.domain.program_file.promotion_definition import Promotion as Definition
from app.domain.promoting.promotion_measuring import Measured, measure, totals_of
from app.domain.promoting.promotion_terms import CompiledPromotion, compile_promotion
from app.domain.promoting.promotions import changes, furthest_first, ranked, standings_of
from app.domain.rules.rulebook import RuleBook
from app.domain.states import PromotionState, Unit
from app.domain.typed.codes import code_key
from app.models.distributors import Distributor
from app.models.programs import Program
from app.models.promotions import Promotion, PromotionVersion
from app.models.scenarios import Scenario
from app.services.persons.rosters import name_key
from app.services.promotions import standings
from app.services.promotions.reading import definition_of, of_now
from app.services.rulebooks import Proposal
from app.services.scenarios.period import Held

_WIDTHS = Measured.__dataclass_fields__


@dataclass(frozen=True)
class Aim:
    """A promotion as a scenario keeps it: what it would say (None: it would not be), and which one it is by now.

    ``promotion_id`` is the one whose targets of a sheet hold, published or drafted (None: there is none of this code);
    ``ran``: it was published for days of the period.
    """

    code: str
    name: str
    definition: Definition | None
    promotion_id: int | None
    ran: bool

    def stored(self) -> dict[str, Any]:
        """Write it as a scenario keeps it."""
        said = self.definition
        return {
            "code": self.code,
            "name": self.name,
            "promotion": self.promotion_id,
            "ran": self.ran,
            "definition": None if said is None else said.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        }

    @staticmethod
    def read(stored: Mapping[str, Any]) -> "Aim":
        """Read what was stored."""
        said = stored["definition"]
        definition = None if said is None else Definition.model_validate(said)
        return Aim(stored["code"], stored["name"], definition, stored["promotion"], stored["ran"])


def aims_of(scenario: Scenario) -> list[Aim]:
    """Read the promotions of a scenario, in the order in which its sums name them."""
    return [Aim.read(one) for one in scenario.rules.get("promotions", [])]


def asked(
    session: Session,
    program_id: int,
    period: tuple[dt.date, dt.date],
    *,
    instead: Sequence[Definition] | None = None,
    drafts: bool = False,
) -> list[Aim]:
    """Give the promotions that look at a period: as published, with ``drafts`` as drafted, or those said ``instead``.

    Those that really ran are among them in any case.
    """
    rows = session.execute(
        select(Promotion.id, Promotion.code, Promotion.draft, PromotionVersion.definition)
        .outerjoin(PromotionVersion, of_now())
        .where(Promotion.program_id == program_id)
        .order_by(Promotion.id)
    ).all()
    ran = {code_key(row.code): Definition.model_validate(row.definition) for row in rows if row.definition is not None}
    real = {code_key(row.code): row.id for row in rows}
    would = dict(ran)
    if drafts:
        would |= {code_key(row.code): Definition.model_validate(row.draft) for row in rows if row.draft is not None}
    if instead is not None:
        would = {code_key(one.code): one for one in instead}
    found = []
    for code in dict.fromkeys([*would, *ran]):
        kept, was = (_within(of.get(code), period) for of in (would, ran))
        named = kept or was
        if named is not None:
            found.append(Aim(named.code, named.name, kept, real.get(code), ran=was is not None))
    return found


def _within(one: Definition | None, period: tuple[dt.date, dt.date]) -> Definition | None:
    """Give a promotion that looks at a period; of others nothing."""
    return one if one is not None and one.from_ <= period[1] and one.until >= period[0] else None


def days_besides(aims: Iterable[Aim], period: tuple[dt.date, dt.date]) -> list[tuple[dt.date, dt.date]]:
    """Give the days that promotions look at outside of the period, each once, in order."""
    day = dt.timedelta(days=1)
    looked_at: list[tuple[dt.date, dt.date]] = []
    for aim in aims:
        if aim.definition is not None:
            target = aim.definition.target
            growth = target.growth if target is not None else None
            spans = [(aim.definition.from_, aim.definition.until)]
            spans += [(growth.from_, growth.until)] if growth is not None else []
            for first, last in spans:
                looked_at += [(first, min(last, period[0] - day)), (max(first, period[1] + day), last)]
    found: list[tuple[dt.date, dt.date]] = []
    for first, last in sorted(span for span in looked_at if span[0] <= span[1]):
        if found and first <= found[-1][1] + day:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


@dataclass(frozen=True)
class Running:
    """A promotion of a scenario made ready to run; ``position`` is its place among those of the scenario."""

    position: int
    promotion_id: int | None
    compiled: CompiledPromotion


def compile_aims(
    aims: Sequence[Aim], proposal: Proposal, book: RuleBook, scale: Scale, days: tuple[dt.date, dt.date | None]
) -> tuple[Running, ...]:
    """Make the promotions of a scenario ready to run, for products, distributors and groups as they stand.

    Raises:
        AmountUnfit: An amount has more decimals than the programme.
    """
    return tuple(
        Running(
            at,
            aim.promotion_id,
            compile_promotion(aim.definition, book.catalogue, scale, proposal.named_days, *days),
        )
        for at, aim in enumerate(aims)
        if aim.definition is not None
    )


def by_people(running: Sequence[Running]) -> bool:
    """Tell whether a promotion asks who is named on documents."""
    return any(one.compiled.definition.participants == "persons" for one in running)


def measured(running: Sequence[Running], held: Held, returned_milli: Ints, points: Ints) -> bytes:
    """Measure a stretch for every promotion, as a piece of a scenario keeps it."""
    columns: dict[str, Any] = {}
    documents = held.sales.documents
    for one in running:
        whose, names = documents.distributor_id, None
        if one.compiled.definition.participants == "persons":
            whose, names = _persons(held)
        sums = measure(one.compiled, held.sales, np.where(held.accepted, whose, -1), returned_milli, points)
        columns |= {f"{one.position}.{name}": getattr(sums, name) for name in _WIDTHS}
        if names is not None:
            columns[f"{one.position}.names"] = np.asarray(names, dtype=np.str_)
            columns[f"{one.position}.of"] = names_of_company(whose, documents.distributor_id, len(names))
    kept = io.BytesIO()
    np.savez_compressed(kept, **columns)
    return kept.getvalue()


def _persons(held: Held) -> tuple[Ints, list[str]]:
    """Number the people whom documents name, by company and name; -1: a document names nobody."""
    numbers: dict[tuple[int, str], int] = {}
    pairs = zip(held.sales.documents.distributor_id.tolist(), held.sales.documents.person, strict=True)
    keyed = [(company, name_key(name)) for company, name in pairs]
    whose = [numbers.setdefault(one, len(numbers)) if one[1] else -1 for one in keyed]
    return np.asarray(whose, dtype=np.int64), [name for _, name in numbers]


def names_of_company(whose: Ints, distributor_id: Ints, count: int) -> Ints:
    """Give the company of each person by number."""
    company = np.zeros(count, dtype=np.int64)
    company[whose[whose >= 0]] = distributor_id[whose >= 0]
    return company


@dataclass(frozen=True)
class Paid:
    """What promotions would give and gave, row by row: to which distributor, in which promotion.

    ``posted`` is what of the given is in the books by now.
    """

    position: Ints
    distributor: Ints
    drafted: Ints
    given: Ints
    posted: Ints
    net_minor: Ints
    participant: Ints
    """1 for each who would take part, 0 for who only did."""


def pay(
    session: Session, program_id: int, aims: Sequence[Aim], running: Sequence[Running], kept: Iterable[bytes]
) -> Paid:
    """Place everybody by what all stretches came to, and tell what they would be paid beside what they were."""
    pieces = [dict(np.load(io.BytesIO(one))) for one in kept]
    parts = [*_would(session, program_id, running, pieces), *_were(session, program_id, aims)]
    empty = [np.zeros(0, dtype=np.int64)] * len(fields(Paid))
    return Paid(*(np.concatenate(columns) for columns in zip(*(empty, *parts), strict=True)))


def _would(
    session: Session, program_id: int, running: Sequence[Running], pieces: Sequence[Mapping[str, Any]]
) -> Iterator[list[Ints]]:
    for one in running:
        sold, sums = _put_together(one, pieces)
        participants = standings.who_takes_part(one.compiled, sold)
        number = {who: at for at, who in enumerate(participants)}
        whose = np.asarray([number.get(who, -1) for who in sold], dtype=np.int64)[sums.participant]
        counts = whose >= 0
        columns = {name: getattr(sums, name)[counts] for name in _WIDTHS if name != "participant"}
        totals = totals_of(one.compiled, Measured(participant=whose[counts], **columns), len(participants))
        company = np.asarray([who for who, _ in participants], dtype=np.int64)
        own, of_group = standings.targets_of(session, program_id, one.promotion_id, one.compiled, company)
        terms, nothing = one.compiled.terms, np.zeros(len(company), dtype=np.int64)
        stands = standings_of(terms, totals, own, of_group)
        earned, place = stands.earned, nothing
        if terms.prizes is not None:
            place, prize = ranked(terms.prizes, stands.value, stands.share_bp, stands.open)
            earned = earned + prize
        order = furthest_first(place, stands.share_bp, stands.value)
        drafted = changes(earned, nothing, nothing, terms.budget, order)
        at = np.full(len(company), one.position, dtype=np.int64)
        yield [at, company, drafted, nothing, nothing, np.maximum(totals.net_minor[0], 0), nothing + 1]


def _put_together(one: Running, pieces: Sequence[Mapping[str, Any]]) -> tuple[list[tuple[int, str]], Measured]:
    """Put what stretches came to together: who sold, and the sums with everybody's place among them."""
    numbers: dict[tuple[int, str], int] = {}
    columns: dict[str, list[Ints]] = {name: [np.zeros(0, dtype=np.int64)] for name in _WIDTHS}
    for piece in pieces:
        mine = {name: piece[f"{one.position}.{name}"] for name in _WIDTHS}
        ids, place = np.unique(mine["participant"], return_inverse=True)
        if f"{one.position}.names" in piece:
            names, of = piece[f"{one.position}.names"].tolist(), piece[f"{one.position}.of"].tolist()
            who = [(of[at], names[at]) for at in ids.tolist()]
        else:
            who = [(at, "") for at in ids.tolist()]
        mine["participant"] = np.asarray([numbers.setdefault(key, len(numbers)) for key in who], dtype=np.int64)[place]
        for name, column in mine.items():
            columns[name].append(column)
    return list(numbers), Measured(**{name: np.concatenate(parts) for name, parts in columns.items()})


def _were(session: Session, program_id: int, aims: Sequence[Aim]) -> Iterator[list[Ints]]:
    """Give what promotions paid. Of one that runs on it counts what it paid if it were closed as it stands by now."""
    program = session.get_one(Program, program_id)
    scale = Scale(program.point_decimals, program.currency_decimals)
    for at, aim in enumerate(aims):
        if not aim.ran:
            continue
        promotion = session.get_one(Promotion, aim.promotion_id)
        said = definition_of(session, promotion)
        known = standings.to_pay(session, promotion.id, to_people=False)
        given = known.paid
        if promotion.state is not PromotionState.CLOSED and (said.when == "at_end" or said.ranking is not None):
            given = known.closed_now(None if said.budget is None else scale.amount(Unit.POINTS, said.budget))
        at_, nothing = np.full_like(given, at), np.zeros_like(given)
        yield [at_, _who_now(session, known.distributor_id), nothing, given, known.paid, nothing, nothing]


def _who_now(session: Session, distributor_id: Ints) -> Ints:
    """Give the distributor that each is by now: those that were merged are the ones that they were merged into."""
    merged = session.execute(
        select(Distributor.id, Distributor.merged_into_id).where(
            Distributor.id == any_of(np.unique(distributor_id).tolist()),
            Distributor.merged_into_id.is_not(None),
        )
    )
    into = dict(merged.all())
    return np.asarray([into.get(one, one) for one in distributor_id.tolist()], dtype=np.int64)
