"""Pools: distributors that share one balance; who is in one, what each brought, and who joins and leaves."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import Select, func, select
from werkzeug.wrappers import Response
from wtforms import RadioField, StringField
from wtforms.validators import InputRequired, Length

from app.db.transaction import transaction
from app.domain.states import Unit
from app.extensions import db
from app.models.distributors import Distributor
from app.models.ledger import Account
from app.models.pools import Pool, PoolMember
from app.services.owners import pools
from app.services.owners.errors import OwnersError
from app.services.participants import distributors
from app.services.tracing import balances
from app.web.context import now, person, scope, session
from app.web.forms.form import CodeField, Form, choice
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, Badge, Choice, Column, Kind, Listing, OneOf, Search, To
from app.web.words.owners import SPENDING, why_not

bp = Blueprint("pools", __name__)


class NewPool(Form):
    """What a pool is called, on whose account its points stand, and who may spend them."""

    name = StringField(_("Name"), [InputRequired(_("Name the pool.")), Length(max=100)])
    holder = StringField(
        _("Holder"),
        [InputRequired(_("Say on whose account the points stand.")), Length(max=64)],
        description=_("Its account has the points of all; it is the first member."),
    )
    spending = RadioField(
        _("Who may spend"),
        [InputRequired(_("Choose one."))],
        choices=[choice(code, text) for code, text in SPENDING.items()],
        default="holder",
    )


class Joining(Form):
    """Who joins a pool."""

    distributor = CodeField(_("Distributor"), [InputRequired(_("Say who joins.")), Length(max=64)])


class Leaving(Form):
    """What becomes of a member's points when it leaves."""

    takes = RadioField(
        _("What is left of the points that it earned"),
        [InputRequired(_("Choose one."))],
        choices=[choice("own", _("goes with it")), choice("none", _("stays with the pool"))],
        default="own",
    )


_MEMBERS = (
    select(func.count())
    .where(PoolMember.pool_id == Pool.id, PoolMember.left_on.is_(None))
    .correlate(Pool)
    .scalar_subquery()
)
_QUERY: Select[Any] = (
    select()
    .select_from(Pool)
    .join(Distributor, Distributor.id == Pool.holder_id)
    .join(Account, (Account.distributor_id == Distributor.id) & (Account.unit == Unit.POINTS))
    .where(Pool.program_id == HERE)
)

POOLS = Listing(
    name="pools",
    title=_("Pools"),
    columns=(
        Column("name", _("Pool"), Pool.name, sort=Pool.name, link=To("pools.show", pool_id="row_id")),
        Column("holder", _("Holder"), Distributor.name, sort=Distributor.sort_key),
        Column("members", _("Further members"), _MEMBERS, Kind.NUMBER),
        Column("available", _("Available"), Account.available, Kind.POINTS, Account.available),
        Column("spending", _("Who may spend"), Pool.spending, words=lambda code: SPENDING[code], phone=False),
        Column("opened_on", _("Opened"), Pool.opened_on, Kind.DAY, Pool.opened_on, phone=False),
        Column(
            "state",
            _("State"),
            Pool.closed_on,
            badge=lambda day: Badge(_("Closed"), "plain") if day else Badge(_("Open"), "good"),
        ),
    ),
    query=_QUERY,
    id=Pool.id,
    default="name",
    filters=(
        Search(Pool.name, Distributor.name, Distributor.code, title=_("Pool, holder or code")),
        OneOf(
            "state",
            _("State"),
            (Choice("open", _("Open")), Choice("closed", _("Closed"))),
            lambda value: Pool.closed_on.is_(None) if value == "open" else Pool.closed_on.is_not(None),
        ),
    ),
)


@bp.get("/programs/<code:program_code>/pools")
def index(program_code: str) -> str | Response:
    return answer(POOLS, "admin/owners/pools/index.html")


@bp.route("/programs/<code:program_code>/pools/new", methods=["GET", "POST"])
def new(program_code: str) -> str | Response | tuple[str, int]:
    form = NewPool()
    if request.method == "GET":
        return render_template("admin/owners/pools/new.html", form=form)
    if form.validate():
        try:
            with transaction(db.session) as writing:
                holder = distributors.id_of_code(writing, scope().program.id, form.holder.data or "")
                if holder is not None:
                    made = pools.open_pool(
                        writing,
                        scope().program,
                        form.name.data or "",
                        holder,
                        spending=form.spending.data,
                        actor=person().login,
                        now=now(),
                    )
                    return redirect(url_for("pools.show", program_code=program_code, pool_id=made), 303)
            form.refuse("holder", gettext("No distributor of this programme has this code."))
        except OwnersError as error:
            form.refuse(None, why_not(error))
    return render_template("admin/owners/pools/new.html", form=form), 400


