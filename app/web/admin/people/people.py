"""Users of a programme: who has which role, since when they were not seen, who is invited; and changing all that."""

from collections.abc import Iterator, Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from sqlalchemy import Select, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length

from app.db.transaction import transaction
from app.domain.roles import BY_HAND, OF_A_DISTRIBUTOR, Role
from app.extensions import db
from app.models.distributors import Distributor
from app.models.people import Membership, UserAccount
from app.services.access import erasure, erasure_requests, invitations, memberships, people
from app.services.joining import terms
from app.services.participants import distributors
from app.web.addresses import id_sent, text_asked
from app.web.auth.held import say_if_held
from app.web.auth.links import invitation_link
from app.web.context import now, person, scope, session
from app.web.forms.form import CodeField, Form, choice
from app.web.lists import together
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, Action, Choice, Column, Kind, Listing, OneOf, Search, To
from app.web.lists.together import Deed, Row, Stays
from app.web.words.accounts import (
    MAY_SIGN_IN,
    SECOND_STEP,
    active_badge,
    factor_badge,
    has_second_factor,
    not_erased,
    own_role,
)
from app.web.words.wording import ROLE

bp = Blueprint("people", __name__)

NEWEST_INVITED = 5

Answer = str | Response | tuple[str, int]


class InviteForm(Form):
    """Somebody to be invited."""

    login = StringField(_("E-mail"), [InputRequired(_("Fill in the e-mail address.")), Length(max=254)])
    name = StringField(_("Full name"), [InputRequired(_("Fill in the full name.")), Length(max=120)])
    role = SelectField(
        _("Role"),
        [InputRequired(_("Choose a role."))],
        choices=[choice("", _("Choose…")), *(choice(role.value, ROLE[role]) for role in BY_HAND)],
    )
    distributor = CodeField(
        _("Distributor"),
        [Length(max=64)],
        description=_("For owners and sales reps: whom they belong to."),
    )


class RoleForm(Form):
    """Another role."""

    role = SelectField(_("Role"))


class TakeForm(Form):
    """Why a role is taken away."""

    reason = StringField(_("Reason"), [InputRequired(_("Say why; it is kept on record.")), Length(max=200)])


class EraseForm(Form):
    """Why somebody is erased."""

    reason = StringField(_("Reason"), [InputRequired(_("Say why; it is kept on record.")), Length(max=200)])


_QUERY: Select[Any] = (
    select()
    .select_from(Membership)
    .join(UserAccount, UserAccount.id == Membership.user_id)
    .outerjoin(Distributor, Distributor.id == Membership.distributor_id)
    .where(Membership.program_id == HERE)
)


def _role(value: Any) -> Any:
    """Name a role; one of a newer version by itself."""
    return next((text for role, text in ROLE.items() if role == value), value)


PEOPLE = Listing(
    name="people",
    title=_("Users and their roles"),
    columns=(
        Column(
            "name",
            _("Full name"),
            UserAccount.name,
            sort=UserAccount.name,
            link=To("people.show", membership_id="row_id"),
        ),
        Column("login", _("E-mail"), UserAccount.login, sort=UserAccount.login),
        Column("role", _("Role"), Membership.role, sort=Membership.role, words=_role),
        Column("distributor", _("Distributor"), Distributor.name, phone=False),
        Column("factor", _("Second step"), has_second_factor(), badge=factor_badge, phone=False),
        Column("last_seen", _("Last seen"), memberships.last_seen(), Kind.INSTANT),
        Column("active", _("State"), UserAccount.active, badge=active_badge),
        Column("terms", _("Terms accepted"), terms.accepted_at(), Kind.INSTANT, shown=False),
    ),
    query=_QUERY,
    id=Membership.id,
    default="name",
    actions=(Action(_("Take the role away…"), "people.take_many", "manage_people", danger=True),),
    filters=(
        Search(UserAccount.name, UserAccount.login, Distributor.name, title=_("Name, e-mail or distributor")),
        OneOf.named("role", _("Role"), Membership.role, ROLE),
        SECOND_STEP,
        MAY_SIGN_IN,
        OneOf(
            "terms",
            _("Terms in force"),
            (Choice("accepted", _("Accepted")), Choice("open", _("Not accepted yet"))),
            lambda value: (
                terms.asked()
                & (terms.accepted_at().is_not(None) if value == "accepted" else terms.accepted_at().is_(None))
            ),
        ),
    ),
)


