"""What a participant is to the tax office, by day: each change has its first day, a reason, and what shows it.

The present status stands on the distributor, where a reward's tax is chosen by it. A day that is still to come waits
for the chores, or for whoever computes something first.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, SQLColumnExpression, any_, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on, insert
from sqlalchemy.orm import Session

from app.db.many import any_of
from app.domain.measures.calendar import local_date
from app.domain.states import TaxStatus
from app.models.distributors import Distributor
from app.models.programs import Program
from app.models.tax import TaxStatusChange
from app.services import audit
from app.services.placing.placements import Moving


@dataclass(frozen=True)
class Proof:
    """A file that shows what somebody is, kept by its hash (`app.services.participants.tax_proofs`)."""

    sha256: bytes
    name: str


@dataclass(frozen=True)
class Stay:
    """A line of a history: from a day on (None: from the beginning) this status, and who said so why.

    ``until_on`` is the last day on which it holds; ``overruled`` says that it holds on none, for a later line says
    otherwise of the same day.
    """

    id: int
    from_on: dt.date | None
    status: TaxStatus
    reason: str | None
    proof_name: str | None
    noted_at: dt.datetime
    noted_by: str | None
    until_on: dt.date | None = None
    overruled: bool = False


def put(
    session: Session,
    program: Program,
    distributor_id: int,
    status: TaxStatus,
    from_on: dt.date,
    *,
    reason: str,
    proof: Proof | None = None,
    actor: str,
    now: dt.datetime,
) -> bool:
    """Say what a distributor is to the tax office from a day on. The caller commits. False where it is so already.

    What was computed before keeps its tax; `prepaid.taxing.register` tells what stands under another status.

    Raises:
        LookupError: The programme has no such distributor.
    """
    found = session.scalars(
        select(Distributor)
        .where(Distributor.id == distributor_id, Distributor.program_id == program.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise LookupError(distributor_id)
    told = history(session, distributor_id)
    if proof is None and status_on(told, found.tax_status, from_on) is status and not _begin_after(told, from_on):
        return False
    was = found.tax_status
    moving = Moving(from_on, now, actor)
    note(session, program.id, {distributor_id: (was, status)}, moving, reason=reason, proof=proof)
    settle(session, program.id, local_date(now, program.time_zone), [distributor_id])
    session.refresh(found)
    audit.note(
        session,
        actor,
        "distributor.tax_status",
        found.code,
        now=now,
        program_id=program.id,
        before={"tax_status": was},
        after={"tax_status": status, "from": from_on.isoformat(), "proof": proof and proof.sha256.hex()},
        reason=reason,
    )
    return True


def _begin_after(told: Sequence[Stay], day: dt.date) -> bool:
    return any(one.from_on is not None and one.from_on > day and not one.overruled for one in told)


def note(
    session: Session,
    program_id: int,
    changes: Mapping[int, tuple[TaxStatus, TaxStatus]],
    moving: Moving,
    *,
    reason: str | None = None,
    proof: Proof | None = None,
) -> None:
    """Add changes (was, becomes) to the history, from the day of ``moving`` on; the present status is the caller's.

    The first change of a distributor writes what it was before as well.
    """
    if not changes:
        return
    ids = literal(list(changes), ARRAY(BigInteger))
    known = set(
        session.scalars(select(TaxStatusChange.distributor_id).where(TaxStatusChange.distributor_id == any_(ids)))
    )
    blank = {"program_id": program_id, "noted_at": moving.now, "proof_sha256": None, "proof_name": None}
    rows: list[dict[str, object]] = [
        {**blank, "distributor_id": id_, "from_on": None, "status": was, "reason": None, "noted_by": None}
        for id_, (was, _becomes) in changes.items()
        if id_ not in known
    ]
    shown = {} if proof is None else {"proof_sha256": proof.sha256, "proof_name": proof.name}
    rows += [
        {**blank, **shown, "distributor_id": id_, "from_on": moving.day, "status": becomes}
        | {"reason": reason, "noted_by": moving.by}
        for id_, (_was, becomes) in changes.items()
    ]
    session.execute(insert(TaxStatusChange), rows)


def settle(session: Session, program_id: int, today: dt.date, ids: Sequence[int] | None = None) -> int:
    """Make the present status what was noted for today, of all or of some. Returns how many changed.

    The caller commits. One statement, whatever the number of distributors.
    """
    begun = (
        select(TaxStatusChange.distributor_id, TaxStatusChange.status)
        .where(
            TaxStatusChange.program_id == program_id,
            or_(TaxStatusChange.from_on.is_(None), TaxStatusChange.from_on <= today),
        )
        .ext(distinct_on(TaxStatusChange.distributor_id))
        .order_by(
            TaxStatusChange.distributor_id, TaxStatusChange.from_on.desc().nulls_last(), TaxStatusChange.id.desc()
        )
    )
    if ids is not None:
        begun = begun.where(TaxStatusChange.distributor_id == any_of(ids))
    newest = begun.subquery()
    changed = (
        update(Distributor)
        .where(Distributor.id == newest.c.distributor_id, Distributor.tax_status != newest.c.status)
        .values(tax_status=newest.c.status)
        .returning(Distributor.id)
        .execution_options(synchronize_session=False)
    )
    return len(session.scalars(changed).all())


def history(session: Session, distributor_id: int) -> list[Stay]:
    """Give what a distributor was to the tax office, the last days first; nothing where it never changed."""
    rows = session.execute(
        select(
            TaxStatusChange.id,
            TaxStatusChange.from_on,
            TaxStatusChange.status,
            TaxStatusChange.reason,
            TaxStatusChange.proof_name,
            TaxStatusChange.noted_at,
            TaxStatusChange.noted_by,
        )
        .where(TaxStatusChange.distributor_id == distributor_id)
        .order_by(TaxStatusChange.from_on.desc().nulls_last(), TaxStatusChange.id.desc())
    ).all()
    told: list[Stay] = []
    ends: dt.date | None = None
    for row in rows:
        overruled = bool(told) and told[-1].from_on == row.from_on
        told.append(Stay(*row, until_on=None if overruled else ends, overruled=overruled))
        if not overruled and row.from_on is not None:
            ends = row.from_on - dt.timedelta(days=1)
    return told


def status_on(told: Sequence[Stay], present: TaxStatus, day: dt.date) -> TaxStatus:
    """Say what somebody with this history was on a day; whoever has none is what it is now."""
    return next((one.status for one in told if one.from_on is None or one.from_on <= day), present)


def status_of_day(distributor: Any, day: SQLColumnExpression[Any]) -> ColumnElement[TaxStatus]:
    """Give, in a statement, what a distributor was on a day of its row: as `status_on` says."""
    said = (
        select(TaxStatusChange.status)
        .where(
            TaxStatusChange.distributor_id == distributor.id,
            or_(TaxStatusChange.from_on.is_(None), TaxStatusChange.from_on <= day),
        )
        .order_by(TaxStatusChange.from_on.desc().nulls_last(), TaxStatusChange.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return func.coalesce(said, distributor.tax_status)


def proof_of(session: Session, distributor_id: int, change_id: int) -> Proof | None:
    """Give the file that shows a change; None where the distributor has no such change, or it came without one."""
    row = session.execute(
        select(TaxStatusChange.proof_sha256, TaxStatusChange.proof_name).where(
            TaxStatusChange.id == change_id, TaxStatusChange.distributor_id == distributor_id
        )
    ).one_or_none()
    return None if row is None or row.proof_sha256 is None else Proof(row.proof_sha256, str(row.proof_name))
