"""Documents that wait for somebody to decide: the queue, the next of it, and many of them decided at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext
from sqlalchemy import BigInteger, case, cast, func, not_, select
from werkzeug.wrappers import Response

from app.db.transaction import transaction
from app.domain.saying.decision_codes import said
from app.domain.states import DocumentStatus, Unit
from app.extensions import db
from app.models.reviews import Review
from app.models.sales import Award, SalesDocument
from app.services.ledger.liability import worth_minor
from app.web.admin.documents import deciding, in_review
from app.web.admin.documents.in_review import REVIEW
from app.web.context import now, person, scope, session
from app.web.lists.answering import answer
from app.web.lists.asking import MOST_CHOSEN, chosen_rows
from app.web.words.verdicts import NAMED, Accepting, Refusing, decided_before, settled
from verification.deciding import decisions, pace, queue

bp = Blueprint("review", __name__)


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
    """Take the next document: the gravest that is free, or the first of the list that the address tells of."""
    return deciding.on(None)


@bp.post("/programs/<code:program_code>/review/accept")
def accept_many(program_code: str) -> str | Response | tuple[str, int]:
    return _decide(DocumentStatus.ACCEPTED)


@bp.post("/programs/<code:program_code>/review/refuse")
def refuse_many(program_code: str) -> str | Response | tuple[str, int]:
    return _decide(DocumentStatus.REFUSED)


def _decide(becomes: DocumentStatus) -> str | Response | tuple[str, int]:
    """Show once what the chosen documents come to and ask why, then decide them."""
    ticked = chosen_rows(session(), REVIEW)
    chosen, decided = ticked.ids, _decided(ticked.gone)
    index = in_review.address()
    if not chosen:
        flash(gettext("Choose documents first: none of those chosen waits for a decision."), "warning")
        return redirect(index, 303)
    kind = Accepting if becomes is DocumentStatus.ACCEPTED else Refusing
    if "code" not in request.form:
        return _sure(chosen, becomes, kind(formdata=None), decided)
    form = kind()
    if not form.validate():
        return _sure(chosen, becomes, form, decided), 400
    others = _others(chosen)
    how = {"code": form.code.data, "reason": form.words.data or "", "actor": person().login, "now": now()}
    with transaction(db.session) as writing:
        done = decisions.decide_together(writing, scope().program, chosen, becomes, **how)
    for text, tone in settled(done, becomes, others, decided):
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


def _sure(chosen: list[int], becomes: DocumentStatus, form: Accepting | Refusing, decided: list[str]) -> str:
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
        decided=decided_before(decided) if decided else None,
        sums=_summed(chosen),
        back=in_review.address(),
        accepting=becomes is DocumentStatus.ACCEPTED,
        most=MOST_CHOSEN,
    )


def _decided(gone: Sequence[int]) -> list[str]:
    """Give the numbers of chosen documents of the programme that wait no longer: somebody was quicker."""
    if not gone:
        return []
    of_here = SalesDocument.id.in_(gone), SalesDocument.program_id == scope().program.id
    return list(session().scalars(select(SalesDocument.number).where(*of_here).order_by(SalesDocument.number)))


def _decider() -> queue.Decider:
    return queue.Decider.of(session(), person().login)


def _others(chosen: list[int]) -> list[str]:
    """Give the numbers of chosen documents that somebody else must decide, or has before them."""
    theirs = SalesDocument.id.in_(chosen), not_(queue.open_to(_decider(), now()))
    query = select(SalesDocument.number).join(Review, Review.document_id == SalesDocument.id).where(*theirs)
    return list(session().scalars(query.order_by(SalesDocument.number)))


def _summed(chosen: list[int]) -> Sum:
    mine = queue.open_to(_decider(), now())
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
