"""Plans of exports: kept filters and columns under a name, made when asked or by themselves."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import Select, select
from werkzeug.wrappers import Response

from app.db.transaction import transaction
from app.domain.export_wish import Shape
from app.domain.roles import Permission
from app.domain.states import ExportRhythm, ExportSpan, ExportSubject, ExportWay
from app.exports.histories import delivering, planning
from app.exports.histories.asking import WishRefused
from app.exports.histories.planning import PlanRefused, Terms
from app.extensions import db
from app.jobs import messenger
from app.models.exports import ExportPlan
from app.web.access.guarding import permitted
from app.web.context import kontor, now, person, scope, session, settings
from app.web.finance.exports import words as export_words
from app.web.finance.exports.exports import siblings, subject_asked
from app.web.finance.exports.forms import PlanForm
from app.web.forms.form import choice
from app.web.languages import language
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, Action, Column, Kind, Listing, Search, To

bp = Blueprint("export_plans", __name__)

_QUERY: Select[object] = select().select_from(ExportPlan).where(ExportPlan.program_id == HERE)

PLANS = Listing(
    name="export_plans",
    title=_("Plans of exports"),
    columns=(
        Column(
            "name",
            _("Plan"),
            ExportPlan.name,
            sort=ExportPlan.name,
            link=To("export_plans.edit", export_plan_id="row_id"),
        ),
        Column(
            "subject",
            _("Export"),
            ExportPlan.shape["subject"].astext,
            words=lambda subject: export_words.SUBJECT[ExportSubject(subject)],
        ),
        Column("span", _("Days"), ExportPlan.span, words=lambda span: export_words.SPAN[span], phone=False),
        Column("rhythm", _("Made by itself"), ExportPlan.rhythm, words=lambda rhythm: export_words.RHYTHM[rhythm]),
        Column("next_on", _("Next"), ExportPlan.next_on, Kind.DAY),
        Column("target", _("Goes to"), ExportPlan.target, phone=False),
        Column("changed_by", _("Kept by"), ExportPlan.changed_by, Kind.PERSON, phone=False),
    ),
    query=_QUERY,
    id=ExportPlan.id,
    default="name",
    filters=(
        Search(ExportPlan.name, ExportPlan.target, people=[ExportPlan.changed_by], title=_("Name, goal or person")),
    ),
    actions=(Action(_("Make now…"), "exports_together.make", "export"),),
)


@bp.get("/programs/<code:program_code>/exports/plans")
def index(program_code: str) -> str | Response:
    return answer(PLANS, "finance/exports/plans.html")


@bp.route("/programs/<code:program_code>/exports/plans/new", methods=["GET", "POST"])
def new(program_code: str) -> str | Response | tuple[str, int]:
    return _edited(None, subject_asked())


@bp.route("/programs/<code:program_code>/exports/plans/<id:export_plan_id>", methods=["GET", "POST"])
def edit(program_code: str, export_plan_id: int) -> str | Response | tuple[str, int]:
    plan = session().get_one(ExportPlan, export_plan_id)
    return _edited(plan, Shape.model_validate(plan.shape).subject)


def _edited(plan: ExportPlan | None, subject: ExportSubject) -> str | Response | tuple[str, int]:
    beside = siblings()
    form = PlanForm()
    form.prepare(subject, beside)
    if Permission.PREPARE_RUN not in permitted():  # who checks invoices may take rows away, and send them nowhere
        form.way.choices = [choice(ExportWay.NONE.value, export_words.WAY[ExportWay.NONE])]
    if request.method == "GET":
        _begin(form, plan, subject)
    elif form.validate() and _kept(form, plan, subject, beside):
        flash(gettext("The plan is kept."), "success")
        return redirect(url_for("export_plans.index", program_code=scope().program.code), 303)
    page = render_template(
        "finance/exports/plan.html",
        form=form,
        plan=plan,
        subject=subject,
        subjects=export_words.SUBJECT,
        outgoing=delivering.outgoing(settings(), scope().program.code).relative_to(settings().home),
    )
    return page if request.method == "GET" else (page, 400)


def _begin(form: PlanForm, plan: ExportPlan | None, subject: ExportSubject) -> None:
    form.begin(subject, Shape.model_validate(plan.shape) if plan is not None else None, language())
    if plan is None:
        return
    form.name.data, form.target.data = plan.name, plan.target
    form.span.data, form.rhythm.data, form.way.data = plan.span.value, plan.rhythm.value, plan.way.value
    if plan.rhythm is ExportRhythm.WEEKLY:
        form.weekday.data = str(plan.day)
    else:
        form.day.data = plan.day


def _kept(form: PlanForm, plan: ExportPlan | None, subject: ExportSubject, beside: list[str]) -> bool:
    """Keep the plan; False where the form says what is wrong."""
    shape = form.shape(subject, beside)
    if shape is None:
        return False
    way = ExportWay(form.way.data)
    terms = Terms(
        form.name.data or "",
        ExportSpan(form.span.data),
        ExportRhythm(form.rhythm.data),
        form.turn,
        way,
        form.target.data if way is not ExportWay.NONE else None,
    )
    try:
        with transaction(db.session) as writing:
            known = writing.get_one(ExportPlan, plan.id) if plan is not None else None
            planning.keep(writing, scope().program, shape, terms, actor=person().login, now=now(), plan=known)
    except PlanRefused as refused:
        if refused.place == "name":
            form.refuse("name", gettext("Another plan has this name."))
        elif way is ExportWay.MAIL:
            form.refuse("target", gettext("Write one to %(most)s e-mail addresses.", most=planning.MOST_ADDRESSES))
        else:
            form.refuse("target", gettext("Write a name of small letters, digits and hyphens, such as month-end."))
    except WishRefused as refused:
        form.refuse(None, export_words.refusal(refused))
    else:
        return True
    return False


@bp.post("/programs/<code:program_code>/exports/plans/<id:export_plan_id>/make")
def make(program_code: str, export_plan_id: int) -> Response:
    """Make what a plan says, now."""
    try:
        with transaction(db.session) as writing:
            plan = writing.get_one(ExportPlan, export_plan_id)
            made = planning.make_now(writing, scope().program, plan, actor=person().login, now=now()).id
    except WishRefused as refused:
        flash(export_words.refusal(refused), "danger")
        return redirect(url_for("export_plans.edit", program_code=program_code, export_plan_id=export_plan_id), 303)
    messenger.wake(kontor()["addresses"].redis_url, 1)
    return redirect(url_for("exports.show", program_code=program_code, export_id=made), 303)


@bp.post("/programs/<code:program_code>/exports/plans/<id:export_plan_id>/put-away")
def put_away(program_code: str, export_plan_id: int) -> Response:
    with transaction(db.session) as writing:
        planning.put_away(writing, writing.get_one(ExportPlan, export_plan_id), actor=person().login, now=now())
    flash(gettext("The plan is put away. What was made by it stays."), "success")
    return redirect(url_for("export_plans.index", program_code=program_code), 303)
