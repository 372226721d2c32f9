"""Rankings as they are shown: the first places and the viewer's own; what others sold is told only where it may be."""

from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from app.domain.program_file.promotion_definition import Ranking
from app.models.distributors import Distributor
from app.models.promotions import PromotionStanding

IN_SIGHT = 10
"""Places of a ranking that everybody sees."""


@dataclass(frozen=True)
class Known:
    """Who has a place, and what they sold."""

    name: str
    value: int


@dataclass(frozen=True)
class Row:
    """A place in a ranking. ``mine``: of whoever looks; ``known``: None where it is not told who that is."""

    place: int
    prize: int
    mine: bool
    known: Known | None


@dataclass(frozen=True)
class NextPlace:
    """The place before one's own, and what is missing to share it: None where that would tell what another sold."""

    place: int
    missing: int | None


def of_all(session: Session, promotion_id: int) -> list[Row]:
    """Give the first places, to those who run the programme: they know everybody."""
    return _rows(session, promotion_id, None, names=True)


def seen_from(session: Session, ranking: Ranking, standing: PromotionStanding) -> list[Row]:
    """Give the first places, and one's own wherever it is, as a participant may see them."""
    return _rows(session, standing.promotion_id, standing.id, names=ranking.names == "shown")


def next_place(session: Session, ranking: Ranking, standing: PromotionStanding) -> NextPlace | None:
    """Give the place before that of a participant. None: there is no better one, or they have none themselves."""
    above = session.execute(
        select(PromotionStanding.place, PromotionStanding.value, PromotionStanding.share_bp)
        .where(
            PromotionStanding.promotion_id == standing.promotion_id,
            PromotionStanding.place > 0,
            PromotionStanding.place < standing.place,
        )
        .order_by(PromotionStanding.place.desc())
        .limit(1)
    ).one_or_none()
    if above is None:
        return None
    if ranking.names == "hidden":
        return NextPlace(above.place, None)
    # shares are rounded down: the least that has the share is rounded up
    wanted = above.value if ranking.by == "metric" else -(-above.share_bp * standing.target // 10_000)
    return NextPlace(above.place, wanted - standing.value)


def _rows(session: Session, promotion_id: int, own: int | None, *, names: bool) -> list[Row]:
    near = and_(PromotionStanding.place > 0, PromotionStanding.place <= IN_SIGHT)
    order = PromotionStanding.place == 0, PromotionStanding.place, Distributor.sort_key, PromotionStanding.id
    listed = (
        select(PromotionStanding.id, Distributor.name, func.row_number().over(order_by=order).label("nth"))
        .join(Distributor, Distributor.id == PromotionStanding.distributor_id)
        .where(PromotionStanding.promotion_id == promotion_id, or_(near, PromotionStanding.id == own))
        .subquery()
    )
    # where many share a place, not all of them are named, but whoever looks is
    found = session.execute(
        select(PromotionStanding, listed.c.name)
        .join(listed, listed.c.id == PromotionStanding.id)
        .where(or_(listed.c.nth <= 3 * IN_SIGHT, PromotionStanding.id == own))
        .order_by(listed.c.nth)
    )
    return [
        Row(one.place, one.prize, one.id == own, _known(one, name) if names or one.id == own else None)
        for one, name in found
    ]


def _known(standing: PromotionStanding, name: str) -> Known:
    return Known(f"{standing.person} · {name}" if standing.person else name, standing.value)
