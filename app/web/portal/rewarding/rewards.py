"""The catalogue as a distributor sees it: what it costs, what is missing, what costs less for some days."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from flask import Blueprint, abort, g, render_template, request, url_for
from flask_babel import gettext, ngettext

from app.domain.measures.calendar import local_date
from app.domain.rewards.families import counted_with, variant_order
from app.services.instants.promising import promised
from app.services.orders import baskets
from app.services.rewarding import draws, offers
from app.services.rewarding.offers import Offer
from app.web import formats
from app.web.context import distributor_here, now, person, scope, session
from app.web.portal.home import own
from app.web.reward_pictures import picture_address

bp = Blueprint("portal_rewards", __name__)

SHOWN = 24


@dataclass(frozen=True)
class Shown:
    """An offer as a card shows it."""

    offer: Offer
    picture: str | None
    season: str | None
    coming: str | None
    limited: str | None


def shown(offer: Offer, today: dt.date, family: Sequence[Offer] = ()) -> Shown:
    """Put an offer into words; where it has no picture, one of its family does."""
    price, season = offer.price, None
    if price.season is not None:
        season = until(price.season.until_on, today)
    coming = None
    if price.coming is not None:
        coming = gettext(
            "From %(day)s for %(points)s points",
            day=formats.day(price.coming.from_on),
            points=formats.points(price.coming.points),
        )
    limited = None
    if offer.left == 0:
        limited = gettext("Not to be had now")
    elif offer.left is not None and offer.left <= 5:
        limited = ngettext("%(num)s left", "%(num)s left", offer.left)
    picture = next((one.picture for one in (offer, *family) if one.picture is not None), None)
    return Shown(offer, picture_address(picture), season, coming, limited)


@dataclass(frozen=True)
class Card:
    """What the catalogue shows once: a reward, or a family by the one of it that is told of.

    ``variants`` are those of the family that can be had; ``from_here``: others of it cost more.
    """

    leading: Shown
    name: str
    variants: Sequence[str]
    from_here: bool


def cards_of(found: Sequence[Offer], today: dt.date) -> list[Card]:
    """Put each family on one card, where its first stands: of those that can be had, the one that costs least leads."""
    families: dict[int | str, list[Offer]] = {}
    for one in found:
        families.setdefault(counted_with(one.reward.id, one.reward.family), []).append(one)
    return [_card(members, today) for members in families.values()]


def _card(members: Sequence[Offer], today: dt.date) -> Card:
    leading = min(members, key=lambda one: (one.left == 0, one.price.points, variant_order(one.reward.variant or "")))
    had = {one.reward.variant for one in members if one.reward.variant and one.left != 0}
    return Card(
        shown(leading, today, members),
        leading.reward.family or leading.reward.name,
        sorted(had, key=variant_order),
        any(one.price.points > leading.price.points for one in members),
    )


def siblings_of(members: Sequence[Offer], reward_id: int, address: Callable[[int], str]) -> list[tuple[str, str, bool]]:
    """Give a family in the order of its variants, where there is one to choose from: each with its own address."""
    found = [(one.reward.variant, one) for one in members if one.reward.variant is not None]
    if len(found) < 2:
        return []
    found.sort(key=lambda each: variant_order(each[0]))
    return [
        (
            variant if one.left != 0 else gettext("%(variant)s: not to be had now", variant=variant),
            address(one.reward.id),
            one.reward.id == reward_id,
        )
        for variant, one in found
    ]


def until(last: dt.date, today: dt.date) -> str:
    """Say how long a price still holds."""
    days = (last - today).days
    if days == 0:
        return gettext("Today only")
    if days <= 31:
        return ngettext("%(num)s day left", "%(num)s days left", days + 1)
    return gettext("until %(day)s", day=formats.day(last))


@bp.get("/portal/<code:program_code>/<id:distributor_id>/rewards")
def index(program_code: str, distributor_id: int) -> str:
    program, today = scope().program, _today()
    found = offers.of_distributor(session(), program, distributor_id, now=now(), purse=purse())
    categories = sorted({one.reward.category for one in found if one.reward.category})
    wanted, text = request.args.get("category", ""), request.args.get("q", "").strip()[:100]
    within_reach = request.args.get("reach") == "1"
    rows = [
        one
        for one in found
        if (not wanted or one.reward.category == wanted)
        and (not text or text.casefold() in f"{one.reward.name} {one.reward.description or ''}".casefold())
        and (not within_reach or (one.missing == 0 and one.left != 0))
    ]
    rows.sort(key=lambda one: one.price.season is None)  # what costs less for some days comes first
    page = max(1, request.args.get("page", 1, type=int) or 1)
    first = (min(page, 10_000) - 1) * SHOWN
    cards = cards_of(rows, today)
    return render_template(
        "portal/rewarding/index.html",
        cards=cards[first : first + SHOWN],
        any=bool(found),
        previous=_page_address(page - 1) if page > 1 else None,
        next=_page_address(page + 1) if len(cards) > first + SHOWN else None,
        categories=categories,
        category=wanted,
        text=text,
        within_reach=within_reach,
        purse=purse(),
        pieces=pieces(),
        promised=promised(session(), program.id, today),
        own=own(),
    )


@bp.get("/portal/<code:program_code>/<id:distributor_id>/rewards/<id:reward_id>")
def show(program_code: str, distributor_id: int, reward_id: int) -> str:
    family = offers_of(offers.family_of(session(), scope().program.id, reward_id))
    one = next((one for one in family if one.reward.id == reward_id), None) or abort(404)
    return render_template(
        "portal/rewarding/show.html",
        one=shown(one, _today(), family),
        siblings=siblings_of(family, reward_id, lambda id_: url_for("portal_rewards.show", **own(), reward_id=id_)),
        preview=False,
        draw_hash=draws.promised_of(session(), reward_id),
        put_aside=baskets.of(session(), person().id, distributor_id).get(reward_id, 0),
        pieces=pieces(),
        own=own(),
    )


def _page_address(page: int) -> str:
    """Give the address of another page under the same filters."""
    asked: dict[str, Any] = {name: request.args[name] for name in ("q", "category", "reach") if request.args.get(name)}
    return url_for("portal_rewards.index", **own(), **asked, page=page)


def offer_or_404(reward_id: int) -> Offer:
    """Give what this distributor is offered; what it is not offered is not there for it."""
    found = offers_of([reward_id])
    return found[0] if found else abort(404)


def offers_of(reward_ids: Sequence[int]) -> list[Offer]:
    """Give some rewards as this distributor sees them."""
    here = scope()
    return offers.of_distributor(
        session(), here.program, distributor_here().id, now=now(), only=reward_ids, purse=purse()
    )


def purse() -> offers.Purse:
    """Give what of this distributor's points may be spent; a page looks once."""
    here = scope()
    if "purse" not in g:
        g.purse = offers.Purse(session(), here.program, distributor_here().id, _today())
    return cast(offers.Purse, g.purse)


def pieces() -> int:
    """Count what is in the basket of whoever is signed in."""
    return baskets.pieces(session(), person().id, distributor_here().id)


def _today() -> dt.date:
    return local_date(now(), scope().program.time_zone)
