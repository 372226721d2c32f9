"""What happens beside sales, and what rules of the kind `event` give for it: each happening once."""

import datetime as dt
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db.many import among_texts, any_of
from app.domain.measures.calendar import local_date
from app.domain.points.lots import Leg, LotBalance
from app.domain.rules.happening import EventAwards, Happened, award_events
from app.domain.rules.program_rules import ProgramRules
from app.domain.states import Cut, Event, LotState, TransactionKind, Unit
from app.domain.typed.codes import code_key
from app.models.distributors import Distributor
from app.models.events import EventAward, HappenedEvent
from app.services.counting.cap_usage import free_usage_of_events, store_usage, usage_before
from app.services.ledger import figures
from app.services.ledger.accounts import lock_wallets
from app.services.ledger.event_awards import stands
from app.services.ledger.expiring import write_off
from app.services.ledger.posting import NewLots, Posting, post, program_bucket, transaction_ids
from app.services.ledger.wallets import OpenWallets
from app.services.owners.moves import note_earners, where_now
from app.services.rulebooks import rules_of


@dataclass(frozen=True)
class Told:
    """Something that is told to have happened. ``key`` is of whoever tells it: told twice, it happened once.

    ``had`` is what was given for it before, told under another key, and is kept, by unit.
    """

    distributor_id: int
    event: Event
    key: str
    on: dt.date
    about: str | None = None
    had: Mapping[Unit, int] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Recorded:
    """What came of telling: how many were new, and what they gave by unit, in the smallest unit."""

    new: int
    given: dict[Unit, int]


def key_by_hand(event: Event, about: str | None, on: dt.date) -> str:
    """Give the key of what people tell without one: the same thing on the same day is told once.

    A birthday comes once a year, on whatever day it is told.
    """
    return f"{on.year}" if event is Event.BIRTHDAY else f"{code_key(about or '')}:{on.isoformat()}"


def happened(
    session: Session,
    program_id: int,
    distributor_id: int,
    event: str,
    key: str,
    on: dt.date,
    *,
    about: str | None = None,
    actor: str | None = None,
    now: dt.datetime,
) -> None:
    """Record that something happened, and post what event rules give for it; once per key. The caller commits."""
    record(session, program_id, [Told(distributor_id, Event(event), key, on, about)], actor=actor, now=now)


def record(
    session: Session, program_id: int, told: Sequence[Told], *, actor: str | None = None, now: dt.datetime
) -> Recorded:
    """Record what happened, many at once, and post what event rules give. What was told before is passed over.

    They count in the order of their days. A blocked distributor's are recorded and earn nothing. The caller commits.
    """
    given = dict.fromkeys(Unit, 0)
    if not told:
        return Recorded(0, given)
    rules = rules_of(session, program_id)
    fresh = _store(session, program_id, told, actor, now)
    earning = _not_blocked(session, fresh)
    if not earning or not rules.book.of_events:
        return Recorded(len(fresh), given)
    happened_ = Happened(
        distributor_id=np.asarray([one.distributor_id for _, one in earning], dtype=np.int64),
        event=np.asarray([str(one.event) for _, one in earning], dtype=object),
        about=np.asarray([one.about for _, one in earning], dtype=object),
        on=np.asarray([one.on for _, one in earning], dtype="datetime64[D]"),
        had={at: one.had for at, (_, one) in enumerate(earning) if one.had},
    )
    wallets = lock_wallets(session, happened_.distributor_id)
    if rules.may_end_idle:
        # what ended must not come to life again because they are idle no more
        accounts = np.concatenate([one.account_ids for one in wallets.values()])
        write_off(session, program_id, local_date(now, rules.time_zone), accounts.tolist())
    usage = usage_before(session, rules.book.of_events, happened_.as_documents())
    awards = award_events(rules.book, happened_, usage)
    store_usage(session, usage)
    ids = np.asarray([id_ for id_, _ in earning], dtype=np.int64)
    transactions = transaction_ids(session, len(awards)) if len(awards) else np.zeros(0, dtype=np.int64)
    for unit in Unit:
        mine = np.flatnonzero((rules.book.units[awards.rule] == unit) & (awards.amount > 0))
        if mine.size:
            accounts = wallets[unit].of(happened_.distributor_id[awards.event[mine]])
            _post(session, rules, unit, _Giving(ids, happened_, awards, mine, transactions, accounts), actor, now)
            note_earners(session, wallets[unit], transactions[mine], happened_.distributor_id[awards.event[mine]])
            given[unit] = int(awards.amount[mine].sum())
    if len(awards):
        session.execute(insert(EventAward), _rows(rules, ids, awards, transactions))
    return Recorded(len(fresh), given)


