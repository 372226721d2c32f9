"""The catalogue of rewards as a sheet that can be changed and imported again: what is not changed changes nothing."""

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.measures.money import decimal_text
from app.domain.rewards.reward_prices import seasons_text
from app.exports.files import Written
from app.exports.tables import Column, Kind, Layout
from app.exports.workbook import Sheet, write_workbook
from app.models.catalogue import ProductGroup
from app.models.distributors import DistributorGroup
from app.models.programs import Program
from app.models.rewards import Reward
from app.services.rewarding import rewards

COLUMNS = {
    "code": "Code",
    "name": "Name",
    "kind": "Kind",
    "category": "Category",
    "description": "Description",
    "family": "Family",
    "variant": "Variant",
    "points": "Points",
    "price": "Price",
    "cost": "Cost",
    "cash_points": "Points beside money",
    "cash": "Money beside points",
    "stock": "Stock",
    "per_person": "Per person",
    "from": "From",
    "until": "Until",
    "seasons": "Seasons",
    "offered": "Offered",
    "supplier": "Supplier",
    "groups": "Groups",
    "tiers": "Tiers",
    "discount": "Discount",
    "product_group": "Product group",
}
"""What stands above each field. The headers are not translated: an import knows them in whichever language."""

_DAYS = frozenset({"from", "until"})
_COUNTS = frozenset({"stock", "per_person"})


def write_rewards(path: Path, session: Session, program: Program) -> Written:
    """Write all rewards of a programme."""
    found = session.scalars(
        select(Reward).where(Reward.program_id == program.id).order_by(Reward.sort_key, Reward.id)
    ).all()
    ids = [one.id for one in found]
    seasons, audience = rewards.seasons_of(session, ids), rewards.audience_of(session, ids)
    groups = dict(
        session.execute(
            select(DistributorGroup.id, DistributorGroup.code).where(DistributorGroup.program_id == program.id)
        ).all()
    )
    goods = dict(
        session.execute(select(ProductGroup.id, ProductGroup.code).where(ProductGroup.program_id == program.id)).all()
    )

    def points(value: int) -> str:
        return decimal_text(value, program.point_decimals)

    rows = [
        {
            "code": one.code,
            "name": one.name,
            "kind": one.kind.value,
            "category": one.category,
            "description": one.description,
            "family": one.family,
            "variant": one.variant,
            "points": one.points,
            "price": "by hand" if one.price_by_hand else "computed",
            "cost": one.cost_minor,
            "cash_points": one.cash_points,
            "cash": one.cash_minor,
            "stock": one.stock,
            "per_person": one.per_person,
            "from": one.from_on,
            "until": one.until_on,
            "seasons": seasons_text(seasons[one.id], points) or None,
            "offered": "yes" if one.offered else "no",
            "supplier": one.supplier,
            "groups": "; ".join(groups[group] for group in audience[one.id][0]) or None,
            "tiers": "; ".join(audience[one.id][1]) or None,
            "discount": None if one.discount_bp is None else decimal_text(one.discount_bp, 2),
            "product_group": goods.get(one.product_group_id or 0),
        }
        for one in found
    ]
    layout = Layout(tuple(_column(field, header, program) for field, header in COLUMNS.items()))
    columns = {field: [row[field] for row in rows] for field in COLUMNS}
    return write_workbook(path, [Sheet("Rewards", layout, columns)])


def _column(field: str, header: str, program: Program) -> Column:
    if field in ("points", "cash_points"):
        return Column(field, header, Kind.POINTS, program.point_decimals)
    if field in ("cost", "cash"):
        return Column(field, header, Kind.MONEY, program.currency_decimals)
    if field in _DAYS:
        return Column(field, header, Kind.DATE)
    return Column(field, header, Kind.INTEGER if field in _COUNTS else Kind.TEXT)
