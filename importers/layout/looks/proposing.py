"""From what was seen of a file, and what somebody answered, to the profile that reads it and those like it."""

import functools
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from app.domain.program_file.import_profile import ImportProfile, Months
from app.domain.saying.wording import Said, either, marked
from importers.errors import ImportRefused
from importers.files.texts.encodings import read_otherwise
from importers.layout.documents.credit_notes import both, columns_told
from importers.layout.documents.unknown_kinds import UnknownKinds
from importers.layout.looks.looking import Seen, fingerprint
from importers.layout.looks.questions import (
    CANCELLED_OR_SOLD,
    DELIVERIES_SOLD,
    DIFFERENCE_OR_SOLD,
    LINES_OR_NOT,
    MONTH_ALONE,
    NO_AMOUNTS,
    NO_SALES_OR_SOLD,
    RETURNED_OR_SOLD,
    SOLD_RETURNED_OR_NOT,
    Question,
)
from importers.layout.tables.header import name_key
from importers.layout.written.settling import DATES, NUMBERS

_ = marked
SERIES = "REPORT"
"""What numbers of documents begin with that stand for months of a report, where nobody says otherwise."""


OF_MONTHS = ("year", "month_quantity", "month_net_amount")
"""Answers that say how the months of a matrix are read."""


OF_ROWS = ("returned", "headed_returns", "cancelled", "other_documents", "corrections", "kind")
"""What answers are about that say what rows are that may be no sales."""


class Unanswered(ImportRefused):
    """A file cannot be read before somebody says what it does not."""

    def __init__(self, questions: list[Question]) -> None:
        """Say what is asked."""
        self.questions = questions
        super().__init__("%(questions)s.", questions=[asked(one) for one in questions])


class AnswerInvalid(ImportRefused):
    """An answer is none of those that there are, or answers nothing that was asked."""


_ASKED: Mapping[str, str] = {
    "dates": _("In which order are day, month and year in the column %(about)s%(told)s?"),
    "decimal": _("What parts the decimals in the column %(about)s%(told)s?"),
    "encoding": _("In which encoding is the file written?"),
    "year": _("Of which year are the months %(about)s?"),
    "month_quantity": _("Under which name do the quantities of each month stand?"),
    "month_net_amount": _("Under which name do the net amounts of each month stand?"),
    "returned": _("Did goods come back by documents such as %(about)s, whose quantities are above zero?"),
    "headed_returns": _("Did goods come back that stand below %(about)s, whose quantities are above zero?"),
    "cancelled": _("Are rows cancelled by what stands in the column %(about)s%(told)s?"),
    "other_documents": _(
        "Was nothing sold by documents as the column %(about)s%(told)s names them, such as offers, orders, transfers "
        "or plans?"
    ),
    "corrections": _(
        "Does the column %(about)s%(told)s say which rows are as before a correction, and which as after it?"
    ),
    "kind": _("What are the documents for which the column %(about)s holds %(kind)s?"),
    "other_sheets": _("Are there lines as well in %(about)s, whose columns are called otherwise%(told)s?"),
    "sheet": _("Which column holds %(about)s in the sheets %(sheets)s?"),
    "column": _("Which column holds %(about)s?"),
    "fixed": _("No column holds %(about)s: what holds for every row?"),
}
_QUOTED = frozenset({"dates", "decimal", "headed_returns", "cancelled", "other_documents", "corrections", "kind"})
"""What is asked about names a column there, or a heading."""

_LACKING = _("No column seems to hold %(about)s: which one does?")
_NO_AMOUNTS = _(
    "No column seems to hold net amounts, or prices without tax, by which lines count; amounts with tax, or pieces "
    "alone, are not enough: which one does?"
)


