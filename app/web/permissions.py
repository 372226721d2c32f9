"""Who may see which page: one table with every route, and the guard that asks it before anything else happens.

What somebody may not see is not found (404): the answer does not tell whether it exists.
"""

import enum
import logging
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from typing import Any

from flask import abort, g, redirect, request, url_for
from sqlalchemy import BigInteger, Select, bindparam, exists, select
from sqlalchemy.orm import Session, aliased
from werkzeug.wrappers import Response

from app.models.aliases import UnknownName
from app.models.claims import Claim
from app.models.desk import AdjustmentRequest
from app.models.distributors import Distributor
from app.models.drafts import ImportDraft
from app.models.imports import ImportBatch
from app.models.joining import Application
from app.models.ledger import LedgerTransaction
from app.models.messages import Message
from app.models.people import Membership
from app.models.prepaid import ConversionRun
from app.models.programs import Program
from app.models.sales import SalesDocument
from app.services import registration
from app.services.people import Permission, Person, permissions_of
from app.services.signing_in import Step
from app.services.texts import TEXTS
from app.web.context import OneDistributor, Scope, person, scope_or_none, session, step
from app.web.portal.own import at_home_in, is_own, sees_all

_log = logging.getLogger(__name__)


class Reach(enum.Enum):
    """What the address of a page names, and so where its permission is asked for."""

    ANYBODY = "anybody"
    SIGNED_IN = "signed in"
    PLATFORM = "the platform"
    PROGRAM = "a programme"
    DISTRIBUTOR = "a distributor of a programme"
    DOCUMENT = "a document of a programme"
    CLAIM = "an invoice that a distributor registers"
    IMPORT = "an import of a programme"
    DRAFT = "a file on its way into a programme"
    PROFILE = "an import profile of a programme"
    UNKNOWN_NAME = "a name in imported files that nobody knows"
    RUN = "a conversion run of a programme"
    TEXT = "a text in a programme's own words"
    MEMBER = "somebody's role in a programme"
    APPLICATION = "an application to a programme"
    MESSAGE = "a message of a programme"
    FORM = "the published registration form of a programme"
    TRANSACTION = "a transaction of the ledger of a programme"
    ADJUSTMENT = "an adjustment of a programme"


@dataclass(frozen=True)
class Rule:
    """Who may see a page: anybody, whoever is signed in, or whoever has a permission for what its address names.

    ``step`` is how far they must have come in signing in: almost everywhere, all the way.
    """

    reach: Reach
    permission: Permission | None = None
    step: Step = Step.WHOLE


