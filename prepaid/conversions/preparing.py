"""Conversion runs are prepared: all points of a period are selected, judged and frozen, and what they come to is shown.

A run of few accounts is prepared at once. A larger one is cut into pieces that workers freeze, each in a transaction of
its own: whoever waits sees how far it is, others spend meanwhile, and what is killed goes on from where it was. Each
account is judged once, by the settings that held when the run was begun; with the last piece the run is a preview.

The caller commits.
"""

import datetime as dt
import hashlib
import json
from dataclasses import dataclass

from sqlalchemy import Text, cast, func, or_, select, update
from sqlalchemy.orm import Session

from app.db.many import among_texts
from app.domain.measures.calendar import local_date
from app.domain.saying.wording import Said, marked
from app.domain.states import JobState, RunStatus, Unit
from app.jobs import board
from app.models.jobs import Job
from app.models.prepaid import ConversionPiece, ConversionRun
from app.models.programs import Program
from prepaid.cards.cards import random_letters
from prepaid.conversions import pieces
from prepaid.conversions.freezing import Places, freeze, totals
from prepaid.conversions.pieces import Standing
from prepaid.conversions.runs import note
from prepaid.conversions.segments import EVERYBODY, Segment
from prepaid.conversions.selection import Chosen, Judge, Period, candidates, drawn_up
from prepaid.errors import PrepaidError, PreparedAlready, SettingsChanged, stopped
from prepaid.loads.moves import move, run_of
from prepaid.taxing.tax import ProgramTax
from prepaid.terms import Terms, terms_of
from prepaid.turns import take_turn

_ = marked
PIECE = "prepaid.piece"
"""The kind of job that freezes a piece."""

AT_ONCE = 2_500
"""Accounts that are judged and frozen in one transaction: about half a second."""


def preview(
    session: Session,
    program: Program,
    *,
    from_on: dt.date,
    to_on: dt.date,
    unit: Unit = Unit.POINTS,
    segment: Segment = EVERYBODY,
    minimum_points: int = 0,
    scheduled_on: dt.date | None = None,
    actor: str,
    now: dt.datetime,
    at_once: int | None = None,
) -> ConversionRun:
    """Freeze all points that were earned in a period, of everybody or of some, and show what they come to.

    ``minimum_points`` leaves out who has less, beyond what the programme leaves out. Where a tier lets its members
    redeem a share of their points, so many are taken. ``scheduled_on`` is the month whose schedule asks for it.

    The points are reserved and every top-up is written down, so that what is ordered later is what the preview says to
    the last minor unit. Accounts that cannot be converted are listed in ``exceptions``, each with a code and words.
    A run that finds nothing to convert is EMPTY: it only lists why. One of more accounts than ``at_once``, else than
    `AT_ONCE`, is PREPARING until workers have frozen its pieces: the caller commits, then wakes them.

    Raises:
        PreparedAlready: Another large run of the programme is being prepared.
        PrepaidError: The period, or the programme's prepaid or tax part, cannot be used.
    """
    if from_on > to_on:
        words = _("The period ends on %(to)s, before it begins on %(from)s.")
        raise PrepaidError(words, **{"to": str(to_on), "from": str(from_on)})
    take_turn(session, program.id)  # two runs at once would not see each other's rewards of the year
    today = local_date(now, program.time_zone)
    period, tax = Period(unit, from_on, to_on), ProgramTax.of(program, today)
    terms = terms_of(program, unit).with_least(minimum_points)
    accounts = drawn_up(session, program, period, today, segment).tolist()
    run = ConversionRun(
        program_id=program.id,
        key=random_letters(1, 12)[0],
        unit=unit,
        from_on=from_on,
        to_on=to_on,
        provider=terms.provider,
        terms=terms.as_json() | tax.kept() | segment.as_json(),
        currency=program.currency,
        scheduled_on=scheduled_on,
        previewed_by=actor,
        previewed_at=now,
    )
    if len(accounts) > (size := at_once or AT_ONCE):
        _begin(session, program, run, accounts, size)
        return run
    found = candidates(session, program, period, terms, today, accounts)
    chosen = Judge(program, period, terms, tax).judge(session, found)
    for name, value in totals(terms, chosen).items():
        setattr(run, name, value)
    run.exceptions, run.status = chosen.exceptions, _prepared(run)
    run.closed_at = None if run.accounts else now
    session.add(run)
    session.flush()
    freeze(session, run, terms, found, chosen, pieces.places(session, len(found.account_id)), today=today, now=now)
    note(session, run, actor, "conversion.preview", now)
    return run


def _prepared(run: ConversionRun) -> RunStatus:
    return RunStatus.PREVIEW if run.accounts else RunStatus.EMPTY


def _begin(session: Session, program: Program, run: ConversionRun, accounts: list[int], size: int) -> None:
    """Lay out a run that is prepared in pieces, and put those up for workers."""
    busy = select(ConversionRun.id).where(
        ConversionRun.program_id == program.id, ConversionRun.status == RunStatus.PREPARING
    )
    if (other := session.scalars(busy).first()) is not None:
        raise PreparedAlready(other)
    run.status, run.exceptions = RunStatus.PREPARING, []
    run.terms = run.terms | {"settings": _fingerprint(program)}
    for name in pieces.FIGURES:
        setattr(run, name, 0)
    session.add(run)
    session.flush()
    for position in range(pieces.lay_out(session, run, accounts, size)):
        board.put_up(session, PIECE, job_key(run.id, position), {"run": run.id, "piece": position})
    note(session, run, run.previewed_by, "conversion.prepare", run.previewed_at)


