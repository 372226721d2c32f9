"""The forms of an operator's template: what a programme's `batch_file` says, as a person fills it in; and back.

They are two, for files and for answers: together they are too much for one page.
"""

from collections.abc import Sequence
from typing import Any, get_args

from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, FieldList, FormField, IntegerField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.domain.program_file.batch_file import Answers, BatchFile, Column, Mark, OfFile, OfLoad
from app.domain.program_file.fixed_answers import AnswerRecord
from app.web.forms.fields import Between, MoneyField
from app.web.forms.form import Form, RowForm, choice

_SPARE = 1

OF_LOAD = {
    "reference": _("Our reference"),
    "requires": _("Reference that it goes with"),
    "token": _("Card's token"),
    "last4": _("Last four digits"),
    "amount": _("Amount"),
    "currency": _("Currency"),
    "kind": _("Reward or compensation"),
    "code": _("Distributor's code"),
    "holder": _("Holder's name"),
    "line": _("Number of the line"),
    "batch": _("Number of the batch"),
    "date": _("Date"),
    "program": _("Programme's code"),
}
OF_FILE = {
    "count": _("How many loads"),
    "sum": _("Sum of the loads"),
    "currency": _("Currency"),
    "batch": _("Number of the batch"),
    "date": _("Date"),
    "program": _("Programme's code"),
}
assert set(OF_LOAD) == set(get_args(OfLoad)), "each has its words"
assert set(OF_FILE) == set(get_args(OfFile)), "each has its words"

TEXT = "text"
"""A field holds a text that is the same on every line."""

_SIGNS = [choice(".", _("point")), choice(",", _("comma"))]
_AMOUNTS = [choice("decimal", _("with decimals: 12.50")), choice("minor", _("whole cents: 1250"))]
_NEEDED = _("Name the column.")

_FILLED = {
    "left-spaces": _("with spaces behind"),
    "right-spaces": _("with spaces in front"),
    "left-zeros": _("with zeros behind"),
    "right-zeros": _("with zeros in front"),
}
_PADS = {"spaces": " ", "zeros": "0"}


def _holding(names: dict[str, Any]) -> list[Any]:
    return [
        choice("", _("Nothing: a row to spare")),
        choice(TEXT, _("The text beside")),
        *(choice(name, text) for name, text in names.items()),
    ]


class _ShapeForm(RowForm):
    text = StringField(_("Text"), [Length(max=100)])
    width = IntegerField(_("Width"), [Optional(), NumberRange(1, 500)])
    filled = SelectField(_("Filled up"), choices=[choice(name, text) for name, text in _FILLED.items()])
    cut = BooleanField(_("Cut what is longer"))


class _ColumnForm(_ShapeForm):
    title = StringField(_("Title"), [Length(max=100)])
    holds = SelectField(_("Holds"), choices=_holding(OF_LOAD))


class _MarkForm(_ShapeForm):
    holds = SelectField(_("Holds"), choices=_holding(OF_FILE))


class _FieldForm(RowForm):
    title = StringField(_("Title"), [Length(max=100)], description="")
    begins = IntegerField(_("Begins at"), [Optional(), NumberRange(1, 2_000)])
    width = IntegerField(_("Width"), [Optional(), NumberRange(1, 500)])


def _words(label: Any, description: Any = None) -> StringField:
    return StringField(label, [Length(max=500)], description=description or "")


