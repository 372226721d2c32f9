"""A programme's own pages: its file in and out, its look, its terms, and the texts it words itself."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField, FileRequired
from sqlalchemy import func, select
from werkzeug.wrappers import Response
from wtforms import BooleanField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp, ValidationError

from app.db.first import first
from app.db.transaction import transaction
from app.domain.program_file.definition import ProgramFile, ProgramSettings
from app.domain.program_file.verification_settings import Verification
from app.extensions import db
from app.models.programs import Program, ProgramRevision
from app.models.rules import EarningRule, EarningRuleVersion
from app.services.joining import terms
from app.services.rules import rule_drafts
from app.services.setup import logos, program_files, programs
from app.services.setup.basics import put_basics
from app.services.setup.logos import LogoRefused
from app.services.telling import texts
from app.services.telling.languages import LANGUAGES
from app.web import formats
from app.web.addresses import text_asked
from app.web.context import now, person, scope, session
from app.web.forms.fields import DayField
from app.web.forms.form import Form, choice

bp = Blueprint("program", __name__)

MOST_CHANGES = 10
MOST_REVISIONS = 10
MOST_RULES = 100

LONGEST_FILE = 1 << 20


class ProgramFileForm(Form):
    """A programme as a document."""

    file = FileField(_("Programme file"), [FileRequired(_("Choose a YAML file."))])


class FileUnfit(ValueError):
    """A file that is no programme's: the form says so; ``problems`` say what is wrong in it."""

    def __init__(self, problems: list[str]) -> None:
        """Take the problems, each beginning with its path."""
        self.problems = problems
        super().__init__("\n".join(problems))


def document_sent(form: ProgramFileForm) -> ProgramFile:
    """Read the programme file that was sent with a form.

    Raises:
        FileUnfit: It is none, which the form says beside its field.
    """
    content = form.file.data.read(LONGEST_FILE + 1)
    try:
        if len(content) > LONGEST_FILE:
            raise UnicodeError
        return program_files.parse(content.decode("utf-8-sig"))
    except UnicodeError:
        form.refuse("file", gettext("This is no programme file: a YAML document in UTF-8 of at most 1 MB."))
        raise FileUnfit([]) from None
    except program_files.ProgramFileInvalid as error:
        form.refuse("file", gettext("The file cannot be loaded; nothing was changed."))
        raise FileUnfit(error.problems) from None


class BasicsForm(Form):
    """How the programme and its sponsor are called, and until when sales count."""

    name = StringField(_("Name"), [InputRequired(_("Name it.")), Length(max=200)])
    sponsor = StringField(_("Sponsor"), [InputRequired(_("Say who runs and pays for it.")), Length(max=200)])
    ends_on = DayField(
        _("Last day"),
        description=_("Sales of later days earn nothing; what counted already keeps its points. Empty: it goes on."),
    )

    def validate_ends_on(self, field: DayField) -> None:
        if field.data is not None and field.data < (begins := scope().program.starts_on):
            raise ValidationError(gettext("The programme begins on %(day)s.", day=formats.day(begins)))


class LookForm(Form):
    """The sponsor's colour and picture."""

    accent = StringField(
        _("Accent colour"), [Optional(), Regexp(r"^#[0-9a-fA-F]{6}$", message=_("Write it like this: #0b5cad."))]
    )
    logo = FileField(_("Logo"))
    without_logo = BooleanField(_("Take the logo away"), false_values=("", "0"))


class ClaimingForm(Form):
    """Whether sales of the sponsor's own reports are claimed, and what comes of it."""

    SAID = ("people_per_sale", "claim_within_days", "loaded_sales_count", "each_claimant_gets")
    people_per_sale = IntegerField(_("People who may claim one sale"), [Optional(), NumberRange(1, 20)])
    claim_within_days = IntegerField(_("Within so many days of the sale"), [Optional(), NumberRange(1, 3650)])
    loaded_sales_count = SelectField(
        _("Loaded sales count"),
        choices=[
            choice("at_once", _("as soon as they are loaded")),
            choice("when_claimed", _("once somebody claims them")),
        ],
    )
    each_claimant_gets = SelectField(
        _("Each of several people gets"),
        choices=[choice("equal", _("an equal part of the points")), choice("whole", _("the whole of the points"))],
    )


