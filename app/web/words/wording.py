"""What has a name in code, in words: states, kinds, reasons, roles. One place for lists, pages and exports."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _
from flask_babel import lazy_pgettext as pgettext

from app.domain.roles import Role
from app.domain.states import (
    Bucket,
    DisputeState,
    DocumentKind,
    DocumentStatus,
    LotState,
    NamedThing,
    OrderState,
    OrderWord,
    ReviewState,
    RewardKind,
    SupplierFileState,
    TaxStatus,
    TransactionKind,
)
from app.services.telling import texts
from app.web.lists.describing import Badge
from app.web.people_named import PROVIDER as PROVIDER

DOCUMENT_STATUS: Mapping[DocumentStatus, Badge] = {
    DocumentStatus.ACCEPTED: Badge(_("Accepted"), "good"),
    DocumentStatus.REVIEW: Badge(_("In review"), "wait"),
    DocumentStatus.REFUSED: Badge(_("Refused"), "bad"),
    DocumentStatus.SUPERSEDED: Badge(_("Replaced by a correction"), "plain"),
    DocumentStatus.UNDONE: Badge(_("Taken back with its import"), "plain"),
}

REVIEW_STATE: Mapping[ReviewState, Badge] = {
    ReviewState.WAITING: Badge(_("Waiting"), "wait"),
    ReviewState.ASKED: Badge(_("More was asked for"), "busy"),
    ReviewState.HELD: Badge(pgettext("state", "Set aside"), "plain"),
    ReviewState.SECOND: Badge(_("Takes a second person"), "busy"),
    ReviewState.CLOSED: Badge(_("Decided"), "plain"),
}

DISPUTE_STATE: Mapping[DisputeState, Badge] = {
    DisputeState.OPEN: Badge(_("Waits for an answer"), "wait"),
    DisputeState.GRANTED: Badge(_("Granted"), "good"),
    DisputeState.DECLINED: Badge(_("Declined"), "bad"),
    DisputeState.WITHDRAWN: Badge(_("Withdrawn"), "plain"),
}

SOURCE: Mapping[str, Any] = {"import": _("Import"), "portal": _("Portal"), "api": _("Interface")}
"""Where documents come from."""

DOCUMENT_KIND: Mapping[DocumentKind, Any] = {
    DocumentKind.INVOICE: _("Invoice"),
    DocumentKind.CREDIT_NOTE: _("Credit note"),
}

NAMED_THING: Mapping[NamedThing, Any] = {
    NamedThing.PRODUCT: _("Product"),
    NamedThing.DISTRIBUTOR: _("Distributor"),
}

LIKENESS: Mapping[str, Any] = {
    "code": _("the code"),
    "ean": _("the EAN"),
    "plain code": _("the code without zeros and dashes"),
    "elsewhere": _("another source calls it so"),
    "name": _("the name"),
}
"""What is alike of a name that nobody knows and what it may mean (`app.domain.typed.likeness`)."""

REWARD_KIND: Mapping[RewardKind, Any] = {
    RewardKind.GOODS: _("Goods"),
    RewardKind.VOUCHER: _("Voucher"),
    RewardKind.DISCOUNT: _("Discount"),
    RewardKind.DONATION: _("Donation"),
    RewardKind.TOP_UP: _("Top-up"),
    RewardKind.DRAW: _("Ticket for a draw"),
}

ORDER_STATE: Mapping[OrderState, Badge] = {
    OrderState.WAITING: Badge(_("Waits for approval"), "wait"),
    OrderState.APPROVED: Badge(_("Approved"), "busy"),
    OrderState.ORDERED: Badge(_("Ordered at the supplier"), "busy"),
    OrderState.SHIPPED: Badge(_("On its way"), "busy"),
    OrderState.DELIVERED: Badge(_("Delivered"), "good"),
    OrderState.CANCELLED: Badge(_("Cancelled"), "plain"),
}

ORDER_WORD: Mapping[OrderWord, tuple[Any, str, str]] = {
    OrderWord.PLACED: (_("Placed"), "gift", "plain"),
    OrderWord.APPROVED: (_("Approved"), "check", "good"),
    OrderWord.PAID: (_("The money came in"), "coin", "good"),
    OrderWord.REPAID: (_("Money was given back"), "coin", "plain"),
    OrderWord.ORDERED: (_("Ordered at the supplier"), "send", "busy"),
    OrderWord.SHIPPED: (_("Sent"), "truck", "busy"),
    OrderWord.DELIVERED: (_("Delivered"), "check-circle", "good"),
    OrderWord.CANCELLED: (_("Cancelled"), "cross", "bad"),
    OrderWord.RETURNED: (_("Came back"), "undo", "bad"),
    OrderWord.NOTE: (_("Note"), "texts", "plain"),
}
"""What happened to an order: the word, its drawing, its tone."""

SUPPLIER_FILE: Mapping[SupplierFileState, Badge] = {
    SupplierFileState.WRITTEN: Badge(_("Written"), "wait"),
    SupplierFileState.SENT: Badge(_("Sent to the supplier"), "busy"),
    SupplierFileState.CLOSED: Badge(_("All of it was sent"), "good"),
}

ADDRESS: Mapping[str, Any] = {
    "name": _("Recipient"),
    "company": _("Company"),
    "street": _("Street and number"),
    "postal_code": _("Postal code"),
    "city": _("City"),
    "country": _("Country"),
    "phone": _("Phone"),
}
"""The parts of an address."""

MOVEMENT: Mapping[TransactionKind, Any] = {
    TransactionKind.AWARD: _("Award"),
    TransactionKind.REVERSAL: _("Return"),
    TransactionKind.VOID: _("Withdrawn"),
    TransactionKind.RELEASE: _("Released"),
    TransactionKind.RESERVE: _("Reserved"),
    TransactionKind.SETTLE: _("Spent"),
    TransactionKind.CANCEL: _("Given back"),
    TransactionKind.EXPIRE: _("Expired"),
    TransactionKind.REINSTATE: _("Reinstated"),
    TransactionKind.ADJUST: _("Adjusted by hand"),
    TransactionKind.PROMOTION: _("Promotion"),
    TransactionKind.EVENT: _("Event"),
    TransactionKind.TRANSFER: _("Transferred"),
    TransactionKind.INSTANT: _("Reward for a sale"),
    TransactionKind.REFUND: _("Reward came back"),
}

BUCKET: Mapping[Bucket, Any] = {
    Bucket.PENDING: _("Pending"),
    Bucket.AVAILABLE: _("Available"),
    Bucket.RESERVED: _("Reserved"),
    Bucket.ISSUED: _("Issued by the programme"),
    Bucket.REDEEMED: _("Redeemed"),
    Bucket.EXPIRED: _("Expired"),
    Bucket.ADJUSTED: _("Adjusted by the programme"),
}

LOT_STATE: Mapping[LotState, Badge] = {
    LotState.PENDING: Badge(_("Pending"), "wait"),
    LotState.OPEN: Badge(_("Open"), "good"),
    LotState.CLOSED: Badge(_("Used up"), "plain"),
}

ROLE: Mapping[Role, Any] = {Role(role): _(name) for role, name in texts.ROLES.items()}

ADJUSTMENT_REASON: Mapping[str, Any] = {
    "goodwill": _("Goodwill"),
    "correction": _("Correction of a mistake"),
    "event": _("Event or training"),
    "opening": _("Opening balance"),
    "complaint": _("Complaint"),
    "other": _("Another reason"),
}

ADJUSTMENT_STATE: Mapping[str, Badge] = {
    "waiting": Badge(_("Waits for approval"), "wait"),
    "approved": Badge(_("Approved"), "good"),
    "refused": Badge(_("Refused"), "bad"),
    "withdrawn": Badge(_("Withdrawn"), "plain"),
}

TAX_STATUS: Mapping[TaxStatus, Any] = {
    TaxStatus.PRIVATE_PERSON: _("Private person"),
    TaxStatus.SOLE_TRADER: _("Sole trader"),
    TaxStatus.COMPANY: _("Company"),
    TaxStatus.DISTRIBUTOR_EMPLOYEE: _("Employee of a distributor"),
    TaxStatus.OWN_EMPLOYEE: _("Employee of the sponsor"),
    TaxStatus.BUSINESS_FRIEND: _("Business friend"),
}

DISTRIBUTOR_DATA: Mapping[str, Any] = {
    "name": _("Name"),
    "head_office": _("Head office"),
    "group": _("Group"),
    "tier": _("Tier"),
    "tax_id": _("Tax id"),
    "tax_status": _("Tax status"),
    "country": _("Country"),
    "region": _("Region"),
    "city": _("City"),
    "birthday_on": _("Birthday"),
    "enrolled_on": _("In the programme since"),
}
"""A distributor's data by the names that the audit log has for them."""
