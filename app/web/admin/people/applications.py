"""Applications to a programme: the list, and each with what was answered, what looks like it, and what to decide."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _
from sqlalchemy import Select, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.db.transaction import transaction
from app.domain.program_file.registration import COMPANY, REP
from app.domain.states import ApplicationState
from app.extensions import db
from app.models.distributors import Distributor
from app.models.joining import Application
from app.services.access.invitations import AlreadyThere
from app.services.joining import applicant_twins, applications, registration
from app.services.joining.applications import OPEN
from app.services.participants import distributors
from app.services.participants.new_distributors import CodeTaken
from app.web.addresses import outside
from app.web.auth.held import say_if_held
from app.web.auth.links import invitation_link
from app.web.context import now, person, scope, session
from app.web.forms.form import CodeField, Form, choice
from app.web.lists import together
from app.web.lists.answering import answer
from app.web.lists.describing import HERE, Action, Badge, Column, Kind, Listing, Moments, OneOf, Search, To
from app.web.lists.together import Deed, Row, Stays
from app.web.words.tax import unlikely_tax_id

bp = Blueprint("applications", __name__)

Answer = str | Response | tuple[str, int]

KIND = {COMPANY: _("Company"), REP: _("Sales rep")}
STATE = {
    ApplicationState.NEW: Badge(_("To be decided"), "wait"),
    ApplicationState.CONSENT: Badge(_("Waits for the employer"), "busy"),
    ApplicationState.ACCEPTED: Badge(_("Accepted"), "good"),
    ApplicationState.REFUSED: Badge(_("Refused"), "bad"),
}


class AcceptCompany(Form):
    """Under which distributor a company comes in."""

    may_look_like_cards = frozenset({"tax_id"})

    into = RadioField(
        _("Distributor"),
        [InputRequired(_("Say whether it is a new distributor."))],
        choices=[choice("new", _("A new one")), choice("known", _("One that is here already"))],
    )
    code = CodeField(
        _("Code"),
        [InputRequired(_("Give the distributor's code.")), Length(max=64)],
        description=_("Of the new distributor, or of the one that is here."),
    )
    tax_id = StringField(
        _("Tax id"), [Length(max=32)], description=_("Of a new distributor, as its pages and invoices are to have it.")
    )
    group = SelectField(_("Group of a new distributor"))


class AcceptRep(Form):
    """To which distributor a sales rep belongs."""

    code = CodeField(_("Distributor's code"), [InputRequired(_("Say whose sales rep it is.")), Length(max=64)])


class AcceptMany(Form):
    """Into which group the new distributors come."""

    group = SelectField(_("Group of the new distributors"))


class Refuse(Form):
    """Why an application is refused; the applicant reads it."""

    reason = TextAreaField(_("Reason"), [InputRequired(_("Say why; the applicant reads it.")), Length(max=1_000)])


_QUERY: Select[Any] = select().select_from(Application).where(Application.program_id == HERE)

APPLICATIONS = Listing(
    name="applications",
    title=_("Applications"),
    columns=(
        Column(
            "company",
            _("Company"),
            Application.company,
            sort=Application.company,
            link=To("applications.show", application_id="row_id"),
        ),
        Column("name", _("Applicant"), Application.name, sort=Application.name, small="login"),
        Column("kind", _("Kind"), Application.kind, words=lambda kind: KIND[kind]),
        Column("tax_id", _("Tax id"), Application.tax_id, Kind.CODE, phone=False),
        Column("created_at", _("Sent"), Application.created_at, Kind.INSTANT, Application.created_at),
        Column("state", _("State"), Application.state, badge=lambda state: STATE[ApplicationState(state)]),
        Column("decided_by", _("Decided by"), Application.decided_by, Kind.PERSON, phone=False),
        Column("login", _("E-mail"), Application.login, shown=False),
    ),
    query=_QUERY,
    id=Application.id,
    default="-created_at",
    actions=(
        Action(_("Accept…"), "applications.accept_many", "vet_applications"),
        Action(_("Refuse…"), "applications.refuse_many", "vet_applications", danger=True),
    ),
    filters=(
        Search(
            Application.company,
            Application.name,
            Application.login,
            Application.tax_id,
            title=_("Company, name, e-mail or tax id"),
        ),
        OneOf.named("state", _("State"), Application.state, STATE),
        OneOf.named("kind", _("Kind"), Application.kind, KIND),
        Moments("sent", _("Sent"), Application.created_at),
    ),
)


@bp.get("/programs/<code:program_code>/applications")
def index(program_code: str) -> str | Response:
    form = registration.form_of(session(), scope().program.id)
    return answer(APPLICATIONS, "admin/people/applications.html", counted=True, published=form.published)


@bp.post("/programs/<code:program_code>/applications/accept")
def accept_many(program_code: str) -> together.Answer:
    """Accept what leaves nothing open; what looks like something that is here is decided by itself."""
    consent = registration.form_of(session(), scope().program.id).employer_consent
    form = AcceptMany()
    form.group.choices = _groups()

    def accept_one(writing: Session, application_id: int) -> None:
        application = writing.get_one(Application, application_id)
        try:
            applications.accept(
                writing,
                scope().program,
                application_id,
                distributor_id=application.distributor_id,
                new_code=_own_code(application_id),
                group_id=int(form.group.data) if form.group.data else None,
                employer_consent=consent,
                link=invitation_link,
                actor=person().login,
                inviter=person().name,
                now=now(),
            )
        except applications.ApplicationClosed as problem:
            raise Stays(gettext("Decided already.")) from problem
        except applications.ConsentMissing as problem:
            raise Stays(gettext("The employer has not agreed yet.")) from problem
        except CodeTaken as problem:
            raise Stays(gettext("Another distributor has this code.")) from problem
        except AlreadyThere as problem:
            raise Stays(gettext("They have this role already.")) from problem

    return together.decide(
        Deed(
            APPLICATIONS,
            url_for("applications.index", program_code=program_code),
            "applications",
            heading=lambda count: ngettext("Accept %(num)s application", "Accept %(num)s applications", count),
            means=_("Each applicant gets a mail with an invitation; each company becomes a new distributor."),
            now=_("Becomes"),
            button=_("Accept"),
            done=lambda count: ngettext(
                "%(num)s application is accepted; an invitation is on its way.",
                "%(num)s applications are accepted; invitations are on their way.",
                count,
            ),
            form=form,
            look=lambda ids: _acceptable(ids, consent=consent),
            do=accept_one,
        )
    )


@bp.post("/programs/<code:program_code>/applications/refuse")
def refuse_many(program_code: str) -> together.Answer:
    form = Refuse()

    def refuse_one(writing: Session, application_id: int) -> None:
        reason = form.reason.data or ""
        try:
            applications.refuse(writing, scope().program, application_id, reason, actor=person().login, now=now())
        except applications.ApplicationClosed as problem:
            raise Stays(gettext("Decided already.")) from problem

    return together.decide(
        Deed(
            APPLICATIONS,
            url_for("applications.index", program_code=program_code),
            "applications",
            heading=lambda count: ngettext("Refuse %(num)s application", "Refuse %(num)s applications", count),
            means=_("Each applicant gets a mail with the reason."),
            now=_("State"),
            button=_("Refuse"),
            done=lambda count: ngettext(
                "%(num)s application is refused; the applicant is told why.",
                "%(num)s applications are refused; the applicants are told why.",
                count,
            ),
            form=form,
            look=_refusable,
            do=refuse_one,
            danger=True,
        )
    )


def _chosen(ids: Sequence[int]) -> Iterator[tuple[Application, Row]]:
    """Give applications, each with its row: what was decided stays."""
    for one in session().scalars(select(Application).where(Application.id.in_(ids))):
        stays = None if one.state in OPEN else gettext("Decided already.")
        yield one, Row(one.id, one.company, one.name, STATE[ApplicationState(one.state)].text, stays)


def _refusable(ids: Sequence[int]) -> Iterator[Row]:
    yield from (row for _application, row in _chosen(ids))


def _acceptable(ids: Sequence[int], *, consent: bool) -> Iterator[Row]:
    """Give applications with what they become: those that leave something open have to be looked at one by one."""
    chosen = list(_chosen(ids))
    named = {one.distributor_id for one, row in chosen if row.stays is None and one.distributor_id is not None}
    employers = dict(session().execute(select(Distributor.id, Distributor.name).where(Distributor.id.in_(named))).all())
    looked_at = 0
    for one, row in chosen:
        if row.stays is not None:
            yield row
            continue
        looked_at += 1
        if looked_at > together.MOST_AT_ONCE:  # each costs some questions; the others are chosen again
            return
        employer = employers.get(one.distributor_id or 0)
        stays: str | None = None
        if one.kind == REP and consent and one.consent_at is None:
            stays = gettext("The employer has not agreed yet.")
        elif one.kind == REP and employer is None:
            stays = gettext("Nobody has said whose sales rep it is.")
        elif one.kind == COMPANY and unlikely_tax_id(one.tax_id, scope().program.country):
            stays = gettext("The tax id cannot be right: open it and correct it.")
        elif applicant_twins.duplicates(session(), one):
            stays = gettext("This looks like something that is here already.")
        becomes = _own_code(one.id) if employer is None else gettext("sales rep of %(name)s", name=employer)
        yield dataclasses.replace(row, now=becomes, stays=stays)


@bp.get("/programs/<code:program_code>/applications/<id:application_id>")
def show(program_code: str, application_id: int) -> str:
    application = session().get_one(Application, application_id)
    return _page(application, _accept_form(application), Refuse())


@bp.post("/programs/<code:program_code>/applications/<id:application_id>/accept")
def accept(program_code: str, application_id: int) -> Answer:
    application = session().get_one(Application, application_id)
    if application.state not in OPEN:
        return _decided_already()
    form = _accept_form(application)
    if form.validate():
        try:
            problem = _accept(application, form)
        except applications.ApplicationClosed:
            return _decided_already()
        if problem is None:
            flash(gettext("The application is accepted; an invitation is on its way."), "success")
            say_if_held()
            return redirect(url_for("applications.index", program_code=program_code), 303)
        form.refuse(*problem)
    return _page(application, form, Refuse()), 400


@bp.post("/programs/<code:program_code>/applications/<id:application_id>/refuse")
def refuse(program_code: str, application_id: int) -> Answer:
    application = session().get_one(Application, application_id)
    if application.state not in OPEN:
        return _decided_already()
    form = Refuse()
    if form.validate():
        try:
            with transaction(db.session) as changing:
                applications.refuse(
                    changing,
                    scope().program,
                    application_id,
                    form.reason.data or "",
                    actor=person().login,
                    now=now(),
                )
        except applications.ApplicationClosed:
            return _decided_already()
        flash(gettext("The application is refused; the applicant is told why."), "success")
        say_if_held()
        return redirect(url_for("applications.index", program_code=program_code), 303)
    return _page(application, _accept_form(application), form), 400


@bp.post("/programs/<code:program_code>/applications/<id:application_id>/ask")
def ask(program_code: str, application_id: int) -> Answer:
    """Ask the employer of a sales rep for consent."""
    application = session().get_one(Application, application_id)
    if application.kind != REP:
        abort(404)
    if application.state not in OPEN:
        return _decided_already()
    form = AcceptRep()
    if form.validate():
        employer = distributors.id_of_code(session(), scope().program.id, form.code.data or "")
        try:
            with transaction(db.session) as changing:
                applications.ask_employer(
                    changing,
                    scope().program,
                    application_id,
                    employer or 0,
                    consent_page=consent_page,
                    actor=person().login,
                    now=now(),
                )
        except applications.ApplicationClosed:
            return _decided_already()
        except applications.DistributorMissing:
            form.refuse("code", gettext("No distributor of this programme has this code."))
        except applications.NobodyToAsk:
            form.refuse("code", gettext("This distributor has no owner who could agree. Invite one first."))
        else:
            flash(gettext("The employer is asked; you see here what they answer."), "success")
            say_if_held()
            return redirect(url_for("applications.show", program_code=program_code, application_id=application_id), 303)
    return _page(application, form, Refuse()), 400


def consent_page(distributor_id: str) -> str:
    """Give the address of the page where a distributor's owner agrees."""
    return outside("consents.index", program_code=scope().program.code, distributor_id=int(distributor_id))


