"""Conversion runs: preview, approval by a second person, order file, the provider's answers."""

import datetime as dt
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField, FileRequired
from sqlalchemy import ColumnElement, Select, case, func, select
from werkzeug.wrappers import Response
from wtforms import BooleanField, StringField
from wtforms.validators import InputRequired, Length

from app.db.transaction import transaction
from app.domain.roles import GRANTS, Permission, Role
from app.domain.saying.wording import said_of
from app.domain.states import RunKind, RunStatus, TopUpKind, TopUpStatus, Unit
from app.extensions import db
from app.jobs import messenger
from app.models.prepaid import ConversionRun, LoadBatch, LoadResponse, TopUp
from app.services.same_person import is_same
from app.web import formats
from app.web.addresses import id_asked
from app.web.context import kontor, now, person, scope, session, settings, today
from app.web.finance.conversions import reading as run_reading
from app.web.finance.conversions.segments import new_run, segment_of, whose
from app.web.finance.conversions.settings import TAKES
from app.web.finance.conversions.top_ups import of_run
from app.web.forms.form import Form
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, Choice, Column, Days, Kind, Listing, OneOf, To
from app.web.words import imports as import_words
from app.web.words import runs as wording
from app.web.words.wording import ROLE
from importers.errors import ImportRefused
from prepaid import jobs
from prepaid.conversions import ordering, preparing
from prepaid.conversions import runs as prepaid_runs
from prepaid.conversions.runs import Report, exception_counts
from prepaid.errors import PrepaidError, TermsInvalid
from prepaid.issuers.order_forms import answers_of
from prepaid.loads import settling
from prepaid.loads.moves import OPEN, run_of
from prepaid.redeeming.quoting import EVER
from prepaid.scheduled import ACTOR, scheduled_of

LINES = 25
EXCEPTIONS = 50

bp = Blueprint("runs", __name__)


class Cancelling(Form):
    """Why a run is called off."""

    reason = StringField(_("Reason"), [InputRequired(_("Say why.")), Length(max=200)])
    not_sent = BooleanField(_("The order file was not given to the provider"))


class Answers(Form):
    """A response file that was brought by hand."""

    file = FileField(_("Response file"), [FileRequired(_("Choose the provider's response file."))])


_QUERY: Select[Any] = (
    select()
    .select_from(ConversionRun)
    .where(ConversionRun.program_id == HERE, ConversionRun.kind != RunKind.COMPENSATIONS)
)


def _period(row: Any) -> str:
    if row.kind is RunKind.REDEMPTIONS:
        return gettext("Redemptions, one by one")
    return wording.period(row.from_on, row.to_on)


_POINTS: ColumnElement[int] = case((ConversionRun.unit == Unit.POINTS, ConversionRun.points), else_=0)
"""The points that a run takes: none where it takes money that rules gave."""

