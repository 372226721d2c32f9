"""What every form of a page has: the token against forged ones, limits of what may be typed, and its problems in order.

What was typed is kept and shown again with what is wrong beside it. Numbers of payment cards are never taken in.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from flask_babel import gettext as _
from flask_wtf import FlaskForm
from wtforms import (
    Field,
    FieldList,
    FormField,
    HiddenField,
    PasswordField,
    RadioField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types
from wtforms.fields.core import UnboundField
from wtforms.validators import InputRequired, Length, ValidationError

from app.domain.typed.card_numbers import holds_card_number, holds_issued_number

LONGEST_LINE = 200
LONGEST_TEXT = 4_000

_IN_A_TEXT = frozenset("\n\r\t")
_TURNS_TEXT_ROUND = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True)
class Problem:
    """Something wrong with a form: of which field, where that is on the page, and what to say."""

    label: str
    at: str | None
    text: str


class Form(FlaskForm):  # type: ignore[misc]  # flask_wtf carries no types
    """A form of a page.

    Text fields lose the spaces around what was typed, have lines that end with one character and a longest length even
    where none is named, and refuse what cannot be printed. `may_look_like_cards` names fields whose numbers can pass
    for a card's, as EANs do; in a `CodeField` a number must also begin as cards do to be taken for one.
    """

    may_look_like_cards: ClassVar[frozenset[str]] = frozenset()

    class Meta:
        """How fields are made."""

        def bind_field(self, form: "Form", unbound_field: "UnboundField[Any]", options: dict[str, Any]) -> Any:
            return (_of_text(unbound_field) if _takes_text(unbound_field.field_class) else unbound_field).bind(
                form=form, **options
            )

    def validate(self, extra_validators: Mapping[str, Sequence[Any]] | None = None) -> bool:
        """Tell whether all is right; `problems` says what is not."""
        extra = {name: [*checks] for name, checks in (extra_validators or {}).items()}
        for name, one in self._fields.items():
            if _takes_text(type(one)):
                extra.setdefault(name, [])[:0] = [_filled, _printable]
                if name not in self.may_look_like_cards and not isinstance(one, PasswordField):
                    extra[name].append(_no_card)
        return bool(super().validate(extra_validators=extra))

    def refuse(self, name: str | None, text: str) -> None:
        """Say what a service found wrong: with one field, or with the whole."""
        if name is None:
            self.form_errors.append(text)
        else:
            self[name].errors = [*self[name].errors, text]

    def problems(self) -> list[Problem]:
        """Give everything that is wrong, in the order of the fields; what concerns the whole comes first."""
        whole = [Problem("", None, str(text)) for text in self.form_errors]
        return whole + [problem for one in self for problem in _problems(one)]


def own_problems(field: Field) -> list[Any]:
    """Give what is wrong with a field itself: fields made of others tell what is wrong with those among their own."""
    told = () if isinstance(field, FormField) else field.errors
    return [one for one in told if not isinstance(one, dict | list | tuple)]


class RowForm(Form):
    """The fields of one of several rows of a form, or of a part of it: the token stands in the form around it."""

    class Meta(Form.Meta):
        """Without a token of its own."""

        csrf = False


def choice(value: str, text: Any) -> Any:
    """Give one of the choices of a field: what is sent, and what is shown."""
    return SelectChoice(value, text)


def _takes_text(kind: Any) -> bool:
    """Tell whether a field takes text as it is: one that reads a number or a date out of it judges it itself."""
    return (
        isinstance(kind, type)
        and issubclass(kind, StringField)
        and kind.process_formdata is StringField.process_formdata
    )


def _of_text(unbound: "UnboundField[Any]") -> "UnboundField[Any]":
    """Give a text field what every one has, besides what its form says."""
    kind, given = unbound.field_class, dict(unbound.kwargs)
    label, validators = (*unbound.args, None, None)[:2]  # what may be named without its name
    checks = list(validators or given.get("validators") or ())
    if not any(isinstance(one, Length) and one.max > 0 for one in checks):
        checks.append(Length(max=LONGEST_TEXT if issubclass(kind, TextAreaField) else LONGEST_LINE))
    given["validators"] = checks
    if not issubclass(kind, PasswordField):
        given["filters"] = [*given.get("filters", ()), _tidied]
    if label is not None:
        given["label"] = label
    return UnboundField(kind, name=unbound.name, **given)


def _tidied(value: Any) -> Any:
    """Take off the spaces around a text, and end its lines with one character: browsers send two."""
    return value.strip().replace("\r\n", "\n") if isinstance(value, str) else value


def _filled(_form: Form, field: StringField) -> None:
    """Ask for more than spaces: `InputRequired` looks at what was sent, before they are taken off."""
    if field.flags.required and field.data == "":
        own = next((one.message for one in field.validators if isinstance(one, InputRequired) and one.message), None)
        raise ValidationError(own or field.gettext("This field is required."))


def _printable(_form: Form, field: StringField) -> None:
    """Refuse what no keyboard writes: control characters, halves of letters, marks that turn text round."""
    allowed = _IN_A_TEXT if isinstance(field, TextAreaField) else frozenset()
    for letter in field.data or "":
        if letter not in allowed and (unicodedata.category(letter) in ("Cc", "Cs") or letter in _TURNS_TEXT_ROUND):
            raise ValidationError(_("Remove the characters that cannot be printed."))


class CodeField(StringField):
    """A code or a number of something: one in ten of all long numbers, as a GLN is, checks like a card's does."""


def _no_card(_form: Form, field: StringField) -> None:
    holds_one = holds_issued_number if isinstance(field, CodeField) else holds_card_number
    if field.data and holds_one(field.data):
        raise ValidationError(_("This looks like the number of a payment card. Card numbers are never kept here."))


def _problems(field: Field) -> Iterator[Problem]:
    if isinstance(field, FormField):
        for one in field.form:
            yield from _problems(one)
    elif isinstance(field, FieldList):
        for number, one in enumerate(field.entries, start=1):
            # of rows that have the same fields, the problem says in which it is
            for problem in _problems(one):
                yield replace(problem, label=f"{problem.label} ({number})") if problem.label else problem
        yield from (Problem(str(field.label.text), field.id, str(text)) for text in own_problems(field))
    elif isinstance(field, HiddenField):
        yield from (Problem("", None, str(text)) for text in field.errors)
    else:
        at = f"{field.id}-0" if isinstance(field, RadioField | SelectMultipleField) else field.id
        yield from (Problem(str(field.label.text), at, str(text)) for text in field.errors)
