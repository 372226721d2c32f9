"""Judging tiers: whoever earned something, and once a day everybody, set-wise (rules.md 8).

Nothing is said where points move: a wallet's version, or the sums of a distributor's months, tell whether anything
changed since it was judged. A tier is held from the day on which it was judged, never backwards: what was counted by
then keeps what it earned.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, Text, cast, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.selectable import Subquery

from app.db.locks import lock_name
from app.db.many import any_of
from app.domain.measures.calendar import local_date
from app.domain.measures.exact import Ints
from app.domain.program_file.tier_settings import Metric, Tiers
from app.domain.rules.tiers import Ladder, Standings, judged
from app.domain.states import BatchStatus, Event, TierReason, Unit
from app.models.distributors import Distributor
from app.models.figures import SalesMonth
from app.models.imports import ImportBatch
from app.models.ledger import Account
from app.models.placements import TierStanding
from app.models.programs import Program
from app.services.goods.catalogue import begin_change, mark_changed
from app.services.occasions import events
from app.services.occasions.events import Told
from app.services.placing import regrouping, tier_changes
from app.services.placing.placements import Moving, Tier
from app.services.placing.tier_changes import Change
from app.services.placing.tiers import decimals_of, settings_of
from app.services.reporting.tier_metrics import Question, counted
from app.services.telling import notices


@dataclass(frozen=True)
class _Candidate:
    """Somebody to be judged: the present tier, what the rules said last, and what a person gave."""

    id: int
    tier: Tier
    new: bool
    earned: Tier
    since_on: dt.date | None
    review_on: dt.date | None
    given: bool
    given_tier: Tier
    given_until_on: dt.date | None
    seen: int

    def among(self, tiers: Tiers) -> "_Candidate":
        """Let a person's word be over where the tier that they gave is none any more."""
        if self.given_tier is None or tiers.level(self.given_tier) is not None:
            return self
        return replace(self, given=False, given_tier=None, given_until_on=None)

    def present(self, earned: Tier, today: dt.date) -> Tier:
        """Give the tier that holds today: a person's word goes before the rules as long as it lasts."""
        return self.given_tier if self.holds(today) else earned

    def holds(self, today: dt.date) -> bool:
        """Tell whether what a person gave still holds."""
        return self.given and (self.given_until_on is None or self.given_until_on >= today)


def judge(session: Session, program: Program, *, now: dt.datetime, only: Sequence[int] | None = None) -> int:
    """Bring the tiers of a programme up to date. Returns how many are in another tier now. The caller commits.

    While a file is being counted it waits: sales of one file are judged by one tier. ``only`` judges these at once.
    """
    if not settings_of(program).levels or (only is None and _importing(session, program.id)):
        return 0
    begin_change(session, program.id)  # before what is read here: whoever gives a tier, or changes the rules, holds it
    session.refresh(program)  # it may have other tiers since
    tiers = settings_of(program)
    if not tiers.levels:
        return 0
    lock_name(session, f"tiers:{program.id}")
    today = local_date(now, program.time_zone)
    found = [one.among(tiers) for one in _candidates(session, program.id, tiers.metric, today, only)]
    if not found:
        return 0
    ladder = Ladder.of(tiers, decimals_of(program, tiers.metric))
    standings = _standings(ladder, tiers, found, today)
    # one round for each span that ended since somebody was judged: mostly none or one
    while True:
        spans = ladder.spans(today)
        metrics = [counted(session, tiers.metric, [Question(one.id, span) for one in found]) for span in spans]
        best = np.maximum.reduce(metrics)
        kept = _in_review(session, tiers.metric, ladder, found, standings, standings.due(today))
        standings = judged(ladder, standings, best, kept, today)
        if not standings.due(today).any():
            break
    keeping = _in_review(session, tiers.metric, ladder, found, standings, ~np.isnat(standings.review))
    earned = [tiers.levels[at].code if at >= 0 else None for at in standings.level.tolist()]
    _write_standings(session, program.id, found, earned, standings, metrics[0], keeping, today)
    most = np.maximum(best, kept)
    return _change(session, program, tiers, found, earned, most.tolist(), today, now)


def forget(session: Session, program_id: int, was: Tiers, now: Tiers) -> None:
    """Have everybody of a programme judged anew: what it says of tiers has changed. The caller commits.

    Where the span or its grace is another one, so is the day on which a tier may be lost: it is set anew, as for
    somebody who reaches their tier today.
    """
    values: dict[str, Any] = {"judged_on": dt.date.min}
    if (was.window, was.months, was.grace_days) != (now.window, now.months, now.grace_days):
        values["review_on"] = None
    session.execute(
        update(TierStanding)
        .where(TierStanding.program_id == program_id)
        .values(values)
        .execution_options(synchronize_session=False)
    )


