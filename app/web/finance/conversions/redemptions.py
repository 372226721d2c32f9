"""Redemptions: what distributors asked for one by one, what waits for approval, and the next order file."""

from collections.abc import Iterator, Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from app.db.transaction import transaction
from app.extensions import db
from app.jobs import messenger
from app.models.distributors import Distributor
from app.models.ledger import Account
from app.models.prepaid import Redemption
from app.services.same_person import is_same
from app.web import formats
from app.web.addresses import whole_number
from app.web.context import kontor, now, person, scope, session
from app.web.forms.asked import Sure
from app.web.forms.form import Form
from app.web.lists import together
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, Action, Choice, Column, Days, Kind, Listing, OneOf, Search, To
from app.web.lists.participants import WHOSE
from app.web.lists.together import Deed, Row, Stays
from app.web.words import redemptions as words
from app.web.words import runs as wording
from prepaid import gathering
from prepaid import jobs as prepaid_jobs
from prepaid.errors import PrepaidError
from prepaid.redeeming import redemptions
from prepaid.redeeming.quoting import settings_of
from prepaid.redeeming.redemption_stories import POINTS, REWARD, REWARD_OF, State, state, story

bp = Blueprint("redemptions", __name__)


class CallingOff(Form):
    """Why redemptions are called off; whoever asked reads it."""

    reason = StringField(_("Reason"), [InputRequired(_("Say why, for whoever asked.")), Length(max=200)])


_QUERY: Select[Any] = (
    select()
    .select_from(Redemption)
    .join(REWARD, REWARD_OF)
    .join(Account, Account.id == Redemption.account_id)
    .join(Distributor, Distributor.id == Account.distributor_id)
    .where(Redemption.program_id == HERE)
)


def _number(typed: str) -> Any:
    """Find a redemption by its number as well."""
    return Redemption.id == (whole_number(typed.lstrip("#")) or 0)


REDEMPTIONS = Listing(
    name="redemptions",
    title=_("Redemptions"),
    columns=(
        Column(
            "number", _("Redemption"), Redemption.id, Kind.CODE, link=To("redemptions.show", redemption_id="row_id")
        ),
        *WHOSE,
        Column("created_at", _("Asked for"), Redemption.created_at, Kind.INSTANT, Redemption.created_at, phone=False),
        Column("points", _("Points"), POINTS, Kind.POINTS, POINTS),
        Column("amount", _("Amount"), Redemption.amount_minor, Kind.MONEY, Redemption.amount_minor),
        Column("compensation", _("Compensation"), Redemption.compensation_minor, Kind.MONEY, phone=False),
        Column("state", _("State"), state(), badge=lambda found: words.STATE[found]),
        Column("asked_by", _("Asked by"), func.coalesce(Redemption.asked_by, ""), Kind.PERSON, shown=False),
        Column("approved_by", _("Approved by"), Redemption.approved_by, Kind.PERSON, phone=False),
        Column("tax_rule", _("Tax rule"), Redemption.tax_rule, shown=False),
        Column("run", _("Run"), Redemption.run_id, link=To("runs.show", run_id="run"), phone=False),
    ),
    query=_QUERY,
    id=Redemption.id,
    default="-created_at",
    filters=(
        Search(Distributor.name, Distributor.code, title=_("Distributor, code or number"), also=_number),
        OneOf(
            "state",
            _("State"),
            [Choice(str(one), badge.text, one is State.WAITING) for one, badge in words.STATE.items()],
            lambda value: state() == value,
        ),
        OneOf(
            "way",
            _("How it came about"),
            [Choice("own", _("Asked for by itself")), Choice("run", _("Taken by a run"))],
            lambda value: Redemption.key.is_not(None) if value == "own" else Redemption.key.is_(None),
        ),
        Days("asked", _("Asked for"), Redemption.redeemed_on),
    ),
    actions=(
        Action(_("Approve…"), "redemptions.approve_many", "approve_run"),
        Action(_("Call off…"), "redemptions.call_off_many", "approve_run", danger=True),
    ),
)


@bp.get("/programs/<code:program_code>/redemptions")
def index(program_code: str) -> str | Response:
    return answer(
        REDEMPTIONS,
        "finance/conversions/redemptions/index.html",
        going=_going(),
        settings=settings_of(scope().program),
    )


def _going() -> Any:
    """Count what is approved and waits for the next order file: how many, points, money."""
    return (
        session()
        .execute(
            select(
                func.count(),
                func.coalesce(func.sum(Redemption.points), 0),
                func.coalesce(func.sum(Redemption.amount_minor), 0),
            ).where(Redemption.program_id == scope().program.id, gathering.APPROVED)
        )
        .one()
    )


@bp.post("/programs/<code:program_code>/redemptions/order")
def order(program_code: str) -> Response:
    """Gather what is approved into a run, whose order file is written next."""
    try:
        with transaction(db.session) as writing:
            run_id = gathering.gather(writing, scope().program, actor=person().login, now=now())
            if run_id is not None:
                prepaid_jobs.ask(writing, prepaid_jobs.ORDER, run_id, actor=person().login)
    except PrepaidError as error:
        flash(words.refusal(error), "danger")
    else:
        if run_id is not None:
            _wake()
            flash(gettext("The order file is being written."), "success")
            return redirect(url_for("runs.show", program_code=program_code, run_id=run_id), 303)
        flash(
            gettext("Nothing can go out now: what is approved belongs to those who are blocked or have no card."),
            "warning",
        )
    return redirect(url_for("redemptions.index", program_code=program_code), 303)


