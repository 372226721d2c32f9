"""Import profiles: how the files of each source are read; changed, taken away as a file, removed. And samples."""

import io
import tempfile
from pathlib import Path
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, send_file, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from pydantic import ValidationError
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField
from wtforms.validators import Length, Optional, StopValidation

from app.db.transaction import transaction
from app.domain.program_file.import_profile import ImportProfile
from app.domain.typed.fields import KINDS
from app.extensions import db
from app.services.setup import import_profiles, program_files
from app.services.setup.import_profiles import Kept
from app.services.setup.program_files import ProgramFileInvalid
from app.web.addresses import text_asked
from app.web.admin.imports.forms import SourceForm
from app.web.admin.imports.imports import WORKBOOK
from app.web.context import now, person, scope, session
from app.web.forms.form import Form, choice
from app.web.languages import language
from app.web.words import imports as import_words
from importers.layout.documents.credit_notes import with_prefix
from importers.layout.written.settling import NUMBERS
from importers.reading import samples

bp = Blueprint("import_profiles", __name__)

_FIELD, _NUMBER = "field-", "number-"
_FORMS = ("files", "sheet", "encoding", "delimiter")


class _WritingForm(Form):
    files = StringField(
        _("Names of its files"), [Optional(), Length(max=200)], description=_("With a star: sales-*.csv")
    )
    sheet = StringField(_("Only the sheet"), [Optional(), Length(max=100)])
    dates = StringField(
        _("Dates"),
        [Optional(), Length(max=40)],
        description=_("dmy, mdy, ymd, found, or a format such as %(form)s; empty: 2025-12-31.", form="%d.%m.%Y"),
    )
    decimal = SelectField(_("Decimal sign"), choices=[choice(sign, text) for sign, text in import_words.SIGNS.items()])
    thousands = SelectField(
        _("Thousands are parted by"), choices=[choice(sign, text) for sign, text in import_words.THOUSANDS.items()]
    )
    encoding = StringField(
        _("Encoding"), [Optional(), Length(max=40)], description=_("Of a text file; empty: it is found.")
    )
    delimiter = StringField(
        _("Delimiter"), [Optional(), Length(max=1)], description=_("Of a text file; empty: it is found.")
    )

    def validate_thousands(self, field: SelectField) -> None:
        if field.data and field.data == self.decimal.data:
            raise StopValidation(gettext("This sign parts the decimals: choose another."))


def _form(one: Kept, *, sent: bool) -> Any:
    fields: dict[str, StringField | SelectField] = {
        f"{_FIELD}{name}": StringField(import_words.field(name), [Optional(), Length(max=500)])
        for name in _names(one.kind)
    }
    fields |= {
        f"{_NUMBER}{name}": SelectField(
            _("Numbers of %(field)s", field=import_words.field(name)),
            choices=[choice(way, text) for way, text in import_words.WAYS.items()],
        )
        for name in _numbers(one)
    }
    bases = (SourceForm, _WritingForm) if one.kind == "sales" else (_WritingForm,)
    made: type[Any] = type("ProfileForm", bases, fields)
    if sent:
        return made()
    profile = one.profile
    data: dict[str, Any] = {f"{_FIELD}{name}": column for name, column in profile.columns.items()}
    data |= {name: getattr(profile, name) for name in (*_FORMS, "dates", "decimal")}
    data["thousands"] = profile.thousands or ""
    data |= {f"{_NUMBER}{name}": form.decimal + (form.thousands or "") for name, form in profile.numbers.items()}
    data |= {name: getattr(profile, name) for name in ("unknown_distributor", "unknown_product", "changed_documents")}
    if profile.credit_note is not None:
        data["credit_prefix"] = profile.credit_note.number_prefix
    return made(formdata=None, data=data)


def _names(kind: str) -> list[str]:
    required = KINDS[kind].needed(())
    return sorted(KINDS[kind].known, key=lambda one: (one not in required, import_words.field(one)))


def _numbers(one: Kept) -> list[str]:
    """Name the fields of a profile that hold numbers, in the page's order."""
    return [name for name in _names(one.kind) if name in NUMBERS and name in one.profile.fields]


@bp.get("/programs/<code:program_code>/imports/profiles")
def index(program_code: str) -> str:
    return render_template(
        "admin/imports/import_profiles.html", kept=import_profiles.kept(session(), scope().program), words=import_words
    )


