"""A new programme: what it cannot do without is typed, or all of it is loaded from a file; its pages do the rest."""

import datetime as dt
import functools
import zoneinfo
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from babel.core import Locale, get_global
from babel.languages import get_official_languages
from babel.numbers import get_territory_currencies
from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from markupsafe import Markup
from sqlalchemy import exists, select
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional, Regexp
from wtforms.widgets import Select

from app.db.transaction import transaction
from app.domain.program_file.definition import ProgramFile
from app.domain.program_file.parts import LONGEST_CODE
from app.domain.typed.codes import slug
from app.domain.typed.countries import is_country
from app.extensions import db
from app.models.programs import Program
from app.services.setup import program_files, programs
from app.services.telling.languages import DEFAULT, LANGUAGES
from app.web.admin.program import FileUnfit, ProgramFileForm, document_sent
from app.web.context import now, person, session
from app.web.forms.fields import Between, DayField, ExactField, NotBefore
from app.web.forms.form import Form, choice
from app.web.languages import language

bp = Blueprint("platform_programs", __name__, url_prefix="/platform/programs")

Answer = str | Response | tuple[str, int]
_CODE = Regexp(r"^[a-z0-9]+(-[a-z0-9]+)*$", message=_("Small letters, digits and hyphens, such as my-club."))
_MOST_WORTH = 10**12
"""A million of the currency, in millionths."""
_USUAL = {"pl": ("PL", "PLN", "Europe/Warsaw"), "es": ("ES", "EUR", "Europe/Madrid")}
"""What whoever reads a language most likely wants; they see it chosen, and may choose otherwise."""


class _CalledAsSent(Select):
    """Options that are called as they are sent, each written once: four hundred time zones take half the bytes."""

    @classmethod
    def render_option(cls, choice: Any, **kwargs: Any) -> Markup:  # type: ignore[override]  # its types are those of 3.2
        """Write one."""
        return Markup("<option{}>{}</option>").format(Markup(" selected") if choice.selected else "", choice.value)


class NewProgramForm(Form):
    """What a programme cannot do without; amounts, days and points are counted by it from the first sale on."""

    name = StringField(_("Name"), [InputRequired(_("Name it.")), Length(max=200)])
    code = StringField(
        _("Code"),
        [Optional(), Length(max=LONGEST_CODE), _CODE],
        description=_("It stands in addresses and never changes. Empty: it is made from the name."),
    )
    sponsor = StringField(_("Sponsor"), [InputRequired(_("Say who runs and pays for it.")), Length(max=200)])
    country = SelectField(_("Country"), description=_("Its tax rules are taken where there is a pack of them."))
    currency = SelectField(_("Currency"), description=_("It never changes."))
    time_zone = SelectField(_("Time zone"), widget=_CalledAsSent())
    locale = SelectField(
        _("Language"),
        choices=[choice(code, name) for code, name in LANGUAGES.items()],
        description=_("Of messages to those who have chosen none."),
    )
    starts_on = DayField(_("First day"), [InputRequired(_("Say from which day on sales count."))])
    ends_on = DayField(_("Last day"), [NotBefore("starts_on")], description=_("Empty: it goes on."))
    point_value = ExactField(
        _("Worth of one point"),
        [InputRequired(_("Say what a point is worth.")), Between(1, _MOST_WORTH)],
        description=_("In the currency, when points become money: 0.50 for half a unit."),
    )

    def offer(self) -> None:
        """Fill in what can be chosen, in the reader's language."""
        names = Locale.parse(language())
        countries = {code: name for code, name in names.territories.items() if is_country(code)}
        self.country.choices = _sorted(countries.items())
        paid_with = {code for country in countries for code in get_territory_currencies(country)}
        self.currency.choices = _sorted(
            (code, f"{code} · {names.currencies[code]}") for code in paid_with if code in names.currencies
        )
        self.time_zone.choices = [choice(one, one) for one in _time_zones()]

    def document(self) -> dict[str, Any]:
        """Give the document of the programme that is asked for."""
        said = {name: self[name].data for name in ("name", "sponsor", "country", "currency", "time_zone", "locale")}
        ends_on = {} if self.ends_on.data is None else {"ends_on": self.ends_on.data}
        return {
            "schema": "kontor/1",
            "program": {
                **said,
                **ends_on,
                "code": self.code.data or slug(str(self.name.data)),
                "starts_on": self.starts_on.data,
                "point": {
                    "value": f"{Decimal(self.point_value.data).scaleb(-self.point_value.decimals()).normalize():f}"
                },
            },
        }


