"""What a distributor sees of the catalogue, at which price, and what it may spend."""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, bindparam, cast, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.db.questions import Question
from app.domain.measures.calendar import local_date
from app.domain.rewards.families import counted_with
from app.domain.rewards.reward_orders import ORDERED, redeemable
from app.domain.rewards.reward_prices import Price, price_on
from app.domain.states import OrderState, RewardKind, Unit
from app.domain.typed.codes import code_key
from app.models.catalogue import ProductGroup
from app.models.distributors import Distributor, DistributorGroup
from app.models.ledger import Account
from app.models.orders import Draw, OrderLine, RewardOrder, VoucherCode
from app.models.programs import Program
from app.models.rewards import Reward, RewardPicture
from app.services.ledger import lot_terms
from app.services.placing import tiers
from app.services.placing.companies import company_of
from app.services.rewarding import rewards, vouchers


@dataclass(frozen=True)
class Offer:
    """A reward as one distributor sees it.

    ``left`` is how many it can still have: of the stock, of the codes that are here, and of its own limit; None: as
    many as it wants. ``mine`` is how many it ordered so far, of the whole family where it is of one. ``spendable`` is
    what of its points may pay for this one.
    """

    reward: Reward
    price: Price
    left: int | None
    mine: int
    spendable: int
    picture: bytes | None
    goods: str | None

    @property
    def mixed(self) -> tuple[int, int] | None:
        """Give the price in points and money, where there is one that takes fewer points than the price of today."""
        points, cash = self.reward.cash_points, self.reward.cash_minor
        return None if points is None or cash is None or points >= self.price.points else (points, cash)

    def unit(self, *, with_cash: bool) -> tuple[int, int]:
        """Give what one costs in points and in money; where there is no price with money, the one in points."""
        return self.mixed or (self.price.points, 0) if with_cash else (self.price.points, 0)

    @property
    def allowed(self) -> int | None:
        """Give how many more of it, and of its family together, one participant may have; None: no limit."""
        most = self.reward.per_person
        return None if most is None else max(0, most - self.mine)

    @property
    def missing(self) -> int:
        """Give how many points are missing for one."""
        return max(0, self.price.points - self.spendable)


def of_distributor(
    session: Session,
    program: Program,
    distributor_id: int,
    *,
    now: dt.datetime,
    only: Collection[int] | None = None,
    purse: "Purse | None" = None,
) -> list[Offer]:
    """Give what a distributor can order today, by category and name; ``only`` looks at some rewards alone.

    ``purse`` is what it has, where somebody looked already.
    """
    today = local_date(now, program.time_zone)
    query = select(Reward, RewardPicture.sha256, ProductGroup.name).where(
        Reward.program_id == program.id,
        Reward.offered,
        Reward.kind.in_(ORDERED),
        or_(Reward.from_on.is_(None), Reward.from_on <= today),
        or_(Reward.until_on.is_(None), Reward.until_on >= today),
    )
    if only is not None:
        query = query.where(Reward.id.in_(list(only)))
    rows = session.execute(
        query.outerjoin(RewardPicture, RewardPicture.reward_id == Reward.id)
        .outerjoin(ProductGroup, ProductGroup.id == Reward.product_group_id)
        .order_by(Reward.category.nulls_last(), Reward.sort_key, Reward.id)
    ).all()
    visible = _visible(session, distributor_id, rows, today)
    return _offers(session, distributor_id, visible, purse or Purse(session, program, distributor_id, today), today)


def _offers(
    session: Session,
    distributor_id: int,
    rows: Sequence[tuple[Reward, bytes | None, str | None]],
    purse: "Purse",
    today: dt.date,
) -> list[Offer]:
    ids = [reward.id for reward, _, _ in rows]
    seasons = rewards.seasons_of(session, ids)
    mine = ordered_by(session, distributor_id, [reward for reward, _, _ in rows])
    codes = free_codes(session, [reward.id for reward, _, _ in rows if reward.kind is RewardKind.VOUCHER], today)
    open_draws = set(session.scalars(select(Draw.reward_id).where(Draw.reward_id.in_(ids), Draw.drawn_at.is_(None))))
    return [
        Offer(
            reward,
            price_on(reward.points, seasons[reward.id], today),
            _left(reward, mine.get(reward.id, 0), codes.get(reward.id)),
            mine.get(reward.id, 0),
            purse.spendable(reward.kind, reward.category),
            picture,
            goods,
        )
        for reward, picture, goods in rows
        if reward.kind is not RewardKind.DRAW or reward.id in open_draws
    ]


_own, _company = aliased(Account), aliased(Distributor)
_WALLET = Question(
    select(
        Account.id,
        Account.available,
        tiers.GONE,
        func.coalesce(_company.tier, Distributor.tier),
    )
    .select_from(Distributor)
    .join(_own, _own.distributor_id == Distributor.id)
    .join(Account, Account.id == func.coalesce(_own.leads_to_id, _own.id))
    .outerjoin(_company, _company.id == company_of(Distributor))
    .where(Distributor.id == bindparam("distributor_id"), _own.unit == bindparam("unit", type_=Account.unit.type))
)
"""The account on which the points of a distributor stand, and its tier, a person's being that of the company."""


