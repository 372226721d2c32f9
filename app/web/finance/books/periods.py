"""Months of the books: open and closed ones, closing them, and opening one again by two people."""

import datetime as dt
from collections.abc import Callable

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length

from app.db.first import First
from app.db.transaction import transaction
from app.domain.measures.calendar import local_date
from app.domain.states import TransactionKind
from app.extensions import db
from app.models.periods import PeriodClosing
from app.services.books import periods
from app.services.books.history import ADJUSTED, EXPIRED, ISSUED, REDEEMED
from app.services.books.periods import MonthSeen
from app.services.ledger import figures
from app.services.same_person import is_same
from app.web.context import now, person, scope, session
from app.web.forms.form import Form

bp = Blueprint("periods", __name__)

MOST_MONTHS = 60

COLUMNS = ((_("Issued"), ISSUED), (_("Redeemed"), REDEEMED), (_("Expired"), EXPIRED), (_("By hand"), ADJUSTED))


class Reopening(Form):
    """Why a closed month is to be opened again."""

    why = TextAreaField(_("Reason"), [InputRequired(_("Say why, for whoever agrees.")), Length(max=500)])


@bp.get("/programs/<code:program_code>/periods")
def index(program_code: str) -> str:
    return _page(Reopening(formdata=None))


def _page(form: Reopening) -> str:
    program = scope().program
    booked = periods.months(session(), program)
    months = First(booked[:MOST_MONTHS], max(len(booked) - MOST_MONTHS, 0))
    newest = next((one.closing for one in months if one.closing is not None), None)
    today = local_date(now(), program.time_zone)
    over = [one.month_on for one in months if one.closing is None and one.month_on < today.replace(day=1)]
    return render_template(
        "finance/books/periods.html",
        months=months,
        columns=COLUMNS,
        sums=[(title, "num") for title, _kinds in COLUMNS],
        total=_total,
        newest=newest,
        mine=newest is not None and is_same(session(), person().login, newest.asked_by),
        closable=max(over, default=None),
        count=len(over),
        opened=periods.history(session(), program),
        refreshed_at=figures.refreshed_at(session(), program.id),
        form=form,
    )


def _total(month: MonthSeen, kinds: tuple[TransactionKind, ...]) -> int:
    return sum(month.totals.get(kind, 0) for kind in kinds)


@bp.post("/programs/<code:program_code>/periods/close")
def close(program_code: str) -> Response:
    """Close the months that are over, up to the one that the page named."""
    program = scope().program
    try:
        through = dt.date.fromisoformat(request.form.get("through", ""))
    except ValueError:
        abort(400)
    try:
        with transaction(db.session) as writing:
            closed = periods.close(writing, program, through, actor=person().login, now=now())
    except periods.NotOver:
        flash(gettext("This month is not over yet."), "danger")
    except periods.NothingToClose:
        flash(gettext("There is nothing to close: somebody closed it before."), "warning")
    else:
        text = ngettext("%(num)s month is closed.", "%(num)s months are closed.", len(closed))
        flash(text, "success")
    return redirect(url_for("periods.index", program_code=program_code), 303)


@bp.post("/programs/<code:program_code>/periods/ask")
def ask(program_code: str) -> str | Response | tuple[str, int]:
    """Ask for the newest closed month to be opened again."""
    form = Reopening()
    if not form.validate():
        return _page(form), 400
    return _decided(
        lambda writing, closing: periods.ask_to_reopen(
            writing, scope().program, closing.id, why=form.why.data or "", actor=person().login, now=now()
        ),
        gettext("Asked for. A second person agrees."),
    )


@bp.post("/programs/<code:program_code>/periods/reopen")
def reopen(program_code: str) -> Response:
    """Agree to opening the newest closed month again."""
    return _decided(
        lambda writing, closing: periods.reopen(writing, scope().program, closing.id, actor=person().login, now=now()),
        gettext("The month is open again."),
    )


@bp.post("/programs/<code:program_code>/periods/leave")
def leave(program_code: str) -> Response:
    """Decline a wish to open the month."""
    return _leave()


@bp.post("/programs/<code:program_code>/periods/withdraw")
def withdraw(program_code: str) -> Response:
    """Take a wish to open the month back."""
    return _leave()


def _leave() -> Response:
    return _decided(
        lambda writing, closing: periods.leave_closed(
            writing, scope().program, closing.id, actor=person().login, now=now()
        ),
        gettext("The month stays closed."),
    )


def _decided(do: Callable[[Session, PeriodClosing], None], said: str) -> Response:
    """Do something to the newest closed month, and say so."""
    try:
        with transaction(db.session) as writing:
            closing = periods.newest_closing(writing, scope().program)
            if closing is None:
                raise periods.NotAsked
            do(writing, closing)
    except periods.SamePerson:
        flash(gettext("You asked for it yourself: a second person must agree."), "danger")
    except periods.PeriodError:
        flash(gettext("Nothing was changed: somebody decided before."), "warning")
    else:
        flash(said, "success")
    return redirect(url_for("periods.index", program_code=scope().program.code), 303)
