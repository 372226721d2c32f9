"""Points that one participant gives to another: asked for on the portal or by an administrator, decided by a second.

The programme says whether that may be, how many at least and in a month, and who approves.
"""

import datetime as dt
from collections.abc import Collection
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.orm import Session

from app.domain.measures.calendar import local_date
from app.domain.measures.money import smallest_units
from app.domain.program_file.account_settings import Transfers
from app.domain.program_file.definition import ProgramSettings
from app.domain.states import Unit
from app.domain.typed.card_numbers import holds_card_number
from app.models.distributors import Distributor
from app.models.programs import Program
from app.models.transfers import PointsTransfer
from app.services import audit
from app.services.asked import Asking
from app.services.ledger import expiring, ledger
from app.services.ledger.accounts import lock_wallets
from app.services.owners import pools
from app.services.owners.errors import NotWaiting, OwnersError, SamePerson
from app.services.owners.moves import GIFT, Move
from app.services.telling import notices

MOST = 10**12
_TRANSFERS = Asking(PointsTransfer, "transfer", NotWaiting, SamePerson)


def settings_of(program: Program) -> Transfers:
    """Give what a programme says about transfers."""
    return ProgramSettings.model_validate(program.settings).accounts.transfers


def left_this_month(session: Session, program: Program, giver_id: int, now: dt.datetime) -> int | None:
    """Tell how many points a distributor may still give away in this month; None: as many as it has."""
    most = settings_of(program).most_a_month
    if most is None:
        return None
    today = local_date(now, program.time_zone)
    begun = dt.datetime.combine(today.replace(day=1), dt.time(), ZoneInfo(program.time_zone))
    asked = session.scalar(
        select(cast(func.coalesce(func.sum(PointsTransfer.amount), 0), BigInteger)).where(
            PointsTransfer.giver_id == giver_id,
            PointsTransfer.unit == Unit.POINTS,
            PointsTransfer.state.in_(("waiting", "approved")),
            PointsTransfer.requested_at >= begun,
        )
    )
    return max(0, smallest_units(most, program.point_decimals) - int(asked or 0))


def request(
    session: Session,
    program: Program,
    giver_id: int,
    receiver_id: int,
    amount: int,
    *,
    key: str,
    note: str,
    actor: str,
    by_participant: bool,
    now: dt.datetime,
) -> int:
    """Ask for points to be given. Returns the transfer's id; asked twice under a key, it is one. The caller commits.

    Raises:
        OwnersError: The programme does not let them ask, or not for so many, or the giver does not have them.
    """
    wallets = lock_wallets(session, np.asarray([giver_id, receiver_id], dtype=np.int64))[Unit.POINTS]
    before = session.scalars(
        select(PointsTransfer).where(PointsTransfer.program_id == program.id, PointsTransfer.key == key)
    ).one_or_none()
    if before is not None:
        if (before.giver_id, before.receiver_id, before.amount) != (giver_id, receiver_id, amount):
            raise OwnersError("key_taken", "Another transfer was asked for under this key.")
        return before.id
    _may_ask(session, program, giver_id, receiver_id, amount, note, by_participant=by_participant, now=now)
    here = dict(zip(wallets.distributor_ids.tolist(), wallets.available.tolist(), strict=True))
    if here[giver_id] < amount:
        raise _uncovered(here[giver_id])
    made = PointsTransfer(
        program_id=program.id,
        giver_id=giver_id,
        receiver_id=receiver_id,
        unit=Unit.POINTS,
        amount=amount,
        key=key,
        note=note.strip(),
        state="waiting",
        requested_by=actor,
        requested_at=now,
    )
    session.add(made)
    session.flush()
    after = {"giver_id": giver_id, "receiver_id": receiver_id, "amount": amount}
    audit.note(
        session, actor, "transfer.request", str(made.id), now=now, program_id=program.id, after=after, reason=note
    )
    return made.id


