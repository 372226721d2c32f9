"""Plans of exports: what is asked for again and again, kept under a name, and made by itself when it is due."""

import datetime as dt
import re
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db.transaction import Sessions, transaction
from app.domain.export_wish import Shape, Wish, days_of, next_day
from app.domain.measures.calendar import local_date
from app.domain.roles import Permission, may
from app.domain.states import ExportRhythm, ExportSpan, ExportState, ExportWay
from app.domain.typed.mail_addresses import is_mail_address
from app.exports.histories import asking
from app.models.exports import Export, ExportPlan
from app.models.people import UserAccount
from app.models.programs import Program
from app.services import audit
from app.services.access import people

FOLDER = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?")
"""Names of folders that an export may go to: nothing that leads anywhere else."""
MOST_ADDRESSES = 10


class PlanRefused(ValueError):
    """A plan cannot be kept as it is; ``place`` names what is wrong with it."""

    def __init__(self, place: str, text: str) -> None:
        """Name the place."""
        self.place = place
        super().__init__(text)


@dataclass(frozen=True)
class Terms:
    """When a plan is made, of which days, and where it goes."""

    name: str
    span: ExportSpan
    rhythm: ExportRhythm = ExportRhythm.NEVER
    day: int = 1
    way: ExportWay = ExportWay.NONE
    target: str | None = None


def addresses_of(target: str) -> list[str]:
    """Give the addresses of a mail, each once.

    Raises:
        PlanRefused: One is none, or there are too many.
    """
    found = list(dict.fromkeys(one for one in re.split(r"[\s,;]+", target.strip()) if one))
    wrong = next((one for one in found if not is_mail_address(one)), None)
    if wrong is not None:
        raise PlanRefused("target", f"{wrong!r} is no address")
    if not 0 < len(found) <= MOST_ADDRESSES:
        raise PlanRefused("target", f"expected 1 to {MOST_ADDRESSES} addresses, found {len(found)}")
    return found


def _target(terms: Terms) -> str | None:
    if terms.way is ExportWay.NONE:
        return None
    target = (terms.target or "").strip()
    if terms.way is ExportWay.MAIL:
        return ", ".join(addresses_of(target))
    if not FOLDER.fullmatch(target):
        raise PlanRefused("target", "expected a name of small letters, digits, - and _")
    return target


def keep(
    session: Session,
    program: Program,
    shape: Shape,
    terms: Terms,
    *,
    actor: str,
    now: dt.datetime,
    plan: ExportPlan | None = None,
) -> ExportPlan:
    """Keep a plan, a new one or another wording of one. The caller commits.

    Raises:
        PlanRefused: Its name is taken, or where it goes is nowhere.
        WishRefused: It asks for what is not there.
    """
    today = local_date(now, program.time_zone)
    asking.check(session, Wish.of(shape, days_of(terms.span, today)))
    target = _target(terms)
    named = select(ExportPlan.id).where(ExportPlan.program_id == program.id, ExportPlan.name == terms.name)
    if session.scalars(named if plan is None else named.where(ExportPlan.id != plan.id)).first() is not None:
        raise PlanRefused("name", "another plan has this name")
    before = None if plan is None else _told(plan)
    kept = plan if plan is not None else ExportPlan(program_id=program.id)
    kept.name, kept.shape = terms.name, shape.model_dump(mode="json")
    kept.span, kept.rhythm, kept.day = terms.span, terms.rhythm, terms.day
    kept.next_on = next_day(terms.rhythm, terms.day, today)
    kept.way, kept.target = terms.way, target
    kept.changed_by, kept.changed_at = actor, now
    session.add(kept)
    session.flush()
    audit.note(
        session, actor, "export.plan", terms.name, now=now, program_id=program.id, before=before, after=_told(kept)
    )
    return kept


