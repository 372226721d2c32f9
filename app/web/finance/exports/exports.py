"""Exports: what finance took away, with filter and hash; a new one, how far it is, its file, the same file again."""

import datetime as dt
from typing import Any

from flask import Blueprint, abort, flash, jsonify, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import Date, Select, case, cast, func, select
from werkzeug.wrappers import Response

from app.db.transaction import transaction
from app.domain.export_wish import Wish
from app.domain.roles import Permission, may
from app.domain.states import ExportState, ExportSubject
from app.exports.histories import asking, words
from app.exports.histories.asking import WishRefused
from app.exports.histories.catalogue import HISTORIES
from app.exports.histories.describing import Field
from app.extensions import db
from app.jobs import messenger
from app.models.exports import Export, ExportPlan
from app.models.programs import Program
from app.services import audit
from app.services.telling.texts import translated
from app.web import formats
from app.web.context import kontor, now, person, scope, session, settings, today
from app.web.finance.exports import words as export_words
from app.web.finance.exports.forms import ExportDays
from app.web.languages import language
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, Action, Column, Kind, Listing, OneOf, Search, To

bp = Blueprint("exports", __name__)

_QUERY: Select[Any] = (
    select().select_from(Export).outerjoin(ExportPlan, ExportPlan.id == Export.plan_id).where(Export.program_id == HERE)
)
_FROM, _TO = cast(Export.wish["from_on"].astext, Date), cast(Export.wish["to_on"].astext, Date)


def _days(row: Any) -> str:
    return f"{formats.day(row.from_on)} – {formats.day(row.to_on)}"


EXPORTS = Listing(
    name="exports",
    title=_("Exports"),
    columns=(
        Column(
            "subject",
            _("Export"),
            Export.subject,
            words=lambda subject: export_words.SUBJECT[subject],
            link=To("exports.show", export_id="row_id"),
            small=_days,
        ),
        Column("from_on", _("From"), _FROM, Kind.DAY, shown=False),
        Column("to_on", _("To"), _TO, Kind.DAY, shown=False),
        Column("plan", _("Plan"), ExportPlan.name, phone=False),
        Column("form", _("File"), Export.form, words=lambda form: form.value.upper()),
        Column("rows", _("Rows"), Export.rows, Kind.NUMBER),
        Column("state", _("State"), Export.state, badge=lambda state: export_words.STATE[state]),
        Column("asked_by", _("Asked by"), Export.asked_by, Kind.PERSON, phone=False),
        Column("asked_at", _("Asked"), Export.asked_at, Kind.INSTANT, Export.asked_at),
        Column("sha256", "SHA-256", func.encode(Export.sha256, "hex"), Kind.CODE, shown=False),
        Column(
            "again",
            _("Made again"),
            case({True: "same", False: "other"}, value=Export.again_same, else_=None),
            words=lambda found: {"same": _("the same"), "other": _("NOT the same")}[found],
            phone=False,
        ),
    ),
    query=_QUERY,
    id=Export.id,
    default="-asked_at",
    filters=(
        Search(ExportPlan.name, people=[Export.asked_by], title=_("Person or plan")),
        OneOf.named("subject", _("Export"), Export.subject, export_words.SUBJECT),
        OneOf.named("state", _("State"), Export.state, export_words.STATE),
    ),
    actions=(Action(_("Make again and compare…"), "exports_together.again", "export"),),
)


@bp.get("/programs/<code:program_code>/exports")
def index(program_code: str) -> str | Response:
    return answer(EXPORTS, "finance/exports/list.html")


def siblings() -> list[str]:
    """Give the programmes of the same sponsor that whoever asks may export, this one first."""
    here = scope().program
    found = session().execute(
        select(Program.id, Program.code)
        .where(Program.sponsor == here.sponsor, Program.id != here.id)
        .order_by(Program.id)
    )
    return [here.code, *(code for id_, code in found if may(person(), Permission.EXPORT, id_))]


def subject_asked() -> ExportSubject:
    """Read of which history an export is asked: top-ups where none is named; one that there is not is no page."""
    said = request.args.get("subject") or ExportSubject.TOP_UPS.value
    if said not in set(ExportSubject):
        abort(404)
    return ExportSubject(said)


