"""Notices of tiers that are about to be lost: in time, each once, with what is missing to keep them."""

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.locks import lock_name
from app.db.many import any_of
from app.domain.measures.calendar import local_date
from app.models.distributors import Distributor
from app.models.messages import Notice
from app.models.placements import TierStanding
from app.models.programs import Program
from app.services.placing.tiers import decimals_of, settings_of
from app.services.telling import notices
from app.services.tiering.tier_reading import falls_to

KIND = "tier_at_risk"


def remind(session: Session, program: Program, *, now: dt.datetime) -> int:
    """Tell whoever loses a tier soon as things are, and was not told of that day. Returns how many were told.

    How long ahead the programme says. What a person gave is that person's matter. The caller commits.
    """
    tiers = settings_of(program)
    if not tiers.levels or not tiers.remind_days:
        return 0
    today = local_date(now, program.time_zone)
    thresholds = tiers.thresholds(decimals_of(program, tiers.metric))
    rows = session.execute(
        select(Distributor.id, Distributor.tier, TierStanding.review_on, TierStanding.keeping, TierStanding.metric)
        .join(TierStanding, TierStanding.distributor_id == Distributor.id)
        .where(
            TierStanding.program_id == program.id,
            TierStanding.review_on.between(today + dt.timedelta(days=1), today + dt.timedelta(days=tiers.remind_days)),
            ~TierStanding.given,
            Distributor.merged_into_id.is_(None),
        )
        .order_by(Distributor.id)
    ).all()
    risky = []
    for id_, tier, review_on, keeping, metric in rows:
        at, has = tiers.place(tier), max(keeping, metric)
        if at < 0 or has >= thresholds[at]:
            continue
        assert review_on is not None, "the query asks for those that are reviewed soon"
        level = falls_to(tiers, thresholds, at, has)
        parts = {
            "tier": tiers.levels[at].name,
            "falls_to": None if level is None else level.name,
            "lacking": thresholds[at] - has,
            "metric": str(tiers.metric),
            "last": (review_on - dt.timedelta(days=1)).isoformat(),
        }
        risky.append((id_, parts))
    if not risky:
        return 0
    lock_name(session, f"tier reminders:{program.id}")  # of two that remind at once, the second sees what was told
    told = _told(session, [id_ for id_, _ in risky])
    news = [(id_, parts) for id_, parts in risky if (id_, parts["last"]) not in told]
    addresses = [f"/portal/{program.code}/{id_}/tier" for id_, _ in news]
    notices.tell_many(session, program.id, KIND, news, addresses=addresses, now=now)
    return len(news)


def _told(session: Session, distributor_ids: list[int]) -> set[tuple[int | None, str]]:
    """Give who was told of which last day."""
    rows = session.execute(
        select(Notice.distributor_id, Notice.parts["last"].astext).where(
            Notice.distributor_id == any_of(distributor_ids), Notice.kind == KIND
        )
    )
    return {(id_, last) for id_, last in rows}
