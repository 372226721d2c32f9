"""One document before one person who decides it: by keyboard, and the next one at once."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.db.transaction import transaction
from app.domain.roles import Permission
from app.domain.saying.reasons import sentence
from app.domain.states import DocumentStatus
from app.extensions import db
from app.models.sales import SalesDocument
from app.services.counting.wordings import successor
from app.services.telling.languages import NotANumber, TooManyDecimals
from app.web import formats
from app.web.access.guarding import permitted
from app.web.admin.documents import in_review
from app.web.context import now, person, scope, session
from app.web.forms.form import Form, choice
from app.web.lists.asking import kept_in
from app.web.words.verdicts import Accepting, Handing, Refusing, Saying, told, why_not
from verification.claiming import proofs
from verification.deciding import decisions, dossier, queue, talk
from verification.deciding.errors import CannotDecide
from verification.deciding.timeline import timeline
from verification.stored import named_seller

bp = Blueprint("deciding", __name__)

LINES = 200
"""Lines of a document before somebody; one with more is read on its own page."""

FORMS: dict[str, Callable[..., Form]] = {
    "accept": Accepting,
    "refuse": Refusing,
    "part": Refusing,
    "ask": Saying,
    "hold": Saying,
    "hand": Handing,
    "note": Saying,
    "reopen": Saying,
}


@bp.get("/programs/<code:program_code>/review/<id:document_id>")
def show(program_code: str, document_id: int) -> str:
    """Show the document to whoever decides, who has it from now on."""
    if Permission.DECIDE in permitted():
        with transaction(db.session) as writing:
            queue.take(writing, scope().program.id, document_id, person().login, now=now())
    return _page(document_id)


@bp.post("/programs/<code:program_code>/review/<id:document_id>/accept")
def accept(program_code: str, document_id: int) -> Response | tuple[str, int]:
    return _decide(document_id, "accept", DocumentStatus.ACCEPTED)


@bp.post("/programs/<code:program_code>/review/<id:document_id>/refuse")
def refuse(program_code: str, document_id: int) -> Response | tuple[str, int]:
    return _decide(document_id, "refuse", DocumentStatus.REFUSED)


def _decide(document_id: int, name: str, becomes: DocumentStatus) -> Response | tuple[str, int]:
    def act(writing: Session, form: Any) -> str:
        how = {"code": form.code.data, "reason": form.words.data or "", "actor": person().login, "now": now()}
        is_now = decisions.decide(writing, scope().program, document_id, becomes, **how)
        if is_now is DocumentStatus.REVIEW:
            return gettext("Accepted; it takes a second person now.")
        return gettext("Accepted.") if is_now is DocumentStatus.ACCEPTED else gettext("Refused.")

    return _done(document_id, name, act)


@bp.post("/programs/<code:program_code>/review/<id:document_id>/part")
def part(program_code: str, document_id: int) -> Response | tuple[str, int]:
    """Accept the lines that are ticked, and so much of each as is written."""
    lines = dossier.lines_of(session(), document_id)
    quantities: dict[int, int] = {}
    wrong: list[str] = []
    for line in lines:
        if request.form.get(f"line-{line.number}") != "1":
            continue
        try:
            quantity = formats.here().read(request.form.get(f"quantity-{line.number}", "")[:50], 3)
        except (NotANumber, TooManyDecimals):
            quantity = 0
        if quantity and 0 < abs(quantity) <= abs(line.quantity_milli) and (quantity > 0) == (line.quantity_milli > 0):
            quantities[line.number] = quantity
        else:
            most = formats.here().quantity(line.quantity_milli)
            wrong.append(gettext("Line %(line)s: write a quantity up to %(most)s.", line=line.number, most=most))
    if not quantities and not wrong:
        wrong.append(gettext("Leave a line; to leave none, refuse the document."))
    if quantities == {line.number: line.quantity_milli for line in lines}:
        wrong.append(gettext("This is the whole document; leave a line out, or lower a quantity."))

    def act(writing: Session, form: Any) -> str:
        how = {"code": form.code.data, "reason": form.words.data or "", "actor": person().login, "now": now()}
        _, status = decisions.accept_in_part(writing, scope().program, document_id, quantities, **how)
        if status is DocumentStatus.REVIEW:
            return gettext("Accepted in part; it takes a second person now.")
        return gettext("Accepted in part.")

    return _done(document_id, "part", act, wrong)


@bp.post("/programs/<code:program_code>/review/<id:document_id>/ask")
def ask(program_code: str, document_id: int) -> Response | tuple[str, int]:
    def act(writing: Session, form: Any) -> str:
        talk.ask(writing, scope().program, document_id, form.words.data, actor=person().login, now=now())
        return gettext("The distributor is asked; the document comes back with the answer.")

    return _done(document_id, "ask", act)


@bp.post("/programs/<code:program_code>/review/<id:document_id>/hold")
def hold(program_code: str, document_id: int) -> Response | tuple[str, int]:
    def act(writing: Session, form: Any) -> str:
        talk.hold(writing, scope().program, document_id, form.words.data, actor=person().login, now=now())
        return gettext("Set aside.")

    return _done(document_id, "hold", act)


@bp.post("/programs/<code:program_code>/review/<id:document_id>/hand")
def hand(program_code: str, document_id: int) -> Response | tuple[str, int]:
    def act(writing: Session, form: Any) -> str:
        talk.hand_over(
            writing, scope().program, document_id, form.to.data, form.words.data or "", actor=person().login, now=now()
        )
        return gettext("Handed over.")

    return _done(document_id, "hand", act)


@bp.post("/programs/<code:program_code>/review/<id:document_id>/note")
def note(program_code: str, document_id: int) -> Response | tuple[str, int]:
    def act(writing: Session, form: Any) -> str:
        talk.note(writing, scope().program, document_id, form.words.data, actor=person().login, now=now())
        return gettext("Noted.")

    return _done(document_id, "note", act, then=lambda: _to(document_id))


@bp.post("/programs/<code:program_code>/review/<id:document_id>/reopen")
def reopen(program_code: str, document_id: int) -> Response | tuple[str, int]:
    """Have what was decided decided anew, by whoever takes it."""
    is_now = document_id

    def act(writing: Session, form: Any) -> str:
        nonlocal is_now
        how = {"reason": form.words.data, "actor": person().login, "now": now()}
        is_now = decisions.reopen(writing, scope().program, document_id, **how)
        return gettext("It waits for a decision again.")

    return _done(document_id, "reopen", act, then=lambda: _to(is_now))


@bp.post("/programs/<code:program_code>/review/<id:document_id>/next")
def further(program_code: str, document_id: int) -> Response:
    """Leave the document for the one behind it."""
    return on(document_id)


@bp.post("/programs/<code:program_code>/review/<id:document_id>/before")
def before(program_code: str, document_id: int) -> Response:
    """Leave the document for the one before it."""
    return on(document_id, backwards=True)


@bp.post("/programs/<code:program_code>/review/<id:document_id>/back")
def back(program_code: str, document_id: int) -> Response:
    """Put the document back for anybody, and go to the list."""
    try:
        with transaction(db.session) as writing:
            talk.put_back(writing, scope().program, document_id, actor=person().login, now=now())
    except CannotDecide as problem:
        flash(why_not(problem), "warning")
    return _to_list()


def _done(
    document_id: int,
    name: str,
    act: Callable[[Session, Any], str],
    wrong: list[str] | None = None,
    *,
    then: Callable[[], Response] | None = None,
) -> Response | tuple[str, int]:
    """Do what a form asks for, and go on: to the next document, where nothing else is said."""
    form = _form(name, document_id)
    valid = form.validate()
    for text in wrong or ():
        form.refuse(None, text)
    if not valid or wrong:
        if name in _open(session().get_one(SalesDocument, document_id), queue.place_of(session(), document_id)):
            return _page(document_id, {name: form}), 400
        return _not_done(document_id, gettext("Somebody was quicker: the document is in another state by now."), form)
    try:
        with transaction(db.session) as writing:
            flash(act(writing, form), "success")
    except CannotDecide as problem:
        return _not_done(document_id, why_not(problem), form)
    if then is not None:
        return then()
    # the gravest of the queue may have come meanwhile; a list is gone through from where somebody is
    return on(None if in_review.part() is None else document_id)


def _not_done(document_id: int, why: str, form: Any) -> Response | tuple[str, int]:
    """Say what kept somebody from what they meant to do; what they wrote is offered to be kept as a note."""
    flash(why, "warning")
    if not form.words.data:
        return _to(document_id)
    offered = _form("note", document_id, formdata=None, words=form.words.data)
    offered.refuse(None, gettext("This was not done. Keep what you wrote as a note, and whoever decides reads it."))
    return _page(document_id, {"note": offered}), 409


def on(after: int | None, *, backwards: bool = False) -> Response:
    """Go to the next document that somebody may decide, or to the list where there is none.

    It is the next of the list that the address tells of; else of the queue.
    """
    part = in_review.part()
    program, who = scope().program, person().login
    with transaction(db.session) as writing:
        found = queue.take_next(writing, program.id, who, now=now(), after=after, backwards=backwards, part=part)
    if found is not None:
        return _to(found)
    nothing = gettext("Nothing more waits for you.")
    flash(nothing if part is None else gettext("Nothing more of this list waits for you."), "info")
    return _to_list()


def _to(document_id: int) -> Response:
    return redirect(_address("show", document_id), 303)


def _to_list() -> Response:
    return redirect(in_review.address(), 303)


def _address(act: str, document_id: int) -> str:
    """Give the address of what is done with a document; it tells of the list that somebody goes through."""
    page = url_for(f"deciding.{act}", program_code=scope().program.code, document_id=document_id)
    return kept_in(in_review.REVIEW, page)


def _form(name: str, document_id: int, **more: Any) -> Any:
    form = FORMS[name](prefix=name, **more)
    if isinstance(form, Handing):
        others = queue.deciders(session(), scope().program.id, document_id, person().login)
        form.to.choices = [choice(one.login, f"{one.name} ({one.login})") for one in others]
    return form


def _open(document: SalesDocument, place: queue.Place | None) -> frozenset[str]:
    """Tell which forms are open to whoever is here: what somebody could take when the page was opened is theirs."""
    if Permission.DECIDE not in permitted():
        return frozenset()
    who = person().login
    if document.status is DocumentStatus.REVIEW:
        mine = place is not None and place.holder(now()) == who
        return frozenset({"accept", "part", "refuse", "ask", "hold", "hand", "note"} if mine else {"note"})
    if document.status not in (DocumentStatus.ACCEPTED, DocumentStatus.REFUSED):
        return frozenset({"note"})
    own = queue.is_of_own_company(session(), document.id, who)
    refusable = document.status is DocumentStatus.ACCEPTED and not own
    return frozenset({"note", *(() if own else ("reopen",)), *(("refuse",) if refusable else ())})


def _page(document_id: int, asked: dict[str, Form] | None = None) -> str:
    who = person().login
    document = session().get_one(SalesDocument, document_id)
    place = queue.place_of(session(), document_id)
    holder = place.holder(now()) if place is not None else None
    lines = dossier.lines_of(session(), document_id, most=LINES)
    attached = proofs.of_document(session(), document_id)
    return render_template(
        "admin/documents/deciding.html",
        document=document,
        list_address=in_review.address(),
        narrowed=in_review.said(),
        address_of=lambda act: _address(act, document_id),
        seller=named_seller(document),
        in_ksef=dossier.in_ksef(session(), document) if document.source == "portal" else None,
        place=place,
        holder=holder if holder != who else None,
        open=_open(document, place),
        lines=lines,
        # of a document that is not shown whole, the database adds up
        points=sum(line.points for line in lines)
        if document.line_count <= len(lines)
        else dossier.points_of(session(), document_id),
        findings=[
            (one.get("severity", "review"), sentence(one, gettext, formats.shown)) for one in document.reasons or ()
        ],
        twins=dossier.twins(session(), document),
        pictures=[(one, page) for one in attached for page in range(1, one.pages + 1)],
        files=[one for one in attached if one.media_type not in proofs.PICTURES],
        history=dossier.history(session(), document.distributor_id, document_id),
        happened=told(timeline(session(), document_id)),
        successor=successor(session(), document_id) if document.status is DocumentStatus.SUPERSEDED else None,
        forms={name: (asked or {}).get(name) or _form(name, document_id, formdata=None) for name in FORMS},
        asked=next(iter(asked or {}), None),
    )
