"""What happened beside sales: the list of it, and what people tell by hand; who brought whom."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import BigInteger, Select, cast, func, select
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length

from app.db.transaction import transaction
from app.domain.rules.happening import BY_HAND
from app.domain.rules.rule_sentences import EVENT_WORDS
from app.domain.states import Event, Unit
from app.extensions import db
from app.models.distributors import Distributor
from app.models.events import EventAward, HappenedEvent
from app.services.ledger.event_awards import stands
from app.services.occasions import events, referrals
from app.services.participants import distributors
from app.web import formats
from app.web.admin.rules import speaking
from app.web.context import now, person, scope, session
from app.web.forms.fields import DayField
from app.web.forms.form import CodeField, Form, choice
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, Choice, Column, Days, Kind, Listing, OneOf, Search, To

bp = Blueprint("events", __name__)

_POINTS = (
    select(cast(func.coalesce(func.sum(EventAward.amount), 0), BigInteger))
    .where(EventAward.event_id == HappenedEvent.id, EventAward.unit == Unit.POINTS, stands())
    .correlate(HappenedEvent)
    .scalar_subquery()
)
_QUERY: Select[Any] = (
    select()
    .select_from(HappenedEvent)
    .join(Distributor, Distributor.id == HappenedEvent.distributor_id)
    .where(HappenedEvent.program_id == HERE)
)

EVENTS = Listing(
    name="events",
    title=_("Events"),
    columns=(
        Column(
            "name",
            _("Distributor"),
            Distributor.name,
            sort=Distributor.sort_key,
            link=To("records.show", distributor_id="distributor_id"),
        ),
        Column("distributor_id", _("Id"), HappenedEvent.distributor_id, shown=False, exported=False),
        Column("code", _("Code"), Distributor.code, Kind.CODE, phone=False),
        Column("event", _("Event"), HappenedEvent.event, words=lambda event: _(EVENT_WORDS[event])),
        Column("about", _("What about"), HappenedEvent.about),
        Column("on", _("Day"), HappenedEvent.happened_on, Kind.DAY, HappenedEvent.happened_on),
        Column("points", _("Points"), _POINTS, Kind.POINTS),
        Column("told_by", _("Told by"), HappenedEvent.told_by, Kind.PERSON, phone=False),
        Column("told_at", _("Told"), HappenedEvent.told_at, Kind.INSTANT, HappenedEvent.told_at, phone=False),
    ),
    query=_QUERY,
    id=HappenedEvent.id,
    default="-told_at",
    filters=(
        Search(Distributor.name, Distributor.code, HappenedEvent.about, title=_("Distributor or what it is about")),
        OneOf(
            "event",
            _("Event"),
            [Choice(one.value, _(EVENT_WORDS[one])) for one in Event],
            lambda value: HappenedEvent.event == Event(value),
        ),
        Days("on", _("Day"), HappenedEvent.happened_on),
    ),
)
"""What happened is a fact: nothing is done to it, so there is nothing to do to many at once."""


class EventForm(Form):
    """Something that somebody tells by hand."""

    distributor = CodeField(_("Distributor"), [InputRequired(_("Say whose event.")), Length(max=64)])
    event = SelectField(_("Event"), choices=[choice(one.value, _(EVENT_WORDS[one])) for one in BY_HAND])
    about = StringField(
        _("Which one"), [Length(max=64)], description=_("The training, the survey, the event of your own, by its code.")
    )
    on = DayField(_("Day"), [InputRequired(_("Say when."))])


class ReferralForm(Form):
    """Who brought a distributor."""

    distributor = CodeField(_("New distributor"), [InputRequired(_("Say who is new.")), Length(max=64)])
    referrer = CodeField(_("Brought by"), [InputRequired(_("Say who brought it.")), Length(max=64)])


@bp.get("/programs/<code:program_code>/events")
def index(program_code: str) -> str | Response:
    return answer(EVENTS, "admin/rules/events.html")


@bp.route("/programs/<code:program_code>/events/new", methods=["GET", "POST"])
def new(program_code: str) -> str | Response | tuple[str, int]:
    form = EventForm(on=speaking.today())
    if request.method == "POST" and form.validate():
        found = distributors.id_of_code(session(), scope().program.id, form.distributor.data or "")
        if found is None:
            form.refuse("distributor", gettext("No distributor of this programme has this code."))
        elif form.on.data > speaking.today():
            form.refuse("on", gettext("This day is still to come."))
        else:
            return _tell(form, found)
    page = render_template("admin/rules/event_new.html", form=form)
    return (page, 400) if form.problems() else page


def _tell(form: EventForm, distributor_id: int) -> Response:
    event, about = Event(form.event.data), form.about.data or None
    key = events.key_by_hand(event, about, form.on.data)
    told = events.Told(distributor_id, event, key, form.on.data, about)
    with transaction(db.session) as writing:
        done = events.record(writing, scope().program.id, [told], actor=person().login, now=now())
    if not done.new:
        flash(gettext("This was told before; nothing is given twice."), "info")
    elif not any(done.given.values()):
        flash(gettext("It is written down. No rule gives anything for it."), "warning")
    else:
        given = [formats.amount(amount, unit) for unit, amount in done.given.items() if amount]
        flash(gettext("It is written down and gave %(amount)s.", amount=" + ".join(given)), "success")
    return redirect(url_for("events.index", program_code=scope().program.code), 303)


@bp.route("/programs/<code:program_code>/events/referral", methods=["GET", "POST"])
def referral(program_code: str) -> str | Response | tuple[str, int]:
    """Say who brought a distributor; the reward comes with its first accepted sale."""
    form = ReferralForm()
    if request.method == "POST" and form.validate():
        program_id = scope().program.id
        new_one, referrer = (
            distributors.id_of_code(session(), program_id, form[name].data or "")
            for name in ("distributor", "referrer")
        )
        if new_one is None:
            form.refuse("distributor", gettext("No distributor of this programme has this code."))
        else:
            try:
                with transaction(db.session) as writing:
                    referrals.name(writing, scope().program, new_one, referrer, actor=person().login, now=now())
            except referrals.NoSuchReferrer:
                form.refuse("referrer", gettext("No other distributor of this programme has this code."))
            except referrals.RewardedAlready:
                form.refuse(None, gettext("It was rewarded already: nobody else is named any more."))
            else:
                flash(gettext("Named. The points come with the first accepted sale."), "success")
                return redirect(url_for("events.index", program_code=program_code), 303)
    page = render_template("admin/rules/referral.html", form=form)
    return (page, 400) if form.problems() else page