ROUTES: Mapping[str, Rule] = {
    "static": Rule(Reach.ANYBODY),
    "bootstrap.static": Rule(Reach.ANYBODY),
    # look
    "chartkick.static": Rule(Reach.ANYBODY),
    "look.icons": Rule(Reach.ANYBODY),
    "branding.accent": Rule(Reach.ANYBODY),
    "branding.logo": Rule(Reach.ANYBODY),
    "fonts.font": Rule(Reach.ANYBODY),
    "fonts.faces": Rule(Reach.ANYBODY),
    "preferences.theme": Rule(Reach.ANYBODY),
    "preferences.language": Rule(Reach.ANYBODY),
    "platform.style": Rule(Reach.PLATFORM),
    # people, applications, messages
    "people.index": Rule(Reach.PROGRAM, Permission.MANAGE_PEOPLE),
    "people.take_many": Rule(Reach.PROGRAM, Permission.MANAGE_PEOPLE),
    "people.invite": Rule(Reach.PROGRAM, Permission.MANAGE_PEOPLE),
    "people.send_again": Rule(Reach.PROGRAM, Permission.MANAGE_PEOPLE),
    "people.withdraw": Rule(Reach.PROGRAM, Permission.MANAGE_PEOPLE),
    "invitations.index": Rule(Reach.PROGRAM, Permission.MANAGE_PEOPLE),
    "invitations.send_many": Rule(Reach.PROGRAM, Permission.MANAGE_PEOPLE),
    "invitations.withdraw_many": Rule(Reach.PROGRAM, Permission.MANAGE_PEOPLE),
    "people.show": Rule(Reach.MEMBER, Permission.MANAGE_PEOPLE),
    "people.change": Rule(Reach.MEMBER, Permission.MANAGE_PEOPLE),
    "people.take": Rule(Reach.MEMBER, Permission.MANAGE_PEOPLE),
    "people.erase": Rule(Reach.MEMBER, Permission.MANAGE_PEOPLE),
    "applications.index": Rule(Reach.PROGRAM, Permission.VET_APPLICATIONS),
    "applications.accept_many": Rule(Reach.PROGRAM, Permission.VET_APPLICATIONS),
    "applications.refuse_many": Rule(Reach.PROGRAM, Permission.VET_APPLICATIONS),
    "applications.show": Rule(Reach.APPLICATION, Permission.VET_APPLICATIONS),
    "applications.accept": Rule(Reach.APPLICATION, Permission.VET_APPLICATIONS),
    "applications.refuse": Rule(Reach.APPLICATION, Permission.VET_APPLICATIONS),
    "applications.ask": Rule(Reach.APPLICATION, Permission.VET_APPLICATIONS),
    "registration.index": Rule(Reach.PROGRAM, Permission.EDIT_PROGRAM),
    "registration.question": Rule(Reach.PROGRAM, Permission.EDIT_PROGRAM),
    "registration.move": Rule(Reach.PROGRAM, Permission.EDIT_PROGRAM),
    "registration.remove": Rule(Reach.PROGRAM, Permission.EDIT_PROGRAM),
    "registration.publish": Rule(Reach.PROGRAM, Permission.EDIT_PROGRAM),
    "registration.preview": Rule(Reach.PROGRAM, Permission.EDIT_PROGRAM),
    "join.form": Rule(Reach.FORM),
    "join.thanks": Rule(Reach.FORM),
    "consents.index": Rule(Reach.DISTRIBUTOR, Permission.MANAGE_TEAM),
    "consents.decide": Rule(Reach.DISTRIBUTOR, Permission.MANAGE_TEAM),
    "outbox.index": Rule(Reach.PROGRAM, Permission.MANAGE_PEOPLE),
    "outbox.send_many": Rule(Reach.PROGRAM, Permission.MANAGE_PEOPLE),
    "outbox.show": Rule(Reach.MESSAGE, Permission.MANAGE_PEOPLE),
    "outbox.send_again": Rule(Reach.MESSAGE, Permission.MANAGE_PEOPLE),
    "platform_outbox.index": Rule(Reach.PLATFORM),
    "platform_outbox.send_many": Rule(Reach.PLATFORM),
    "platform_outbox.show": Rule(Reach.PLATFORM),
    "platform_outbox.send_again": Rule(Reach.PLATFORM),
    "platform_users.index": Rule(Reach.PLATFORM),
    "platform_users.show": Rule(Reach.PLATFORM),
    "platform_users.act": Rule(Reach.PLATFORM),
    "installing.manifest": Rule(Reach.ANYBODY),
    "installing.worker": Rule(Reach.ANYBODY),
    "installing.offline": Rule(Reach.ANYBODY),
    "health.healthz": Rule(Reach.ANYBODY),
    "auth.sign_in": Rule(Reach.ANYBODY),
    "auth.second": Rule(Reach.SIGNED_IN, step=Step.SHOW_FACTOR),
    "auth.sign_out": Rule(Reach.SIGNED_IN, step=Step.SHOW_FACTOR),
    "ways.link": Rule(Reach.ANYBODY),
    "ways.link_sent": Rule(Reach.ANYBODY),
    "ways.open_link": Rule(Reach.ANYBODY),
    "ways.code": Rule(Reach.ANYBODY),
    "ways.enter_code": Rule(Reach.ANYBODY),
    "resets.ask": Rule(Reach.ANYBODY),
    "resets.sent": Rule(Reach.ANYBODY),
    "resets.choose": Rule(Reach.ANYBODY),
    "passkeys.options": Rule(Reach.ANYBODY),
    "passkeys.show": Rule(Reach.ANYBODY),
    "invited.accept": Rule(Reach.ANYBODY),
    # one's own account
    "account.index": Rule(Reach.SIGNED_IN),
    "security.index": Rule(Reach.SIGNED_IN),
    "security.password": Rule(Reach.SIGNED_IN),
    "security.email": Rule(Reach.SIGNED_IN),
    "security.email_code": Rule(Reach.SIGNED_IN),
    "security.phone": Rule(Reach.SIGNED_IN),
    "security.phone_code": Rule(Reach.SIGNED_IN),
    "security.remove_phone": Rule(Reach.SIGNED_IN),
    "confirm.ask": Rule(Reach.SIGNED_IN, step=Step.SET_UP_FACTOR),
    "confirm.options": Rule(Reach.SIGNED_IN, step=Step.SET_UP_FACTOR),
    "confirm.show": Rule(Reach.SIGNED_IN, step=Step.SET_UP_FACTOR),
    "factors.choose": Rule(Reach.SIGNED_IN, step=Step.SET_UP_FACTOR),
    "factors.begin_authenticator": Rule(Reach.SIGNED_IN, step=Step.SET_UP_FACTOR),
    "factors.authenticator": Rule(Reach.SIGNED_IN, step=Step.SET_UP_FACTOR),
    "factors.authenticator_picture": Rule(Reach.SIGNED_IN, step=Step.SET_UP_FACTOR),
    "factors.remove_authenticator": Rule(Reach.SIGNED_IN),
    "factors.recovery_codes": Rule(Reach.SIGNED_IN),
    "own_passkeys.index": Rule(Reach.SIGNED_IN, step=Step.SET_UP_FACTOR),
    "own_passkeys.options": Rule(Reach.SIGNED_IN, step=Step.SET_UP_FACTOR),
    "own_passkeys.add": Rule(Reach.SIGNED_IN, step=Step.SET_UP_FACTOR),
    "own_passkeys.rename": Rule(Reach.SIGNED_IN),
    "own_passkeys.remove": Rule(Reach.SIGNED_IN),
    "own_sessions.index": Rule(Reach.SIGNED_IN),
    "own_sessions.end": Rule(Reach.SIGNED_IN),
    "own_sessions.end_others": Rule(Reach.SIGNED_IN),
    "own_data.index": Rule(Reach.SIGNED_IN),
    "own_data.copy": Rule(Reach.SIGNED_IN),
    "own_data.ask": Rule(Reach.SIGNED_IN),
    "own_data.withdraw": Rule(Reach.SIGNED_IN),
    "home.home": Rule(Reach.SIGNED_IN),
    "overview.overview": Rule(Reach.PROGRAM, Permission.SEE_PROGRAM),
    "distributors.index": Rule(Reach.PROGRAM, Permission.SEE_DISTRIBUTORS),
    "distributors.move_many": Rule(Reach.PROGRAM, Permission.EDIT_DISTRIBUTOR),
    "distributors.block_many": Rule(Reach.PROGRAM, Permission.EDIT_DISTRIBUTOR),
    "distributors.unblock_many": Rule(Reach.PROGRAM, Permission.EDIT_DISTRIBUTOR),
    "records.show": Rule(Reach.DISTRIBUTOR, Permission.SEE_DISTRIBUTORS),
    "records.edit": Rule(Reach.DISTRIBUTOR, Permission.EDIT_DISTRIBUTOR),
    "records.block": Rule(Reach.DISTRIBUTOR, Permission.EDIT_DISTRIBUTOR),
    "customers.index": Rule(Reach.PROGRAM, Permission.LOOK_UP),
    "customers.show": Rule(Reach.DISTRIBUTOR, Permission.LOOK_UP),
    "customers.register": Rule(Reach.PROGRAM, Permission.LOOK_UP),
    "imports.index": Rule(Reach.PROGRAM, Permission.SEE_IMPORTS),
    "imports.show": Rule(Reach.IMPORT, Permission.SEE_IMPORTS),
    "imports.progress": Rule(Reach.IMPORT, Permission.SEE_IMPORTS),
    "imports.problems": Rule(Reach.IMPORT, Permission.TAKE_PROBLEMS),
    "import_drafts.index": Rule(Reach.PROGRAM, Permission.START_IMPORT),
    "import_drafts.take": Rule(Reach.PROGRAM, Permission.START_IMPORT),
    "import_drafts.check_all": Rule(Reach.PROGRAM, Permission.START_IMPORT),
    "import_drafts.import_all": Rule(Reach.PROGRAM, Permission.START_IMPORT),
    "import_drafts.show": Rule(Reach.DRAFT, Permission.START_IMPORT),
    "import_drafts.progress": Rule(Reach.DRAFT, Permission.START_IMPORT),
    "import_drafts.look": Rule(Reach.DRAFT, Permission.START_IMPORT),
    "import_drafts.columns": Rule(Reach.DRAFT, Permission.START_IMPORT),
    "import_drafts.check": Rule(Reach.DRAFT, Permission.START_IMPORT),
    "import_drafts.bring_in": Rule(Reach.DRAFT, Permission.START_IMPORT),
    "import_drafts.put_away": Rule(Reach.DRAFT, Permission.START_IMPORT),
    "import_profiles.index": Rule(Reach.PROGRAM, Permission.START_IMPORT),
    "import_profiles.show": Rule(Reach.PROFILE, Permission.START_IMPORT),
    "import_profiles.change": Rule(Reach.PROFILE, Permission.START_IMPORT),
    "import_profiles.export": Rule(Reach.PROFILE, Permission.START_IMPORT),
    "import_profiles.remove": Rule(Reach.PROFILE, Permission.START_IMPORT),
    "import_profiles.sample": Rule(Reach.PROGRAM, Permission.START_IMPORT),
    "imports.original": Rule(Reach.IMPORT, Permission.TAKE_PROBLEMS),
    "imports.undo": Rule(Reach.IMPORT, Permission.START_IMPORT),
    "unmatched.index": Rule(Reach.PROGRAM, Permission.SEE_IMPORTS),
    "unmatched.accept": Rule(Reach.PROGRAM, Permission.DECIDE),
    "unmatched.create": Rule(Reach.PROGRAM, Permission.DECIDE),
    "unmatched.ignore": Rule(Reach.PROGRAM, Permission.DECIDE),
    "unmatched.show": Rule(Reach.UNKNOWN_NAME, Permission.SEE_IMPORTS),
    "unmatched.match": Rule(Reach.UNKNOWN_NAME, Permission.DECIDE),
    "review.index": Rule(Reach.PROGRAM, Permission.SEE_REVIEW),
    "review.next": Rule(Reach.PROGRAM, Permission.DECIDE),
    "review.accept_many": Rule(Reach.PROGRAM, Permission.DECIDE),
    "review.refuse_many": Rule(Reach.PROGRAM, Permission.DECIDE),
    "deciding.show": Rule(Reach.DOCUMENT, Permission.SEE_REVIEW),
    "deciding.accept": Rule(Reach.DOCUMENT, Permission.DECIDE),
    "deciding.part": Rule(Reach.DOCUMENT, Permission.DECIDE),
    "deciding.refuse": Rule(Reach.DOCUMENT, Permission.DECIDE),
    "deciding.ask": Rule(Reach.DOCUMENT, Permission.DECIDE),
    "deciding.hold": Rule(Reach.DOCUMENT, Permission.DECIDE),
    "deciding.hand": Rule(Reach.DOCUMENT, Permission.DECIDE),
    "deciding.note": Rule(Reach.DOCUMENT, Permission.DECIDE),
    "deciding.reopen": Rule(Reach.DOCUMENT, Permission.DECIDE),
    "deciding.further": Rule(Reach.DOCUMENT, Permission.DECIDE),
    "deciding.before": Rule(Reach.DOCUMENT, Permission.DECIDE),
    "deciding.back": Rule(Reach.DOCUMENT, Permission.DECIDE),
    "views.save": Rule(Reach.PROGRAM, Permission.SEE_PROGRAM),
    "views.remove": Rule(Reach.PROGRAM, Permission.SEE_PROGRAM),
    "search.index": Rule(Reach.PROGRAM, Permission.SEE_PROGRAM),
    "search.suggest": Rule(Reach.PROGRAM, Permission.SEE_PROGRAM),
    # ledger, catalogue, adjustments, audit
    "ledger.index": Rule(Reach.PROGRAM, Permission.SEE_LEDGER),
    "ledger.show": Rule(Reach.TRANSACTION, Permission.SEE_LEDGER),
    "products.index": Rule(Reach.PROGRAM, Permission.SEE_PRODUCTS),
    "products.move_many": Rule(Reach.PROGRAM, Permission.EDIT_PROGRAM),
    "products.groups": Rule(Reach.PROGRAM, Permission.SEE_PRODUCTS),
    "audit.index": Rule(Reach.PROGRAM, Permission.SEE_AUDIT),
    "adjustments.index": Rule(Reach.PROGRAM, Permission.SEE_LEDGER),
    "adjustments.new": Rule(Reach.PROGRAM, Permission.REQUEST_ADJUSTMENT),
    "adjustments.approve_many": Rule(Reach.PROGRAM, Permission.DECIDE_ADJUSTMENT),
    "adjustments.refuse_many": Rule(Reach.PROGRAM, Permission.DECIDE_ADJUSTMENT),
    "adjustments.show": Rule(Reach.ADJUSTMENT, Permission.SEE_LEDGER),
    "adjustments.approve": Rule(Reach.ADJUSTMENT, Permission.DECIDE_ADJUSTMENT),
    "adjustments.refuse": Rule(Reach.ADJUSTMENT, Permission.DECIDE_ADJUSTMENT),
    "adjustments.withdraw": Rule(Reach.ADJUSTMENT, Permission.REQUEST_ADJUSTMENT),
    # reports
    "reports.activity": Rule(Reach.PROGRAM, Permission.SEE_REPORTS),
    "deliveries.index": Rule(Reach.PROGRAM, Permission.SEE_DOCUMENTS),
    "rewards.index": Rule(Reach.PROGRAM, Permission.SEE_PRODUCTS),
    "reports.products": Rule(Reach.PROGRAM, Permission.SEE_REPORTS),
    "reports.distributors": Rule(Reach.PROGRAM, Permission.SEE_REPORTS),
    "reports.points": Rule(Reach.PROGRAM, Permission.SEE_REPORTS),
    # the programme itself
    "program.settings": Rule(Reach.PROGRAM, Permission.EDIT_PROGRAM),
    "program.export": Rule(Reach.PROGRAM, Permission.EDIT_PROGRAM),
    "program.load": Rule(Reach.PROGRAM, Permission.EDIT_PROGRAM),
    "program.look": Rule(Reach.PROGRAM, Permission.EDIT_PROGRAM),
    "program.show_terms": Rule(Reach.PROGRAM, Permission.EDIT_TEXTS),
    "program.publish_terms": Rule(Reach.PROGRAM, Permission.EDIT_TEXTS),
    "program.all_texts": Rule(Reach.PROGRAM, Permission.EDIT_TEXTS),
    "program.show_text": Rule(Reach.TEXT, Permission.EDIT_TEXTS),
    "program.save_text": Rule(Reach.TEXT, Permission.EDIT_TEXTS),
    # portal
    "portal.home": Rule(Reach.DISTRIBUTOR, Permission.USE_PORTAL),
    "portal_documents.index": Rule(Reach.DISTRIBUTOR, Permission.LIST_DOCUMENTS),
    "portal_branches.index": Rule(Reach.DISTRIBUTOR, Permission.VISIT_BRANCHES),
    "portal_claims.index": Rule(Reach.DISTRIBUTOR, Permission.REGISTER_CLAIM),
    "portal_claims.new": Rule(Reach.DISTRIBUTOR, Permission.REGISTER_CLAIM),
    "portal_claims.suggest": Rule(Reach.DISTRIBUTOR, Permission.REGISTER_CLAIM),
    "portal_claims.edit": Rule(Reach.CLAIM, Permission.REGISTER_CLAIM),
    "portal_claims.check": Rule(Reach.CLAIM, Permission.REGISTER_CLAIM),
    "portal_claims.send": Rule(Reach.CLAIM, Permission.REGISTER_CLAIM),
    "portal_claims.page": Rule(Reach.CLAIM, Permission.REGISTER_CLAIM),
    "portal_claims.put_away": Rule(Reach.CLAIM, Permission.REGISTER_CLAIM),
    "portal_notices.index": Rule(Reach.DISTRIBUTOR, Permission.USE_PORTAL),
    "portal_terms.show": Rule(Reach.DISTRIBUTOR, Permission.USE_PORTAL),
    "portal_terms.accept": Rule(Reach.DISTRIBUTOR, Permission.USE_PORTAL),
    "portal_card.show": Rule(Reach.DISTRIBUTOR, Permission.SEE_CARD),
    "portal_card.convert": Rule(Reach.DISTRIBUTOR, Permission.CONVERT_POINTS),
    "portal_company.index": Rule(Reach.DISTRIBUTOR, Permission.MANAGE_TEAM),
    "portal_team.index": Rule(Reach.DISTRIBUTOR, Permission.MANAGE_TEAM),
    "portal_team.invite": Rule(Reach.DISTRIBUTOR, Permission.MANAGE_TEAM),
    "portal_team.change": Rule(Reach.DISTRIBUTOR, Permission.MANAGE_TEAM),
    # finance
    "runs.index": Rule(Reach.PROGRAM, Permission.SEE_MONEY),
    "runs.new": Rule(Reach.PROGRAM, Permission.PREPARE_RUN),
    "runs.show": Rule(Reach.RUN, Permission.SEE_MONEY),
    "runs.progress": Rule(Reach.RUN, Permission.SEE_MONEY),
    "runs.approve": Rule(Reach.RUN, Permission.APPROVE_RUN),
    "runs.order": Rule(Reach.RUN, Permission.PREPARE_RUN),
    "runs.send": Rule(Reach.RUN, Permission.PREPARE_RUN),
    "runs.reorder": Rule(Reach.RUN, Permission.PREPARE_RUN),
    "runs.cancel": Rule(Reach.RUN, Permission.PREPARE_RUN),
    "runs.settle": Rule(Reach.RUN, Permission.PREPARE_RUN),
    "runs.order_file": Rule(Reach.RUN, Permission.EXPORT),
    "runs.response_file": Rule(Reach.RUN, Permission.EXPORT),
    "top_ups.index": Rule(Reach.PROGRAM, Permission.SEE_MONEY),
    "cards.index": Rule(Reach.PROGRAM, Permission.SEE_MONEY),
    "cards.new": Rule(Reach.PROGRAM, Permission.PREPARE_RUN),
    "cards.order": Rule(Reach.PROGRAM, Permission.PREPARE_RUN),
    "liability.index": Rule(Reach.PROGRAM, Permission.SEE_MONEY),
    "statements.show": Rule(Reach.DISTRIBUTOR, Permission.SEE_STATEMENT),
    "documents.index": Rule(Reach.PROGRAM, Permission.SEE_DOCUMENTS),
    "documents.show": Rule(Reach.DOCUMENT, Permission.SEE_DOCUMENT),
    "documents.answered": Rule(Reach.DOCUMENT, Permission.USE_PORTAL),
    "documents.appeal": Rule(Reach.DOCUMENT, Permission.USE_PORTAL),
    "proofs.page": Rule(Reach.DOCUMENT, Permission.SEE_DOCUMENT),
    "proofs.file": Rule(Reach.DOCUMENT, Permission.SEE_DOCUMENT),
}
"""Every route, by endpoint. A route that is not here answers 404 to everybody, and a test fails."""