def _importing(session: Session, program_id: int) -> bool:
    busy = (ImportBatch.program_id == program_id, ImportBatch.status == BatchStatus.LOADING)
    return session.scalars(select(ImportBatch.id).where(*busy).limit(1)).one_or_none() is not None


def _candidates(
    session: Session, program_id: int, metric: Metric, today: dt.date, only: Sequence[int] | None
) -> list[_Candidate]:
    """Find who earned something since they were judged, who was not judged today, and who never was."""
    traces = _versions(program_id) if metric is Metric.POINTS else _months(program_id)
    seen = func.coalesce(traces.c.seen, 0)
    query = (
        select(
            Distributor.id,
            Distributor.tier,
            TierStanding.distributor_id.is_(None),
            TierStanding.earned_tier,
            TierStanding.since_on,
            TierStanding.review_on,
            func.coalesce(TierStanding.given, literal(value=False)),
            TierStanding.given_tier,
            TierStanding.given_until_on,
            seen,
        )
        .outerjoin(TierStanding, TierStanding.distributor_id == Distributor.id)
        .outerjoin(traces, traces.c.distributor_id == Distributor.id)
        .where(
            Distributor.program_id == program_id,
            Distributor.merged_into_id.is_(None),
            Distributor.person_of_id.is_(None),  # tiers are companies': all that their sales earned counts for those
        )
        .order_by(Distributor.id)
    )
    if only is not None:
        query = query.where(Distributor.id == any_of(only))
    else:
        query = query.where(
            or_(TierStanding.distributor_id.is_(None), TierStanding.judged_on != today, TierStanding.seen != seen)
        )
    return [_Candidate(*row) for row in session.execute(query)]


def _versions(program_id: int) -> Subquery:
    """Give what changes whenever points of a distributor move: the version of the account where they stand."""
    there = aliased(Account)
    return (
        select(Account.distributor_id, there.version.label("seen"))
        .join(there, there.id == func.coalesce(Account.leads_to_id, Account.id))
        .where(Account.program_id == program_id, Account.unit == Unit.POINTS, Account.distributor_id.is_not(None))
        .subquery()
    )


def _months(program_id: int) -> Subquery:
    """Give what changes whenever a month of a distributor is other than before: a hash of all its months.

    A sale that is claimed was sold before: only its points move.
    """
    month = func.concat_ws(":", SalesMonth.month_on, SalesMonth.net_minor, SalesMonth.documents, type_=Text)
    months = (
        select(
            SalesMonth.distributor_id,
            func.bit_xor(func.hashtextextended(month, cast(0, BigInteger)), type_=BigInteger).label("seen"),
        )
        .where(SalesMonth.program_id == program_id)
        .group_by(SalesMonth.distributor_id)
        .subquery()
    )
    versions = _versions(program_id)
    return (
        select(months.c.distributor_id, months.c.seen.bitwise_xor(func.coalesce(versions.c.seen, 0)).label("seen"))
        .outerjoin(versions, versions.c.distributor_id == months.c.distributor_id)
        .subquery()
    )


def _standings(ladder: Ladder, tiers: Tiers, found: Sequence[_Candidate], today: dt.date) -> Standings:
    """Give where candidates stood: who was never judged stands where a file or a person put them."""
    level = np.asarray([tiers.place(one.tier if one.new else one.earned) for one in found], dtype=np.int64)
    review = np.asarray([one.review_on for one in found], dtype="datetime64[D]")
    first = ladder.next_review(today)
    if first is not None:
        review[np.isnat(review) & (level >= 0)] = np.datetime64(first, "D")
    return Standings(level, review)


def _in_review(
    session: Session,
    metric: Metric,
    ladder: Ladder,
    found: Sequence[_Candidate],
    standings: Standings,
    whose: np.ndarray,
) -> Ints:
    """Give what some have within the span that their review looks at; of the others nothing."""
    places = np.flatnonzero(whose).tolist()
    questions = [Question(found[at].id, ladder.reviewed(standings.review[at].astype(object))) for at in places]
    kept = np.zeros(len(found), dtype=np.int64)
    kept[places] = counted(session, metric, questions)
    return kept


