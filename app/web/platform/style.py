"""The parts that pages are made of, each in every state: to choose from, and to be tried by the tests."""

import datetime as dt
from dataclasses import dataclass

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response
from wtforms import (
    BooleanField,
    FileField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length

from app.domain.colours import contrast, shades
from app.models.programs import Program
from app.web.context import Scope, now
from app.web.forms.form import Form, choice
from app.web.look.icons import ICONS

bp = Blueprint("platform", __name__, url_prefix="/platform")

TOKENS = (
    ("ground", "surface", "raised", "hover", "chosen", "plain-ground"),
    ("text", "quiet", "link", "accent", "accent-hover", "danger"),
    ("good", "good-ground", "warn", "warn-ground", "bad", "bad-ground"),
    ("info", "info-ground", "line", "line-strong", "field-line", "focus"),
    ("chart-1", "chart-2", "chart-3", "chart-4", "chart-5", "chart-6"),
)
ACCENTS = ("#0b5cad", "#ffcc00", "#d5002b", "#00a19a", "#7a1fa2", "#111111")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SALES = (18_240_050, 17_130_000, 19_640_075, 24_010_000, 23_300_000, 25_120_000)
_BEFORE = (15_010_000, 14_900_000, 16_100_000, 19_000_000, 20_040_000, 21_400_000)


class ExampleForm(Form):
    """A field of every kind."""

    name = StringField(_("Name"), [InputRequired(), Length(max=60)])
    email = StringField(_("E-mail"), description=_("Messages go there."))
    password = PasswordField(_("Password"), [InputRequired(), Length(min=10, max=256)])
    country = SelectField(_("Country"), choices=[choice("PL", _("Poland")), choice("ES", _("Spain"))])
    amount = StringField(_("Amount"), [InputRequired(), Length(max=20)])
    remark = TextAreaField(_("Remark"))
    file = FileField(_("File"))
    way = RadioField(
        _("How to reach you"),
        choices=[choice("mail", _("E-mail")), choice("sms", _("SMS"))],
        validators=[InputRequired()],
    )
    lines = SelectMultipleField(_("What you sell"), choices=[choice("tools", _("Tools")), choice("paint", _("Paint"))])
    terms = BooleanField(_("I have read the terms"), [InputRequired()])


@dataclass(frozen=True)
class Accent:
    """An accent, and what becomes of it."""

    chosen: str
    button: str
    text: str
    kept: bool


class Example:
    """A programme that does not exist, for as long as the examples are written."""

    def begin(self) -> str:
        """Let filters write the money and the points of the example."""
        program = Program(
            code="example",
            name="Example",
            sponsor="Example",
            currency="PLN",
            currency_decimals=2,
            point_decimals=0,
            time_zone="Europe/Warsaw",
            locale="pl",
            settings={},
        )
        g.scope = Scope(program)
        return ""

    def end(self) -> str:
        """Let the page be of no programme again."""
        del g.scope
        return ""


@bp.route("/style", methods=["GET", "POST"])
def style() -> str | Response | tuple[str, int]:
    form = ExampleForm()
    status = 200
    if request.method == "POST":
        if form.validate():
            flash(_("Everything is filled in as it should be."), "success")
            return redirect(url_for("platform.style"), 303)
        status = 422
    at = now()
    page = render_template(
        "platform/style.html",
        form=form,
        example=Example(),
        tokens=TOKENS,
        icons=sorted(ICONS),
        accents=[_accent(one) for one in ACCENTS],
        months=_MONTHS[: len(_SALES)],
        sales=_SALES,
        before=_BEFORE,
        moments=[at - dt.timedelta(hours=hours) for hours in (1, 26, 50, 400)],
    )
    return page, status


def _accent(chosen: str) -> Accent:
    made = shades(chosen)
    return Accent(chosen, made.button_light, made.text_light, contrast(chosen, "#ffffff") >= 4.5)
