"""Forms of files that come in: which are brought, and what holds which column."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from flask_wtf.file import MultipleFileField
from wtforms import IntegerField, RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp

from app.domain.program_file.import_profile import ImportProfile
from app.domain.typed.fields import KINDS, problems_of_columns
from app.web import formats
from app.web.forms.form import Form, choice
from app.web.words import imports as import_words
from importers.errors import ImportRefused
from importers.layout.columns.columns import found_in
from importers.layout.columns.months import month_columns
from importers.layout.documents.credit_notes import both, with_prefix
from importers.layout.looks.looking import Seen
from importers.layout.looks.proposing import OF_MONTHS, OF_ROWS, beside_kinds, compose, of_rows, said_of_kind, unproved
from importers.layout.looks.questions import MONTH_ALONE, NO_AMOUNTS, Question
from importers.layout.tables.header import Said

IGNORED, UNDECIDED = "", "?"
"""What a column holds that nobody reads; and one of several that may be the same."""
_COLUMN, _ANSWER, _PLACE = "column-", "answer-", "place-"
_ANSWERED = ("dates", "decimal", "encoding", "other_sheets", "sheet", *OF_ROWS, *OF_MONTHS)
_LONGEST_NAME = 64


class BringForm(Form):
    """Files, and what somebody knows of them."""

    files = MultipleFileField(_("Files"))
    kind = SelectField(_("What they hold"))
    source = SelectField(_("Source"))

    def offer(self, sources: Iterable[str]) -> None:
        """Offer the kinds and the sources that there are."""
        self.kind.choices = [choice("", gettext("as each file tells"))] + [
            choice(kind, text) for kind, text in import_words.KINDS.items()
        ]
        self.source.choices = [choice("", gettext("as each file’s header tells"))] + [
            choice(name, name) for name in sources
        ]


class LookForm(Form):
    """What a file holds, and where its table stands."""

    kind = SelectField(
        _("What the file holds"), choices=[choice(kind, text) for kind, text in import_words.KINDS.items()]
    )
    sheet = SelectField(_("Sheet"))
    row = IntegerField(
        _("Header in row"),
        [
            InputRequired(_("Write the number of a row.")),
            NumberRange(1, 1_048_576, _("Write the number of a row.")),
        ],
        description=_("As the first rows are numbered."),
    )
    rows = SelectField(_("Rows of the header"), choices=[choice(str(count), str(count)) for count in range(1, 4)])

    @classmethod
    def of(cls, seen: Seen, kind: str | None, *, sent: bool) -> "LookForm":
        """Make the form for a file; before anything is sent it says what was seen."""
        found = {"kind": kind, "sheet": seen.sheet, "row": seen.header, "rows": str(seen.header_rows)}
        form = cls() if sent else cls(formdata=None, data=found)
        form.sheet.choices = [choice(one.name, one.name) for one in seen.sheets if one.visible and one.name]
        if not form.sheet.choices:
            del form.sheet
        return form

    def said(self, seen: Seen) -> Said:
        """Give where the table stands; what is as it was seen was not said, and another sheet's header is found."""
        sheet = (self.sheet.data or None) if "sheet" in self else None
        row, rows = int(self.row.data or 1), int(self.rows.data)
        as_seen = (row, rows) == (seen.header, seen.header_rows)
        if sheet in (None, seen.sheet):
            return Said() if as_seen else Said(seen.sheet or None, row, rows)
        return Said(sheet) if as_seen else Said(sheet, row, rows)


class SourceForm(Form):
    """How the rows of a source are judged."""

    unknown_distributor = SelectField(
        _("A distributor that nobody knows"),
        choices=[choice(value, text) for value, text in import_words.UNKNOWN.items()],
    )
    unknown_product = SelectField(
        _("A product that nobody knows"),
        choices=[choice(value, text) for value, text in import_words.UNKNOWN.items()],
    )
    changed_documents = SelectField(
        _("A document that is here with other content"),
        choices=[choice(value, text) for value, text in import_words.CHANGED.items()],
    )
    credit_prefix = StringField(
        _("Credit notes begin with"),
        [Optional(), Length(max=_LONGEST_NAME)],
        description=_("Letters before the number, such as KOR; empty: quantities below zero tell."),
    )

    def policies(self) -> dict[str, Any]:
        """Give what a profile says of them."""
        prefix = self.credit_prefix.data
        return {
            "unknown_distributor": self.unknown_distributor.data,
            "unknown_product": self.unknown_product.data,
            "changed_documents": self.changed_documents.data,
            **({"credit_note": {"number_prefix": prefix}} if prefix else {}),
        }


