"""A shop: a desk whose programme has rewards, and what is ordered there."""

import datetime as dt
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.domain.rewards.reward_orders import LineStanding, PointsOf, points_of
from app.domain.states import OrderState, RewardKind
from app.models.orders import OrderLine, RewardOrder
from app.models.programs import Program
from app.models.rewards import Reward
from app.services.access.keys import Keys
from app.services.orders import approving, cancelling, moving, placing, returning
from app.services.rewarding import offers, rewards
from app.services.rewarding.rewards import RewardRow
from tests.support.programs import NOW

ADDRESS = {"name": "Ann Lee", "street": "Long 1", "postal_code": "00-001", "city": "Warszawa"}
KEYS = Keys("a key of the tests")
ANN, BEN = "ann@d1.example", "ben@sponsor.example"


class Shop:
    """The rewards of one programme, and the orders of one of its distributors."""

    def __init__(self, session: Session, program: Program, distributor_id: int) -> None:
        self.session, self.program, self.distributor_id = session, program, distributor_id
        self._keys = (f"key-{number}" for number in itertools.count())

    def reward(self, code: str, points: int | None = 100, **more: Any) -> int:
        """Put a reward into the catalogue, or change what it says."""
        row = RewardRow(code=code, name=more.pop("name", f"Reward {code}"), points=points, **more)
        rewards.put_rewards(self.session, self.program, [row], actor=BEN, now=NOW)
        return self.row(code).id

    def row(self, code: str) -> Reward:
        found = select(Reward).where(Reward.program_id == self.program.id, Reward.code == code)
        return self.session.scalars(found.execution_options(populate_existing=True)).one()

    def offers(self, **more: Any) -> dict[str, offers.Offer]:
        """Give what the distributor sees, by code."""
        found = offers.of_distributor(
            self.session, self.program, more.pop("distributor_id", self.distributor_id), now=more.pop("now", NOW)
        )
        return {one.reward.code: one for one in found}

    def order(self, wanted: Mapping[str, int], **more: Any) -> int:
        """Order so many of rewards, at the price of the day."""
        now = more.pop("now", NOW)
        quantities = {self.row(code).id: count for code, count in wanted.items()}
        seen = self.offers(now=now)
        points = sum(seen[code].price.points * count for code, count in wanted.items() if code in seen)
        asked = placing.Wanted(
            key=more.pop("key", None) or next(self._keys),
            quantities=quantities,
            points=more.pop("points", points),
            address=more.pop("address", ADDRESS),
        )
        return placing.place(
            self.session,
            KEYS,
            self.program,
            more.pop("distributor_id", self.distributor_id),
            asked,
            user_id=0,
            actor=more.pop("actor", ANN),
            now=now,
        )

    def approve(self, order_id: int, actor: str = BEN, now: dt.datetime = NOW) -> None:
        approving.approve(self.session, KEYS, self.program, order_id, actor=actor, now=now)

    def ordered(self, order_id: int, lines: Sequence[int] | None = None) -> None:
        moving.order_by_hand(self.session, self.program, order_id, lines, actor=BEN, now=NOW)

    def ship(self, order_id: int, lines: Sequence[int] | None = None) -> None:
        parcel = moving.Parcel("Post", "RR 1")
        moving.ship(self.session, self.program, order_id, lines, parcel, actor=BEN, now=NOW)

    def deliver(self, order_id: int, lines: Sequence[int] | None = None) -> None:
        moving.deliver(self.session, self.program, order_id, lines, actor=BEN, now=NOW)

    def cancel(self, order_id: int, pieces: Mapping[int, int] | None = None, **more: Any) -> int:
        given: dict[str, Any] = {"reason": "sold out", "actor": BEN, "now": NOW} | more
        return cancelling.cancel(self.session, self.program, order_id, pieces, **given)

    def come_back(self, order_id: int, pieces: Mapping[int, int], **more: Any) -> int:
        given: dict[str, Any] = {"into_stock": True, "reason": "too small", "actor": BEN, "now": NOW} | more
        return returning.take_back(self.session, self.program, order_id, pieces, **given)

    def lines(self, order_id: int) -> list[OrderLine]:
        found = select(OrderLine).where(OrderLine.order_id == order_id).order_by(OrderLine.position)
        return list(self.session.scalars(found.execution_options(populate_existing=True)))

    def state(self, order_id: int) -> OrderState:
        found = select(RewardOrder.state).where(RewardOrder.id == order_id)
        return self.session.scalars(found).one()

    def points_of(self, order_id: int) -> PointsOf:
        """Say by its lines what became of an order's points."""
        return points_of(
            LineStanding(one.state, one.quantity, one.cancelled, one.unit_points) for one in self.lines(order_id)
        )

    def ledger_says(self, order_id: int) -> PointsOf:
        """Say by the ledger alone what became of them."""
        ids = [line.reservation_id for line in self.lines(order_id)]
        query = text(
            """
            select coalesce(sum(e.amount) filter (where t.kind = 5), 0),
                   coalesce(-sum(e.amount) filter (where t.kind = 6), 0),
                   coalesce(-sum(e.amount) filter (where t.kind = 7), 0),
                   coalesce(-sum(e.amount) filter (where t.kind = 15), 0)
            from ledger_transaction t
            join ledger_entry e on e.transaction_id = t.id and e.bucket = case t.kind when 15 then 12 else 3 end
            where t.id = any(:ids) or t.reverses_id = any(:ids)
                or t.key = any(select 'resolve:' || unnest(cast(:ids as bigint[])))
            """
        )
        reserved, settled, returned, refunded = self.session.execute(query, {"ids": ids}).one()
        return PointsOf(int(reserved - settled - returned), int(settled - refunded), int(returned + refunded))


VOUCHER, DRAW, DISCOUNT, DONATION = RewardKind.VOUCHER, RewardKind.DRAW, RewardKind.DISCOUNT, RewardKind.DONATION
