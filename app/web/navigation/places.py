"""The places of the navigation, as tables, and what counts what waits in one.

`PLACES`, `PORTAL` and `PLATFORM` are the whole navigation: a page that stands there is offered to whoever may see it,
as soon as its route exists.
"""

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    ScalarSelect,
    Select,
    func,
    literal_column,
    select,
)

from app.domain.roles import Permission
from app.domain.states import ApplicationState, DisputeState, DocumentStatus, OrderState
from app.models.desk import AdjustmentRequest
from app.models.disputes import Dispute
from app.models.joining import Application, TermsAcceptance, TermsVersion
from app.models.merges import DistributorMerge
from app.models.orders import RewardOrder
from app.models.people import UserAccount
from app.models.periods import PeriodClosing
from app.models.prepaid import Redemption
from app.models.promotions import Promotion
from app.models.reconciling import ProviderStatement, StatementFinding
from app.models.rule_drafts import RuleDraft
from app.models.sales import SalesDocument
from app.models.tax import TaxChange
from app.models.transfers import PointsTransfer
from app.services.imported import unmatched


class Section(enum.Enum):
    """A heading of the navigation; its places stand below it in the order of the table."""

    OVERVIEW = None
    SALES = lazy_gettext("Sales")
    PEOPLE = lazy_gettext("People")
    CATALOGUE = lazy_gettext("Catalogue")
    POINTS = lazy_gettext("Points")
    PREPAID = lazy_gettext("Prepaid")
    REPORTS = lazy_gettext("Reports")
    SETTINGS = lazy_gettext("Settings")
    PLATFORM = lazy_gettext("Platform")


ProgramId = BindParameter[int]
Login = BindParameter[str]
Count = Callable[[ProgramId, Login], ScalarSelect[int]]
"""Counts what waits in a programme for whoever has a sign-in name, as a part of one query that is built once.

What takes a second person does not wait for the first.
"""


@dataclass(frozen=True, eq=False)
class Place:
    """A page that stands in the navigation: itself alone is equal to it.

    ``name`` is what its pages set as ``active``: the blueprint where nothing else is said. ``tab`` has it stand at the
    foot of a phone's screen as well, where four have room. ``of_head_offices``: it is for distributors with branches.
    ``offered``: it is there where the programme offers that part (`offered_by`). ``waiting`` counts what waits there,
    for those who may act on it: who has the permission ``acts``.
    """

    section: Section
    endpoint: str
    text: Any
    icon: str
    permission: Permission | None
    tab: bool = False
    waiting: Count | None = None
    acts: Permission | None = None
    named: str | None = None
    of_head_offices: bool = False
    offered: str | None = None

    @property
    def name(self) -> str:
        """Give what pages of this place set as ``active``."""
        return self.named or self.endpoint.partition(".")[0]


def in_review(program_id: ProgramId, _login: Login) -> ScalarSelect[int]:
    """Count the documents that wait for a decision."""
    # the status is written out: an index serves it that the planner finds only if it can see it
    waits: ColumnElement[bool] = literal_column(f"sales_document.status = {int(DocumentStatus.REVIEW)}")
    return number_of(
        select(func.count()).select_from(SalesDocument).where(SalesDocument.program_id == program_id, waits)
    )


def to_adjust(program_id: ProgramId, login: Login) -> ScalarSelect[int]:
    """Count the adjustments that others asked for."""
    waits = (
        AdjustmentRequest.program_id == program_id,
        AdjustmentRequest.state == "waiting",
        AdjustmentRequest.requested_by != login,
    )
    return number_of(select(func.count()).select_from(AdjustmentRequest).where(*waits))


def to_approve(program_id: ProgramId, _login: Login) -> ScalarSelect[int]:
    """Count the orders that wait for approval."""
    # the state is written out: an index serves it that the planner finds only if it can see it
    waits: ColumnElement[bool] = literal_column(f"reward_order.state = '{OrderState.WAITING.value}'")
    return number_of(select(func.count()).select_from(RewardOrder).where(RewardOrder.program_id == program_id, waits))


