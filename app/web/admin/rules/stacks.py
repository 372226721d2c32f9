"""Stacks with what each does where several rules meet, and the lists of named days."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, ClassVar

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response
from wtforms import FieldList, FormField, SelectField, StringField, TextAreaField
from wtforms.validators import Length

from app.db.transaction import transaction
from app.domain.states import RuleDraftSubject
from app.domain.typed.codes import code_key
from app.extensions import db
from app.services.rulebooks import rules_of
from app.services.rules import rule_drafts
from app.services.setup import programs
from app.services.telling.languages import NotADay
from app.web import formats
from app.web.admin.rules.forms import POLICIES
from app.web.context import now, person, scope, session
from app.web.forms.form import Form, RowForm, choice

bp = Blueprint("stacks", __name__)

SPARE = 2
"""Empty rows below those that are filled in."""


class _StackForm(RowForm):
    """A stack: its code, and its policy."""

    code = StringField(_("Stack"), [Length(max=64)])
    policy = SelectField(_("Of rules that meet"), choices=[choice(key, text) for key, text in POLICIES.items()])


class _DaysForm(RowForm):
    """A list of days under a name."""

    may_look_like_cards: ClassVar[frozenset[str]] = frozenset({"dates"})

    name = StringField(_("Name"), [Length(max=64)])
    dates = TextAreaField(_("Days, one on each line"), [Length(max=20_000)])


class StacksForm(Form):
    """All stacks and all named days; a row that is emptied is gone."""

    stacks = FieldList(FormField(_StackForm), label=_("Stacks"), max_entries=100)
    days = FieldList(FormField(_DaysForm), label=_("Named days"), max_entries=200)


@bp.get("/programs/<code:program_code>/rules/stacks")
def show(program_code: str) -> str:
    program = scope().program
    used: dict[str, list[str]] = {}
    for rule in {one.code: one for one in rules_of(session(), program.id).book.rules}.values():
        used.setdefault(rule.stack, []).append(rule.version.definition.name)
    days = {
        name: sorted(dt.date.fromisoformat(day) for day in dates)
        for name, dates in program.stacks["named_days"].items()
    }
    return render_template(
        "admin/rules/stacks.html",
        stacks={"base": "sum", **program.stacks["policies"]},
        days=days,
        used=used,
        policies=POLICIES,
        draft=rule_drafts.open_draft_of(session(), program.id, rule_drafts.ALL_STACKS),
    )


@bp.route("/programs/<code:program_code>/rules/stacks/edit", methods=["GET", "POST"])
def edit(program_code: str) -> str | Response | tuple[str, int]:
    program = scope().program
    held = rule_drafts.open_draft_of(session(), program.id, rule_drafts.ALL_STACKS)
    standing: Mapping[str, Any] = (
        held.document
        if held is not None
        else {"stacks": program.stacks["policies"], "named_days": program.stacks["named_days"]}
    )
    form = StacksForm(**_values(standing))
    if request.method == "POST":
        form.validate()
        made = _document(form)
        _judge_used(form, made)
        if not form.problems():
            answer = _keep(form, made, None if held is None else held.id)
            if answer is not None:
                return answer
    page = render_template("admin/rules/stacks_edit.html", form=form)
    return (page, 400) if form.problems() else page


def _values(document: Mapping[str, Any]) -> dict[str, Any]:
    stacks = {"base": "sum", **document.get("stacks", {})}
    return {
        "stacks": [{"code": code, "policy": policy} for code, policy in stacks.items()]
        + [{"code": "", "policy": "sum"}] * SPARE,
        "days": [
            {
                "name": name,
                "dates": "\n".join(formats.here().day_typed(dt.date.fromisoformat(day)) for day in dates),
            }
            for name, dates in document.get("named_days", {}).items()
        ]
        + [{"name": "", "dates": ""}] * SPARE,
    }


def _document(form: StacksForm) -> dict[str, dict[str, Any]]:
    """Give what the form means, as far as it says it; what is wrong then stands beside its field."""
    stacks: dict[str, str] = {}
    for entry in form.stacks.entries:
        code = (entry.form.code.data or "").strip()
        if code and code_key(code) in map(code_key, stacks):
            _refuse(entry.form.code, gettext("This stack stands here twice."))
        elif code:
            stacks[code] = entry.form.policy.data
    days: dict[str, list[str]] = {}
    for row in form.days.entries:
        name, typed = (row.form.name.data or "").strip(), (row.form.dates.data or "").split()
        if not name and typed:
            _refuse(row.form["name"], gettext("Name these days."))
        elif name in days:
            _refuse(row.form["name"], gettext("This name stands here twice."))
        elif name:
            try:
                days[name] = sorted({formats.here().read_day(day).isoformat() for day in typed})
            except NotADay as problem:
                days[name] = []
                words = gettext("Write dates like this, one on each line: %(example)s.", example=problem.example)
                _refuse(row.form.dates, words)
    return {"stacks": stacks, "named_days": days}


def _refuse(field: Any, text: str) -> None:
    field.errors = [*field.errors, text]


def _judge_used(form: StacksForm, made: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse to let go of stacks and days that rules speak of."""
    document = programs.export(session(), scope().program.code)
    for rule in (*document.get("earning_rules", ()), *document.get("matrices", ())):
        of, stack = rule["name"], rule.get("stack", "base")
        if stack not in ("base", *made["stacks"]):
            words = gettext("Keep the stack %(stack)s: the rule %(rule)s is in it.", stack=stack, rule=of)
            form.refuse("stacks", words)
        for name in rule.get("scope", {}).get("days", ()):
            if name not in made["named_days"]:
                words = gettext("Keep the days %(name)s: the rule %(rule)s asks for them.", name=name, rule=of)
                form.refuse("days", words)


def _keep(form: StacksForm, made: Mapping[str, Any], rule_draft_id: int | None) -> Response | None:
    try:
        with transaction(db.session) as writing:
            kept = rule_drafts.put(
                writing,
                scope().program,
                RuleDraftSubject.STACKS,
                made,
                draft_id=rule_draft_id,
                actor=person().login,
                now=now(),
            ).id
    except rule_drafts.DraftInvalid as error:
        for _path, text in error.problems:
            form.refuse(None, text)
        return None
    except (rule_drafts.DraftClosed, rule_drafts.AskedAlready):
        form.refuse(None, gettext("Somebody was quicker: look at it once more."))
        return None
    flash(gettext("The draft is kept. It holds once it is published."), "success")
    return redirect(url_for("rule_drafts.show", program_code=scope().program.code, rule_draft_id=kept), 303)