RUNS = Listing(
    name="runs",
    title=_("Conversion runs"),
    columns=(
        Column(
            "number",
            _("Run"),
            ConversionRun.id,
            Kind.NUMBER,
            ConversionRun.id,
            link=To("runs.show", run_id="row_id"),
            words=lambda number: gettext("Run %(number)s", number=number),
            small=_period,
        ),
        Column("kind", _("What it takes"), ConversionRun.kind, words=lambda kind: wording.RUN_KIND[kind], shown=False),
        Column("from_on", _("From"), ConversionRun.from_on, shown=False, exported=False),
        Column("to_on", _("To"), ConversionRun.to_on, Kind.DAY, ConversionRun.to_on, shown=False, exported=False),
        # a run that takes all that is open has no first day, and one of all that is available has no last one
        Column("from_day", _("From"), func.nullif(ConversionRun.from_on, EVER[0]), Kind.DAY, shown=False),
        Column("to_day", _("To"), func.nullif(ConversionRun.to_on, EVER[1]), Kind.DAY, shown=False),
        Column("accounts", _("Accounts"), ConversionRun.accounts, Kind.NUMBER, ConversionRun.accounts),
        Column("points", _("Points"), _POINTS, Kind.POINTS, _POINTS),
        Column("amount", _("Rewards"), ConversionRun.amount_minor, Kind.MONEY, ConversionRun.amount_minor),
        Column("compensation", _("Compensation"), ConversionRun.compensation_minor, Kind.MONEY, phone=False),
        Column("status", _("State"), ConversionRun.status, badge=lambda status: wording.RUN[status]),
        Column("previewed_by", _("Prepared by"), ConversionRun.previewed_by, Kind.PERSON, phone=False),
        Column("approved_by", _("Approved by"), ConversionRun.approved_by, Kind.PERSON, phone=False),
    ),
    query=_QUERY,
    id=ConversionRun.id,
    default="-number",
    filters=(
        OneOf.named("state", _("State"), ConversionRun.status, wording.RUN, waits=(RunStatus.PREVIEW,)),
        OneOf(
            "takes",
            _("What it takes"),
            [Choice(kind.value, wording.RUN_KIND[kind]) for kind in (RunKind.PERIOD, RunKind.REDEMPTIONS)],
            lambda value: ConversionRun.kind == RunKind(value),
        ),
        Days("period", _("Period ends"), ConversionRun.to_on),
    ),
)


@bp.get("/programs/<code:program_code>/runs")
def index(program_code: str) -> str | Response:
    return answer(RUNS, "finance/conversions/runs.html", scheduled=scheduled_of(scope().program), takes=TAKES)


@bp.route("/programs/<code:program_code>/runs/new", methods=["GET", "POST"])
def new(program_code: str) -> str | Response | tuple[str, int]:
    form = new_run()
    if request.method == "GET":
        form.from_on.data, form.to_on.data = _days_of(id_asked("over")) or last_month()
        return render_template("finance/conversions/run_new.html", form=form)
    if form.validate():
        try:
            with transaction(db.session) as writing:
                made = preparing.preview(
                    writing,
                    scope().program,
                    from_on=form.from_on.data,
                    to_on=form.to_on.data,
                    unit=Unit.POINTS,
                    segment=segment_of(form),
                    minimum_points=form.minimum.data or 0,
                    actor=person().login,
                    now=now(),
                )
                if prepaid_runs.says_nothing(writing, made):
                    raise Nothing
                run_id, waits = made.id, made.status is RunStatus.PREPARING
        except PrepaidError as error:
            form.refuse(None, wording.refusal(error))
        except Nothing:
            form.refuse("from_on", gettext("Nothing that may be converted was earned within these days."))
        else:
            if waits:
                _wake(messenger.MOST_MESSAGES)
            return redirect(url_for("runs.show", program_code=program_code, run_id=run_id), 303)
    return render_template("finance/conversions/run_new.html", form=form), 400


class Nothing(Exception):  # it is said beside the days
    """Nothing falls within the days that somebody asked for: the run is not kept."""


def _days_of(run_id: int | None) -> tuple[dt.date, dt.date] | None:
    """Give the days of another run of this programme, for one that takes what came back of it."""
    days = select(ConversionRun.from_on, ConversionRun.to_on).where(
        ConversionRun.id == run_id,
        ConversionRun.program_id == scope().program.id,
        ConversionRun.kind == RunKind.PERIOD,
    )
    found = session().execute(days).one_or_none()
    return None if found is None else (found.from_on, found.to_on)


def last_month() -> tuple[dt.date, dt.date]:
    """Give the days of the month before this one: what a run takes at first."""
    last = today().replace(day=1) - dt.timedelta(days=1)
    return last.replace(day=1), last


@bp.get("/programs/<code:program_code>/runs/<id:run_id>")
def show(program_code: str, run_id: int) -> str | Response:
    return _page(prepaid_runs.report(session(), run_id))


