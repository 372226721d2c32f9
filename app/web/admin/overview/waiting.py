"""What waits for somebody in a programme, and what its wallets hold: each counted in one query."""

import functools
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Text,
    bindparam,
    cast,
    func,
    select,
)
from sqlalchemy.orm import Session

from app.db.questions import Question
from app.domain.states import RunKind, RunStatus, TopUpStatus, Unit
from app.models.catalogue import Product
from app.models.distributors import Distributor
from app.models.ledger import Account
from app.models.prepaid import ConversionRun, Redemption, TopUp
from app.models.rules import EarningRule
from app.services.access import erasure_requests
from app.web.navigation import places
from prepaid.conversions.failed import failed_and_not_tried_again


@dataclass(frozen=True)
class PointsSum:
    """What all wallets of a programme hold together, in one unit.

    ``distributors`` are companies that take part: neither people with accounts of their own, nor who was merged.
    """

    distributors: int
    pending: int
    available: int
    reserved: int
    earned: int
    spent: int
    expired: int
    adjusted: int

    @property
    def issued(self) -> int:
        """Give what was given in all: earned, and added by hand."""
        return self.earned + self.adjusted


def points_sum(session: Session, program_id: int) -> PointsSum:
    """Add up the wallets of a programme."""
    row = _POINTS_SUM.first(session, program_id=program_id)
    return PointsSum(*(int(part) for part in row))


_POINTS_SUM = Question(
    select(
        func.count().filter(Distributor.person_of_id.is_(None), Distributor.merged_into_id.is_(None)),
        *(
            cast(func.coalesce(func.sum(part), 0), BigInteger)
            for part in (
                Account.pending,
                Account.available,
                Account.reserved,
                Account.earned,
                Account.spent,
                Account.expired,
                Account.adjusted,
            )
        ),
    )
    .join(Distributor, Distributor.id == Account.distributor_id)
    .where(Account.program_id == bindparam("program_id"), Account.unit == Unit.POINTS)
)


@dataclass(frozen=True)
class Waiting:
    """How much waits for somebody in a programme; of what takes a second person, what others asked for.

    ``failed`` are loads that were not tried again, and ``failed_minor`` is what they come to. ``unsent`` are runs whose
    order file is written; those of compensations are counted by themselves. Of ``rules`` that earn, of ``products`` and
    of ``distributors`` there should be some: what there is none of is waited for.
    """

    review: int
    names: int
    adjustments: int
    transfers: int
    merges: int
    disputes: int
    orders: int
    rules: int
    products: bool
    distributors: bool
    rule_drafts: int
    promotion_drafts: int
    tax_changes: int
    runs: int
    compensation_runs: int
    redemptions: int
    months: int
    unsent: int
    unsent_compensations: int
    unknown: int
    failed: int
    failed_minor: int
    differences: int
    applications: int
    leaving: int


def duties(session: Session, program_id: int, login: str) -> Waiting:
    """Count what waits. One query."""
    return Waiting(*_waiting().first(session, program_id=program_id, login=login))


@functools.cache
def _waiting() -> Question:
    program_id: BindParameter[int] = bindparam("program_id", type_=BigInteger)
    login: BindParameter[str] = bindparam("login", type_=Text)

    def count(*conditions: Any) -> Any:
        return select(func.count()).where(*conditions).scalar_subquery()

    def runs(*conditions: Any) -> Any:
        return count(ConversionRun.program_id == program_id, *conditions)

    previewed = ConversionRun.status == RunStatus.PREVIEW, ConversionRun.previewed_by != login
    failed = failed_and_not_tried_again(program_id)
    return Question(
        select(
            # what stands beside the places of the navigation, counted in the same way
            places.in_review(program_id, login),
            places.to_match(program_id, login),
            places.to_adjust(program_id, login),
            places.to_transfer(program_id, login),
            places.to_merge(program_id, login),
            places.disputed(program_id, login),
            places.to_approve(program_id, login),
            count(EarningRule.program_id == program_id, EarningRule.retired_at.is_(None)),
            select(Product.id).where(Product.program_id == program_id).exists(),
            select(Distributor.id).where(Distributor.program_id == program_id).exists(),
            places.to_publish(program_id, login),
            places.promotions_to_publish(program_id, login),
            places.tax_to_publish(program_id, login),
            runs(ConversionRun.kind != RunKind.COMPENSATIONS, *previewed),
            runs(ConversionRun.kind == RunKind.COMPENSATIONS, *previewed),
            places.to_let_go(program_id, login),
            places.to_reopen(program_id, login),
            runs(ConversionRun.kind != RunKind.COMPENSATIONS, ConversionRun.status == RunStatus.ORDERED),
            runs(ConversionRun.kind == RunKind.COMPENSATIONS, ConversionRun.status == RunStatus.ORDERED),
            count(
                Redemption.program_id == program_id,
                TopUp.redemption_id == Redemption.id,
                TopUp.status == TopUpStatus.UNKNOWN,
            ),
            count(failed),
            select(cast(func.coalesce(func.sum(TopUp.amount_minor), 0), BigInteger)).where(failed).scalar_subquery(),
            places.differing(program_id, login),
            places.to_vet(program_id, login),
            erasure_requests.how_many(program_id),
        )
    )
