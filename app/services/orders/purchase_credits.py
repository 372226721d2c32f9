"""Paying for purchases with points, or with money that rules gave: set aside under a code, taken by whoever sells.

What is asked for is reserved at once; whoever sells takes the code with the number of what was bought, and it is spent.
What nobody takes comes back to its lots. A code is given out once, to its owner alone, as codes of vouchers are.
"""

import datetime as dt
from dataclasses import dataclass

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.first import First, first
from app.domain.measures.calendar import local_date
from app.domain.measures.money import smallest_units
from app.domain.program_file.definition import ProgramSettings
from app.domain.program_file.purchase_settings import Purchases
from app.domain.states import CreditState, RewardKind, Unit
from app.domain.typed.card_numbers import holds_card_number
from app.domain.typed.codes import code_key
from app.models.distributors import Distributor
from app.models.ledger import Account
from app.models.programs import Program
from app.models.purchases import PurchaseCredit
from app.services import audit
from app.services.access.keys import Keys
from app.services.ledger import expiring, ledger, liability
from app.services.ledger.accounts import lock_wallets
from app.services.owners import pools
from app.services.owners.moves import on_behalf
from app.services.rewarding.offers import Purse
from app.services.rewarding.vouchers import new_code
from app.services.same_person import is_same
from app.services.setup import program_files, programs
from app.services.telling import notices

MOST_OPEN = 50
MOST = 10**12
LONGEST_DOCUMENT = 64
_SHARES = 10_000


_SAID = {
    "not_offered": "The programme does not let balances pay for purchases.",
    "blocked": "The distributor is blocked: it may neither earn nor redeem.",
    "pool": "The points of a pool are spent by its holder alone.",
    "balance": "The account does not have that much to spend.",
    "least": "That is less than a credit may be worth in this programme.",
    "nothing": "That is worth less than a minor unit.",
    "unknown": "No purchase credit of the programme has this code.",
    "not_open": "The credit was used, given back, or is over.",
    "small": "The purchase is too small: so much of it may not be paid like this.",
    "amount": "It was said before that this purchase costs another amount.",
    "document": "The number of the purchase is missing, too long, or may be the number of a card.",
}


class CreditError(Exception):
    """Something cannot be done with a purchase credit; nothing was changed."""

    def __init__(self, code: str, figure: int = 0) -> None:
        """Say why, with the figure that it is about.

        ``not_offered``, ``blocked``, ``pool``, ``balance``, ``least``, ``nothing``; ``unknown``, ``not_open``,
        ``small``, ``amount``, ``document``.
        """
        super().__init__(_SAID[code])
        self.code = code
        self.figure = figure


@dataclass(frozen=True)
class Means:
    """What a participant can pay with: points and money, and what its points take off a purchase, in minor units."""

    points: int
    money: int
    points_worth: int


def settings_of(program: Program) -> Purchases:
    """Give what a programme says about paying for purchases."""
    return ProgramSettings.model_validate(program.settings).purchases


def put_settings(session: Session, program: Program, said: Purchases, *, actor: str, now: dt.datetime) -> None:
    """Say how purchases are paid for: it becomes another revision of the programme's document. The caller commits.

    Raises:
        ProgramFileInvalid: It does not fit the programme's decimals.
    """
    document = programs.document_to_change(session, program)
    document["program"]["purchases"] = said.model_dump(mode="json", exclude_defaults=True)
    programs.load(session, program_files.read(document), actor=actor, now=now, deed="purchases")


def worth_of(program: Program, unit: Unit, amount: int) -> int:
    """Give what an amount of a balance takes off a purchase, rounded down to a minor unit."""
    if unit is Unit.MONEY:
        return amount
    value = settings_of(program).point_value
    if value is None:
        return liability.worth_minor(amount, program.point_value_micro)
    return liability.worth_minor(amount, int(value.scaleb(program.currency_decimals + 6 - program.point_decimals)))


def means(session: Session, program: Program, distributor_id: int, *, now: dt.datetime) -> Means:
    """Look at what a participant can pay with today. Points that may buy discounts may pay for purchases."""
    points = Purse(session, program, distributor_id, local_date(now, program.time_zone)).spendable(
        RewardKind.DISCOUNT, None
    )
    account = ledger.wallet_of(session, distributor_id, Unit.MONEY)
    money = session.scalars(select(Account.available).where(Account.id == account)).one()
    return Means(points, max(0, money), worth_of(program, Unit.POINTS, points))