def asked(question: Question) -> Said:
    """Put a question into words, with how it is answered."""
    told = Said(_(" (it holds %(examples)s)"), {"examples": list(map(repr, question.examples))})
    quoted = question.topic in (
        "dates",
        "decimal",
        "headed_returns",
        "cancelled",
        "other_documents",
        "corrections",
        "kind",
    )
    about = repr(question.about) if quoted else Said(question.about)
    sheets = list(map(repr, question.examples)) if question.topic == "sheet" else ""
    kind = repr(question.examples[0]) if question.topic == "kind" else ""
    what = Said(
        _words(question), {"about": about, "told": told if question.examples else "", "kind": kind, "sheets": sheets}
    )
    free = Said(_("the name of a column")) if question.topic == "column" else Said(_("a text"))
    choice = either(*map(repr, question.options)) if question.options else free
    if question.topic == "fixed" and question.examples:
        places = {"choice": choice, "places": either(*map(repr, question.examples))}
        choice = Said(_("%(choice)s, or what stands before the colon of %(places)s"), places)
    if question.topic == "fixed":
        choice = Said(_("%(choice)s, or column:%(about)s=the name of a column"), {"choice": choice, "about": about})
    if question.optional:
        choice = Said(_("%(choice)s, or nothing where none does"), {"choice": choice})
    return Said(_("%(what)s Answer %(key)s=%(choice)s"), {"what": what, "key": question.key, "choice": choice})


def _words(question: Question) -> str:
    """Give the words of a question: of what no column seems to hold it is said so."""
    if question.topic != "column" or not question.lacking:
        return _ASKED[question.topic]
    return _NO_AMOUNTS if question.about == "net_amount" else _LACKING


def propose(seen: Seen, answers: Mapping[str, str] | None = None) -> ImportProfile:
    """Make a profile.

    An answer may also name the column of a field that was guessed otherwise; one of nothing says that none holds it.

    Raises:
        Unanswered: Something must be said first.
        AnswerInvalid: An answer does not fit its question.
    """
    answers = dict(answers or {})
    open_ = [one for one in seen.questions if not _is_answered(one, answers)]
    if open_:
        raise Unanswered(open_)
    columns, fixed, said = dict(seen.columns_of), dict[str, str](), dict[str, Any]()
    asked_for = {one.key: one for one in seen.questions}
    for key, answer in answers.items():
        question = asked_for.get(key)
        declined = question is not None and question.optional and not answer
        if question is not None and question.options and answer not in question.options and not declined:
            words = _("%(answer)s: expected %(options)s.")
            raise AnswerInvalid(words, answer=f"{key}={answer}", options=either(*map(repr, question.options)))
        topic, _colon, about = key.partition(":")
        if topic == "column" or (topic == "fixed" and answer in seen.lifted):
            _choose(seen, columns, about, answer)
        elif topic == "fixed":
            fixed[about] = answer
            columns.pop(about, None)
        elif topic in ("dates", "decimal", "encoding", "other_sheets", "sheet"):
            said[key] = answer
        elif topic not in (*OF_ROWS, *OF_MONTHS):
            raise AnswerInvalid(_("%(answer)s: nothing is called %(topic)s."), answer=f"{key}={answer}", topic=topic)
    told = {topic: answers[topic] for topic in OF_MONTHS if topic in answers}
    said |= of_rows(seen, answers)
    if "credit_note" in said:
        said["credit_note"] = both(seen.form.get("credit_note", {}), said["credit_note"])
    return compose(seen, columns, fixed, seen.form | unproved(seen, columns) | said, told)


def _is_answered(question: Question, answers: Mapping[str, str]) -> bool:
    """Say whether a question is answered: by a column, or by what holds for every row.

    An amount may be reckoned of a price instead.
    """
    fields = (question.about, "unit_price") if question.key == "column:net_amount" else (question.about,)
    if question.key in answers or any(f"fixed:{one}" in answers for one in fields):
        return True
    others = fields if question.topic == "fixed" else fields[1:]
    return not question.optional and any(answers.get(f"column:{one}") for one in others)


def _choose(seen: Seen, columns: dict[str, str], field: str, name: str) -> None:
    """Take a column for what somebody says that it holds; it holds nothing else then."""
    known = [one.name for one in seen.columns]
    if name and name not in known:
        words = _("%(answer)s: the file has no such column; it has %(has)s.")
        raise AnswerInvalid(words, answer=f"column:{field}={name}", has=list(map(repr, known)))
    for other in [one for one, taken in columns.items() if taken == name or one == field]:
        del columns[other]
    if name:
        columns[field] = name


