"""What an operator says of an order file as a whole: taken, or refused, and then nothing of it was loaded.

One that refuses a file of which it answered some loads before refuses the others: what was answered stays as it is.
"""

import datetime as dt
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.domain.saying.wording import Said, marked
from app.domain.states import RunStatus, TopUpStatus
from app.models.prepaid import ConversionRun, LoadBatch, TopUp
from app.services import audit
from prepaid.errors import PrepaidError
from prepaid.files.response_files import Verdict, problem
from prepaid.loads.moves import OPEN, move
from prepaid.loads.topups import move_top_ups

_ = marked
_HANDED_OVER = (RunStatus.SENDING, RunStatus.SENT)
_LOADED = _(
    "The operator refuses %(file)s and had loaded %(count)s loads of it, which stay loaded. Ask whether it loaded "
    "others before the rest is written anew."
)


def take_verdict(
    session: Session, run: ConversionRun, verdict: Verdict, *, actor: str, now: dt.datetime
) -> list[dict[str, Any]]:
    """Write down that a file was accepted, or put its loads back to be ordered anew. The run is locked.

    Returns what somebody must know: that a file is refused of which something was loaded.

    Raises:
        PrepaidError: Nobody knows of which file it speaks, or it accepts one whose loads were written anew since it
            refused it.
    """
    problems: list[dict[str, Any]] = []
    batch = _meant(session, run, verdict)
    top_ups = session.execute(select(TopUp.id, TopUp.status).where(TopUp.load_batch_id == batch.id)).all()
    if verdict.accepted and batch.refused_at is not None and len(top_ups) < batch.lines:
        raise PrepaidError(
            f"Run {run.id}: the operator accepts {Path(batch.file).name}, which it had refused, and its loads were "
            "written into another file since. Ask the operator which of the two it carries out."
        )
    if verdict.accepted:
        _accept(session, run, batch, [row.id for row in top_ups if row.status is TopUpStatus.ORDERED], now)
    else:
        loaded = sum(row.status is TopUpStatus.LOADED for row in top_ups)
        if loaded:
            values = {"file": Path(batch.file).name, "count": loaded}
            problems.append(problem(None, None, "loaded_though_refused", _LOADED, **values))
        waiting = [row.id for row in top_ups if row.status in OPEN and row.status is not TopUpStatus.ORDERED]
        move_top_ups(session, waiting, TopUpStatus.ORDERED, now=now)
        batch.refused_at, batch.refusal = now, verdict.message or None
        # said once more of a file whose loads were written anew, it says nothing of the file that is under way
        if run.status in _HANDED_OVER and any(row.status in OPEN for row in top_ups):
            move(run, RunStatus.ORDERED)
    action = "conversion.file_accepted" if verdict.accepted else "conversion.file_refused"
    after = {"batch": batch.id, "message": verdict.message}
    subject = f"conversion run {run.id}"
    audit.note(session, actor, action, subject, now=now, program_id=run.program_id, after=after)
    return problems


def _accept(session: Session, run: ConversionRun, batch: LoadBatch, ordered: list[int], now: dt.datetime) -> None:
    move_top_ups(session, ordered, TopUpStatus.SENDING, now=now)
    batch.accepted_at, batch.sent_at = now, batch.sent_at or now
    batch.refused_at = batch.refusal = None  # what it takes after all must not be written anew, and loaded twice
    if run.status is RunStatus.ORDERED:
        move(run, RunStatus.SENDING)


def _meant(session: Session, run: ConversionRun, verdict: Verdict) -> LoadBatch:
    """Find the file that is meant: by its name, or because the run never had another.

    An answer that comes a second time must not be taken for one about the file that was written anew since.
    """
    batches = session.scalars(select(LoadBatch).where(LoadBatch.run_id == run.id).order_by(LoadBatch.id)).all()
    named = [one for one in batches if verdict.file is None or Path(one.file).name == verdict.file]
    if len(named) != 1:
        words = _(
            "Run %(run)s: the response speaks of a file as a whole (%(file)s), and %(count)s files of the run fit. Its "
            "column must name one of %(files)s."
        )
        raise PrepaidError(
            words,
            run=str(run.id),
            file=verdict.file or Said(_("unnamed")),
            count=len(named),
            files=[Path(one.file).name for one in batches],
        )
    return named[0]