class TermsForm(Form):
    """The terms in each language; those left empty are read in the programme's language."""

    en = TextAreaField("English", [Length(max=terms.LONGEST)])
    pl = TextAreaField("Polski", [Length(max=terms.LONGEST)])
    es = TextAreaField("Español", [Length(max=terms.LONGEST)])
    ru = TextAreaField("Русский", [Length(max=terms.LONGEST)])


class TextForm(Form):
    """One text in one language, in the sponsor's words; empty: as Kontor words it."""

    locale = SelectField(_("Language"), choices=[choice(code, name) for code, name in LANGUAGES.items()])
    wording = TextAreaField(_("In your words"), [Length(max=texts.LONGEST)])


@bp.get("/programs/<code:program_code>/settings")
def settings(program_code: str) -> str:
    return _page()


def _basics() -> BasicsForm:
    program = scope().program
    return BasicsForm(
        formdata=None, data={"name": program.name, "sponsor": program.sponsor, "ends_on": program.ends_on}
    )


def _look() -> LookForm:
    form = LookForm(formdata=None)
    form.accent.data = (scope().program.settings.get("branding") or {}).get("accent")
    return form


def _claiming() -> ClaimingForm:
    return ClaimingForm(formdata=None, data=_verification(scope().program).model_dump())


def _verification(program: Program) -> Verification:
    return ProgramSettings.model_validate(program.settings).verification


def _page(*forms: Form, problems: list[str] | None = None) -> str:
    """Show the settings; of the forms those that were sent, as they were sent."""
    program = scope().program
    sent = {type(one): one for one in forms}
    revisions = first(
        session(),
        select(ProgramRevision.number, ProgramRevision.loaded_at, ProgramRevision.loaded_by)
        .where(ProgramRevision.program_id == program.id, ProgramRevision.of_file)
        .order_by(ProgramRevision.number.desc()),
        MOST_REVISIONS,
    )
    rules = first(
        session(),
        select(EarningRule.code, func.max(EarningRuleVersion.version), func.count())
        .join(EarningRuleVersion, EarningRuleVersion.rule_id == EarningRule.id)
        .where(EarningRule.program_id == program.id)
        .group_by(EarningRule.code)
        .order_by(EarningRule.code),
        MOST_RULES,
    )
    return render_template(
        "admin/settings.html",
        program=program,
        revisions=revisions,
        rules=rules,
        file_form=sent.get(ProgramFileForm) or ProgramFileForm(formdata=None),
        basics_form=sent.get(BasicsForm) or _basics(),
        look_form=sent.get(LookForm) or _look(),
        claiming_form=sent.get(ClaimingForm) or _claiming(),
        problems=problems or [],
    )


@bp.get("/programs/<code:program_code>/settings/file")
def export(program_code: str) -> Response:
    document = programs.export(session(), program_code)
    answer = Response(program_files.to_yaml(document), mimetype="application/yaml; charset=utf-8")
    answer.headers["Content-Disposition"] = f"attachment; filename={scope().program.code}.yaml"
    return answer