def can(permission: str) -> bool:
    """Tell templates whether whoever is signed in has a permission for what the page is about."""
    return Permission(permission) in permitted()


def permitted() -> Set[Permission]:
    """Give every permission that whoever is signed in has for what the page is about."""
    here = scope_or_none()
    if here is None:
        return frozenset()
    return _granted(person(), here)


def from_head_office() -> bool:
    """Tell templates whether whoever is signed in reads a branch of their distributor, and is none of its people."""
    here = scope_or_none()
    of = here.distributor if here is not None else None
    return of is not None and at_home_in(person(), of) != of.id


def _granted(who: Person, here: Scope) -> Set[Permission]:
    of = here.distributor
    if of is None:
        return permissions_of(who, here.program.id)
    return permissions_of(who, here.program.id, of.id, of.head_office_id)


def guard() -> Response | None:
    """Let a request through, ask for signing in, or find nothing."""
    if request.endpoint is None:
        return None  # no route: 404 or 405 follows
    rule = ROUTES.get(request.endpoint)
    if rule is None:
        _log.error("the route %s has no entry in app.web.permissions.ROUTES: it is refused", request.endpoint)
        abort(404)
    if rule.reach is Reach.ANYBODY:
        return None
    if rule.reach is Reach.FORM:
        _be_at(_form(session(), **(request.view_args or {})))
        return None
    come = step()
    if come is None or come < rule.step:
        return _ask_to_sign_in(come)
    if rule.reach is Reach.SIGNED_IN:
        return None
    if rule.reach is Reach.PLATFORM:
        return None if person().platform_owner else abort(404)
    who = person()
    found = _FINDERS[rule.reach](session(), **(request.view_args or {}))
    if found is None or rule.permission is None:
        abort(404)
    if rule.permission not in _granted(who, found):
        abort(404)
    _be_at(found)
    if rule.reach in (Reach.DOCUMENT, Reach.CLAIM) and not _theirs(who, found):
        abort(404)
    return None