def _write_standings(
    session: Session,
    program_id: int,
    found: Sequence[_Candidate],
    earned: Sequence[Tier],
    standings: Standings,
    metric: Ints,
    keeping: Ints,
    today: dt.date,
) -> None:
    rows: list[dict[str, Any]] = [
        {
            "distributor_id": one.id,
            "program_id": program_id,
            "earned_tier": earned[at],
            "since_on": today if one.since_on is None or one.present(earned[at], today) != one.tier else one.since_on,
            "review_on": standings.review[at].astype(object),
            "metric": int(metric[at]),
            "keeping": int(keeping[at]),
            "given": one.holds(today),
            "given_tier": one.given_tier if one.holds(today) else None,
            "given_until_on": one.given_until_on if one.holds(today) else None,
            "seen": one.seen,
            "judged_on": today,
        }
        for at, one in enumerate(found)
    ]
    made = insert(TierStanding)
    session.execute(
        made.on_conflict_do_update(
            index_elements=["distributor_id"],
            set_={name: made.excluded[name] for name in rows[0] if name != "distributor_id"},
        ),
        rows,
    )


def _change(
    session: Session,
    program: Program,
    tiers: Tiers,
    found: Sequence[_Candidate],
    earned: Sequence[Tier],
    metric: Sequence[int],
    today: dt.date,
    now: dt.datetime,
) -> int:
    """Write who is in another tier from today on, and tell them."""
    thresholds = tiers.thresholds(decimals_of(program, tiers.metric))
    base = _join(session, program.id, tiers, [one.id for one in found if one.new and one.tier is None])
    changes: list[Change] = []
    for one, becomes, counted_ in zip(found, earned, metric, strict=True):
        was, present = base.get(one.id, one.tier), one.present(becomes, today)
        if present == was:
            continue
        up = tiers.place(present) > tiers.place(was)
        why = TierReason.REACHED if up else TierReason.FELL
        if was is not None and tiers.place(was) < 0:  # whatever takes its place, nobody earned anything
            why = TierReason.GONE
        if one.given:  # a file may have said otherwise meanwhile: a person's word goes before it, and earned nothing
            why = TierReason.GIVEN if one.holds(today) else TierReason.ENDED
        # who fell is told what the tier takes that they lost
        at = tiers.place(was if why is TierReason.FELL else present)
        changes.append(Change(one.id, was, present, why, counted_, thresholds[at] if at >= 0 else None))
    apply(session, program, tiers, changes, Moving(today, now))
    return len(changes)


def _join(session: Session, program_id: int, tiers: Tiers, fresh: Sequence[int]) -> dict[int, str]:
    """Put newcomers into the tier that takes nothing, if there is one: they are in it from the beginning."""
    if not fresh or tiers.levels[0].from_ > 0:
        return {}
    base = tiers.levels[0].code
    session.execute(
        update(Distributor)
        .where(Distributor.id == any_of(fresh))
        .values(tier=base)
        .execution_options(synchronize_session=False)
    )
    regrouping.touch_tiers(session, program_id, [(id_, None, base) for id_ in fresh], None)
    mark_changed(session, program_id)
    return dict.fromkeys(fresh, base)


def apply(
    session: Session,
    program: Program,
    tiers: Tiers,
    changes: Sequence[Change],
    moving: Moving,
    reason: str | None = None,
) -> None:
    """Write changes into the history and onto the distributors, and tell them. The caller commits."""
    if not changes:
        return
    tier_changes.write(session, program.id, changes, moving, reason)
    session.execute(update(Distributor), [{"id": one.distributor_id, "tier": one.becomes} for one in changes])
    mark_changed(session, program.id)
    _tell(session, program, tiers, changes, moving)


def _tell(session: Session, program: Program, tiers: Tiers, changes: Sequence[Change], moving: Moving) -> None:
    """Leave a notice with everybody, and let event rules reward what was reached."""

    def name(code: Tier) -> str | None:
        level = tiers.level(code)
        return code if level is None else level.name

    def steps(one: Change) -> int:
        return -1 if one.why is TierReason.GONE else tiers.place(one.becomes) - tiers.place(one.was)

    for kind, way in (("tier_reached", 1), ("tier_lost", -1)):
        mine = [one for one in changes if steps(one) * way > 0]
        notices.tell_many(
            session,
            program.id,
            kind,
            [(one.distributor_id, {"tier": name(one.becomes), "was": name(one.was)}) for one in mine],
            addresses=[f"/portal/{program.code}/{one.distributor_id}/tier" for one in mine],
            now=moving.now,
        )
    events.record(
        session,
        program.id,
        [
            Told(one.distributor_id, Event.TIER_REACHED, f"{one.becomes}:{moving.day}", moving.day, one.becomes)
            for one in changes
            if one.why is TierReason.REACHED
        ],
        now=moving.now,
    )
