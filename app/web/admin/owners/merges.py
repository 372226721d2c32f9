"""Merging two distributors that are one: a look at all that moves, asked for by one person, done by another."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import Select, select
from sqlalchemy.orm import aliased
from werkzeug.wrappers import Response
from wtforms import SelectField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.db.transaction import transaction
from app.extensions import db
from app.models.distributors import Distributor
from app.models.merges import DistributorMerge
from app.services.by_hand import merging
from app.services.owners.errors import OwnersError
from app.services.participants import distributors
from app.services.same_person import is_same
from app.web.context import now, person, scope, session
from app.web.forms.form import CodeField, Form, choice
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, Column, Kind, Listing, OneOf, Search, To
from app.web.words.owners import BELONGINGS, MERGE_STATE, against, why_not

bp = Blueprint("merges", __name__)

_MERGED, _SURVIVOR = aliased(Distributor), aliased(Distributor)


class Pair(Form):
    """Which distributor becomes which."""

    merged = CodeField(
        _("The one that is merged"),
        [InputRequired(_("Say which one is merged.")), Length(max=64)],
        description=_("It stays as a closed record that leads to the other one."),
    )
    survivor = CodeField(_("The one that stays"), [InputRequired(_("Say which one stays.")), Length(max=64)])


class Asking(Pair):
    """Why two distributors are one."""

    note = TextAreaField(_("In words"), [InputRequired(_("Say why, for whoever approves it.")), Length(max=500)])


_QUERY: Select[Any] = (
    select()
    .select_from(DistributorMerge)
    .join(_MERGED, _MERGED.id == DistributorMerge.merged_id)
    .join(_SURVIVOR, _SURVIVOR.id == DistributorMerge.survivor_id)
    .where(DistributorMerge.program_id == HERE)
)

MERGES = Listing(
    name="merges",
    title=_("Merged distributors"),
    columns=(
        Column(
            "merged",
            _("The one that is merged"),
            _MERGED.name,
            sort=_MERGED.sort_key,
            link=To("merges.show", merge_id="row_id"),
        ),
        Column("survivor", _("The one that stays"), _SURVIVOR.name, sort=_SURVIVOR.sort_key),
        Column("note", _("In words"), DistributorMerge.note, phone=False),
        Column("requested_by", _("Asked for by"), DistributorMerge.requested_by, Kind.PERSON, phone=False),
        Column("requested_at", _("Asked"), DistributorMerge.requested_at, Kind.INSTANT, DistributorMerge.requested_at),
        Column("decided_by", _("Decided by"), DistributorMerge.decided_by, Kind.PERSON, phone=False),
        Column("state", _("State"), DistributorMerge.state, badge=lambda state: MERGE_STATE[state]),
    ),
    query=_QUERY,
    id=DistributorMerge.id,
    default="-requested_at",
    filters=(
        Search(_MERGED.name, _MERGED.code, _SURVIVOR.name, _SURVIVOR.code, title=_("Distributor or code")),
        OneOf.named("state", _("State"), DistributorMerge.state, MERGE_STATE, waits=("waiting",)),
    ),
)


@bp.get("/programs/<code:program_code>/merges")
def index(program_code: str) -> str | Response:
    return answer(MERGES, "admin/owners/merges/index.html")


@bp.get("/programs/<code:program_code>/merges/new")
def new(program_code: str) -> str | tuple[str, int]:
    """Ask for two codes; with both, look at what would move."""
    form = Pair(request.args, meta={"csrf": False})
    if not {"merged", "survivor"} & set(request.args):
        return render_template("admin/owners/merges/new.html", form=Pair(formdata=None))
    if not form.validate():
        return render_template("admin/owners/merges/new.html", form=form), 400
    seen = _look(form)
    if seen is None:
        return render_template("admin/owners/merges/new.html", form=form), 400
    asking = _asking(seen)(formdata=None, merged=form.merged.data, survivor=form.survivor.data)
    return _look_page(seen, asking)


def _asking(seen: merging.Look) -> type[Asking]:
    """Make the form that asks for the merge: which one counts of each document that both have with other content."""
    choices = [
        choice("", gettext("Choose…")),
        choice(merging.MERGED, seen.merged.name),
        choice(merging.SURVIVOR, seen.survivor.name),
    ]
    fields = {
        counts(one): SelectField(
            gettext("Which one of %(number)s counts", number=one.number),
            [InputRequired(gettext("Say which one counts."))],
            choices=choices,
        )
        for one in seen.twice
        if not one.same
    }
    made: type[Asking] = type("AskingOfDocuments", (Asking,), fields)
    return made


def counts(one: merging.Twice) -> str:
    """Give the name of the field that says which one counts."""
    return f"counts-{one.merged_document_id}"


def _look_page(seen: merging.Look | None, form: Pair) -> str:
    return render_template(
        "admin/owners/merges/look.html", seen=seen, form=form, counts=counts, against=against, words=BELONGINGS
    )


def _look(form: Pair) -> merging.Look | None:
    program = scope().program
    if form.merged.errors or form.survivor.errors:
        return None
    ids = {}
    for name in ("merged", "survivor"):
        ids[name] = distributors.id_of_code(session(), program.id, form[name].data or "")
        if ids[name] is None:
            form.refuse(name, gettext("No distributor of this programme has this code."))
    if ids["merged"] is None or ids["survivor"] is None:
        return None
    return merging.look(session(), program, ids["merged"], ids["survivor"])


@bp.post("/programs/<code:program_code>/merges/new")
def ask(program_code: str) -> str | Response | tuple[str, int]:
    pair = Asking()
    pair.validate()
    seen = _look(pair)
    if seen is None:
        return _look_page(None, pair), 400
    form = _asking(seen)()
    if form.validate():
        try:
            with transaction(db.session) as writing:
                made = merging.request(
                    writing,
                    scope().program,
                    seen.merged.id,
                    seen.survivor.id,
                    note=form.note.data or "",
                    choices={str(one.merged_document_id): form[counts(one)].data for one in seen.twice if not one.same},
                    actor=person().login,
                    now=now(),
                )
        except OwnersError as error:
            form.refuse(None, why_not(error))
        else:
            flash(gettext("Asked for. A second person decides."), "success")
            return redirect(url_for("merges.show", program_code=program_code, merge_id=made), 303)
    return _look_page(seen, form), 400


@bp.get("/programs/<code:program_code>/merges/<id:merge_id>")
def show(program_code: str, merge_id: int) -> str:
    found = session().get_one(DistributorMerge, merge_id)
    seen = None
    if found.state == "waiting":
        seen = merging.look(session(), scope().program, found.merged_id, found.survivor_id)
    return render_template(
        "admin/owners/merges/show.html",
        merge=found,
        merged=session().get_one(Distributor, found.merged_id),
        survivor=session().get_one(Distributor, found.survivor_id),
        seen=seen,
        state=MERGE_STATE[found.state],
        mine=is_same(session(), person().login, found.requested_by),
        against=against,
        words=BELONGINGS,
    )


@bp.post("/programs/<code:program_code>/merges/<id:merge_id>/approve")
def approve(program_code: str, merge_id: int) -> Response:
    try:
        with transaction(db.session) as writing:
            merging.approve(writing, scope().program, merge_id, actor=person().login, now=now())
    except OwnersError as error:
        flash(why_not(error), "danger")
    else:
        flash(gettext("They are merged: all that was the one's is the other's now."), "success")
    return _back(merge_id)


@bp.post("/programs/<code:program_code>/merges/<id:merge_id>/refuse")
def refuse(program_code: str, merge_id: int) -> Response:
    """Refuse a merge, or withdraw one's own."""
    try:
        with transaction(db.session) as writing:
            merging.refuse(writing, scope().program, merge_id, actor=person().login, now=now())
    except OwnersError as error:
        flash(why_not(error), "warning")
    else:
        flash(gettext("It will not happen."), "success")
    return _back(merge_id)


def _back(merge_id: int) -> Response:
    return redirect(url_for("merges.show", program_code=scope().program.code, merge_id=merge_id), 303)