class _NameForm(Form):
    source = StringField(
        _("Name of the source"),
        [
            InputRequired(_("Say whose files these are, such as the distributor or its ERP.")),
            Length(max=_LONGEST_NAME),
            Regexp(r"^[^/\\]*$", message=_("Write it without slashes.")),
        ],
        description=_(
            "Under this name it is kept how the file is read: the next one of the same header is recognised."
        ),
    )


@dataclass(frozen=True)
class Shown:
    """A column as the page shows it: its field, and what was seen in it."""

    field: Any
    seen: Any
    guess: Any
    forced: bool
    month: bool


class Columns:
    """The form in which it is said which column holds what; made for the columns and the questions of one file."""

    def __init__(self, seen: Seen, *, sent: bool, source: str = "", profile: ImportProfile | None = None) -> None:
        """Make the form; ``profile`` is what is said of the file already."""
        self.seen, self.before = seen, profile
        self._months = {one.name for one in month_columns([one.name for one in seen.columns])} if seen.months else set()
        self.forced = _forced(seen)
        self._asked = [one for one in seen.questions if one.topic in (*_ANSWERED, "fixed")]
        fields: dict[str, Any] = {
            f"{_COLUMN}{at}": SelectField(one.name, choices=self._choices(one.name))
            for at, one in enumerate(seen.columns)
        }
        for at, one in enumerate(self._asked):
            if one.topic == "fixed" and one.examples:
                fields[f"{_PLACE}{at}"] = _placing(one)
            fields[f"{_ANSWER}{at}"] = _asking(one)
        # dates, long numbers and EANs of the file can pass for the numbers of cards
        bases = (SourceForm, _NameForm) if seen.kind == "sales" else (_NameForm,)
        made: type[Any] = type("ColumnsForm", bases, fields)
        self.form = made() if sent else made(formdata=None, data=self._guessed(source, profile))

    def _choices(self, column: str) -> list[Any]:
        found = [choice(UNDECIDED, gettext("Choose…"))] if column in self.forced else []
        found.append(choice(IGNORED, gettext("a month") if column in self._months else gettext("not read")))
        required = KINDS[self.seen.kind].needed(self.seen.columns_of)
        names = sorted(KINDS[self.seen.kind].known, key=lambda one: (one not in required, import_words.field(one)))
        return found + [choice(name, import_words.field(name)) for name in names]

    def _guessed(self, source: str, profile: ImportProfile | None) -> dict[str, Any]:
        said = profile.columns if profile is not None else self.seen.columns_of
        there = found_in([one.name for one in self.seen.columns], said, self.seen.kind)
        of = {name.casefold(): field for field, name in there.items() if name is not None}
        data: dict[str, Any] = {"source": source}
        for at, one in enumerate(self.seen.columns):
            forced = profile is None and one.name in self.forced
            data[f"{_COLUMN}{at}"] = UNDECIDED if forced else of.get(one.name.casefold(), IGNORED)
        form = profile.model_dump() if profile is not None else self.seen.form
        if profile is not None:
            note = profile.credit_note
            form["returned"] = "returned" if note is not None and not note.signed else profile.sold and "sold"
            form["cancelled"] = profile.cancelled and ("cancelled" if profile.cancelled.values else "sold")
            others = profile.other_documents
            form["other_documents"] = others and ("no_sales" if others.values else "sold")
            form["other_sheets"] = "lines" if profile.also else None
            form |= {one.key: _said_of_sheets(profile, one) for one in self._asked if one.topic == "sheet"}
            form["corrections"] = profile.corrections and ("difference" if profile.corrections.before else "sold")
            form |= {one.key: said_of_kind(profile, one) for one in self._asked if one.topic == "kind"}
        if profile is not None and (months := profile.months) is not None:
            form |= dict(zip(OF_MONTHS, (months.year, months.quantity, months.net_amount), strict=True))
        prefix = (form.get("credit_note") or {}).get("number_prefix")
        policies = ("unknown_distributor", "unknown_product", "changed_documents")
        answers = {
            f"{_ANSWER}{at}": (profile.fixed.get(one.about) if one.topic == "fixed" else form.get(one.key)) or None
            for at, one in enumerate(self._asked)
            if profile is not None
        }
        for at, asked in enumerate(self._asked):
            name, places = f"{_ANSWER}{at}", [import_words.place(example)[0] for example in asked.examples]
            if asked.topic == "fixed" and answers.get(name) in places:
                answers |= {f"{_PLACE}{at}": answers[name], name: None}
        return data | {name: form.get(name, "hold") for name in policies} | {"credit_prefix": prefix} | answers

    @property
    def columns(self) -> Sequence[Shown]:
        """Give the columns as the page shows them."""
        return [
            Shown(
                self.form[f"{_COLUMN}{at}"],
                one,
                one.fields[0] if one.fields else None,
                one.name in self.forced,
                one.name in self._months,
            )
            for at, one in enumerate(self.seen.columns)
        ]

    @property
    def answers(self) -> Sequence[tuple[Question, Any]]:
        """Give what the file does not say, and the fields in which somebody says it."""
        return [(one, self.form[f"{_ANSWER}{at}"]) for at, one in enumerate(self._asked)]

    @property
    def asking(self) -> Iterator[Any]:
        """Give the fields of what the file does not say, in the order in which the page shows them."""
        for at in range(len(self._asked)):
            names = (f"{_PLACE}{at}", f"{_ANSWER}{at}")
            yield from (self.form[name] for name in names if name in self.form)

    def _fixed(self) -> dict[str, str]:
        """Give what holds for every row: what somebody wrote, else where they say that it stands."""
        said: dict[str, str] = {}
        for at, one in enumerate(self._asked):
            if one.topic != "fixed":
                continue
            place = self.form[f"{_PLACE}{at}"].data if f"{_PLACE}{at}" in self.form else ""
            if text := place or self.form[f"{_ANSWER}{at}"].data:
                said[one.about] = text
        return said

    def profile(self) -> ImportProfile | None:
        """Make the profile of what was said; None where something is missing, which then stands beside its field."""
        valid, columns, fixed = self.form.validate(), self._said(), self._fixed()
        for field in [field for field, said in fixed.items() if said in self.seen.lifted]:
            place = fixed.pop(field)
            columns = {one: name for one, name in columns.items() if name != place} | {field: place}
        for one, field in self.answers:
            if one.topic == "fixed" and not {one.about} & {*columns, *fixed}:
                self.form.refuse(field.name, gettext("Write it here, or choose the column that holds it."))
        if not valid:
            return None
        answers: dict[str, str] = {
            one.key: field.data for one, field in self.answers if one.topic != "fixed" and field.data
        }
        for field in fixed.keys() & columns.keys():
            del columns[field]  # what holds for every row was said in its own words
        months = self.seen.months.fields if self.seen.months else frozenset()
        for problem in problems_of_columns(self.seen.kind, {*columns, *fixed, *months}):
            self.form.refuse(None, _lacking(self.seen.kind, {*columns, *fixed, *months}) or import_words.told(problem))
        if self.form.problems():
            return None
        of_months = {topic: answers.pop(topic) for topic in OF_MONTHS if topic in answers}
        policies = self.form.policies() if self.seen.kind == "sales" else {}
        seen = {name: one for name, one in self.seen.form.items() if name != "credit_note"}
        of_rows = [one.key for one in self._asked if one.topic in OF_ROWS and one.key in answers]
        told = self._of_rows({key: answers.pop(key) for key in of_rows}, policies)
        form = seen | unproved(self.seen, columns) | answers | policies | told
        try:
            return compose(self.seen, columns, fixed, form, of_months)
        except ImportRefused as refused:
            self.form.refuse(None, import_words.told(refused.said))
            return None

    def _of_rows(self, answers: dict[str, str], policies: dict[str, Any]) -> dict[str, Any]:
        """Say what rows are that may be no sales: what was said before of other ones holds."""
        told = of_rows(self.seen, answers)
        before = {} if self.before is None else beside_kinds(self.seen, self.before.model_dump(exclude_defaults=True))
        names = {one.name.casefold() for one in self.seen.columns}
        kept = {
            name: one
            for name in ("cancelled", "other_documents", "corrections", "headed_returns")
            if (one := before.get(name)) and (name == "headed_returns" or one["column"].casefold() in names)
        }
        was = before.get("credit_note") or self.seen.form.get("credit_note", {})
        prefix = policies.get("credit_note", {}).get("number_prefix")  # the page asks for it
        notes = both(with_prefix(was, prefix), told.get("credit_note", {}))
        sold = list(dict.fromkeys([*before.get("sold", ()), *told.get("sold", ())]))
        return kept | told | {name: one for name, one in (("credit_note", notes), ("sold", sold)) if one}

    def _said(self) -> dict[str, str]:
        """Give the column of each field, and refuse what was not decided or is said twice."""
        columns: dict[str, str] = {}
        for shown in self.columns:
            said, name = shown.field.data, shown.seen.name
            if said == UNDECIDED:
                self.form.refuse(shown.field.name, gettext("Choose what this column holds."))
            elif said and said in columns:
                self.form.refuse(
                    shown.field.name,
                    gettext("“%(column)s” holds that already; choose one of them.", column=columns[said]),
                )
            elif said:
                columns[said] = name
        return columns