@bp.get("/programs/<code:program_code>/pools/<id:pool_id>")
def show(program_code: str, pool_id: int) -> str:
    return _page(pool_id, Joining(formdata=None))


def _page(pool_id: int, joining: Joining) -> str:
    pool = session().get_one(Pool, pool_id)
    holder = session().get_one(Distributor, pool.holder_id)
    members = session().execute(
        select(PoolMember, Distributor.id, Distributor.code, Distributor.name)
        .join(Distributor, Distributor.id == PoolMember.distributor_id)
        .where(PoolMember.pool_id == pool_id)
        .order_by(PoolMember.left_on.is_not(None), Distributor.sort_key)
    )
    told = {one.distributor_id: one for one in pools.contributions(session(), pool_id)}
    return render_template(
        "admin/owners/pools/show.html",
        pool=pool,
        holder=holder,
        balance=balances.balance_of(session(), scope().program.id, holder.code, Unit.POINTS),
        members=members.all(),
        told=told,
        spending=SPENDING[pool.spending],
        joining=joining,
    )


def _back(pool_id: int) -> Response:
    return redirect(url_for("pools.show", program_code=scope().program.code, pool_id=pool_id), 303)


@bp.post("/programs/<code:program_code>/pools/<id:pool_id>/join")
def join(program_code: str, pool_id: int) -> str | Response | tuple[str, int]:
    """Show what a distributor would bring, then let it join."""
    form = Joining()
    if not form.validate():
        return _page(pool_id, form), 400
    program = scope().program
    try:
        with transaction(db.session) as writing:
            who = distributors.id_of_code(writing, program.id, form.distributor.data or "")
            if who is None:
                form.refuse("distributor", gettext("No distributor of this programme has this code."))
            elif request.form.get("sure") == "yes":
                pools.join(writing, program, pool_id, who, actor=person().login, now=now())
                flash(gettext("It has joined; its points have moved."), "success")
                return _back(pool_id)
            else:
                return render_template(
                    "admin/owners/pools/join.html",
                    pool=session().get_one(Pool, pool_id),
                    who=writing.get_one(Distributor, who),
                    brings=pools.look_at_joining(writing, program, pool_id, who),
                    form=form,
                )
    except OwnersError as error:
        form.refuse("distributor", why_not(error))
    return _page(pool_id, form), 400


@bp.route("/programs/<code:program_code>/pools/<id:pool_id>/leave/<id:distributor_id>", methods=["GET", "POST"])
def leave(program_code: str, pool_id: int, distributor_id: int) -> str | Response | tuple[str, int]:
    """Show what is left of a member's points, then let it leave."""
    form, program = Leaving(), scope().program
    try:
        if request.method == "POST" and form.validate():
            with transaction(db.session) as writing:
                pools.leave(
                    writing,
                    program,
                    pool_id,
                    distributor_id,
                    takes_own=form.takes.data == "own",
                    actor=person().login,
                    now=now(),
                )
            flash(gettext("It has left the pool."), "success")
            return _back(pool_id)
        look = pools.look_at_leaving(session(), program, pool_id, distributor_id)
    except OwnersError as error:
        flash(why_not(error), "warning")
        return _back(pool_id)
    page = render_template(
        "admin/owners/pools/leave.html",
        pool=session().get_one(Pool, pool_id),
        who=session().get_one(Distributor, distributor_id),
        look=look,
        form=form,
    )
    return (page, 400) if form.errors else page


@bp.post("/programs/<code:program_code>/pools/<id:pool_id>/close")
def close(program_code: str, pool_id: int) -> Response:
    try:
        with transaction(db.session) as writing:
            pools.close(writing, scope().program, pool_id, actor=person().login, now=now())
    except OwnersError as error:
        flash(why_not(error), "warning")
    else:
        flash(gettext("The pool is closed."), "success")
    return _back(pool_id)
