"""Documents that wait for somebody to decide: the queue, the next of it, and many of them decided at once."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from sqlalchemy import BigInteger, ColumnElement, Select, and_, case, cast, func, not_, or_, select
from werkzeug.wrappers import Response

from app.db.transaction import transaction
from app.domain.saying.decision_codes import said
from app.domain.saying.reasons import sentence
from app.domain.states import DocumentStatus, ReviewState, Unit
from app.extensions import db
from app.models.distributors import Distributor
from app.models.imports import ImportBatch
from app.models.reviews import Review
from app.models.sales import Award, SalesDocument
from app.services.ledger.liability import worth_minor
from app.web import formats
from app.web.admin.documents import deciding
from app.web.context import now, person, scope, session
from app.web.lists.answering import answer
from app.web.lists.asking import MOST_CHOSEN, chosen_ids, kept_in
from app.web.lists.describing import HERE, Action, Choice, Column, Days, Kind, Listing, OneOf, Search, To
from app.web.people_named import name_of
from app.web.words.verdicts import NAMED, Accepting, Refusing, settled
from app.web.words.wording import DOCUMENT_KIND, REVIEW_STATE
from verification.deciding import decisions, pace, queue

bp = Blueprint("review", __name__)

GRAVE, MIDDLING = 600, 300
"""From how much risk on a document counts as grave, or as middling."""

_state: ColumnElement[Any] = func.coalesce(Review.state, ReviewState.WAITING)
_opened: ColumnElement[Any] = func.coalesce(Review.opened_at, SalesDocument.counted_at)
_QUERY: Select[Any] = (
    select()
    .select_from(SalesDocument)
    .join(Distributor, Distributor.id == SalesDocument.distributor_id)
    .outerjoin(Review, Review.document_id == SalesDocument.id)
    .where(SalesDocument.program_id == HERE, queue.WAITS)
)
_RISKS = {
    "grave": queue.RISK >= GRAVE,
    "middling": and_(queue.RISK >= MIDDLING, queue.RISK < GRAVE),
    "slight": queue.RISK < MIDDLING,
}


def _whose(value: str) -> ColumnElement[bool]:
    leased = queue.leased(now())
    mine = or_(Review.handed_to == person().login, and_(leased, Review.leased_by == person().login))
    return mine if value == "mine" else and_(leased, Review.leased_by != person().login)


def _imports() -> list[Choice]:
    """Offer the imports that brought what waits, the newest first."""
    brought = select(SalesDocument.batch_id).where(SalesDocument.program_id == scope().program.id, queue.WAITS)
    rows = session().execute(
        select(ImportBatch.id, ImportBatch.file_name).where(ImportBatch.id.in_(brought)).order_by(ImportBatch.id.desc())
    )
    return [Choice(str(number), f"{number} · {name}") for number, name in rows]


def _has(row: Any) -> Any:
    if queue.still_leased(row.leased_until, now()):
        return gettext("%(who)s has it", who=name_of(row.leased_by))
    return gettext("for %(who)s", who=name_of(row.handed_to)) if row.handed_to else ""


def _told(reasons: list[dict[str, Any]] | None) -> str:
    """Say each kind of reason once: a document of many lines may have one at every line."""
    alike: dict[str, list[dict[str, Any]]] = {}
    for reason in reasons or ():
        alike.setdefault(reason["code"], []).append(reason)
    return " ".join(_once(same) for same in alike.values())


def _once(same: list[dict[str, Any]]) -> str:
    first, more = sentence(same[0], gettext, formats.shown), len(same) - 1
    if not more:
        return first
    return ngettext("%(first)s (%(num)s more like it)", "%(first)s (%(num)s more like it)", more, first=first)


REVIEW = Listing(
    name="review",
    title=_("Documents that wait for a decision"),
    columns=(
        Column(
            "number",
            _("Document"),
            SalesDocument.number,
            link=To("deciding.show", document_id="row_id"),
            small="kind",
        ),
        Column("risk", _("Risk"), queue.RISK * 10, Kind.SHARE, queue.RISK),
        Column("came", _("Waiting since"), _opened, Kind.INSTANT, _opened, phone=False),
        Column("issued_on", _("Issued on"), SalesDocument.issued_on, Kind.DAY, SalesDocument.issued_on, phone=False),
        Column("name", _("Distributor"), Distributor.name, sort=Distributor.sort_key),
        Column("net", _("Net amount"), SalesDocument.net_minor, Kind.MONEY, SalesDocument.net_minor),
        Column("why", _("Why"), SalesDocument.reasons, words=_told),
        Column("state", _("State"), _state, badge=lambda state: REVIEW_STATE[ReviewState(state)], small=_has),
        Column("kind", _("Kind"), SalesDocument.kind, words=lambda kind: DOCUMENT_KIND[kind], shown=False),
        Column("leased_by", "", Review.leased_by, shown=False, exported=False),
        Column("leased_until", "", Review.leased_until, shown=False, exported=False),
        Column("handed_to", "", Review.handed_to, shown=False, exported=False),
    ),
    query=_QUERY,
    id=SalesDocument.id,
    default="-risk",
    filters=(
        Search(SalesDocument.number, Distributor.name, Distributor.code, title=_("Number, distributor or code")),
        OneOf(
            "risk",
            _("Risk"),
            [
                Choice("grave", _("60% and more")),
                Choice("middling", _("30% and more, below 60%")),
                Choice("slight", _("Below 30%")),
            ],
            lambda value: _RISKS[value],
        ),
        OneOf.named(
            "state",
            _("State"),
            _state,
            {state: badge for state, badge in REVIEW_STATE.items() if state != ReviewState.CLOSED},
        ),
        OneOf(
            "whose",
            _("Who has it"),
            [Choice("mine", _("I have it, or was handed it")), Choice("others", _("Somebody else"))],
            _whose,
        ),
        OneOf("import", _("Import"), _imports, lambda value: SalesDocument.batch_id == int(value)),
        Days("issued", _("Issued on"), SalesDocument.issued_on),
    ),
    actions=(
        Action(_("Accept…"), "review.accept_many", "decide"),
        Action(_("Refuse…"), "review.refuse_many", "decide", danger=True),
    ),
)


@bp.get("/programs/<code:program_code>/review")
def index(program_code: str) -> str | Response:
    program = scope().program
    goes = pace.pace(session(), program.id, now=now())
    worth = worth_minor(goes.kept_points, program.point_value_micro)
    oldest = (now() - goes.oldest_at).total_seconds() if goes.oldest_at is not None else None
    refused = [(said(code, "", gettext) or gettext("Words alone"), count) for code, count in goes.refused]
    return answer(
        REVIEW,
        "admin/documents/review.html",
        counted=True,
        pace=goes,
        oldest_seconds=oldest,
        kept_minor=worth,
        refused=refused,
    )


@bp.post("/programs/<code:program_code>/review/next")
def next(program_code: str) -> Response:
    """Take the next document: the gravest that is free."""
    return deciding.on(None)


@bp.post("/programs/<code:program_code>/review/accept")
def accept_many(program_code: str) -> str | Response | tuple[str, int]:
    return _decide(DocumentStatus.ACCEPTED)


@bp.post("/programs/<code:program_code>/review/refuse")
def refuse_many(program_code: str) -> str | Response | tuple[str, int]:
    return _decide(DocumentStatus.REFUSED)


def _decide(becomes: DocumentStatus) -> str | Response | tuple[str, int]:
    """Show once what the chosen documents come to and ask why, then decide them."""
    chosen = chosen_ids(session(), REVIEW)
    index = kept_in(REVIEW, url_for("review.index", program_code=scope().program.code))
    if not chosen:
        flash(gettext("Choose documents first: none of those chosen waits for a decision."), "warning")
        return redirect(index, 303)
    kind = Accepting if becomes is DocumentStatus.ACCEPTED else Refusing
    if "code" not in request.form:
        return _sure(chosen, becomes, kind(formdata=None))
    form = kind()
    if not form.validate():
        return _sure(chosen, becomes, form), 400
    others = _others(chosen)
    how = {"code": form.code.data, "reason": form.words.data or "", "actor": person().login, "now": now()}
    with transaction(db.session) as writing:
        done = decisions.decide_together(writing, scope().program, chosen, becomes, **how)
    for text, tone in settled(done, becomes, others):
        flash(text, tone)
    return redirect(index, 303)


@dataclass(frozen=True)
class Sum:
    """What chosen documents come to: of how many distributors, how many are theirs to decide, money and points."""

    documents: int
    distributors: int
    open: int
    net_minor: int
    points: int


def _sure(chosen: list[int], becomes: DocumentStatus, form: Accepting | Refusing) -> str:
    with transaction(db.session) as writing:
        queue.enter(writing, scope().program.id)
    numbers, others = (
        session().scalars(select(SalesDocument.number).where(SalesDocument.id.in_(chosen))),
        _others(chosen),
    )
    return render_template(
        "admin/documents/review_decide.html",
        form=form,
        chosen=chosen,
        numbers=sorted(set(numbers) - set(others))[:NAMED],
        others=others[:NAMED],
        sums=_summed(chosen),
        back=kept_in(REVIEW, url_for("review.index", program_code=scope().program.code)),
        accepting=becomes is DocumentStatus.ACCEPTED,
        most=MOST_CHOSEN,
    )


def _others(chosen: list[int]) -> list[str]:
    """Give the numbers of chosen documents that somebody else must decide, or has before them."""
    theirs = SalesDocument.id.in_(chosen), not_(queue.open_to(person().login, now()))
    query = select(SalesDocument.number).join(Review, Review.document_id == SalesDocument.id).where(*theirs)
    return list(session().scalars(query.order_by(SalesDocument.number)))


def _summed(chosen: list[int]) -> Sum:
    mine = queue.open_to(person().login, now())
    given = (
        select(func.coalesce(func.sum(Award.amount), 0))
        .where(Award.document_id == SalesDocument.id, Award.unit == Unit.POINTS)
        .correlate(SalesDocument)
        .scalar_subquery()
    )
    row = (
        session()
        .execute(
            select(
                func.count(),
                func.count(SalesDocument.distributor_id.distinct()),
                func.count(case((mine, 1))),
                cast(func.coalesce(func.sum(SalesDocument.net_minor).filter(mine), 0), BigInteger),
                cast(func.coalesce(func.sum(given).filter(mine), 0), BigInteger),
            )
            .select_from(SalesDocument)
            .join(Review, Review.document_id == SalesDocument.id)
            .where(SalesDocument.id.in_(chosen))
        )
        .one()
    )
    return Sum(*row)
