"""From what was typed into a rule's form to the part of a programme file that it means, and back."""

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _

from app.domain.typed.codes import code_key
from app.web.admin.rules.forms import PICKED, SPANS, RuleForm
from app.web.words.named import no_codes

_RANGES = ("line_amount", "quantity", "unit_price")
_MILLIONTHS = 6


def kind_of(document: Mapping[str, Any]) -> str:
    """Name the kind of a stored rule as its form knows it."""
    if "rates" in document:
        return "matrix" if document["kind"] == "per_unit" else "matrix_per_amount"
    return str(document["kind"])


def values_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """Give what a rule's form shows of a rule."""
    scope, caps = document.get("scope", {}), document.get("caps") or {}
    values: dict[str, Any] = {name: document[name] for name in ("code", "name", "event") if name in document}
    values |= {
        "unit": document.get("unit", "points"),
        "of": document.get("of", "document"),
        "stack": document.get("stack", "base"),
        "priority": int(document.get("priority", 100)),
        "valid_from": _day(document.get("valid_from")),
        "about": "\n".join(document.get("about", [])),
        "bands": [{"from_": _typed(one["from"]), "points": _typed(one["points"])} for one in document.get("bands", [])],
        "from_": _day(scope.get("from")),
        "until": _day(scope.get("until")),
        "weekdays": scope.get("weekdays", []),
        "days": scope.get("days", []),
        "first_purchase": scope.get("first_purchase", False),
        "without_discounted": scope.get("without_discounted", False),
        "cap_document": _typed(caps.get("per_document")),
        "cap_budget": _typed(caps.get("budget")),
    }
    values |= {name: _typed(document.get(name)) for name in ("points", "step", "least_amount", "default")}
    if "factor" in document:
        values["factor"] = int(document["factor"]) * 10 ** (_MILLIONTHS - 4)
    values |= {name: "\n".join(scope.get(name, [])) for name in PICKED}
    for name in _RANGES:
        range_ = scope.get(name) or {}
        values |= {f"{name}_least": _typed(range_.get("least")), f"{name}_most": _typed(range_.get("most"))}
    hours = scope.get("hours") or {}
    values |= {"hours_from": hours.get("from"), "hours_until": hours.get("until")}
    per = caps.get("per_distributor") or {}
    return values | {f"cap_{span}": _typed(per.get(span)) for span in SPANS}


def document_of(form: RuleForm, kind: str, before: Mapping[str, Any]) -> dict[str, Any]:
    """Give the rule that a form means, as far as it says one; what is wrong then stands beside its field.

    What no field of the form shows stays as it was ``before``.
    """
    made = {name: value for name, value in before.items() if name not in (*_OWN, "scope", "caps")}
    made |= _head(form, kind)
    made |= _amounts(form, kind)
    scope = {name: value for name, value in before.get("scope", {}).items() if name == "document_kinds"}
    scope |= _scope(form)
    caps = _caps(form)
    return made | {name: part for name, part in (("scope", scope), ("caps", caps)) if part}


_OWN = (
    "name",
    "code",
    "kind",
    "unit",
    "stack",
    "priority",
    "valid_from",
    "points",
    "step",
    "of",
    "least_amount",
    "factor",
    "default",
    "event",
    "about",
    "bands",
)
"""What the form shows of a rule, besides its scope and its caps."""


def _head(form: RuleForm, kind: str) -> dict[str, Any]:
    head: dict[str, Any] = {
        "code": form.code.data or _code_of(form.name.data or ""),
        "name": form.name.data,
        "kind": {"matrix": "per_unit", "matrix_per_amount": "per_amount"}.get(kind, kind),
        "unit": form.unit.data,
        "stack": form.stack.data or "base",
    }
    if not head["code"] and form.name.data:
        form.refuse("code", _("Give it a code."))
    if form.priority.data is not None:
        head["priority"] = form.priority.data
    if form.valid_from.data is not None:
        head["valid_from"] = form.valid_from.data.isoformat()
    return head


def _amounts(form: RuleForm, kind: str) -> dict[str, Any]:
    """Read what the kind has of its own."""
    found: dict[str, Any] = {}
    for name in ("points", "step", "least_amount", "default"):
        value = _number(form, name)
        if value is not None:
            found[name] = _text(value)
        elif name in form and name in ("points", "step") and not form[name].errors:
            form.refuse(name, _("Say how much."))
    if "of" in form:
        found["of"] = form.of.data
    if "factor" in form:
        factor = _number(form, "factor")
        if factor is not None:
            found["factor"] = int(factor * 10_000)
        elif not form.factor.errors:
            form.refuse("factor", _("Write how many times, with at most %(count)s decimals.", count=4))
    if "event" in form:
        found["event"] = form.event.data
        about = _codes(form, "about")
        found |= {"about": about} if about else {}
    if "bands" in form:
        found["bands"] = _bands(form)
    return found


