"""Who brought a distributor into the programme: named once, rewarded with the new one's first accepted sale."""

import datetime as dt
from collections.abc import Sequence
from itertools import chain

from sqlalchemy import BigInteger, ColumnElement, cast, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from app.db.many import any_of
from app.domain.measures.calendar import local_date
from app.domain.saying.movement_notes import NO_SALE
from app.domain.states import COUNTING, DocumentKind, DocumentStatus, Event, Unit
from app.models.distributors import Distributor
from app.models.events import EventAward, HappenedEvent, Referral
from app.models.ledger import Account, LedgerEntry, LedgerTransaction
from app.models.merges import MergedDocument
from app.models.programs import Program
from app.models.sales import SalesDocument
from app.services import audit
from app.services.ledger.event_awards import stands
from app.services.occasions import events
from app.services.persons.rosters import WHO_NOW
from app.services.rulebooks import rules_of

_SOLD = (SalesDocument.status == DocumentStatus.ACCEPTED, SalesDocument.kind == DocumentKind.INVOICE)


class ReferralError(Exception):
    """Somebody cannot be named; nothing was changed."""


class NoSuchReferrer(ReferralError):
    """The programme has no other distributor of this code."""


class RewardedAlready(ReferralError):
    """Whoever was named has their points: nobody else is named any more."""


class SoldBefore(ReferralError):
    """The distributor has sold before it named anybody: it was here already."""


def named_by(session: Session, distributor_id: int) -> tuple[str, str, dt.date | None] | None:
    """Tell whom a distributor named: code, name, and the day of the sale that it was rewarded for."""
    row = session.execute(
        select(Distributor.code, Distributor.name, Referral.rewarded_on)
        .join(Referral, Referral.referrer_id == Distributor.id)
        .where(Referral.distributor_id == distributor_id)
    ).one_or_none()
    return None if row is None else (row.code, row.name, row.rewarded_on)


