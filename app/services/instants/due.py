"""Looking at the documents that changed: what brings a reward now, and what brings it no more.

What is looked at is what was touched (`app.services.anew.instants`), not history. Touches are read before the
documents, so that one that comes meanwhile is there the next time.
"""

import datetime as dt
import functools
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, aliased

from app.db.many import among_texts, any_of
from app.db.transaction import Sessions, transaction
from app.db.turns import Turns
from app.domain.states import COUNTING, DocumentStatus, InstantState
from app.models.instants import InstantGrant, InstantReward, InstantTouched
from app.models.programs import Program
from app.models.rules import EarningRuleVersion
from app.models.sales import Award, AwardReversal, SalesDocument
from app.services.access.keys import Keys
from app.services.anew.instants import of_its_days
from app.services.instants.giving import NotGiven, NothingLeft, give, take_back
from app.services.ledger.accounts import lock_wallets

_ACCEPTED = (DocumentStatus.ACCEPTED,)
MOST_AT_ONCE = 5_000
"""So many touches are sifted by one statement."""


@dataclass
class Done:
    """What looking at the sales came to; ``waiting`` could not be given now."""

    given: int = 0
    taken: int = 0
    waiting: int = 0


def run_due(registry: Sessions, keys: Keys, now: dt.datetime, program_code: str | None = None) -> Done:
    """Give what sales bring and take back what they bring no more, each in a transaction of its own.

    Safe to run as often as one likes, and in several places. What fails does not keep the others from their turn.

    Raises:
        ExceptionGroup: What failed, after everything else was done.
        sqlalchemy.exc.OperationalError: The database went away.
    """
    done, turns = Done(), Turns()
    with transaction(registry) as session:
        touched = select(InstantTouched.id).where(InstantTouched.instant_id == InstantReward.id).exists()
        query = select(InstantReward.id).join(Program, Program.id == InstantReward.program_id).where(touched)
        if program_code is not None:
            query = query.where(Program.code == program_code)
        instants = session.scalars(query.order_by(InstantReward.id)).all()
    for instant_id in instants:
        last: int | None = 0
        ran_out = False
        while last is not None:
            with transaction(registry) as session:
                last, to_give, to_take = _sift(session, session.get_one(InstantReward, instant_id), last)
            for key in [*to_give, *to_take]:
                if ran_out and key in to_give:
                    done.waiting += 1  # nobody asks again for each of thousands what is not there
                    continue
                settle = functools.partial(_settle_alone, registry, keys, instant_id, key, done, now)
                ran_out |= bool(turns.take(settle))
    turns.end("some rewards for sales could not be given or taken back; the others are")
    return done


def _settle_alone(
    registry: Sessions, keys: Keys, instant_id: int, document_key: str, done: Done, now: dt.datetime
) -> bool:
    """Settle one document, and tell whether there is none of the reward for others either."""
    try:
        with transaction(registry) as session:
            given, taken = _settle(session, keys, session.get_one(InstantReward, instant_id), document_key, now)
    except NotGiven as why:
        done.waiting += 1
        return isinstance(why, NothingLeft)
    done.given += given
    done.taken += taken
    return False


def _sift(session: Session, instant: InstantReward, after: int) -> tuple[int | None, Sequence[str], Sequence[str]]:
    """Take the next touches, let go of those that change nothing, and name the documents that do.

    Returns the last touch, None where there are no more; those that bring something, the oldest first; those that do
    not any more.
    """
    rows = session.execute(
        select(InstantTouched.id, InstantTouched.document_key)
        .where(InstantTouched.instant_id == instant.id, InstantTouched.id > after)
        .order_by(InstantTouched.id)
        .limit(MOST_AT_ONCE)
    ).all()
    if not rows:
        return None, (), ()
    found = sorted({key for _, key in rows})
    brings = _bringing(session, instant, found, _ACCEPTED)
    undecided = _bringing(session, instant, found, COUNTING)
    states: dict[str, InstantState] = dict(
        session.execute(
            select(InstantGrant.document_key, InstantGrant.state).where(
                InstantGrant.instant_id == instant.id,
                among_texts(InstantGrant.document_key, found),
                InstantGrant.state != InstantState.TAKEN_BACK,
            )
        ).all()
    )
    to_give = [key for key in brings if key not in states and instant.stopped_at is None]
    to_take = [key for key in found if states.get(key) is InstantState.GIVEN and key not in undecided]
    settled_later = {*to_give, *to_take}
    _let_go(session, [id_ for id_, key in rows if key not in settled_later])
    return int(rows[-1][0]), to_give, to_take


