"""What is asked for an export: days, filters, columns, the kind of file; and for a plan when, and where it goes."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from wtforms import Field, IntegerField, RadioField, SelectField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.domain.export_wish import MOST_CHOSEN, Narrowing, Shape
from app.domain.program_file.definition import ProgramSettings
from app.domain.states import ExportForm, ExportRhythm, ExportSpan, ExportSubject, ExportWay
from app.exports.histories.catalogue import HISTORIES
from app.services.telling.languages import LANGUAGES
from app.web.context import scope
from app.web.finance.exports import words as export_words
from app.web.forms.fields import DayField, NotBefore
from app.web.forms.form import LONGEST_LINE, Form, choice

HERE, ALL = "here", "all"
_SEVERAL = re.compile(r"[\s,;]+")
_DIGITS = re.compile(r"[0-9]{1,18}")


class ShapeForm(Form):
    """What an export and a plan have in common."""

    programs = RadioField(_("Programmes"), choices=[], default=HERE)
    distributors = StringField(
        _("Distributors"), [Length(max=LONGEST_LINE * 10)], description=_("Codes with commas between; none: all.")
    )
    cards = StringField(_("Cards"), description=_("Last four digits, with commas between."))
    runs = StringField(_("Runs"), description=_("Numbers with commas between."))
    batches = StringField(_("Order files"), description=_("Numbers with commas between."))
    states = SelectMultipleField(_("Status"), choices=[], description=_("Nothing ticked: all."))
    kinds = SelectMultipleField(_("Kind"), choices=[], description=_("Nothing ticked: all."))
    sources = SelectMultipleField(_("Funded by"), choices=[], description=_("Nothing ticked: all."))
    columns = SelectMultipleField(
        _("Columns"), choices=[], description=_("Nothing ticked: those that are ticked at first.")
    )
    form = RadioField(
        _("File"),
        [InputRequired(_("Choose one."))],
        choices=[choice(form.value, text) for form, text in export_words.FORM.items()],
        default=ExportForm.XLSX.value,
    )
    language = SelectField(_("Language"), choices=[choice(code, name) for code, name in LANGUAGES.items()])

    may_look_like_cards = frozenset({"cards", "runs", "batches"})

    def prepare(self, subject: ExportSubject, siblings: Sequence[str]) -> None:
        """Offer what the history of a subject has; what it cannot be narrowed by is not asked."""
        history = HISTORIES[subject]
        program = scope().program
        sources = ProgramSettings.model_validate(program.settings).funding.sources
        offered: Mapping[str, list[Any]] = {
            "programs": [
                choice(HERE, program.name),
                choice(
                    ALL,
                    gettext("All %(count)s of %(sponsor)s", count=len(siblings), sponsor=program.sponsor),
                ),
            ],
            "columns": [choice(one.key, gettext(one.title)) for one in history.fields],
            "sources": [choice("-", program.sponsor), *(choice(code, name) for code, name in sources.items())],
            **{
                name: [choice(code, gettext(word)) for code, word in history.choices.get(name, {}).items()]
                for name in ("states", "kinds")
            },
        }
        for name, choices in offered.items():
            self[name].choices = choices
        for name in Narrowing.model_fields:
            if name not in history.filters:
                del self[name]
        if len(siblings) < 2:
            del self.programs
        if not sources and "sources" in self:
            del self["sources"]

    def begin(self, subject: ExportSubject, shape: Shape | None, language: str) -> None:
        """Fill in what is usual, or what was kept."""
        usual = [one.key for one in HISTORIES[subject].chosen([])]
        self.columns.data = list(shape.columns) if shape is not None and shape.columns else usual
        self.language.data = shape.language if shape is not None else language
        if shape is None:
            return
        self.form.data = shape.form.value
        if "programs" in self:
            self.programs.data = ALL if len(shape.programs) > 1 else HERE
        for name, values in shape.narrowing.used.items():
            if name in self:
                listed = isinstance(self[name], SelectMultipleField)
                self[name].data = values if listed else ", ".join(map(str, values))

    def shape(self, subject: ExportSubject, siblings: Sequence[str]) -> Shape | None:
        """Give what was asked; None where a field says what is wrong with it."""
        given: dict[str, list[Any]] = {}
        for name in Narrowing.model_fields:
            if name in self:
                given[name] = self._values(self[name])
        if any(one.errors for one in self):
            return None
        everywhere = "programs" in self and self.programs.data == ALL
        return Shape(
            subject=subject,
            programs=list(siblings) if everywhere else [scope().program.code],
            narrowing=Narrowing.model_validate(given),
            # a list says more than the order in which a browser sends ticks: columns stand as the history has them
            columns=[one.key for one in HISTORIES[subject].fields if one.key in (self.columns.data or [])],
            form=ExportForm(self.form.data),
            language=self.language.data,
        )

    def _values(self, field: Field) -> list[Any]:
        if isinstance(field, SelectMultipleField):
            return list(field.data or [])
        typed = list(dict.fromkeys(one for one in _SEVERAL.split(field.data or "") if one))
        if len(typed) > MOST_CHOSEN:
            self.refuse(field.name, gettext("At most %(count)s.", count=MOST_CHOSEN))
        if field.name in ("runs", "batches"):
            if not all(_DIGITS.fullmatch(one) and int(one) > 0 for one in typed):
                self.refuse(field.name, gettext("Write whole numbers with commas between."))
                return []
            return [int(one) for one in typed]
        wrong = next((one for one in typed if len(one) > 64), None)
        if wrong is not None:
            self.refuse(field.name, gettext("This is too long for a code: %(code)s", code=wrong[:80]))
        if field.name == "cards" and not all(re.fullmatch(r"[0-9]{4}", one) for one in typed):
            self.refuse(field.name, gettext("Write four digits for each card."))
        return typed


class ExportDays(ShapeForm):
    """An export, of some days."""

    from_on = DayField(_("From"), [InputRequired(_("Say from which day."))])
    to_on = DayField(_("Until"), [InputRequired(_("Say to which day.")), NotBefore("from_on")])


class PlanForm(ShapeForm):
    """A plan: its name, of which days, when it is made by itself, and where it goes."""

    name = StringField(_("Name"), [InputRequired(_("Give it a name.")), Length(max=64)])
    span = SelectField(
        _("Days"),
        choices=[choice(span.value, text) for span, text in export_words.SPAN.items()],
        default=ExportSpan.MONTH.value,
    )
    rhythm = SelectField(
        _("Made by itself"),
        choices=[choice(rhythm.value, text) for rhythm, text in export_words.RHYTHM.items()],
        default=ExportRhythm.NEVER.value,
    )
    weekday = SelectField(
        _("on"), choices=[choice(str(at), text) for at, text in enumerate(export_words.WEEKDAYS, start=1)], default="1"
    )
    day = IntegerField(_("on day"), [Optional(), NumberRange(1, 31, _("Write a day from 1 to 31."))], default=1)
    way = RadioField(
        _("Where it goes"),
        choices=[choice(way.value, text) for way, text in export_words.WAY.items()],
        default=ExportWay.NONE.value,
    )
    target = StringField(
        _("Folder or addresses"),
        [Length(max=1_000)],
        description=_("A folder’s name in small letters, or e-mail addresses with commas between."),
    )

    @property
    def turn(self) -> int:
        """Give the weekday, or the day of the month."""
        return int(self.weekday.data) if self.rhythm.data == ExportRhythm.WEEKLY.value else self.day.data or 1