def _response_hint(run: ConversionRun) -> str:
    """Say what is brought in as answers of a run; nothing where its operator's template is gone."""
    try:
        return run_reading.response_hint(answers_of(scope().program, run.provider))
    except TermsInvalid:
        return ""


def _page(report: Report, *, cancelling: Cancelling | None = None, answers: Answers | None = None) -> str | Response:
    run = report.run
    return answer(
        of_run(run.id, run.kind),
        "finance/conversions/run.html",
        rows=LINES,
        report=report,
        run=run,
        errand=jobs.errand(session(), run.id),
        preparing=preparing.how_far(session(), run),
        badge=wording.run_badge(run.kind, run.status),
        step=_step(run.status),
        totals=_totals(report),
        reasons=[
            (wording.EXCEPTION.get(code, code), count) for code, count in exception_counts(run.exceptions).items()
        ],
        left_out=run_reading.left_out(run, EXCEPTIONS),
        in_the_way=run_reading.in_the_way(report),
        moments=run_reading.moments(report),
        not_taken=run_reading.not_taken(report),
        outcome=run_reading.outcome(report),
        whose=whose(run.terms) if run.kind is RunKind.PERIOD else [],  # others take no points of a period
        by_schedule=run.previewed_by == ACTOR,
        words=wording,
        tax_said=said_of(run.terms.get("tax_said"), run.terms["tax"], gettext, formats.figure),
        files=_files(report),
        refused=_refused(run.id) if any(one.refused_at for one in report.batches) else [],
        mine=is_same(session(), person().login, run.previewed_by),
        approvers=_roles_with(Permission.APPROVE_RUN),
        preparers=_roles_with(Permission.PREPARE_RUN),
        failed_compensations=_can_be_ordered_again(report),
        cancelling=cancelling or Cancelling(formdata=None),
        answers=answers or Answers(formdata=None),
        response_hint=_response_hint(run),
        asked_to_cancel=cancelling is not None,
        can_be_cancelled=prepaid_runs.can_be_cancelled(session(), report),
        asked_to_settle=answers is not None,
    )


def _can_be_ordered_again(report: Report) -> int:
    """Count the compensations that failed and that no run has ordered since. A query, where any has failed."""
    failed = report.run.status is RunStatus.SETTLED and report.count(TopUpStatus.FAILED, TopUpKind.COMPENSATION)
    return ordering.count_failed(session(), report.run) if failed else 0


def _refused(run_id: int) -> Sequence[Any]:
    """Give the files that the operator refused as a whole, and that wait to be written anew: file, why, when."""
    waits = select(TopUp.id).where(TopUp.load_batch_id == LoadBatch.id, TopUp.status.in_(OPEN)).exists()
    return (
        session()
        .execute(
            select(LoadBatch.file, LoadBatch.refusal, LoadBatch.refused_at)
            .where(LoadBatch.run_id == run_id, LoadBatch.refused_at.is_not(None), waits)
            .order_by(LoadBatch.id)
        )
        .all()
    )


def _roles_with(permission: Permission) -> list[str]:
    return [str(ROLE[role]) for role in Role if permission in GRANTS[role]]


def _step(status: RunStatus) -> int:
    """Tell which of the four steps a run is at; 5 when all are behind it."""
    return {
        RunStatus.PREVIEW: 2,
        RunStatus.APPROVED: 3,
        RunStatus.ORDERED: 4,
        RunStatus.SENDING: 4,
        RunStatus.SENT: 4,
        RunStatus.SETTLED: 5,
    }.get(status, 1)


def _totals(report: Report) -> list[Any]:
    return [
        (wording.KIND[one.kind], wording.TOP_UP[one.status], one.top_ups, one.amount_minor) for one in report.totals
    ]


def _files(report: Report) -> list[Any]:
    """Give the files of a run: what it is, its number, name, rows, and when it was written or came."""
    orders = [("order", one.id, one.file, one.lines, one.created_at) for one in report.batches]
    return orders + [("response", one.id, one.file, one.rows, one.received_at) for one in report.responses]