class Purse:
    """What of a distributor's points may be spent, by what it is for: asked once for each kind and category."""

    def __init__(self, session: Session, program: Program, distributor_id: int, today: dt.date) -> None:
        """Look at its wallet, and at its tier's share."""
        self._session, self._program, self._today = session, program, today
        account = _WALLET.first(session, distributor_id=distributor_id, unit=Unit.POINTS)
        self.account_id, self.available, gone, tier = account
        self.redeemable = redeemable(self.available, gone, tiers.share_of(program, tier))
        self._by_terms: dict[tuple[int, ...] | None, int] = {}
        self._terms: dict[tuple[RewardKind, str | None], list[int] | None] = {}

    def terms(self, kind: RewardKind, category: str | None) -> list[int] | None:
        """Give the terms whose points may buy a reward (`lot_terms.allowed`)."""
        if (kind, category) not in self._terms:
            self._terms[kind, category] = lot_terms.allowed(self._session, self._program.id, kind, category)
        return self._terms[kind, category]

    def spendable(self, kind: RewardKind, category: str | None) -> int:
        """Count the points that may pay for a reward of a kind and a category."""
        terms = self.terms(kind, category)
        key = None if terms is None else tuple(terms)
        if key not in self._by_terms:
            self._by_terms[key] = lot_terms.spendable(self._session, self.account_id, terms, self._today)
        return min(self._by_terms[key], self.redeemable)


def family_of(session: Session, program_id: int, reward_id: int) -> list[int]:
    """Name the rewards of one's family, itself among them; alone, where it is of none."""
    rows = session.execute(
        select(Reward.id, Reward.family).where(
            Reward.program_id == program_id, or_(Reward.id == reward_id, Reward.family.is_not(None))
        )
    )
    keys = {id_: counted_with(id_, family) for id_, family in rows}
    return [id_ for id_, key in keys.items() if key == keys[reward_id]] if reward_id in keys else []


def ordered_by(session: Session, distributor_id: int, wanted: Collection[Reward]) -> dict[int, int]:
    """Count the pieces that a distributor ordered and that were not cancelled, by reward; a family counts together."""
    keys = {one.id: counted_with(one.id, one.family) for one in wanted}
    of_families = Reward.family.is_not(None) if any(one.family for one in wanted) else false()
    rows = session.execute(
        select(OrderLine.reward_id, Reward.family, cast(func.sum(OrderLine.quantity - OrderLine.cancelled), BigInteger))
        .join(RewardOrder, RewardOrder.id == OrderLine.order_id)
        .join(Reward, Reward.id == OrderLine.reward_id)
        .where(RewardOrder.distributor_id == distributor_id, or_(OrderLine.reward_id.in_(list(keys)), of_families))
        .group_by(OrderLine.reward_id, Reward.family)
    )
    counted: Counter[int | str] = Counter()
    for reward_id, family, count in rows:
        counted[counted_with(reward_id, family)] += int(count)
    return {id_: counted[key] for id_, key in keys.items()}


def free_codes(session: Session, reward_ids: Collection[int], today: dt.date) -> dict[int, int]:
    """Count the codes of vouchers that nobody was given or waits for, and that can be used still."""
    ids = list(reward_ids)
    if not ids:
        return {}
    free: dict[int, int] = dict.fromkeys(ids, 0)
    for reward_id, count in session.execute(
        select(VoucherCode.reward_id, func.count())
        .where(VoucherCode.reward_id.in_(ids), vouchers.is_free(today))
        .group_by(VoucherCode.reward_id)
    ):
        free[reward_id] = count
    for reward_id, count in session.execute(
        select(OrderLine.reward_id, cast(func.sum(OrderLine.quantity - OrderLine.cancelled), BigInteger))
        .where(OrderLine.reward_id.in_(ids), OrderLine.state.in_((OrderState.WAITING, OrderState.APPROVED)))
        .group_by(OrderLine.reward_id)
    ):
        free[reward_id] -= int(count)
    return free


def _left(reward: Reward, mine: int, codes: int | None) -> int | None:
    limits = [
        reward.stock,
        codes,
        None if reward.per_person is None else reward.per_person - mine,
    ]
    return max(0, min(said)) if (said := [one for one in limits if one is not None]) else None


def _visible(
    session: Session, distributor_id: int, rows: Sequence[tuple[Reward, bytes | None, str | None]], today: dt.date
) -> list[tuple[Reward, bytes | None, str | None]]:
    """Keep the rewards that are for this distributor: for everybody, for its group or one above, or for its tier."""
    audience = rewards.audience_of(session, [reward.id for reward, _, _ in rows])
    if not any(groups or levels for groups, levels in audience.values()):
        return list(rows)
    groups, tier = _groups_of(session, distributor_id), tiers.tier_of(session, distributor_id, today)
    key = code_key(tier) if tier else None

    def is_for_them(reward_id: int) -> bool:
        of_groups, of_tiers = audience[reward_id]
        return (
            not (of_groups or of_tiers)
            or not groups.isdisjoint(of_groups)
            or key in {code_key(one) for one in of_tiers}
        )

    return [row for row in rows if is_for_them(row[0].id)]


def _groups_of(session: Session, distributor_id: int) -> set[int]:
    """Give the group of a distributor and those above it; a person is where their company is."""
    where = aliased(Distributor)
    of, program_id = session.execute(
        select(where.group_id, where.program_id)
        .join(Distributor, where.id == func.coalesce(company_of(Distributor), Distributor.id))
        .where(Distributor.id == distributor_id)
    ).one()
    parents = dict(
        session.execute(
            select(DistributorGroup.id, DistributorGroup.parent_id).where(DistributorGroup.program_id == program_id)
        ).all()
    )
    found: set[int] = set()
    while of is not None and of not in found:
        found.add(of)
        of = parents.get(of)
    return found
