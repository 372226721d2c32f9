"""Who uses a product, a group of products or a distributor: every column that names one, and what its rows are.

A thing that nobody uses can be let go. What is named in neither list uses it.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Column, Select, or_, select
from sqlalchemy.orm import Session

from app.db.many import any_of
from app.db.marks import REFERENCE
from app.domain.saying.wording import marked
from app.domain.states import ImportedThing
from app.models.ledger import Account, LedgerEntry
from app.models.promotions import PromotionGift, PromotionPayment, PromotionStanding
from app.models.registry import metadata

_ = marked
ENTRIES, PROMOTIONS, OTHER = _("points"), _("promotions"), _("other records")
USES: Mapping[str, str] = {
    "adjustment_request.distributor_id": _("adjustments"),
    "application.distributor_id": _("applications"),
    "basket_item.distributor_id": _("baskets"),
    "card.distributor_id": _("cards"),
    "claim.distributor_id": _("claims"),
    "delivery.distributor_id": _("deliveries"),
    "delivery.product_id": _("deliveries"),
    "dispute.distributor_id": _("disputes"),
    "distributor.head_office_id": _("branches"),
    "distributor.merged_into_id": _("merges"),
    "distributor.person_of_id": _("accounts of people"),
    "distributor_alias.distributor_id": _("names that sources use"),
    "distributor_merge.merged_id": _("merges"),
    "distributor_merge.survivor_id": _("merges"),
    "distributor_placement.distributor_id": _("moves between groups"),
    "happened_event.distributor_id": _("events"),
    "instant_grant.distributor_id": _("rewards"),
    "invitation.distributor_id": _("invitations"),
    "membership.distributor_id": _("people"),
    "notice.distributor_id": _("notices"),
    "on_behalf.distributor_id": _("points"),
    "person_reversal.person_id": _("shares of points"),
    "person_share.person_id": _("shares of points"),
    "points_transfer.giver_id": _("transfers"),
    "points_transfer.receiver_id": _("transfers"),
    "pool.holder_id": _("pools"),
    "pool_member.distributor_id": _("pools"),
    "product.group_id": _("products"),
    "product_alias.product_id": _("names that sources use"),
    "product_alias.source_distributor_id": _("names that sources use"),
    "product_group.parent_id": _("groups below it"),
    "product_placement.group_id": _("moves between groups"),
    "product_placement.product_id": _("moves between groups"),
    "promotion_standing.paid_to_id": PROMOTIONS,
    "promotion_target.distributor_id": _("targets"),
    "purchase_credit.distributor_id": _("purchase credits"),
    "referral.distributor_id": _("referrals"),
    "referral.referrer_id": _("referrals"),
    "reward.product_group_id": _("rewards"),
    "reward_order.distributor_id": _("orders"),
    "sales_document.distributor_id": _("documents"),
    "sales_line.product_id": _("documents"),
    "sold_serial.product_id": _("serial numbers"),
    "tax_status_change.distributor_id": _("changes of tax status"),
    "tier_change.distributor_id": _("changes of tier"),
}
DERIVED: Mapping[str, str] = {
    "account.distributor_id": "its wallets go with it, where nothing was ever posted to them",
    "product_month.product_id": "sums of documents, of which there are none",
    "promotion_month.distributor_id": "sums of documents, of which there are none",
    "promotion_standing.distributor_id": "it has sold nothing; what promotions paid is asked for by itself",
    "promotion_touched.distributor_id": "what is to be measured anew, and is nothing",
    "sales_month.distributor_id": "sums of documents, of which there are none",
    "tier_standing.distributor_id": "found anew from documents, of which there are none",
    "unknown_name.distributor_id": "a proposal; another one is made",
    "unknown_name.product_id": "a proposal; another one is made",
}
"""Columns that name such a thing and keep nobody from letting it go, and why."""


def naming(thing: ImportedThing) -> dict[str, Column[int]]:
    """Give the columns that name things of a kind, by table and column."""
    return {
        f"{table.name}.{column.name}": column
        for table in metadata.sorted_tables
        for column in table.columns
        if column.name != "program_id"  # which is part of some keys
        and (column.info.get(REFERENCE) == thing or any(key.column.table.name == thing for key in column.foreign_keys))
    }


def used(session: Session, thing: ImportedThing, ids: Collection[int]) -> dict[int, list[str]]:
    """Give what uses each of these things; what nothing uses is not among them."""
    found: dict[int, list[str]] = defaultdict(list)
    wanted = any_of(ids)
    asked: list[tuple[str, Select[Any]]] = [
        (USES.get(name, OTHER), select(column).where(column == wanted))
        for name, column in naming(thing).items()
        if name not in DERIVED
    ]
    if thing is ImportedThing.DISTRIBUTOR:
        posted = select(Account.distributor_id).join(LedgerEntry, LedgerEntry.account_id == Account.id)
        paid = select(PromotionStanding.distributor_id).where(
            or_(
                select(PromotionPayment.standing_id)
                .where(PromotionPayment.standing_id == PromotionStanding.id)
                .exists(),
                select(PromotionGift.standing_id).where(PromotionGift.standing_id == PromotionStanding.id).exists(),
            )
        )
        asked.append((ENTRIES, posted.where(Account.distributor_id == wanted)))
        asked.append((PROMOTIONS, paid.where(PromotionStanding.distributor_id == wanted)))
    for word, rows in asked:
        for id_ in session.scalars(rows.distinct()):
            if word not in found[id_]:
                found[id_].append(word)
    return dict(found)
