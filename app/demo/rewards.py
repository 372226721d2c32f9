"""The catalogue of the demonstration: a dozen rewards with pictures drawn here, and what one distributor ordered."""

import datetime as dt
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageDraw
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.domain.measures.calendar import local_date
from app.domain.rewards.reward_prices import Season
from app.domain.states import RewardKind
from app.exports import supplier_orders
from app.models.orders import OrderLine
from app.models.programs import Program
from app.models.rewards import Reward
from app.services.access.keys import Keys
from app.services.goods import catalogue
from app.services.orders import cancelling, moving, placing
from app.services.rewarding import draws, reward_pictures, rewards, vouchers
from app.services.rewarding.offers import of_distributor
from app.services.rewarding.rewards import RewardRow

_SIDE = (640, 480)
Draw = Callable[[ImageDraw.ImageDraw], None]


@dataclass(frozen=True)
class _Drawn:
    """A reward, the colour behind it, and what is drawn on that."""

    row: RewardRow
    ground: str
    draw: Draw


def _mug(on: ImageDraw.ImageDraw) -> None:
    on.arc((370, 170, 500, 320), -90, 90, "white", 26)
    on.rounded_rectangle((190, 130, 420, 370), 30, "white")
    on.rounded_rectangle((225, 200, 385, 300), 16, "#c2410c")


def _cap(on: ImageDraw.ImageDraw) -> None:
    on.pieslice((190, 130, 450, 410), 180, 360, "#1d4ed8")
    on.rounded_rectangle((330, 258, 560, 292), 16, "#1e3a8a")
    on.ellipse((306, 118, 334, 146), "#1e3a8a")


def _bag(on: ImageDraw.ImageDraw) -> None:
    on.arc((250, 90, 390, 230), 180, 360, "#78350f", 20)
    on.rounded_rectangle((150, 170, 490, 390), 24, "#92400e")
    on.rectangle((150, 250, 490, 272), "#fbbf24")
    on.rounded_rectangle((295, 235, 345, 290), 8, "#fde68a")


def _drill(on: ImageDraw.ImageDraw) -> None:
    on.rounded_rectangle((150, 150, 420, 245), 26, "#ea580c")
    on.rectangle((420, 178, 470, 218), "#334155")
    on.polygon(((470, 190), (580, 197), (470, 206)), "#94a3b8")
    on.polygon(((200, 240), (290, 240), (265, 390), (180, 390)), "#c2410c")
    on.rounded_rectangle((150, 370, 300, 420), 12, "#334155")


def _speaker(on: ImageDraw.ImageDraw) -> None:
    on.rounded_rectangle((220, 90, 420, 400), 34, "#1f2937")
    on.ellipse((262, 240, 378, 356), "#9ca3af")
    on.ellipse((296, 274, 344, 322), "#374151")
    on.ellipse((285, 130, 355, 200), "#9ca3af")


def _jacket(on: ImageDraw.ImageDraw) -> None:
    on.polygon(
        ((230, 110), (410, 110), (540, 220), (490, 290), (440, 245), (440, 400), (200, 400), (200, 245)), "#15803d"
    )
    on.polygon(((230, 110), (100, 220), (150, 290), (200, 245)), "#15803d")
    on.rectangle((312, 110, 328, 400), "#facc15")
    on.rectangle((200, 300, 440, 322), "#e5e7eb")


