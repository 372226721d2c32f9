"""Draws: the seed is promised before the first ticket, tickets are numbered as they are given out, and then drawn."""

import datetime as dt
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from app.domain.measures.calendar import local_date
from app.domain.rewards import draws
from app.domain.states import OrderState
from app.models.distributors import Distributor
from app.models.orders import Draw, DrawTicket, OrderLine, RewardOrder
from app.models.programs import Program
from app.models.rewards import Reward
from app.services import audit
from app.services.access.keys import Keys
from app.services.telling import notices

MOST_PRIZES = 1_000


class DrawError(Exception):
    """A draw that cannot be held now: ``still_offered``, ``orders_wait``, ``no_tickets`` or ``drawn_before``."""

    def __init__(self, code: str) -> None:
        """Say why."""
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Winner:
    """A ticket that won, and whose it is."""

    place: int
    number: int
    distributor_id: int
    distributor: str
    order_id: int


def prepare(session: Session, keys: Keys, reward: Reward, prizes: int, *, actor: str, now: dt.datetime) -> Draw:
    """Promise a seed, once for a reward; the number of prizes may change until it is drawn. The caller commits.

    Raises:
        DrawError: It was drawn before.
    """
    found = session.scalars(
        select(Draw).where(Draw.reward_id == reward.id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        seed = secrets.token_bytes(draws.SEED_BYTES)
        found = Draw(
            reward_id=reward.id,
            prizes=prizes,
            promised_hash=bytes.fromhex(draws.promise(seed)),
            sealed_seed=keys.seal(seed.hex()),
            created_at=now,
        )
        session.add(found)
    elif found.drawn_at is not None:
        raise DrawError("drawn_before")
    elif found.prizes == prizes:
        return found
    found.prizes = prizes
    session.flush()
    after = {"prizes": prizes, "promised": found.promised_hash.hex()}
    audit.note(session, actor, "draw.prepare", reward.code, now=now, program_id=reward.program_id, after=after)
    return found


def is_open(session: Session, reward_id: int) -> bool:
    """Tell whether a seed is promised for a reward's draw, and tickets can be had still."""
    promised = select(Draw.id).where(Draw.reward_id == reward_id, Draw.drawn_at.is_(None))
    return session.scalars(promised).first() is not None


def give(session: Session, line_id: int, reward_id: int, count: int) -> None:
    """Give tickets to a line of an order. The caller holds the reward's row: numbers follow each other.

    Raises:
        DrawError: It was drawn before.
    """
    draw = session.scalars(select(Draw).where(Draw.reward_id == reward_id)).one()
    if draw.drawn_at is not None:
        raise DrawError("drawn_before")
    last = session.scalars(select(func.coalesce(func.max(DrawTicket.number), 0)).where(DrawTicket.draw_id == draw.id))
    first = last.one() + 1
    rows = [{"draw_id": draw.id, "number": first + at, "line_id": line_id} for at in range(count)]
    session.execute(insert(DrawTicket), rows)


def draw(
    session: Session, keys: Keys, program: Program, reward: Reward, *, actor: str, now: dt.datetime
) -> list[Winner]:
    """Draw the winners, show the seed and tell the winners. The caller commits.

    Raises:
        DrawError: The tickets can still be had, orders of them wait, there are none, or it was drawn before.
    """
    session.refresh(reward, with_for_update=True)
    found = session.scalars(
        select(Draw).where(Draw.reward_id == reward.id).with_for_update().execution_options(populate_existing=True)
    ).one()
    if found.drawn_at is not None:
        raise DrawError("drawn_before")
    over = reward.until_on is not None and reward.until_on < local_date(now, program.time_zone)
    if reward.offered and not over:
        raise DrawError("still_offered")
    waits = select(OrderLine.id).where(
        OrderLine.reward_id == reward.id, OrderLine.state.in_((OrderState.WAITING, OrderState.APPROVED))
    )
    if session.scalars(waits.limit(1)).first() is not None:
        raise DrawError("orders_wait")
    numbers = tickets(session, found.id)
    if not numbers:
        raise DrawError("no_tickets")
    seed = bytes.fromhex(keys.unseal(found.sealed_seed))
    named = [str(one) for one in numbers]
    for place, number in enumerate(draws.winners(seed, named, found.prizes), start=1):
        session.execute(
            update(DrawTicket)
            .where(DrawTicket.draw_id == found.id, DrawTicket.number == int(number))
            .values(place=place)
        )
    found.seed, found.list_hash = seed, bytes.fromhex(draws.list_hash(named))
    found.drawn_at, found.drawn_by = now, actor
    session.flush()
    won = winners(session, found.id)
    for one in won:
        parts = {"draw": reward.name, "number": one.number, "place": one.place, "order": one.order_id}
        notices.tell(session, program.id, "draw_won", parts, distributor_id=one.distributor_id, now=now)
    after = {"tickets": len(numbers), "winners": [one.number for one in won]}
    audit.note(session, actor, "draw.draw", reward.code, now=now, program_id=program.id, after=after)
    return won


def tickets(session: Session, draw_id: int) -> Sequence[int]:
    """Give the numbers of all tickets, in order."""
    return session.scalars(
        select(DrawTicket.number).where(DrawTicket.draw_id == draw_id).order_by(DrawTicket.number)
    ).all()


def winners(session: Session, draw_id: int) -> list[Winner]:
    """Give the tickets that won, first prize first."""
    rows = session.execute(
        select(DrawTicket.place, DrawTicket.number, Distributor.id, Distributor.name, RewardOrder.id)
        .join(OrderLine, OrderLine.id == DrawTicket.line_id)
        .join(RewardOrder, RewardOrder.id == OrderLine.order_id)
        .join(Distributor, Distributor.id == RewardOrder.distributor_id)
        .where(DrawTicket.draw_id == draw_id, DrawTicket.place.is_not(None))
        .order_by(DrawTicket.place)
    )
    return [Winner(place or 0, number, owner, name, order) for place, number, owner, name, order in rows]


def of_order(session: Session, order_id: int) -> dict[int, list[tuple[int, int | None]]]:
    """Give the tickets of an order, by line: the number, and the place it won."""
    found: dict[int, list[tuple[int, int | None]]] = {}
    for line_id, number, place in session.execute(
        select(DrawTicket.line_id, DrawTicket.number, DrawTicket.place)
        .join(OrderLine, OrderLine.id == DrawTicket.line_id)
        .where(OrderLine.order_id == order_id)
        .order_by(DrawTicket.number)
    ):
        found.setdefault(line_id, []).append((number, place))
    return found


@dataclass(frozen=True)
class Proof:
    """What anybody needs to check a draw: the promise, and once it is drawn the seed, the tickets and who won."""

    name: str
    draw: Draw
    tickets: int
    winners: Sequence[int]


def promised_of(session: Session, reward_id: int) -> str | None:
    """Give the hash of the seed of a reward's draw; None where it has none."""
    found = session.scalars(select(Draw.promised_hash).where(Draw.reward_id == reward_id)).one_or_none()
    return None if found is None else found.hex()


def proofs_of_order(session: Session, order_id: int) -> list[Proof]:
    """Give what proves the draws in which the tickets of an order take part."""
    mine = select(OrderLine.reward_id).where(OrderLine.order_id == order_id)
    rows = session.execute(
        select(Reward.name, Draw, func.count(DrawTicket.number))
        .join(Draw, Draw.reward_id == Reward.id)
        .outerjoin(DrawTicket, DrawTicket.draw_id == Draw.id)
        .where(Reward.id.in_(mine))
        .group_by(Reward.id, Draw.id)
        .order_by(Reward.id)
    )
    return [
        Proof(name, draw, count, [one.number for one in winners(session, draw.id)] if draw.drawn_at else [])
        for name, draw, count in rows.all()
    ]