@bp.get("/programs/<code:program_code>/people")
def index(program_code: str) -> str | Response:
    invited = invitations.pending(session(), scope().program.id, now=now(), most=NEWEST_INVITED)
    leaving = erasure_requests.waiting(session(), scope().program.id)
    return answer(PEOPLE, "admin/people/people.html", counted=True, invited=invited, leaving=leaving, roles=ROLE)


@bp.route("/programs/<code:program_code>/people/invite", methods=["GET", "POST"])
def invite(program_code: str) -> Answer:
    form = InviteForm()
    if request.method == "GET":
        _fill_in(form)
        return render_template("admin/people/person_invite.html", form=form)
    if form.validate() and _is_known(form):
        try:
            with transaction(db.session) as changing:
                invitations.invite(
                    changing,
                    scope().program,
                    login=form.login.data or "",
                    name=form.name.data or "",
                    role=Role(form.role.data),
                    distributor_id=_distributor_of(form),
                    link=invitation_link,
                    actor=person().login,
                    inviter=person().name,
                    now=now(),
                )
        except people.LoginInvalid:
            form.refuse("login", gettext("This is no e-mail address."))
        except people.SeatInvalid:
            form.refuse("distributor", gettext("Owners and sales reps need a distributor, and nobody else has one."))
        except invitations.AlreadyThere:
            form.refuse("role", gettext("They have this role already."))
        else:
            flash(gettext("The invitation is on its way to %(login)s.", login=form.login.data), "success")
            say_if_held()
            return redirect(url_for("people.index", program_code=program_code), 303)
    return render_template("admin/people/person_invite.html", form=form), 400


def _fill_in(form: InviteForm) -> None:
    """Write down whose owner is invited, where somebody comes from the record of a distributor."""
    form.distributor.data = text_asked("distributor")
    if form.distributor.data:
        form.role.data = Role.OWNER.value


@bp.get("/programs/<code:program_code>/people/<id:membership_id>")
def show(program_code: str, membership_id: int) -> str:
    return _page(membership_id, _role_form(membership_id), TakeForm())


@bp.post("/programs/<code:program_code>/people/<id:membership_id>/role")
def change(program_code: str, membership_id: int) -> Answer:
    form = _role_form(membership_id)
    if form.validate():
        try:
            with transaction(db.session) as changing:
                memberships.change_role(
                    changing,
                    scope().program,
                    membership_id,
                    Role(form.role.data),
                    by_user_id=person().id,
                    actor=person().login,
                    now=now(),
                )
        except memberships.OwnRole:
            form.refuse("role", own_role())
        else:
            flash(gettext("The role is changed; it holds from their next page on."), "success")
            return redirect(url_for("people.index", program_code=program_code), 303)
    return _page(membership_id, form, TakeForm()), 400


@bp.post("/programs/<code:program_code>/people/<id:membership_id>/take")
def take(program_code: str, membership_id: int) -> Answer:
    form = TakeForm()
    if form.validate():
        try:
            with transaction(db.session) as changing:
                memberships.take_role(
                    changing,
                    scope().program,
                    membership_id,
                    by_user_id=person().id,
                    actor=person().login,
                    now=now(),
                    reason=form.reason.data,
                )
        except memberships.OwnRole:
            form.refuse(None, own_role())
        else:
            flash(gettext("The role is taken away; it holds from their next page on."), "success")
            return redirect(url_for("people.index", program_code=program_code), 303)
    return _page(membership_id, _role_form(membership_id), form), 400


@bp.post("/programs/<code:program_code>/people/take")
def take_many(program_code: str) -> together.Answer:
    form = TakeForm()

    def take_one(writing: Session, membership_id: int) -> None:
        try:
            taken = memberships.take_role(
                writing,
                scope().program,
                membership_id,
                by_user_id=person().id,
                actor=person().login,
                now=now(),
                reason=form.reason.data,
            )
        except memberships.OwnRole as problem:
            raise Stays(own_role()) from problem
        if not taken:
            raise Stays(gettext("The role is taken away already."))

    return together.decide(
        Deed(
            PEOPLE,
            url_for("people.index", program_code=program_code),
            "people",
            heading=lambda count: ngettext("Take %(num)s role away", "Take %(num)s roles away", count),
            means=_("From the next page on they see nothing of it. What they did stays on record."),
            now=_("Role"),
            button=_("Take away"),
            done=lambda count: ngettext("%(num)s role is taken away.", "%(num)s roles are taken away.", count),
            form=form,
            look=_look,
            do=take_one,
            danger=True,
        )
    )


