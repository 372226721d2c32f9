"""Giving what a document brings, and taking it back."""

import datetime as dt

import numpy as np
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.domain.measures.calendar import local_date
from app.domain.rewards.reward_orders import SENT
from app.domain.rewards.reward_prices import price_on
from app.domain.states import InstantState, OrderState, OrderWord, RewardKind, TransactionKind, Unit
from app.models.catalogue import ProductGroup
from app.models.distributors import Distributor
from app.models.instants import InstantGrant, InstantReward
from app.models.ledger import Account
from app.models.orders import RewardOrder
from app.models.programs import Program
from app.models.rewards import Reward
from app.models.sales import SalesDocument
from app.services import audit
from app.services.access.keys import Keys
from app.services.ledger import ledger, liability
from app.services.ledger.movements import Movement
from app.services.orders import addressing, approving, cancelling, gifts, holding
from app.services.orders.holding import Held
from app.services.orders.lines import put_line
from app.services.owners.moves import on_behalf
from app.services.owners.pools import is_shared
from app.services.rewarding import draws, offers, rewards, vouchers
from app.services.rulebooks import rules_of
from app.services.telling import notices


class NotGiven(Exception):
    """A reward cannot be given now: who gets it owes points or takes no part. It is tried again."""


class NothingLeft(NotGiven):
    """Nor can it be given to anybody else: there is none."""


def give(
    session: Session, keys: Keys, program: Program, instant: InstantReward, document: SalesDocument, now: dt.datetime
) -> bool:
    """Give what a document brings; False where it was given so often already. The caller commits.

    The wallet of the document's distributor is locked, and before the reward, as whoever orders does it.

    Raises:
        NotGiven: It cannot be given now. The caller's transaction must be rolled back.
    """
    owner, today = document.distributor_id, local_date(now, program.time_zone)
    reward = session.scalars(
        select(Reward).where(Reward.id == instant.reward_id).with_for_update().execution_options(populate_existing=True)
    ).one()
    if not _may_be_given(session, instant, owner):
        return False
    _require_some(session, reward, instant.pieces, owner, today)
    price = price_on(reward.points, rewards.seasons_of(session, [reward.id])[reward.id], today)
    points = price.points * instant.pieces
    grant_id = _noted(session, instant, document, points, now)
    if grant_id is None:
        return False
    address, said_by = addressing.last_of(session, owner) if reward.kind in SENT else (None, None)
    order = RewardOrder(
        program_id=program.id,
        distributor_id=owner,
        key=gifts.key_of(grant_id),
        state=OrderState.WAITING,
        points=points,
        worth_minor=liability.worth_minor(points, program.point_value_micro),
        address=address,
        address_by=said_by,
        placed_by=gifts.BY,
        placed_at=now,
    )
    session.add(order)
    session.flush()
    session.execute(update(InstantGrant).where(InstantGrant.id == grant_id).values(order_id=order.id))
    held = holding.hold(session, program.id, order.id, actor=None, now=now)
    reservation = _pay(program, held, instant, grant_id, points)
    goods = session.get(ProductGroup, reward.product_group_id or 0)
    put_line(
        *(session, program, order, 1, reward, price, goods.name if goods is not None else None),
        quantity=instant.pieces,
        unit=(price.points, 0),
        reservation_id=reservation,
    )
    held = holding.hold(session, program.id, order.id, actor=None, now=now)
    held.note(OrderWord.PLACED, words=f"{instant.name}: {document.number}")
    try:
        approving.approved(keys, program, held, by=None)
    except (vouchers.CodesRunOut, draws.DrawError):
        raise NothingLeft from None
    parts = {"reward": reward.name, "document": document.number, "order": order.id}
    notices.tell(session, program.id, "instant_reward", parts, distributor_id=owner, now=now)
    after = {"instant": instant.id, "document": document.number, "order": order.id}
    audit.note(session, gifts.BY, "instant.give", reward.code, now=now, program_id=program.id, after=after)
    return True


def _noted(
    session: Session, instant: InstantReward, document: SalesDocument, points: int, now: dt.datetime
) -> int | None:
    """Note what a document brings, and give the note's number; none where it brought it already."""
    return session.scalars(
        insert(InstantGrant)
        .values(
            instant_id=instant.id,
            distributor_id=document.distributor_id,
            document_key=document.document_key,
            number=document.number,
            points=points,
            state=InstantState.GIVEN,
            given_at=now,
        )
        .on_conflict_do_nothing()
        .returning(InstantGrant.id)
    ).one_or_none()


