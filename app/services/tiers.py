"""In which tier a distributor is, on which day, and what that gives it (rules.md 8)."""

import datetime as dt

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.db.questions import Question
from app.domain.definition import ProgramSettings
from app.domain.tier_settings import Metric, Tiers
from app.models.distributors import Distributor
from app.models.placements import TierChange
from app.models.programs import Program

ALL_BP = 10_000


def settings_of(program: Program) -> Tiers:
    """Give what a programme says about its tiers."""
    return ProgramSettings.model_validate(program.settings).tiers


def decimals_of(program: Program, metric: Metric) -> int:
    """Give the decimals of what a programme's tiers count."""
    return program.point_decimals if metric is Metric.POINTS else program.currency_decimals


def tier_of(session: Session, distributor_id: int, on: dt.date) -> str | None:
    """Give the code of the tier that a distributor was in on a day, as its sales of that day are judged."""
    changes = session.scalars(
        select(TierChange)
        .where(TierChange.distributor_id == distributor_id, or_(TierChange.from_on.is_(None), TierChange.from_on <= on))
        .order_by(TierChange.from_on.desc().nulls_last(), TierChange.id.desc())
        .limit(1)
    ).one_or_none()
    if changes is not None:
        return changes.tier
    return session.scalars(select(Distributor.tier).where(Distributor.id == distributor_id)).one()


def redeemable_bp(session: Session, distributor_id: int) -> int:
    """Give the share of its points that a distributor may redeem, in basis points: its present tier's, or all.

    Whoever is in none of the programme's tiers may redeem what the lowest lets its members redeem. An account of a
    person is in the tier of its company.
    """
    tier, settings = _PRESENT.first(session, distributor_id=distributor_id)
    return _share_of(ProgramSettings.model_validate(settings).tiers, tier)


_COMPANY = aliased(Distributor)
_PRESENT = Question(
    select(func.coalesce(_COMPANY.tier, Distributor.tier), Program.settings)
    .select_from(Distributor)
    .join(Program, Program.id == Distributor.program_id)
    .outerjoin(_COMPANY, _COMPANY.id == Distributor.person_of_id)
    .where(Distributor.id == bindparam("distributor_id"))
)
"""The present tier of a distributor, a person's being that of the company, and what the programme says of tiers."""


def share_of(program: Program, tier: str | None) -> int:
    """Give the share of points that those in a tier of a programme may redeem (see ``redeemable_bp``)."""
    return _share_of(settings_of(program), tier)


def _share_of(levels: Tiers, tier: str | None) -> int:
    return levels.levels[max(0, levels.place(tier))].redeemable_bp if levels.levels else ALL_BP
