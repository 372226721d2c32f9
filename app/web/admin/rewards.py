"""Rewards: what points can be had for, at which price, when."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint
from flask_babel import lazy_gettext as _
from sqlalchemy import Select, select
from werkzeug.wrappers import Response

from app.models.rewards import Reward
from app.web.context import scope, session
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, Choice, Column, Kind, Listing, OneOf, Search
from app.web.wording import REWARD_KIND

bp = Blueprint("rewards", __name__)

_QUERY: Select[Any] = select().select_from(Reward).where(Reward.program_id == HERE)


def _categories() -> Sequence[Choice]:
    named = select(Reward.category).where(Reward.program_id == scope().program.id, Reward.category.is_not(None))
    return [Choice(one, one) for one in session().scalars(named.distinct().order_by(Reward.category)) if one]


REWARDS = Listing(
    name="rewards",
    title=_("Rewards"),
    columns=(
        Column("name", _("Reward"), Reward.name, sort=Reward.sort_key),
        Column("code", _("Code"), Reward.code, Kind.CODE, Reward.code_key, phone=False),
        Column("kind", _("Kind"), Reward.kind, words=lambda kind: REWARD_KIND[kind], phone=False),
        Column("category", _("Category"), Reward.category, phone=False),
        Column("points", _("Points"), Reward.points, Kind.POINTS, Reward.points),
        Column("season_points", _("In its season"), Reward.season_points, Kind.POINTS),
        Column("season_from_on", _("Season from"), Reward.season_from_on, Kind.DAY, phone=False),
        Column("season_until_on", _("Season until"), Reward.season_until_on, Kind.DAY, phone=False),
        Column("stock", _("In stock"), Reward.stock, Kind.NUMBER, phone=False),
        Column("from_on", _("From"), Reward.from_on, Kind.DAY, phone=False),
        Column("until_on", _("Until"), Reward.until_on, Kind.DAY, phone=False),
        Column("cost", _("Cost"), Reward.cost_minor, Kind.MONEY, shown=False),
        Column("description", _("Description"), Reward.description, shown=False),
    ),
    query=_QUERY,
    id=Reward.id,
    default="name",
    filters=(
        Search(Reward.name, Reward.code, Reward.description, title=_("Name, code or description")),
        OneOf(
            "kind",
            _("Kind"),
            [Choice(kind.value, text) for kind, text in REWARD_KIND.items()],
            lambda value: Reward.kind == value,
        ),
        OneOf("category", _("Category"), _categories, lambda value: Reward.category == value),
        OneOf(
            "season",
            _("Season"),
            (Choice("yes", _("With a season")), Choice("no", _("Without a season"))),
            lambda value: Reward.season_points.is_not(None) if value == "yes" else Reward.season_points.is_(None),
        ),
    ),
)


@bp.get("/programs/<code:program_code>/rewards")
def index(program_code: str) -> str | Response:
    return answer(REWARDS, "admin/rewards.html", counted=True)
