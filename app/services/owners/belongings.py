"""What belongs to a distributor, row by row: what goes to another one when they are merged, and what stays.

`STAYING` says of each other column that names a distributor why its rows stay; a test holds the two to the models.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from app.models.aliases import DistributorAlias, ProductAlias, UnknownName
from app.models.claims import Claim
from app.models.deliveries import Delivery
from app.models.desk import AdjustmentRequest
from app.models.disputes import Dispute
from app.models.distributors import Distributor
from app.models.instants import InstantGrant
from app.models.joining import Application, Invitation
from app.models.messages import Notice
from app.models.orders import BasketItem, RewardOrder
from app.models.people import Membership
from app.models.prepaid import Card
from app.models.promotions import PromotionTarget
from app.models.purchases import PurchaseCredit
from app.models.rules import CapUsage
from app.models.transfers import PointsTransfer


@dataclass(frozen=True)
class Belonging:
    """Rows that name a distributor in a column. Of what ``once`` names, each distributor has one row alone."""

    name: str
    column: InstrumentedAttribute[Any]
    once: tuple[str, ...] = ()
    instead: InstrumentedAttribute[Any] | None = None
    """The other side of the row, which cannot be the same distributor."""

    @property
    def model(self) -> type[Any]:
        """Give the class of its rows."""
        found = self.column.class_
        assert isinstance(found, type), "columns of rows are told of, not of other names for them"
        return found


MOVING: Sequence[Belonging] = (
    Belonging("people", Membership.distributor_id, ("user_id", "program_id", "role")),
    Belonging("invitations", Invitation.distributor_id),
    Belonging("applications", Application.distributor_id),
    Belonging("aliases", DistributorAlias.distributor_id),
    Belonging("aliases", ProductAlias.source_distributor_id, ("program_id", "profile_name", "alias_key")),
    Belonging("unknown_names", UnknownName.distributor_id),
    Belonging("claims", Claim.distributor_id, ("key",)),
    Belonging("deliveries", Delivery.distributor_id, ("product_id", "number_key")),
    Belonging("adjustments", AdjustmentRequest.distributor_id),
    Belonging("transfers", PointsTransfer.giver_id, instead=PointsTransfer.receiver_id),
    Belonging("transfers", PointsTransfer.receiver_id, instead=PointsTransfer.giver_id),
    Belonging("disputes", Dispute.distributor_id),
    Belonging("orders", RewardOrder.distributor_id, ("key",)),
    Belonging("instant_rewards", InstantGrant.distributor_id),
    Belonging("purchase_credits", PurchaseCredit.distributor_id, ("key",)),
    Belonging("baskets", BasketItem.distributor_id, ("user_id", "reward_id")),
    Belonging("targets", PromotionTarget.distributor_id, ("promotion_id",)),
    Belonging("notices", Notice.distributor_id),
    Belonging("branches", Distributor.head_office_id),
    Belonging("people_accounts", Distributor.person_of_id, ("person_key",)),
)
"""What goes over. A row of which the survivor has the same stays where it is; a role is taken away."""

STAYING: Mapping[str, str] = {
    "account.distributor_id": "its account leads to the survivor's and keeps its own statement",
    "card.distributor_id": "moved by itself: one card is the active one",
    "cap_usage.distributor_id": "added up",
    "distributor.merged_into_id": "what was merged into it leads to the survivor",
    "distributor_merge.merged_id": "the history of merges",
    "distributor_merge.survivor_id": "the history of merges",
    "distributor_placement.distributor_id": "its documents were judged by its own groups",
    "happened_event.distributor_id": "a fact; what it gave stands in the ledger",
    "on_behalf.distributor_id": "a fact of the ledger",
    "person_reversal.person_id": "a fact: whose points a return took",
    "person_share.person_id": "a fact: with whom a document was shared",
    "pool.holder_id": "whoever stands in a pool is not merged",
    "pool_member.distributor_id": "the history of pools",
    "promotion_month.distributor_id": "made anew from documents",
    "promotion_standing.paid_to_id": "a fact: whose points its payments are",
    "promotion_standing.distributor_id": "made anew from documents; what it was paid counts to the survivor's",
    "promotion_touched.distributor_id": "made anew from documents",
    "referral.distributor_id": "who brought whom",
    "referral.referrer_id": "who brought whom",
    "sales_document.distributor_id": "moved by itself: documents have keys",
    "sales_month.distributor_id": "made anew from documents",
    "tax_status_change.distributor_id": "what it was to the tax office in its own days",
    "tier_change.distributor_id": "the history of its tiers",
    "tier_standing.distributor_id": "the survivor's tier is found from all documents",
}
"""Columns that name a distributor and are not moved as they are, and why."""


def counted(session: Session, distributor_id: int) -> dict[str, int]:
    """Count what belongs to a distributor, by name; what it has none of is left out."""
    found: dict[str, int] = {}
    for one in (*MOVING, Belonging("cards", Card.distributor_id)):
        count = session.scalar(select(func.count()).select_from(one.model).where(one.column == distributor_id)) or 0
        if count:
            found[one.name] = found.get(one.name, 0) + count
    return found


def hand_over(session: Session, merged_id: int, survivor_id: int) -> None:
    """Let all that is one distributor's be another's. The caller holds their wallets, and commits."""
    for one in MOVING:
        _move(session, one, merged_id, survivor_id)
    session.execute(
        delete(Membership).where(Membership.distributor_id == merged_id).execution_options(synchronize_session=False)
    )
    _cards(session, merged_id, survivor_id)
    _cap_usage(session, merged_id, survivor_id)


def _move(session: Session, one: Belonging, merged_id: int, survivor_id: int) -> None:
    other = aliased(one.model)
    name = one.column.key
    change = update(one.model).where(one.column == merged_id)
    if one.once:
        same = (getattr(one.model, field).is_not_distinct_from(getattr(other, field)) for field in one.once)
        change = change.where(~exists().where(getattr(other, name) == survivor_id, *same))
    if one.instead is not None:
        change = change.where(one.instead != survivor_id)
    session.execute(change.values({name: survivor_id}).execution_options(synchronize_session=False))


def _cards(session: Session, merged_id: int, survivor_id: int) -> None:
    """Hand the cards over; where the survivor has an active one of the provider, its own stays the active one."""
    own = aliased(Card)
    session.execute(
        update(Card)
        .where(
            Card.distributor_id == merged_id,
            exists().where(own.distributor_id == survivor_id, own.provider == Card.provider, own.active),
        )
        .values(active=False)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Card)
        .where(Card.distributor_id == merged_id)
        .values(distributor_id=survivor_id)
        .execution_options(synchronize_session=False)
    )


def _cap_usage(session: Session, merged_id: int, survivor_id: int) -> None:
    """Add what one distributor used of caps to what the other used: together they are one."""
    names = ("rule_id", "span", "period", "used", "distributor_id")
    taken = (
        delete(CapUsage)
        .where(CapUsage.distributor_id == merged_id)
        .returning(CapUsage.rule_id, CapUsage.span, CapUsage.period, CapUsage.used)
        .execution_options(synchronize_session=False)
    )
    rows = [dict(zip(names, (*row, survivor_id), strict=True)) for row in session.execute(taken)]
    if rows:
        added = insert(CapUsage)
        session.execute(
            added.on_conflict_do_update(
                index_elements=["rule_id", "span", "distributor_id", "period"],
                set_={"used": CapUsage.used + added.excluded.used},
            ),
            rows,
        )
