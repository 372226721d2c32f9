"""Points or money given or taken by hand: asked for by one person with a reason, decided by another.

Money is adjusted where a programme has some on accounts: where a rule gives it, or one gave it before.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.program_file.account_settings import AccountSettings
from app.domain.program_file.definition import ProgramSettings
from app.domain.states import Unit
from app.domain.typed.card_numbers import holds_issued_number
from app.domain.typed.codes import code_key
from app.models.desk import AdjustmentRequest
from app.models.ledger import Account, LedgerTransaction
from app.models.programs import Program
from app.models.reconciling import StatementFinding
from app.services import audit
from app.services.asked import Asking
from app.services.by_hand import granted_disputes
from app.services.ledger import ledger
from app.services.ledger.accounts import lock_wallets
from app.services.loads import differences
from app.services.owners.moves import on_behalf
from app.services.owners.pools import is_shared
from app.services.rulebooks import rules_of
from app.services.same_person import names_of
from app.services.telling import notices

MOST = 10**12


class AdjustmentError(Exception):
    """Something cannot be done with an adjustment; nothing was changed."""


class NotWaiting(AdjustmentError):
    """It was decided or withdrawn before."""


class SamePerson(AdjustmentError):
    """Whoever asked for an adjustment does not decide it."""


class Uncovered(AdjustmentError):
    """The account does not have what is to be taken."""


class NoMoney(AdjustmentError):
    """The programme has no money on accounts: no rule gives any, and none ever did."""


class AskedOtherwise(AdjustmentError):
    """What asked once, by its key, asked for something else then."""

    def __init__(self, before: AdjustmentRequest) -> None:
        """Keep what it asked for."""
        super().__init__(f"request {before.id} has this key, and asks for something else")
        self.before = before


Wanted: TypeAlias = tuple[int, Unit, int, str, str]
"""What an adjustment asks for: whose account, of what, how much, the reason and the note."""

_REQUESTS = Asking(AdjustmentRequest, "adjustment", NotWaiting, SamePerson)


def reasons_of(program: Program) -> AccountSettings:
    """Give what a programme says about adjustments: its reasons, or the standard ones."""
    return ProgramSettings.model_validate(program.settings).accounts


def has_money(session: Session, program: Program) -> bool:
    """Tell whether a programme has money on accounts, so that it can be adjusted."""
    if any(rule.unit is Unit.MONEY for rule in rules_of(session, program.id).book.rules):
        return True
    moved = (Account.program_id == program.id, Account.unit == Unit.MONEY, Account.version > 0)
    return session.scalars(select(Account.id).where(*moved).limit(1)).first() is not None


def request(
    session: Session,
    program: Program,
    distributor_id: int,
    amount: int,
    *,
    unit: Unit = Unit.POINTS,
    reason_code: str,
    note: str,
    actor: str,
    now: dt.datetime,
) -> int:
    """Ask for points, or money, to be given (above zero) or taken (below zero). Returns the request's id.

    ``amount`` is in the smallest unit. The caller commits.

    Raises:
        NoMoney: Money is asked for, and the programme has none on accounts.
        AdjustmentError: The amount is zero or too large, the reason is none of the programme's, or the note is empty or
            may hold the number of a card.
    """
    reason = reasons_of(program).reason_of(reason_code)
    if not 0 < abs(amount) <= MOST or reason is None or not note.strip():
        raise AdjustmentError("an adjustment has an amount, a reason and a note")
    if holds_issued_number(note):  # the ledger would refuse it when it is approved
        raise AdjustmentError("The note may hold the number of a payment card, which is never kept; remove it.")
    if unit is Unit.MONEY and not has_money(session, program):
        raise NoMoney
    made = AdjustmentRequest(
        program_id=program.id,
        distributor_id=distributor_id,
        unit=unit,
        amount=amount,
        reason_code=reason,
        note=note.strip(),
        state="waiting",
        requested_by=actor,
        requested_at=now,
    )
    session.add(made)
    session.flush()
    after = {"distributor_id": distributor_id, "unit": unit.name.lower(), "amount": amount, "reason_code": reason_code}
    audit.note(
        session, actor, "adjustment.request", str(made.id), now=now, program_id=program.id, after=after, reason=note
    )
    return made.id


def request_once(
    session: Session,
    program: Program,
    distributor_id: int,
    amount: int,
    *,
    unit: Unit = Unit.POINTS,
    key: str,
    code: str | None = None,
    reason_code: str,
    note: str,
    actor: str,
    now: dt.datetime,
) -> int | None:
    """Ask under a key of the asker's, as `request` does. Returns its id; None where the key asked for this before.

    With the distributor's ``code`` the key is of that distributor: one reference, of a campaign say, may ask for many.
    The caller commits.

    Raises:
        AskedOtherwise: The key asked before, for something else.
        AdjustmentError: As `request`.
    """
    # of the code, not of the id: a code still is what it was once its distributor was merged into another. A key
    # without one was kept before keys were of distributors
    own = key if code is None else f"{key}\n{code_key(code)}"
    before = session.scalars(
        select(AdjustmentRequest)
        .where(AdjustmentRequest.program_id == program.id, AdjustmentRequest.key.in_({own, key}))
        .order_by(AdjustmentRequest.id)
    ).all()
    wanted = (distributor_id, unit, amount, reason_code, note.strip())
    for one in before:
        if (one.distributor_id, one.unit, one.amount, one.reason_code, one.note) == wanted:
            return None
    for one in before:
        if one.key == own or one.distributor_id == distributor_id:
            raise AskedOtherwise(one)
    made = request(
        session, program, distributor_id, amount, unit=unit, reason_code=reason_code, note=note, actor=actor, now=now
    )
    session.get_one(AdjustmentRequest, made).key = own
    session.flush()
    return made


def asked_before(session: Session, program: Program, distributor_ids: Collection[int]) -> set[Wanted]:
    """Give what was asked for some distributors, and waits or was approved: whose, of what, how much, and why."""
    one = AdjustmentRequest
    rows = session.execute(
        select(one.distributor_id, one.unit, one.amount, one.reason_code, one.note).where(
            one.program_id == program.id,
            one.distributor_id.in_(distributor_ids),
            one.state.in_(("waiting", "approved")),
        )
    )
    return {(owner, unit, amount, reason, note) for owner, unit, amount, reason, note in rows}


def approve(session: Session, program: Program, request_id: int, *, actor: str, now: dt.datetime) -> None:
    """Let an adjustment happen: its points or its money move in this transaction. The caller commits.

    Raises:
        SamePerson: Whoever approves asked for it.
        NotWaiting: It was decided before.
        Uncovered: The account does not have what is to be taken, and cannot owe.
        LookupError: The programme has no such request.
    """
    # the wallet before the request, as whoever approves many, or merges whose they are
    owners = session.scalars(select(AdjustmentRequest.distributor_id).where(AdjustmentRequest.id == request_id)).all()
    lock_wallets(session, np.asarray(owners, dtype=np.int64))
    found = _REQUESTS.held(session, program, request_id, approver=actor)
    account_id = ledger.wallet_of(session, found.distributor_id, found.unit)
    key = f"request:{found.id}"
    moved = ledger.adjust(
        session,
        rules_of(session, program.id),
        account_id,
        found.amount,
        key=key,
        now=now,
        actor=actor,
        reason=f"{found.reason_code}: {found.note}",
    )
    if moved != found.amount:
        raise Uncovered
    found.transaction_id = session.scalars(
        select(LedgerTransaction.id).where(LedgerTransaction.key == f"adjust:{key}")
    ).one()
    if is_shared(session, account_id):
        on_behalf(session, [found.transaction_id], account_id, found.distributor_id)
    notices.tell(
        session,
        program.id,
        "adjusted",
        {"points" if found.unit is Unit.POINTS else "amount_minor": found.amount, "reason": found.note},
        distributor_id=found.distributor_id,
        now=now,
    )
    _REQUESTS.decide(session, program, found, "approved", actor=actor, now=now, after={"amount": found.amount})
    granted_disputes.tell(session, program, found.id, now=now)


@dataclass(frozen=True)
class Together:
    """What became of adjustments that were decided at once."""

    decided: int
    own: int
    uncovered: int


def approve_together(
    session: Session, program: Program, request_ids: Sequence[int], *, actor: str, now: dt.datetime
) -> Together:
    """Approve those that wait; one's own, and those that an account does not cover, stay. The caller commits."""
    waiting = _waiting(session, program, request_ids)
    names = names_of(session, actor)
    own = [one.id for one in waiting if one.requested_by.strip().casefold() in names]
    uncovered = 0
    for one in waiting:
        if one.id not in own:
            try:
                with session.begin_nested():
                    approve(session, program, one.id, actor=actor, now=now)
            except Uncovered:
                uncovered += 1
    return Together(len(waiting) - len(own) - uncovered, len(own), uncovered)