def _be_at(found: Scope) -> None:
    """Keep where the page is; and what a page that goes wrong later still has to say, without the database."""
    g.scope = found
    g.training = bool(found.program.settings.get("training"))


def _theirs(who: Person, found: Scope) -> bool:
    """Tell whether somebody sees a document or a claim: a sales rep what bears their name, or what they wrote."""
    assert found.distributor is not None, "documents and claims are a distributor's"
    of = found.distributor
    return sees_all(who, found.program.id, of.id, of.head_office_id) or any(
        is_own(who, of.id, name) for name in (found.named, found.author)
    )


def _ask_to_sign_in(come: Step | None) -> Response:
    """Lead to the next step of signing in."""
    if request.accept_mimetypes.best == "application/json":
        abort(401)
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    page = "auth.sign_in" if come is None else _NEXT_STEP[come]
    return redirect(url_for(page, next=wanted if wanted != "/" else None), 303)


_NEXT_STEP = {Step.SHOW_FACTOR: "auth.second", Step.SET_UP_FACTOR: "factors.choose"}


def _form(session: Session, program_code: str) -> Scope:
    """Find the programme of a form that is published; anybody may see it."""
    found = registration.published_program(session, program_code)
    return abort(404) if found is None else Scope(found)


def _member(session: Session, program_code: str, membership_id: int) -> Scope | None:
    return _of_program(session, program_code, Membership, membership_id)


