"""What a run's page tells beside its figures: what happened, what to do about who was left out, what came of it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from sqlalchemy import select

from app.db.many import among_texts
from app.domain.program_file.batch_file import Answers
from app.domain.saying.wording import said_of
from app.domain.states import RunKind, RunStatus, TopUpKind, TopUpStatus
from app.domain.typed.codes import code_key
from app.models.distributors import Distributor
from app.models.prepaid import ConversionRun, LoadBatch, LoadResponse
from app.web import formats
from app.web.context import scope, session
from app.web.words import runs as wording
from prepaid.conversions.runs import Report
from prepaid.loads.moves import OPEN
from prepaid.scheduled import ACTOR

WHAT_TO_DO: Mapping[str, Any] = {
    "no_card": _("Register its card, then it is in the next run."),
    "card_blocked": _("Lift the block of its card, or replace it."),
    "blocked": _("Unblock it on its page, if it is to take part again."),
    "owes": _("Nothing: what it earns next pays that off."),
    "below_minimum": _("Nothing: its points wait for a later run over these days."),
    "nothing_whole": _("Nothing: its points wait for a later run over these days."),
    "tier_share": _("Nothing: it may redeem more when it earns more, or rises."),
    "over_limit": _("Raise the most of one top-up in the programme file, or convert a shorter period."),
    "over_card_limit": _("Convert it next month, or raise the limit of a card in the programme file."),
    "not_identified": _("Ask its holder to show the issuer who they are; until then less fits."),
    "card_number": _("Correct its code or name on its page."),
    "no_tax_rule": _("Add a tax rule for its status, or correct the status on its page."),
    "tax_refused": _("Look at the tax rules: they cannot be computed for it."),
    "nothing_after_tax": _("Nothing: the tax would leave nothing to load."),
}
"""What somebody of finance does about an account that was left out, by the code of the reason."""


@dataclass(frozen=True)
class LeftOut:
    """An account that was left out: who, how much, why, and what to do; ``href`` is its page."""

    name: str
    code: str
    points: int
    amount_minor: int
    why: Any
    do: Any
    href: str | None


def left_out(run: ConversionRun, most: int) -> list[LeftOut]:
    """Give the first accounts that a run left out. One query."""
    shown = run.exceptions[:most]
    ids = _ids(run, [one["distributor"] for one in shown])
    return [
        LeftOut(
            one["name"],
            one["distributor"],
            one.get("points", 0),
            one["amount_minor"],
            wording.EXCEPTION.get(one["code"], one["message"]),
            WHAT_TO_DO.get(one["code"], ""),
            _record(ids.get(code_key(one["distributor"]))),
        )
        for one in shown
    ]


def in_the_way(report: Report) -> list[LeftOut]:
    """Give those of a run who could not be loaded if it were ordered now. One query, where there are any."""
    ids = _ids(report.run, [one.distributor for one in report.obstacles])
    return [
        LeftOut(
            one.name,
            one.distributor,
            one.points,
            one.amount_minor,
            wording.EXCEPTION[one.why.code],
            WHAT_TO_DO[one.why.code] if one.why.code != "no_card" else _("Register its card."),
            _record(ids.get(code_key(one.distributor))),
        )
        for one in report.obstacles
    ]


def _ids(run: ConversionRun, codes: Sequence[str]) -> dict[str, int]:
    if not codes:
        return {}
    found = session().execute(
        select(Distributor.code_key, Distributor.id).where(
            Distributor.program_id == run.program_id,
            among_texts(Distributor.code_key, [code_key(one) for one in codes]),
        )
    )
    return dict(found.all())


def _record(distributor_id: int | None) -> str | None:
    if distributor_id is None:
        return None
    return url_for("records.show", program_code=scope().program.code, distributor_id=distributor_id)


@dataclass(frozen=True)
class Moment:
    """Something that happened to a run: in words, when, who did it; a drawing and a tone; more where there is more."""

    title: str
    at: dt.datetime
    who: str | None = None
    drawing: str = "dot"
    tone: str = "plain"
    more: str = ""


def moments(report: Report) -> list[Moment]:
    """Tell what happened to a run, newest first."""
    run = report.run
    found = [_prepared(run)]
    if run.approved_at is not None:
        found.append(Moment(gettext("Approved"), run.approved_at, run.approved_by, "check", "good"))
    for batch in report.batches:
        found += _of_file(batch)
    found += [_answered(one) for one in report.responses]
    if run.closed_at is not None and run.status is RunStatus.SETTLED:
        found.append(Moment(gettext("Everything is answered"), run.closed_at, None, "check-circle", "good"))
    if run.closed_at is not None and run.status is RunStatus.CANCELLED:
        found.append(Moment(gettext("Called off"), run.closed_at, None, "cross", "bad"))
    return sorted(found, key=lambda one: one.at, reverse=True)


def _prepared(run: ConversionRun) -> Moment:
    if run.kind is RunKind.REDEMPTIONS:
        title = gettext("Approved redemptions gathered")
    elif run.previewed_by == ACTOR:
        return Moment(gettext("Prepared by the programme's schedule"), run.previewed_at, None, "calendar")
    elif run.status is RunStatus.PREPARING:
        title = gettext("Selecting and freezing")
    else:
        title = gettext("Selected and frozen")
    return Moment(title, run.previewed_at, run.previewed_by, "runs")


def _of_file(batch: LoadBatch) -> list[Moment]:
    lines = ngettext("%(num)s row", "%(num)s rows", batch.lines)
    said = f"{Path(batch.file).name} · {lines} · {formats.cash(batch.amount_minor)}"
    found = [Moment(gettext("Order file written"), batch.created_at, batch.created_by, "file", "busy", said)]
    if batch.sent_at is not None:
        found.append(Moment(gettext("The provider had it"), batch.sent_at, None, "send", "busy"))
    if batch.accepted_at is not None:
        found.append(Moment(gettext("The provider took the file"), batch.accepted_at, None, "check", "good"))
    if batch.refused_at is not None:
        why = gettext("The provider says: “%(words)s”.", words=batch.refusal) if batch.refusal else ""
        found.append(Moment(gettext("The provider refused the file"), batch.refused_at, None, "alert", "bad", why))
    return found


def of_loads(counts: Mapping[str, int]) -> str:
    """Say what an answer said of loads; nothing where it said something of the file as a whole alone."""
    said = {name: counts.get(name, 0) for name in ("loaded", "failed", "unknown", "again")}
    if not any(said.values()):
        return ""
    return gettext(
        "Loaded: %(loaded)s. Failed: %(failed)s. Unknown: %(unknown)s. Known before: %(again)s.",
        **{name: formats.figure(count) for name, count in said.items()},
    )


def _answered(response: LoadResponse) -> Moment:
    said = of_loads(response.counts)
    return Moment(gettext("Answers taken in"), response.received_at, response.received_by, "download", "plain", said)


@dataclass(frozen=True)
class NotTaken:
    """A row of an answer that could not be taken as it is: where it stands, which load it names, why; when it came."""

    row: int | None
    reference: str
    why: str
    at: dt.datetime


def not_taken(report: Report) -> list[NotTaken]:
    """Give the rows of answers that could not be taken, the newest answer first."""
    return [
        NotTaken(
            one["row"],
            one["reference"] or "",
            said_of(one.get("said"), one["message"], gettext, formats.figure),
            response.received_at,
        )
        for response in sorted(report.responses, key=lambda one: one.received_at, reverse=True)
        for one in response.problems
    ]


@dataclass(frozen=True)
class Outcome:
    """What became of some points of a run: of how many accounts they are, and how many."""

    title: Any
    tone: str
    accounts: int
    points: int


_FATES: Sequence[tuple[Any, str, Sequence[TopUpStatus]]] = (
    (_("Loaded, points redeemed"), "good", (TopUpStatus.LOADED,)),
    (_("Failed, points given back"), "bad", (TopUpStatus.FAILED,)),
    (_("Called off, points given back"), "plain", (TopUpStatus.CANCELLED,)),
    (_("Open, points reserved"), "wait", (TopUpStatus.RESERVED, *OPEN)),
)


def outcome(report: Report) -> list[Outcome]:
    """Sum what became of the points of a run: together it is what the preview said."""
    found = []
    for title, tone, statuses in _FATES:
        of = [one for one in report.totals if one.kind is TopUpKind.REWARD and one.status in statuses]
        if of:
            found.append(Outcome(title, tone, sum(one.top_ups for one in of), sum(one.points for one in of)))
    return found


def response_hint(answers: Answers) -> str:
    """Say what a response file looks like, by how the files of its provider are read."""
    if answers.fixed_width is not None:
        return gettext(
            "The operator's file as it is, with its fields where the template has them. The same file twice changes"
            " nothing."
        )
    lines = answers.lines
    return gettext(
        "CSV in UTF-8 or xlsx with the columns %(reference)s and %(result)s (%(words)s). The same file twice changes"
        " nothing.",
        reference=lines.reference,
        result=lines.result,
        words=", ".join([*lines.loaded, *lines.failed, *lines.unknown]),
    )
