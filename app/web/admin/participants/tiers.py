"""Tiers of a programme: what they take and give, who is in them, and one distributor's tier with its history."""

from collections.abc import Iterator, Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import SelectField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.db.transaction import transaction
from app.domain.program_file.tier_settings import Metric, TierLevel
from app.domain.typed.codes import code_key
from app.extensions import db
from app.models.distributors import Distributor
from app.models.placements import TierStanding
from app.services.participants import distributors
from app.services.placing import placements
from app.services.placing.tiers import decimals_of
from app.services.tiering import tier_giving, tier_reading
from app.services.tiering.tier_giving import EndsBeforeToday, NoSuchTier
from app.services.tiering.tier_reading import Gives
from app.web.context import distributor_here, now, person, scope, session
from app.web.forms.fields import DayField
from app.web.forms.form import Form, choice
from app.web.lists import together
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, Action, Choice, Column, Kind, Listing, OneOf, Search, To
from app.web.lists.together import Deed, Row, Stays
from app.web.words import tiers as tier_words
from app.web.words.tiers import tiers_here

bp = Blueprint("tiers", __name__)

Answer = str | Response | tuple[str, int]
_NONE = "none"

_QUERY: Select[Any] = (
    select()
    .select_from(Distributor)
    .join(TierStanding, TierStanding.distributor_id == Distributor.id)
    .where(Distributor.program_id == HERE, Distributor.merged_into_id.is_(None))
)


def _choices() -> list[Choice]:
    levels = tiers_here().levels
    return [*(Choice(one.code, one.name) for one in levels), Choice(_NONE, gettext("No tier"))]


def _missing(row: Any) -> str:
    """Say what the next tier takes still."""
    tiers = tiers_here()
    at = tiers.place(row.tier) + 1
    if at >= len(tiers.levels):
        return ""
    takes = tiers.thresholds(decimals_of(scope().program, tiers.metric))[at]
    more = tier_words.counted(max(0, takes - row.metric))
    return gettext("%(more)s to %(tier)s", more=more, tier=tiers.levels[at].name)


def _members(metric: Metric, kind: Kind) -> Listing:
    return Listing(
        name=f"tier_{metric.value}",
        title=_("Members by tier"),
        columns=(
            Column(
                "name",
                _("Distributor"),
                Distributor.name,
                sort=Distributor.sort_key,
                link=To("tiers.show", distributor_id="distributor_id"),
                small="code",
            ),
            Column("tier", _("Tier"), Distributor.tier, words=tier_words.name),
            Column("metric", _("Has"), TierStanding.metric, kind, TierStanding.metric, small=_missing),
            Column("since_on", _("Since"), TierStanding.since_on, Kind.DAY, TierStanding.since_on, phone=False),
            Column("review_on", _("Looked at again"), TierStanding.review_on, Kind.DAY, phone=False),
            Column("code", _("Code"), Distributor.code, Kind.CODE, shown=False),
            Column("distributor_id", _("Distributor"), Distributor.id, shown=False, exported=False),
        ),
        query=_QUERY,
        id=Distributor.id,
        default="-metric",
        actions=(Action(_("Give a tier…"), "tiers.give_many", "edit_distributor"),),
        filters=(
            Search(Distributor.name, Distributor.code, title=_("Name or code")),
            OneOf(
                "tier",
                _("Tier"),
                _choices,
                lambda code: (
                    Distributor.tier.is_(None) if code == _NONE else func.lower(Distributor.tier) == code.lower()
                ),
            ),
        ),
    )


POINTS = _members(Metric.POINTS, Kind.POINTS)
AMOUNTS = _members(Metric.AMOUNT, Kind.MONEY)


def _listing() -> Listing:
    return AMOUNTS if tiers_here().metric is Metric.AMOUNT else POINTS


@bp.get("/programs/<code:program_code>/tiers")
def index(program_code: str) -> str | Response:
    """Show what each tier takes and gives, how many are in it, and everybody with what they have and need."""
    tiers, program = tiers_here(), scope().program
    if not tiers.levels:
        return render_template("admin/participants/tiers/none.html")
    spread = tier_reading.distribution(session(), program.id)
    gives = tier_reading.gives(session(), program.id)
    takes = tiers.thresholds(decimals_of(program, tiers.metric))
    known = {code_key(one.code) for one in tiers.levels}
    return answer(
        _listing(),
        "admin/participants/tiers/index.html",
        counted=True,
        words=tier_words,
        levels=[
            (one, amount, spread.get(code_key(one.code), 0), gives.get(code_key(one.code), Gives()))
            for one, amount in zip(tiers.levels, takes, strict=True)
        ],
        others=sum(count for code, count in spread.items() if code not in known),
    )


class GiveForm(Form):
    """A tier by hand: which, until when, and why."""

    tier = SelectField(_("Tier"), [InputRequired(_("Choose a tier."))])
    until_on = DayField(_("Until"), description=_("Its last day. Empty: until somebody takes it back."))
    reason = TextAreaField(
        _("Reason"), [InputRequired(_("Say why.")), Length(max=500)], description=_("Kept in the history.")
    )