@bp.post("/programs/<code:program_code>/settings/file")
def load(program_code: str) -> Response | tuple[str, int]:
    form = ProgramFileForm()
    if not form.validate():
        return _page(form), 400
    try:
        document = document_sent(form)
    except FileUnfit as unfit:
        return _page(form, problems=unfit.problems), 400
    if document.program.code != scope().program.code:
        form.refuse("file", gettext("This file is of another programme: %(code)s.", code=document.program.code))
        return _page(form), 400
    if rule_drafts.goes_around(session(), scope().program, document):
        form.refuse(
            "file", gettext("The file changes rules, which take a second person here: change them under Rules.")
        )
        return _page(form), 400
    try:
        with transaction(db.session) as writing:
            loaded = programs.load(writing, document, actor=person().login, now=now())
    except (programs.CurrencyChanged, programs.TrainingChanged, program_files.ProgramFileInvalid) as error:
        form.refuse("file", gettext("The file cannot be loaded; nothing was changed."))
        return _page(form, problems=str(error).splitlines()), 400
    if loaded.changes:
        flash(gettext("Loaded: %(changes)s", changes=formats.some_of(loaded.changes, MOST_CHANGES, "; ")), "success")
    else:
        flash(gettext("The file says what is in force already; nothing was changed."), "info")
    return redirect(url_for("program.settings", program_code=program_code), 303)


@bp.post("/programs/<code:program_code>/settings/basics")
def basics(program_code: str) -> Response | tuple[str, int]:
    form = BasicsForm()
    if not form.validate():
        return _page(form), 400
    with transaction(db.session) as writing:
        changed = put_basics(
            writing,
            scope().program,
            name=form.name.data or "",
            sponsor=form.sponsor.data or "",
            ends_on=form.ends_on.data,
            actor=person().login,
            now=now(),
        )
    flash(gettext("The programme is changed.") if changed else gettext("Nothing was changed."), "success")
    return redirect(url_for("program.settings", program_code=program_code), 303)


@bp.post("/programs/<code:program_code>/settings/look")
def look(program_code: str) -> Response | tuple[str, int]:
    form, program = LookForm(), scope().program
    if not form.validate():
        return _page(form), 400
    branding = {"branding": {"accent": form.accent.data}} if form.accent.data else {}
    content = form.logo.data.read(logos.LARGEST_BYTES + 1) if form.logo.data else b""
    try:
        with transaction(db.session) as writing:
            document = programs.document_to_change(writing, program)
            others = {key: value for key, value in document["program"].items() if key != "branding"}
            file = program_files.read(document | {"program": others | branding})
            programs.load(writing, file, actor=person().login, now=now(), deed="look")
            if content:
                logos.put_logo(writing, program, content, actor=person().login, now=now())
            elif form.without_logo.data:
                logos.remove_logo(writing, program, actor=person().login, now=now())
    except program_files.ProgramFileInvalid as error:
        form.refuse("accent", str(error).splitlines()[-1])
        return _page(form), 400
    except LogoRefused:
        form.refuse("logo", gettext("Take a PNG, JPEG or WebP picture of at most 256 kB."))
        return _page(form), 400
    flash(gettext("The look is changed."), "success")
    return redirect(url_for("program.settings", program_code=program_code), 303)


@bp.post("/programs/<code:program_code>/settings/claiming")
def claiming(program_code: str) -> Response | tuple[str, int]:
    form = ClaimingForm()
    if not form.validate():
        return _page(form), 400
    if form.people_per_sale.data is None and form.loaded_sales_count.data == "when_claimed":
        form.refuse("people_per_sale", gettext("Say how many, or no loaded sale will ever count."))
        return _page(form), 400
    said = {name: value for name, value in form.data.items() if name in ClaimingForm.SAID and value is not None}
    try:
        with transaction(db.session) as writing:
            document = programs.document_to_change(writing, scope().program)
            stands = document["program"].get("verification", {})
            others = {name: value for name, value in stands.items() if name not in ClaimingForm.SAID}
            document["program"] |= {"verification": others | said}
            file = program_files.read(document)
            programs.load(writing, file, actor=person().login, now=now(), deed="claiming")
    except program_files.ProgramFileInvalid as error:
        form.refuse(None, str(error).splitlines()[-1])
        return _page(form), 400
    flash(
        gettext("What is said about loaded sales is saved; it holds for what is loaded and claimed from now on."),
        "success",
    )
    return redirect(url_for("program.settings", program_code=program_code), 303)