class FilesForm(Form):
    """How the files for an operator are written."""

    format = SelectField(
        _("Kind of file"),
        choices=[
            choice("csv", _("Text with a delimiter (CSV)")),
            choice("fixed_width", _("Text of fixed width")),
            choice("xlsx", _("Workbook (xlsx)")),
        ],
    )
    name = StringField(
        _("Name of a file"),
        [InputRequired(_("Name the files.")), Length(max=100)],
        description=_("{batch} makes each name one of its own; {program}, {run} and {date} may stand there as well."),
    )
    delimiter = SelectField(
        _("Delimiter"),
        choices=[
            choice(",", _("comma")),
            choice(";", _("semicolon")),
            choice("\t", _("tab")),
            choice("|", _("bar")),
        ],
    )
    encoding = StringField(_("Encoding"), [InputRequired(_("Name an encoding.")), Length(max=40)])
    line_end = SelectField(_("Lines end with"), choices=[choice("crlf", "CR LF"), choice("lf", "LF")])
    decimal = SelectField(_("Decimal sign"), choices=_SIGNS)
    amounts = SelectField(_("Amounts"), choices=_AMOUNTS)
    dates = SelectField(
        _("Dates"),
        choices=[
            choice("%Y-%m-%d", "2026-11-26"),
            choice("%Y%m%d", "20261126"),
            choice("%d.%m.%Y", "26.11.2026"),
            choice("%d/%m/%Y", "26/11/2026"),
        ],
    )
    titles = BooleanField(_("Begin with the columns' titles"))
    quoted = BooleanField(_("Every text in quotes"))
    columns = FieldList(FormField(_ColumnForm), label=_("Columns"), max_entries=60)
    before = FieldList(FormField(_MarkForm), label=_("Before the loads"), max_entries=20)
    after = FieldList(FormField(_MarkForm), label=_("After the loads"), max_entries=20)


class AnswersForm(Form):
    """How an operator's answers are read."""

    answer_decimal = SelectField(
        _("Decimal sign of its amounts"), choices=[choice(".", _("point")), choice(",", _("comma"))]
    )
    answer_amounts = SelectField(
        _("Its amounts"),
        choices=[choice("decimal", _("with decimals: 12.50")), choice("minor", _("whole cents: 1250"))],
    )
    file_column = _words(_("Column that takes or refuses the file"), _("Empty: the operator says nothing of files."))
    file_accepted = _words(_("Words for taken"), _("Several with commas between."))
    file_refused = _words(_("Words for refused"))
    file_name = _words(_("Column with our file's name"))
    file_message = _words(_("Column with the reason"))
    line_reference = StringField(
        _("Column with our reference"), [InputRequired(_("Name the column.")), Length(max=100)]
    )
    line_result = StringField(_("Column with the result"), [InputRequired(_("Name the column.")), Length(max=100)])
    line_code = _words(_("Column with the code"))
    line_message = _words(_("Column with the words"))
    line_amount = _words(_("Column with the amount"))
    line_loaded = StringField(_("Words for loaded"), [InputRequired(_("Name at least one.")), Length(max=500)])
    line_failed = StringField(_("Words for failed"), [InputRequired(_("Name at least one.")), Length(max=500)])
    line_unknown = _words(_("Words for not decided yet"))
    fixed_encoding = StringField(_("Encoding of its answers"), [Length(max=40)], description=_("Empty: UTF-8."))
    load_mark = StringField(_("Lines of loads begin with"), [Length(max=20)])
    load_fields = FieldList(FormField(_FieldForm), label=_("Fields of a load's answer"), max_entries=40)
    whole_mark = StringField(_("Lines about the whole file begin with"), [Length(max=20)])
    whole_fields = FieldList(FormField(_FieldForm), label=_("Fields of the file's answer"), max_entries=40)


class FundingForm(Form):
    """How much is to be loaded: whether the provider could pay for it is asked of the provider."""

    amount = MoneyField(_("Amount to load"), [InputRequired(_("Say how much.")), Between(1, 10**13)])


class BenchForm(Form):
    """A response file to try."""

    file = FileField(_("Response file"), [FileRequired(_("Choose a file."))])


_OF_FILES = ("format", "name", "delimiter", "encoding", "line_end", "decimal", "amounts", "dates", "titles", "quoted")


def filled_files(template: BatchFile) -> dict[str, Any]:
    """Give the data of a form of files for a template, with empty rows below those that are filled in."""
    return {
        **{name: getattr(template, name) for name in _OF_FILES},
        "columns": [_row(one) for one in template.columns] + [{}] * _SPARE,
        "before": [_row(one) for one in template.before] + [{}] * _SPARE,
        "after": [_row(one) for one in template.after] + [{}] * _SPARE,
    }