def job_key(run_id: int, position: int) -> str:
    """Name the job that freezes a piece."""
    return f"{PIECE}:{run_id}:{position}"


@dataclass(frozen=True)
class HowFar:
    """How far a run is prepared, and what stopped that.

    Attributes:
        stopped_by: what a person can put right.
        given_up: whether a piece was given up; the log of the workers says why.
    """

    run_id: int
    standing: Standing
    stopped_by: Said | None
    given_up: bool

    @property
    def goes_on(self) -> bool:
        """Tell whether somebody works on it, or will."""
        return self.stopped_by is None and not self.given_up

    @property
    def why(self) -> Said:
        """Say what stopped it, and what to do."""
        given_up = _(
            "Run %(run)s was given up while it was being prepared; the log of the workers says why. "
            "`kontor convert prepare %(run)s` goes on, `kontor convert cancel %(run)s` gives points back."
        )
        return self.stopped_by or Said(given_up, {"run": str(self.run_id)})


def how_far(session: Session, run: ConversionRun) -> HowFar | None:
    """Tell how far a run is that is prepared in pieces; None where it is prepared, or was called off."""
    if run.status is not RunStatus.PREPARING:
        return None
    keys = [job_key(run.id, one) for one in pieces.positions(session, run.id)]
    why = func.min(cast(Job.progress, Text)).filter(Job.progress["stopped_by"].is_not(None))
    given_up, kept = session.execute(
        select(func.bool_or(Job.state == JobState.FAILED), why).where(among_texts(Job.key, keys))
    ).one()
    why_said = stopped(json.loads(kept)) if kept else None
    return HowFar(run.id, pieces.standing(session, run.id), why_said, bool(given_up))


def take_up_again(session: Session, run_id: int) -> int:
    """Put the pieces of a run up again that were given up, or stopped by what may be put right by now.

    Returns how many. The caller commits, then wakes workers.
    """
    keys = [job_key(run_id, one) for one in pieces.positions(session, run_id)]
    stopped = or_(Job.state == JobState.FAILED, Job.progress["stopped_by"].is_not(None))
    rows = session.execute(
        update(Job)
        .where(among_texts(Job.key, keys), stopped)
        .values(state=JobState.QUEUED, failures=0, finished_at=None, progress={}, error=None)
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    )
    return len(rows.all())


def _fingerprint(program: Program) -> str:
    """Tell apart what the accounts of a run are judged by."""
    parts = [program.point_value_micro, program.settings, program.tax, program.prepaid, program.rewards]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def freeze_piece(session: Session, run_id: int, position: int, *, now: dt.datetime) -> ConversionRun | None:
    """Judge and freeze a piece of a run. Returns the run where it is prepared with that, else None.

    A piece that is frozen, or whose run was called off, is left alone. Accounts that have nothing any more are too.

    Raises:
        SettingsChanged: The programme's settings are others than when the run was begun.
    """
    program_id = run_of(session, run_id).program_id
    take_turn(session, program_id, beside_others=True)  # pieces side by side; of others one at a time
    run = session.scalars(
        select(ConversionRun)
        .where(ConversionRun.id == run_id)
        .with_for_update(read=True, key_share=True)  # whoever calls it off waits for the pieces in hand
        .execution_options(populate_existing=True)
    ).one()
    piece = session.get(ConversionPiece, (run_id, position))
    if run.status is not RunStatus.PREPARING or piece is None or piece.outcome is not None:
        return None
    program = session.get_one(Program, program_id)
    if _fingerprint(program) != run.terms["settings"]:
        raise SettingsChanged(run.id)
    terms = terms_of(program, run.unit).with_least(run.terms["minimum_points"])
    chosen = _freeze_accounts(session, program, run, piece, terms, now)
    piece.outcome = totals(terms, chosen) | {"exceptions": chosen.exceptions}
    session.flush()
    # of pieces that end at the same time, each sees those that were before it
    session.execute(select(ConversionRun.id).where(ConversionRun.id == run.id).with_for_update(key_share=True))
    if pieces.are_left(session, run.id):
        return None
    pieces.put_together(session, run)
    move(run, _prepared(run))
    run.closed_at = None if run.accounts else now
    note(session, run, run.previewed_by, "conversion.preview", now)
    return run


def _freeze_accounts(
    session: Session, program: Program, run: ConversionRun, piece: ConversionPiece, terms: Terms, now: dt.datetime
) -> Chosen:
    today = local_date(now, program.time_zone)  # after midnight, that day ends points and levies tax
    period = Period(run.unit, run.from_on, run.to_on)
    found = candidates(session, program, period, terms, today, piece.account_ids)
    chosen = Judge(program, period, terms, ProgramTax.of(program, today)).judge(session, found)
    where: Places = pieces.places_in(piece, found.account_id)
    freeze(session, run, terms, found, chosen, where, today=today, now=now)
    return chosen
