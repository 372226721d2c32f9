"""One reward: its price, its seasons, its picture, those it is for, its codes, and its draw."""

from typing import Any, ClassVar

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField
from sqlalchemy import select
from werkzeug.wrappers import Response
from wtforms import (
    BooleanField,
    FieldList,
    FormField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.db.transaction import transaction
from app.domain.rewards.reward_prices import Season
from app.domain.states import RewardKind
from app.domain.typed.codes import code_key
from app.extensions import db
from app.models.catalogue import ProductGroup
from app.models.distributors import Distributor, DistributorGroup
from app.models.orders import Draw
from app.models.rewards import Reward, RewardPicture
from app.services.instants import promising
from app.services.placing import tiers
from app.services.rewarding import draws, reward_pictures, rewards, vouchers
from app.services.rewarding.picture_maker import Fault
from app.services.rewarding.reward_pictures import PictureRefused
from app.services.rewarding.rewards import RewardRow, RewardWrong
from app.web.admin.rewarding import instants as instants_page
from app.web.context import keys, now, person, scope, session, today
from app.web.forms.fields import Between, DayField, MoneyField, PointsField, QuantityField
from app.web.forms.form import Form, RowForm, choice
from app.web.forms.refused import again, fresh
from app.web.reward_pictures import picture_address
from app.web.words.wording import REWARD_KIND

bp = Blueprint("reward_editor", __name__)

_MOST = 10**12
_LARGEST_COUNT = 2**31 - 1
_MOST_SEASONS = 24
MOST_CODES = 5_000

_FAULTS = {
    Fault.NO_PICTURE: _("This is no picture: send a PNG, JPEG, WebP or GIF."),
    Fault.TOO_HEAVY: _("The picture is larger than 8 MB. Send a smaller one."),
    Fault.TOO_LARGE: _("The picture has too many pixels. Send a smaller one."),
}
_WRONG: dict[str, tuple[str | None, Any]] = {
    "no_price": ("points", _("Say what it costs, or have it computed of its cost.")),
    "no_cost": ("cost", _("The price is computed of the cost: fill it in.")),
    "seasons_overlap": (None, _("Two seasons share a day. Correct their days.")),
    "half_in_cash": ("cash", _("A price in points and money has both. Fill in the other, or leave both empty.")),
    "half_a_family": (
        "variant",
        _("Fill in both or leave both empty: the family, and what tells this one apart there."),
    ),
    "no_discount": ("discount", _("Say how much the discount is.")),
    "not_a_discount": ("discount", _("Only a discount has a share. Leave it empty.")),
    "code_taken": ("code", _("Another reward has this code.")),
}
_DRAW_REFUSED = {
    "still_offered": _("Tickets can still be had: withdraw the reward first, or wait until its last day is over."),
    "orders_wait": _("Orders of tickets still wait for approval: approve or cancel them first."),
    "no_tickets": _("Nobody has a ticket."),
    "drawn_before": _("It is drawn already."),
}


class SeasonForm(RowForm):
    """A season. Nothing filled in: none."""

    points = PointsField(_("Points in season"), [Between(1, _MOST)])
    from_on = DayField(_("First day"))
    until_on = DayField(_("Last day"))
    announced_on = DayField(_("Told from"))

    def season(self) -> Season | None:
        """Give what was typed; None where nothing was, or where it is wrong: then it says so."""
        said = (self.points.data, self.from_on.data, self.until_on.data)
        if not any(said) and not self.announced_on.data:
            return None
        if not all(said):
            self.points.errors = [*self.points.errors, gettext("A season has a price, a first and a last day.")]
        elif self.until_on.data < self.from_on.data:
            self.until_on.errors = [*self.until_on.errors, gettext("It ends before it begins.")]
        elif self.announced_on.data and self.announced_on.data > self.from_on.data:
            self.announced_on.errors = [*self.announced_on.errors, gettext("People are told before it begins.")]
        else:
            days = rewards.settings_of(scope().program).announced_days
            made = Season(self.points.data, self.from_on.data, self.until_on.data, self.announced_on.data)
            return rewards.announced(made, days)
        return None


class RewardForm(Form):
    """All of a reward."""

    may_look_like_cards: ClassVar[frozenset[str]] = frozenset({"code"})

    code = StringField(_("Code"), [InputRequired(_("Give it a code.")), Length(max=64)])
    name = StringField(_("Name"), [InputRequired(_("Give it a name.")), Length(max=200)])
    kind = SelectField(
        _("Kind"), choices=[choice(kind.value, text) for kind, text in REWARD_KIND.items()], default="goods"
    )
    category = StringField(_("Category"), [Length(max=64)])
    description = TextAreaField(_("Description"), [Length(max=4_000)])
    family = StringField(
        _("Family"),
        [Length(max=64)],
        description=_("Where it is one of several sizes, colours or amounts: what the catalogue shows once."),
    )
    variant = StringField(_("Size, colour or amount"), [Length(max=64)])
    priced = RadioField(
        _("How the price is set"),
        choices=[choice("hand", _("Set by hand")), choice("cost", _("Computed of the cost, a margin and tax"))],
        default="hand",
    )
    points = PointsField(_("Points"), [Between(1, _MOST)])
    cash_points = PointsField(_("Or so many points"), [Between(1, _MOST)])
    cash = MoneyField(_("and so much money"), [Between(1, _MOST)])
    cost = MoneyField(_("What one costs the sponsor"), [Between(0, _MOST)])
    stock = IntegerField(
        _("In stock"),
        [Optional(), NumberRange(0, _LARGEST_COUNT)],
        description=_("Leave it empty where there are as many as are wanted."),
    )
    stock_seen = HiddenField(validators=[Length(max=20)])
    per_person = IntegerField(
        _("At most for one distributor"),
        [Optional(), NumberRange(1, _LARGEST_COUNT)],
        description=_("Of a family: of all its sizes, colours and amounts together."),
    )
    from_on = DayField(_("First day"))
    until_on = DayField(_("Last day"))
    supplier = StringField(_("Supplier"), [Length(max=64)], description=_("Who sends it; empty: the sponsor."))
    discount = QuantityField(_("Discount in per cent"), [Between(1_000, 100_000)])
    product_group = SelectField(_("On which goods"), default="")
    groups = SelectMultipleField(_("For these groups alone"))
    tiers = SelectMultipleField(_("For these tiers alone"))
    prizes = IntegerField(_("Prizes of the draw"), [Optional(), NumberRange(1, draws.MOST_PRIZES)])
    offered = BooleanField(_("Distributors see it in the catalogue"), default=True)
    seasons = FieldList(FormField(SeasonForm), max_entries=_MOST_SEASONS)

    def offer_choices(self, reward_id: int | None = None) -> None:
        """Offer the groups and the tiers of the programme, and those tiers that the reward is for already."""
        goods = _named(ProductGroup)
        self.product_group.choices = [
            choice("", gettext("All goods")),
            *(choice(str(id_), name) for id_, name in goods),
        ]
        self.groups.choices = [choice(str(id_), name) for id_, name in _named(DistributorGroup)]
        self.tiers.choices = [choice(code, name) for code, name in _tiers(reward_id)]

    def row(self) -> RewardRow:
        """Give what was typed."""
        kind = RewardKind(self.kind.data)
        discount = kind is RewardKind.DISCOUNT
        group = self.product_group.data if discount else ""
        return RewardRow(
            code=self.code.data or "",
            name=self.name.data or "",
            points=self.points.data,
            price_by_hand=self.priced.data == "hand",
            kind=kind,
            description=self.description.data or None,
            category=self.category.data or None,
            family=self.family.data or None,
            variant=self.variant.data or None,
            cost_minor=self.cost.data,
            cash_points=self.cash_points.data,
            cash_minor=self.cash.data,
            stock=self.stock.data,
            per_person=self.per_person.data,
            from_on=self.from_on.data,
            until_on=self.until_on.data,
            offered=bool(self.offered.data),
            supplier=self.supplier.data or None,
            discount_bp=None if self.discount.data is None else int(self.discount.data) // 10,
            product_group_id=int(group) if group else None,
            seasons=self.season_list(),
            group_ids=[int(one) for one in self.groups.data or ()],
            tiers=self.tiers.data or (),
        )

    def stock_stays(self) -> bool:
        """Tell whether nobody changed the stock: orders may have, since the page was shown."""
        return self.stock_seen.data == ("" if self.stock.data is None else str(self.stock.data))

    def season_list(self) -> list[Season]:
        """Give the seasons that were typed whole; the others say what is wrong with them."""
        return [one for entry in self.seasons.entries if (one := entry.form.season()) is not None]

    def fine(self) -> bool:
        """Tell whether all is right, days in order included."""
        fine = bool(self.validate())
        if self.from_on.data and self.until_on.data and self.until_on.data < self.from_on.data:
            self.refuse("until_on", gettext("It ends before it begins."))
            fine = False
        if self.kind.data == RewardKind.DRAW.value and not self.prizes.data:
            self.refuse("prizes", gettext("Say how many prizes there are."))
            fine = False
        self.season_list()
        return fine and not any(entry.form[name].errors for entry in self.seasons.entries for name in _OF_A_SEASON)


_OF_A_SEASON = ("points", "from_on", "until_on", "announced_on")


class PictureForm(Form):
    """A picture, or that there shall be none."""

    picture = FileField(_("Picture"))
    remove = BooleanField(_("Take the picture away"))


class CodesForm(Form):
    """Codes of a voucher, one a line."""

    may_look_like_cards: ClassVar[frozenset[str]] = frozenset({"codes"})

    codes = TextAreaField(_("Codes, one a line"), [InputRequired(_("Paste some codes.")), Length(max=200_000)])


def _named(model: Any) -> list[tuple[int, str]]:
    rows = session().execute(
        select(model.id, model.name).where(model.program_id == scope().program.id).order_by(model.name)
    )
    return [(id_, name) for id_, name in rows]


@bp.route("/programs/<code:program_code>/rewards/new", methods=["GET", "POST"])
def new(program_code: str) -> str | Response | tuple[str, int]:
    """Write a reward; ``like`` names one whose size, colour or amount alone is another."""
    like = request.args.get("like", type=int) if request.method == "GET" else None
    form = RewardForm(data=_like(like)) if like is not None else RewardForm()
    form.offer_choices()
    _blank_season(form)
    if request.method == "GET":
        return _page(form, None)
    made = _save(form, None)
    if made is None:
        return _page(form, None), 400
    lacks_codes = form.kind.data == RewardKind.VOUCHER.value
    kept = gettext("The reward is kept. Give it a picture.")
    flash(gettext("The reward is kept. Bring its codes in.") if lacks_codes else kept, "success")
    return redirect(url_for("reward_editor.edit", program_code=program_code, reward_id=made), 303)


@bp.route("/programs/<code:program_code>/rewards/<id:reward_id>", methods=["GET", "POST"])
def edit(program_code: str, reward_id: int) -> str | Response | tuple[str, int]:
    form = RewardForm(data=_shown(reward_id)) if request.method == "GET" else RewardForm()
    form.offer_choices(reward_id)
    _blank_season(form)
    if request.method == "GET":
        return _page(form, reward_id)
    if _save(form, reward_id) is None:
        return _page(form, reward_id), 400
    flash(gettext("Kept."), "success")
    return redirect(url_for("reward_editor.edit", program_code=program_code, reward_id=reward_id), 303)


def _save(form: RewardForm, reward_id: int | None) -> int | None:
    """Keep what was typed; None where something is wrong with it, which the form then says."""
    if not form.fine():
        return None
    who, at = person().login, now()
    try:
        with transaction(db.session) as writing:
            row, stays = form.row(), form.stock_stays()
            kept = rewards.save(writing, scope().program, reward_id, row, actor=who, now=at, stock_stays=stays)
            if form.kind.data == RewardKind.DRAW.value:
                reward = writing.get_one(Reward, kept)
                draws.prepare(writing, keys(), reward, form.prizes.data or 1, actor=who, now=at)
    except RewardWrong as wrong:
        form.refuse(*_WRONG[wrong.code])
    except draws.DrawError as wrong:
        form.refuse("prizes", str(_DRAW_REFUSED[wrong.code]))
    else:
        return kept
    return None


def _blank_season(form: RewardForm) -> None:
    """Let there be a season to type into."""
    full = len(form.seasons.entries) >= _MOST_SEASONS
    if not form.seasons.entries or (request.method == "GET" and not full):
        form.seasons.append_entry({})


def _shown(reward_id: int) -> dict[str, Any]:
    """Write a reward into the form's fields."""
    one = session().get_one(Reward, reward_id)
    groups, levels = rewards.audience_of(session(), [reward_id])[reward_id]
    keys = {code_key(one) for one in levels}
    draw = _draw(reward_id)
    return {
        **{name: getattr(one, name) for name in ("code", "name", "category", "description", "points", "stock")},
        **{name: getattr(one, name) for name in ("family", "variant")},
        **{name: getattr(one, name) for name in ("per_person", "from_on", "until_on", "supplier", "offered")},
        "stock_seen": one.stock,
        "kind": one.kind.value,
        "priced": "hand" if one.price_by_hand else "cost",
        "cost": one.cost_minor,
        "cash_points": one.cash_points,
        "cash": one.cash_minor,
        "discount": None if one.discount_bp is None else one.discount_bp * 10,
        "product_group": str(one.product_group_id or ""),
        "groups": [str(group) for group in groups],
        "tiers": [code for code, _name in _tiers(reward_id) if code_key(code) in keys],
        "prizes": draw.prizes if draw is not None else None,
        "seasons": [
            {name: getattr(season, name) for name in _OF_A_SEASON}
            for season in rewards.seasons_of(session(), [reward_id])[reward_id]
        ],
    }


def _like(reward_id: int) -> dict[str, Any]:
    """Write into the form what a reward shares with the next of its family."""
    of = select(Reward.id).where(Reward.id == reward_id, Reward.program_id == scope().program.id)
    if session().scalars(of).one_or_none() is None:
        abort(404)
    found = _shown(reward_id)
    return {
        **found,
        "code": "",
        "variant": "",
        "stock": None,
        "stock_seen": None,
        "family": found["family"] or found["name"],
    }


def _tiers(reward_id: int | None) -> list[tuple[str, str]]:
    also = () if reward_id is None else rewards.audience_of(session(), [reward_id])[reward_id][1]
    return tiers.named(session(), scope().program, also)


def _draw(reward_id: int) -> Draw | None:
    return session().scalars(select(Draw).where(Draw.reward_id == reward_id)).one_or_none()


def _page(form: RewardForm, reward_id: int | None) -> str:
    formula = rewards.formula_of(scope().program)
    priced = {"formula": formula, "settings": rewards.settings_of(scope().program)}
    if reward_id is None:
        return render_template("admin/rewarding/editor.html", form=form, reward=None, computed=None, **priced)
    reward = session().get_one(Reward, reward_id)
    picture = session().scalars(select(RewardPicture.sha256).where(RewardPicture.reward_id == reward_id)).one_or_none()
    draw = _draw(reward_id)
    return render_template(
        "admin/rewarding/editor.html",
        form=form,
        reward=reward,
        **priced,
        computed=formula.points(reward.cost_minor) if reward.cost_minor is not None else None,
        picture=picture_address(picture),
        picture_form=PictureForm(formdata=None),
        supply=vouchers.supply(session(), reward_id, today()) if reward.kind is RewardKind.VOUCHER else None,
        codes_form=fresh(CodesForm),
        draw=draw,
        tickets=len(draws.tickets(session(), draw.id)) if draw is not None else 0,
        winners=draws.winners(session(), draw.id) if draw is not None else [],
        brought=promising.of_reward(session(), reward_id),
        instant_form=instants_page.blank(),
        somebody=session()
        .scalars(select(Distributor.id).where(Distributor.program_id == scope().program.id).limit(1))
        .first()
        is not None,
    )


@bp.post("/programs/<code:program_code>/rewards/<id:reward_id>/picture")
def picture(program_code: str, reward_id: int) -> Response:
    form = PictureForm()
    sent = form.picture.data
    if form.validate() and form.remove.data:
        with transaction(db.session) as writing:
            reward_pictures.remove(writing, reward_id, actor=person().login, now=now())
        flash(gettext("The reward has no picture any more."), "success")
    elif sent and sent.filename:
        db.session.rollback()  # no transaction is open while the picture is made
        try:
            kept = reward_pictures.encoded(sent.read())
        except PictureRefused as refused:
            flash(str(_FAULTS[refused.fault]), "danger")
            return _back(reward_id)
        with transaction(db.session) as writing:
            reward_pictures.put(writing, reward_id, kept, actor=person().login, now=now())
        flash(gettext("The picture is kept."), "success")
    else:
        flash(gettext("Choose a picture first."), "warning")
    return _back(reward_id)


@bp.post("/programs/<code:program_code>/rewards/<id:reward_id>/codes")
def codes(program_code: str, reward_id: int) -> Response:
    """Take codes in that somebody pastes; they are shown to nobody but those who are given them."""
    form = CodesForm()
    if not form.validate():
        return again(form, "reward_editor.edit", program_code=program_code, reward_id=reward_id)
    typed = [one.strip() for one in (form.codes.data or "").splitlines() if one.strip()]
    if len(typed) > MOST_CODES or any(len(one) > vouchers.LONGEST_CODE for one in typed):
        form.refuse("codes", gettext("So many codes, or so long ones, come from a file: import it."))
        return again(form, "reward_editor.edit", program_code=program_code, reward_id=reward_id)
    with transaction(db.session) as writing:
        reward = writing.get_one(Reward, reward_id)
        if reward.kind is not RewardKind.VOUCHER:
            flash(gettext("Only vouchers have codes."), "warning")
            return _back(reward_id)
        brought = [vouchers.NewCode(one) for one in typed]
        taken = vouchers.take_in(writing, keys(), reward, brought, actor=person().login, now=now())
    flash(ngettext("%(num)s new code is kept.", "%(num)s new codes are kept.", taken), "success")
    return _back(reward_id)


@bp.post("/programs/<code:program_code>/rewards/<id:reward_id>/draw")
def draw(program_code: str, reward_id: int) -> Response:
    """Draw the winners, which cannot be taken back."""
    if _draw(reward_id) is None:
        flash(gettext("This reward has no draw."), "warning")
        return _back(reward_id)
    try:
        with transaction(db.session) as writing:
            reward = writing.get_one(Reward, reward_id)
            won = draws.draw(writing, keys(), scope().program, reward, actor=person().login, now=now())
    except draws.DrawError as refused:
        flash(str(_DRAW_REFUSED[refused.code]), "warning")
    else:
        flash(ngettext("Drawn: %(num)s ticket won.", "Drawn: %(num)s tickets won.", len(won)), "success")
    return _back(reward_id)


def _back(reward_id: int) -> Response:
    return redirect(url_for("reward_editor.edit", program_code=scope().program.code, reward_id=reward_id), 303)