def _bringing(
    session: Session, instant: InstantReward, document_keys: Sequence[str], states: Collection[DocumentStatus]
) -> dict[str, int]:
    """Find those of some documents that earn enough by the rule, less what came back with documents that count.

    Gives ids by key, the oldest first.
    """
    documents = (
        select(SalesDocument.id, SalesDocument.document_key, SalesDocument.issued_on)
        .where(
            SalesDocument.program_id == instant.program_id,
            among_texts(SalesDocument.document_key, document_keys),
            SalesDocument.status.in_(states),
            of_its_days(instant),
        )
        .cte("documents")
    )
    versions = select(EarningRuleVersion.id).where(EarningRuleVersion.rule_id == instant.rule_id)
    given = select(Award.document_id, Award.amount).where(
        Award.document_id.in_(select(documents.c.id)), Award.rule_version_id.in_(versions)
    )
    returning = aliased(SalesDocument)
    taken = (
        select(AwardReversal.sale_document_id, -AwardReversal.amount)
        .join(returning, returning.id == AwardReversal.return_document_id)
        .where(
            AwardReversal.sale_document_id.in_(select(documents.c.id)),
            AwardReversal.rule_version_id.in_(versions),
            returning.status.in_(COUNTING),
        )
    )
    moved = given.union_all(taken).subquery()
    rows = session.execute(
        select(documents.c.document_key, documents.c.id)
        .join(moved, moved.c.document_id == documents.c.id)
        .group_by(documents.c.document_key, documents.c.id, documents.c.issued_on)
        .having(func.sum(moved.c.amount) >= instant.least)
        .order_by(documents.c.issued_on, documents.c.id)
    )
    return dict(rows.all())


def _settle(
    session: Session, keys: Keys, instant: InstantReward, document_key: str, now: dt.datetime
) -> tuple[bool, bool]:
    """Give or take back what a document brings or does not. Says whether it was given, and whether taken back.

    Raises:
        NotGiven: It cannot be given now. The transaction must be rolled back.
    """
    touches = session.scalars(
        select(InstantTouched.id).where(
            InstantTouched.instant_id == instant.id, InstantTouched.document_key == document_key
        )
    ).all()
    program = session.get_one(Program, instant.program_id)
    grant = session.scalars(
        select(InstantGrant).where(
            InstantGrant.instant_id == instant.id,
            InstantGrant.document_key == document_key,
            InstantGrant.state != InstantState.TAKEN_BACK,
        )
    ).one_or_none()
    given = taken = False
    if grant is None:
        document = _held(session, instant, document_key)
        if document is not None:
            given = give(session, keys, program, instant, document, now)
    elif document_key not in _bringing(session, instant, [document_key], COUNTING):
        taken = take_back(session, program, grant, now=now)
    _let_go(session, touches)
    return given, taken


def _held(session: Session, instant: InstantReward, document_key: str) -> SalesDocument | None:
    """Lock the wallet of a document that brings it, and find the document as it is then; None: it brings nothing."""
    found = _bringing(session, instant, [document_key], _ACCEPTED).get(document_key)
    if found is None:
        return None
    owner = session.scalars(select(SalesDocument.distributor_id).where(SalesDocument.id == found)).one()
    lock_wallets(session, np.asarray([owner], dtype=np.int64))
    session.refresh(instant)
    if instant.stopped_at is not None:
        return None
    if _bringing(session, instant, [document_key], _ACCEPTED).get(document_key) != found:
        return None
    document = session.get_one(SalesDocument, found, populate_existing=True)
    return document if document.distributor_id == owner else None


def _let_go(session: Session, touches: Sequence[int]) -> None:
    session.execute(
        delete(InstantTouched).where(InstantTouched.id == any_of(touches)).execution_options(synchronize_session=False)
    )