def filled_answers(answers: Answers) -> dict[str, Any]:
    """Give the data of a form of answers, with empty rows below those that are filled in."""
    whole, lines, fixed = answers.file, answers.lines, answers.fixed_width
    return {
        "answer_decimal": answers.decimal,
        "answer_amounts": answers.amounts,
        "file_column": whole.column if whole else "",
        "file_accepted": ", ".join(whole.accepted) if whole else "",
        "file_refused": ", ".join(whole.refused) if whole else "",
        "file_name": (whole.file or "") if whole else "",
        "file_message": (whole.message or "") if whole else "",
        **{f"line_{name}": getattr(lines, name) or "" for name in ("reference", "result", "code", "message", "amount")},
        **{f"line_{name}": ", ".join(getattr(lines, name)) for name in ("loaded", "failed", "unknown")},
        "fixed_encoding": fixed.encoding if fixed else "",
        **_filled_record("load", fixed.lines if fixed else None),
        **_filled_record("whole", fixed.file if fixed else None),
    }


def _filled_record(name: str, record: AnswerRecord | None) -> dict[str, Any]:
    rows: list[dict[str, Any]] = [one.model_dump() for one in record.fields] if record else []
    return {f"{name}_mark": record.mark if record else "", f"{name}_fields": rows + [{}] * _SPARE}


def offer_rows(form: FilesForm, template: BatchFile) -> None:
    """Let a form have the rows that it was begun with, whatever of them was sent."""
    for name in ("columns", "before", "after"):
        for _missing in range(len(form[name].entries), len(getattr(template, name)) + _SPARE):
            form[name].append_entry()


def offer_places(form: AnswersForm) -> None:
    """Let a form have a row to fill in, whatever was sent."""
    for name in ("load_fields", "whole_fields"):
        for _missing in range(len(form[name].entries), _SPARE):
            form[name].append_entry()


def _row(one: Column | Mark) -> dict[str, Any]:
    row = one.model_dump()
    row["holds"] = one.holds or TEXT
    row["filled"] = f"{one.align}-{next(name for name, sign in _PADS.items() if sign == one.pad)}"
    row["text"] = one.text or ""
    return row


def typed_files(form: FilesForm) -> dict[str, Any]:
    """Give what a form says of files, as a template is written; without its answers."""
    return {
        **{name: form[name].data for name in _OF_FILES},
        **{name: _rows(form[name].entries) for name in ("columns", "before", "after")},
    }


def typed_answers(form: AnswersForm) -> dict[str, Any]:
    """Give what a form says of answers, as a template has them."""
    answers: dict[str, Any] = {"decimal": form.answer_decimal.data, "amounts": form.answer_amounts.data}
    if form.file_column.data:
        answers["file"] = {
            "column": form.file_column.data,
            "accepted": words_of(form.file_accepted.data),
            "refused": words_of(form.file_refused.data),
            "file": form.file_name.data or None,
            "message": form.file_message.data or None,
        }
    answers["lines"] = {
        **{name: form[f"line_{name}"].data or None for name in ("reference", "result", "code", "message", "amount")},
        **{name: words_of(form[f"line_{name}"].data) for name in ("loaded", "failed", "unknown")},
    }
    lines, file = _typed_record(form, "load"), _typed_record(form, "whole")
    if lines or file:
        answers["fixed_width"] = {"encoding": form.fixed_encoding.data or "utf-8", "lines": lines, "file": file}
    return answers


def _typed_record(form: AnswersForm, name: str) -> dict[str, Any] | None:
    """Give a record of fixed width as it was typed; None where nothing of it was."""
    rows = [
        {"title": one.form.title.data, "begins": one.form.begins.data, "width": one.form.width.data}
        for one in form[f"{name}_fields"].entries
        if one.form.title.data
    ]
    return {"mark": form[f"{name}_mark"].data or "", "fields": rows} if rows else None


def _rows(entries: Sequence[Any]) -> list[dict[str, Any]]:
    return [_said(one.form) for one in entries if one.form.holds.data]


def _said(row: Any) -> dict[str, Any]:
    align, _of, pad = (row.filled.data or "left-spaces").partition("-")
    said = {"width": row.width.data, "align": align, "pad": _PADS.get(pad, pad), "cut": row.cut.data}
    said |= {"title": row.title.data or None} if "title" in row else {}
    return said | ({"text": row.text.data or ""} if row.holds.data == TEXT else {"holds": row.holds.data})


def words_of(text: str | None) -> list[str]:
    """Give the words that are written with commas between them, each once however it is written."""
    words: dict[str, str] = {}
    for one in filter(None, map(str.strip, (text or "").split(","))):
        words.setdefault(one.casefold(), one)
    return list(words.values())