def _application(session: Session, program_code: str, application_id: int) -> Scope | None:
    return _of_program(session, program_code, Application, application_id)


def _message(session: Session, program_code: str, message_id: int) -> Scope | None:
    return _of_program(session, program_code, Message, message_id)


def _import(session: Session, program_code: str, batch_id: int) -> Scope | None:
    return _of_program(session, program_code, ImportBatch, batch_id)


def _unknown_name(session: Session, program_code: str, unknown_id: int) -> Scope | None:
    return _of_program(session, program_code, UnknownName, unknown_id)


def _draft(session: Session, program_code: str, draft_id: int) -> Scope | None:
    return _of_program(session, program_code, ImportDraft, draft_id)


def _profile(session: Session, program_code: str, profile_name: str) -> Scope | None:
    found = _program(session, program_code)
    return found if found is not None and profile_name in found.program.import_profiles else None


def _transaction(session: Session, program_code: str, transaction_id: int) -> Scope | None:
    return _of_program(session, program_code, LedgerTransaction, transaction_id)


def _adjustment(session: Session, program_code: str, adjustment_id: int) -> Scope | None:
    return _of_program(session, program_code, AdjustmentRequest, adjustment_id)


def _run(session: Session, program_code: str, run_id: int, **_further: int) -> Scope | None:
    return _of_program(session, program_code, ConversionRun, run_id)


