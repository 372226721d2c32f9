"""One redemption: a distributor turns some of its points into money on its card, approved by itself where it must be.

What is approved goes out in a run that gathers such ones (`prepaid.gathering`), and from there on as all runs go. The
caller commits.
"""

import datetime as dt
import json
from collections.abc import Collection

from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.orm import Session

from app.db.many import among
from app.domain.measures.calendar import local_date
from app.domain.measures.money import smallest_units
from app.domain.saying.wording import marked
from app.domain.states import TopUpKind, TopUpStatus, Unit
from app.domain.typed.card_numbers import holds_card_number
from app.models.distributors import Distributor
from app.models.ledger import Account
from app.models.prepaid import Redemption, TopUp
from app.models.programs import Program
from app.services import audit
from app.services.ledger import ledger, wallets
from app.services.participants import tax_statuses
from app.services.same_person import is_same
from prepaid.cards.cards import random_letters
from prepaid.conversions.called_off import tell_called_off
from prepaid.errors import CardNumberFound, PrepaidError
from prepaid.loads.topups import move_top_ups
from prepaid.redeeming.quoting import Quote, RedemptionRefused, judged, settings_of
from prepaid.references import reference
from prepaid.terms import terms_of
from prepaid.turns import take_turn

_ = marked


class NotWaiting(PrepaidError):
    """Somebody was quicker: the redemption does not wait for this any more."""

    def __init__(self, redemption_id: int) -> None:
        """Name it."""
        super().__init__(_("Redemption %(number)s does not wait for this any more."), number=str(redemption_id))


def ask(
    session: Session,
    program: Program,
    distributor_id: int,
    points: int,
    *,
    key: str,
    actor: str,
    now: dt.datetime,
    shown: str | None = None,
) -> int:
    """Redeem points, or find what was redeemed under the same key. Returns the redemption's id. The caller commits.

    The points are reserved now. Where the programme wants nobody's approval, it is approved at once. ``shown`` are the
    figures of the quote that was looked at: nothing else is done than that.

    Raises:
        RedemptionRefused: They cannot be redeemed.
        TermsInvalid: The programme's prepaid or tax part cannot be used.
    """
    take_turn(session, program.id)  # as runs do: two at once would not see each other's year
    known = asked_before(session, distributor_id, key)
    if known is not None:
        return known
    today = local_date(now, program.time_zone)
    tax_statuses.settle(session, program.id, today, [distributor_id])
    made, lots = judged(session, program, distributor_id, points, now, looking=False)
    if shown not in (None, made.figures):
        raise RedemptionRefused("changed", "It comes to something else by now than what was shown.")
    own_key = random_letters(1, 12)[0]
    reservations = ledger.reserve_lots(
        session, program.id, lots, key=f"redeem:{own_key}", on=today, actor=actor, reason=None
    )
    redemption = _as_quoted(program, made, reservations[made.account_id], today, now)
    redemption.key, redemption.asked_by = key, actor
    redemption.approved_at = None if _waits(session, program, made, today) else now
    session.add(redemption)
    session.flush()
    _write_loads(session, redemption, made, own_key, at_once=terms_of(program, Unit.POINTS).compensates_at_once)
    _note(session, redemption, "redemption.ask", actor, now)
    return redemption.id


def _as_quoted(program: Program, made: Quote, reservation_id: int, today: dt.date, now: dt.datetime) -> Redemption:
    """Make the row of a redemption, with the figures of its quote."""
    levied = made.levied
    return Redemption(
        program_id=program.id,
        account_id=made.account_id,
        redeemed_on=today,
        points=made.points,
        point_value_micro=program.point_value_micro,
        amount_minor=levied.load_minor,
        compensation_minor=levied.compensation_minor,
        withheld_minor=levied.withheld_minor,
        counted_minor=levied.counted_minor,
        currency=program.currency,
        tax_rule=levied.rule,
        tax_trace=json.loads(levied.trace()),
        reserve_transaction_id=reservation_id,
        created_at=now,
    )


def _write_loads(session: Session, redemption: Redemption, made: Quote, own_key: str, *, at_once: bool) -> None:
    """Write the load of a redemption down, and that of its compensation where it goes out with it."""
    for kind, amount in (
        (TopUpKind.REWARD, redemption.amount_minor),
        (TopUpKind.COMPENSATION, redemption.compensation_minor if at_once else 0),
    ):
        if amount:
            session.add(
                TopUp(
                    redemption_id=redemption.id,
                    kind=kind,
                    card_id=made.card_id or None,
                    amount_minor=amount,
                    status=TopUpStatus.RESERVED,
                    reference=reference(own_key, 1, kind, 1),
                    created_at=redemption.created_at,
                )
            )
    session.flush()


def asked_before(session: Session, distributor_id: int, key: str) -> int | None:
    """Find what a distributor redeemed under a key."""
    own = select(Redemption.id).join(Account, Account.id == Redemption.account_id)
    return session.scalars(own.where(Account.distributor_id == distributor_id, Redemption.key == key)).one_or_none()


