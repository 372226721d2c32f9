"""Codes of vouchers: sealed when they come, each given once, shown to its owner alone.

A code is never written where somebody else reads: not into the audit log, not into lists, not into messages of errors.
"""

import datetime as dt
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.domain.states import RewardKind
from app.models.orders import OrderLine, RewardOrder, VoucherCode
from app.models.rewards import Reward
from app.services import audit
from app.services.access.keys import Keys

_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""Of codes that we make: nothing that can be taken for another when it is read out."""
_LENGTH = 12
LONGEST_CODE = 200


class CodesRunOut(Exception):
    """There are not as many codes as were ordered."""


@dataclass(frozen=True)
class Code:
    """A code as its owner is shown it."""

    line_id: int
    code: str
    usable_until: str | None
    used_for: str | None


@dataclass(frozen=True)
class NewCode:
    """A code from its issuer."""

    code: str
    usable_until: dt.date | None = None


def take_in(
    session: Session, keys: Keys, reward: Reward, codes: Sequence[NewCode], *, actor: str, now: dt.datetime
) -> int:
    """Keep the codes that are not here already. Returns how many are new. The caller commits."""
    rows = {
        _hash(keys, reward.id, one.code): {
            "reward_id": reward.id,
            "sealed": keys.seal(one.code.strip()),
            "code_hash": _hash(keys, reward.id, one.code),
            "usable_until": one.usable_until and one.usable_until.isoformat(),
        }
        for one in codes
        if one.code.strip()
    }
    if not rows:
        return 0
    made = session.scalars(
        insert(VoucherCode).on_conflict_do_nothing().returning(VoucherCode.id), list(rows.values())
    ).all()
    if made:
        after = {"codes": len(made)}
        audit.note(session, actor, "vouchers.take", reward.code, now=now, program_id=reward.program_id, after=after)
    return len(made)


def new_code() -> str:
    """Make a code that nobody guesses."""
    return "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))


def make(session: Session, keys: Keys, reward_id: int, count: int) -> None:
    """Make codes of our own: a discount is asked for with one."""
    codes = [new_code() for _ in range(count)]
    rows = [
        {"reward_id": reward_id, "sealed": keys.seal(one), "code_hash": _hash(keys, reward_id, one)} for one in codes
    ]
    session.execute(insert(VoucherCode), rows)


def is_free(today: dt.date) -> ColumnElement[bool]:
    """Say that a code can be given: nobody has it, and its last day, where its issuer says one, is not over."""
    until = VoucherCode.usable_until  # once it was kept in the issuer's own words, whatever they were
    over = until.regexp_match(r"^\d{4}-\d\d-\d\d$") & (until < today.isoformat())
    return and_(VoucherCode.line_id.is_(None), ~func.coalesce(over, False))


def give(session: Session, line_id: int, reward_id: int, count: int, *, today: dt.date, now: dt.datetime) -> None:
    """Give so many free codes of a reward to a line of an order, the oldest first. The caller commits.

    The reward's row is locked by the caller: nobody else looks for codes of it meanwhile.

    Raises:
        CodesRunOut: There are not so many.
    """
    free = session.scalars(
        select(VoucherCode.id)
        .where(VoucherCode.reward_id == reward_id, is_free(today))
        .order_by(VoucherCode.id)
        .limit(count)
        .with_for_update()
    ).all()
    if len(free) < count:
        raise CodesRunOut
    session.execute(
        update(VoucherCode)
        .where(VoucherCode.id.in_(free), VoucherCode.line_id.is_(None))
        .values(line_id=line_id, given_at=now)
        .execution_options(synchronize_session=False)
    )


def of_order(session: Session, keys: Keys, order_id: int) -> dict[int, list[Code]]:
    """Give the codes of an order, by line, for its owner's eyes alone."""
    found: dict[int, list[Code]] = {}
    for line_id, sealed, until, used_for in session.execute(
        select(VoucherCode.line_id, VoucherCode.sealed, VoucherCode.usable_until, VoucherCode.used_for)
        .join(OrderLine, OrderLine.id == VoucherCode.line_id)
        .where(OrderLine.order_id == order_id)
        .order_by(VoucherCode.id)
    ):
        assert line_id is not None, "it was joined by it"
        found.setdefault(line_id, []).append(Code(line_id, keys.unseal(sealed), until, used_for))
    return found


@dataclass(frozen=True)
class Supply:
    """How many codes of a reward were given, and how many can be given still."""

    given: int
    left: int


def supply(session: Session, reward_id: int, today: dt.date) -> Supply:
    """Count the codes of a reward."""
    row = session.execute(
        select(func.count(VoucherCode.line_id), func.count().filter(is_free(today))).where(
            VoucherCode.reward_id == reward_id
        )
    ).one()
    return Supply(*row)


class NoSuchDiscount(LookupError):
    """No code of a discount that was given is this one, or it was used before."""


@dataclass(frozen=True)
class Discount:
    """A code of a discount: what it was bought for, which order it was given to, and the purchase that had it."""

    id: int
    line: OrderLine
    order: RewardOrder
    used_for: str | None

    @property
    def name(self) -> str:
        """Give what the discount was called."""
        return self.line.name

    @property
    def share_bp(self) -> int:
        """Give the share that was bought, whatever the reward says since."""
        share: int = self.line.priced["discount_bp"]
        return share

    @property
    def goods(self) -> str | None:
        """Give the name of the goods that it was bought for; None: all."""
        return self.line.priced.get("goods")


def discount_of(session: Session, keys: Keys, program_id: int, code: str) -> Discount | None:
    """Tell which discount a code is for; None where no code that was given is this."""
    ids = session.scalars(
        select(Reward.id).where(Reward.program_id == program_id, Reward.kind == RewardKind.DISCOUNT)
    ).all()
    hashes = [_hash(keys, one, code.upper()) for one in ids]
    row = session.execute(
        select(VoucherCode.id, OrderLine, RewardOrder, VoucherCode.used_for)
        .join(OrderLine, OrderLine.id == VoucherCode.line_id)
        .join(RewardOrder, RewardOrder.id == OrderLine.order_id)
        .where(VoucherCode.reward_id.in_(ids), VoucherCode.code_hash.in_(hashes), OrderLine.kind == RewardKind.DISCOUNT)
    ).first()
    return None if row is None else Discount(*row)


def use(
    session: Session, keys: Keys, program_id: int, code: str, *, document: str, actor: str, now: dt.datetime
) -> Discount:
    """Use a discount for a purchase, once. The caller commits.

    Raises:
        NoSuchDiscount: There is none, or it was used before.
    """
    found = discount_of(session, keys, program_id, code)
    if found is None:
        raise NoSuchDiscount
    changed = session.scalars(
        update(VoucherCode)
        .where(VoucherCode.id == found.id, VoucherCode.used_at.is_(None))
        .values(used_at=now, used_for=document)
        .returning(VoucherCode.id)
    ).one_or_none()
    if changed is None:
        raise NoSuchDiscount
    after = {"order": found.order.id, "document": document}
    audit.note(session, actor, "discount.use", found.line.priced["code"], now=now, program_id=program_id, after=after)
    return found


def _hash(keys: Keys, reward_id: int, code: str) -> bytes:
    return keys.hash_of("voucher", reward_id, code.strip())