@bp.get("/programs/<code:program_code>/redemptions/<id:redemption_id>")
def show(program_code: str, redemption_id: int) -> str:
    return _page(redemption_id, CallingOff(formdata=None), asked=False)


def _page(redemption_id: int, calling_off: CallingOff, *, asked: bool) -> str:
    found = story(session(), redemption_id)
    stopped = None
    if found.run is not None and found.state in (State.GOING, State.ORDERED, State.SENDING, State.UNKNOWN):
        errand = prepaid_jobs.errand(session(), found.run.id)
        stopped = None if errand is None or errand.stopped_by is None else formats.told(errand.stopped_by)
    return render_template(
        "finance/conversions/redemptions/show.html",
        found=found,
        words=words,
        top_up_words=wording,
        stopped=stopped,
        mine=is_same(session(), person().login, found.redemption.asked_by),
        waits=found.redemption.key is not None and found.state in (State.WAITING, State.RESERVED),
        calling_off=calling_off,
        asked=asked,
    )


@bp.post("/programs/<code:program_code>/redemptions/<id:redemption_id>/approve")
def approve(program_code: str, redemption_id: int) -> Response:
    try:
        with transaction(db.session) as writing:
            run_id = gathering.approve_and_go(writing, redemption_id, actor=person().login, now=now())
    except PrepaidError as error:
        flash(words.refusal(error), "danger")
    else:
        if run_id is not None:
            _wake()
        flash(_went(run_id), "success")
    return redirect(url_for("redemptions.show", program_code=program_code, redemption_id=redemption_id), 303)


def _went(run_id: int | None) -> str:
    if run_id is None:
        return gettext("It is approved, and goes out with the next order file.")
    return gettext("It is approved, and the card provider is being asked.")


@bp.post("/programs/<code:program_code>/redemptions/<id:redemption_id>/call-off")
def call_off(program_code: str, redemption_id: int) -> Response | tuple[str, int]:
    form = CallingOff()
    if not form.validate():
        return _page(redemption_id, form, asked=True), 400
    try:
        with transaction(db.session) as writing:
            redemptions.call_off(writing, redemption_id, actor=person().login, now=now(), reason=form.reason.data)
    except PrepaidError as error:
        flash(words.refusal(error), "danger")
    else:
        flash(gettext("It is called off. The points are back, and whoever asked is told."), "success")
    return redirect(url_for("redemptions.show", program_code=program_code, redemption_id=redemption_id), 303)


def _wake() -> None:
    messenger.wake(kontor()["addresses"].redis_url, 1)


@bp.post("/programs/<code:program_code>/redemptions/approve")
def approve_many(program_code: str) -> together.Answer:
    def do(writing: Session, redemption_id: int) -> None:
        try:
            gathering.approve_and_go(writing, redemption_id, actor=person().login, now=now())
        except PrepaidError as error:
            raise Stays(words.refusal(error)) from None

    answered = together.decide(
        Deed(
            REDEMPTIONS,
            url_for("redemptions.index", program_code=program_code),
            "redemptions",
            heading=lambda count: ngettext("Approve %(num)s redemption", "Approve %(num)s redemptions", count),
            means=_("They go out with the next order file, or at once where the provider takes orders by itself."),
            now=_("State now"),
            button=_("Approve"),
            done=lambda count: ngettext("%(num)s redemption is approved.", "%(num)s redemptions are approved.", count),
            form=Sure(),
            look=_look(State.WAITING),
            do=do,
        )
    )
    _wake()
    return answered


@bp.post("/programs/<code:program_code>/redemptions/call-off")
def call_off_many(program_code: str) -> together.Answer:
    form = CallingOff()

    def do(writing: Session, redemption_id: int) -> None:
        try:
            redemptions.call_off(writing, redemption_id, actor=person().login, now=now(), reason=form.reason.data)
        except PrepaidError as error:
            raise Stays(words.refusal(error)) from None

    return together.decide(
        Deed(
            REDEMPTIONS,
            url_for("redemptions.index", program_code=program_code),
            "redemptions",
            heading=lambda count: ngettext("Call %(num)s redemption off", "Call %(num)s redemptions off", count),
            means=_("Their points go back to the lots they came from, and whoever asked is told why."),
            now=_("State now"),
            button=_("Call off"),
            done=lambda count: ngettext(
                "%(num)s redemption is called off.", "%(num)s redemptions are called off.", count
            ),
            form=form,
            look=_look(State.WAITING, State.RESERVED),
            do=do,
            danger=True,
            before=redemptions.lock_accounts,
        )
    )


def _look(*fit: State) -> Any:
    """Give a look at redemptions with how far they are: those in some states can be decided, the others stay."""

    def look(ids: Sequence[int]) -> Iterator[Row]:
        rows = session().execute(
            _QUERY.add_columns(Redemption.id, Distributor.name, state()).where(Redemption.id.in_(ids)),
            {"program_id": scope().program.id},
        )
        for id_, name, found in rows:
            fits = State(found) in fit
            yield Row(
                id_,
                f"#{id_}",
                name,
                words.STATE[found].text,
                None if fits else gettext("It does not wait for this any more."),
            )

    return look
