"""Drafts of rules: built by a form, looked at with their sentence and where they meet others, published or dropped."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import exists, select
from werkzeug.wrappers import Response

from app.db.transaction import transaction
from app.domain.rules.rule_changes import changes
from app.domain.states import RuleDraftState, RuleDraftSubject
from app.extensions import db
from app.models.rule_drafts import RuleDraft
from app.models.rules import EarningRule
from app.models.sales import SalesDocument
from app.services import two_people
from app.services.rulebooks import definition_of
from app.services.rules import rule_drafts
from app.services.rules.rule_conflicts import conflicts
from app.services.rules.rule_history import history_of
from app.web import formats
from app.web.addresses import text_asked
from app.web.admin.rules import speaking
from app.web.admin.rules.building import document_of, kind_of, lay_problems, values_of
from app.web.admin.rules.differing import change_words
from app.web.admin.rules.forms import KINDS, POLICIES, RuleForm, form_for
from app.web.admin.rules.judging import judge
from app.web.admin.rules.pages import EndForm, draft_name
from app.web.context import now, person, scope, session
from app.web.forms.asked import SendBack
from app.web.forms.refused import again, fresh
from app.web.lists.describing import Badge

bp = Blueprint("rule_drafts", __name__)

Answer = str | Response | tuple[str, int]

STATE: Mapping[RuleDraftState, Badge] = {
    RuleDraftState.DRAFT: Badge(_("Draft"), "plain"),
    RuleDraftState.WAITING: Badge(_("Waits for a second person"), "wait"),
    RuleDraftState.PUBLISHED: Badge(_("Published"), "good"),
    RuleDraftState.DROPPED: Badge(_("Dropped"), "plain"),
}


@bp.get("/programs/<code:program_code>/rules/new")
def kinds(program_code: str) -> str:
    return render_template("admin/rules/kinds.html", kinds=KINDS)


@bp.route("/programs/<code:program_code>/rules/build", methods=["GET", "POST"])
def new(program_code: str) -> Answer:
    """Build a rule from nothing, of the kind that the address asks for."""
    kind = text_asked("kind")
    if kind not in KINDS:
        return redirect(url_for("rule_drafts.kinds", program_code=program_code), 303)
    return _build(kind, {**_beginning(), **_starting(kind)}, None, None)


def _beginning() -> dict[str, Any]:
    """Propose from when a new rule holds: from today on, in a programme without sales for sales of any day."""
    sold = exists().where(SalesDocument.program_id == scope().program.id)
    return {"valid_from": speaking.today().isoformat()} if session().scalar(select(sold)) else {}


def _starting(kind: str) -> dict[str, Any]:
    return {"rates": {}} if kind in ("matrix", "matrix_per_amount") else {}


@bp.route("/programs/<code:program_code>/rules/<id:rule_id>/change", methods=["GET", "POST"])
def change(program_code: str, rule_id: int) -> Answer:
    """Build the next version of a rule that is published."""
    history = history_of(session(), rule_id)
    held = rule_drafts.open_draft_of(session(), scope().program.id, history.code)
    if held is not None:
        return redirect(url_for("rule_drafts.edit", program_code=program_code, rule_draft_id=held.id), 303)
    document = {**history.newest.document, "valid_from": speaking.today().isoformat()}
    return _build(kind_of(document), document, None, history.code)


@bp.route("/programs/<code:program_code>/rules/drafts/<id:rule_draft_id>/edit", methods=["GET", "POST"])
def edit(program_code: str, rule_draft_id: int) -> Answer:
    held = _draft(rule_draft_id)
    if held.subject is RuleDraftSubject.STACKS:
        return redirect(url_for("stacks.edit", program_code=program_code), 303)
    return _build(kind_of(held.document), held.document, held, held.code if held.base_version else None)


def _build(kind: str, document: Mapping[str, Any], held: RuleDraft | None, code: str | None) -> Answer:
    """Show the form of a rule, or take what was typed: to look at what it means, or to keep it as a draft.

    ``code`` is that of a rule which is published: it keeps it.
    """
    stacks = scope().program.stacks
    form = form_for(
        kind,
        sorted({"base", *stacks["policies"]}),
        sorted(stacks["named_days"]),
        values_of({"kind": kind, **document}),
    )
    means = None
    if request.method == "POST":
        form.validate()
        if code is not None:
            form.code.data = code
        made = document_of(form, kind, document)
        judge(form, made, own=code is not None)
        if not form.problems():
            answer = _keep(form, kind, made, held) if "look" not in request.form else _look(form, kind, made, held)
            if isinstance(answer, Response):
                return answer
            means = answer
    page = render_template(
        "admin/rules/build.html",
        form=form,
        kind=kind,
        kind_name=KINDS[kind][0],
        example=KINDS[kind][1],
        held=held,
        code=code,
        means=means,
        policies=POLICIES,
        stacks=stacks["policies"],
    )
    return (page, 400) if form.problems() else page


def _subject(kind: str) -> RuleDraftSubject:
    return RuleDraftSubject.MATRIX if kind in ("matrix", "matrix_per_amount") else RuleDraftSubject.RULE


def _look(form: RuleForm, kind: str, made: Mapping[str, Any], held: RuleDraft | None) -> Mapping[str, Any] | None:
    """Say what a rule would do, and where it meets others, without keeping it."""
    program = scope().program
    try:
        was = held.code if held is not None else str(made["code"])
        rule_drafts.judged(session(), program, _subject(kind), made, was=was)
    except rule_drafts.DraftInvalid as error:
        lay_problems(form, error.problems)
        return None
    return meaning(made)


def _keep(form: RuleForm, kind: str, made: Mapping[str, Any], held: RuleDraft | None) -> Response | None:
    try:
        with transaction(db.session) as writing:
            kept = rule_drafts.put(
                writing,
                scope().program,
                _subject(kind),
                made,
                draft_id=held.id if held is not None else None,
                actor=person().login,
                now=now(),
            ).id
    except rule_drafts.DraftInvalid as error:
        lay_problems(form, error.problems)
        return None
    except rule_drafts.AskedAlready:
        words = gettext("There is a draft of this rule: publish or drop it first.")
        form.refuse("code" if form.code.raw_data else None, words)
        return None
    except rule_drafts.DraftClosed:
        form.refuse(None, gettext("Somebody was quicker: this draft is decided by now."))
        return None
    flash(gettext("The draft is kept. It gives nothing until it is published."), "success")
    page = "matrices.edit" if _subject(kind) is RuleDraftSubject.MATRIX and not made["rates"] else "rule_drafts.show"
    return redirect(url_for(page, program_code=scope().program.code, rule_draft_id=kept), 303)


def meaning(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Say what a draft of a rule does, and where it meets others of its stack."""
    rule = definition_of(dict(document))
    return {
        "rule": rule,
        "sentence": speaking.said(rule),
        "clashes": conflicts(session(), scope().program, rule),
        "given": lambda amount: speaking.given(rule, amount),
        "policy": POLICIES[scope().program.stacks["policies"].get(rule.stack, "sum")],
    }