def _wake(workers: int = 1) -> None:
    messenger.wake(kontor()["addresses"].redis_url, workers)


def _back(run_id: int) -> Response:
    return redirect(url_for("runs.show", program_code=scope().program.code, run_id=run_id), 303)


@bp.post("/programs/<code:program_code>/runs/<id:run_id>/approve")
def approve(program_code: str, run_id: int) -> Response:
    try:
        with transaction(db.session) as writing:
            prepaid_runs.approve(writing, run_id, actor=person().login, now=now())
            jobs.ask(writing, jobs.ORDER, run_id, actor=person().login)
    except PrepaidError as error:
        flash(wording.refusal(error), "danger")
    else:
        _wake()
        flash(gettext("The run is approved. Its order file is being written."), "success")
    return _back(run_id)


@bp.post("/programs/<code:program_code>/runs/<id:run_id>/prepare")
def prepare(program_code: str, run_id: int) -> Response:
    """Go on with a preparation that was stopped: what stopped it was put right."""
    with transaction(db.session) as writing:
        preparing.take_up_again(writing, run_id)
    _wake(messenger.MOST_MESSAGES)
    return _back(run_id)


@bp.post("/programs/<code:program_code>/runs/<id:run_id>/order")
def order(program_code: str, run_id: int) -> Response:
    """Write the order file again: what stopped it was put right."""
    with transaction(db.session) as writing:
        jobs.ask(writing, jobs.ORDER, run_id, actor=person().login)
    _wake()
    return _back(run_id)


@bp.post("/programs/<code:program_code>/runs/<id:run_id>/send")
def send(program_code: str, run_id: int) -> Response:
    with transaction(db.session) as writing:
        jobs.ask(writing, jobs.SEND, run_id, actor=person().login)
    _wake()
    return _back(run_id)


@bp.post("/programs/<code:program_code>/runs/<id:run_id>/reorder")
def reorder(program_code: str, run_id: int) -> Response:
    try:
        with transaction(db.session) as writing:
            ordering.reorder_failed(writing, settings(), run_id, actor=person().login, now=now())
    except PrepaidError as error:
        flash(wording.refusal(error), "danger")
    else:
        flash(gettext("A new order file has the compensations that failed."), "success")
    return _back(run_id)


@bp.post("/programs/<code:program_code>/runs/<id:run_id>/write-anew")
def write_anew(program_code: str, run_id: int) -> Response:
    """Write the files anew that the operator refused as a whole."""
    try:
        with transaction(db.session) as writing:
            ordering.order_refused(writing, settings(), run_id, actor=person().login, now=now())
    except PrepaidError as error:
        flash(wording.refusal(error), "danger")
    else:
        flash(gettext("The file is written anew. Bring this one to the operator."), "success")
    return _back(run_id)


@bp.post("/programs/<code:program_code>/runs/<id:run_id>/cancel")
def cancel(program_code: str, run_id: int) -> Response | tuple[str | Response, int]:
    form = Cancelling()
    if form.validate():
        try:
            with transaction(db.session) as writing:
                prepaid_runs.cancel(
                    writing,
                    run_id,
                    actor=person().login,
                    now=now(),
                    order_file_not_sent=bool(form.not_sent.data),
                    reason=form.reason.data,
                )
        except PrepaidError as error:
            report = prepaid_runs.report(session(), run_id)
            if report.run.status is RunStatus.ORDERED and not form.not_sent.data:
                form.refuse("not_sent", gettext("The provider may have the order file. Say that it does not."))
                return _page(report, cancelling=form), 400
            flash(wording.refusal(error), "danger")
            return _back(run_id)
        flash(gettext("The run is cancelled. What it had taken is back where it came from."), "success")
        return _back(run_id)
    return _page(prepaid_runs.report(session(), run_id), cancelling=form), 400