def refuse_together(
    session: Session, program: Program, request_ids: Sequence[int], *, note: str, actor: str, now: dt.datetime
) -> int:
    """Refuse those that wait; one's own are withdrawn. Returns how many. The caller commits."""
    waiting = _waiting(session, program, request_ids)
    for one in waiting:
        refuse(session, program, one.id, note=note, actor=actor, now=now)
    return len(waiting)


def _waiting(session: Session, program: Program, request_ids: Sequence[int]) -> Sequence[AdjustmentRequest]:
    """Give those that wait, every wallet locked before the first: two people who choose the same go one by one."""
    chosen = (
        AdjustmentRequest.id.in_(request_ids),
        AdjustmentRequest.program_id == program.id,
        AdjustmentRequest.state == "waiting",
    )
    owners = session.scalars(select(AdjustmentRequest.distributor_id).where(*chosen).distinct()).all()
    lock_wallets(session, np.asarray(owners, dtype=np.int64))
    return session.scalars(select(AdjustmentRequest).where(*chosen).order_by(AdjustmentRequest.id)).all()


def refuse(session: Session, program: Program, request_id: int, *, note: str, actor: str, now: dt.datetime) -> None:
    """Refuse an adjustment, or withdraw one's own: the difference or the dispute that it was to settle is open again.

    The caller commits.

    Raises:
        NotWaiting: It was decided before.
        LookupError: The programme has no such request.
    """
    found = _REQUESTS.held(session, program, request_id)
    found.decision_note = note
    _REQUESTS.decide(session, program, found, None, actor=actor, now=now, note=note, after={"amount": found.amount})
    differences.reopen(session, program, StatementFinding.adjustment_id == found.id, actor=actor, now=now)
    granted_disputes.reopen(session, program, found.id, actor=actor, now=now)