@bp.get("/programs/<code:program_code>/rules/drafts/<id:rule_draft_id>")
def show(program_code: str, rule_draft_id: int) -> str:
    held = _draft(rule_draft_id)
    program = scope().program
    second = two_people.second_person(program)
    mine = two_people.wrote(session(), held, person().login)
    if held.subject is RuleDraftSubject.STACKS:
        before: Mapping[str, Any] = {
            "stacks": program.stacks["policies"],
            "named_days": program.stacks["named_days"],
        }
        means = None
    else:
        here = rule_drafts.standing(session(), program.id, held.code)
        before = here.document if here is not None else {}
        means = meaning(held.document)
    return render_template(
        "admin/rules/draft.html",
        held=held,
        name=draft_name(held),
        state=STATE[held.state],
        means=means,
        changed=changes(before, held.document) if before else [],
        words=change_words,
        second=second,
        mine=mine,
        open=held.state in two_people.OPEN,
        waiting=held.state is RuleDraftState.WAITING,
        form=fresh(SendBack),
    )


@bp.post("/programs/<code:program_code>/rules/drafts/<id:rule_draft_id>/ask")
def ask(program_code: str, rule_draft_id: int) -> Response:
    try:
        with transaction(db.session) as writing:
            rule_drafts.ask(writing, scope().program, rule_draft_id, actor=person().login, now=now())
    except rule_drafts.DraftClosed:
        flash(gettext("Somebody was quicker: it is decided by now."), "warning")
    else:
        flash(gettext("Asked for. Another person looks at it and publishes it."), "success")
    return _back(rule_draft_id)


@bp.post("/programs/<code:program_code>/rules/drafts/<id:rule_draft_id>/publish")
def publish(program_code: str, rule_draft_id: int) -> Response:
    try:
        with transaction(db.session) as writing:
            rule_drafts.publish(writing, scope().program, rule_draft_id, actor=person().login, now=now())
    except rule_drafts.DraftError as error:
        flash(why_not(error), "danger")
        return _back(rule_draft_id)
    flash(_published(_draft(rule_draft_id)), "success")
    return redirect(url_for("rules.index", program_code=program_code), 303)