def _of_text(session: Session, program_code: str, key: str) -> Scope | None:
    return _program(session, program_code) if key in TEXTS else None


_OF_CODE = Program.code == bindparam("code")
_OF_ID = bindparam("id", type_=BigInteger)
_THINGS: Mapping[type[Any], Select[Any]] = {
    model: select(Program).join(model, model.program_id == Program.id).where(_OF_CODE, model.id == _OF_ID)
    for model in (
        Membership,
        Application,
        Message,
        ImportBatch,
        ImportDraft,
        UnknownName,
        LedgerTransaction,
        AdjustmentRequest,
        ConversionRun,
    )
}
_PROGRAM = select(Program).where(_OF_CODE)
_BRANCH = aliased(Distributor)
_ONE = (
    Distributor.id,
    Distributor.code,
    Distributor.name,
    Distributor.head_office_id,
    exists().where(_BRANCH.head_office_id == Distributor.id),
)
_DISTRIBUTOR = (
    select(Program, *_ONE)
    .join(Distributor, Distributor.program_id == Program.id)
    .where(_OF_CODE, Distributor.id == _OF_ID)
)
_DOCUMENT = (
    select(Program, SalesDocument.person, *_ONE)
    .join(SalesDocument, SalesDocument.program_id == Program.id)
    .join(Distributor, Distributor.id == SalesDocument.distributor_id)
    .where(_OF_CODE, SalesDocument.id == _OF_ID)
)
_CLAIM = (
    select(Program, Claim.person, Claim.author, *_ONE)
    .join(Claim, Claim.program_id == Program.id)
    .join(Distributor, Distributor.id == Claim.distributor_id)
    .where(_OF_CODE, Claim.id == _OF_ID, Distributor.id == bindparam("distributor_id", type_=BigInteger))
)