def to_transfer(program_id: ProgramId, login: Login) -> ScalarSelect[int]:
    """Count the transfers that others asked for."""
    waits = (
        PointsTransfer.program_id == program_id,
        PointsTransfer.state == "waiting",
        PointsTransfer.requested_by != login,
    )
    return number_of(select(func.count()).select_from(PointsTransfer).where(*waits))


def to_merge(program_id: ProgramId, login: Login) -> ScalarSelect[int]:
    """Count the merges that others asked for."""
    waits = (
        DistributorMerge.program_id == program_id,
        DistributorMerge.state == "waiting",
        DistributorMerge.requested_by != login,
    )
    return number_of(select(func.count()).select_from(DistributorMerge).where(*waits))


def disputed(program_id: ProgramId, _login: Login) -> ScalarSelect[int]:
    """Count the disputes that nobody has answered."""
    waits = (Dispute.program_id == program_id, Dispute.state == DisputeState.OPEN)
    return number_of(select(func.count()).select_from(Dispute).where(*waits))


def differing(program_id: ProgramId, _login: Login) -> ScalarSelect[int]:
    """Count the differences from statements that nobody has answered."""
    return number_of(
        select(func.count())
        .select_from(StatementFinding)
        .join(ProviderStatement, ProviderStatement.id == StatementFinding.statement_id)
        .where(ProviderStatement.program_id == program_id, StatementFinding.answer.is_(None))
    )


def to_vet(program_id: ProgramId, _login: Login) -> ScalarSelect[int]:
    """Count the applications that nobody has looked at."""
    waits = (Application.program_id == program_id, Application.state == ApplicationState.NEW)
    return number_of(select(func.count()).select_from(Application).where(*waits))


def to_let_go(program_id: ProgramId, login: Login) -> ScalarSelect[int]:
    """Count the redemptions that others asked for and nobody has approved."""
    waits = (
        Redemption.program_id == program_id,
        Redemption.run_id.is_(None),
        Redemption.ended_at.is_(None),
        Redemption.approved_at.is_(None),
        Redemption.asked_by != login,
    )
    return number_of(select(func.count()).select_from(Redemption).where(*waits))


def to_reopen(program_id: ProgramId, login: Login) -> ScalarSelect[int]:
    """Count the closed months that others want opened again."""
    waits = (
        PeriodClosing.program_id == program_id,
        PeriodClosing.reopened_at.is_(None),
        PeriodClosing.asked_by != login,
    )
    return number_of(select(func.count()).select_from(PeriodClosing).where(*waits))


def _by_others(draft: type[RuleDraft | TaxChange], login: Login) -> Sequence[ColumnElement[bool]]:
    """Ask for drafts that somebody neither wrote nor asked to be published: others may publish them."""
    return draft.changed_by != login, draft.asked_by.is_distinct_from(login)


def to_publish(program_id: ProgramId, login: Login) -> ScalarSelect[int]:
    """Count the drafts of rules that others wrote and asked to be published."""
    waits = (RuleDraft.program_id == program_id, RuleDraft.state == "waiting", *_by_others(RuleDraft, login))
    return number_of(select(func.count()).select_from(RuleDraft).where(*waits))


def tax_to_publish(program_id: ProgramId, login: Login) -> ScalarSelect[int]:
    """Count the changes of tax rules that others wrote and asked to be published."""
    waits = (TaxChange.program_id == program_id, TaxChange.state == "waiting", *_by_others(TaxChange, login))
    return number_of(select(func.count()).select_from(TaxChange).where(*waits))


def promotions_to_publish(program_id: ProgramId, login: Login) -> ScalarSelect[int]:
    """Count the drafts of promotions that others wrote and asked to be published."""
    waits = (
        Promotion.program_id == program_id,
        Promotion.asked_at.is_not(None),
        Promotion.drafted_by.is_distinct_from(login),
        Promotion.asked_by != login,
    )
    return number_of(select(func.count()).select_from(Promotion).where(*waits))


def to_match(program_id: ProgramId, _login: Login) -> ScalarSelect[int]:
    """Count the names that nobody knows."""
    return number_of(unmatched.how_many(program_id))