def _forced(seen: Seen) -> frozenset[str]:
    """Name the columns of which somebody must choose: several may hold the same, or one what would be reckoned."""
    known = seen.columns_of.keys() | ({"net_amount"} if "unit_price" in seen.columns_of else set())
    return frozenset(
        name for one in seen.questions if one.topic == "column" and one.about in known for name in one.options
    )


def _said_of_sheets(profile: ImportProfile, question: Question) -> str | None:
    """Give what a profile says of a column of other sheets; nothing where they are not read."""
    names = profile.also.get(question.about, ())
    return next((one for one in question.options if one in names), "left_out" if not names else None)


def _asking(one: Question) -> Any:
    """Make the field in which a question is answered."""
    text = import_words.question(one)
    said = {
        "dates": import_words.ORDERS,
        "decimal": import_words.SIGNS,
        "returned": import_words.RETURNED,
        "headed_returns": import_words.RETURNED,
        "cancelled": import_words.CANCELLED,
        "other_documents": import_words.OTHERS,
        "corrections": import_words.CORRECTED,
        "kind": import_words.DOCUMENT_KINDS,
        "other_sheets": import_words.LINES,
        "sheet": {"left_out": gettext("none: these sheets are left out")},
        "month_quantity": {MONTH_ALONE: gettext("nothing but the month stands over them")},
        "month_net_amount": {NO_AMOUNTS: gettext("none of them")},
    }.get(one.topic, {})
    if one.options:
        return RadioField(
            text,
            [InputRequired(gettext("Nobody but you can know this."))],
            choices=[choice(option, said.get(option, option)) for option in one.options],
            description=" ".join(_examples(one)),
        )
    if one.topic != "fixed":
        return StringField(text, [InputRequired(gettext("Nobody but you can know this.")), Length(max=200)])
    hint = gettext("Its code or its name.") if one.about == "distributor" else ""
    label = gettext("What holds for every row") if one.examples else text
    return StringField(label, [Optional(), Length(max=200)], description=hint)  # a column may hold it after all


