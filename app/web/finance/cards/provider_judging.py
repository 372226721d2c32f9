"""What is wrong with an operator's template beyond a field of its own, beside the field that it is about.

`app.domain.program_file.batch_file` refuses the same where a programme file sets a template up, in the file's words.
"""

import re
import string
from collections.abc import Iterable, Sequence
from typing import Any, get_args

from flask_babel import gettext as _

from app.domain.program_file.batch_file import IN_NAMES, NEEDED, UNCUT, OfFile
from app.domain.typed.encodings import text_encoding
from app.web import formats
from app.web.finance.cards.provider_forms import OF_LOAD, TEXT, AnswersForm, FilesForm, words_of
from app.web.forms.form import Form


def judge_files(form: FilesForm) -> None:
    """Say what no field of files alone can see, all at once, besides what the form has said by now."""
    _judge_name(form)
    _judge_encoding(form, "encoding")
    _judge_kind(form)
    _judge_rows(form)


def judge_answers(form: AnswersForm) -> None:
    """Say what no field of answers alone can see, all at once, besides what the form has said by now."""
    _judge_encoding(form, "fixed_encoding")
    _judge_words(form)
    _judge_places(form)


def _lacks(form: Any, name: str, text: str) -> None:
    """Say that a field lacks something, where nothing else is wrong with it."""
    if not form[name].errors:
        form[name].errors = [*form[name].errors, text]


def _judge_name(form: FilesForm) -> None:
    name = form.name.data or ""
    try:
        named = [part for _text, part, _spec, _kind in string.Formatter().parse(name) if part is not None]
    except ValueError:
        named = ["?"]
    if "batch" not in named or set(named) - set(IN_NAMES):
        _lacks(form, "name", _("Write a name with {batch}; of {program}, {run} and {date} what is wanted."))
    elif not re.fullmatch(r"[A-Za-z0-9{][A-Za-z0-9._{}-]*", name):
        _lacks(form, "name", _("Use letters without accents, digits, dots, hyphens and underscores alone."))


def _judge_encoding(form: Form, name: str) -> None:
    try:
        text_encoding(form[name].data or "utf-8")
    except ValueError:
        _lacks(form, name, _("Name an encoding in which a digit is one byte, such as utf-8 or cp1250."))


def _judge_kind(form: FilesForm) -> None:
    """Look at what a kind of file has, and what it has not."""
    marks = any(row.form.holds.data for row in (*form.before, *form.after))
    if form.format.data == "xlsx" and marks:
        _lacks(form, "format", _("A workbook has no records before or after the loads: empty them, or take a text."))
    if form.format.data == "xlsx" and not form.titles.data:
        _lacks(form, "titles", _("A workbook begins with the titles of its columns."))
    if form.format.data == "csv" and form.delimiter.data == form.decimal.data and form.amounts.data == "decimal":
        _lacks(form, "delimiter", _("It stands in the amounts as well: take another, or another decimal sign."))


def _judge_rows(form: FilesForm) -> None:
    fixed = form.format.data == "fixed_width"
    titled = bool(form.titles.data) and not fixed
    for entry in form.columns:
        _judge_row(entry.form, UNCUT, fixed=fixed, titled=titled)
    for entry in (*form.before, *form.after):
        _judge_row(entry.form, get_args(OfFile), fixed=fixed, titled=False)
    held = {entry.form.holds.data for entry in form.columns}
    lacking = [str(OF_LOAD[name]) for name in NEEDED if name not in held]
    if lacking:
        words = _("No column holds: %(what)s. Without it no load can be told or made.", what=", ".join(lacking))
        form.refuse("columns", words)


def _judge_row(row: Any, uncut: Sequence[str], *, fixed: bool, titled: bool) -> None:
    holds = row.holds.data
    if not holds:
        if any(row[name].data for name in ("title", "text", "width") if name in row):
            _lacks(row, "holds", _("Say what it holds, or empty the row."))
        return
    if holds == TEXT and not row.text.data:
        _lacks(row, "text", _("Write the text."))
    if row.cut.data and holds in uncut:
        _lacks(row, "cut", _("This must not be cut: it would say something else."))
    if fixed and row.width.data is None:
        _lacks(row, "width", _("Say how wide: every field of a fixed width needs it."))
    if titled and not row.title.data:
        _lacks(row, "title", _("Write a title, or let the file begin without titles."))


def _judge_words(form: AnswersForm) -> None:
    """Look at what the operator's words mean: of the file as a whole, and of each load."""
    if form.file_column.data:
        for name in ("file_accepted", "file_refused"):
            if not words_of(form[name].data):
                _lacks(form, name, _("Name at least one."))
    elif any(form[name].data for name in ("file_accepted", "file_refused", "file_name", "file_message")):
        _lacks(form, "file_column", _("Name the column, or empty what is said of the file."))
    elif any(entry.form.title.data for entry in form.whole_fields):
        _lacks(form, "file_column", _("Name the column: without it nobody knows what the file's answer means."))
    taken: set[str] = set()
    for name in ("line_loaded", "line_failed", "line_unknown"):
        words = {word.casefold() for word in words_of(form[name].data)}
        if not words and name != "line_unknown":
            _lacks(form, name, _("Name at least one."))
        for word in sorted(words & taken):
            _lacks(form, name, _("“%(word)s” means something else already.", word=word))
        taken |= words


def _judge_places(form: AnswersForm) -> None:
    """Look at answers of fixed width: each field has its place, and no two of them the same."""
    loads, whole = _places(form.load_fields), _places(form.whole_fields)
    if loads or whole:
        _judge_titles(form, "load_fields", loads, [form.line_reference.data, form.line_result.data])
    if whole:
        _judge_titles(form, "whole_fields", whole, [form.file_column.data])
        for name in ("load_mark", "whole_mark"):
            if not form[name].data:
                _lacks(form, name, _("Say it: nothing else tells lines of loads and of the file apart."))


def _places(entries: Iterable[Any]) -> list[Any]:
    """Give the rows that name a field, in the order of their places; what each lacks is said beside it."""
    found = []
    for entry in entries:
        row = entry.form
        if not row.title.data:
            if row.begins.data is not None or row.width.data is not None:
                _lacks(row, "title", _("Name the field, or empty the row."))
            continue
        for name, text in (("begins", _("Say at which character it begins.")), ("width", _("Say how wide it is."))):
            if row[name].data is None:
                _lacks(row, name, text)
        found.append(row)
    return sorted(found, key=lambda row: row.begins.data or 0)


def _judge_titles(form: AnswersForm, name: str, rows: Sequence[Any], needed: Sequence[str | None]) -> None:
    end, taken = 0, set()
    for row in rows:
        title = row.title.data.casefold()
        if title in taken:
            _lacks(row, "title", _("Another field has this title."))
        taken.add(title)
        if row.begins.data is None or row.width.data is None:
            continue
        if row.begins.data <= end:
            _lacks(row, "begins", _("The field before it ends at %(end)s.", end=formats.figure(end)))
        end = max(end, row.begins.data + row.width.data - 1)
    for title in needed:
        if title and title.casefold() not in taken:
            form.refuse(name, _("No field has the title “%(title)s”, which is named above.", title=title))
