"""Redemptions that were approved one by one go out together: a run gathers them for one order file.

A provider that is asked by its interface gets each as soon as it is approved, in a run of its own. From here on they
go as all runs go: ordered, sent, settled; what fails gives its points back.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Select, and_, cast, func, or_, select, update
from sqlalchemy.orm import Session

from app.db.many import among
from app.domain.measures.money import amount_name
from app.domain.saying.wording import Said, marked
from app.domain.states import CardState, RunKind, RunStatus, TopUpKind, Unit
from app.models.distributors import Distributor
from app.models.ledger import Account
from app.models.prepaid import Card, ConversionRun, Redemption, TopUp
from app.models.programs import Program
from app.services import audit
from prepaid import jobs
from prepaid.cards.cards import LOADABLE, random_letters
from prepaid.issuers.order_forms import BATCH_FILE
from prepaid.loads.recipients import RECEIVES, Recipient
from prepaid.redeeming.redemptions import approve, ask, asked_before
from prepaid.terms import terms_of
from prepaid.turns import take_turn

_ = marked
WAITING = and_(Redemption.key.is_not(None), Redemption.run_id.is_(None), Redemption.ended_at.is_(None))
"""What was asked for by itself, and is neither on its way nor called off."""

APPROVED = and_(WAITING, Redemption.approved_at.is_not(None))
"""What goes out with the next order file."""


@dataclass(frozen=True)
class Asked:
    """A redemption that was asked for: whether it is new, and the run that it goes out with, if it goes now."""

    redemption_id: int
    is_new: bool
    run_id: int | None = None


def ask_and_go(
    session: Session,
    program: Program,
    distributor_id: int,
    points: int,
    *,
    key: str,
    actor: str,
    now: dt.datetime,
    shown: str | None = None,
) -> Asked:
    """Redeem points, or find what was redeemed under the same key; it goes at once where nobody has to approve it.

    The caller commits, then wakes a worker.

    Raises:
        RedemptionRefused, TermsInvalid: See `prepaid.redeeming.redemptions.ask`.
    """
    take_turn(session, program.id)  # of two that press at once the second finds what the first made
    known = asked_before(session, distributor_id, key)
    if known is not None:
        return Asked(known, is_new=False)
    made = ask(session, program, distributor_id, points, key=key, actor=actor, now=now, shown=shown)
    redemption = session.get_one(Redemption, made)
    goes = redemption.approved_at is not None
    return Asked(made, is_new=True, run_id=_go_at_once(session, redemption, actor=actor, now=now) if goes else None)


def approve_and_go(session: Session, redemption_id: int, *, actor: str, now: dt.datetime) -> int | None:
    """Approve a redemption, and have it sent at once where the provider takes orders by its interface.

    Returns the run that it goes out with, if it goes now. The caller commits, then wakes a worker.

    Raises:
        NotWaiting, RedemptionRefused: See `prepaid.redeeming.redemptions.approve`.
        TermsInvalid: The programme's prepaid part cannot be used.
    """
    redemption = approve(session, redemption_id, actor=actor, now=now)
    return _go_at_once(session, redemption, actor=actor, now=now)


def _go_at_once(session: Session, redemption: Redemption, *, actor: str, now: dt.datetime) -> int | None:
    """Have an approved redemption sent by a worker, where the provider takes orders by its interface.

    Returns the run that it goes out with; None where it waits for the next order file. The caller commits.
    """
    program = session.get_one(Program, redemption.program_id)
    if terms_of(program, Unit.POINTS).provider == BATCH_FILE:
        return None
    run_id = gather(session, program, actor=actor, now=now, only=[redemption.id])
    if run_id is not None:
        jobs.ask(session, jobs.SEND, run_id, actor=actor)
    return run_id


def gather(
    session: Session, program: Program, *, actor: str, now: dt.datetime, only: Collection[int] | None = None
) -> int | None:
    """Put what is approved into a run whose order file can be written. Returns its number; None: there is nothing.

    What cannot go out now goes on waiting: its distributor is blocked, or its card is, or it has none where the
    programme has none issued. ``only`` looks at some alone. The caller commits.

    Raises:
        TermsInvalid: The programme's prepaid part cannot be used.
    """
    terms = terms_of(program, Unit.POINTS)
    query = _going(program.id, terms.provider, issues_cards=terms.issues_cards)
    if only is not None:
        query = query.where(among(Redemption.id, only))
    going = session.scalars(query.with_for_update(of=Redemption).execution_options(populate_existing=True)).all()
    if not going:
        return None
    days = [one.redeemed_on for one in going]
    frozen = Said(_("Tax as it was computed and frozen when each was asked for."), {})
    owed, at_once = sum(one.compensation_minor for one in going), _compensated_at_once(session, going)
    run = ConversionRun(
        program_id=program.id,
        kind=RunKind.REDEMPTIONS,
        key=random_letters(1, 12)[0],
        unit=Unit.POINTS,
        from_on=min(days),
        to_on=max(days),
        status=RunStatus.APPROVED,
        provider=terms.provider,
        terms=terms.as_json() | {"tax": frozen.words(), "tax_said": frozen.kept()},
        accounts=len(going),
        points=sum(one.points for one in going),
        amount_minor=sum(one.amount_minor for one in going),
        compensation_minor=at_once,
        deferred_minor=owed - at_once,
        withheld_minor=sum(one.withheld_minor for one in going),
        currency=program.currency,
        exceptions=[],
        previewed_by=actor,
        previewed_at=now,
    )
    session.add(run)
    session.flush()
    _join(session, run.id, going)
    after = {
        "redemptions": [one.id for one in going],
        "amount_minor": run.amount_minor,
        amount_name(run.unit): run.points,
    }
    subject = f"conversion run {run.id}"
    audit.note(session, actor, "redemption.gather", subject, now=now, program_id=program.id, after=after)
    return run.id


def _going(program_id: int, provider: str, *, issues_cards: bool) -> Select[Redemption]:
    """Ask for what can go out now, in the order in which it was asked for."""
    cards = or_(LOADABLE, Card.state == CardState.ORDERED)
    return (
        select(Redemption)
        .join(Account, Account.id == Redemption.account_id)
        .join(Distributor, Distributor.id == Account.distributor_id)
        .join(Recipient, RECEIVES)
        .outerjoin(Card, and_(Card.distributor_id == Recipient.id, Card.provider == provider, Card.active))
        .where(
            Redemption.program_id == program_id,
            APPROVED,
            ~Recipient.blocked,
            or_(cards, Card.id.is_(None)) if issues_cards else LOADABLE,
        )
        .order_by(Redemption.id)
    )


def _compensated_at_once(session: Session, going: Sequence[Redemption]) -> int:
    """Sum the compensations that were written down with their loads: as the programme had it on the day of each."""
    asked = select(cast(func.coalesce(func.sum(TopUp.amount_minor), 0), BigInteger)).where(
        among(TopUp.redemption_id, [one.id for one in going]), TopUp.kind == TopUpKind.COMPENSATION
    )
    return session.scalars(asked).one()


def _join(session: Session, run_id: int, going: Sequence[Redemption]) -> None:
    """Let the redemptions and their top-ups be of the run."""
    ids = [one.id for one in going]
    for table, key in ((Redemption, Redemption.id), (TopUp, TopUp.redemption_id)):
        statement: Any = update(table).where(among(key, ids)).values(run_id=run_id)
        session.execute(statement.execution_options(synchronize_session=False))
    for one in going:
        session.expire(one)
