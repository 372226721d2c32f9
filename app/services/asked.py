"""What one person asks for and another decides: adjustments, transfers of points, merges of distributors.

Asked for, and then approved by somebody else, refused, or withdrawn by whoever asked. What happens with it is the
business of each kind; drafts, which are written anew and sent back, have a life of their own (`two_people`).
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.desk import AdjustmentRequest
from app.models.merges import DistributorMerge
from app.models.programs import Program
from app.models.transfers import PointsTransfer
from app.services import audit
from app.services.same_person import is_same

_Asked = TypeVar("_Asked", AdjustmentRequest, PointsTransfer, DistributorMerge)


@dataclass(frozen=True)
class Asking(Generic[_Asked]):
    """One kind of what is asked for: its rows, what the audit log calls it, and what is raised where it is refused."""

    model: type[_Asked]
    name: str
    not_waiting: type[Exception]
    same_person: type[Exception]

    def held(self, session: Session, program: Program, request_id: int, *, approver: str | None = None) -> _Asked:
        """Lock what waits, and give it.

        Raises:
            not_waiting: It was decided or withdrawn before.
            same_person: The ``approver`` asked for it.
            LookupError: The programme has none of this number.
        """
        model = self.model
        found = session.scalars(
            select(model)
            .where(model.id == request_id, model.program_id == program.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one_or_none()
        if found is None:
            raise LookupError(request_id)
        if found.state != "waiting":
            raise self.not_waiting
        if approver is not None and is_same(session, approver, found.requested_by):
            raise self.same_person
        return found

    def decide(
        self,
        session: Session,
        program: Program,
        found: _Asked,
        state: str | None,
        *,
        actor: str,
        now: dt.datetime,
        note: str | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        """Write the decision down; without a ``state`` it is refused, or withdrawn by whoever asked."""
        state = state or ("withdrawn" if is_same(session, actor, found.requested_by) else "refused")
        found.state, found.decided_by, found.decided_at = state, actor, now
        session.flush()
        audit.note(
            session,
            actor,
            f"{self.name}.{state}",
            str(found.id),
            now=now,
            program_id=program.id,
            before={"state": "waiting"},
            after={"state": state, **(after or {})},
            reason=note,
        )
