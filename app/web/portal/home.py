"""The portal's first page: what one has, what comes, what expires, and what to do next."""

import hashlib
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from flask_babel import gettext, ngettext
from sqlalchemy import func, literal, select, union_all
from werkzeug.wrappers import Response

from app.domain.roles import Permission, may
from app.domain.states import ApplicationState, DocumentStatus, ReviewState, Unit
from app.models.joining import Application
from app.models.reviews import Review
from app.models.sales import SalesDocument
from app.services.joining import terms
from app.services.ledger import liability
from app.services.owners import pools
from app.services.persons.reading import own_account
from app.services.promotions import showing
from app.services.rulebooks import rules_of
from app.services.telling import expiry_notices, notices
from app.services.tracing import balances
from app.web import formats
from app.web.access.guarding import permitted
from app.web.access.own import own_documents_only
from app.web.context import OneDistributor, distributor_here, person, scope, session, today
from app.web.portal.notices.leading import leads_to
from app.web.portal.notices.notices import sentence
from app.web.words.promotions import given, measured
from prepaid.cards import cards
from prepaid.redeeming import quoting

bp = Blueprint("portal", __name__)

_MOST_ASKED = 3
"""So many of what waits for an answer are named; the others are where it stands."""


@dataclass(frozen=True)
class Step:
    """Something that one can do next."""

    text: str
    why: str
    address: str
    icon: str


@bp.get("/portal/<code:program_code>/<id:distributor_id>/")
def home(program_code: str, distributor_id: int) -> str | Response:
    here, who = scope(), person()
    of = distributor_here()
    if not may(who, Permission.SEE_STATEMENT, here.program.id, of.id):
        theirs = own_account(session(), of.id, who.id)
        if theirs is not None:
            return redirect(url_for("portal.home", program_code=program_code, distributor_id=theirs), 303)
        return redirect(url_for("portal_documents.index", **own()), 303)
    balance = balances.balance_of(session(), here.program.id, of.code, Unit.POINTS)
    news = notices.newest(session(), here.program.id, of.id, who.id, limit=4)
    card = cards.card_of(session(), of.id)
    expiring = balances.expiring(session(), of.id, Unit.POINTS)
    ahead = today() + expiry_notices.ahead_of(here.program)
    soon = expiring[0] if expiring and expiring[0].expires_on <= ahead else None
    return render_template(
        "portal/home.html",
        balance=balance,
        worth=liability.worth_minor(max(balance.available, 0), here.program.point_value_micro),
        expiring=expiring,
        steps=[*_asked(of), *_steps(balance, card, soon), *_within_reach(of)],
        news=[(sentence(one), leads_to(one, own()), one.created_at) for one in news],
        seat=pools.seat_of(session(), of.id),
        documents=_counts(of) if of.company_id is None else None,
        company=_company(of),
        movements=balances.statement(session(), of.id, Unit.POINTS, limit=5),
        own=own(),
        owner=kept_for(),
    )


def kept_for() -> str:
    """Give the sign under which a browser keeps what this person typed and has not sent yet."""
    return hashlib.sha256(person().login.encode()).hexdigest()[:16]


def own() -> dict[str, Any]:
    """Give what every address of this distributor's portal takes."""
    return {"program_code": scope().program.code, "distributor_id": distributor_here().id}


def _company(distributor: OneDistributor) -> dict[str, Any] | None:
    """Give the address of the company of whose documents this account has a share, for whoever is of it still."""
    here = {"program_code": scope().program.code, "distributor_id": distributor.company_id}
    allowed = distributor.company_id is not None and may(
        person(), Permission.LIST_DOCUMENTS, scope().program.id, distributor.company_id
    )
    return here if allowed else None