def _of_program(session: Session, program_code: str, model: type[Any], id_: int) -> Scope | None:
    """Find a programme and a thing of it."""
    found = session.scalars(_THINGS[model], {"code": program_code, "id": id_}).one_or_none()
    return None if found is None else Scope(found, thing_id=id_)


def _program(session: Session, program_code: str) -> Scope | None:
    found = session.scalars(_PROGRAM, {"code": program_code}).one_or_none()
    return None if found is None else Scope(found)


def _distributor(session: Session, program_code: str, distributor_id: int) -> Scope | None:
    row = session.execute(_DISTRIBUTOR, {"code": program_code, "id": distributor_id}).one_or_none()
    return None if row is None else Scope(row[0], OneDistributor(*row[1:]))


def _document(session: Session, program_code: str, document_id: int, **_further: int) -> Scope | None:
    row = session.execute(_DOCUMENT, {"code": program_code, "id": document_id}).one_or_none()
    return None if row is None else Scope(row[0], OneDistributor(*row[2:]), document_id, named=row[1])


def _claim(session: Session, program_code: str, distributor_id: int, claim_id: int, **_further: int) -> Scope | None:
    asked = {"code": program_code, "distributor_id": distributor_id, "id": claim_id}
    row = session.execute(_CLAIM, asked).one_or_none()
    return None if row is None else Scope(row[0], OneDistributor(*row[3:]), claim_id, named=row[1], author=row[2])


_FINDERS: Mapping[Reach, Callable[..., Any]] = {
    Reach.PROGRAM: _program,
    Reach.DISTRIBUTOR: _distributor,
    Reach.DOCUMENT: _document,
    Reach.CLAIM: _claim,
    Reach.IMPORT: _import,
    Reach.DRAFT: _draft,
    Reach.PROFILE: _profile,
    Reach.UNKNOWN_NAME: _unknown_name,
    Reach.RUN: _run,
    Reach.TEXT: _of_text,
    Reach.MEMBER: _member,
    Reach.APPLICATION: _application,
    Reach.MESSAGE: _message,
    Reach.TRANSACTION: _transaction,
    Reach.ADJUSTMENT: _adjustment,
}
