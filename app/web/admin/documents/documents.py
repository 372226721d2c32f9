"""Documents: the list of all, and one with everything that came of it."""

import re
from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.db.first import First
from app.db.transaction import transaction
from app.domain.documents.numbering import number_key
from app.domain.states import DocumentStatus
from app.extensions import db
from app.models.distributors import Distributor
from app.models.sales import SalesDocument
from app.services.by_hand import disputes, granted_disputes, merging
from app.services.persons.reading import shared_with
from app.services.tracing import explanations
from app.web.access.guarding import can
from app.web.addresses import id_asked
from app.web.admin.documents.links import links_of
from app.web.context import now, person, scope, session, settings
from app.web.lists import paging
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, Column, Days, Kind, Listing, OneOf, Search, To
from app.web.portal.claims.forms import proof_refused
from app.web.portal.documents.standing import FORMS, Answer, standing
from app.web.words.telling import Telling
from app.web.words.verdicts import told, why_not, why_refused
from app.web.words.wording import DISPUTE_STATE, DOCUMENT_KIND, DOCUMENT_STATUS, SOURCE
from verification import sold_units
from verification.claiming import proofs
from verification.deciding import talk
from verification.deciding.errors import CannotDecide
from verification.deciding.timeline import timeline

bp = Blueprint("documents", __name__)

LINES = 15
"""Lines on one page of a document: below each stand the awards it earned, easily five."""

_YEAR = re.compile(r"(?<!\d)(20\d\d)(?!\d)")


_QUERY: Select[Any] = (
    select()
    .select_from(SalesDocument)
    .join(Distributor, Distributor.id == SalesDocument.distributor_id)
    .where(SalesDocument.program_id == HERE)
)


def _numbered(typed: str) -> ColumnElement[bool]:
    """Find numbers that begin like the typed one, however it is written (rules.md 9): an index serves that."""
    keys = {number_key(typed, year) for year in (0, *map(int, _YEAR.findall(typed)))} - {""}
    return or_(*(SalesDocument.number_key.startswith(key, autoescape=True) for key in sorted(keys)))


DOCUMENTS = Listing(
    name="documents",
    title=_("Documents"),
    columns=(
        Column(
            "number",
            _("Document"),
            SalesDocument.number,
            link=To("documents.show", document_id="row_id"),
            small="kind",
        ),
        Column("issued_on", _("Issued on"), SalesDocument.issued_on, Kind.DAY, SalesDocument.issued_on),
        Column("name", _("Distributor"), Distributor.name, link=To("records.show", distributor_id="distributor_id")),
        Column("code", _("Code"), Distributor.code, Kind.CODE, phone=False),
        Column("lines", _("Lines"), SalesDocument.line_count, Kind.NUMBER, phone=False),
        Column("net", _("Net amount"), SalesDocument.net_minor, Kind.MONEY),
        Column(
            "source", _("Source"), SalesDocument.source, words=lambda source: SOURCE.get(source, source), phone=False
        ),
        Column("counted_at", _("Came in"), SalesDocument.counted_at, Kind.INSTANT, phone=False),
        Column("status", _("State"), SalesDocument.status, badge=lambda status: DOCUMENT_STATUS[status]),
        Column("kind", _("Kind"), SalesDocument.kind, words=lambda kind: DOCUMENT_KIND[kind], shown=False),
        Column("distributor_id", "", Distributor.id, shown=False, exported=False),
    ),
    query=_QUERY,
    id=SalesDocument.id,
    default="-issued_on",
    filters=(
        Search(title=_("Number of a document"), also=_numbered),
        OneOf.named("state", _("State"), SalesDocument.status, DOCUMENT_STATUS),
        OneOf.named("kind", _("Kind"), SalesDocument.kind, DOCUMENT_KIND),
        Days("issued", _("Issued on"), SalesDocument.issued_on),
    ),
)


