"""Orders of rewards: approved, ordered, sent, delivered, and called off in whole or in part."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import BooleanField, IntegerField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.db.transaction import transaction
from app.domain.states import OrderState
from app.extensions import db
from app.models.distributors import Distributor
from app.models.orders import OrderLine, RewardOrder
from app.services.orders import approving, cancelling, money, moving, owing, reading, returning
from app.services.orders.holding import NoCodes, NotNow, NotPaid, SamePerson, TakesNoPart, lock_in_order
from app.services.orders.moving import Parcel
from app.services.orders.reading import ReadLine, ReadOrder
from app.services.rewarding import vouchers
from app.services.same_person import is_same
from app.web import formats
from app.web.addresses import whole_number
from app.web.context import keys, now, person, scope, session
from app.web.forms.asked import Sure
from app.web.forms.form import Form, choice
from app.web.forms.refused import again, fresh
from app.web.lists import together
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, Action, Column, Kind, Listing, Moments, Search, To
from app.web.lists.together import Deed, Row, Stays
from app.web.words.orders import BY_STATE, STATE
from app.web.words.wording import ADDRESS, ORDER_STATE, ORDER_WORD

bp = Blueprint("orders", __name__)
Pieces = TypeVar("Pieces", bound="PiecesForm")

_WHAT = (
    select(func.string_agg(OrderLine.name, ", "))
    .where(OrderLine.order_id == RewardOrder.id)
    .correlate(RewardOrder)
    .scalar_subquery()
)
_QUERY: Select[Any] = (
    select()
    .select_from(RewardOrder)
    .join(Distributor, Distributor.id == RewardOrder.distributor_id)
    .where(RewardOrder.program_id == HERE)
)


def _number(typed: str) -> Any:
    """Find an order by its number as well."""
    return RewardOrder.id == (whole_number(typed.lstrip("#")) or 0)


ORDERS = Listing(
    name="orders",
    title=_("Orders"),
    columns=(
        Column("number", _("Order"), RewardOrder.id, Kind.CODE, link=To("orders.show", reward_order_id="row_id")),
        Column("name", _("Distributor"), Distributor.name, sort=Distributor.sort_key),
        Column("what", _("Rewards"), _WHAT),
        Column("placed_at", _("Placed"), RewardOrder.placed_at, Kind.INSTANT, RewardOrder.placed_at),
        Column("placed_by", _("Placed by"), RewardOrder.placed_by, Kind.PERSON, phone=False),
        Column("points", _("Points"), RewardOrder.points, Kind.POINTS, RewardOrder.points),
        Column("cash", _("Money"), RewardOrder.cash_minor, Kind.MONEY, RewardOrder.cash_minor, phone=False),
        Column("worth", _("Worth"), RewardOrder.worth_minor, Kind.MONEY, RewardOrder.worth_minor, phone=False),
        STATE,
    ),
    query=_QUERY,
    id=RewardOrder.id,
    default="-placed_at",
    actions=(Action(_("Approve…"), "orders.approve_many", "approve_orders"),),
    filters=(
        Search(Distributor.name, Distributor.code, title=_("Distributor, code or number"), also=_number),
        BY_STATE,
        Moments("placed", _("Placed"), RewardOrder.placed_at),
    ),
)


MOVES_NAMED = [
    choice("ordered", _("It is ordered at the supplier")),
    choice("shipped", _("It was sent")),
    choice("delivered", _("It was delivered")),
]


class MoveForm(Form):
    """What happened to an order, or to one of its lines."""

    becomes = SelectField(
        _("What happened"),
        choices=MOVES_NAMED,
    )
    line = SelectField(_("Which"), default="")
    carrier = StringField(_("Carrier"), [Length(max=64)])
    tracking = StringField(_("Number of the parcel"), [Length(max=64)])


class PiecesForm(Form):
    """How many pieces of each line something happened to (`_kind_of`)."""

    def pieces(self) -> dict[int, int]:
        """Give how many of which lines, of those of which any."""
        named = {name: field.data for name, field in self._fields.items() if name.startswith(_PIECES)}
        return {int(name.removeprefix(_PIECES)): count for name, count in named.items() if count}


_PIECES = "pieces-"
_WHY = [InputRequired(_("Say why: whoever ordered reads it.")), Length(max=200)]


class CancelForm(PiecesForm):
    """Why something will not come."""

    reason = StringField(_("Reason"), _WHY)


class ComeBackForm(PiecesForm):
    """Why something came back that had been delivered, and whether it can be given out again."""

    why = StringField(_("Reason"), _WHY)
    into_stock = BooleanField(_("The pieces can be given out again"))


def _goes_on(found: ReadOrder) -> list[ReadLine]:
    """Give the lines of which pieces may still be called off."""
    return [one for one in found.lines if one.line.state not in (OrderState.DELIVERED, OrderState.CANCELLED)]


def _came(found: ReadOrder) -> list[ReadLine]:
    """Give the lines of which pieces may come back."""
    return [one for one in found.lines if returning.can_come_back(one.line)]


def _kind_of(kind: type[Pieces], lines: Iterable[ReadLine]) -> type[Pieces]:
    """Make the form with a field for each line."""
    fields: dict[str, Any] = {
        f"{_PIECES}{one.line.id}": IntegerField(
            gettext("Pieces of %(name)s", name=one.line.name),
            [Optional(), NumberRange(0, one.left)],
            render_kw={"min": 0, "max": one.left},
        )
        for one in lines
    }
    return type(f"{kind.__name__}OfLines", (kind,), fields)


def _of_others(form: PiecesForm) -> bool:
    """Tell whether pieces are named of a line that came, or was called off, while somebody typed."""
    gone = (name for name in request.form if name.startswith(_PIECES) and name not in form)
    return any(request.form[name].strip() not in ("", "0") for name in gone)


class PaymentForm(Form):
    """That money came in, or was given back."""

    note = StringField(
        _("Note"), [Length(max=200)], description=_("For example the number of the transfer; never that of a card.")
    )


class CodeForm(Form):
    """A code that somebody shows."""

    code = StringField(_("Code of a discount"), [InputRequired(_("Type the code.")), Length(max=vouchers.LONGEST_CODE)])


@bp.get("/programs/<code:program_code>/orders")
def index(program_code: str) -> str | Response:
    return answer(ORDERS, "admin/orders/index.html", code_form=CodeForm(formdata=None))


@bp.post("/programs/<code:program_code>/orders/code")
def code(program_code: str) -> Response:
    """Tell what a code of a discount is for, and whose."""
    form = CodeForm()
    found = None
    if form.validate():
        found = vouchers.discount_of(session(), keys(), scope().program.id, form.code.data or "")
    if found is None:
        flash(gettext("No discount of this programme has this code."), "warning")
        return redirect(url_for("orders.index", program_code=program_code), 303)
    name, share = found.name, formats.share(found.share_bp)
    if found.used_for is not None:
        said = {"name": name, "share": share, "number": found.used_for}
        flash(gettext("%(name)s: %(share)s, used for purchase %(number)s.", **said), "warning")
    else:
        flash(gettext("%(name)s: %(share)s.", name=name, share=share), "success")
    return _back(found.order.id)


@bp.post("/programs/<code:program_code>/orders/approve")
def approve_many(program_code: str) -> together.Answer:
    def approve(writing: Session, order_id: int) -> None:
        try:
            approving.approve(writing, keys(), scope().program, order_id, actor=person().login, now=now())
        except SamePerson:
            raise Stays(gettext("You placed it: a second person must approve it.")) from None
        except NotNow:
            raise Stays(gettext("It does not wait for approval.")) from None
        except NotPaid:
            raise Stays(gettext("Its money has not come in yet.")) from None
        except TakesNoPart:
            raise Stays(gettext("The distributor is blocked: it neither earns nor redeems.")) from None
        except NoCodes:
            raise Stays(gettext("Codes of its vouchers have ended: bring new ones first.")) from None

    return together.decide(
        Deed(
            ORDERS,
            url_for("orders.index", program_code=program_code),
            "orders",
            heading=lambda count: ngettext("Approve %(num)s order", "Approve %(num)s orders", count),
            means=_("They go on to their suppliers; codes and tickets are handed out at once."),
            now=_("State now"),
            button=_("Approve"),
            done=lambda count: ngettext("%(num)s order is approved.", "%(num)s orders are approved.", count),
            form=Sure(),
            look=_look,
            do=approve,
            before=lock_in_order,
        )
    )


def _look(ids: Sequence[int]) -> Iterator[Row]:
    """Give orders with how far they are."""
    found = session().execute(
        select(RewardOrder.id, Distributor.name, RewardOrder.state)
        .join(Distributor, Distributor.id == RewardOrder.distributor_id)
        .where(RewardOrder.id.in_(ids))
    )
    for id_, name, state in found:
        stays = None if state is OrderState.WAITING else gettext("It does not wait for approval.")
        yield Row(id_, f"#{id_}", name, ORDER_STATE[state].text, stays)


@bp.get("/programs/<code:program_code>/orders/<id:reward_order_id>")
def show(program_code: str, reward_order_id: int) -> str:
    found = reading.read(session(), reward_order_id)
    order, goes_on, came = found.order, _goes_on(found), _came(found)
    move = fresh(MoveForm)
    # only what can follow is offered, what comes next first, and only of those lines that something can follow
    before = {str(one.value): moving.BEFORE[OrderState(str(one.value))] for one in MOVES_NAMED}
    states = {one.line.state for one in found.lines}
    move.becomes.choices = [one for one in MOVES_NAMED if states & set(before[str(one.value)])]
    move.line.choices = [
        choice("", gettext("All of it")),
        *(
            choice(str(one.line.id), one.line.name)
            for one in found.lines
            if any(one.line.state in follows for follows in before.values())
        ),
    ]
    return render_template(
        "admin/orders/show.html",
        found=found,
        distributor=session()
        .execute(
            select(Distributor.id, Distributor.name, Distributor.code).where(Distributor.id == order.distributor_id)
        )
        .one(),
        mine=is_same(session(), person().login, order.placed_by),
        open=order.state not in (OrderState.WAITING, OrderState.DELIVERED, OrderState.CANCELLED),
        cancels=goes_on,
        move=move,
        cancel_form=fresh(
            CancelForm, _kind_of(CancelForm, goes_on), **{_PIECES + str(one.line.id): one.left for one in goes_on}
        ),
        came=came,
        come_back=fresh(ComeBackForm, _kind_of(ComeBackForm, came)),
        money=owing.money_of(order, [one.line for one in found.lines]),
        payment_form=fresh(PaymentForm),
        states=ORDER_STATE,
        words=ORDER_WORD,
        parts=ADDRESS,
    )


@bp.post("/programs/<code:program_code>/orders/<id:reward_order_id>/approve")
def approve(program_code: str, reward_order_id: int) -> Response:
    try:
        with transaction(db.session) as writing:
            approving.approve(writing, keys(), scope().program, reward_order_id, actor=person().login, now=now())
    except SamePerson:
        flash(gettext("You placed this order: a second person must approve it."), "danger")
    except NotNow:
        flash(gettext("Somebody was quicker: it does not wait any more."), "warning")
    except NotPaid:
        flash(gettext("Its money has not come in yet."), "warning")
    except TakesNoPart:
        flash(gettext("The distributor is blocked: it neither earns nor redeems."), "warning")
    except NoCodes:
        flash(gettext("Codes of its vouchers have ended: bring new ones first."), "warning")
    else:
        flash(gettext("Approved."), "success")
    return _back(reward_order_id)


@bp.post("/programs/<code:program_code>/orders/<id:reward_order_id>/move")
def move(program_code: str, reward_order_id: int) -> Response:
    """Note that an order, or a line of it, was ordered, sent or delivered."""
    form = MoveForm()
    lines = session().scalars(select(OrderLine.id).where(OrderLine.order_id == reward_order_id)).all()
    form.line.choices = [choice("", ""), *(choice(str(one), "") for one in lines)]
    if not form.validate():
        return _again(form, reward_order_id)
    chosen = [int(form.line.data)] if form.line.data else None
    said: dict[str, Any] = {"actor": person().login, "now": now()}
    program = scope().program
    try:
        with transaction(db.session) as writing:
            if form.becomes.data == "ordered":
                moving.order_by_hand(writing, program, reward_order_id, chosen, **said)
            elif form.becomes.data == "shipped":
                parcel = Parcel(form.carrier.data or None, form.tracking.data or None)
                moving.ship(writing, program, reward_order_id, chosen, parcel, **said)
            else:
                moving.deliver(writing, program, reward_order_id, chosen, **said)
    except NotNow:
        form.refuse(None, gettext("That cannot follow now: look at how far each line is."))
        return _again(form, reward_order_id)
    flash(gettext("It is written down what happened."), "success")
    return _back(reward_order_id)


@bp.post("/programs/<code:program_code>/orders/<id:reward_order_id>/cancel")
def cancel(program_code: str, reward_order_id: int) -> Response:
    """Call so many pieces of each line off, or all: their points go back in the same moment."""
    form = _kind_of(CancelForm, _goes_on(reading.read(session(), reward_order_id)))()
    too_many = gettext("So much of it cannot be cancelled any more: look at how far each line is.")
    if not _sound(form, too_many):
        return _again(form, reward_order_id)
    try:
        with transaction(db.session) as writing:
            points = cancelling.cancel(
                writing,
                scope().program,
                reward_order_id,
                form.pieces(),
                reason=form.reason.data or "",
                actor=person().login,
                now=now(),
            )
            money.go_on(writing, keys(), scope().program, reward_order_id, now=now())
    except NotNow:
        form.refuse(None, too_many)
        return _again(form, reward_order_id)
    flash(gettext("Cancelled: %(points)s points are back.", points=formats.points(points)), "success")
    return _back(reward_order_id)


@bp.post("/programs/<code:program_code>/orders/<id:reward_order_id>/came-back")
def come_back(program_code: str, reward_order_id: int) -> Response:
    """Note that so many delivered pieces of each line came back: their points are there again in the same moment."""
    form = _kind_of(ComeBackForm, _came(reading.read(session(), reward_order_id)))()
    too_many = gettext("So much of it cannot come back any more: look at how far each line is.")
    if not _sound(form, too_many):
        return _again(form, reward_order_id)
    said: dict[str, Any] = {"into_stock": form.into_stock.data, "reason": form.why.data or ""}
    said |= {"actor": person().login, "now": now()}
    try:
        with transaction(db.session) as writing:
            points = returning.take_back(writing, scope().program, reward_order_id, form.pieces(), **said)
    except NotNow:
        form.refuse(None, too_many)
        return _again(form, reward_order_id)
    except returning.TaxReckoned as error:
        told = gettext(
            "The tax on %(name)s was reckoned by run %(run)s. Call that run off first; if it was paid, give the points "
            "back by an adjustment and correct the tax with whoever files it.",
            name=error.line,
            run=error.run_id,
        )
        form.refuse(None, told)
        return _again(form, reward_order_id)
    flash(gettext("Noted: %(points)s points are back.", points=formats.points(points)), "success")
    return _back(reward_order_id)


def _sound(form: PiecesForm, too_many: str) -> bool:
    """Tell whether a form names pieces that there are, of lines that it was shown with; else it says what is wrong."""
    if _of_others(form):
        form.refuse(None, too_many)
    elif form.validate() and not form.pieces():
        form.refuse(None, gettext("Say how many pieces of what."))
    return not form.problems()


@bp.post("/programs/<code:program_code>/orders/<id:reward_order_id>/paid")
def paid(program_code: str, reward_order_id: int) -> Response:
    """Note that the money of an order came in: it goes on, or waits for approval."""
    return _money(reward_order_id, back=False)


@bp.post("/programs/<code:program_code>/orders/<id:reward_order_id>/repaid")
def repaid(program_code: str, reward_order_id: int) -> Response:
    """Note that money was given back for what was cancelled."""
    return _money(reward_order_id, back=True)


def _money(reward_order_id: int, *, back: bool) -> Response:
    form, program = PaymentForm(), scope().program
    if not form.validate():
        return _again(form, reward_order_id)
    said: dict[str, Any] = {"note": form.note.data or "", "actor": person().login, "now": now()}
    try:
        with transaction(db.session) as writing:
            if back:
                amount = money.repaid(writing, program, reward_order_id, **said)
            else:
                amount = money.paid(writing, keys(), program, reward_order_id, **said)
    except money.NoteWrong:
        form.refuse("note", gettext("This looks like the number of a payment card. Card numbers are never kept here."))
        return _again(form, reward_order_id)
    except NotNow:
        flash(gettext("Somebody was quicker: there is nothing to note any more."), "warning")
    else:
        flash(gettext("Noted: %(amount)s.", amount=formats.cash(amount)), "success")
    return _back(reward_order_id)


def _again(form: Form, reward_order_id: int) -> Response:
    return again(form, "orders.show", program_code=scope().program.code, reward_order_id=reward_order_id)


def _back(reward_order_id: int) -> Response:
    return redirect(url_for("orders.show", program_code=scope().program.code, reward_order_id=reward_order_id), 303)
