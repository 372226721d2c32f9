"""The history of tiers: every change of a distributor's tier, from which day on it holds, and why."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, any_, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.orm import Session

from app.db.bulk import rows_of
from app.domain.states import TierReason
from app.models.placements import TierChange, TierStanding
from app.services.placing import regrouping
from app.services.placing.placements import Moving, Tier


@dataclass(frozen=True)
class Change:
    """A distributor comes to be in another tier; what was counted, and what that tier takes, where it was counted."""

    distributor_id: int
    was: Tier
    becomes: Tier
    why: TierReason
    metric: int | None = None
    threshold: int | None = None
    until_on: dt.date | None = None
    from_on: dt.date | None = None


def write(
    session: Session, program_id: int, changes: Sequence[Change], moving: Moving, reason: str | None = None
) -> None:
    """Add changes to the history, from the day of ``moving`` on. The present tier is for the caller to write.

    The first change of a distributor writes what it was in before as well: its earlier sales are judged by that.
    """
    if not changes:
        return
    ids = literal([one.distributor_id for one in changes], ARRAY(BigInteger))
    known = set(session.scalars(select(TierChange.distributor_id).where(TierChange.distributor_id == any_(ids))))
    blank: dict[str, Any] = {"program_id": program_id, "noted_at": moving.now, "noted_by": moving.by}
    nothing = dict.fromkeys(("metric", "threshold", "until_on", "reason"))
    rows: list[dict[str, Any]] = [
        {**blank, **nothing, "distributor_id": one.distributor_id, "tier": one.was, "why": TierReason.BEFORE}
        | {"from_on": None, "noted_by": None}
        for one in changes
        if one.distributor_id not in known
    ]
    rows += [
        {
            **blank,
            "distributor_id": one.distributor_id,
            "tier": one.becomes,
            "why": one.why,
            "from_on": moving.day,
            "metric": one.metric,
            "threshold": one.threshold,
            "until_on": one.until_on,
            "reason": reason,
        }
        for one in changes
    ]
    session.execute(insert(TierChange), rows)
    regrouping.touch_tiers(
        session, program_id, [(one.distributor_id, one.was, one.becomes) for one in changes], moving.day
    )


def from_file(session: Session, program_id: int, tiers: Mapping[int, tuple[Tier, Tier]], moving: Moving) -> None:
    """Note the tiers that a file brings, from today on: (was, becomes) by distributor."""
    _said(session, program_id, tiers, TierReason.FILE, moving, None)


def by_person(
    session: Session, program_id: int, tiers: Mapping[int, tuple[Tier, Tier]], moving: Moving, reason: str | None
) -> None:
    """Note the tiers that somebody writes into a distributor's data, from today on."""
    _said(session, program_id, tiers, TierReason.GIVEN, moving, reason)


def _said(
    session: Session,
    program_id: int,
    tiers: Mapping[int, tuple[Tier, Tier]],
    why: TierReason,
    moving: Moving,
    reason: str | None,
) -> None:
    write(session, program_id, [Change(id_, *both, why) for id_, both in tiers.items()], moving, reason)
    if tiers:
        said = rows_of(id=np.asarray(list(tiers), dtype=np.int64), tier=[becomes for _, becomes in tiers.values()])
        session.execute(
            update(TierStanding)
            .where(TierStanding.distributor_id == said.c.id)
            .values(earned_tier=said.c.tier, since_on=moving.day, judged_on=dt.date.min)
            .execution_options(synchronize_session=False)
        )
