"""What promotions need now and then: the touched ones are brought up to date, and those whose day came are closed."""

import contextlib
import datetime as dt
import functools
from collections.abc import Callable, Collection
from typing import TypeAlias

from sqlalchemy.orm import Session

from app.db.transaction import Sessions, transaction
from app.db.turns import Turns
from app.services.promotions import bringing_up, closing

Step: TypeAlias = Callable[[Session], None]


def due(session: Session, now: dt.datetime, program_ids: Collection[int] | None = None) -> list[Step]:
    """Give what is to be done, each in a transaction of its own; None: for all programmes.

    Where a promotion was just published, whoever counts documents meanwhile is let finish first.
    """
    found: list[Step] = []
    for promotion_id, measured in bringing_up.waiting(session, program_ids):
        if not measured:
            found.append(functools.partial(_let_finish, promotion_id))
        found.append(functools.partial(_bring_up, promotion_id, now))
    found += [functools.partial(_close, promotion_id, now) for promotion_id in closing.due(session, now, program_ids)]
    return found


def run_due(registry: Sessions, now: dt.datetime, program_ids: Collection[int] | None = None) -> int:
    """Do what is due, and say how many steps that took. Safe to run as often as one likes, and in several places.

    Raises:
        ExceptionGroup: Some steps failed; all the others were taken.
    """
    with transaction(registry) as session:
        steps = due(session, now, program_ids)
    turns = Turns()
    for step in steps:
        turns.take(functools.partial(_take, registry, step))
    turns.end("Promotions could not be brought up to date.")
    return len(steps)


def _take(registry: Sessions, step: Step) -> None:
    with transaction(registry) as session:
        step(session)


def _let_finish(promotion_id: int, session: Session) -> None:
    bringing_up.let_others_finish(session, promotion_id)


def _bring_up(promotion_id: int, now: dt.datetime, session: Session) -> None:
    bringing_up.bring_up(session, promotion_id, now=now)


def _close(promotion_id: int, now: dt.datetime, session: Session) -> None:
    with contextlib.suppress(closing.CannotClose):  # somebody else closed it meanwhile, or let it run on
        closing.close(session, promotion_id, actor=None, now=now)