def ask(
    session: Session,
    keys: Keys,
    program: Program,
    distributor_id: int,
    unit: Unit,
    amount: int,
    *,
    key: str,
    actor: str,
    now: dt.datetime,
) -> int:
    """Set so much of a balance aside for a purchase, or find what was under the same key. Returns the credit's id.

    The caller commits.

    Raises:
        CreditError: It cannot be; the caller's transaction must be rolled back.
    """
    lock_wallets(session, np.asarray([distributor_id], dtype=np.int64))
    same = select(PurchaseCredit.id).where(PurchaseCredit.distributor_id == distributor_id, PurchaseCredit.key == key)
    known = session.scalars(same).one_or_none()
    if known is not None:
        return known
    rules, today = settings_of(program), local_date(now, program.time_zone)
    expiring.write_off(session, program.id, today, [ledger.wallet_of(session, distributor_id, unit)])
    worth = _require(session, program, distributor_id, unit, amount, now)
    code = new_code()
    account_id = ledger.wallet_of(session, distributor_id, unit)
    terms = None
    if unit is Unit.POINTS:
        terms = Purse(session, program, distributor_id, today).terms(RewardKind.DISCOUNT, None)
    try:
        reservation = ledger.reserve(
            session, account_id, amount, key=f"purchase:{distributor_id}:{key}", on=today, actor=actor, terms=terms
        )
    except ledger.InsufficientPoints:
        raise CreditError("balance") from None
    if pools.is_shared(session, account_id):
        on_behalf(session, [reservation], account_id, distributor_id)
    made = PurchaseCredit(
        program_id=program.id,
        distributor_id=distributor_id,
        key=key,
        unit=unit,
        amount=amount,
        worth_minor=worth,
        sealed=keys.seal(code),
        code_hash=_hash(keys, program.id, code),
        reservation_id=reservation,
        state=CreditState.OPEN,
        last_on=today + dt.timedelta(days=rules.usable_days),
        asked_by=actor,
        asked_at=now,
    )
    session.add(made)
    session.flush()
    _note(session, made, "ask", actor, now)
    return made.id


def _require(session: Session, program: Program, distributor_id: int, unit: Unit, amount: int, now: dt.datetime) -> int:
    """Find what is in the way of a credit. Returns what it is worth."""
    rules = settings_of(program)
    if not rules.offered:
        raise CreditError("not_offered")
    if session.scalars(select(Distributor.blocked).where(Distributor.id == distributor_id)).one():
        raise CreditError("blocked")
    if not pools.may_spend(session, distributor_id):
        raise CreditError("pool")
    here = means(session, program, distributor_id, now=now)
    most = here.points if unit is Unit.POINTS else here.money
    if amount > most:
        raise CreditError("balance", most)
    worth = worth_of(program, unit, amount)
    if amount < 1 or worth < 1:
        raise CreditError("nothing")
    least = smallest_units(rules.least, program.currency_decimals) if rules.least is not None else 0
    if worth < least:
        raise CreditError("least", least)
    return worth


def codes_of(session: Session, keys: Keys, distributor_id: int) -> First[tuple[PurchaseCredit, str]]:
    """Give the open credits of a distributor with their codes, for its eyes alone, the newest first."""
    open_ones = (
        select(PurchaseCredit)
        .where(PurchaseCredit.distributor_id == distributor_id, PurchaseCredit.state == CreditState.OPEN)
        .order_by(PurchaseCredit.id.desc())
    )
    return first(session, open_ones, MOST_OPEN, lambda one: (one, keys.unseal(one.sealed)))


def found(session: Session, keys: Keys, program: Program, code: str, *, now: dt.datetime) -> PurchaseCredit:
    """Find the open credit of a code that somebody shows. After its last day it is over, told or not.

    Raises:
        CreditError: No credit of the programme has this code, or it is used or over.
    """
    same = PurchaseCredit.code_hash == _hash(keys, program.id, code)
    one = session.scalars(select(PurchaseCredit).where(PurchaseCredit.program_id == program.id, same)).one_or_none()
    if one is None:
        raise CreditError("unknown")
    if one.state is not CreditState.OPEN or one.last_on < local_date(now, program.time_zone):
        raise CreditError("not_open")
    return one


