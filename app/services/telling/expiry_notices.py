"""Notices of points that are about to expire: in time, each point once, and no distributor oftener than once a week.

How long ahead the programme says. What ends by idleness is told of as well: whoever earns or spends keeps it.
"""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from app.db.locks import lock_name
from app.db.many import any_of
from app.domain.measures.calendar import local_date
from app.domain.program_file.definition import ProgramSettings
from app.domain.states import LotState, Unit
from app.models.ledger import Account, Lot
from app.models.messages import Notice
from app.models.programs import Program
from app.services.ledger import lot_terms
from app.services.telling import expiry_letters, notices

PAUSE = dt.timedelta(days=7)
"""How long a distributor is left alone after it was told: points of every day expire on days of their own."""

KIND = "points_expire"


@dataclass(frozen=True)
class _Told:
    """What a distributor was told of: when last, and how many points by day of expiry.

    ``last_on`` is set where only that day is known, up to which all was told: a notice of an earlier version.
    """

    at: dt.datetime
    days: dict[dt.date, int]
    last_on: dt.date | None

    def of(self, day: dt.date, points: int) -> int:
        """Give how many of the points that expire on a day were told of."""
        return points if self.last_on is not None and day <= self.last_on else min(self.days.get(day, 0), points)


_NOTHING = _Told(dt.datetime.min.replace(tzinfo=dt.UTC), {}, None)


def remind(session: Session, program: Program, *, now: dt.datetime) -> int:
    """Tell distributors what expires soon and they have not been told of, in the portal and by mail.

    Returns how many were told. As many queries for a whole programme as for one distributor. The caller commits.
    """
    today, ahead = local_date(now, program.time_zone), ahead_of(program)
    if not ahead:
        return 0
    expiring: dict[int, dict[dt.date, int]] = defaultdict(dict)
    last_day = lot_terms.last_day()
    rows = session.execute(
        select(Account.distributor_id, last_day, cast(func.sum(Lot.remaining), BigInteger))
        .join(Lot, Lot.account_id == Account.id)
        .where(
            Account.program_id == program.id,
            Account.unit == Unit.POINTS,
            Account.distributor_id.is_not(None),
            Lot.state == LotState.OPEN,
            last_day.between(today, today + max(ahead, PAUSE)),
        )
        .group_by(Account.distributor_id, last_day)
    )
    for distributor_id, expires_on, amount in rows:
        assert distributor_id is not None, "the query asks for those of distributors"
        assert expires_on is not None, "and of some days"
        expiring[distributor_id][expires_on] = amount
    if not expiring:
        return 0
    lock_name(session, f"remind:{program.id}")  # of two that remind at once, the second sees what the first told
    told = _told(session, list(expiring))
    news = []
    for distributor_id, days in sorted(expiring.items()):
        before = told.get(distributor_id, _NOTHING)
        if now - before.at < PAUSE:
            continue
        fresh = {day: more for day, amount in days.items() if (more := amount - before.of(day, amount))}
        # whoever is told is left alone for a while: what ends meanwhile is told of with the rest
        if fresh and min(fresh) <= today + ahead:
            # what was spent and came back was told of before
            known = {day: max(amount, before.days.get(day, 0)) for day, amount in days.items()}
            parts = {
                "points": sum(fresh.values()),
                "first": min(fresh).isoformat(),
                "last": max(fresh).isoformat(),
                "days": {day.isoformat(): amount for day, amount in sorted(known.items())},
            }
            news.append((distributor_id, parts))
    notices.tell_many(session, program.id, KIND, news, now=now)
    expiry_letters.write(session, program, news, now=now)
    return len(news)


def ahead_of(program: Program) -> dt.timedelta:
    """Give how long before their last day a programme's points are told of; none: they never are."""
    return dt.timedelta(days=ProgramSettings.model_validate(program.settings).expiry.remind_days)


def _told(session: Session, distributor_ids: list[int]) -> dict[int, _Told]:
    """Read the newest notice of each distributor: it holds what those before it told of days that are still to come."""
    rows = session.execute(
        select(Notice.distributor_id, Notice.parts, Notice.created_at)
        .where(
            Notice.distributor_id == any_of(distributor_ids),
            Notice.kind == KIND,
        )
        .ext(distinct_on(Notice.distributor_id))
        .order_by(Notice.distributor_id, Notice.created_at.desc(), Notice.id.desc())
    )
    return {owner: _read(parts, at) for owner, parts, at in rows if owner is not None}


def _read(parts: dict[str, Any], at: dt.datetime) -> _Told:
    days = {dt.date.fromisoformat(day): points for day, points in parts.get("days", {}).items()}
    return _Told(at, days, None if "days" in parts else dt.date.fromisoformat(parts["last"]))