def name(
    session: Session,
    program: Program,
    distributor_id: int,
    referrer_id: int | None,
    *,
    by_distributor: bool = False,
    actor: str,
    now: dt.datetime,
) -> None:
    """Name who brought a distributor. It may be named anew until it is rewarded. The caller commits.

    A distributor names somebody itself only before it has sold anything (``by_distributor``).

    Raises:
        NoSuchReferrer: There is no such distributor, or it is itself.
        RewardedAlready: The reward was given.
        SoldBefore: It has sold already.
    """
    if referrer_id is None or referrer_id == distributor_id:
        raise NoSuchReferrer
    known = session.scalars(
        select(Distributor.id).where(Distributor.id == referrer_id, Distributor.program_id == program.id)
    ).one_or_none()
    if known is None:
        raise NoSuchReferrer
    before = session.scalars(
        select(Referral)
        .where(Referral.distributor_id == distributor_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if before is not None and before.rewarded_on is not None:
        raise RewardedAlready
    if by_distributor and has_sold(session, distributor_id):
        raise SoldBefore
    session.execute(
        insert(Referral)
        .values(
            distributor_id=distributor_id,
            program_id=program.id,
            referrer_id=referrer_id,
            named_by=actor,
            named_at=now,
        )
        .on_conflict_do_update(
            index_elements=["distributor_id"], set_={"referrer_id": referrer_id, "named_by": actor, "named_at": now}
        )
    )
    after = {"distributor_id": distributor_id, "referrer_id": referrer_id}
    audit.note(session, actor, "referral.name", str(distributor_id), now=now, program_id=program.id, after=after)


def rewarded(session: Session, program_id: int) -> bool:
    """Tell whether a rule of the programme rewards referrals."""
    return any(rule.event == Event.REFERRAL for rule in rules_of(session, program_id).book.of_events)


def has_sold(session: Session, distributor_id: int) -> bool:
    """Tell whether a distributor has an accepted sale."""
    sold = select(SalesDocument.id).where(SalesDocument.distributor_id == distributor_id, *_SOLD).limit(1)
    return session.scalars(sold).one_or_none() is not None


def take_back_due(session: Session, program: Program, *, now: dt.datetime) -> int:
    """Take back what was given for those of whom no sale counts any more. Returns how many. The caller commits.

    Refused, or undone with its import, the sale never counted. With the next one whoever brought them is rewarded.
    """
    counting = (
        select(SalesDocument.id)
        .where(
            SalesDocument.distributor_id == func.coalesce(_BROUGHT.merged_into_id, _BROUGHT.id),
            SalesDocument.kind == DocumentKind.INVOICE,
            SalesDocument.status.in_(COUNTING),
        )
        .correlate(_BROUGHT)
    )
    undue = session.scalars(
        select(Referral)
        .join(_BROUGHT, _BROUGHT.id == Referral.distributor_id)
        .where(Referral.program_id == program.id, Referral.rewarded_on.is_not(None), ~counting.exists())
        .order_by(Referral.distributor_id)
        .with_for_update(skip_locked=True, of=Referral)
        .execution_options(populate_existing=True)
    ).all()
    # what was told before that was taken back then
    newest = [_told_of(session, one.distributor_id, one.referrer_id)[-1:] for one in undue]
    events.take_back(session, program.id, list(chain.from_iterable(newest)), NO_SALE, now=now, actor=None)
    for one in undue:
        one.rewarded_on = None
    session.flush()
    return len(undue)


_BROUGHT = aliased(Distributor)


def _told_of(session: Session, distributor_id: int, referrer_id: int) -> list[int]:
    """Give the events that told a referrer, or whoever is one with it by now, of a distributor's beginning to sell.

    The newest comes last.
    """
    key = str(distributor_id)
    survivor = select(WHO_NOW).where(Distributor.id == referrer_id).scalar_subquery()
    who = aliased(Distributor)
    one_with_it = select(who.id).where(func.coalesce(who.merged_into_id, who.id) == survivor)
    return list(
        session.scalars(
            select(HappenedEvent.id)
            .where(
                HappenedEvent.distributor_id.in_(one_with_it),
                HappenedEvent.event == Event.REFERRAL,
                or_(HappenedEvent.key == key, HappenedEvent.key.startswith(f"{key}:", autoescape=True)),
            )
            .order_by(HappenedEvent.id)
        )
    )


def _is_had(session: Session, distributor_id: int, referrer_id: int) -> bool:
    """Tell whether a referrer has what was given before: it was spent, and let go. It is not given twice."""
    newest = _told_of(session, distributor_id, referrer_id)[-1:]
    given = select(stands()).where(EventAward.event_id == any_of(newest), EventAward.amount > 0)
    standing = session.scalars(given).all()
    return bool(standing) and all(standing)


def _kept(session: Session, distributor_id: int, referrer_id: int) -> dict[Unit, int]:
    """Tell what a referrer keeps of what was given before and taken back in part, by unit: the rest was spent."""
    undone = aliased(LedgerTransaction)
    back = (
        select(func.coalesce(func.sum(LedgerEntry.amount), 0))
        .join(Account, Account.id == LedgerEntry.account_id)
        .join(undone, undone.id == LedgerEntry.transaction_id)
        .where(undone.key == func.concat("void:", EventAward.transaction_id), Account.distributor_id.is_not(None))
        .correlate(EventAward)
        .scalar_subquery()
    )
    rows = session.execute(
        select(EventAward.unit, cast(func.sum(EventAward.amount + back), BigInteger))
        .where(EventAward.event_id == any_of(_told_of(session, distributor_id, referrer_id)), EventAward.amount > 0)
        .group_by(EventAward.unit)
    )
    return {unit: kept for unit, kept in rows if kept > 0}


def _key(session: Session, distributor_id: int, referrer_id: int) -> str:
    """Give the key of being brought: told anew where a first sale did not count in the end."""
    before = len(_told_of(session, distributor_id, referrer_id))
    return f"{distributor_id}:{before + 1}" if before else str(distributor_id)


def reward_due(session: Session, program: Program, *, now: dt.datetime) -> int:
    """Reward those whose new distributor has sold by now. Returns how many. The caller commits.

    A new distributor that was merged sells as its survivor, unless that was here before it was brought, or was brought
    itself (decision 8).
    """
    who = func.coalesce(_BROUGHT.merged_into_id, _BROUGHT.id)
    first = (
        select(func.min(SalesDocument.issued_on))
        .where(SalesDocument.distributor_id == who, *_SOLD)
        .correlate(_BROUGHT)
        .scalar_subquery()
    )
    due: Sequence[tuple[int, int, int, dt.date]] = [
        (row.distributor_id, row.brought_id, row.referrer_id, row.sold_on)
        for row in session.execute(
            select(
                Referral.distributor_id,
                who.label("brought_id"),
                # what a merged one would have had is the survivor's
                func.coalesce(Distributor.merged_into_id, Distributor.id).label("referrer_id"),
                first.label("sold_on"),
            )
            .join(Distributor, Distributor.id == Referral.referrer_id)
            .join(_BROUGHT, _BROUGHT.id == Referral.distributor_id)
            .where(
                Referral.program_id == program.id,
                Referral.rewarded_on.is_(None),
                or_(_BROUGHT.merged_into_id.is_(None), ~_here_before()),
            )
            .order_by(Referral.distributor_id)
            .with_for_update(skip_locked=True, of=Referral)
            .execution_options(populate_existing=True)
        )
        if row.sold_on is not None
    ]
    if not due:
        return 0
    today = local_date(now, program.time_zone)
    told = [
        events.Told(
            referrer_id,
            Event.REFERRAL,
            _key(session, distributor_id, referrer_id),
            min(sold_on, today),
            had=_kept(session, distributor_id, referrer_id),
        )
        for distributor_id, brought_id, referrer_id, sold_on in due
        # nobody brings themselves, whoever they were merged with
        if referrer_id != brought_id and not _is_had(session, distributor_id, referrer_id)
    ]
    events.record(session, program.id, told, now=now)
    for distributor_id, _brought, _referrer, sold_on in due:
        session.execute(update(Referral).where(Referral.distributor_id == distributor_id).values(rewarded_on=sold_on))
    return len(due)


def _here_before() -> ColumnElement[bool]:
    """Say that the survivor of whoever was brought had sold before that, or was brought by somebody itself."""
    own = aliased(Referral)
    brought = select(own.distributor_id).where(own.distributor_id == _BROUGHT.merged_into_id)
    handed_over = select(MergedDocument.document_id).where(MergedDocument.document_id == SalesDocument.id)
    sold = select(SalesDocument.id).where(
        SalesDocument.distributor_id == _BROUGHT.merged_into_id,
        *_SOLD,
        SalesDocument.counted_at < Referral.named_at,
        ~handed_over.exists(),
    )
    return or_(brought.correlate(_BROUGHT).exists(), sold.correlate(_BROUGHT, Referral).exists())