@functools.cache
def usual() -> str:
    """Write for each country what is chosen with it: currency, time zone where it has one, language or English.

    Countries are parted by semicolons, what is said of them by spaces, in the order of the fields that the first names:
    half the bytes of JSON, whose every quote takes five in a page.
    """
    rows = [("country", "currency", "time_zone", "locale")]
    chosen = {country: (currency, zone) for country, currency, zone in _USUAL.values()}
    for country in filter(is_country, Locale.parse("en").territories):
        paid, zones = get_territory_currencies(country), get_global("territory_zones").get(country, ())
        zone = zones[0] if len(zones) == 1 and "/" in zones[0] else "-"
        spoken = next(iter(get_official_languages(country, de_facto=True)), DEFAULT)
        currency, zone = chosen.get(country, (paid[0] if paid else "-", zone))
        rows.append((country, currency, zone, spoken if spoken in LANGUAGES else DEFAULT))
    return ";".join(" ".join(row) for row in rows)


@functools.cache
def _time_zones() -> tuple[str, ...]:
    """Give the time zones of countries, each by the name that it has now: others are names that it had."""
    of = get_global("zone_territories")
    return tuple(sorted(one for one in zoneinfo.available_timezones() if "/" in one and is_country(of.get(one, ""))))


def _sorted(named: Any) -> Sequence[Any]:
    return [choice(code, name) for code, name in sorted(named, key=lambda one: str(one[1]).casefold())]


@bp.get("/new")
def new() -> str:
    form = NewProgramForm(formdata=None)
    country, currency, time_zone = _USUAL.get(language(), ("GB", "GBP", "Europe/London"))
    form.country.data, form.currency.data, form.time_zone.data = country, currency, time_zone
    form.locale.data, form.starts_on.data = language(), dt.date(now().year, 1, 1)
    return _page(form)


@bp.post("/new")
def create() -> Answer:
    form = NewProgramForm()
    form.offer()
    if not form.validate():
        return _page(form), 400
    document = form.document()
    if _is_there(document["program"]["code"]):
        form.refuse("code", gettext("There is a programme with this code."))
        return _page(form), 400
    try:
        return _made(program_files.read(document), deed="make")
    except program_files.ProgramFileInvalid as error:
        for problem in error.problems:
            form.refuse(None, problem)
        return _page(form), 400


@bp.post("/file")
def load() -> Answer:
    form = ProgramFileForm()
    if not form.validate():
        return _page(file_form=form), 400
    try:
        document = document_sent(form)
        if _is_there(document.program.code):
            form.refuse("file", gettext("There is a programme with this code. Load its file on its own page."))
            return _page(file_form=form), 400
        return _made(document)
    except FileUnfit as unfit:
        return _page(file_form=form, problems=unfit.problems), 400
    except program_files.ProgramFileInvalid as error:
        form.refuse("file", gettext("The file cannot be loaded; nothing was changed."))
        return _page(file_form=form, problems=error.problems), 400


def _is_there(code: str) -> bool:
    return bool(session().scalar(select(exists().where(Program.code == code))))


def _made(document: ProgramFile, deed: str = "load") -> Response:
    """Make the programme, and go to its first page; the audit log says by which deed."""
    with transaction(db.session) as writing:
        loaded = programs.load(writing, document, actor=person().login, now=now(), deed=deed)
    flash(
        gettext("The programme is there. Give it groups, products, distributors and rules, and invite its people."),
        "success",
    )
    return redirect(url_for("overview.overview", program_code=loaded.code), 303)


def _page(
    form: NewProgramForm | None = None, file_form: ProgramFileForm | None = None, problems: Sequence[str] = ()
) -> str:
    asked = form or NewProgramForm(formdata=None)
    asked.offer()
    return render_template(
        "platform/program_new.html",
        usual=usual(),
        form=asked,
        file_form=file_form or ProgramFileForm(formdata=None),
        problems=problems,
    )