@bp.get("/programs/<code:program_code>/imports/profiles/<profile_name>")
def show(program_code: str, profile_name: str) -> str:
    one = _kept(profile_name)
    return _page(one, _form(one, sent=False))


def _page(one: Kept, form: Any) -> str:
    fields = [form[f"{_FIELD}{name}"] for name in _names(one.kind)]
    numbers = [form[f"{_NUMBER}{name}"] for name in _numbers(one)]
    return render_template(
        "admin/imports/import_profile.html", one=one, form=form, fields=fields, numbers=numbers, words=import_words
    )


@bp.post("/programs/<code:program_code>/imports/profiles/<profile_name>")
def change(program_code: str, profile_name: str) -> Response | tuple[str, int]:
    one = _kept(profile_name)
    form = _form(one, sent=True)
    if form.validate():
        try:
            profile = _said(one, form)
            with transaction(db.session) as writing:
                new = import_profiles.put(writing, scope().program, one.name, profile, actor=person().login, now=now())
        except (ValidationError, ProgramFileInvalid) as problem:
            for text in _problems(problem):
                form.refuse(None, text)
        else:
            flash(gettext("The profile is saved.") if new else gettext("The profile says so already."), "success")
            return redirect(url_for("import_profiles.index", program_code=program_code), 303)
    return _page(one, form), 400


def _said(one: Kept, form: Any) -> ImportProfile:
    """Make the profile of what was typed, and of what the page does not show."""
    said = one.profile.model_dump(by_alias=True, exclude_defaults=True)
    said["columns"] = {name: text for name in _names(one.kind) if (text := form[f"{_FIELD}{name}"].data)}
    said["fill_down"] = [name for name in said.get("fill_down", ()) if name in said["columns"]]
    given = {*said["columns"], *said.get("fixed", ()), *(one.profile.months.fields if one.profile.months else ())}
    ways = {name: form[f"{_NUMBER}{name}"].data for name in _numbers(one) if name in given}
    said["numbers"] = {name: {"decimal": way[0], "thousands": way[1:] or None} for name, way in ways.items() if way}
    for name in (*_FORMS, "dates", "decimal", "thousands"):
        said[name] = form[name].data or None
    if one.kind == "sales":
        was = said.pop("credit_note", {})
        policies = form.policies()
        notes = with_prefix(was, policies.pop("credit_note", {}).get("number_prefix"))
        said |= ({"credit_note": notes} if notes else {}) | policies
    return ImportProfile.model_validate({key: value for key, value in said.items() if value is not None})


def _problems(problem: ValidationError | ProgramFileInvalid) -> list[str]:
    if isinstance(problem, ProgramFileInvalid):
        return problem.problems
    return [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in problem.errors()]


@bp.get("/programs/<code:program_code>/imports/profiles/<profile_name>/profile.yaml")
def export(program_code: str, profile_name: str) -> Response:
    one = _kept(profile_name)
    document = {one.name: one.profile.model_dump(mode="json", by_alias=True, exclude_defaults=True)}
    answer = Response(program_files.to_yaml({"import_profiles": document}), mimetype="application/yaml; charset=utf-8")
    answer.headers["Content-Disposition"] = f"attachment; filename=import-profile-{scope().program.code}.yaml"
    return answer


@bp.post("/programs/<code:program_code>/imports/profiles/<profile_name>/remove")
def remove(program_code: str, profile_name: str) -> Response:
    one = _kept(profile_name)
    with transaction(db.session) as writing:
        import_profiles.remove(writing, scope().program, one.name, actor=person().login, now=now())
    flash(gettext("The profile %(name)s is removed; what it read stays.", name=one.name), "success")
    return redirect(url_for("import_profiles.index", program_code=program_code), 303)


@bp.get("/programs/<code:program_code>/imports/sample.xlsx")
def sample(program_code: str) -> Response:
    kind = text_asked("kind") or "sales"
    if kind not in KINDS:
        abort(404)
    with tempfile.TemporaryDirectory(prefix="kontor-sample-") as folder:
        path = Path(folder, "sample.xlsx")
        samples.write_sample(path, kind, import_profiles.profiles_of(scope().program), language())
        file = io.BytesIO(path.read_bytes())
    return send_file(file, mimetype=WORKBOOK, as_attachment=True, download_name=f"{kind}.xlsx", max_age=0)


def _kept(name: str) -> Kept:
    """Give the profile that the address names; the guard has found it."""
    return next(one for one in import_profiles.kept(session(), scope().program) if one.name == name)
