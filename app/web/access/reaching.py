"""What the address of a page names, found within the programme that it names: what is elsewhere is not there."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, bindparam, exists, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from app.models.aliases import DistributorAlias, ProductAlias, UnknownName
from app.models.claims import Claim, SaleClaim
from app.models.desk import AdjustmentRequest
from app.models.disputes import Dispute
from app.models.distributors import Distributor
from app.models.drafts import ImportDraft
from app.models.exports import Export, ExportPlan
from app.models.imports import ImportBatch
from app.models.joining import Application
from app.models.ledger import Account, LedgerTransaction
from app.models.merges import DistributorMerge
from app.models.messages import Message
from app.models.orders import RewardOrder, SupplierFile
from app.models.people import Membership
from app.models.pools import Pool
from app.models.prepaid import Card, ConversionRun, Redemption, TopUp
from app.models.programs import Program
from app.models.promotions import Promotion
from app.models.reconciling import ProviderStatement, StatementFinding
from app.models.rewards import Reward
from app.models.rule_drafts import RuleDraft
from app.models.rules import EarningRule
from app.models.sales import SalesDocument
from app.models.scenarios import Scenario
from app.models.tax import TaxChange, TaxPapers
from app.models.transfers import PointsTransfer
from app.services.placing.companies import company_of
from app.services.telling.texts import TEXTS
from app.web.access.permissions import Reach
from app.web.context import OneDistributor, Scope

THINGS: Mapping[Reach, tuple[str, type[Any]]] = {
    Reach.MEMBER: ("membership_id", Membership),
    Reach.APPLICATION: ("application_id", Application),
    Reach.MESSAGE: ("message_id", Message),
    Reach.IMPORT: ("batch_id", ImportBatch),
    Reach.DRAFT: ("draft_id", ImportDraft),
    Reach.UNKNOWN_NAME: ("unknown_id", UnknownName),
    Reach.PRODUCT_NAME: ("product_name_id", ProductAlias),
    Reach.DISTRIBUTOR_NAME: ("distributor_name_id", DistributorAlias),
    Reach.TRANSACTION: ("transaction_id", LedgerTransaction),
    Reach.ADJUSTMENT: ("adjustment_id", AdjustmentRequest),
    Reach.TRANSFER: ("transfer_id", PointsTransfer),
    Reach.POOL: ("pool_id", Pool),
    Reach.MERGE: ("merge_id", DistributorMerge),
    Reach.RULE: ("rule_id", EarningRule),
    Reach.RULE_DRAFT: ("rule_draft_id", RuleDraft),
    Reach.PROMOTION: ("promotion_id", Promotion),
    Reach.SCENARIO: ("scenario_id", Scenario),
    Reach.RUN: ("run_id", ConversionRun),
    Reach.REDEMPTION: ("redemption_id", Redemption),
    Reach.TAX_CHANGE: ("tax_change_id", TaxChange),
    Reach.TAX_PAPERS: ("tax_papers_id", TaxPapers),
    Reach.CARD: ("card_id", Card),
    Reach.EXPORT: ("export_id", Export),
    Reach.EXPORT_PLAN: ("export_plan_id", ExportPlan),
    Reach.REWARD: ("reward_id", Reward),
    Reach.ORDER: ("reward_order_id", RewardOrder),
    Reach.SUPPLIER_FILE: ("supplier_file_id", SupplierFile),
    Reach.PROVIDER_STATEMENT: ("provider_statement_id", ProviderStatement),
}
"""What belongs to a programme and to nobody else: its name in an address, and its table."""

_OF_CODE = Program.code == bindparam("code")
_OF_ID = bindparam("id", type_=BigInteger)
_ONLY: Mapping[Reach, ColumnElement[bool]] = {Reach.REDEMPTION: Redemption.order_line_id.is_(None)}
"""What has no page though it stands in the same table: goods whose tax was judged are no load."""

_OF_PROGRAM: Mapping[Reach, Select[Any]] = {
    reach: select(Program)
    .join(model, model.program_id == Program.id)
    .where(_OF_CODE, model.id == _OF_ID, _ONLY.get(reach, true()))
    for reach, (_name, model) in THINGS.items()
}
_PROGRAM = select(Program).where(_OF_CODE)
_BRANCH = aliased(Distributor)
_ONE = (
    Distributor.id,
    Distributor.code,
    Distributor.name,
    Distributor.head_office_id,
    exists().where(_BRANCH.head_office_id == Distributor.id),
    company_of(Distributor),
)
_MERGED = aliased(Distributor)
_SURVIVOR = select(_MERGED.merged_into_id).where(_MERGED.id == Account.distributor_id).scalar_subquery()
"""Who has the history of an account: its distributor, or the one that that was merged into."""
_ITS_DISTRIBUTOR = Distributor.id == bindparam("distributor_id", type_=BigInteger)
_DISTRIBUTOR = (
    select(Program, *_ONE)
    .join(Distributor, Distributor.program_id == Program.id)
    .where(_OF_CODE, Distributor.id == _OF_ID)
)
_CLAIMANTS = func.array(
    select(SaleClaim.person)
    .where(SaleClaim.program_id == SalesDocument.program_id, SaleClaim.document_key == SalesDocument.document_key)
    .correlate(SalesDocument)
    .scalar_subquery()
)
_DOCUMENT = (
    select(Program, SalesDocument.person, _CLAIMANTS, *_ONE)
    .join(SalesDocument, SalesDocument.program_id == Program.id)
    .join(Distributor, Distributor.id == SalesDocument.distributor_id)
    .where(_OF_CODE, SalesDocument.id == _OF_ID)
)
_TOP_UP = (
    select(Program, *_ONE)
    .join(Redemption, Redemption.program_id == Program.id)
    .join(TopUp, TopUp.redemption_id == Redemption.id)
    .join(Account, Account.id == Redemption.account_id)
    .join(Distributor, Distributor.id == func.coalesce(_SURVIVOR, Account.distributor_id))
    .where(_OF_CODE, TopUp.id == _OF_ID)
)
_DISPUTE = (
    select(Program, Dispute.asked_by, *_ONE)
    .join(Dispute, Dispute.program_id == Program.id)
    .join(Distributor, Distributor.id == Dispute.distributor_id)
    .where(_OF_CODE, Dispute.id == _OF_ID)
)
_DIFFERENCE = (
    select(Program)
    .join(ProviderStatement, ProviderStatement.program_id == Program.id)
    .join(StatementFinding, StatementFinding.statement_id == ProviderStatement.id)
    .where(_OF_CODE, StatementFinding.id == _OF_ID)
)
_CLAIM = (
    select(Program, Claim.person, Claim.author, *_ONE)
    .join(Claim, Claim.program_id == Program.id)
    .join(Distributor, Distributor.id == Claim.distributor_id)
    .where(_OF_CODE, Claim.id == _OF_ID, _ITS_DISTRIBUTOR)
)
_OWN_ORDER = (
    select(Program, *_ONE)
    .join(RewardOrder, RewardOrder.program_id == Program.id)
    .join(Distributor, Distributor.id == RewardOrder.distributor_id)
    .where(_OF_CODE, RewardOrder.id == _OF_ID, _ITS_DISTRIBUTOR)
)
_OWN_REDEMPTION = (
    select(Program, *_ONE)
    .join(Redemption, Redemption.program_id == Program.id)
    .join(Account, Account.id == Redemption.account_id)
    .join(Distributor, or_(Distributor.id == Account.distributor_id, Distributor.id == _SURVIVOR))
    .where(_OF_CODE, Redemption.id == _OF_ID, Redemption.order_line_id.is_(None), _ITS_DISTRIBUTOR)
)


def reached(session: Session, reach: Reach, named: Mapping[str, Any]) -> Scope | None:
    """Find what an address names; None where it is not there, or of another programme or distributor."""
    if reach not in THINGS:
        return _FINDERS[reach](session, **named)
    name, _model = THINGS[reach]
    asked = {"code": named["program_code"], "id": named[name]}
    found = session.scalars(_OF_PROGRAM[reach], asked).one_or_none()
    return None if found is None else Scope(found, thing_id=named[name])


def _program(session: Session, program_code: str) -> Scope | None:
    found = session.scalars(_PROGRAM, {"code": program_code}).one_or_none()
    return None if found is None else Scope(found)


def _profile(session: Session, program_code: str, profile_name: str) -> Scope | None:
    found = _program(session, program_code)
    return found if found is not None and profile_name in found.program.import_profiles else None


def _text(session: Session, program_code: str, key: str) -> Scope | None:
    return _program(session, program_code) if key in TEXTS else None


def _distributor(session: Session, program_code: str, distributor_id: int, **_further: int) -> Scope | None:
    row = session.execute(_DISTRIBUTOR, {"code": program_code, "id": distributor_id}).one_or_none()
    return None if row is None else Scope(row[0], OneDistributor(*row[1:]))


def _offer(session: Session, program_code: str, distributor_id: int, reward_id: int) -> Scope | None:
    """Find a distributor of a programme that has the reward; whether it is offered to it is for the page to say."""
    found = _distributor(session, program_code, distributor_id)
    reward = reached(session, Reach.REWARD, {"program_code": program_code, "reward_id": reward_id})
    return found if reward is not None else None


def _own_order(session: Session, program_code: str, distributor_id: int, reward_order_id: int) -> Scope | None:
    asked = {"code": program_code, "distributor_id": distributor_id, "id": reward_order_id}
    row = session.execute(_OWN_ORDER, asked).one_or_none()
    return None if row is None else Scope(row[0], OneDistributor(*row[1:]), reward_order_id)


def _own_redemption(session: Session, program_code: str, distributor_id: int, redemption_id: int) -> Scope | None:
    asked = {"code": program_code, "distributor_id": distributor_id, "id": redemption_id}
    row = session.execute(_OWN_REDEMPTION, asked).one_or_none()
    return None if row is None else Scope(row[0], OneDistributor(*row[1:]), redemption_id)


def _document(session: Session, program_code: str, document_id: int, **_further: int) -> Scope | None:
    row = session.execute(_DOCUMENT, {"code": program_code, "id": document_id}).one_or_none()
    if row is None:
        return None
    return Scope(row[0], OneDistributor(*row[3:]), document_id, named=row[1], claimants=tuple(row[2]))


def _top_up(session: Session, program_code: str, top_up_id: int) -> Scope | None:
    row = session.execute(_TOP_UP, {"code": program_code, "id": top_up_id}).one_or_none()
    return None if row is None else Scope(row[0], OneDistributor(*row[1:]), top_up_id)


def _dispute(session: Session, program_code: str, dispute_id: int) -> Scope | None:
    row = session.execute(_DISPUTE, {"code": program_code, "id": dispute_id}).one_or_none()
    return None if row is None else Scope(row[0], OneDistributor(*row[2:]), dispute_id, author=row[1])


def _difference(session: Session, program_code: str, finding_id: int, **_further: str) -> Scope | None:
    found = session.scalars(_DIFFERENCE, {"code": program_code, "id": finding_id}).one_or_none()
    return None if found is None else Scope(found, thing_id=finding_id)


def _claim(session: Session, program_code: str, distributor_id: int, claim_id: int, **_further: int) -> Scope | None:
    asked = {"code": program_code, "distributor_id": distributor_id, "id": claim_id}
    row = session.execute(_CLAIM, asked).one_or_none()
    return None if row is None else Scope(row[0], OneDistributor(*row[3:]), claim_id, named=row[1], author=row[2])


_FINDERS: Mapping[Reach, Callable[..., Scope | None]] = {
    Reach.PROGRAM: _program,
    Reach.PROFILE: _profile,
    Reach.TEXT: _text,
    Reach.DISTRIBUTOR: _distributor,
    Reach.OFFER: _offer,
    Reach.OWN_ORDER: _own_order,
    Reach.OWN_REDEMPTION: _own_redemption,
    Reach.DOCUMENT: _document,
    Reach.TOP_UP: _top_up,
    Reach.DISPUTE: _dispute,
    Reach.DIFFERENCE: _difference,
    Reach.CLAIM: _claim,
}