class TakeBackForm(Form):
    """Why the rules alone say again in which tier somebody is."""

    why = TextAreaField(_("Reason"), [InputRequired(_("Say why.")), Length(max=500)])


@bp.get("/programs/<code:program_code>/distributors/<id:distributor_id>/tier")
def show(program_code: str, distributor_id: int) -> str:
    return _page(_give_form(formdata=None), TakeBackForm(formdata=None))


def _give_form(**options: Any) -> GiveForm:
    form = GiveForm(**options)
    form.tier.choices = [
        choice("", gettext("Choose a tier")),
        *(choice(one.code, one.name) for one in tiers_here().levels),
        choice(_NONE, gettext("No tier")),
    ]
    return form


@bp.post("/programs/<code:program_code>/tiers/give")
def give_many(program_code: str) -> together.Answer:
    form = _give_form()

    def give_one(writing: Session, distributor_id: int) -> None:
        try:
            given = _give(writing, distributor_id, form)
        except EndsBeforeToday:
            raise Stays(gettext("That day is over.")) from None
        except NoSuchTier:
            raise Stays(gettext("Somebody was quicker: look at it once more.")) from None
        if not given:
            raise Stays(gettext("It is so already."))

    return together.decide(
        Deed(
            _listing(),
            url_for("tiers.index", program_code=program_code),
            "tiers",
            heading=lambda count: ngettext(
                "Give a tier to %(num)s distributor", "Give a tier to %(num)s distributors", count
            ),
            means=_("Sales from today on are judged by it. It stays until its last day, whatever is earned."),
            now=_("Tier now"),
            button=_("Give"),
            done=lambda count: ngettext(
                "%(num)s distributor has the tier.", "%(num)s distributors have the tier.", count
            ),
            form=form,
            look=_look,
            do=give_one,
        )
    )


def _look(ids: Sequence[int]) -> Iterator[Row]:
    """Give distributors with the tier that they are in."""
    found = session().execute(
        select(Distributor.id, Distributor.name, Distributor.code, Distributor.tier).where(Distributor.id.in_(ids))
    )
    for id_, name, code, tier in found:
        yield Row(id_, name, code, tier_words.name(tier))


def _give(writing: Session, distributor_id: int, form: GiveForm) -> bool:
    return tier_giving.give(
        writing,
        scope().program,
        distributor_id,
        None if form.tier.data == _NONE else form.tier.data,
        form.until_on.data,
        reason=form.reason.data or "",
        actor=person().login,
        now=now(),
    )


def _page(form: GiveForm, back: TakeBackForm, *, asked: str | None = None) -> str:
    here = scope()
    one = here.distributor
    assert one is not None, "the guard found one"
    level: TierLevel | None = None
    progress = tier_reading.progress(session(), here.program, one.id)
    if progress is not None:
        level = progress.level
    return render_template(
        "admin/participants/tiers/one.html",
        progress=progress,
        level=level,
        told=tier_reading.history(session(), one.id),
        stays=placements.history(session(), placements.DISTRIBUTORS, one.id),
        group=distributors.data_of(session(), one.id).group_name,
        form=form,
        back=back,
        asked=asked,
        levels=tiers_here().levels,
        words=tier_words,
        own={"program_code": here.program.code, "distributor_id": one.id},
    )


def _here() -> str:
    return url_for("tiers.show", program_code=scope().program.code, distributor_id=distributor_here().id)


@bp.post("/programs/<code:program_code>/distributors/<id:distributor_id>/tier/give")
def give(program_code: str, distributor_id: int) -> Answer:
    form = _give_form()
    good = form.validate()
    if not tiers_here().levels:
        form.refuse(None, gettext("This programme has no tiers."))
        good = False
    if not good:
        return _page(form, TakeBackForm(formdata=None), asked="give"), 400
    try:
        with transaction(db.session) as writing:
            given = _give(writing, distributor_id, form)
    except EndsBeforeToday:
        form.refuse("until_on", gettext("That day is over."))
        return _page(form, TakeBackForm(formdata=None), asked="give"), 400
    except NoSuchTier:
        form.refuse("tier", gettext("Somebody was quicker: look at it once more."))
        return _page(form, TakeBackForm(formdata=None), asked="give"), 400
    if given:
        flash(gettext("The tier is given; it is told to the distributor."), "success")
    else:
        flash(gettext("It is so already."), "warning")
    return redirect(_here(), 303)


@bp.post("/programs/<code:program_code>/distributors/<id:distributor_id>/tier/take-back")
def take_back(program_code: str, distributor_id: int) -> Answer:
    form = TakeBackForm()
    if not form.validate():
        return _page(_give_form(formdata=None), form, asked="back"), 400
    with transaction(db.session) as writing:
        done = tier_giving.take_back(
            writing,
            scope().program,
            distributor_id,
            reason=form.why.data or "",
            actor=person().login,
            now=now(),
        )
    if done:
        flash(gettext("The rules say again in which tier it is."), "success")
    else:
        flash(gettext("No tier was given by hand."), "warning")
    return redirect(_here(), 303)
