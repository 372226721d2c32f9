"""The registration form of a programme: its questions one by one, its text, and whether it is published."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response
from wtforms import BooleanField, SelectField, TextAreaField
from wtforms.validators import Length

from app.db.transaction import transaction
from app.domain.program_file.registration import (
    CHOOSING,
    LONGEST_LABEL,
    AnswerKind,
    Asked,
    Question,
    QuestionInvalid,
    choices_of,
)
from app.extensions import db
from app.services.joining import registration
from app.services.telling.languages import LANGUAGES
from app.services.telling.texts import known
from app.web.addresses import outside, text_asked
from app.web.context import now, person, scope, session
from app.web.forms.form import Form, choice
from app.web.joining import form_for

bp = Blueprint("registration", __name__)

Answer = str | Response | tuple[str, int]

KIND = {
    AnswerKind.LINE: _("A line of text"),
    AnswerKind.TEXT: _("A longer text"),
    AnswerKind.DAY: _("A date"),
    AnswerKind.TICK: _("A box to tick"),
    AnswerKind.ONE: _("One of several answers"),
    AnswerKind.SEVERAL: _("Any of several answers"),
}
ASKED = {Asked.BOTH: _("Everybody"), Asked.COMPANY: _("Companies"), Asked.REP: _("Sales reps")}


class TextForm(Form):
    """The text above the form, by language, and whether employers have to agree."""

    employer_consent = BooleanField(_("A sales rep comes in with the consent of the employer only"))


class QuestionForm(Form):
    """One question, by language."""

    kind = SelectField(_("How it is answered"), choices=[choice(kind.value, text) for kind, text in KIND.items()])
    asked = SelectField(_("Who is asked"), choices=[choice(one.value, text) for one, text in ASKED.items()])
    required = BooleanField(_("It has to be answered"))


for _language, _name in LANGUAGES.items():
    setattr(TextForm, f"intro_{_language}", TextAreaField(_name, [Length(max=4_000)]))
    for _part, _label, _longest in (
        ("label", _("Question (%(language)s)", language=_name), LONGEST_LABEL),
        ("hint", _("What to write (%(language)s)", language=_name), LONGEST_LABEL),
        ("choices", _("Answers to choose from, one on each line (%(language)s)", language=_name), 4_000),
    ):
        setattr(QuestionForm, f"{_part}_{_language}", TextAreaField(_label, [Length(max=_longest)]))


@bp.route("/programs/<code:program_code>/registration", methods=["GET", "POST"])
def index(program_code: str) -> Answer:
    kept = registration.form_of(session(), scope().program.id)
    form = TextForm(
        employer_consent=kept.employer_consent, **{f"intro_{one}": kept.intro.get(one, "") for one in LANGUAGES}
    )
    if request.method == "POST" and form.validate():
        with transaction(db.session) as changing:
            registration.set_text(
                changing,
                scope().program.id,
                {one: form[f"intro_{one}"].data or "" for one in LANGUAGES},
                employer_consent=bool(form.employer_consent.data),
                actor=person().login,
                now=now(),
            )
        flash(gettext("The text is saved."), "success")
        return redirect(url_for("registration.index", program_code=program_code), 303)
    page = render_template(
        "admin/people/registration.html",
        form=form,
        kept=kept,
        kinds=KIND,
        asked=ASKED,
        first=own_language(),
        address=outside("join.form", program_code=program_code),
    )
    return (page, 400) if form.errors else page


@bp.route("/programs/<code:program_code>/registration/question", methods=["GET", "POST"])
def question(program_code: str) -> Answer:
    """Add a question, or change the one that the address names."""
    key = text_asked("key")
    kept = registration.form_of(session(), scope().program.id)
    before = next((one for one in kept.questions if one.key == key), None)
    if key and before is None:
        abort(404)
    form = QuestionForm(**_values(before))
    if request.method == "POST" and form.validate():
        try:
            asked = _question(form, before)
            with transaction(db.session) as changing:
                registration.put_question(changing, scope().program.id, asked, actor=person().login, now=now())
        except QuestionInvalid as problem:
            form.refuse(*_why(problem))
        else:
            flash(gettext("The question is saved."), "success")
            return redirect(url_for("registration.index", program_code=program_code), 303)
    page = render_template(
        "admin/people/registration_question.html", form=form, before=before, first=own_language(), languages=LANGUAGES
    )
    return (page, 400) if form.errors or form.form_errors else page


@bp.post("/programs/<code:program_code>/registration/move")
def move(program_code: str) -> Response:
    by = {"up": -1, "down": 1}.get(request.form.get("way", ""), 0)
    with transaction(db.session) as changing:
        registration.move_question(
            changing, scope().program.id, request.form.get("key", ""), by, actor=person().login, now=now()
        )
    return redirect(url_for("registration.index", program_code=program_code, _anchor="questions"), 303)


@bp.post("/programs/<code:program_code>/registration/remove")
def remove(program_code: str) -> Response:
    with transaction(db.session) as changing:
        registration.remove_question(
            changing, scope().program.id, request.form.get("key", ""), actor=person().login, now=now()
        )
    flash(gettext("The question is removed; answers that were given stay."), "success")
    return redirect(url_for("registration.index", program_code=program_code), 303)


@bp.post("/programs/<code:program_code>/registration/publish")
def publish(program_code: str) -> Response:
    published = request.form.get("published") == "1"
    with transaction(db.session) as changing:
        registration.publish(changing, scope().program.id, published=published, actor=person().login, now=now())
    if published:
        flash(gettext("The form is published: whoever has its address can apply."), "success")
    else:
        flash(gettext("The form is taken back: its page is not found any more."), "success")
    return redirect(url_for("registration.index", program_code=program_code), 303)


@bp.get("/programs/<code:program_code>/registration/preview")
def preview(program_code: str) -> str:
    """Show the form as applicants see it; nothing that is typed there goes anywhere."""
    kept = registration.form_of(session(), scope().program.id)
    kind = "rep" if request.args.get("as") == "rep" else "company"
    return render_template("admin/people/registration_preview.html", form=form_for(kind, kept.questions), kind=kind)


def own_language() -> str:
    """Give the language in which a programme's own texts have to be there."""
    return known(scope().program.locale)


