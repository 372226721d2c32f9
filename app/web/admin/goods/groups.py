"""The trees of groups: what stands below what, new groups, other names, other places."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length

from app.db.transaction import transaction
from app.extensions import db
from app.services.goods import group_trees
from app.services.goods.group_trees import Branch, Circle, NameTaken
from app.services.placing.placements import DISTRIBUTORS, PRODUCTS, Kind
from app.web.addresses import id_asked
from app.web.context import now, person, scope, session
from app.web.forms.form import CodeField, Form, choice

bp = Blueprint("groups", __name__)

KINDS: Mapping[str, Kind] = {"products": PRODUCTS, "distributors": DISTRIBUTORS}

Answer = str | Response | tuple[str, int]


class TreeForm(Form):
    """A group: what it is called, and what it stands below. Its code is chosen once: files and rules name it so."""

    name = StringField(_("Name"), [InputRequired(_("Fill in the name.")), Length(max=200)])
    code = CodeField(
        _("Code"),
        [Length(max=64)],
        description=_("Files and rules name the group by it; it cannot be changed later."),
    )
    parent = SelectField(_("Below"), description=_("Rules for a group hold for those below it as well, from now on."))


@bp.get("/programs/<code:program_code>/groups")
def index(program_code: str) -> str:
    """Show both trees, each group with how much is in it."""
    here = scope().program.id
    trees = {what: group_trees.tree(session(), kind, here) for what, kind in KINDS.items()}
    return render_template("admin/goods/groups.html", trees=trees)


@bp.route("/programs/<code:program_code>/groups/edit", methods=["GET", "POST"])
def edit(program_code: str) -> Answer:
    """Make a group, or change the one that the address asks for."""
    what, group_id = request.args.get("of", ""), id_asked("group")
    kind = KINDS.get(what)
    if kind is None:
        abort(404)
    tree = group_trees.tree(session(), kind, scope().program.id)
    one = next((branch for branch in tree if branch.id == group_id), None)
    if group_id is not None and one is None:
        abort(404)
    form = _form(tree, one)
    if request.method == "GET":
        return _page(form, what, one)
    if not form.validate():
        return _page(form, what, one), 400
    if one is None and not (form.code.data or "").strip():
        form.refuse("code", gettext("Fill in the code."))
        return _page(form, what, one), 400
    try:
        changed = _save(kind, one, form)
    except NameTaken as taken:
        form.refuse("code" if str(taken) == (form.code.data or "") else "name", gettext("Another group is called so."))
        return _page(form, what, one), 400
    except Circle:
        form.refuse("parent", gettext("A group cannot stand below itself, nor below what is below it."))
        return _page(form, what, one), 400
    flash(gettext("The group is saved.") if changed else gettext("Nothing was changed."), "success")
    return redirect(url_for("groups.index", program_code=program_code), 303)


def _save(kind: Kind, one: Branch | None, form: TreeForm) -> bool:
    name, parent = (form.name.data or "").strip(), int(form.parent.data) if form.parent.data else None
    by: dict[str, Any] = {"actor": person().login, "now": now()}
    with transaction(db.session) as writing:
        if one is not None:
            return group_trees.change(writing, kind, scope().program, one.id, name, parent, **by)
        group_trees.create(writing, kind, scope().program, (form.code.data or "").strip(), name, parent, **by)
        return True


def _form(tree: list[Branch], one: Branch | None) -> TreeForm:
    form = TreeForm(
        data={} if one is None else {"name": one.name, "code": one.code, "parent": str(one.parent_id or "")}
    )
    form.parent.choices = [
        choice("", gettext("Nothing: at the top")),
        *(choice(str(branch.id), f"{'– ' * branch.depth}{branch.name}") for branch in tree),
    ]
    return form


def _page(form: TreeForm, what: str, one: Branch | None) -> str:
    back = url_for("groups.index", program_code=scope().program.code)
    return render_template("admin/goods/group_edit.html", form=form, what=what, one=one, back=back)