def _placing(one: Question) -> Any:
    """Make the field in which somebody says where beside the table stands what no column holds."""
    choices = [choice(*import_words.place(example)) for example in one.examples]
    nowhere = choice("", gettext("elsewhere: in a column below, or as I write it here"))
    return RadioField(
        import_words.question(one),
        [Optional()],
        choices=[*choices, nowhere],
        default="",
        description=" ".join(_rows(one)),
    )


def _examples(one: Question) -> Iterator[str]:
    """Tell what stands in the file, and in which rows it is found."""
    if one.examples and one.topic != "sheet":
        yield gettext("It holds: %(examples)s", examples=", ".join(one.examples))
    yield from _rows(one)


def _rows(one: Question) -> Iterator[str]:
    """Tell in which rows of the file stands what is asked about."""
    if one.rows:
        rows = ", ".join(map(formats.figure, sorted(one.rows)))
        yield ngettext("(row %(rows)s)", "(rows %(rows)s)", len(one.rows), rows=rows)


def _lacking(kind: str, fields: set[str]) -> str:
    """Say which fields no column holds that a kind needs."""
    lacking = sorted(KINDS[kind].needed(fields) - fields)
    if kind == "sales" and not fields & {"unit_price", "net_amount"}:
        lacking.append("net_amount")
    if not lacking:
        return ""
    said = gettext("Say which column holds: %(fields)s.", fields=", ".join(map(import_words.field, lacking)))
    return f"{said} {import_words.NO_AMOUNTS}" if "net_amount" in lacking else said