def _decided_already() -> Response:
    """Say that somebody was quicker, where one sees what they decided."""
    flash(gettext("This application was decided already."), "warning")
    here = scope()
    return redirect(url_for("applications.show", program_code=here.program.code, application_id=here.thing_id), 303)


def _accept_form(application: Application) -> AcceptCompany | AcceptRep:
    employer = session().get(Distributor, application.distributor_id) if application.distributor_id else None
    if application.kind == REP:
        return AcceptRep(code=employer.code if employer else "")
    form = AcceptCompany(into="new", code=_own_code(application.id), tax_id=application.tax_id)
    form.group.choices = _groups()
    return form


def _own_code(application_id: int) -> str:
    """Give the code of a distributor that comes of an application, where nobody thinks of another."""
    return f"A-{application_id}"


def _groups() -> list[Any]:
    groups = distributors.groups_of(session(), scope().program.id)
    return [choice("", _("None")), *(choice(str(id_), name) for id_, name in groups)]


def _accept(application: Application, form: AcceptCompany | AcceptRep) -> tuple[str | None, str] | None:
    """Accept an application; give what is wrong, and with which field, where it cannot be."""
    program, code = scope().program, form.code.data or ""
    known = distributors.id_of_code(session(), program.id, code)
    is_new = isinstance(form, AcceptCompany) and form.into.data == "new"
    if not is_new and known is None:
        return "code", gettext("No distributor of this programme has this code.")
    group, tax_id = None, None
    if isinstance(form, AcceptCompany):
        group, tax_id = form.group.data, form.tax_id.data or ""
        if (
            is_new
            and tax_id != application.tax_id
            and (wrong := unlikely_tax_id(tax_id, scope().program.country) or _had(application, tax_id))
        ):
            return "tax_id", wrong
    try:
        with transaction(db.session) as changing:
            applications.accept(
                changing,
                program,
                application.id,
                distributor_id=None if is_new else known,
                new_code=code,
                tax_id=tax_id,
                group_id=int(group) if group else None,
                employer_consent=registration.form_of(changing, program.id).employer_consent,
                link=invitation_link,
                actor=person().login,
                inviter=person().name,
                now=now(),
            )
    except applications.ConsentMissing:
        return None, gettext("The employer has not agreed yet. Ask for the consent first.")
    except CodeTaken:
        return "code", gettext("Another distributor has this code.")
    except AlreadyThere:
        return None, gettext("They have this role already. Refuse the application, and say so.")
    return None


