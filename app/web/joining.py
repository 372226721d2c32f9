"""The published page on which people apply to a programme: its own questions besides those that every form has."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response
from wtforms import BooleanField, Field, RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from app.db.transaction import transaction
from app.domain.program_file.registration import COMPANY, LONGEST_ANSWER, REP, AnswerKind, Question, in_language
from app.domain.typed.mail_addresses import is_mail_address
from app.domain.typed.phones import NoPhoneNumber, phone_number
from app.extensions import db
from app.services.access import people
from app.services.joining import applications, registration
from app.services.joining.applications import Applicant
from app.web.addresses import outside
from app.web.auth import counting
from app.web.auth.pace import even
from app.web.context import now, scope, session
from app.web.forms.fields import DayField
from app.web.forms.form import Form, choice
from app.web.languages import language

bp = Blueprint("join", __name__)

Answer = str | Response | tuple[str, int] | tuple[str, int, dict[str, str]]

MOST_APPLICATIONS = 5
_PREFIX = "q-"


class ApplicantForm(Form):
    """What every applicant says."""

    name = StringField(_("Your name"), [InputRequired(_("Fill in your name.")), Length(max=120)])
    login = StringField(
        _("E-mail"),
        [InputRequired(_("Fill in your e-mail address.")), Length(max=254)],
        description=_("The answer goes there."),
    )
    phone = StringField(_("Phone number"), [Optional(), Length(max=30)])


class CompanyForm(ApplicantForm):
    """What a company says."""

    company = StringField(_("Company"), [InputRequired(_("Fill in the company's name.")), Length(max=200)])
    tax_id = StringField(_("Tax id"), [InputRequired(_("Fill in the tax id.")), Length(max=32)])


class RepForm(ApplicantForm):
    """What somebody's sales rep says."""

    company = StringField(_("Your employer"), [InputRequired(_("Fill in your employer's name.")), Length(max=200)])
    tax_id = StringField(
        _("Tax id of your employer"),
        [InputRequired(_("Fill in the tax id of your employer.")), Length(max=32)],
        description=_("By it the employer is found and asked for consent."),
    )


AGREED = _("I agree that what I have written is kept and looked at, to decide on my application.")


def form_for(kind: str, questions: Sequence[Question], *, agreement: Any = AGREED) -> Form:
    """Make the form of a company or of a sales rep, with the programme's questions at its end.

    ``agreement`` is what whoever sends it agrees to, or says that the applicant agrees to.
    """
    base = RepForm if kind == REP else CompanyForm
    fields: dict[str, Any] = {f"{_PREFIX}{one.key}": _field(one) for one in questions if one.of(kind)}
    fields["agreed"] = BooleanField(
        agreement,
        [InputRequired(_("Without this nobody may look at your application."))],
    )
    # EANs, phones and tax ids can pass for the numbers of cards
    fields["may_look_like_cards"] = frozenset({"phone", "tax_id"})
    made: type[Form] = type("JoinForm", (base,), fields)
    return made()


@bp.route("/join/<code:program_code>", methods=["GET", "POST"])
def form(program_code: str) -> Answer:
    kind = REP if request.args.get("as") == REP else COMPANY
    kept = registration.form_of(session(), scope().program.id)
    form = form_for(kind, kept.questions)
    if request.method == "GET":
        return _page(form, kept, kind)
    phone = phone_if_sound(form)
    if phone is None:
        return _page(form, kept, kind), 400
    applicant = applicant_of(form, kind, phone)
    refused = counting.count(f"join:{applicant.login}", form, MOST_APPLICATIONS)
    if refused:
        return _page(form, kept, kind), *refused
    with even(), transaction(db.session) as changing:
        applications.apply(
            changing,
            scope().program,
            applicant,
            kept.questions,
            answers_of(form, kept.questions),
            employer_consent=kept.employer_consent,
            consent_page=consent_page,
            address=request.remote_addr or "",
            now=now(),
        )
    return redirect(url_for("join.thanks", program_code=program_code), 303)


@bp.get("/join/<code:program_code>/thanks")
def thanks(program_code: str) -> str:
    return render_template("joining/thanks.html")


def applicant_of(form: Form, kind: str, phone: str) -> Applicant:
    """Read from a form who applies; ``phone`` is what `phone_if_sound` made of theirs."""
    return Applicant(
        kind=kind,
        login=people.login_key(form["login"].data),
        name=form["name"].data,
        company=form["company"].data,
        tax_id=form["tax_id"].data,
        phone=phone,
        locale=language(),
    )


def answers_of(form: Form, questions: Sequence[Question]) -> dict[str, Any]:
    """Read the answers to a programme's own questions, as they are kept."""
    found: dict[str, Any] = {}
    for one in questions:
        field = form._fields.get(f"{_PREFIX}{one.key}")
        if field is not None:
            data = field.data
            found[one.key] = data.isoformat() if one.kind is AnswerKind.DAY and data is not None else data
    return found


def consent_page(distributor_id: str) -> str:
    """Give the address of the page where a distributor's owner agrees to a rep."""
    return outside("consents.index", program_code=scope().program.code, distributor_id=int(distributor_id))


def _field(one: Question) -> Field:
    """Make the field of a question, in the language of the page."""
    read, own = language(), scope().program.locale
    label, hint = in_language(one.label, read, own), in_language(one.hint, read, own)
    needed: list[Any] = [InputRequired(gettext("This has to be answered."))] if one.required else [Optional()]
    choices = [choice(made.value, in_language(made.label, read, own)) for made in one.choices]
    if one.kind is AnswerKind.TEXT:
        return TextAreaField(label, [*needed, Length(max=LONGEST_ANSWER)], description=hint)
    if one.kind is AnswerKind.DAY:
        return DayField(label, needed, description=hint)
    if one.kind is AnswerKind.TICK:
        return BooleanField(label, needed, description=hint)
    if one.kind is AnswerKind.ONE:
        return RadioField(label, needed, choices=choices, description=hint)
    if one.kind is AnswerKind.SEVERAL:
        return SelectMultipleField(label, needed, choices=choices, description=hint)
    return StringField(label, [*needed, Length(max=200)], description=hint)


def phone_if_sound(form: Form) -> str | None:
    """Give the phone number of a form in which nothing is wrong, empty where it has none; else say all that is."""
    sound = form.validate()
    typed = form["login"].data
    if typed and not form["login"].errors and not is_mail_address(people.login_key(typed)):
        form.refuse("login", gettext("This is no e-mail address."))
        sound = False
    phone = _phone(form)
    return phone if sound else None


def _phone(form: Form) -> str | None:
    typed = form["phone"].data or ""
    try:
        return phone_number(typed, scope().program.country) if typed else ""
    except NoPhoneNumber:
        form.refuse("phone", gettext("This is no phone number. Write it with the country code."))
        return None


def _page(form: Form, kept: registration.Form, kind: str) -> str:
    program = scope().program
    return render_template(
        "joining/form.html",
        form=form,
        kind=kind,
        intro=in_language(kept.intro, language(), program.locale),
    )
