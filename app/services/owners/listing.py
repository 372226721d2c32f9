"""What was asked for of whose points they are: the transfers, pools and merges of a programme, the newest first."""

from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session, aliased

from app.models.distributors import Distributor
from app.models.merges import DistributorMerge
from app.models.pools import Pool, PoolMember
from app.models.transfers import PointsTransfer

_FROM, _TO = aliased(Distributor), aliased(Distributor)


def transfers(session: Session, program_id: int, *, state: str | None, limit: int) -> list[dict[str, Any]]:
    """List transfers of points, in smallest units; ``state`` leaves those that are in it."""
    query = (
        select(
            PointsTransfer.id.label("transfer"),
            _FROM.code.label("giver"),
            _TO.code.label("receiver"),
            PointsTransfer.amount,
            PointsTransfer.state,
            PointsTransfer.note,
            PointsTransfer.requested_by,
            PointsTransfer.requested_at,
            PointsTransfer.decided_by,
        )
        .join(_FROM, _FROM.id == PointsTransfer.giver_id)
        .join(_TO, _TO.id == PointsTransfer.receiver_id)
        .where(PointsTransfer.program_id == program_id, *([PointsTransfer.state == state] if state else ()))
        .order_by(PointsTransfer.id.desc())
    )
    return _rows(session, query, limit)


def merges(session: Session, program_id: int, *, state: str | None, limit: int) -> list[dict[str, Any]]:
    """List merges of distributors; ``state`` leaves those that are in it."""
    query = (
        select(
            DistributorMerge.id.label("merge"),
            _FROM.code.label("merged"),
            _TO.code.label("survivor"),
            DistributorMerge.state,
            DistributorMerge.note,
            DistributorMerge.requested_by,
            DistributorMerge.requested_at,
            DistributorMerge.decided_by,
        )
        .join(_FROM, _FROM.id == DistributorMerge.merged_id)
        .join(_TO, _TO.id == DistributorMerge.survivor_id)
        .where(DistributorMerge.program_id == program_id, *([DistributorMerge.state == state] if state else ()))
        .order_by(DistributorMerge.id.desc())
    )
    return _rows(session, query, limit)


def pools(session: Session, program_id: int, *, limit: int) -> list[dict[str, Any]]:
    """List pools, each with how many distributors share its balance now: the holder, too; of a closed one nobody."""
    members = (
        select(func.count() + case((Pool.closed_on.is_(None), 1), else_=0))
        .select_from(PoolMember)
        .where(PoolMember.pool_id == Pool.id, PoolMember.left_on.is_(None))
        .correlate(Pool)
        .scalar_subquery()
    )
    query = (
        select(
            Pool.id.label("pool"),
            Pool.name,
            _FROM.code.label("holder"),
            members.label("members"),
            Pool.spending,
            Pool.opened_on,
            Pool.closed_on,
        )
        .join(_FROM, _FROM.id == Pool.holder_id)
        .where(Pool.program_id == program_id)
        .order_by(Pool.id.desc())
    )
    return _rows(session, query, limit)


def _rows(session: Session, query: Select[*tuple[Any, ...]], limit: int) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in session.execute(query.limit(limit)).all()]
