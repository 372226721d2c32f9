"""In which tier a distributor is, on which day, and what that gives it (rules.md 8)."""

import datetime as dt
from collections.abc import Collection

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.domain.program_file.definition import ProgramSettings
from app.domain.program_file.tier_settings import Metric, Tiers
from app.domain.rewards.reward_orders import ALL_BP
from app.domain.typed.codes import code_key
from app.models.distributors import Distributor
from app.models.ledger import Account
from app.models.placements import TierChange
from app.models.programs import Program
from app.services.placing.companies import company_of

GONE: ColumnElement[int] = Account.reserved + Account.spent - Account.gifts + Account.carried
"""What counts as spent of an account's points where a tier lets a share of them be: reserved or spent, here or before.

What a sale brought as a reward came for that alone, and is no part of it.
"""


def settings_of(program: Program) -> Tiers:
    """Give what a programme says about its tiers."""
    return ProgramSettings.model_validate(program.settings).tiers


def named(session: Session, program: Program, also: Collection[str] = ()) -> list[tuple[str, str]]:
    """Give codes and names of the tiers that something may be for, the lowest first.

    Where the programme sets none, files bring them: those that distributors bear are there. ``also`` are codes that
    something names already; of a tier that is no more the code stands for its name.
    """
    levels = settings_of(program).levels
    found = {code_key(one.code): (one.code, one.name) for one in levels}
    if not levels:
        borne = select(Distributor.tier).where(Distributor.program_id == program.id, Distributor.tier.is_not(None))
        for tier in sorted(one for one in session.scalars(borne.distinct()) if one is not None):
            found.setdefault(code_key(tier), (tier, tier))
    for code in also:
        found.setdefault(code_key(code), (code, code))
    return list(found.values())


def decimals_of(program: Program, metric: Metric) -> int:
    """Give the decimals of what a programme's tiers count."""
    return program.point_decimals if metric is Metric.POINTS else program.currency_decimals


def tier_of(session: Session, distributor_id: int, on: dt.date) -> str | None:
    """Give the code of the tier that a distributor was in on a day, as its sales of that day are judged.

    A person was in the tier of their company.
    """
    company = func.coalesce(company_of(Distributor), Distributor.id)
    whose = select(company).where(Distributor.id == distributor_id).scalar_subquery()
    changes = session.scalars(
        select(TierChange)
        .where(TierChange.distributor_id == whose, or_(TierChange.from_on.is_(None), TierChange.from_on <= on))
        .order_by(TierChange.from_on.desc().nulls_last(), TierChange.id.desc())
        .limit(1)
    ).one_or_none()
    if changes is not None:
        return changes.tier
    own = aliased(Distributor)
    return session.scalars(
        select(own.tier).join(Distributor, own.id == company).where(Distributor.id == distributor_id)
    ).one()


def share_of(program: Program, tier: str | None) -> int:
    """Give the share of points that those in a tier of a programme may redeem, in basis points.

    Whoever is in none of them may redeem what the lowest lets its members redeem.
    """
    levels = settings_of(program)
    return levels.levels[max(0, levels.place(tier))].redeemable_bp if levels.levels else ALL_BP


def share_of_account(session: Session, program: Program, account_id: int) -> int:
    """Give the share that may be redeemed of an account's points: that of its owner's tier, or its company's."""
    company = aliased(Distributor)
    tier = session.execute(
        select(func.coalesce(company.tier, Distributor.tier))
        .select_from(Account)
        .join(Distributor, Distributor.id == Account.distributor_id)
        .outerjoin(company, company.id == company_of(Distributor))
        .where(Account.id == account_id)
    ).scalar_one()
    return share_of(program, tier)
