"""The grace of what comes back to a lot whose last day is over (rules.md 8)."""

import datetime as dt
from collections.abc import Collection

from sqlalchemy import func, insert, literal, select, update
from sqlalchemy.orm import Session

from app.db.many import any_of
from app.domain.program_file.definition import ProgramSettings
from app.models.ledger import Account, Lot
from app.models.lot_terms import LotExtension
from app.models.programs import Program
from app.services.ledger import lot_terms
from app.services.ledger.expiring import write_off


class Grace:
    """The days that a programme gives. Where it sets none, what comes back to a lot that has ended expires with it."""

    def __init__(self, session: Session, program_id: int, on: dt.date, account_ids: Collection[int]) -> None:
        """Read the days, and write off what has ended on the accounts: the grace is for what comes back alone."""
        program = session.get_one(Program, program_id)
        self._session, self._on = session, on
        self._days = ProgramSettings.model_validate(program.settings).expiry.grace_days
        if self._days is not None and account_ids:
            write_off(session, program_id, on, account_ids)

    def give(self, lot_ids: Collection[int]) -> None:
        """Let what came back to lots that have ended be spent for these days. It is posted by now."""
        if self._days is None:
            return
        until = self._on + dt.timedelta(days=self._days)
        last_day = lot_terms.last_day()
        over = (
            select(Lot.id, Lot.expires_on, Lot.idle_months)
            .join(Account, Account.id == Lot.account_id)
            .where(Lot.id == any_of(sorted(lot_ids)), Lot.remaining > 0, last_day < self._on)
            .subquery()
        )
        columns = ["lot_id", "before_on", "before_idle_months", "after_on", "changed_at"]
        self._session.execute(insert(LotExtension).from_select(columns, select(over, literal(until), func.now())))
        self._session.execute(
            update(Lot)
            .where(Lot.id.in_(select(over.c.id)))
            .values(expires_on=until, idle_months=None)
            .execution_options(synchronize_session=False)
        )