def _had(application: Application, tax_id: str) -> str | None:
    """Say who has a tax id already that is not the one that was applied with: nobody was shown that one's twins."""
    twins = applicant_twins.distributors_with(session(), application.program_id, tax_id)
    return gettext("%(name)s has this tax id already.", name=twins[0].name) if twins else None


def _warned(application: Application) -> str | None:
    """Say of an application that is open what its tax id cannot be, and what to do about it where it is read."""
    unlikely = unlikely_tax_id(application.tax_id, scope().program.country) if application.state in OPEN else None
    if unlikely is None or application.kind == COMPANY:
        return unlikely
    if application.distributor_id is not None:
        return None  # the employer is known, however its tax id was typed
    return gettext(
        "The tax id %(tax_id)s cannot be right, and no employer is found by it: say whose sales rep it is.",
        tax_id=application.tax_id,
    )


def _page(application: Application, accept_form: AcceptCompany | AcceptRep, refuse_form: Refuse) -> str:
    employer = session().get(Distributor, application.distributor_id) if application.distributor_id else None
    return render_template(
        "admin/people/application.html",
        one=application,
        open=application.state in OPEN,
        state=STATE[ApplicationState(application.state)],
        kind=KIND[application.kind],
        employer=employer,
        duplicates=applicant_twins.duplicates(session(), application) if application.state in OPEN else (),
        unlikely=_warned(application),
        consent_needed=application.kind == REP and registration.form_of(session(), scope().program.id).employer_consent,
        accept_form=accept_form,
        refuse_form=refuse_form,
    )
