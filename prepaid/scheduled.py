"""Conversion runs that prepare themselves every month: they stop at the preview, and finance is told.

So is what stops one from being prepared, once a day until it is put right.

Nobody's approval is taken over by a schedule: whoever approves such a run is the first person who looks at it.
"""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.measures.calendar import local_date, midnight
from app.domain.measures.money import smallest_units
from app.domain.program_file.prepaid_settings import PrepaidPart
from app.domain.program_file.redemption_settings import ScheduledRun
from app.domain.roles import Role
from app.domain.saying.wording import Said
from app.domain.states import RunStatus
from app.models.messages import Message
from app.models.people import Membership, UserAccount
from app.models.prepaid import ConversionRun
from app.models.programs import Program
from app.services.telling import messages, texts
from app.services.telling.languages import writing
from app.services.telling.messages import Kind
from prepaid.conversions.preparing import how_far, preview
from prepaid.conversions.segments import Segment
from prepaid.errors import PrepaidError
from prepaid.redeeming.quoting import EVER
from prepaid.rounds import month_due
from prepaid.turns import take_turn

ACTOR = "schedule"
"""Who prepared such a run; no person signs in as that."""

_TOLD = (Role.FINANCE, Role.APPROVER)


def scheduled_of(program: Program) -> ScheduledRun | None:
    """Give what a programme's schedule says; None: it has none."""
    return PrepaidPart.model_validate(program.prepaid).scheduled_run


def prepare_due(session: Session, program: Program, *, now: dt.datetime, address: str) -> ConversionRun | None:
    """Prepare the run of a programme that is due and was not prepared (`rounds.month_due`); then tell finance of it.

    Of a run that workers prepare in pieces finance is told with the last of them. Returns the run; None where there is
    nothing to do. ``address`` is where people reach the pages. The caller commits.

    Raises:
        PrepaidError: The programme's prepaid or tax part cannot be used, or the preparation of this month's run was
            stopped.
    """
    scheduled = scheduled_of(program)
    if scheduled is None:
        return None
    take_turn(session, program.id)  # the command beside the worker: the second finds the first's run
    month = month_due(session, program.id, scheduled.day, local_date(now, program.time_zone))
    if month is None:
        return None
    if (there := _run_of(session, program, month)) is not None:
        found = how_far(session, there)
        if found is not None and not found.goes_on:
            raise PrepaidError(found.why.text, **found.why.values)
        return None
    from_on, to_on = _days_of(scheduled, month)
    run = preview(
        session,
        program,
        from_on=from_on,
        to_on=to_on,
        segment=Segment(groups=tuple(scheduled.groups), tiers=tuple(scheduled.tiers)),
        minimum_points=smallest_units(scheduled.minimum_points or Decimal(0), program.point_decimals),
        scheduled_on=month,
        actor=ACTOR,
        now=now,
    )
    if run.status is not RunStatus.PREPARING:
        tell_prepared(session, run, now=now, address=address)
    return run


def _run_of(session: Session, program: Program, month: dt.date) -> ConversionRun | None:
    asked = select(ConversionRun).where(ConversionRun.program_id == program.id, ConversionRun.scheduled_on == month)
    return session.scalars(asked).one_or_none()


def tell_stopped(session: Session, program: Program, why: Said, *, now: dt.datetime, address: str) -> bool:
    """Write to everybody of finance why this month's run could not be prepared, unless they were told today.

    Returns whether it did. The caller commits.
    """
    take_turn(session, program.id)
    today = midnight(local_date(now, program.time_zone), program.time_zone)
    told = select(Message.id).where(
        Message.program_id == program.id, Message.kind == Kind.RUN_STOPPED, Message.created_at >= today
    )
    if session.scalars(told.limit(1)).first() is not None:
        return False
    for one in _people(session, program):
        locale = one.locale or program.locale
        messages.write(
            session,
            Kind.RUN_STOPPED,
            one.login,
            locale=locale,
            now=now,
            program=program,
            name=one.name,
            reason=texts.told(why, locale),
            link=f"{address}/programs/{program.code}/runs",
        )
    return True


def _days_of(scheduled: ScheduledRun, month: dt.date) -> tuple[dt.date, dt.date]:
    """Give the days in which points were earned that the run of a month takes."""
    last = month - dt.timedelta(days=1)
    return {
        "last_month": (last.replace(day=1), last),
        "until_last_month": (EVER[0], last),
        "everything": EVER,
    }[scheduled.takes]


def _people(session: Session, program: Program) -> Sequence[UserAccount]:
    """Give everybody of a programme's finance."""
    return session.scalars(
        select(UserAccount)
        .where(
            UserAccount.active,
            UserAccount.id.in_(
                select(Membership.user_id).where(Membership.program_id == program.id, Membership.role.in_(_TOLD))
            ),
        )
        .order_by(UserAccount.id)
    ).all()


def tell_prepared(session: Session, run: ConversionRun, *, now: dt.datetime, address: str) -> None:
    """Write to everybody of finance what a prepared run comes to, each in their language. The caller commits."""
    program = session.get_one(Program, run.program_id)
    for one in _people(session, program):
        locale = one.locale or program.locale
        write = writing(texts.known(locale))
        messages.write(
            session,
            Kind.RUN_PREPARED if run.status is RunStatus.PREVIEW else Kind.RUN_EMPTY,
            one.login,
            locale=locale,
            now=now,
            program=program,
            name=one.name,
            run=run.id,
            accounts=write.figure(run.accounts, 0),
            points=write.figure(run.points, program.point_decimals),
            amount=write.cash(run.amount_minor, program.currency_decimals, run.currency),
            compensation=write.cash(run.compensation_minor, program.currency_decimals, run.currency),
            left_out=write.figure(len(run.exceptions), 0),
            link=f"{address}/programs/{program.code}/runs/{run.id}",
        )