def of_rows(seen: Seen, answers: Mapping[str, str]) -> dict[str, Any]:
    """Say of a profile what rows are that may be no sales, as somebody answered."""
    said: dict[str, Any] = {}
    if seen.returned is not None and answers.get("returned") == RETURNED_OR_SOLD[0]:
        said["credit_note"] = seen.returned.credit_note
    if seen.returned is not None and answers.get("returned") == RETURNED_OR_SOLD[1]:
        said["sold"] = list(seen.returned.words)
    if answers.get("headed_returns"):
        said["headed_returns"] = answers["headed_returns"]
    if seen.cancelled is not None and answers.get("cancelled"):
        values = list(seen.cancelled.values) if answers["cancelled"] == CANCELLED_OR_SOLD[0] else []
        said["cancelled"] = {"column": seen.cancelled.column, "values": values}
    if seen.others is not None and (answer := answers.get("other_documents")):
        sold = {DELIVERIES_SOLD: seen.others.delivered, NO_SALES_OR_SOLD[0]: ()}.get(answer, seen.others.values)
        values = [one for one in seen.others.values if one not in sold]
        said["other_documents"] = {"column": seen.others.column, "values": values}
        said["sold"] = [*said.get("sold", ()), *(sold if values else ())]
    if seen.corrected is not None and answers.get("corrections"):
        before = list(seen.corrected.before) if answers["corrections"] == DIFFERENCE_OR_SOLD[0] else []
        said["corrections"] = {"column": seen.corrected.column, "before": before}
    return said if seen.unknown is None else said | _of_kinds(seen.unknown, said, answers)


def _of_kinds(unknown: UnknownKinds, said: Mapping[str, Any], answers: Mapping[str, str]) -> dict[str, Any]:
    """Say of a profile what the kinds of documents are that nobody knew, beside what is ``said`` of rows already."""
    told = {
        one: [kind for kind in unknown.values if answers.get(f"kind:{kind}") == one] for one in SOLD_RETURNED_OR_NOT
    }
    sold, returned, no_sales = (told[one] for one in SOLD_RETURNED_OR_NOT)
    found: dict[str, Any] = {}
    if sold:
        found["sold"] = [*said.get("sold", ()), *sold]
    if returned:
        found["credit_note"] = both(said.get("credit_note", {}), {"column": unknown.column, "values": returned})
    if no_sales:
        found["other_documents"] = {"column": unknown.column, "values": no_sales}
    return found


def said_of_kind(profile: ImportProfile, question: Question) -> str | None:
    """Give what a profile says of the kind that is asked about: one of the answers, or nothing."""
    note, others = profile.credit_note, profile.other_documents
    [kind] = question.examples
    if note is not None and kind in columns_told(note.model_dump()).get(question.about, ()):
        return SOLD_RETURNED_OR_NOT[1]
    if others is not None and others.column == question.about and kind in others.values:
        return SOLD_RETURNED_OR_NOT[2]
    return SOLD_RETURNED_OR_NOT[0] if kind in profile.sold else None


def beside_kinds(seen: Seen, said: Mapping[str, Any]) -> dict[str, Any]:
    """Give what a profile says of rows but for the kinds that are asked about: the answers say it anew."""
    found = dict(said)
    if (unknown := seen.unknown) is None:
        return found

    def left(values: Collection[str]) -> list[str]:
        return [one for one in values if one not in unknown.values]

    found["sold"] = left(found.get("sold", ()))
    if (note := found.get("credit_note")) is not None:
        told = {name: left(one) if name == unknown.column else one for name, one in columns_told(note).items()}
        ways = [{"column": name, "values": values} for name, values in told.items() if values]
        found["credit_note"] = functools.reduce(both, ways, both({**note, "column": None, "others": {}}, {}))
    if (others := found.get("other_documents")) is not None and others["column"] == unknown.column:
        found["other_documents"] = others | {"values": left(others["values"])}
    return {name: one for name, one in found.items() if one and (name != "other_documents" or one["values"])}


def unproved(seen: Seen, columns: Mapping[str, str]) -> dict[str, Any]:
    """Leave to the file what was seen of other columns than those that were chosen."""

    def other(fields: Sequence[str]) -> bool:
        return any(columns.get(one) not in (None, seen.columns_of.get(one)) for one in fields)

    found: dict[str, Any] = {"dates": "found"} if other(DATES) else {}
    return found | {"decimal": "found", "thousands": None, "numbers": {}} if other(NUMBERS) else found