def _waits(session: Session, program: Program, made: Quote, today: dt.date) -> bool:
    """Tell whether somebody of the programme has to approve it.

    What an account redeems in a day without approval is one: many small ones are no way around.
    """
    wanted = settings_of(program)
    if wanted.approval == "above":
        assert wanted.approve_above is not None, "the settings say how much"
        worth = made.levied.load_minor + made.levied.withheld_minor + _let_go(session, made.account_id, today)
        return worth > smallest_units(wanted.approve_above, program.currency_decimals)
    return wanted.approval == "always"


def _let_go(session: Session, account_id: int, today: dt.date) -> int:
    """Sum what an account redeemed today that nobody looked at, but for what was called off."""
    worth = Redemption.amount_minor + Redemption.withheld_minor
    asked = select(cast(func.coalesce(func.sum(worth), 0), BigInteger)).where(
        Redemption.account_id == account_id,
        Redemption.redeemed_on == today,
        Redemption.key.is_not(None),
        Redemption.approved_at.is_not(None),
        Redemption.approved_by.is_(None),
        Redemption.ended_at.is_(None),
    )
    return session.scalars(asked).one()


def approve(session: Session, redemption_id: int, *, actor: str, now: dt.datetime) -> Redemption:
    """Let a redemption go out, as somebody who did not ask for it. The caller commits.

    Raises:
        NotWaiting: It does not wait for approval.
        RedemptionRefused: Whoever approves asked for it (``same_person``), or its distributor is blocked.
    """
    redemption = _locked(session, redemption_id)
    if redemption.approved_at is not None:
        raise NotWaiting(redemption_id)
    if is_same(session, actor, redemption.asked_by):
        raise RedemptionRefused("same_person", "Who asked for it cannot approve it.")
    owner = select(Distributor.blocked).join(Account, Account.distributor_id == Distributor.id)
    if session.scalars(owner.where(Account.id == redemption.account_id)).one():
        raise RedemptionRefused("blocked", "The distributor is blocked: it may neither earn nor redeem.")
    redemption.approved_by, redemption.approved_at = actor, now
    _note(session, redemption, "redemption.approve", actor, now)
    return redemption


def call_off(
    session: Session,
    redemption_id: int,
    *,
    actor: str,
    now: dt.datetime,
    reason: str | None = None,
    withdrawn: bool = False,
) -> None:
    """Give the points of a redemption back that is not on its way yet: withdrawn or refused.

    It is withdrawn by whoever asked for it, and where ``withdrawn`` says that the actor is of the same distributor.
    Its distributor is told of a refusal. The caller commits.

    Raises:
        NotWaiting: It is on its way, or was called off before.
        CardNumberFound: The reason holds what may be the number of a card.
    """
    if holds_card_number(reason or ""):
        raise CardNumberFound("The reason")
    lock_accounts(session, [redemption_id])
    redemption = _locked(session, redemption_id)
    program = session.get_one(Program, redemption.program_id)
    ids = session.scalars(select(TopUp.id).where(TopUp.redemption_id == redemption_id)).all()
    ledger.cancel(
        session,
        program.id,
        [redemption.reserve_transaction_id],
        on=local_date(now, program.time_zone),
        actor=actor,
        reason=reason,
    )
    move_top_ups(session, ids, TopUpStatus.CANCELLED, now=now)
    redemption.ended_by, redemption.ended_at, redemption.ended_why = actor, now, reason or None
    redemption.withdrawn = withdrawn or is_same(session, actor, redemption.asked_by)
    _note(session, redemption, "redemption.call_off", actor, now, reason)
    if not redemption.withdrawn:
        tell_called_off(session, [redemption_id], now=now)


def lock_accounts(session: Session, redemption_ids: Collection[int]) -> None:
    """Lock the accounts of redemptions, in the order in which runs lock theirs: whoever gives points back does first.

    Whoever calls many off does this for all of them, before the first.
    """
    own = select(Redemption.account_id).where(among(Redemption.id, redemption_ids))
    wallets.lock_accounts(session, session.scalars(own))


def _locked(session: Session, redemption_id: int) -> Redemption:
    """Hold a redemption that was asked for by itself and is neither on its way nor called off."""
    redemption = session.scalars(
        select(Redemption)
        .where(Redemption.id == redemption_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if redemption.key is None or redemption.run_id is not None or redemption.ended_at is not None:
        raise NotWaiting(redemption_id)
    return redemption


def _note(
    session: Session, of: Redemption, action: str, actor: str, now: dt.datetime, reason: str | None = None
) -> None:
    after = {
        "points": of.points,
        "amount_minor": of.amount_minor,
        "compensation_minor": of.compensation_minor,
        "currency": of.currency,
    }
    subject = f"redemption {of.id}"
    audit.note(session, actor, action, subject, now=now, program_id=of.program_id, after=after, reason=reason)