def to_accept(program_id: ProgramId, login: Login) -> ScalarSelect[int]:
    """Count the terms in force that somebody has not accepted: one or none."""
    newest = select(func.max(TermsVersion.id)).where(TermsVersion.program_id == program_id).scalar_subquery()
    accepted = (
        select(TermsAcceptance.terms_id)
        .join(UserAccount, UserAccount.id == TermsAcceptance.user_id)
        .where(TermsAcceptance.terms_id == TermsVersion.id, UserAccount.login == login)
        .exists()
    )
    return number_of(select(func.count()).select_from(TermsVersion).where(TermsVersion.id == newest, ~accepted))


def offered_by(settings: Mapping[str, Any]) -> frozenset[str]:
    """Name the parts that not every programme offers its distributors, of those that a programme's settings offer."""
    parts = {
        "purchases": settings.get("purchases", {}).get("offered", False),
        "transfers": settings.get("accounts", {}).get("transfers", {}).get("asked_by") == "participants",
        "tiers": settings.get("tiers", {}).get("levels"),
    }
    return frozenset(part for part, there in parts.items() if there)


def number_of(query: Select[int]) -> ScalarSelect[int]:
    return query.scalar_subquery()


_ = lazy_gettext
PLACES: Sequence[Place] = (
    Place(Section.OVERVIEW, "overview.overview", _("Overview"), "home", Permission.SEE_PROGRAM, tab=True),
    Place(
        Section.SALES,
        "review.index",
        _("Review"),
        "inbox",
        Permission.SEE_REVIEW,
        tab=True,
        waiting=in_review,
        acts=Permission.DECIDE,
    ),
    Place(Section.SALES, "documents.index", _("Documents"), "file", Permission.SEE_DOCUMENTS),
    Place(Section.SALES, "deliveries.index", _("Deliveries"), "truck", Permission.SEE_DOCUMENTS),
    Place(Section.SALES, "imports.index", _("Imports"), "upload", Permission.SEE_IMPORTS, tab=True),
    Place(
        Section.SALES,
        "unmatched.index",
        _("Unknown names"),
        "question",
        Permission.SEE_IMPORTS,
        waiting=to_match,
        acts=Permission.DECIDE,
    ),
    Place(Section.PEOPLE, "distributors.index", _("Distributors"), "users", Permission.SEE_DISTRIBUTORS, tab=True),
    Place(Section.PEOPLE, "own_accounts.index", _("Own accounts"), "user", Permission.SEE_DISTRIBUTORS),
    Place(
        Section.PEOPLE,
        "merges.index",
        _("Merged distributors"),
        "link",
        Permission.SEE_LEDGER,
        waiting=to_merge,
        acts=Permission.DECIDE_ADJUSTMENT,
    ),
    Place(Section.PEOPLE, "tiers.index", _("Tiers"), "star", Permission.SEE_DISTRIBUTORS),
    Place(Section.PEOPLE, "customers.index", _("Find a customer"), "search", Permission.LOOK_UP),
    Place(Section.PEOPLE, "purchases.take", _("Take a code"), "receipt", Permission.LOOK_UP, named="take"),
    Place(
        Section.PEOPLE,
        "applications.index",
        _("Applications"),
        "user-add",
        Permission.VET_APPLICATIONS,
        waiting=to_vet,
        acts=Permission.VET_APPLICATIONS,
    ),
    Place(Section.CATALOGUE, "products.index", _("Products"), "box", Permission.SEE_PRODUCTS),
    Place(Section.CATALOGUE, "groups.index", _("Groups"), "tags", Permission.SEE_PRODUCTS),
    Place(Section.CATALOGUE, "rewards.index", _("Rewards"), "gift", Permission.SEE_PRODUCTS),
    Place(
        Section.CATALOGUE,
        "orders.index",
        _("Orders"),
        "basket",
        Permission.SEE_ORDERS,
        waiting=to_approve,
        acts=Permission.APPROVE_ORDERS,
    ),
    Place(Section.CATALOGUE, "purchases.index", _("Purchase credits"), "receipt", Permission.SEE_ORDERS),
    Place(Section.CATALOGUE, "suppliers.index", _("Suppliers"), "truck", Permission.SEE_ORDERS),
    Place(Section.POINTS, "ledger.index", _("Ledger"), "ledger", Permission.SEE_LEDGER),
    Place(Section.POINTS, "lots.index", _("Lots"), "coin", Permission.SEE_LEDGER),
    Place(
        Section.POINTS,
        "rules.index",
        _("Rules"),
        "rules",
        Permission.SEE_PROGRAM,
        waiting=to_publish,
        acts=Permission.EDIT_PROGRAM,
    ),
    Place(
        Section.POINTS,
        "promotions.index",
        _("Promotions"),
        "trophy",
        Permission.SEE_PROGRAM,
        waiting=promotions_to_publish,
        acts=Permission.EDIT_PROGRAM,
    ),
    Place(Section.POINTS, "events.index", _("Events"), "calendar", Permission.SEE_LEDGER),
    Place(
        Section.POINTS,
        "adjustments.index",
        _("Adjustments"),
        "adjust",
        Permission.SEE_LEDGER,
        waiting=to_adjust,
        acts=Permission.DECIDE_ADJUSTMENT,
    ),
    Place(
        Section.POINTS,
        "transfers.index",
        _("Transfers"),
        "runs",
        Permission.SEE_LEDGER,
        waiting=to_transfer,
        acts=Permission.DECIDE_ADJUSTMENT,
    ),
    Place(Section.POINTS, "pools.index", _("Pools"), "boxes", Permission.SEE_LEDGER),
    Place(
        Section.POINTS,
        "disputes.index",
        _("Disputes"),
        "question",
        Permission.SEE_LEDGER,
        waiting=disputed,
        acts=Permission.REQUEST_ADJUSTMENT,
    ),
    Place(Section.PREPAID, "runs.index", _("Conversion runs"), "runs", Permission.SEE_MONEY),
    Place(Section.PREPAID, "compensations.index", _("Compensation"), "adjust", Permission.SEE_MONEY),
    Place(
        Section.PREPAID,
        "redemptions.index",
        _("Redemptions"),
        "coin",
        Permission.SEE_MONEY,
        waiting=to_let_go,
        acts=Permission.APPROVE_RUN,
    ),
    Place(Section.PREPAID, "top_ups.index", _("Top-ups"), "top-ups", Permission.SEE_MONEY),
    Place(
        Section.PREPAID,
        "reconciliation.index",
        _("Reconciliation"),
        "check-circle",
        Permission.SEE_MONEY,
        waiting=differing,
        acts=Permission.PREPARE_RUN,
    ),
    Place(Section.PREPAID, "cards.index", _("Cards"), "card", Permission.SEE_MONEY),
    Place(Section.PREPAID, "cards_provider.show", _("Card provider"), "settings", Permission.SEE_MONEY),
    Place(Section.PREPAID, "tax.index", _("Tax register"), "receipt", Permission.SEE_MONEY),
    Place(
        Section.PREPAID,
        "tax_rules.index",
        _("Tax rules"),
        "rules",
        Permission.SEE_PROGRAM,
        waiting=tax_to_publish,
        acts=Permission.EDIT_PROGRAM,
    ),
    Place(Section.PREPAID, "invoicing.index", _("To invoice"), "reports", Permission.SEE_MONEY),
    Place(Section.PREPAID, "exports.index", _("Exports"), "download", Permission.EXPORT),
    Place(Section.PREPAID, "liability.index", _("Liability"), "wallet", Permission.SEE_MONEY),
    Place(
        Section.PREPAID,
        "periods.index",
        _("Months of the books"),
        "calendar",
        Permission.SEE_MONEY,
        waiting=to_reopen,
        acts=Permission.APPROVE_RUN,
    ),
    Place(Section.REPORTS, "reports.activity", _("Reports"), "reports", Permission.SEE_REPORTS),
    Place(Section.REPORTS, "scenarios.index", _("Scenarios"), "reports", Permission.SEE_REPORTS),
    Place(Section.SETTINGS, "program.settings", _("Programme"), "settings", Permission.EDIT_PROGRAM),
    Place(Section.SETTINGS, "people.index", _("Users"), "user", Permission.MANAGE_PEOPLE),
    Place(Section.SETTINGS, "registration.index", _("Registration form"), "edit", Permission.EDIT_PROGRAM),
    Place(Section.SETTINGS, "program.show_terms", _("Terms"), "file", Permission.EDIT_TEXTS, named="terms"),
    Place(Section.SETTINGS, "program.all_texts", _("Texts"), "texts", Permission.EDIT_TEXTS, named="texts"),
    Place(Section.SETTINGS, "outbox.index", _("Outbox"), "mail", Permission.MANAGE_PEOPLE),
    Place(Section.SETTINGS, "audit.index", _("Audit log"), "audit", Permission.SEE_AUDIT),
)
"""Places of those who run a programme. Their routes take the programme's code."""

