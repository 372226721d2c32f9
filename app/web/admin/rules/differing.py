"""What changed in a rule, in words: days, numbers and choices as people read them, not as the file keeps them."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any

from flask_babel import gettext

from app.domain.rules.rule_changes import TEXTS, Change
from app.web import formats
from app.web.admin.rules.building import field_of
from app.web.admin.rules.forms import POLICIES, RuleForm

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER = re.compile(r"-?[0-9]{1,30}(?:\.[0-9]{1,12})?")


def change_words(change: Change) -> tuple[str, str, str]:
    """Say what changed: the part, what it was, what it is."""
    return _part(change.path), _side(change.path, change.was), _side(change.path, change.now)


def _part(path: str) -> str:
    head, _dot, rest = path.partition(".")
    if head == "rates":
        return str(gettext("Rate of %(cell)s", cell=rest.replace(".", " × ")))
    if head == "stacks":
        return str(gettext("Rules of the stack %(stack)s that meet", stack=rest))
    field = _field(path)
    return path if field is None else str(field.kwargs.get("label") or field.args[0])


def _field(path: str) -> Any:
    """Give the field of the form that shows a part; none where none does."""
    name = field_of(path)
    return getattr(RuleForm, name, None) if name is not None else None


def _side(path: str, value: Any) -> str:
    """Say what a part was, or is."""
    if value is None and path in {"valid_from", "scope.from"}:
        return str(gettext("the beginning"))
    if value is None and path == "scope.until":
        return str(gettext("no last day"))
    if path == "factor" and isinstance(value, int):
        return formats.decimal(Decimal(value).scaleb(-4))  # it is kept in ten-thousandths
    if path.startswith("stacks."):
        return str(POLICIES.get(str(value), "–"))
    return _value(value, _choices(path), as_text=path in TEXTS)


def _choices(path: str) -> dict[str, Any]:
    """Give the words of what a part is chosen from."""
    field = _field(path)
    return {one.value: one.label for one in field.kwargs.get("choices", ())} if field is not None else {}


def _value(value: Any, choices: dict[str, Any], *, as_text: bool) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return str(gettext("yes") if value else gettext("no"))
    if isinstance(value, list):
        return ", ".join(_one(one, choices) for one in value)
    text = str(value)
    if text in choices:
        return str(choices[text])
    if as_text:
        return text
    if _DAY.fullmatch(text):
        return formats.day(dt.date.fromisoformat(text))
    return formats.decimal(Decimal(text)) if _NUMBER.fullmatch(text) else text


def _one(value: Any, choices: dict[str, Any]) -> str:
    """Write what stands in a list: a band, something that is chosen, or a code, which stays as it is."""
    if isinstance(value, dict):
        return ": ".join(_value(value[part], {}, as_text=False) for part in ("from", "points"))
    text = str(value)
    if text in choices:
        return str(choices[text])
    return formats.day(dt.date.fromisoformat(text)) if _DAY.fullmatch(text) else text
