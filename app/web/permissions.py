"""Who may see which page: one table with every route, and the guard that asks it before anything else happens.

What somebody may not see is not found (404): the answer does not tell whether it exists.
"""

import enum
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import abort, g, redirect, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.models.distributors import Distributor
from app.models.imports import ImportBatch
from app.models.prepaid import ConversionRun
from app.models.programs import Program
from app.models.sales import SalesDocument
from app.services.people import Permission, may
from app.services.signing_in import Step
from app.web.context import OneDistributor, Scope, person, scope, session, step

_log = logging.getLogger(__name__)


class Reach(enum.Enum):
    """What the address of a page names, and so where its permission is asked for."""

    ANYBODY = "anybody"
    SIGNED_IN = "signed in"
    PLATFORM = "the platform"
    PROGRAM = "a programme"
    DISTRIBUTOR = "a distributor of a programme"
    DOCUMENT = "a document of a programme"
    IMPORT = "an import of a programme"
    RUN = "a conversion run of a programme"


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
    "home.home": Rule(Reach.SIGNED_IN),
    "overview.overview": Rule(Reach.PROGRAM, Permission.SEE_PROGRAM),
    "distributors.index": Rule(Reach.PROGRAM, Permission.SEE_DISTRIBUTORS),
    "imports.index": Rule(Reach.PROGRAM, Permission.SEE_IMPORTS),
    "imports.show": Rule(Reach.IMPORT, Permission.SEE_IMPORTS),
    "imports.progress": Rule(Reach.IMPORT, Permission.SEE_IMPORTS),
    "imports.problems": Rule(Reach.IMPORT, Permission.TAKE_PROBLEMS),
    "review.index": Rule(Reach.PROGRAM, Permission.SEE_REVIEW),
    "views.save": Rule(Reach.PROGRAM, Permission.SEE_PROGRAM),
    "views.remove": Rule(Reach.PROGRAM, Permission.SEE_PROGRAM),
    "search.index": Rule(Reach.PROGRAM, Permission.SEE_PROGRAM),
    "search.suggest": Rule(Reach.PROGRAM, Permission.SEE_PROGRAM),
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
    "documents.show": Rule(Reach.DOCUMENT, Permission.SEE_DOCUMENT),
}
"""Every route, by endpoint. A route that is not here answers 404 to everybody, and a test fails."""


def can(permission: str) -> bool:
    """Tell templates whether whoever is signed in has a permission for what the page is about."""
    here = scope()
    return may(person(), Permission(permission), here.program.id, here.distributor.id if here.distributor else None)


def permitted() -> frozenset[str]:
    """Give every permission that whoever is signed in has for what the page is about."""
    return frozenset(one.value for one in Permission if can(one.value))


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
    if not may(who, rule.permission, found.program.id, found.distributor.id if found.distributor else None):
        abort(404)
    g.scope = found
    return None


def _ask_to_sign_in(come: Step | None) -> Response:
    """Lead to the next step of signing in."""
    if request.accept_mimetypes.best == "application/json":
        abort(401)
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    page = "auth.sign_in" if come is None else _NEXT_STEP[come]
    return redirect(url_for(page, next=wanted if wanted != "/" else None), 303)


_NEXT_STEP = {Step.SHOW_FACTOR: "auth.second", Step.SET_UP_FACTOR: "factors.choose"}


def _program(session: Session, program_code: str) -> Scope | None:
    found = session.scalars(select(Program).where(Program.code == program_code)).one_or_none()
    return None if found is None else Scope(found)


def _distributor(session: Session, program_code: str, distributor_id: int) -> Scope | None:
    row = session.execute(
        select(Program, Distributor.id, Distributor.code, Distributor.name)
        .join(Distributor, Distributor.program_id == Program.id)
        .where(Program.code == program_code, Distributor.id == distributor_id)
    ).one_or_none()
    return None if row is None else Scope(row[0], OneDistributor(*row[1:]))


def _document(session: Session, program_code: str, document_id: int) -> Scope | None:
    row = session.execute(
        select(Program, Distributor.id, Distributor.code, Distributor.name)
        .join(SalesDocument, SalesDocument.program_id == Program.id)
        .join(Distributor, Distributor.id == SalesDocument.distributor_id)
        .where(Program.code == program_code, SalesDocument.id == document_id)
    ).one_or_none()
    return None if row is None else Scope(row[0], OneDistributor(*row[1:]), document_id)


def _import(session: Session, program_code: str, batch_id: int) -> Scope | None:
    found = session.scalars(
        select(Program)
        .join(ImportBatch, ImportBatch.program_id == Program.id)
        .where(Program.code == program_code, ImportBatch.id == batch_id)
    ).one_or_none()
    return None if found is None else Scope(found, thing_id=batch_id)


def _run(session: Session, program_code: str, run_id: int, **_further: int) -> Scope | None:
    found = session.scalars(
        select(Program)
        .join(ConversionRun, ConversionRun.program_id == Program.id)
        .where(Program.code == program_code, ConversionRun.id == run_id)
    ).one_or_none()
    return None if found is None else Scope(found, thing_id=run_id)


_FINDERS: Mapping[Reach, Callable[..., Any]] = {
    Reach.PROGRAM: _program,
    Reach.DISTRIBUTOR: _distributor,
    Reach.DOCUMENT: _document,
    Reach.IMPORT: _import,
    Reach.RUN: _run,
}
