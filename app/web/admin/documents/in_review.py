"""The list of documents that wait for a decision, and the part of it that an address tells of."""

from typing import Any

from flask import url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from app.domain.saying.reasons import sentence
from app.domain.states import ReviewState
from app.models.distributors import Distributor
from app.models.imports import ImportBatch
from app.models.reviews import Review
from app.models.sales import SalesDocument
from app.web import formats
from app.web.context import now, person, scope, session
from app.web.lists.asking import asked_of, kept_in
from app.web.lists.describing import HERE, Action, Choice, Column, Days, Kind, Listing, OneOf, Search, To
from app.web.people_named import name_of
from app.web.words.wording import DOCUMENT_KIND, REVIEW_STATE
from verification.deciding import queue

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
            link=To("deciding.show", keeps=True, document_id="row_id"),
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


def address() -> str:
    """Give the address of the list, as it was narrowed down and sorted by who comes from it."""
    return kept_in(REVIEW, url_for("review.index", program_code=scope().program.code))


def part() -> queue.Part | None:
    """Give the part of the queue that the address tells of, in the order of its list; None where it tells of none."""
    asked = asked_of(REVIEW)
    if not asked.query_string:
        return None
    documents = asked.narrowed().with_only_columns(REVIEW.id)
    if asked.sort == REVIEW.default:
        return queue.Part(documents, asked.told)
    return queue.Part(documents, asked.told, (asked.column.sort, REVIEW.id), asked.falling)


def said() -> list[str]:
    """Say by what the address narrows the queue down."""
    asked = asked_of(REVIEW)
    return [words for one in REVIEW.filters if (words := one.said(asked.values)) is not None]