def _told(plan: ExportPlan) -> dict[str, object]:
    return {
        "shape": plan.shape,
        "span": plan.span,
        "rhythm": plan.rhythm,
        "day": plan.day,
        "way": plan.way,
        "target": plan.target,
    }


def put_away(session: Session, plan: ExportPlan, *, actor: str, now: dt.datetime) -> None:
    """Put a plan away; what was made by it stays. The caller commits."""
    audit.note(session, actor, "export.plan_away", plan.name, now=now, program_id=plan.program_id, before=_told(plan))
    session.execute(update(Export).where(Export.plan_id == plan.id).values(plan_id=None))
    session.delete(plan)


def make_now(session: Session, program: Program, plan: ExportPlan, *, actor: str, now: dt.datetime) -> Export:
    """Ask for what a plan says, of the days that it means today. The caller commits.

    Raises:
        WishRefused: What it asks for is no longer there.
    """
    days = days_of(plan.span, local_date(now, program.time_zone))
    wish = Wish.of(Shape.model_validate(plan.shape), days)
    return asking.ask(session, wish, program_id=program.id, actor=actor, now=now, plan=plan)


def make_due(registry: Sessions, now: dt.datetime, program_id: int | None = None) -> int:
    """Ask for what is due, each plan in a transaction of its own. Several processes may do it at once.

    A plan that slept through its days is made once. One whose keeper may no longer take it away is not made; the
    reason stands among the exports.
    """
    with transaction(registry) as session:
        query = (
            select(ExportPlan.id, Program.time_zone)
            .join(Program, Program.id == ExportPlan.program_id)
            .where(ExportPlan.next_on <= (now + dt.timedelta(days=1)).date())
            .order_by(ExportPlan.id)
        )
        if program_id is not None:
            query = query.where(ExportPlan.program_id == program_id)
        found = session.execute(query).all()
    return sum(_make_if_due(registry, plan_id, local_date(now, zone), now) for plan_id, zone in found)


def _make_if_due(registry: Sessions, plan_id: int, today: dt.date, now: dt.datetime) -> bool:
    with transaction(registry) as session:
        plan = session.scalars(
            select(ExportPlan)
            .where(ExportPlan.id == plan_id, ExportPlan.next_on <= today)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        ).one_or_none()
        if plan is None:
            return False
        plan.next_on = next_day(plan.rhythm, plan.day, today)
        program = session.get_one(Program, plan.program_id)
        refused = _refusal(session, plan)
        if refused is None:
            make_now(session, program, plan, actor=plan.changed_by, now=now)
        else:
            session.add(_not_made(plan, refused, today, now))
        return refused is None


def _not_made(plan: ExportPlan, why: str, today: dt.date, now: dt.datetime) -> Export:
    shape = Shape.model_validate(plan.shape)
    return Export(
        program_id=plan.program_id,
        plan_id=plan.id,
        subject=shape.subject,
        form=shape.form,
        wish=Wish.of(shape, days_of(plan.span, today)).model_dump(mode="json"),
        state=ExportState.FAILED,
        failure=why,
        asked_by=plan.changed_by,
        asked_at=now,
    )


def _refusal(session: Session, plan: ExportPlan) -> str | None:
    """Give the code of why a plan is not made; None where it is.

    Whoever kept it must still be there under that name, and must still be allowed to take it away.
    """
    shape = Shape.model_validate(plan.shape)
    try:
        asking.check(session, Wish.of(shape, (dt.date.min, dt.date.min)))
    except asking.WishRefused as refused:
        return f"unknown:{refused.found}"
    user_id = session.scalars(select(UserAccount.id).where(UserAccount.login == plan.changed_by)).one_or_none()
    somebody = people.person(session, user_id) if user_id is not None else None
    ids = session.scalars(select(Program.id).where(Program.code.in_(shape.programs)))
    if somebody is None or not all(may(somebody, Permission.EXPORT, one) for one in ids):
        return f"may_not:{plan.changed_by}"
    return None
