"""What tiers take and give, and how one is lost: said on a page by those who run the programme."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import FieldList, FormField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import Length, Optional

from app.db.transaction import transaction
from app.domain.program_file.parts import LONGEST_CODE, TOO_LARGE
from app.domain.program_file.tier_settings import Fall, Metric, TierLevel, Tiers, Window
from app.domain.rewards.reward_orders import ALL_BP
from app.domain.typed.codes import code_key, slug
from app.extensions import db
from app.services.placing.tiers import decimals_of
from app.services.setup import tier_terms
from app.services.setup.program_files import ProgramFileInvalid
from app.services.setup.tier_terms import TierInUse, TiersChanged, Use
from app.web.context import now, person, scope
from app.web.forms.fields import Between, CountField, ExactField, ShareField
from app.web.forms.form import Form, RowForm, choice
from app.web.words.tiers import tiers_here

bp = Blueprint("tier_terms", __name__)

SPARE = 2
"""Empty rows below those that are filled in."""

MOST = 20
"""So many tiers has a programme at most."""

_MICRO = 6
_MOST = TOO_LARGE * 10**_MICRO - 1
_MOST_BENEFITS = 20
_LONGEST_BENEFIT = 500


class _LevelForm(RowForm):
    """A tier. ``was`` is the code of one that is there already: rules, rewards and members name it by that."""

    was = HiddenField()
    name = StringField(_("Tier"), [Length(max=200)])
    code = StringField(_("Code"), [Length(max=LONGEST_CODE)], description=_("Left empty, it is made of the name."))
    from_ = ExactField(_("From"), [Between(0, _MOST)])
    share = ShareField(_("May redeem, %"), [Between(0, ALL_BP)], description=_("Empty: all of their points."))
    benefits = TextAreaField(_("Gives besides"), [Length(max=10_000)], description=_("One on each line."))

    def begun(self) -> bool:
        """Tell whether anything is filled in."""
        sent = (self["name"], self.code, self.from_, self.share, self.benefits)
        return any(str(text).strip() for field in sent for text in field.raw_data or ())

    def lacks(self, name: str, text: str) -> None:
        """Say that a field lacks something, where nothing else is wrong with it."""
        if not self[name].errors:
            self.refuse(name, text)


class TiersForm(Form):
    """Everything that a programme says about its tiers; a row that is emptied is gone."""

    metric = SelectField(
        _("Counts"),
        choices=[
            choice(Metric.POINTS.value, _("points earned, whatever was spent of them")),
            choice(Metric.AMOUNT.value, _("what was sold, net, less returns")),
        ],
    )
    window = SelectField(
        _("Within"),
        choices=[
            choice(Window.CALENDAR_YEAR.value, _("a calendar year")),
            choice(Window.ROLLING.value, _("the last months")),
            choice(Window.LIFETIME.value, _("all time: a tier that was reached is kept for good")),
        ],
    )
    months = CountField(
        _("How many months"), [Optional(), Between(1, 120)], description=_("Asked where the last months count.")
    )
    fall = SelectField(
        _("Who has not earned it again when the span ends"),
        choices=[
            choice(Fall.TO_EARNED.value, _("falls to the tier that they earned")),
            choice(Fall.BY_ONE.value, _("falls by one")),
        ],
    )
    grace_days = CountField(
        _("Days of grace"),
        [Optional(), Between(0, 180)],
        description=_("So long after the span’s end a tier is kept; what is earned meanwhile counts too."),
    )
    remind_days = CountField(
        _("Told so many days before"),
        [Optional(), Between(0, 366)],
        description=_("Whoever is about to lose a tier is told what is missing. 0: never."),
    )
    levels = FieldList(FormField(_LevelForm), label=_("Tiers"), max_entries=MOST + SPARE)
    seen = HiddenField()

    def __init__(self, *args: Any, **options: Any) -> None:
        """Let what tiers take have the decimals of what they count. Where no row is sent at all, those stand there."""
        super().__init__(*args, **options)
        if not self.levels.entries:
            for row in options["levels"]:
                self.levels.append_entry(row)
        for entry in self.levels.entries:
            entry.form.from_.fits = self._decimals

    def _decimals(self) -> int:
        amount = self.metric.data == Metric.AMOUNT
        return decimals_of(scope().program, Metric.AMOUNT if amount else Metric.POINTS)

    def said(self, known: Tiers) -> Tiers | None:
        """Give what the form says; None where something is wrong, which then stands beside its field."""
        self.validate()
        if self.window.data == Window.ROLLING and self.months.data is None and not self.months.errors:
            self.refuse("months", gettext("Say how many."))
        levels = sorted(self._levels(known), key=lambda level: level.from_)
        if not levels and not self.problems():
            self.refuse("levels", gettext("Name at least one tier."))
        if len(levels) > MOST:
            self.refuse("levels", gettext("A programme has at most %(count)s tiers.", count=MOST))
        if self.problems():
            return None
        return Tiers(
            metric=Metric(self.metric.data),
            window=Window(self.window.data),
            months=self.months.data if self.window.data == Window.ROLLING else None,
            fall=Fall(self.fall.data),
            grace_days=self.grace_days.data or 0,
            remind_days=self.remind_days.data or 0,
            levels=levels,
        )

    def _levels(self, known: Tiers) -> Iterator[TierLevel]:
        """Give the tiers that are whole; what is wrong with the others stands beside their fields."""
        codes: set[str] = set()
        amounts: set[int] = set()
        for entry in self.levels.entries:
            row: _LevelForm = entry.form
            if not row.begun():
                continue
            level = _level(row, known)
            if level is None:
                continue
            if code_key(level.code) in codes:
                row.lacks("code", gettext("Another tier has this code."))
            if row.from_.data in amounts:
                row.lacks("from_", gettext("Another tier begins there: each takes more than the one below it."))
            codes.add(code_key(level.code))
            amounts.add(row.from_.data)
            yield level


def _level(row: _LevelForm, known: Tiers) -> TierLevel | None:
    name, benefits = row["name"].data or "", (row.benefits.data or "").splitlines()
    if not name:
        row.lacks("name", gettext("Name it, or empty its whole row."))
    if row.from_.data is None:
        row.lacks("from_", gettext("Say from how much on somebody is in it; 0 for everybody."))
    words = [line.strip() for line in benefits if line.strip()]
    if len(words) > _MOST_BENEFITS or any(len(line) > _LONGEST_BENEFIT for line in words):
        row.lacks("benefits", gettext("Write at most 20 lines of at most 500 letters."))
    if any(field.errors for field in row):
        return None
    there = known.level(row.was.data)
    return TierLevel(
        code=there.code if there is not None else row.code.data or slug(name)[:LONGEST_CODE],
        name=name,
        from_=Decimal(f"{Decimal(row.from_.data).scaleb(-_MICRO).normalize():f}"),  # 100, and not 1E+2
        redeemable_bp=ALL_BP if row.share.data is None else row.share.data,
        benefits=words,
    )


@bp.route("/programs/<code:program_code>/tiers/edit", methods=["GET", "POST"])
def edit(program_code: str) -> str | Response | tuple[str, int]:
    known = tiers_here()
    form = TiersForm(**_values(known))
    if request.method == "POST":
        said = form.said(known)
        answer = None if said is None else _keep(form, said)
        if answer is not None:
            return answer
    page = render_template("admin/participants/tiers/edit.html", form=form, known=known)
    return (page, 400) if form.problems() else page


def _values(tiers: Tiers) -> dict[str, Any]:
    levels = [
        {
            "was": one.code,
            "name": one.name,
            "code": one.code,
            "from_": int(one.from_.scaleb(_MICRO)),
            "share": None if one.redeemable_bp == ALL_BP else one.redeemable_bp,
            "benefits": "\n".join(one.benefits),
        }
        for one in tiers.levels
    ]
    return {
        "metric": tiers.metric.value,
        "window": tiers.window.value,
        "months": tiers.months,
        "fall": tiers.fall.value,
        "grace_days": tiers.grace_days,
        "remind_days": tiers.remind_days,
        "seen": tier_terms.fingerprint(tiers),
        "levels": levels + [dict.fromkeys(("was", "name", "code", "from_", "share", "benefits"))] * SPARE,
    }


def _keep(form: TiersForm, said: Tiers) -> Response | None:
    try:
        with transaction(db.session) as writing:
            changed = _put(writing, said, form.seen.data or "")
    except TierInUse as error:
        for use in error.uses:
            form.refuse("levels", _kept_for(use))
        return None
    except TiersChanged:
        form.refuse(None, gettext("Somebody changed the tiers meanwhile: open this page anew, and change them there."))
        return None
    except ProgramFileInvalid as error:
        form.refuse(None, str(error).splitlines()[-1])
        return None
    if changed:
        flash(gettext("Saved. Everybody is judged by it within a moment, and told where that moves them."), "success")
    else:
        flash(gettext("Nothing was changed."), "info")
    return redirect(url_for("tiers.index", program_code=scope().program.code), 303)


def _put(writing: Session, said: Tiers, seen: str) -> bool:
    return tier_terms.put_tiers(writing, scope().program, said, seen=seen, actor=person().login, now=now())


def _kept_for(use: Use) -> str:
    """Say why a tier cannot go."""
    if use.of == "rule":
        return gettext("Keep the tier %(tier)s: the rule %(name)s is for it.", tier=use.tier, name=use.name)
    if use.of == "promotion":
        return gettext("Keep the tier %(tier)s: the promotion %(name)s is for it.", tier=use.tier, name=use.name)
    if use.of == "reward":
        return gettext("Keep the tier %(tier)s: the reward %(name)s is for it.", tier=use.tier, name=use.name)
    return gettext("Keep the tier %(tier)s: the run that is planned every month is for it.", tier=use.tier)
