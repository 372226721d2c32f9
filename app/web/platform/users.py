"""Everybody who can sign in: their roles in every programme, and whether they may; who owns the platform."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import Select, select
from werkzeug.wrappers import Response
from wtforms import HiddenField, StringField
from wtforms.validators import AnyOf, InputRequired, Length

from app.db.transaction import transaction
from app.extensions import db
from app.models.distributors import Distributor
from app.models.people import Membership, UserAccount
from app.models.programs import Program
from app.services.access import erasure, erasure_requests, memberships, second_factors, ways_in
from app.web.addresses import outside
from app.web.context import now, person, session
from app.web.forms.form import Form
from app.web.lists import showing
from app.web.lists.describing import Badge, Choice, Column, Kind, Listing, OneOf, Search, To
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

bp = Blueprint("platform_users", __name__, url_prefix="/platform/users")

Answer = str | Response | tuple[str, int]
DEEDS = ("activate", "deactivate", "make_owner", "take_owner", "remove_factors", "send_reset", "erase")


class DeedForm(Form):
    """What is done to somebody's account, and why."""

    deed = HiddenField(validators=[AnyOf(DEEDS)])
    reason = StringField(_("Reason"), [InputRequired(_("Say why; it is kept on record.")), Length(max=200)])


def _query() -> Select[Any]:
    return select().select_from(UserAccount)


def _owner(value: Any) -> Badge:
    return Badge(_("Owner of the platform"), "busy") if value else Badge(_("User"), "plain")


USERS = Listing(
    name="users",
    title=_("Everybody who can sign in"),
    columns=(
        Column(
            "name",
            _("Full name"),
            UserAccount.name,
            sort=UserAccount.name,
            link=To("platform_users.show", user_id="row_id"),
        ),
        Column("login", _("E-mail"), UserAccount.login, sort=UserAccount.login),
        Column("owner", _("Kind"), UserAccount.platform_owner, badge=_owner),
        Column("factor", _("Second step"), has_second_factor(), badge=factor_badge, phone=False),
        Column("last_seen", _("Last seen"), memberships.last_seen(), Kind.INSTANT),
        Column("created_at", _("Since"), UserAccount.created_at, Kind.INSTANT, UserAccount.created_at, phone=False),
        Column("active", _("State"), UserAccount.active, badge=active_badge),
    ),
    query=_query,
    id=UserAccount.id,
    default="name",
    filters=(
        Search(UserAccount.name, UserAccount.login, title=_("Name or e-mail")),
        OneOf(
            "kind",
            _("Kind"),
            (Choice("owner", _("Owner of the platform")), Choice("user", _("User"))),
            lambda value: UserAccount.platform_owner.is_(value == "owner"),
        ),
        SECOND_STEP,
        MAY_SIGN_IN,
    ),
)


@bp.get("/")
def index() -> str:
    leaving = erasure_requests.waiting_of_nobody(session())
    return render_template("platform/users.html", page=showing.page(session(), USERS, counted=True), leaving=leaving)


@bp.route("/<id:user_id>", methods=["GET"])
def show(user_id: int) -> str:
    return _page(user_id, DeedForm())


@bp.post("/<id:user_id>")
def act(user_id: int) -> Answer:
    form = DeedForm()
    if not form.validate():
        return _page(user_id, form), 400
    try:
        _do(user_id, form.deed.data or "", form.reason.data or "")
    except memberships.OwnRole:
        form.refuse(None, own_role())
        return _page(user_id, form), 400
    except memberships.LastOwner:
        form.refuse(None, gettext("This is the only owner of the platform who may sign in."))
        return _page(user_id, form), 400
    except erasure.OwnsThePlatform as problem:
        form.refuse(None, not_erased(problem))
        return _page(user_id, form), 400
    flash(gettext("It is done, and on record."), "success")
    return redirect(url_for("platform_users.show", user_id=user_id), 303)


def _do(user_id: int, deed: str, reason: str) -> None:
    """Do one thing to somebody's account."""
    by: dict[str, Any] = {"by_user_id": person().id, "actor": person().login, "now": now()}
    with transaction(db.session) as changing:
        user = changing.get(UserAccount, user_id)
        if user is None:
            abort(404)
        if deed in ("activate", "deactivate"):
            memberships.set_active(changing, user_id, active=deed == "activate", reason=reason, **by)
        elif deed in ("make_owner", "take_owner"):
            memberships.set_owner(changing, user_id, owner=deed == "make_owner", reason=reason, **by)
        elif deed == "erase":
            erasure.erase(changing, user_id, by=person(), reason=reason, now=now())
        elif deed == "remove_factors":
            second_factors.remove_all(
                changing, user.login, reset_page=outside("resets.ask"), actor=person().login, now=now(), reason=reason
            )
        else:
            ways_in.ask_reset(changing, user.login, link=lambda token: outside("resets.choose", token=token), now=now())


def _page(user_id: int, form: DeedForm) -> str:
    user = session().get(UserAccount, user_id)
    if user is None:
        abort(404)
    roles = (
        session()
        .execute(
            select(Program.code, Program.name, Membership.role, Distributor.name.label("distributor"))
            .join(Program, Program.id == Membership.program_id)
            .outerjoin(Distributor, Distributor.id == Membership.distributor_id)
            .where(Membership.user_id == user_id)
            .order_by(Program.name, Membership.id)
        )
        .all()
    )
    return render_template(
        "platform/user.html",
        one=user,
        factors=second_factors.factors_of(session(), user_id),
        memberships=roles,
        asked_at=None if roles else erasure_requests.asked_at(session(), user_id, ()),
        form=form,
        roles=ROLE,
    )
