"""A promotion at a desk: published, brought up to date, and asked what it paid."""

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, cast, func, select

from app.domain.program_file.promotion_definition import Promotion as Definition
from app.models.promotions import Promotion, PromotionPayment, PromotionStanding
from app.services.promotions import bringing_up, closing, publishing
from app.services.promotions.reading import promotion_by_code, scale_of
from tests.support.desk import Desk
from tests.support.programs import NOW

OVER = dt.datetime(2026, 12, 5, 10, 0, tzinfo=dt.UTC)
EXAMPLE: dict[str, Any] = {
    "code": "autumn",
    "name": "Autumn",
    "from": "2026-03-01",
    "until": "2026-11-30",
    "target": {"default": 50_000},
    "steps": [
        {"reach": 8_000, "reward": {"points": 400}},
        {"reach": 10_000, "reward": {"points": 1_000}},
        {"reach": 12_000, "reward": {"points": 1_500}},
    ],
}
"""The worked example of rules.md 7."""


class Running:
    """A published promotion. At a desk a point is a sale of 10.00, so goods are sold here by the points they earn."""

    def __init__(self, desk: Desk, **changes: Any) -> None:
        self.desk = desk
        self.code: str = changes.get("code", EXAMPLE["code"])
        self.publish(**changes)

    def publish(self, **changes: Any) -> None:
        definition = Definition.model_validate(EXAMPLE | changes)
        session, program = self.desk.session, self.desk.program
        publishing.publish(session, program.id, definition, scale_of(self.desk.rules), actor="ann", now=NOW)

    @property
    def row(self) -> Promotion:
        return promotion_by_code(self.desk.session, self.desk.program.id, self.code)

    def bring_up(self, now: dt.datetime = NOW) -> bringing_up.BroughtUp:
        return bringing_up.bring_up(self.desk.session, self.row.id, now=now)

    def close(self, now: dt.datetime = OVER) -> bringing_up.BroughtUp:
        return closing.close(self.desk.session, self.row.id, actor="ann", now=now)

    def targets(self, **values: int) -> None:
        """Set targets in whole units of money."""
        given = {self.desk.people[who]: value * 100 for who, value in values.items()}
        publishing.put_targets(self.desk.session, self.row, given, actor="ann", now=NOW)

    def paid(self, who: str = "D1", person: str = "") -> int:
        """Bring up to date, and tell what somebody was paid: the standing and the postings say the same."""
        self.bring_up()
        return self.was_paid(who, person)

    def was_paid(self, who: str = "D1", person: str = "") -> int:
        found = self.standing(who, person)
        posted = self.desk.session.execute(
            select(cast(func.coalesce(func.sum(PromotionPayment.amount), 0), BigInteger)).where(
                PromotionPayment.standing_id == found.id
            )
        ).scalar_one()
        assert posted == found.paid
        return found.paid

    def standing(self, who: str = "D1", person: str = "") -> PromotionStanding:
        return self.desk.session.scalars(
            select(PromotionStanding)
            .where(
                PromotionStanding.promotion_id == self.row.id,
                PromotionStanding.distributor_id == self.desk.people[who],
                PromotionStanding.person == person,
            )
            .execution_options(populate_existing=True)
        ).one()
