"""Rewards: what points can be had for, at which price, when and by whom; many are offered or withdrawn at once."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from flask import Blueprint, flash, redirect, render_template, send_file, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import StringField
from wtforms.validators import Length

from app.db.transaction import transaction
from app.domain.typed.codes import code_key
from app.exports.reward_sheet import write_rewards
from app.extensions import db
from app.models.distributors import Distributor
from app.models.rewards import Reward, RewardPicture, RewardSeason
from app.services import audit
from app.services.rewarding import draws, offers, rewards
from app.web.access.guarding import can
from app.web.addresses import text_asked
from app.web.context import now, person, scope, session, today
from app.web.forms.asked import Sure
from app.web.forms.form import Form
from app.web.lists import together
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, TODAY, Action, Badge, Choice, Column, Kind, Listing, OneOf, Search, To
from app.web.lists.together import Deed, Row, Stays
from app.web.portal.rewarding.rewards import cards_of, shown, siblings_of
from app.web.words.wording import REWARD_KIND

bp = Blueprint("rewards", __name__)

_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_OFFERED = {True: Badge(_("Offered"), "good"), False: Badge(_("Withdrawn"), "plain")}

_QUERY: Select[Any] = select().select_from(Reward).where(Reward.program_id == HERE)
_SEASONS = exists().where(RewardSeason.reward_id == Reward.id)
_PICTURED = exists().where(RewardPicture.reward_id == Reward.id)
_SEASON_POINTS = (
    select(func.min(RewardSeason.points))
    .where(RewardSeason.reward_id == Reward.id, RewardSeason.until_on >= TODAY)
    .correlate(Reward)
    .scalar_subquery()
)


def _distinct(column: Any) -> Sequence[Choice]:
    named = select(column).where(Reward.program_id == scope().program.id, column.is_not(None))
    return [Choice(one, one) for one in session().scalars(named.distinct().order_by(column)) if one]


def _yes_no(yes: Any, no: Any) -> Sequence[Choice]:
    return (Choice("yes", yes), Choice("no", no))


REWARDS = Listing(
    name="rewards",
    title=_("Rewards"),
    columns=(
        Column(
            "name",
            _("Reward"),
            Reward.name,
            sort=Reward.sort_key,
            link=To("reward_editor.edit", others="rewards.preview", reward_id="row_id"),
        ),
        Column("code", _("Code"), Reward.code, Kind.CODE, Reward.code_key, phone=False),
        Column("kind", _("Kind"), Reward.kind, words=lambda kind: REWARD_KIND[kind], phone=False),
        Column("category", _("Category"), Reward.category, phone=False),
        Column("points", _("Points"), Reward.points, Kind.POINTS, Reward.points, summed=False),
        Column("season_points", _("In its season"), _SEASON_POINTS, Kind.POINTS, phone=False, summed=False),
        Column("stock", _("In stock"), Reward.stock, Kind.NUMBER, phone=False),
        Column("offered", _("State"), Reward.offered, badge=lambda offered: _OFFERED[offered]),
        Column("family", _("Family"), Reward.family, shown=False),
        Column("variant", _("Size, colour or amount"), Reward.variant, shown=False),
        Column("supplier", _("Supplier"), Reward.supplier, shown=False),
        Column("from_on", _("From"), Reward.from_on, Kind.DAY, shown=False),
        Column("until_on", _("Until"), Reward.until_on, Kind.DAY, shown=False),
        Column("cost", _("Cost"), Reward.cost_minor, Kind.MONEY, shown=False, summed=False),
        Column("description", _("Description"), Reward.description, shown=False),
    ),
    query=_QUERY,
    id=Reward.id,
    default="name",
    actions=(
        Action(_("Offer…"), "rewards.offer_many", "edit_program"),
        Action(_("Put into a category…"), "rewards.categorise_many", "edit_program"),
        Action(_("Withdraw…"), "rewards.withdraw_many", "edit_program", danger=True),
    ),
    filters=(
        Search(Reward.name, Reward.code, Reward.description, title=_("Name, code or description")),
        OneOf.named("kind", _("Kind"), Reward.kind, REWARD_KIND),
        OneOf("category", _("Category"), lambda: _distinct(Reward.category), lambda value: Reward.category == value),
        OneOf("supplier", _("Supplier"), lambda: _distinct(Reward.supplier), lambda value: Reward.supplier == value),
        OneOf(
            "offered",
            _("State"),
            _yes_no(_("Offered"), _("Withdrawn")),
            lambda value: Reward.offered.is_(value == "yes"),
        ),
        OneOf(
            "season",
            _("Season"),
            _yes_no(_("With a season"), _("Without a season")),
            lambda value: _SEASONS if value == "yes" else ~_SEASONS,
        ),
        OneOf(
            "picture",
            _("Picture"),
            _yes_no(_("With a picture"), _("Without a picture")),
            lambda value: _PICTURED if value == "yes" else ~_PICTURED,
        ),
        OneOf(
            "stock",
            _("In stock"),
            _yes_no(_("Some left"), _("None left")),
            lambda value: Reward.stock > 0 if value == "yes" else Reward.stock == 0,
        ),
    ),
)


@bp.get("/programs/<code:program_code>/rewards")
def index(program_code: str) -> str | Response:
    return answer(REWARDS, "admin/rewarding/index.html", counted=True)


@bp.get("/programs/<code:program_code>/rewards/sheet")
def sheet(program_code: str) -> Response:
    """Give all rewards as a workbook that can be changed and imported again."""
    program = scope().program
    with tempfile.TemporaryDirectory(prefix="kontor-rewards-") as folder, transaction(db.session) as writing:
        path = Path(folder, "rewards.xlsx")
        written = write_rewards(path, writing, program)
        audit.note(
            writing,
            person().login,
            "export.rewards",
            program.code,
            now=now(),
            program_id=program.id,
            after={"rows": written.rows, "sha256": written.sha256.hex()},
        )
        content = path.open("rb")  # stays readable after its folder is gone, until it is sent
    name = f"rewards-{program_code}-{today()}.xlsx"
    return send_file(content, mimetype=_WORKBOOK, as_attachment=True, download_name=name, max_age=0)


@bp.get("/programs/<code:program_code>/rewards/<id:reward_id>/preview")
def preview(program_code: str, reward_id: int) -> str | Response:
    """Show what a distributor sees of a reward, on its page and in its catalogue."""
    program = scope().program
    named = text_asked("distributor")[:64]
    of_program = select(Distributor.id, Distributor.name, Distributor.code).where(Distributor.program_id == program.id)
    query = of_program.where(Distributor.code_key == code_key(named)) if named else of_program.order_by(Distributor.id)
    whose = session().execute(query.limit(1)).one_or_none()
    if whose is None:
        flash(
            gettext("No distributor of this programme has this code.")
            if named
            else gettext("The programme has no distributors yet."),
            "warning",
        )
        if can("edit_program"):
            return redirect(url_for("reward_editor.edit", program_code=program_code, reward_id=reward_id), 303)
        return redirect(url_for("rewards.index", program_code=program_code), 303)
    only = offers.family_of(session(), program.id, reward_id)
    family = offers.of_distributor(session(), program, whose.id, now=now(), only=only)
    one = next((one for one in family if one.reward.id == reward_id), None)
    return render_template(
        "admin/rewarding/preview.html",
        reward=session().get_one(Reward, reward_id),
        whose=whose,
        preview=True,
        draw_hash=draws.promised_of(session(), reward_id),
        put_aside=0,
        one=shown(one, today(), family) if one is not None else None,
        siblings=siblings_of(
            family,
            reward_id,
            lambda id_: url_for("rewards.preview", program_code=program_code, reward_id=id_, distributor=named or None),
        ),
        cards=cards_of(family, today()),
    )


class CategoryForm(Form):
    """Into which category."""

    category = StringField(_("Category"), [Length(max=64)], description=_("Leave it empty to take them out of any."))


@bp.post("/programs/<code:program_code>/rewards/offer")
def offer_many(program_code: str) -> together.Answer:
    return _offer_many(offered=True)


@bp.post("/programs/<code:program_code>/rewards/withdraw")
def withdraw_many(program_code: str) -> together.Answer:
    return _offer_many(offered=False)


def _offer_many(*, offered: bool) -> together.Answer:
    def offer(writing: Session, reward_id: int) -> None:
        if not rewards.offer(writing, reward_id, offered=offered, actor=person().login, now=now()):
            raise Stays(gettext("It is so already."))

    def heading(count: int) -> str:
        if offered:
            return ngettext("Offer %(num)s reward", "Offer %(num)s rewards", count)
        return ngettext("Withdraw %(num)s reward", "Withdraw %(num)s rewards", count)

    def done(count: int) -> str:
        if offered:
            return ngettext("%(num)s reward is offered.", "%(num)s rewards are offered.", count)
        return ngettext("%(num)s reward is withdrawn.", "%(num)s rewards are withdrawn.", count)

    means = (
        _("Distributors see them in the catalogue from now on, at the price of the day.")
        if offered
        else _("Nobody sees them in the catalogue any more. What is ordered already goes on.")
    )
    return together.decide(
        Deed(
            REWARDS,
            url_for("rewards.index", program_code=scope().program.code),
            "rewards",
            heading=heading,
            means=means,
            now=_("State now"),
            button=_("Offer") if offered else _("Withdraw"),
            done=done,
            form=Sure(),
            look=_look,
            do=offer,
            danger=not offered,
        )
    )


@bp.post("/programs/<code:program_code>/rewards/category")
def categorise_many(program_code: str) -> together.Answer:
    form = CategoryForm()

    def move(writing: Session, reward_id: int) -> None:
        rewards.categorise(writing, reward_id, form.category.data or None, actor=person().login, now=now())

    return together.decide(
        Deed(
            REWARDS,
            url_for("rewards.index", program_code=program_code),
            "rewards",
            heading=lambda count: ngettext("Categorise %(num)s reward", "Categorise %(num)s rewards", count),
            means=_("The catalogue shows them under this category, and points that may buy it pay for them."),
            now=_("State now"),
            button=_("Put there"),
            done=lambda count: ngettext("%(num)s reward is put there.", "%(num)s rewards are put there.", count),
            form=form,
            look=_look,
            do=move,
        )
    )


def _look(ids: Sequence[int]) -> Iterator[Row]:
    """Give rewards with how they stand."""
    found = session().execute(
        select(Reward.id, Reward.name, Reward.code, Reward.offered, Reward.category).where(Reward.id.in_(ids))
    )
    for id_, name, code, offered, category in found:
        yield Row(id_, name, f"{code} · {category}" if category else code, _OFFERED[offered].text)
