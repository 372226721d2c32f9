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
from app.web.access.own import own_documents_only, own_names
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
    agreed = terms.in_force(session(), here.program.id, who.id)
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
        steps=[*_asked(of), *_steps(balance, agreed, card, soon), *_within_reach(of)],
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
    """Give what waits for an answer of this distributor's, the oldest first: documents, and sales reps who apply."""
    documents = (
        select(SalesDocument.id, SalesDocument.number.label("named"), literal(value=False).label("applies"))
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
        select(Application.id, Application.name.label("named"), literal(value=True).label("applies"))
        .where(Application.distributor_id == distributor.id, Application.state == ApplicationState.CONSENT)
        .order_by(Application.id)
        .limit(_MOST_ASKED)
    )
    parts = [documents, *((applying,) if Permission.MANAGE_TEAM in permitted() else ())]
    query = union_all(*(select(part.subquery()) for part in parts)).order_by("applies", "id")
    return [_consent(named) if applies else _answer(id_, named) for id_, named, applies in session().execute(query)]


def _answer(document_id: int, number: str) -> Step:
    return Step(
        gettext("Answer what was asked about %(number)s", number=number),
        gettext("It is decided once you have answered."),
        url_for("documents.show", program_code=scope().program.code, document_id=document_id),
        "file",
    )


def _consent(name: str) -> Step:
    return Step(
        gettext("Say whether %(name)s may join as a sales rep of yours", name=name),
        gettext("Nobody gets in before you have agreed."),
        url_for("consents.index", **own()),
        "user-add",
    )


def _steps(
    balance: balances.Balance, agreed: terms.Terms | None, card: cards.OwnCard | None, soon: balances.Expiring | None
) -> list[Step]:
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
    if agreed is not None and agreed.accepted_at is None:
        found.append(
            Step(
                gettext("Read and accept the terms"),
                gettext("There is a version that you have not accepted yet."),
                url_for("portal_terms.show", **own()),
                "file",
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
    """Give what the promotion that ends first still asks for; one of sales reps is on their own accounts alone."""
    program_id = scope().program.id
    if not showing.runs_for(session(), program_id, distributor.id):
        return []
    rules = rules_of(session(), program_id)
    names = own_names(person(), program_id, distributor.id, distributor.head_office_id)
    running = [
        (one, following)
        for one in showing.progress_of(session(), rules, distributor.id, names, today())
        if (following := one.next_step) is not None
        and (not one.person or distributor.company_id is not None)
        and one.is_open
        and one.target
        and one.days_left
        and not (one.budget is not None and one.budget.spent)
    ]
    return [_missing(one, following) for one, following in sorted(running, key=lambda pair: pair[0].days_left)[:1]]


def _missing(one: showing.Progress, following: showing.StepShown) -> Step:
    missing, reward = measured(one.definition.metric, following.missing), given(following.reward)
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