def take_back(
    session: Session, program_id: int, event_ids: Sequence[int], reason: str, *, now: dt.datetime, actor: str | None
) -> None:
    """Take back what events gave that turn out not to have been due; they stay told. The caller commits.

    As with documents, what takes it back belongs to the day of the event, points that are gone become a debt or are
    forgiven as the programme says. Caps have the room again of what is taken, for the rest stays given.
    """
    rules = rules_of(session, program_id)
    given = session.execute(
        select(HappenedEvent.distributor_id, HappenedEvent.happened_on, EventAward)
        .join(EventAward, EventAward.event_id == HappenedEvent.id)
        .where(HappenedEvent.id == any_of(event_ids), EventAward.amount > 0, stands())
        .order_by(EventAward.transaction_id)
    ).all()
    if not given:
        return
    who = np.asarray([row.distributor_id for row in given], dtype=np.int64)
    days = np.asarray([row.happened_on for row in given], dtype="datetime64[D]")
    wallets = lock_wallets(session, np.unique(who))
    accounts = [int(wallets[one.unit].of(who[[at]])[0]) for at, (_who, _on, one) in enumerate(given)]
    write_off(session, program_id, local_date(now, rules.time_zone), accounts)
    lots = where_now(session, [one.transaction_id or 0 for _who, _on, one in given])
    opened = OpenWallets(session, accounts, with_lots=itertools.chain.from_iterable(lots.values()))
    transactions = transaction_ids(session, len(given))
    posting = Posting(program_id, actor=actor, reason=reason)
    posted: list[int] = []
    taken: list[int] = []
    for at, (account, transaction, (_who, _on, one)) in enumerate(
        zip(accounts, transactions.tolist(), given, strict=True)
    ):
        legs, _forgiven = opened.of[account].take_back(one.amount, *lots[one.transaction_id or 0])
        if legs:
            posting.add_legs(transaction, account, legs)
            issued = -sum(leg.amount for leg in legs)
            bucket = program_bucket(TransactionKind.VOID)
            posting.add_legs(transaction, rules.accounts[one.unit], [Leg(bucket, issued, None)])
            posted.append(at)
            taken.append(issued)
    undone = np.asarray([one.transaction_id for _who, _on, one in given], dtype=np.int64)[posted]
    keys = [f"void:{one}" for one in undone.tolist()]
    posting.add_transactions(transactions[posted], TransactionKind.VOID, keys, days[posted], reverses_ids=undone)
    posting.changed_lots.append(opened.changed())
    post(session, posting)
    for unit in Unit:
        mine = [at for at in posted if given[at][2].unit is unit]
        note_earners(session, wallets[unit], transactions[mine], who[mine])
    free_usage_of_events(session, undone, np.asarray(taken, dtype=np.int64))
    figures.touch(session, program_id, days)


def told_before(session: Session, program_id: int, told: Sequence[Told]) -> list[Told | None]:
    """Give what was told before under the key of each, of its distributor and its event; None where nothing was."""
    if not told:
        return []
    rows = session.execute(
        select(
            HappenedEvent.distributor_id,
            HappenedEvent.event,
            HappenedEvent.key,
            HappenedEvent.happened_on,
            HappenedEvent.about,
        ).where(
            HappenedEvent.program_id == program_id,
            HappenedEvent.distributor_id == any_of({one.distributor_id for one in told}),
            among_texts(HappenedEvent.key, {one.key for one in told}),
        )
    )
    here = {(row.distributor_id, row.event, row.key): Told(*row) for row in rows}
    return [here.get((one.distributor_id, one.event, one.key)) for one in told]


@dataclass(frozen=True)
class Listed:
    """What happened, as it is listed."""

    distributor: str
    event: Event
    about: str | None
    on: dt.date
    points: int


def newest(session: Session, program_id: int, limit: int) -> list[Listed]:
    """Give what happened, told last first, with the points it gave."""
    points = (
        select(func.coalesce(func.sum(EventAward.amount), 0))
        .where(EventAward.event_id == HappenedEvent.id, EventAward.unit == Unit.POINTS, stands())
        .correlate(HappenedEvent)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Distributor.code, HappenedEvent.event, HappenedEvent.about, HappenedEvent.happened_on, points)
        .join(Distributor, Distributor.id == HappenedEvent.distributor_id)
        .where(HappenedEvent.program_id == program_id)
        .order_by(HappenedEvent.id.desc())
        .limit(limit)
    )
    return [Listed(code, event, about, on, int(given)) for code, event, about, on, given in rows]