def _published(held: RuleDraft) -> str:
    """Say from when on a published draft holds: few name a day, the others hold for sales of any."""
    begins = held.document.get("valid_from")
    if begins is None:
        return str(gettext("Published: it holds for whatever counts from now on."))
    day = formats.day(dt.date.fromisoformat(str(begins)))
    return str(gettext("Published: it holds for sales from %(day)s on.", day=day))


def why_not(error: rule_drafts.DraftError) -> str:
    """Say why a draft was not published."""
    if isinstance(error, rule_drafts.SamePerson):
        return str(gettext("In this programme another person publishes what somebody wrote."))
    if isinstance(error, rule_drafts.DraftOutdated):
        return str(gettext("The rule has a newer version by now: drop this draft and change that one."))
    if isinstance(error, rule_drafts.DraftInvalid):
        return str(error)
    return str(gettext("Somebody was quicker: it is decided by now."))


@bp.post("/programs/<code:program_code>/rules/drafts/<id:rule_draft_id>/back")
def send_back(program_code: str, rule_draft_id: int) -> Response:
    form = SendBack()
    if not form.validate():
        return again(form, "rule_drafts.show", program_code=program_code, rule_draft_id=rule_draft_id)
    try:
        with transaction(db.session) as writing:
            note, actor = form.note.data or "", person().login
            rule_drafts.send_back(writing, scope().program, rule_draft_id, note=note, actor=actor, now=now())
    except rule_drafts.DraftClosed:
        flash(gettext("Somebody was quicker: it is decided by now."), "warning")
    else:
        flash(gettext("Sent back."), "success")
    return _back(rule_draft_id)


@bp.post("/programs/<code:program_code>/rules/drafts/<id:rule_draft_id>/drop")
def drop(program_code: str, rule_draft_id: int) -> Response:
    try:
        with transaction(db.session) as writing:
            rule_drafts.drop(writing, scope().program, rule_draft_id, actor=person().login, now=now())
    except rule_drafts.DraftClosed:
        flash(gettext("Somebody was quicker: it is decided by now."), "warning")
        return _back(rule_draft_id)
    flash(gettext("The draft is dropped; nothing has changed."), "success")
    return redirect(url_for("rules.index", program_code=program_code), 303)


@bp.post("/programs/<code:program_code>/rules/<id:rule_id>/end")
def end(program_code: str, rule_id: int) -> Response:
    """End a rule with a day: a draft like any other, published at once where nobody else is asked."""
    form, program = EndForm(), scope().program
    back = redirect(url_for("rules.show", program_code=program_code, rule_id=rule_id), 303)
    if not form.validate():
        return again(form, "rules.show", program_code=program_code, rule_id=rule_id)
    code = session().get_one(EarningRule, rule_id).code
    here = rule_drafts.standing(session(), program.id, code)
    assert here is not None, "a rule has a version"
    if form.last.data < (first := rule_drafts.first_day(program, here.document)):
        words = gettext("The rule gives from %(day)s on: choose that day or a later one.", day=formats.day(first))
        form.refuse("last", words)
        return again(form, "rules.show", program_code=program_code, rule_id=rule_id)
    document = rule_drafts.ending(here.document, form.last.data, speaking.today())
    subject = RuleDraftSubject.MATRIX if "rates" in document else RuleDraftSubject.RULE
    try:
        with transaction(db.session) as writing:
            kept = rule_drafts.put(writing, program, subject, document, actor=person().login, now=now()).id
            if two_people.second_person(program):
                rule_drafts.ask(writing, program, kept, actor=person().login, now=now())
            else:
                rule_drafts.publish(writing, program, kept, actor=person().login, now=now())
    except rule_drafts.AskedAlready as error:
        flash(gettext("There is a draft of this rule: publish or drop it first."), "warning")
        return redirect(url_for("rule_drafts.show", program_code=program_code, rule_draft_id=error.draft_id), 303)
    except rule_drafts.DraftError as error:
        form.refuse(None, why_not(error))
        return again(form, "rules.show", program_code=program_code, rule_id=rule_id)
    if two_people.second_person(program):
        flash(gettext("Asked for. Another person looks at it and publishes it."), "success")
        return redirect(url_for("rule_drafts.show", program_code=program_code, rule_draft_id=kept), 303)
    flash(gettext("The rule ends with that day."), "success")
    return back


def _draft(rule_draft_id: int) -> RuleDraft:
    return session().get(RuleDraft, rule_draft_id) or abort(404)


def _back(rule_draft_id: int) -> Response:
    return redirect(url_for("rule_drafts.show", program_code=scope().program.code, rule_draft_id=rule_draft_id), 303)