@bp.post("/programs/<code:program_code>/runs/<id:run_id>/responses")
def settle(program_code: str, run_id: int) -> Response | tuple[str | Response, int]:
    form = Answers()
    if not form.validate():
        return _page(prepaid_runs.report(session(), run_id), answers=form), 400
    sent = form.file.data
    with tempfile.TemporaryDirectory(prefix="kontor-response-") as folder:
        path = Path(folder, "response")
        sent.save(path)
        try:
            with transaction(db.session) as writing:
                settled = settling.settle_file(
                    writing,
                    settings(),
                    run_id,
                    path,
                    name=str(sent.filename or "response.csv"),
                    actor=person().login,
                    now=now(),
                )
        except ImportRefused as error:
            form.refuse("file", import_words.told(error.said))
        except PrepaidError as error:
            form.refuse("file", wording.refusal(error))
        else:
            _tell(settled)
            return _back(run_id)
    return _page(prepaid_runs.report(session(), run_id), answers=form), 400


def not_taken_words(problem: Mapping[str, Any]) -> str:
    """Say where an answer stands that could not be taken, and why; what follows from several stands in no row."""
    told = {
        "reference": problem["reference"] or "–",
        "message": said_of(problem.get("said"), problem["message"], gettext, formats.figure),
    }
    if problem["row"] is None:
        return gettext("%(reference)s: %(message)s", **told)
    return gettext("Row %(row)s, %(reference)s: %(message)s", row=problem["row"], **told)


def _tell(settled: settling.Settled) -> None:
    tone = "success" if not settled.problems else "warning"
    if settled.verdict is not None:
        taken = settled.verdict.accepted
        flash(
            gettext("The operator took the file. What became of each load comes next.")
            if taken
            else gettext("The operator refused the file."),
            tone if taken else "warning",
        )
    if (counts := run_reading.of_loads(settled.counts())) or settled.verdict is None:
        nothing = (
            gettext("None of its answers could be taken: this page says why of each.")
            if settled.problems
            else gettext("Nothing is said of any load.")
        )
        flash(counts or nothing, tone)
    for problem in settled.problems[:5]:
        flash(not_taken_words(problem), "warning")


@bp.get("/programs/<code:program_code>/runs/<id:run_id>/progress")
def progress(program_code: str, run_id: int) -> dict[str, Any]:
    if (standing := preparing.how_far(session(), run_of(session(), run_id))) is not None:
        return _how_far(standing)
    found = jobs.errand(session(), run_id)
    goes_on = found is not None and found.goes_on
    return {"ended": not goes_on, "stage": "running", "share_bp": 0 if goes_on else 10_000, "texts": {}}


def _how_far(found: preparing.HowFar) -> dict[str, Any]:
    """Tell how far a run is prepared."""
    standing = found.standing
    texts = {
        "done": formats.figure(standing.done),
        "accounts": formats.figure(standing.accounts),
        "share": str(standing.share_bp // 100),
    }
    return {
        "ended": not found.goes_on,
        "stage": "counting",
        "share_bp": standing.share_bp,
        "texts": texts,
    }


@bp.get("/programs/<code:program_code>/runs/<id:run_id>/orders/<id:file_id>")
def order_file(program_code: str, run_id: int, file_id: int) -> Response:
    file = session().scalars(select(LoadBatch.file).where(LoadBatch.id == file_id, LoadBatch.run_id == run_id))
    return _send(file.one_or_none())


@bp.get("/programs/<code:program_code>/runs/<id:run_id>/responses/<id:file_id>")
def response_file(program_code: str, run_id: int, file_id: int) -> Response:
    file = session().scalars(select(LoadResponse.file).where(LoadResponse.id == file_id, LoadResponse.run_id == run_id))
    return _send(file.one_or_none())


def _send(file: str | None) -> Response:
    if file is None:
        abort(404)
    path = settings().files / file
    if not path.is_file():
        abort(404)
    return send_file(path, as_attachment=True, download_name=path.name)