def _store(
    session: Session, program_id: int, told: Sequence[Told], actor: str | None, now: dt.datetime
) -> list[tuple[int, Told]]:
    """Store what was not told before. Gives the id of each, in the order of their days."""
    by_key = {(one.distributor_id, one.event, one.key): one for one in told}
    rows = [
        {
            "program_id": program_id,
            "distributor_id": one.distributor_id,
            "event": one.event,
            "key": one.key,
            "about": one.about,
            "happened_on": one.on,
            "told_at": now,
            "told_by": actor,
        }
        for one in sorted(by_key.values(), key=lambda one: (one.on, one.distributor_id, one.event, one.key))
    ]
    stored = session.execute(
        insert(HappenedEvent)
        .on_conflict_do_nothing()
        .returning(HappenedEvent.id, HappenedEvent.distributor_id, HappenedEvent.event, HappenedEvent.key),
        rows,
    ).all()
    fresh = [(row.id, by_key[row.distributor_id, row.event, row.key]) for row in stored]
    return sorted(fresh, key=lambda one: (one[1].on, one[0]))


def _not_blocked(session: Session, fresh: Sequence[tuple[int, Told]]) -> list[tuple[int, Told]]:
    who = any_of({one.distributor_id for _, one in fresh})
    blocked = set(session.scalars(select(Distributor.id).where(Distributor.id == who, Distributor.blocked)))
    return [one for one in fresh if one[1].distributor_id not in blocked]


@dataclass(frozen=True)
class _Giving:
    """The awards of one unit that give something: positions in ``awards`` (``mine``), and the account of each."""

    event_ids: np.ndarray
    happened: Happened
    awards: EventAwards
    mine: np.ndarray
    transactions: np.ndarray
    accounts: np.ndarray


def _post(
    session: Session, rules: ProgramRules, unit: Unit, giving: _Giving, actor: str | None, now: dt.datetime
) -> None:
    """Post one unit's awards, each as a transaction with a lot of its own: a debt is paid off first."""
    opened = OpenWallets(session, giving.accounts.tolist())
    today = local_date(now, rules.time_zone)
    posting = Posting(rules.program_id, actor=actor, today=today)
    mine, awards = giving.mine, giving.awards
    transactions, on = giving.transactions[mine], giving.happened.on[awards.event[mine]]
    posting.add_transactions(
        transactions,
        TransactionKind.EVENT,
        [
            f"event:{event}:{rules.book.rules[rule].version.rule_id}"
            for event, rule in zip(
                giving.event_ids[awards.event[mine]].tolist(), awards.rule[mine].tolist(), strict=True
            )
        ],
        on,
    )
    terms = rules.book.terms_ids[awards.rule[mine]]
    lasting = {one: rules.lasting(one) for one in np.unique(terms).tolist()}
    lots: list[LotBalance] = []
    columns = (transactions.tolist(), giving.accounts.tolist(), awards.amount[mine].tolist(), on.tolist())
    for transaction, account, amount, day, one in zip(*columns, terms.tolist(), strict=True):
        lot = LotBalance(transaction, LotState.OPEN, day, lasting[one].last_day(today), 0)
        posting.add_legs(transaction, account, opened.of[account].receive(lot, amount))
        issued = [Leg(program_bucket(TransactionKind.EVENT), -amount, None)]
        posting.add_legs(transaction, rules.accounts[unit], issued)
        lots.append(lot)
    worth = rules.point_value_micro if unit is Unit.POINTS else 1_000_000
    posting.new_lots.append(
        NewLots(
            id=transactions,
            account_id=giving.accounts,
            state=np.asarray([lot.state for lot in lots], dtype=np.int64),
            earned_on=on,
            expires_on=np.asarray([lot.expires_on or "NaT" for lot in lots], dtype="datetime64[D]"),
            unit_value_micro=np.full(len(lots), worth, dtype=np.int64),
            amount=awards.amount[mine],
            remaining=np.asarray([lot.remaining for lot in lots], dtype=np.int64),
            terms_id=terms,
            idle_months=np.asarray([lasting[one].idle_months or 0 for one in terms.tolist()], dtype=np.int64),
        )
    )
    posting.changed_lots.append(opened.changed())
    post(session, posting)


def _rows(
    rules: ProgramRules, ids: np.ndarray, awards: EventAwards, transactions: np.ndarray
) -> list[dict[str, object]]:
    """Write each award down with the version that gave it; what a cap left nothing of has no transaction."""
    return [
        {
            "event_id": event,
            "rule_version_id": rules.book.rules[rule].version.id,
            "unit": rules.book.rules[rule].unit,
            "amount": amount,
            "uncut": uncut,
            "cut_by": Cut(cut),
            "transaction_id": transaction if amount else None,
        }
        for event, rule, amount, uncut, cut, transaction in zip(
            ids[awards.event].tolist(),
            awards.rule.tolist(),
            awards.amount.tolist(),
            awards.uncut.tolist(),
            awards.cut_by.tolist(),
            transactions.tolist(),
            strict=True,
        )
    ]