def _bands(form: RuleForm) -> list[dict[str, str]]:
    bands: list[tuple[Decimal, Decimal]] = []
    before, begun = None, False
    for entry in form.bands.entries:
        fields = entry.form["from_"], entry.form["points"]
        first, points = map(_of, fields)
        begun = begun or any(one.raw_data for one in fields)
        for one, other in (fields, fields[::-1]):
            if one.data is None and other.data is not None and not one.errors:
                one.errors = [_("Fill in both, or neither.")]
        if first is not None:
            if before is not None and first <= before and not fields[0].errors:
                fields[0].errors = [_("Bands rise: this begins no higher than the one before.")]
            before = first
        if first is not None and points is not None:
            bands.append((first, points))
    if not begun:
        form.refuse("bands", _("Give one band at least."))
    return [{"from": _text(first), "points": _text(points)} for first, points in bands]


def _scope(form: RuleForm) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in PICKED:
        codes = _codes(form, name) if name in form else []
        found |= {name: codes} if codes else {}
    first, last = form.from_.data, form.until.data
    if first is not None and last is not None and last < first:
        form.refuse("until", _("The last day is before the first."))
    found |= {name: day.isoformat() for name, day in (("from", first), ("until", last)) if day is not None}
    found |= {name: list(form[name].data) for name in ("weekdays", "days") if form[name].data}
    if "hours_from" in form and (form.hours_from.data or form.hours_until.data):
        found |= _hours(form)
    for name in _RANGES:
        if f"{name}_least" not in form:
            continue
        least, most = (_number(form, f"{name}_{end}") for end in ("least", "most"))
        if least is not None and most is not None and most < least:
            form.refuse(f"{name}_most", _("The most is less than the least."))
        range_ = {end: _text(value) for end, value in (("least", least), ("most", most)) if value is not None}
        found |= {name: range_} if range_ else {}
    for name in ("first_purchase", "without_discounted"):
        found |= {name: True} if name in form and form[name].data else {}
    return found


def _hours(form: RuleForm) -> dict[str, Any]:
    first, last = (
        f"0{typed}" if re.fullmatch(r"\d:\d\d", typed) else typed
        for typed in (form.hours_from.data or "00:00", form.hours_until.data or "24:00")
    )
    if last <= first and not form.hours_from.errors and not form.hours_until.errors:
        form.refuse("hours_until", _("The hours end before they begin."))
    return {"hours": {"from": first, "until": last}}


def _caps(form: RuleForm) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, field in (("per_document", "cap_document"), ("budget", "cap_budget")):
        value = _number(form, field)
        if value is not None:
            found[name] = _text(value)
        if name == "budget" and value is not None and value <= 0:
            form.refuse(field, _("A budget is above zero."))
    per = {span: _number(form, f"cap_{span}") for span in SPANS}
    kept = {span: _text(value) for span, value in per.items() if value is not None}
    return found | ({"per_distributor": kept} if kept else {})


def lay_problems(form: RuleForm, problems: Sequence[tuple[str, str]]) -> None:
    """Put what a programme file would refuse, and the form did not, beside the field that it is about."""
    for path, text in problems:
        name = field_of(path)
        form.refuse(name if name is not None and name in form else None, text)


def field_of(path: str) -> str | None:
    """Name the field that shows a path of a rule's definition."""
    parts = [re.sub(r"\[\d+\]", "", part) for part in path.split(".")]
    if parts[0] == "caps" and len(parts) > 1:
        return f"cap_{parts[-1].removeprefix('per_')}"
    if parts[0] == "scope" and len(parts) > 1:
        last = parts[1]
        if last in _RANGES:
            return f"{last}_most"
        return {"from": "from_", "hours": "hours_until"}.get(last, last)
    return parts[0] or None


def _code_of(name: str) -> str:
    """Make a code of a name: small letters and digits of any alphabet, joined by dashes."""
    plain = "".join(
        letter if unicodedata.category(letter)[0] in "LN" else " "
        for letter in unicodedata.normalize("NFKC", name).casefold()
    )
    return "-".join(plain.split())[:64].strip("-")


def _codes(form: RuleForm, name: str) -> list[str]:
    """Read codes, one on each line, each once."""
    found = {code_key(line): line.strip() for line in (form[name].data or "").splitlines() if line.strip()}
    for problem in no_codes(found.values()):
        form.refuse(name, problem)
    return list(found.values())


def _number(form: RuleForm, name: str) -> Decimal | None:
    return _of(form[name]) if name in form else None


def _of(field: Any) -> Decimal | None:
    return None if field.data is None else Decimal(field.data).scaleb(-_MILLIONTHS)


def _text(value: Decimal) -> str:
    """Write a number as a programme file does."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _typed(written: Any) -> int | None:
    """Read a number of a programme file into the millionths of a field."""
    return None if written is None else int(Decimal(str(written)).scaleb(_MILLIONTHS))


def _day(written: Any) -> dt.date | None:
    return None if written is None else dt.date.fromisoformat(str(written))
