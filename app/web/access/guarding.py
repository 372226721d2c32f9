"""The guard before every page: may they see it, and how far must they have come in signing in?

What somebody may not see is not found (404): the answer does not tell whether it exists.
"""

import logging
from collections.abc import Set

from flask import abort, g, redirect, request, url_for
from werkzeug.wrappers import Response

from app.domain.roles import Permission, Person, permissions_of
from app.models.drafts import ImportDraft
from app.services.access.signing_in import Step
from app.services.joining import registration
from app.web.access.own import at_home_in, is_own, sees_all
from app.web.access.permissions import ROUTES, Reach
from app.web.access.reaching import reached
from app.web.context import Scope, person, scope_or_none, session, step

_log = logging.getLogger(__name__)


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
        _log.error("the route %s has no entry in app.web.access.permissions.ROUTES: it is refused", request.endpoint)
        abort(404)
    if rule.reach is Reach.ANYBODY:
        return None
    if rule.reach is Reach.FORM:
        published = registration.published_program(session(), **(request.view_args or {}))
        _be_at(abort(404) if published is None else Scope(published))
        return None
    come = step()
    if come is None or come < rule.step:
        return _ask_to_sign_in(come)
    if rule.reach is Reach.SIGNED_IN:
        return None
    if rule.reach is Reach.PLATFORM:
        return None if person().platform_owner else abort(404)
    who = person()
    found = reached(session(), rule.reach, request.view_args or {})
    if found is None or rule.permission is None:
        abort(404)
    granted = _granted(who, found)
    if rule.permission not in granted and not (rule.of_statements in granted and _is_statement()):
        abort(404)
    _be_at(found)
    if rule.reach in (Reach.DOCUMENT, Reach.CLAIM, Reach.DISPUTE) and not _theirs(who, found):
        abort(404)
    return None


def _is_statement() -> bool:
    """Tell whether the file that the address names was brought as a statement of the card provider."""
    draft = session().get_one(ImportDraft, (request.view_args or {})["draft_id"])
    return draft.kind == "statements" and draft.kind_said


def _be_at(found: Scope) -> None:
    """Keep where the page is; and what a page that goes wrong later still has to say, without the database."""
    g.scope = found
    g.training = bool(found.program.settings.get("training"))


def _theirs(who: Person, found: Scope) -> bool:
    """Tell whether somebody sees a document or a claim: a sales rep what bears their name, or what they wrote."""
    assert found.distributor is not None, "documents and claims are a distributor's"
    of = found.distributor
    return sees_all(who, found.program.id, of.id, of.head_office_id) or any(
        is_own(who, of.id, name) for name in (found.named, found.author, *found.claimants)
    )


def _ask_to_sign_in(come: Step | None) -> Response:
    """Lead to the next step of signing in."""
    if request.accept_mimetypes.best == "application/json":
        abort(401)
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    page = "auth.sign_in" if come is None else _NEXT_STEP[come]
    return redirect(url_for(page, next=wanted if wanted != "/" else None), 303)


_NEXT_STEP = {Step.SHOW_FACTOR: "auth.second", Step.SET_UP_FACTOR: "factors.choose"}
