"""Turning points into money on the card: how many, one more look with the tax, once; and what became of it."""

import secrets

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response
from wtforms import HiddenField
from wtforms.validators import InputRequired, Length

from app.db.transaction import transaction
from app.domain.program_file.prepaid_settings import PrepaidPart
from app.domain.roles import Permission, may
from app.extensions import db
from app.jobs import messenger
from app.models.prepaid import Redemption
from app.services.owners import pools
from app.services.telling import notices
from app.web.addresses import whole_number
from app.web.context import distributor_here, kontor, now, person, scope, session
from app.web.forms.asked import PerhapsWhy
from app.web.forms.fields import Between, PointsField
from app.web.forms.form import Form
from app.web.forms.refused import again, fresh
from app.web.portal.home import own
from app.web.words import redemptions as words
from prepaid import gathering
from prepaid.errors import PrepaidError
from prepaid.redeeming import quoting, redemptions
from prepaid.redeeming.quoting import Means, Quote, RedemptionRefused
from prepaid.redeeming.redemption_stories import State, story

MOST_POINTS = 10**15

bp = Blueprint("portal_redemptions", __name__)


class Amount(Form):
    """How many points become money."""

    points = PointsField(_("Points to convert"), [InputRequired(_("Say how many.")), Between(1, MOST_POINTS)])


class Sure(Form):
    """What was looked at, and that it is done once."""

    key = HiddenField(validators=[InputRequired(), Length(max=64)])
    points = HiddenField(validators=[InputRequired(), Length(max=20)])
    shown = HiddenField(validators=[Length(max=200)])


@bp.route("/portal/<code:program_code>/<id:distributor_id>/redeem", methods=["GET", "POST"])
def new(program_code: str, distributor_id: int) -> str | Response | tuple[str, int]:
    """Ask how many points; then show what they become."""
    form = Amount()
    means = quoting.means(session(), scope().program, distributor_id, now=now())
    if not form.is_submitted():
        form.points.data = means.most if means.most >= means.least else None
        return _choose(form, means)
    if not _holds():
        form.refuse(None, gettext("The points of your pool are spent by its holder alone."))
    elif form.validate():
        try:
            quoted = quoting.quote(session(), scope().program, distributor_id, form.points.data, now=now())
        except PrepaidError as error:
            form.refuse("points", words.refusal(error, means, form.points.data))
        else:
            return _confirm(_sure(quoted, form.points.data, secrets.token_urlsafe(16)), quoted, form.points.data, means)
    return _choose(form, means), 400


@bp.post("/portal/<code:program_code>/<id:distributor_id>/redeem/confirm")
def confirm(program_code: str, distributor_id: int) -> Response | tuple[str, int]:
    """Redeem, once however often the button is pressed."""
    form, who, program = Sure(), person(), scope().program
    points = whole_number(form.points.data) or 0
    if form.validate() and 0 < points <= MOST_POINTS and _holds():
        try:
            with transaction(db.session) as writing:
                asked = gathering.ask_and_go(
                    writing,
                    program,
                    distributor_id,
                    points,
                    key=form.key.data or "",
                    actor=who.login,
                    now=now(),
                    shown=form.shown.data or "",
                )
                if asked.is_new:
                    _tell_if_it_waits(asked.redemption_id, distributor_id)
        except PrepaidError as error:
            return _again(error, points, form.key.data or ""), 409
        if asked.run_id is not None:
            messenger.wake(kontor()["addresses"].redis_url, 1)
        return redirect(url_for("portal_redemptions.show", **own(), redemption_id=asked.redemption_id), 303)
    return redirect(url_for("portal_redemptions.new", **own()), 303)


def _again(error: PrepaidError, points: int, key: str) -> str:
    """Show what it comes to by now where that has changed, to be confirmed anew; else ask how many again."""
    here, of = scope(), distributor_here()
    means = quoting.means(session(), here.program, of.id, now=now())
    if isinstance(error, RedemptionRefused) and error.code == "changed":
        try:
            quoted = quoting.quote(session(), here.program, of.id, points, now=now())
        except PrepaidError as refused:
            error = refused
        else:
            sure = _sure(quoted, points, key)
            sure.refuse(None, gettext("What it comes to has changed since you looked. Look once more, then convert."))
            return _confirm(sure, quoted, points, means)
    again = Amount(formdata=None, data={"points": points})
    again.refuse("points", words.refusal(error, means, points))
    return _choose(again, means)


def _sure(quoted: Quote, points: int, key: str) -> Sure:
    return Sure(formdata=None, data={"points": str(points), "key": key, "shown": quoted.figures})


def _tell_if_it_waits(redemption_id: int, distributor_id: int) -> None:
    """Tell the distributor's people of one that somebody has to approve."""
    writing = db.session()
    redemption = writing.get_one(Redemption, redemption_id)
    if redemption.approved_at is None:
        notices.tell(
            writing,
            redemption.program_id,
            "conversion_asked",
            {"points": redemption.points, "amount_minor": redemption.amount_minor},
            distributor_id=distributor_id,
            address=url_for("portal_redemptions.show", **own(), redemption_id=redemption_id),
            now=now(),
        )


def _choose(form: Amount, means: Means) -> str:
    return render_template(
        "portal/points/redemptions/new.html",
        form=form,
        means=means,
        program=scope().program,
        offered=quoting.settings_of(scope().program).offered,
        holds=_holds(),
        own=own(),
    )


def _confirm(form: Sure, quoted: Quote, asked: int, means: Means) -> str:
    return render_template(
        "portal/points/redemptions/confirm.html",
        form=form,
        quote=quoted,
        asked=asked,
        means=means,
        approval=quoting.settings_of(scope().program).approval,
        later=PrepaidPart.model_validate(scope().program.prepaid).compensation.paid == "by_run",
        own=own(),
    )


def _holds() -> bool:
    """Tell whether the points that one sees stand on one's own account: those of a pool its holder converts."""
    of = distributor_here()
    seat = pools.seat_of(session(), of.id)
    return seat is None or seat.holder_id == of.id


@bp.get("/portal/<code:program_code>/<id:distributor_id>/redemptions/<id:redemption_id>")
def show(program_code: str, distributor_id: int, redemption_id: int) -> str:
    found = story(session(), redemption_id)
    converts = may(person(), Permission.CONVERT_POINTS, scope().program.id, distributor_id)
    waits = found.state in (State.WAITING, State.RESERVED)
    return render_template(
        "portal/points/redemptions/show.html",
        found=found,
        words=words,
        may_withdraw=converts and waits,
        form=fresh(PerhapsWhy),
        own=own(),
    )


@bp.post("/portal/<code:program_code>/<id:distributor_id>/redemptions/<id:redemption_id>/withdraw")
def withdraw(program_code: str, distributor_id: int, redemption_id: int) -> Response:
    """Give the points back, as long as nothing is on its way."""
    form = PerhapsWhy()
    address = url_for("portal_redemptions.show", **own(), redemption_id=redemption_id)
    if not form.validate():
        return again(form, "portal_redemptions.show", **own(), redemption_id=redemption_id)
    try:
        with transaction(db.session) as writing:
            redemptions.call_off(
                writing,
                redemption_id,
                actor=person().login,
                now=now(),
                reason=form.reason.data or None,
                withdrawn=True,
            )
    except PrepaidError as error:
        flash(words.refusal(error), "warning")
    else:
        flash(gettext("It is withdrawn. Your points are back."), "success")
    return redirect(address, 303)
