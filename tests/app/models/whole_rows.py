"""A world in which whole rows are tried: a table refuses them, or takes them."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.domain.states import Identity, RunKind, RunStatus, TopUpStatus
from app.models.programs import Program
from app.models.registry import metadata
from tests.support.programs import NOW
from tests.support.rows import row_of

LATER = NOW + dt.timedelta(hours=1)


@dataclass
class World:
    """A programme with a sale that counted, and a row of everything that comes before a top-up."""

    session: Session
    program: Program
    ids: dict[str, int]

    def insert(self, table: str, **values: Any) -> int:
        """Insert a whole row and give its first key."""
        of = metadata.tables[table]
        key = next(iter(of.primary_key.columns))
        values = row_of(of, self.ids, **values)
        return int(self.session.execute(insert(of).values(values).returning(key)).scalar_one())

    def refused(self, table: str, **values: Any) -> str:
        """Insert what must be refused, and name the constraint that did it."""
        with pytest.raises(IntegrityError) as refused, self.session.begin_nested():
            self.insert(table, **values)
        return _constraint(refused.value)

    def change(self, model: Any, **values: Any) -> None:
        """Change the one row there is of the world's own."""
        with self.session.begin_nested():
            self.session.execute(update(model).where(model.id == self.ids[model.__tablename__]).values(**values))

    def change_refused(self, model: Any, **values: Any) -> str:
        """Change it to what must be refused, and name the constraint that did it."""
        with pytest.raises(IntegrityError) as refused:
            self.change(model, **values)
        return _constraint(refused.value)


def _constraint(error: IntegrityError) -> str:
    cause: Any = error.orig
    return str(cause.diag.constraint_name)


def plain(table: str) -> dict[str, Any]:
    """Give what a row needs beyond its types: names of its own, and figures that agree."""
    own = uuid.uuid4().hex
    return {
        "conversion_run": {"key": own, "status": RunStatus.PREVIEW, "previewed_by": "ada", "kind": RunKind.PERIOD},
        "redemption": {"run_id": None, "key": own, "asked_by": "ada"},
        "card": {"reference": own, "active": False, "replaces_id": None, "identity": Identity.UNKNOWN},
        "user_account": {"login": own},
        "earning_rule": {"code": own},
        "top_up": {"reference": own, "status": TopUpStatus.RESERVED, "card_id": None, "load_batch_id": None},
    }.get(table, {})


def top_up(**values: Any) -> dict[str, Any]:
    return {**plain("top_up"), **values}