def compose(
    seen: Seen,
    columns: Mapping[str, str],
    fixed: Mapping[str, str],
    form: Mapping[str, Any],
    of_months: Mapping[str, str],
) -> ImportProfile:
    """Make a profile of which columns hold which fields, what holds for every row, and the forms of the file.

    ``of_months`` are the answers of how its months are read.

    Raises:
        AnswerInvalid: They do not go together.
    """
    form = dict(form)
    if seen.encoding is not None and not seen.encoding.startswith("utf"):
        form.setdefault("encoding", seen.encoding)
    decoded = functools.partial(_decoded, seen=seen.encoding, said=form.get("encoding"))
    if form.get("thousands") is None and (other := _other_sign(seen, form.get("decimal"))):
        form["thousands"] = other
    lines = dict(seen.called) if form.pop("other_sheets", None) == LINES_OR_NOT[0] else {}
    of_sheets = {key: form.pop(key) for key in list(form) if key.startswith("sheet:")}
    for doubt in seen.doubtful:
        lines |= doubt.settled(of_sheets)
    given = columns.keys() | fixed.keys()
    form["numbers"] = {field: one for field, one in form.get("numbers", {}).items() if field in given}
    key = fingerprint(decoded([one.name for one in seen.columns]))
    try:
        return ImportProfile(
            **{"kind": seen.kind, "header_key": key, "columns": decoded(columns), "fixed": fixed}
            | _places(seen, columns)
            | _other_sheets(seen, columns, lines)
            | _months(seen, of_months)
            | decoded(form)
        )
    except ValidationError as problem:
        found = [str(one["msg"]) for one in problem.errors()]
        raise AnswerInvalid(_("These answers do not go together: %(problems)s"), problems=found) from None


def _decoded(value: Any, seen: str | None, said: str | None) -> Any:
    """Give texts of a file as they read in the encoding that somebody said, where it was looked at in another one."""
    if isinstance(value, Mapping):
        return {key: _decoded(one, seen, said) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_decoded(one, seen, said) for one in value]
    if seen is None or said is None or seen == said or not isinstance(value, str):
        return value
    return read_otherwise(value, seen, said)


def _other_sign(seen: Seen, decimal: str | None) -> str | None:
    """Give what parts thousands where somebody said what parts decimals: the other sign, if numbers have it."""
    other = {",": ".", ".": ","}.get(decimal or "")
    asked_of = next((one for one in seen.questions if one.topic == "decimal"), None)
    if other is None or asked_of is None or not any(other in one for one in asked_of.examples):
        return None
    return other


def _places(seen: Seen, columns: Mapping[str, str]) -> dict[str, Any]:
    return {
        "sheets": seen.read if isinstance(seen.read, str) else list(seen.read),
        "header_rows": seen.header_rows,
        "fill_down": [one for one in seen.fill_down if one in columns],
    }


def _other_sheets(seen: Seen, columns: Mapping[str, str], called: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Say which columns go by other names in sheets that hold lines too."""
    also: dict[str, list[str]] = {}
    for field, name in columns.items():
        told = dict.fromkeys(one[field] for one in called.values() if seen.columns_of.get(field) == name)
        if others := [one for one in told if name_key(one) != name_key(name)]:
            also[field] = others
    return {"also": also, "sheets": "visible"} if called else {}


def _months(seen: Seen, said: Mapping[str, str]) -> dict[str, Any]:
    if seen.months is None:
        return {}
    year, quantity = said.get("year", ""), said.get("month_quantity") or seen.months.quantity
    amount = said.get("month_net_amount") or seen.months.net_amount
    return {
        "months": Months(
            series=SERIES,
            quantity=None if quantity == MONTH_ALONE else quantity,
            net_amount=None if amount == NO_AMOUNTS else amount,
            year=int(year) if year.isdecimal() else seen.months.year,
        )
    }


def as_document(profile: ImportProfile) -> dict[str, Any]:
    """Give a profile as it stands in a programme file: without what it would say anyway."""
    found: dict[str, Any] = profile.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return found