@bp.get("/programs/<code:program_code>/documents")
def index(program_code: str) -> str | Response:
    return answer(DOCUMENTS, "admin/documents/documents.html")


@bp.get("/programs/<code:program_code>/documents/<id:document_id>")
def show(program_code: str, document_id: int) -> str:
    return _page(document_id)


@bp.post("/programs/<code:program_code>/documents/<id:document_id>/answer")
def answered(program_code: str, document_id: int) -> Response | tuple[str, int]:
    """Take the distributor's answer to what was asked."""

    def act(writing: Session, words: str) -> int:
        talk.answer(writing, scope().program, document_id, words, author=person().login, now=now())
        return document_id

    return _say(document_id, "answer", act, gettext("Thank you. Somebody goes on with it."))


@bp.post("/programs/<code:program_code>/documents/<id:document_id>/appeal")
def appeal(program_code: str, document_id: int) -> Response | tuple[str, int]:
    """Take the distributor's appeal against a refusal; what counts from then on is another wording."""

    def act(writing: Session, words: str) -> int:
        return talk.appeal(writing, scope().program, document_id, words, author=person().login, now=now())

    return _say(document_id, "appeal", act, gettext("Somebody else looks at it again."))


def _say(document_id: int, name: str, act: Callable[[Session, str], int], thanks: str) -> Response | tuple[str, int]:
    here = url_for("documents.show", program_code=scope().program.code, document_id=document_id)
    if standing(session(), document_id, timeline(session(), document_id, public=True)).form != name:
        flash(gettext("There is nothing to be said about it any more."), "warning")
        return redirect(here, 303)
    form = FORMS[name]()
    if not form.validate():
        return _page(document_id, form), 400
    try:
        with transaction(db.session) as writing:
            # files first: they are looked at while nobody waits for the wallet
            document = writing.get_one(SalesDocument, document_id)
            for one in form.proofs:
                content, named = one.stream.read(settings().max_proof_mb + 1 << 20), str(one.filename)
                proofs.take(writing, settings(), document, content, named, actor=person().login, now=now())
            is_now = act(writing, form.said)
    except CannotDecide as problem:
        flash(why_not(problem), "warning")
        return redirect(here, 303)
    except proofs.ProofRefused as problem:
        form.refuse("files", proof_refused(problem, named))
        return _page(document_id, form), 400
    flash(thanks, "success")
    return redirect(url_for("documents.show", program_code=scope().program.code, document_id=is_now), 303)


def _disputed(document_id: int) -> First[granted_disputes.Seen]:
    found = disputes.of_document(session(), document_id)
    return granted_disputes.as_seen(session(), found, by_distributor=not can("see_ledger"))


def _page(document_id: int, form: Answer | None = None) -> str:
    here = scope()
    after = id_asked("line") or 0
    explained = explanations.explain_document(
        session(), here.program, document_id, Telling(), after=after, most=LINES + 1
    )
    links = links_of(session(), document_id)
    happened = timeline(session(), document_id, public=not can("see_review"))
    # those who run the programme read the checks, or why it was refused; its distributor where it stands
    stands = None if can("see_review") else standing(session(), document_id, happened)
    return render_template(
        "admin/documents/document.html",
        document=explained,
        page=paging.page(explained.lines, first=after == 0, size=LINES),
        returns=links.returns,
        sales=links.sales,
        happened=told(happened),
        shared=shared_with(session(), document_id) if explained.shared else (),
        before=merging.came_from(session(), document_id) if explained.handed_over else None,
        disputed=_disputed(document_id) if explained.disputed else First(),
        dispute_states=DISPUTE_STATE,
        attached=proofs.of_document(session(), document_id),
        serials=sold_units.of_document(session(), document_id),
        refused=why_refused(document_id, happened) if explained.status is DocumentStatus.REFUSED else "",
        standing=stands,
        form=form or (FORMS[stands.form](formdata=None) if stands and stands.form else None),
        accepted=proofs.ACCEPTED,
    )