def _asked(distributor: OneDistributor) -> list[Step]:
    """Give what waits for an answer, the oldest first: documents, sales reps who apply, and terms to be accepted."""
    documents = (
        select(SalesDocument.id, SalesDocument.number.label("named"), literal(0).label("what"))
        .join(Review, Review.document_id == SalesDocument.id)
        .where(
            Review.program_id == scope().program.id,
            Review.closed_at.is_(None),
            Review.state == ReviewState.ASKED,
            SalesDocument.distributor_id == distributor.id,
            *own_documents_only(),
        )
        .order_by(SalesDocument.id)
        .limit(_MOST_ASKED)
    )
    applying = (
        select(Application.id, Application.name.label("named"), literal(1).label("what"))
        .where(Application.distributor_id == distributor.id, Application.state == ApplicationState.CONSENT)
        .order_by(Application.id)
        .limit(_MOST_ASKED)
    )
    agreeing = terms.to_accept(scope().program.id, person().id).add_columns(
        literal("").label("named"), literal(2).label("what")
    )
    parts = [documents, *((applying,) if Permission.MANAGE_TEAM in permitted() else ()), agreeing]
    query = union_all(*(select(part.subquery()) for part in parts)).order_by("what", "id")
    return [(_answer, _consent, _accept)[what](id_, named) for id_, named, what in session().execute(query)]


def _answer(document_id: int, number: str) -> Step:
    return Step(
        gettext("Answer what was asked about %(number)s", number=number),
        gettext("It is decided once you have answered."),
        url_for("documents.show", program_code=scope().program.code, document_id=document_id),
        "file",
    )


def _accept(_terms_id: int, _name: str) -> Step:
    return Step(
        gettext("Read and accept the terms"),
        gettext("There is a version that you have not accepted yet."),
        url_for("portal_terms.show", **own()),
        "file",
    )


def _consent(_application_id: int, name: str) -> Step:
    return Step(
        gettext("Say whether %(name)s may join as a sales rep of yours", name=name),
        gettext("Nobody gets in before you have agreed."),
        url_for("consents.index", **own()),
        "user-add",
    )


def _steps(balance: balances.Balance, card: cards.OwnCard | None, soon: balances.Expiring | None) -> list[Step]:
    found = []
    if soon is not None:
        found.append(
            Step(
                gettext(
                    "%(points)s points expire on %(day)s",
                    points=formats.points(soon.amount),
                    day=formats.day(soon.expires_on),
                ),
                gettext("It is the last day on which they can be spent."),
                url_for("statements.show", **own()),
                "clock",
            )
        )
    if Permission.CONVERT_POINTS in permitted() and quoting.may_ask(scope().program, balance.available):
        found.append(
            Step(
                gettext("Turn points into money on your card"),
                formats.worded(balance.available, Unit.POINTS)
                if card is not None
                else gettext("Your card is ordered with the first top-up, or registered by the programme."),
                url_for("portal_card.show", **own()),
                "top-ups",
            )
        )
    return found


def _within_reach(distributor: OneDistributor) -> list[Step]:
    """Give what the promotion that ends first still asks for."""
    rules = rules_of(session(), scope().program.id)
    own_account_here = distributor.company_id is not None
    ahead = showing.ending_first(session(), rules, distributor.id, today(), of_people=own_account_here)
    return [] if ahead is None else [_missing(ahead)]


def _missing(one: showing.Ahead) -> Step:
    missing, reward = measured(one.definition.metric, one.step.missing), given(one.step.reward)
    left = ngettext("%(num)s day left", "%(num)s days left", one.days_left)
    return Step(
        gettext("%(missing)s more, and you get %(reward)s.", missing=missing, reward=reward),
        f"{one.definition.name} · {left}",
        url_for("portal_promotions.index", **own()),
        "trophy",
    )


def _counts(distributor: OneDistributor) -> dict[str, int]:
    query = (
        select(SalesDocument.status, func.count())
        .where(SalesDocument.distributor_id == distributor.id, *own_documents_only())
        .group_by(SalesDocument.status)
    )
    found: dict[DocumentStatus, int] = dict(session().execute(query).all())
    return {status.name.lower(): found.get(status, 0) for status in DocumentStatus}