def _grill(on: ImageDraw.ImageDraw) -> None:
    on.pieslice((170, 90, 470, 390), 0, 180, "#b91c1c")
    on.rectangle((170, 228, 470, 246), "#1f2937")
    for left in (250, 320, 390):
        on.line((left, 380, left - 20 + (left - 250) // 4, 440), "#1f2937", 12)
    for left in (230, 320, 410):
        on.line((left, 130, left + 12, 200), "#fca5a5", 10)


def _ticket(on: ImageDraw.ImageDraw) -> None:
    on.rounded_rectangle((120, 150, 520, 330), 20, "#7c3aed")
    for top in range(160, 320, 24):
        on.rectangle((404, top, 412, top + 12), "#ddd6fe")
    on.regular_polygon((260, 240, 60), 5, rotation=0, fill="#fde047")


def _card(on: ImageDraw.ImageDraw) -> None:
    on.rounded_rectangle((120, 120, 520, 360), 24, "#0f766e")
    on.rectangle((120, 180, 520, 226), "#134e4a")
    on.rounded_rectangle((160, 280, 320, 312), 8, "#99f6e4")


def _percent(on: ImageDraw.ImageDraw) -> None:
    on.ellipse((190, 110, 300, 220), outline="white", width=26)
    on.ellipse((340, 260, 450, 370), outline="white", width=26)
    on.line((440, 110, 200, 370), "white", 26)


def _book(on: ImageDraw.ImageDraw) -> None:
    on.polygon(((320, 150), (140, 120), (140, 350), (320, 380)), "#fef3c7")
    on.polygon(((320, 150), (500, 120), (500, 350), (320, 380)), "#fde68a")
    on.line((320, 150, 320, 380), "#b45309", 8)


def _heart(on: ImageDraw.ImageDraw) -> None:
    on.ellipse((190, 120, 330, 260), "#dc2626")
    on.ellipse((310, 120, 450, 260), "#dc2626")
    on.polygon(((202, 226), (438, 226), (320, 390)), "#dc2626")


def _sized(size: str, stock: int, category: str) -> RewardRow:
    """Give one size of the jacket: the catalogue shows it once."""
    return RewardRow(
        f"KURTKA-{size}",
        f"Kurtka softshell, {size}",
        420,
        category=category,
        family="Kurtka softshell",
        variant=size,
        stock=stock,
        supplier="Odzież Plus",
    )


def _catalogue(today: dt.date, discounted: int | None) -> Sequence[_Drawn]:
    """Give the rewards: some in their season now, one that is told of ahead, for every kind one."""
    week = dt.timedelta(days=7)
    now = Season(45, today - week, today + week, today - 2 * week)
    soon = Season(900, today + week, today + 4 * week, today - week)
    mark, work, home = "Z marką Dłutowar", "Do pracy", "Dla domu"
    return (
        _Drawn(RewardRow("KUBEK", "Kubek emaliowany", 60, category=mark, stock=200, seasons=[now]), "#7dd3fc", _mug),
        _Drawn(RewardRow("CZAPKA", "Czapka z daszkiem", 80, category=mark, stock=150, per_person=10), "#bfdbfe", _cap),
        *(_Drawn(_sized(size, stock, mark), "#bbf7d0", _jacket) for size, stock in (("M", 12), ("L", 20), ("XL", 8))),
        _Drawn(RewardRow("TORBA", "Torba narzędziowa", 260, category=work, stock=60), "#fde68a", _bag),
        _Drawn(
            RewardRow(
                "WKRETARKA", "Wkrętarka 18 V z walizką", category=work, price_by_hand=False, cost_minor=48_000, stock=15
            ),
            "#fed7aa",
            _drill,
        ),
        _Drawn(
            RewardRow("GLOSNIK", "Głośnik na budowę", 520, category=work, stock=25, supplier="Audio Hurt"),
            "#e5e7eb",
            _speaker,
        ),
        _Drawn(
            RewardRow(
                "GRILL", "Grill ogrodowy", 1_100, category=home, stock=10, seasons=[soon], supplier="Dom i Ogród"
            ),
            "#fecaca",
            _grill,
        ),
        _Drawn(
            RewardRow("BON-100", "Bon zakupowy 100 zł", 220, kind=RewardKind.VOUCHER, category="Bony"), "#99f6e4", _card
        ),
        _Drawn(
            RewardRow(
                "RABAT-10",
                "Rabat 10% na kolejne zakupy",
                150,
                kind=RewardKind.DISCOUNT,
                category="Bony",
                discount_bp=1_000,
                product_group_id=discounted,
            ),
            "#1d4ed8",
            _percent,
        ),
        _Drawn(
            RewardRow("SZKOLA", "Warsztat dla technikum", 100, kind=RewardKind.DONATION, category="Dla innych"),
            "#fcd34d",
            _book,
        ),
        _Drawn(
            RewardRow("HOSPICJUM", "Wsparcie hospicjum", 50, kind=RewardKind.DONATION, category="Dla innych"),
            "#fbcfe8",
            _heart,
        ),
        _Drawn(
            RewardRow("LOS", "Los: weekend w górach", 20, kind=RewardKind.DRAW, category="Losowania", per_person=50),
            "#ddd6fe",
            _ticket,
        ),
    )


def drawings() -> dict[str, tuple[str, Draw]]:
    """Give some of the pictures by what they show, for whoever needs one: the ground, and what draws on it."""
    return {"mug": ("#7dd3fc", _mug), "bag": ("#fde68a", _bag), "grill": ("#fecaca", _grill)}


def picture(ground: str, draw: Draw) -> bytes:
    """Draw the picture of a reward."""
    image = Image.new("RGB", _SIDE, ground)
    draw(ImageDraw.Draw(image))
    made = io.BytesIO()
    image.save(made, "PNG")
    return made.getvalue()


ADDRESS = {"name": "Jan Przykładowy", "street": "Warsztatowa 7", "postal_code": "00-950", "city": "Warszawa"}
_SHOPPER, _STAFF = "owner@demo.example", "finance@demo.example"


def stock(session: Session, keys: Keys, program: Program, distributor_id: int, *, now: dt.datetime) -> None:
    """Fill the catalogue and order a little of it, once. The caller commits."""
    if session.scalar(select(exists().where(Reward.program_id == program.id))):
        return
    group = catalogue.group_ids(session, program.id).get("akcesoria")
    drawn = _catalogue(local_date(now, program.time_zone), group)
    rewards.put_rewards(session, program, [one.row for one in drawn], actor="demo", now=now)
    made = {
        one.code: one
        for one in session.scalars(select(Reward).where(Reward.program_id == program.id).order_by(Reward.id))
    }
    for one in drawn:
        kept = reward_pictures.encoded(picture(one.ground, one.draw))
        reward_pictures.put(session, made[one.row.code].id, kept, actor="demo", now=now)
    codes = [vouchers.NewCode(f"DLUTO-{number:04}-{(number * 7919) % 10_000:04}") for number in range(1, 41)]
    vouchers.take_in(session, keys, made["BON-100"], codes, actor="demo", now=now)
    draws.prepare(session, keys, made["LOS"], 1, actor="demo", now=now)
    _order(session, keys, program, distributor_id, made, now)


def _order(
    session: Session, keys: Keys, program: Program, distributor_id: int, made: dict[str, Reward], now: dt.datetime
) -> None:
    """Order some of it as far as the points go: delivered, called off in part, at the supplier, and one that waits."""

    def place(key: str, at: dt.datetime, **wanted: int) -> int | None:
        ids = {made[code.replace("_", "-")].id: count for code, count in wanted.items()}
        found = {one.reward.id: one for one in of_distributor(session, program, distributor_id, now=at, only=list(ids))}
        points = sum(found[one].price.points * count for one, count in ids.items())
        if points > min(one.spendable for one in found.values()):
            return None
        asked = placing.Wanted(f"demo {key}", ids, points, ADDRESS)
        return placing.place(session, keys, program, distributor_id, asked, user_id=0, actor=_SHOPPER, now=at)

    by: dict[str, Any] = {"actor": _STAFF, "now": now}
    first = place("first", now - dt.timedelta(days=6), KUBEK=4, CZAPKA=1)
    if first is not None:
        moving.order_by_hand(session, program, first, None, **by)
        moving.ship(session, program, first, None, moving.Parcel("Poczta", "RR100200300PL"), **by)
        moving.deliver(session, program, first, None, **by)
    place("second", now - dt.timedelta(days=4), BON_100=1, LOS=3)
    third = place("third", now - dt.timedelta(days=3), TORBA=2)
    if third is not None:
        line = session.scalars(select(OrderLine.id).where(OrderLine.order_id == third)).one()
        cancelling.cancel(session, program, third, {line: 1}, reason="Jedna uszkodzona w magazynie", **by)
        made_file = supplier_orders.write(session, program, None, **by)
        supplier_orders.mark_sent(session, program, made_file.id, **by)
    place("fourth", now - dt.timedelta(days=1), SZKOLA=1)