def take(
    session: Session,
    keys: Keys,
    program: Program,
    code: str,
    *,
    document: str,
    purchase_minor: int,
    actor: str,
    now: dt.datetime,
) -> PurchaseCredit:
    """Take a credit for a purchase: what it reserved is spent. The caller commits.

    Raises:
        CreditError: It is not open, or more than may be paid of such a purchase, with what paid for it before.
    """
    if not document.strip() or len(document) > LONGEST_DOCUMENT or holds_card_number(document):
        raise CreditError("document")
    one = _held(session, program, found(session, keys, program, code, now=now).id)
    before = _taken_before(session, one, document)
    if before and before[0].purchase_minor != purchase_minor:
        raise CreditError("amount", before[0].purchase_minor or 0)
    worth = one.worth_minor + sum(each.worth_minor for each in before)
    least = -(-worth * _SHARES // settings_of(program).share)
    if purchase_minor < least:
        raise CreditError("small", least)
    ledger.settle(session, program.id, [one.reservation_id], on=local_date(now, program.time_zone), actor=actor)
    one.state, one.document, one.purchase_minor = CreditState.USED, document.strip(), purchase_minor
    one.ended_by, one.ended_at = actor, now
    session.flush()
    _note(session, one, "take", actor, now)
    _tell(session, one, "credit_used", now)
    return one


def _taken_before(session: Session, one: PurchaseCredit, document: str) -> list[PurchaseCredit]:
    """Find what its owner has paid of the same purchase; the wallet is locked, nobody takes another meanwhile."""
    used = select(PurchaseCredit.id, PurchaseCredit.document).where(
        PurchaseCredit.program_id == one.program_id,
        PurchaseCredit.distributor_id == one.distributor_id,
        PurchaseCredit.state == CreditState.USED,
    )
    number = code_key(document)
    same = [id_ for id_, its in session.execute(used) if code_key(its or "") == number]
    return list(session.scalars(select(PurchaseCredit).where(PurchaseCredit.id.in_(same)))) if same else []


def give_back(
    session: Session, program: Program, credit_id: int, *, actor: str | None, now: dt.datetime, reason: str
) -> None:
    """End a credit that nobody took: what it reserved goes back to its lots. The caller commits.

    Raises:
        CreditError: It is used or over already.
        LookupError: The programme has no such credit.
    """
    one = _held(session, program, credit_id)
    today = local_date(now, program.time_zone)
    ledger.cancel(session, program.id, [one.reservation_id], on=today, actor=actor, reason=reason or None)
    one.state, one.ended_by, one.ended_at, one.ended_why = CreditState.ENDED, actor, now, reason or None
    session.flush()
    _note(session, one, "give_back", actor, now, reason)
    if actor is None or not is_same(session, actor, one.asked_by):
        _tell(session, one, "credit_ended", now)


def end_due(session: Session, program: Program, *, now: dt.datetime) -> int:
    """End the credits whose last day is over. Returns how many. The caller commits."""
    over = (
        select(PurchaseCredit.id, PurchaseCredit.distributor_id)
        .where(
            PurchaseCredit.program_id == program.id,
            PurchaseCredit.state == CreditState.OPEN,
            PurchaseCredit.last_on < local_date(now, program.time_zone),
        )
        .order_by(PurchaseCredit.id)
    )
    owners = [owner for _, owner in session.execute(over)]
    # all at once and in order: one after the other they would meet whoever locks several
    lock_wallets(session, np.asarray(owners, dtype=np.int64))
    due = session.scalars(over).all()
    for one in due:
        give_back(session, program, one, actor=None, now=now, reason="")
    return len(due)


@dataclass(frozen=True)
class Listed:
    """A credit as a list shows it."""

    id: int
    distributor: str
    worth_minor: int
    document: str | None
    last_on: dt.date
    state: CreditState


def newest(session: Session, program_id: int, state: CreditState | None, limit: int) -> list[Listed]:
    """List credits of a programme, newest first."""
    one = PurchaseCredit
    query = (
        select(one.id, Distributor.name, one.worth_minor, one.document, one.last_on, one.state)
        .join(Distributor, Distributor.id == one.distributor_id)
        .where(one.program_id == program_id)
        .order_by(one.asked_at.desc(), one.id.desc())
        .limit(limit)
    )
    if state is not None:
        query = query.where(one.state == state)
    return [Listed(*row) for row in session.execute(query)]


def _held(session: Session, program: Program, credit_id: int) -> PurchaseCredit:
    """Hold a credit and, before it, the wallet that it is of, as whoever spends does.

    Raises:
        CreditError: It is not open any more.
    """
    owner = select(PurchaseCredit.distributor_id).where(
        PurchaseCredit.id == credit_id, PurchaseCredit.program_id == program.id
    )
    found_owner = session.scalars(owner).one_or_none()
    if found_owner is None:
        raise LookupError(credit_id)
    lock_wallets(session, np.asarray([found_owner], dtype=np.int64))
    one = session.scalars(
        select(PurchaseCredit)
        .where(PurchaseCredit.id == credit_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if one.state is not CreditState.OPEN:
        raise CreditError("not_open")
    return one


def _note(
    session: Session, one: PurchaseCredit, what: str, actor: str | None, now: dt.datetime, reason: str = ""
) -> None:
    after = {"unit": one.unit.name.lower(), "amount": one.amount, "worth_minor": one.worth_minor}
    if one.document is not None:
        after |= {"document": one.document, "purchase_minor": one.purchase_minor}
    audit.note(
        *(session, actor or "kontor", f"purchase_credit.{what}", str(one.id)),
        now=now,
        program_id=one.program_id,
        after=after,
        reason=reason or None,
    )


def _tell(session: Session, one: PurchaseCredit, kind: str, now: dt.datetime) -> None:
    parts = {"worth_minor": one.worth_minor, "document": one.document}
    notices.tell(session, one.program_id, kind, parts, distributor_id=one.distributor_id, now=now)


def _hash(keys: Keys, program_id: int, code: str) -> bytes:
    return keys.hash_of("purchase credit", program_id, "".join(code.upper().split()).replace("-", ""))