def _may_ask(
    session: Session,
    program: Program,
    giver_id: int,
    receiver_id: int,
    amount: int,
    note: str,
    *,
    by_participant: bool,
    now: dt.datetime,
) -> None:
    rules = settings_of(program)
    if rules.asked_by == "nobody" or (by_participant and rules.asked_by != "participants"):
        raise OwnersError("not_allowed", "The programme does not let points be given from one participant to another.")
    if not note.strip() or holds_card_number(note):
        raise OwnersError("note", "A transfer needs a reason, without the number of a card.")
    least = smallest_units(rules.least, program.point_decimals)
    if not least <= amount <= MOST:
        raise OwnersError("too_few", f"A transfer is of {rules.least} points or more.", least=least)
    left = left_this_month(session, program, giver_id, now)
    if left is not None and amount > left:
        raise OwnersError("too_many", "That is more than may be given away in a month.", left=left)
    _both_take_part(session, program, giver_id, receiver_id)


def _both_take_part(session: Session, program: Program, giver_id: int, receiver_id: int) -> None:
    found = session.execute(
        select(Distributor.id, Distributor.blocked, Distributor.merged_into_id).where(
            Distributor.id.in_((giver_id, receiver_id)), Distributor.program_id == program.id
        )
    ).all()
    if len(found) != 2 or any(one.merged_into_id for one in found):
        raise OwnersError("no_participants", "Points go from one distributor of the programme to another one.")
    if any(one.blocked for one in found):
        raise OwnersError("blocked", "A distributor that is blocked neither gives points nor gets them.")
    if not pools.may_spend(session, giver_id):
        raise OwnersError("not_spending", "The holder of the pool alone spends its points.")
    if ledger.wallet_of(session, giver_id, Unit.POINTS) == ledger.wallet_of(session, receiver_id, Unit.POINTS):
        raise OwnersError("same_wallet", "Both have one balance: nothing would move.")


def _uncovered(available: int) -> OwnersError:
    return OwnersError("uncovered", "The giver does not have so many points.", available=max(0, available))


def approve(
    session: Session, program: Program, transfer_id: int, *, actor: str, roles: Collection[str], now: dt.datetime
) -> None:
    """Let a transfer happen: its points move in this transaction, oldest expiry first. The caller commits.

    ``roles`` are those of whoever approves.

    Raises:
        OwnersError: Somebody else must decide, it was decided before, or the giver does not have the points any more.
        LookupError: The programme has no such transfer.
    """
    if not set(roles) & set(settings_of(program).approved_by):
        raise OwnersError("not_yours", "The programme lets others approve transfers.")
    _lock_both(session, transfer_id)
    found = _TRANSFERS.held(session, program, transfer_id, approver=actor)
    _both_take_part(session, program, found.giver_id, found.receiver_id)
    giver, receiver = (ledger.wallet_of(session, one, found.unit) for one in (found.giver_id, found.receiver_id))
    today = local_date(now, program.time_zone)
    expiring.write_off(session, program.id, today, [giver, receiver])
    move = Move(session, program, giver, receiver, on=today, actor=actor, reason=found.note)
    if move.giver.available() < found.amount:
        raise _uncovered(move.giver.available())
    move.some(found.amount, key=f"{GIFT}{found.id}")
    move.write(
        giver_id=found.giver_id if pools.is_shared(session, giver) else None,
        receiver_id=found.receiver_id if pools.is_shared(session, receiver) else None,
    )
    _TRANSFERS.decide(session, program, found, "approved", actor=actor, now=now, after={"amount": found.amount})
    for who, points in ((found.giver_id, -found.amount), (found.receiver_id, found.amount)):
        parts = {"points": points, "reason": found.note}
        notices.tell(session, program.id, "transferred", parts, distributor_id=who, now=now)


def _lock_both(session: Session, transfer_id: int) -> None:
    """Lock the wallets before the transfer, as a merge does that hands transfers over.

    Who was merged meanwhile has a wallet that leads to the survivor's: that one is locked with it.
    """
    both = select(PointsTransfer.giver_id, PointsTransfer.receiver_id).where(PointsTransfer.id == transfer_id)
    row = session.execute(both).one_or_none()
    if row is not None:
        lock_wallets(session, np.asarray(row, dtype=np.int64))


def refuse(session: Session, program: Program, transfer_id: int, *, note: str, actor: str, now: dt.datetime) -> None:
    """Refuse a transfer, or withdraw one's own. The caller commits.

    Raises:
        NotWaiting: It was decided before.
        LookupError: The programme has no such transfer.
    """
    found = _TRANSFERS.held(session, program, transfer_id)
    found.decision_note = said = note.strip() or None
    _TRANSFERS.decide(session, program, found, None, actor=actor, now=now, note=said, after={"amount": found.amount})