def _may_be_given(session: Session, instant: InstantReward, owner: int) -> bool:
    """Tell whether it is given so often at all, and to this distributor. The reward's row is locked."""
    counted = select(func.count()).where(
        InstantGrant.instant_id == instant.id, InstantGrant.state.in_((InstantState.GIVEN, InstantState.KEPT))
    )
    if instant.budget is not None and session.execute(counted).scalar_one() >= instant.budget:
        return False
    theirs = counted.where(InstantGrant.distributor_id == owner)
    return instant.per_distributor is None or session.execute(theirs).scalar_one() < instant.per_distributor


def _require_some(session: Session, reward: Reward, pieces: int, owner: int, today: dt.date) -> None:
    """Require that there are so many, that the distributor takes part, and that its account does not owe.

    What comes would pay a debt off.
    """
    codes = offers.free_codes(session, [reward.id], today) if reward.kind is RewardKind.VOUCHER else {}
    left = codes.get(reward.id, reward.stock)
    if left is not None and left < pieces:
        raise NothingLeft
    account_id = ledger.wallet_of(session, owner, Unit.POINTS)
    owes = session.scalars(select(Account.available < 0).where(Account.id == account_id)).one()
    if owes or session.scalars(select(Distributor.blocked).where(Distributor.id == owner)).one():
        raise NotGiven


def _pay(program: Program, held: Held, instant: InstantReward, grant_id: int, points: int) -> int:
    """Let the sponsor's points come and be reserved at once, these and no others. Returns the reservation."""
    session, key, today = held.session, gifts.key_of(grant_id), local_date(held.now, program.time_zone)
    account_id = ledger.wallet_of(session, held.order.distributor_id, Unit.POINTS)
    rules = rules_of(session, program.id)
    movement = Movement(session, rules, account_id, Unit.POINTS, held.now, gifts.BY, instant.name)
    movement.receive(
        TransactionKind.INSTANT,
        key,
        points,
        earned_on=today,
        expires_on=None,
        unit_value_micro=program.point_value_micro,
    )
    gifts.say_whose(held, program, key, account_id)
    lot_id = gifts.came_by(session, program, grant_id)
    one = {name: np.asarray([value], dtype=np.int64) for name, value in (("lot", lot_id), ("points", points))}
    account = np.asarray([account_id], dtype=np.int64)
    taken = ledger.LotsToReserve(account, one["lot"], one["points"], one["points"])
    ordered = f"{key}:order"
    made = ledger.reserve_lots(session, program.id, taken, key=ordered, on=today, actor=gifts.BY, reason=instant.name)
    reservation = made[account_id]
    if is_shared(session, account_id):
        on_behalf(session, [reservation], account_id, held.order.distributor_id)
    return reservation


def take_back(session: Session, program: Program, grant: InstantGrant, *, now: dt.datetime) -> bool:
    """Take back what a document brought and does not any more. The caller commits.

    False where it was handed over, or is on its way: it is kept, and so are the sponsor's points in it.
    """
    assert grant.order_id is not None, "it was given with its order"
    held = holding.hold(session, program.id, grant.order_id, actor=gifts.BY, now=now)
    session.refresh(grant, with_for_update=True)
    if grant.state is not InstantState.GIVEN:
        return False
    if any(line.state not in cancelling.THEIR_OWN for line in held.chosen(None)):
        grant.state = InstantState.KEPT
        session.flush()
        return False
    why = f"{session.get_one(InstantReward, grant.instant_id).name}: {grant.number}"
    cancelling.cancel(session, program, grant.order_id, None, reason=why, actor=gifts.BY, now=now)
    parts = {"document": grant.number, "order": grant.order_id}
    notices.tell(session, program.id, "instant_taken", parts, distributor_id=grant.distributor_id, now=now)
    return True


def of_order(session: Session, order_id: int) -> tuple[str, str] | None:
    """Tell what brought an order: its words, and the number of the document; None where somebody ordered it."""
    row = session.execute(
        select(InstantReward.name, InstantGrant.number)
        .join(InstantGrant, InstantGrant.instant_id == InstantReward.id)
        .where(InstantGrant.order_id == order_id)
    ).one_or_none()
    return None if row is None else (row[0], row[1])