@bp.route("/programs/<code:program_code>/exports/new", methods=["GET", "POST"])
def new(program_code: str) -> str | Response | tuple[str, int]:
    subject, beside = subject_asked(), siblings()
    form = ExportDays()
    form.prepare(subject, beside)
    made = None
    if request.method == "GET":
        form.begin(subject, None, language())
        yesterday = today() - dt.timedelta(days=1)
        form.to_on.data = _day(request.args.get("to", "")) or yesterday
        form.from_on.data = _day(request.args.get("from", "")) or form.to_on.data.replace(day=1)
    elif form.validate():
        made = _asked(form, subject, beside)
    if made is not None:
        messenger.wake(kontor()["addresses"].redis_url, 1)
        return redirect(url_for("exports.show", program_code=program_code, export_id=made), 303)
    page = render_template(
        "finance/exports/new.html",
        form=form,
        subject=subject,
        subjects=export_words.SUBJECT,
    )
    return page if request.method == "GET" else (page, 400)


def _day(said: str) -> dt.date | None:
    """Read a day that another page says; what is none is as if nothing was said."""
    try:
        return dt.date.fromisoformat(said)
    except ValueError:
        return None


def _asked(form: ExportDays, subject: ExportSubject, beside: list[str]) -> int | None:
    """Put the export up; None where the form says what is wrong."""
    shape = form.shape(subject, beside)
    if shape is None:
        return None
    wish = Wish.of(shape, (form.from_on.data, form.to_on.data))
    try:
        with transaction(db.session) as writing:
            return asking.ask(writing, wish, program_id=scope().program.id, actor=person().login, now=now()).id
    except WishRefused as refused:
        form.refuse(None, export_words.refusal(refused))
    return None


@bp.get("/programs/<code:program_code>/exports/<id:export_id>")
def show(program_code: str, export_id: int) -> str:
    made = session().get_one(Export, export_id)
    wish, history = asking.wish_of(made), HISTORIES[made.subject]
    columns = history.chosen(wish.columns)
    measures = [history.one(key) for key in made.sums[0]["amounts"]] if made.sums else []
    return render_template(
        "finance/exports/show.html",
        export=made,
        wish=wish,
        title=export_words.SUBJECT[made.subject],
        state=export_words.STATE[made.state],
        standing=asking.standing_of(session(), made),
        plan=session().get(ExportPlan, made.plan_id) if made.plan_id is not None else None,
        narrowed=words.filters(history, wish, language()),
        failure=words.failure(made.failure, language()) if made.failure is not None else None,
        columns=[gettext(one.title) for one in columns],
        by=[history.one(key) for key in history.by],
        measures=measures,
        word=_word,
        there=asking.file_path(settings().files, made).is_file(),
        may_take=may_take(made),
    )


@bp.get("/programs/<code:program_code>/exports/<id:export_id>/progress")
def progress(program_code: str, export_id: int) -> Response:
    standing = asking.standing_of(session(), session().get_one(Export, export_id))
    return jsonify(
        {
            "ended": standing.ended,
            "stage": standing.stage,
            "share_bp": standing.share_bp,
            "texts": {
                "share": f"{standing.share_bp // 100}",
                "rows_done": formats.figure(standing.done),
                "rows": formats.figure(standing.of),
            },
        }
    )


def _word(one: Field, code: str | None) -> str:
    """Give the word of a code in a column."""
    known = (one.words or {}).get(code or "")
    return translated(known, language()) if known is not None else code or ""


def may_take(made: Export) -> bool:
    """Tell whether whoever asks may export each programme that it is of: it may be more than this one."""
    codes = asking.wish_of(made).programs
    ids = session().scalars(select(Program.id).where(Program.code.in_(codes))).all()
    return len(ids) == len(codes) and all(may(person(), Permission.EXPORT, one) for one in ids)


@bp.get("/programs/<code:program_code>/exports/<id:export_id>/file")
def file(program_code: str, export_id: int) -> Response:
    """Send the file; who took it away is written down."""
    made = session().get_one(Export, export_id)
    path = asking.file_path(settings().files, made)
    if made.state is not ExportState.MADE or not path.is_file() or not may_take(made):
        abort(404)
    with transaction(db.session) as writing:
        audit.note(writing, person().login, "export.take", str(export_id), now=now(), program_id=scope().program.id)
    return send_file(path, as_attachment=True, download_name=asking.file_name(made), max_age=0)


@bp.post("/programs/<code:program_code>/exports/<id:export_id>/again")
def again(program_code: str, export_id: int) -> Response:
    made = session().get_one(Export, export_id)
    if made.state is not ExportState.MADE or not may_take(made):
        abort(404)
    with transaction(db.session) as writing:
        asking.ask_again(writing, export_id, actor=person().login, now=now())
    messenger.wake(kontor()["addresses"].redis_url, 1)
    flash(gettext("The file is made again and compared. Look at this page in a moment."), "success")
    return redirect(url_for("exports.show", program_code=program_code, export_id=export_id), 303)
