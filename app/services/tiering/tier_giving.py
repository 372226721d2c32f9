"""Tiers by hand: a manager gives one, with a reason and until when; until then it stays, whatever is earned."""

import datetime as dt
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.measures.calendar import local_date
from app.domain.states import TierReason
from app.models.distributors import Distributor
from app.models.placements import TierStanding
from app.models.programs import Program
from app.services import audit
from app.services.goods.catalogue import begin_change
from app.services.placing.placements import Moving, Tier
from app.services.placing.tier_changes import Change
from app.services.placing.tiers import settings_of
from app.services.tiering import tier_judging


class NoSuchTier(LookupError):
    """The programme has no tier of this code."""

    def __init__(self, code: str, known: list[str]) -> None:
        """Say which there are."""
        super().__init__(f"no tier has the code {code!r}; there are: {', '.join(known) or 'none'}")


class EndsBeforeToday(ValueError):
    """A tier cannot be given until a day that is over."""


def give(
    session: Session,
    program: Program,
    distributor_id: int,
    tier: Tier,
    until_on: dt.date | None,
    *,
    reason: str,
    actor: str,
    now: dt.datetime,
) -> bool:
    """Put a distributor into a tier (None: into none) until a day, or until it is taken back.

    False where it is so already. The caller commits.

    Raises:
        LookupError: The programme has no such distributor.
        NoSuchTier: Nor such a tier.
        EndsBeforeToday: The day is over.
    """
    today = local_date(now, program.time_zone)
    _code_of(program, tier)
    if until_on is not None and until_on < today:
        raise EndsBeforeToday(until_on)
    standing, who, was = _held(session, program, distributor_id, now)
    code, tiers = _code_of(program, tier), settings_of(program)  # as they are now that nobody else changes them
    if standing.given and (standing.given_tier, standing.given_until_on) == (code, until_on):
        return False
    standing.given, standing.given_tier, standing.given_until_on = True, code, until_on
    if code != was:
        standing.since_on = today
    session.flush()
    change = Change(distributor_id, was, code, TierReason.GIVEN, until_on=until_on)
    tier_judging.apply(session, program, tiers, [change], Moving(today, now, actor), reason)
    after = {"tier": code, "until": None if until_on is None else until_on.isoformat()}
    _note(session, program, "tier.give", who, was, after, reason, actor, now)
    return True


def _code_of(program: Program, tier: Tier) -> Tier:
    """Give the code of a tier as the programme writes it; of none, none.

    Raises:
        NoSuchTier: The programme has no such tier.
    """
    tiers = settings_of(program)
    level = tiers.level(tier)
    if tier is not None and level is None:
        raise NoSuchTier(tier, [one.code for one in tiers.levels])
    return None if level is None else level.code


def take_back(
    session: Session, program: Program, distributor_id: int, *, reason: str, actor: str, now: dt.datetime
) -> bool:
    """Let the rules alone say again in which tier a distributor is. False where they do. The caller commits."""
    given = select(TierStanding.given).where(
        TierStanding.distributor_id == distributor_id, TierStanding.program_id == program.id
    )
    if not session.scalars(given).one_or_none():
        return False  # nor was any given where nobody was ever judged: the programme may have no tiers
    standing, who, was = _held(session, program, distributor_id, now)
    if not standing.given:
        return False
    # over since yesterday: judging ends it as it ends any other
    standing.given_until_on = local_date(now, program.time_zone) - dt.timedelta(days=1)
    session.flush()
    tier_judging.judge(session, program, now=now, only=[distributor_id])
    becomes = session.scalars(select(Distributor.tier).where(Distributor.id == distributor_id)).one()
    _note(session, program, "tier.take_back", who, was, {"tier": becomes}, reason, actor, now)
    return True


def _held(session: Session, program: Program, distributor_id: int, now: dt.datetime) -> tuple[TierStanding, str, Tier]:
    """Hold a distributor's standing until the transaction ends, judged as of now. Also its code and present tier."""
    tier_judging.judge(session, program, now=now, only=[distributor_id])
    begin_change(session, program.id)
    session.refresh(program)
    found = session.execute(
        select(TierStanding, Distributor.code, Distributor.tier)
        .join(Distributor, Distributor.id == TierStanding.distributor_id)
        .where(TierStanding.distributor_id == distributor_id, TierStanding.program_id == program.id)
        .with_for_update(of=TierStanding)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise LookupError(distributor_id)
    standing, code, tier = found
    return standing, code, tier


def _note(
    session: Session,
    program: Program,
    action: str,
    who: str,
    was: Tier,
    after: Mapping[str, object],
    reason: str,
    actor: str,
    now: dt.datetime,
) -> None:
    audit.note(
        session,
        actor,
        action,
        who,
        now=now,
        program_id=program.id,
        before={"tier": was},
        after=dict(after),
        reason=reason,
    )