def _values(before: Question | None) -> dict[str, object]:
    if before is None:
        return {"kind": AnswerKind.LINE.value, "asked": Asked.BOTH.value}
    values: dict[str, object] = {
        "kind": before.kind.value,
        "asked": before.asked.value,
        "required": before.required,
    }
    for one in LANGUAGES:
        values[f"label_{one}"] = before.label.get(one, "")
        values[f"hint_{one}"] = before.hint.get(one, "")
        values[f"choices_{one}"] = "\n".join(made.label.get(one, "") for made in before.choices).rstrip()
    return values


def _question(form: QuestionForm, before: Question | None) -> Question:
    kind = AnswerKind(form.kind.data)
    lines = {one: [line.strip() for line in (form[f"choices_{one}"].data or "").splitlines()] for one in LANGUAGES}
    if not form[f"label_{own_language()}"].data:
        raise QuestionInvalid("label")
    return Question(
        key=before.key if before is not None else "",
        kind=kind,
        label=_texts(form, "label"),
        hint=_texts(form, "hint"),
        required=bool(form.required.data),
        asked=Asked(form.asked.data),
        choices=choices_of(lines, own_language(), before.choices if before else ()) if kind in CHOOSING else (),
    )


def _texts(form: QuestionForm, name: str) -> dict[str, str]:
    """Read a text by language, each on one line."""
    return {one: " ".join(text.split()) for one in LANGUAGES if (text := form[f"{name}_{one}"].data or "").strip()}


def _why(problem: QuestionInvalid) -> tuple[str | None, str]:
    own = own_language()
    if problem.why == "label":
        return f"label_{own}", gettext("Word the question in the programme's language.")
    if problem.why == "choices":
        return f"choices_{own}", gettext(
            "Give 2 to 30 different answers, one on each line; other languages have no more lines than this one."
        )
    if problem.why == "many":
        return None, gettext("A form has at most 40 questions.")
    return None, gettext("Somebody has removed this question meanwhile.")