PORTAL: Sequence[Place] = (
    # a rep begins with their documents: their home would be that page a second time
    Place(Section.OVERVIEW, "portal.home", _("Home"), "home", Permission.SEE_STATEMENT, tab=True),
    Place(Section.OVERVIEW, "portal_documents.index", _("Documents"), "file", Permission.LIST_DOCUMENTS, tab=True),
    Place(Section.OVERVIEW, "statements.show", _("Points"), "coin", Permission.SEE_STATEMENT, tab=True),
    Place(Section.OVERVIEW, "portal_promotions.index", _("Promotions"), "trophy", Permission.USE_PORTAL),
    Place(Section.OVERVIEW, "portal_rewards.index", _("Rewards"), "gift", Permission.ORDER_REWARDS, tab=True),
    Place(Section.OVERVIEW, "portal_orders.index", _("Orders"), "truck", Permission.ORDER_REWARDS),
    Place(
        Section.OVERVIEW,
        "portal_purchases.index",
        _("Pay for purchases"),
        "receipt",
        Permission.CONVERT_POINTS,
        offered="purchases",
    ),
    Place(Section.OVERVIEW, "portal_card.show", _("Card"), "card", Permission.SEE_CARD),
    Place(Section.OVERVIEW, "portal_tax.index", _("Tax"), "receipt", Permission.SEE_CARD),
    Place(
        Section.OVERVIEW,
        "portal_branches.index",
        _("Branches"),
        "shop",
        Permission.VISIT_BRANCHES,
        of_head_offices=True,
    ),
    Place(
        Section.OVERVIEW,
        "portal_transfers.index",
        _("Give points away"),
        "runs",
        Permission.CONVERT_POINTS,
        offered="transfers",
    ),
    Place(Section.OVERVIEW, "portal_tier.show", _("My tier"), "star", Permission.SEE_STATEMENT, offered="tiers"),
    Place(Section.OVERVIEW, "portal_disputes.index", _("Disputes"), "question", Permission.SEE_STATEMENT),
    Place(Section.OVERVIEW, "portal_team.index", _("Team"), "users", Permission.MANAGE_TEAM),
    Place(Section.OVERVIEW, "consents.index", _("Applications"), "user-add", Permission.MANAGE_TEAM),
    Place(Section.OVERVIEW, "portal_company.index", _("Company"), "building", Permission.MANAGE_TEAM),
    Place(Section.OVERVIEW, "portal_notices.index", _("Notices"), "bell", Permission.USE_PORTAL),
    Place(
        Section.OVERVIEW,
        "portal_terms.show",
        _("Terms"),
        "texts",
        Permission.USE_PORTAL,
        waiting=to_accept,
        acts=Permission.USE_PORTAL,
    ),
)
"""Places of the people of a distributor. Their routes take the programme's code and the distributor's id."""

PLATFORM: Sequence[Place] = (
    Place(Section.PLATFORM, "all_programs.index", _("All programmes"), "building", None),
    Place(Section.PLATFORM, "platform_programs.new", _("New programme"), "add", None),
    Place(Section.PLATFORM, "platform_users.index", _("All users"), "users", None),
    Place(Section.PLATFORM, "platform_outbox.index", _("All messages"), "mail", None),
    Place(Section.PLATFORM, "platform.style", _("Parts of pages"), "palette", None),
)
"""Places of the platform's owners. Their routes take nothing."""
