"""The audit log in the reader's words: what was done, and what stood before and stands after, as pages call it."""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from flask import g
from flask_babel import gettext, pgettext
from sqlalchemy import select

from app.domain.roles import Role
from app.domain.states import TaxStatus
from app.exports.histories.catalogue import HISTORIES
from app.models.distributors import Distributor
from app.services.telling.languages import LANGUAGES
from app.web import formats
from app.web.admin.audit.lists import LIST
from app.web.admin.audit.names import DEED, FIELD, THING, VALUE
from app.web.context import session
from app.web.people_named import name_of
from app.web.words import imports as import_words
from app.web.words import promotions as promotion_words
from app.web.words.reasons import reason_name
from app.web.words.wording import ROLE, TAX_STATUS

LONGEST = 400
"""So many characters of what was or is stand in the list; the whole of it is with whoever keeps the database."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_DECIMAL = re.compile(r"\d{1,30}(?:\.\d{1,12})?")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}.*")
_DISTRIBUTORS = frozenset({"distributor_id", "giver_id", "receiver_id", "referrer_id", "holder_id", "head_office_id"})
_POINTS = frozenset(
    {"points", "points_redeemed", "points_returned", "given", "taken", "brought", "took", "cash_points"}
)
_WHOLE = frozenset({"document", "draft", "changes", "content"})
"""Documents that have a page of their own, where they are told in sentences."""
_LEFT_OUT = frozenset({"header_key"})
"""What is reckoned from the other parts."""

_FINGERPRINT = 12
_A_DAY = dt.datetime(2025, 12, 31, 15, 30, tzinfo=dt.UTC)
_OF_EXPORTS = {field.key: field.title for history in HISTORIES.values() for field in history.fields}
"""What the columns of an export are called."""


def action_words(action: str) -> str:
    """Say what was done: to what, and what."""
    thing, _, deed = action.partition(".")
    known = {"thing": THING.get(thing, _plain(thing)), "deed": DEED.get(deed, _plain(deed))}
    return gettext("%(thing)s: %(deed)s", **known)


def state_words(state: Any) -> str:
    """Tell what stood, or stands: each part by its name."""
    text = _told("", state, {}) or "–"
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def learn_names(states: Iterable[Any]) -> None:
    """Look up how the distributors are called that some states name, in one query for all not known yet."""
    known = _known()
    asked = {one for state in states for one in _distributors_in("", state)} - known.keys()
    if asked:
        rows = session().execute(select(Distributor.id, Distributor.name).where(Distributor.id.in_(sorted(asked))))
        known.update({one: str(one) for one in asked})
        known.update((one, name) for one, name in rows)


def _distributors_in(key: str, value: Any) -> Iterator[int]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _distributors_in(name, one)
    elif isinstance(value, list):
        for one in value:
            yield from _distributors_in(key, one)
    elif key in _DISTRIBUTORS and isinstance(value, int):
        yield value


def _known() -> dict[int, str]:
    known: dict[int, str] = g.setdefault("distributors_named", {})
    return known


def _plain(word: str) -> str:
    return word.replace("_", " ")


def _told(key: str, value: Any, beside: Mapping[str, Any]) -> str:
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, dict):
        if key in _WHOLE:
            return gettext("as on its own page")
        parts = {name: _told(name, one, value) for name, one in value.items()}
        return "; ".join(f"{_name(name)}: {text}" for name, text in parts.items() if text and name not in _LEFT_OUT)
    if isinstance(value, list):
        return formats.figure(len(value)) if key in _WHOLE or _deep(value) else _list(key, value, beside)
    if key in _BY_NAME:
        return str(_BY_NAME[key](value))
    if isinstance(value, bool):
        return pgettext("audit", "yes") if value else pgettext("audit", "no")
    return _number(key, value, beside) if isinstance(value, int) else _text(str(value))


def _name(part: str) -> Any:
    return FIELD.get(part) or import_words.FIELDS.get(part) or _plain(part)


def _deep(value: list[Any]) -> bool:
    return any(isinstance(one, dict | list) for one in value)


def _list(key: str, value: list[Any], beside: Mapping[str, Any]) -> str:
    return ", ".join(_told(key, one, beside) for one in value)


def _number(key: str, value: int, beside: Mapping[str, Any]) -> str:
    if key in _DISTRIBUTORS:
        learn_names([{key: value}])
        return _known().get(value, str(value))
    if key.endswith("_minor") or (key == "amount" and beside.get("unit") == "money"):
        return formats.cash(value)
    if key in _POINTS or key == "amount":
        return formats.points(value)
    if key.endswith("_bp"):
        return formats.share(value)
    if key.endswith("_id") or key in ("order", "year", "number"):
        return str(value)
    return formats.quantity(value) if key.endswith("_milli") else formats.figure(value)


def _text(value: str) -> str:
    if value in VALUE:
        return str(VALUE[value])
    try:
        if _DAY.fullmatch(value):
            return formats.day(dt.date.fromisoformat(value))
        if _INSTANT.fullmatch(value):
            at = dt.datetime.fromisoformat(value)
            return formats.instant(at) if at.tzinfo is not None else value
    except ValueError:  # somebody called something 2026-99-99
        return value
    return value


def _filters(value: Any) -> str:
    """Say what a list was narrowed by, as it stands in an address."""
    return ", ".join(_text(one) for _name, one in parse_qsl(str(value))) or "–"


def _dates(value: Any) -> Any:
    """Say how the dates of a file are written: a format of programmers by what it makes of a day."""
    return import_words.ORDERS.get(value) or (_A_DAY.strftime(value) if "%" in str(value) else value)


def _amount(value: Any) -> str:
    """Write an amount that is kept as a programme file has it."""
    text = str(value)
    return formats.decimal(Decimal(text)) if _DECIMAL.fullmatch(text) else text


_BY_NAME: Mapping[str, Callable[[Any], Any]] = {
    "budget": _amount,
    "default": _amount,
    "least": _amount,
    "metric": lambda value: promotion_words.METRIC.get(value, value),
    "names": lambda value: promotion_words.NAMES.get(value, value),
    "participants": lambda value: promotion_words.PARTICIPANTS.get(value, value),
    "pays": lambda value: promotion_words.PAYS.get(value, value),
    "when": lambda value: promotion_words.WHEN.get(value) or _text(str(value)),
    "role": lambda value: ROLE[Role(value)] if value in set(Role) else value,
    "tax_status": lambda value: TAX_STATUS[TaxStatus(value)] if value in set(TaxStatus) else value,
    "reason_code": reason_name,
    "sha256": lambda value: f"{str(value)[:_FINGERPRINT]}…",
    "asked_by": name_of,
    "shared_by": name_of,
    "filter": _filters,
    "listing": lambda value: LIST.get(value, value),
    "columns": lambda value: gettext(_OF_EXPORTS[value]) if value in _OF_EXPORTS else _plain(str(value)),
    "language": lambda value: LANGUAGES.get(value, value),
    "languages": lambda value: LANGUAGES.get(value, value),
    "locale": lambda value: LANGUAGES.get(value, value),
    "kind": lambda value: import_words.KINDS.get(value) or VALUE.get(value) or _plain(str(value)),
    "dates": _dates,
    "decimal": lambda value: import_words.SIGNS.get(value, value),
    "thousands": lambda value: import_words.THOUSANDS.get(value, value),
    "headed_returns": lambda value: import_words.RETURNED.get(value, value),
    "fill_down": import_words.field,
    "changed_documents": lambda value: import_words.CHANGED.get(value, value),
    "unknown_distributor": lambda value: import_words.UNKNOWN.get(value, value),
    "unknown_product": lambda value: import_words.UNKNOWN.get(value, value),
}
