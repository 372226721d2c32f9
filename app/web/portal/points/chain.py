"""Every number opens into what it is made of: a balance into lots, a lot into movements, a top-up back into sales."""

from dataclasses import dataclass, replace

from flask import Blueprint, abort, render_template, request
from flask_babel import gettext

from app.domain.points import chain as words
from app.domain.points.chain import Cause
from app.domain.roles import Permission, may
from app.domain.states import Unit
from app.models.orders import RewardOrder
from app.services.by_hand import disputes, granted_disputes
from app.services.persons.reading import shared_with
from app.services.tracing import balances, chain, explanations
from app.services.tracing.chain import LotSeen, Movement, NotTheirs
from app.web import formats
from app.web.access.guarding import can
from app.web.access.own import sees_all
from app.web.addresses import id_asked
from app.web.context import distributor_here, person, scope, session
from app.web.lists import paging
from app.web.portal.home import own
from app.web.words import runs
from app.web.words.movements import movement_name, movement_reason
from app.web.words.telling import Telling
from app.web.words.wording import DISPUTE_STATE, MOVEMENT

bp = Blueprint("chain", __name__)

MOST_LOTS = 25
"""Lots that are shown on the page of a top-up or an order; the others are so many more."""

MOST_PARTS = 500
"""Parts of a movement, and movements of a lot, that are shown on its page; the others are so many more."""

LINES = 5
"""Lines of a document that are shown below what it brought; the others stand on its page."""


@dataclass(frozen=True)
class Told:
    """A lot in words: what brought it, and where that stands in a file."""

    lot: LotSeen
    sentence: str
    file: str


def cause(movement: Movement, amount: int, unit: Unit) -> Cause:
    """Write what caused a movement as its reader writes amounts and days."""
    what = (
        formats.worded(abs(amount), unit)
        if unit is Unit.POINTS
        else f"{formats.money(abs(amount))} {scope().program.currency}"
    )
    return Cause(
        movement.kind,
        what,
        formats.day(movement.effective_on),
        movement.document_number or "",
        movement_name(movement) or "",
        movement_reason(movement.reason) if movement.reason else str(MOVEMENT[movement.kind]),
    )


def _told(lot: LotSeen, amount: int, unit: Unit) -> Told:
    source = _open(lot.source)
    return Told(lot, words.brought(cause(source, amount, unit), gettext), source.file_name or "")


def _open(movement: Movement) -> Movement:
    """Give a movement as far as it opens: who shares a balance does not see into the documents of the others.

    What a document gave to a person's own account opens for that person, as long as they are of the company.
    """
    here, who = scope(), person()
    if movement.owner_id is None or sees_all(who, here.program.id, movement.owner_id):
        return movement
    of_company = here.distributor is not None and here.distributor.company_id == movement.owner_id
    if of_company and may(who, Permission.SEE_DOCUMENT, here.program.id, movement.owner_id):
        return movement
    return replace(movement, document_id=None, file_name=None, batch_id=None)


def _unit() -> Unit:
    return Unit.MONEY if request.args.get("unit") == "money" else Unit.POINTS


@bp.get("/programs/<code:program_code>/distributors/<id:distributor_id>/made-of")
def balance(program_code: str, distributor_id: int) -> str:
    here, unit, after = scope(), _unit(), id_asked("after")
    lots = chain.lots_left(session(), distributor_id, unit, after=after or 0, most=paging.ROWS + 1)
    page = paging.page(lots, first=after is None)
    return render_template(
        "portal/points/chain/balance.html",
        balance=balances.balance_of(session(), here.program.id, distributor_here().code, unit),
        unit=unit,
        page=page,
        told=[_told(lot, lot.remaining, unit) for lot in page.rows],
        own=own(),
    )


@bp.get("/programs/<code:program_code>/distributors/<id:distributor_id>/lots/<id:lot_id>")
def lot(program_code: str, distributor_id: int, lot_id: int) -> str:
    unit = _unit()
    try:
        found, uses = chain.lot(session(), distributor_id, lot_id)
    except NotTheirs:
        abort(404)
    return render_template(
        "portal/points/chain/lot.html",
        told=_told(found, found.amount, unit),
        uses=[(use, _used(use, unit)) for use in uses[:MOST_PARTS]],
        more=max(len(uses) - MOST_PARTS, 0),
        document=(opened := _document(found.source)),
        shared=shared_with(session(), opened.id) if opened is not None and opened.shared else (),
        unit=unit,
        own=own(),
    )


def _used(use: chain.Use, unit: Unit) -> str:
    say = words.took if use.amount < 0 else words.brought
    return say(cause(use.movement, use.amount, unit), gettext)


def _document(source: Movement) -> explanations.DocumentExplained | None:
    """Explain the first lines of the document that brought something."""
    document_id = _open(source).document_id
    if document_id is None:
        return None
    return explanations.explain_document(session(), scope().program, document_id, Telling(), most=LINES)


@bp.get("/programs/<code:program_code>/distributors/<id:distributor_id>/movements/<id:movement_id>")
def movement(program_code: str, distributor_id: int, movement_id: int) -> str:
    try:
        found, unit, parts = chain.movement(session(), distributor_id, movement_id)
    except NotTheirs:
        abort(404)
    changed = sum(part.changed for part in parts)
    shown = changed or sum(part.available for part in parts)
    say = words.took if shown < 0 else words.brought
    disputed = None
    if found.kind in disputes.MOVEMENTS:
        said = disputes.of_movement(session(), movement_id)
        disputed = granted_disputes.as_seen(session(), said, by_distributor=not can("see_ledger"))
    return render_template(
        "portal/points/chain/movement.html",
        movement=_open(found),
        unit=unit,
        sentence=say(cause(found, shown, unit), gettext),
        parts=[(part, _told(part.lot, part.lot.amount, unit) if part.lot else None) for part in parts[:MOST_PARTS]],
        more=max(len(parts) - MOST_PARTS, 0),
        document=_document(found),
        disputed=disputed,
        dispute_states=DISPUTE_STATE,
        own=own(),
    )


@bp.get("/programs/<code:program_code>/distributors/<id:distributor_id>/orders/<id:reward_order_id>/made-of")
def order(program_code: str, distributor_id: int, reward_order_id: int) -> str:
    found = session().get_one(RewardOrder, reward_order_id)
    lots = chain.order(session(), reward_order_id)
    return render_template(
        "portal/points/chain/order.html",
        order=found,
        lots=[(_told(lot, amount, Unit.POINTS), amount, _document(lot.source)) for lot, amount in lots[:MOST_LOTS]],
        more=max(len(lots) - MOST_LOTS, 0),
        own=own(),
    )


@bp.get("/programs/<code:program_code>/top-ups/<id:top_up_id>")
def top_up(program_code: str, top_up_id: int) -> str:
    spent = chain.top_up(session(), scope().program.id, top_up_id)
    return render_template(
        "portal/points/chain/top_up.html",
        spent=spent,
        state=runs.TOP_UP[spent.status],
        lots=[
            (_told(lot, amount, spent.unit), amount, _document(lot.source)) for lot, amount in spent.lots[:MOST_LOTS]
        ],
        more=max(len(spent.lots) - MOST_LOTS, 0),
        own=own(),
    )