@bp.route("/programs/<code:program_code>/settings/terms", methods=["GET"])
def show_terms(program_code: str) -> str:
    found = terms.in_force(session(), scope().program.id, person().id)
    form = TermsForm(formdata=None, data=found.texts if found is not None else None)
    return _terms_page(form, found)


def _terms_page(form: TermsForm, found: terms.Terms | None) -> str:
    answered = None if found is None else terms.answered(session(), scope().program.id)
    return render_template("admin/terms.html", form=form, terms=found, answered=answered)


@bp.post("/programs/<code:program_code>/settings/terms")
def publish_terms(program_code: str) -> Response | tuple[str, int]:
    form = TermsForm()
    if form.validate():
        wordings = {language: form[language].data or "" for language in LANGUAGES}
        try:
            with transaction(db.session) as writing:
                number = terms.publish(writing, scope().program, wordings, actor=person().login, now=now())
        except terms.TermsEmpty:
            form.refuse(None, gettext("Write the terms in one language at least."))
        except terms.TermsUnchanged:
            form.refuse(None, gettext("Nothing is changed: this is the version that is in force."))
        else:
            flash(
                gettext("Version %(number)s is published. Everybody is asked to accept it.", number=number), "success"
            )
            return redirect(url_for("program.show_terms", program_code=program_code), 303)
    found = terms.in_force(session(), scope().program.id, person().id)
    return _terms_page(form, found), 400


@bp.get("/programs/<code:program_code>/settings/texts")
def all_texts(program_code: str) -> str:
    own = texts.overrides(session(), scope().program.id)
    rows = [(one, [language for key, language in own if key == one.key]) for one in texts.TEXTS.values()]
    return render_template("admin/texts.html", rows=rows, languages=LANGUAGES)


def _text(key: str) -> texts.Text:
    found = texts.TEXTS.get(key)
    if found is None:
        abort(404)
    return found


@bp.get("/programs/<code:program_code>/settings/texts/<key>")
def show_text(program_code: str, key: str) -> str:
    locale = text_asked("locale") if text_asked("locale") in LANGUAGES else scope().program.locale
    locale = locale if locale in LANGUAGES else "en"
    own = texts.overrides(session(), scope().program.id)
    form = TextForm(formdata=None, locale=locale, wording=own.get((key, locale), ""))
    return _text_page(_text(key), locale, form)


def _text_page(text: texts.Text, locale: str, form: TextForm) -> str:
    return render_template(
        "admin/text.html",
        text=text,
        locale=locale,
        standard=texts.translated(text.source, locale),
        form=form,
        languages=LANGUAGES,
    )


@bp.post("/programs/<code:program_code>/settings/texts/<key>")
def save_text(program_code: str, key: str) -> Response | tuple[str, int]:
    text, form = _text(key), TextForm()
    if form.validate():
        locale = str(form.locale.data)
        try:
            with transaction(db.session) as writing:
                texts.put_override(
                    writing,
                    scope().program.id,
                    key,
                    locale,
                    form.wording.data or "",
                    actor=person().login,
                    now=now(),
                )
        except texts.TextInvalid as error:
            form.refuse("wording", _what_is_wrong(error))
        else:
            flash(gettext("The text is saved."), "success")
            return redirect(url_for("program.show_text", program_code=program_code, key=key, locale=locale), 303)
    return _text_page(text, str(form.locale.data or "en"), form), 400


def _what_is_wrong(error: texts.TextInvalid) -> Any:
    if error.missing:
        parts = ", ".join(f"%({part})s" for part in sorted(error.missing))
        return gettext("These parts must stand in it: %(parts)s.", parts=parts)
    parts = ", ".join(f"%({part})s" for part in sorted(error.unknown))
    return gettext("Nobody fills in these parts: %(parts)s.", parts=parts)
