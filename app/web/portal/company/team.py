"""The people of a distributor: its owner invites sales reps, and takes a role back."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response
from wtforms import EmailField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from app.db.transaction import transaction
from app.domain.roles import Role
from app.extensions import db
from app.services.access import invitations, memberships, people
from app.web.addresses import id_sent
from app.web.auth.held import say_if_held
from app.web.auth.links import invitation_link
from app.web.context import distributor_here, now, person, scope, session
from app.web.forms.form import Form, choice
from app.web.portal.home import own
from app.web.words.wording import ROLE

bp = Blueprint("portal_team", __name__)


class Invitation(Form):
    """Who is to join, and as what."""

    login = EmailField(_("E-mail address"), [InputRequired(_("Give an e-mail address.")), Length(max=254)])
    name = StringField(_("Full name"), [InputRequired(_("Fill in the full name.")), Length(max=100)])
    role = SelectField(_("Role"), choices=[choice(role.value, ROLE[role]) for role in (Role.REP, Role.OWNER)])


@bp.get("/portal/<code:program_code>/<id:distributor_id>/team")
def index(program_code: str, distributor_id: int) -> str:
    return _page(Invitation(formdata=None), asked=False)


def _page(form: Invitation, *, asked: bool) -> str:
    here, of = scope(), distributor_here()
    return render_template(
        "portal/company/team.html",
        team=memberships.team(session(), of.id),
        pending=invitations.pending(session(), here.program.id, distributor_id=of.id, now=now()),
        form=form,
        asked=asked,
        me=person().login,
        own=own(),
    )


@bp.post("/portal/<code:program_code>/<id:distributor_id>/team")
def invite(program_code: str, distributor_id: int) -> Response | tuple[str, int]:
    form, who = Invitation(), person()
    if form.validate():
        try:
            with transaction(db.session) as writing:
                invitations.invite(
                    writing,
                    scope().program,
                    login=form.login.data or "",
                    name=form.name.data or "",
                    role=Role(form.role.data),
                    distributor_id=distributor_id,
                    link=invitation_link,
                    actor=who.login,
                    inviter=who.name,
                    now=now(),
                )
        except people.LoginInvalid:
            form.refuse("login", gettext("This is no e-mail address."))
        except invitations.AlreadyThere:
            form.refuse("login", gettext("They have this role already."))
        else:
            flash(gettext("Invited. They get a mail with a link."), "success")
            say_if_held()
            return redirect(url_for("portal_team.index", **own()), 303)
    return _page(form, asked=True), 400


@bp.post("/portal/<code:program_code>/<id:distributor_id>/team/change")
def change(program_code: str, distributor_id: int) -> Response:
    """Withdraw an invitation, or take somebody's role back."""
    program, who = scope().program, person()
    with transaction(db.session) as writing:
        if request.form.get("what") == "invitation":
            done = invitations.withdraw(
                writing, program, id_sent("id") or 0, distributor_id=distributor_id, actor=who.login, now=now()
            )
        else:
            try:
                done = memberships.take_role(
                    writing,
                    program,
                    id_sent("id") or 0,
                    distributor_id=distributor_id,
                    by_user_id=who.id,
                    actor=who.login,
                    now=now(),
                )
            except memberships.OwnRole:
                flash(gettext("Nobody takes their own role back."), "warning")
                return redirect(url_for("portal_team.index", **own()), 303)
    if not done:
        abort(404)
    flash(gettext("Done."), "success")
    return redirect(url_for("portal_team.index", **own()), 303)