def _look(ids: Sequence[int]) -> Iterator[Row]:
    """Give people with their role; one's own is nobody's to take."""
    found = session().execute(
        select(Membership.id, UserAccount.id, UserAccount.name, UserAccount.login, Membership.role)
        .join(UserAccount, UserAccount.id == Membership.user_id)
        .where(Membership.id.in_(ids))
    )
    for id_, user_id, name, login, role in found:
        yield Row(id_, name, login, _role(role), own_role() if user_id == person().id else None)


@bp.post("/programs/<code:program_code>/people/<id:membership_id>/erase")
def erase(program_code: str, membership_id: int) -> Answer:
    """Erase the person, not this role alone."""
    form = EraseForm(prefix="erase")
    if form.validate():
        try:
            with transaction(db.session) as changing:
                user_id = changing.get_one(Membership, membership_id).user_id
                erasure.erase(changing, user_id, by=person(), reason=form.reason.data or "", now=now())
        except people.PeopleError as problem:
            form.refuse(None, not_erased(problem))
        else:
            flash(gettext("The person is erased."), "success")
            return redirect(url_for("people.index", program_code=program_code), 303)
    return _page(membership_id, _role_form(membership_id), TakeForm(), form), 400


@bp.post("/programs/<code:program_code>/people/invitations/send-again")
def send_again(program_code: str) -> Response:
    invitation_id = id_sent("invitation")
    try:
        with transaction(db.session) as changing:
            sent = invitation_id is not None and invitations.send_again(
                changing,
                scope().program,
                invitation_id,
                link=invitation_link,
                actor=person().login,
                inviter=person().name,
                now=now(),
            )
    except invitations.AlreadyThere:
        flash(gettext("They have this role already."), "warning")
    else:
        flash(*_said(gettext("The invitation is sent anew; its older link holds no more."), done=sent))
        say_if_held()
    return redirect(url_for("people.index", program_code=program_code), 303)


@bp.post("/programs/<code:program_code>/people/invitations/withdraw")
def withdraw(program_code: str) -> Response:
    invitation_id = id_sent("invitation")
    with transaction(db.session) as changing:
        withdrawn = invitation_id is not None and invitations.withdraw(
            changing, scope().program, invitation_id, actor=person().login, now=now()
        )
    flash(*_said(gettext("The invitation is taken back."), done=withdrawn))
    return redirect(url_for("people.index", program_code=program_code), 303)


def _said(done_text: str, *, done: bool) -> tuple[str, str]:
    return (done_text, "success") if done else (gettext("This invitation does not wait any more."), "warning")


def _distributor_of(form: InviteForm) -> int | None:
    code = form.distributor.data or ""
    return distributors.id_of_code(session(), scope().program.id, code) if code else None


def _is_known(form: InviteForm) -> bool:
    """Tell whether the distributor that was named is there; where it is not, say so."""
    if form.distributor.data and _distributor_of(form) is None:
        form.refuse("distributor", gettext("No distributor of this programme has this code."))
        return False
    return True


def _role_form(membership_id: int) -> RoleForm:
    kept = Role(session().get_one(Membership, membership_id).role)
    form = RoleForm(role=kept.value)
    offered = [role for role in BY_HAND if (role in OF_A_DISTRIBUTOR) == (kept in OF_A_DISTRIBUTOR)]
    form.role.choices = [choice(role.value, ROLE[role]) for role in offered]
    return form


def _page(membership_id: int, role_form: RoleForm, take_form: TakeForm, erase_form: EraseForm | None = None) -> str:
    row = (
        session()
        .execute(
            select(
                Membership.id,
                UserAccount.id.label("user_id"),
                UserAccount.name,
                UserAccount.login,
                UserAccount.active,
                UserAccount.created_at,
                Membership.role,
                Distributor.id.label("distributor_id"),
                Distributor.name.label("distributor_name"),
                has_second_factor().label("factor"),
                memberships.last_seen().label("last_seen"),
            )
            .join(UserAccount, UserAccount.id == Membership.user_id)
            .outerjoin(Distributor, Distributor.id == Membership.distributor_id)
            .where(Membership.id == membership_id)
        )
        .one()
    )
    return render_template(
        "admin/people/person.html",
        one=row,
        role_form=role_form,
        take_form=take_form,
        erase_form=erase_form or EraseForm(formdata=None, prefix="erase"),
        asked_at=erasure_requests.asked_at(session(), row.user_id, [scope().program.id]),
        roles=ROLE,
    )
