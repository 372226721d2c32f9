"""The card provider of a programme: which it is and what it does; the template of an operator's files, and a bench."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from pydantic import ValidationError
from werkzeug.wrappers import Response

from app.db.transaction import transaction
from app.domain.program_file.batch_file import Answers, BatchFile
from app.domain.program_file.batch_templates import READY
from app.domain.program_file.prepaid_settings import PrepaidPart
from app.domain.saying.wording import said_of
from app.extensions import db
from app.services.setup.program_files import ProgramFileInvalid
from app.web import formats
from app.web.context import now, person, scope, session, settings
from app.web.finance.cards import words as card_words
from app.web.finance.cards.provider_forms import (
    AnswersForm,
    BenchForm,
    FilesForm,
    FundingForm,
    filled_answers,
    filled_files,
    offer_places,
    offer_rows,
    typed_answers,
    typed_files,
)
from app.web.finance.cards.provider_judging import judge_answers, judge_files
from app.web.forms.form import Form
from app.web.words import imports as import_words
from importers.errors import ImportRefused
from importers.files.limits import Limits
from prepaid.errors import CardNumberFound, PrepaidError
from prepaid.files.batch_files import batch_file_name, example, shown
from prepaid.issuers import provider_checks, provider_settings
from prepaid.issuers.connections import connect
from prepaid.providers import ProviderError
from prepaid.terms import provider_of

bp = Blueprint("cards_provider", __name__)

_MOST_PROBLEMS = 20


def _part() -> PrepaidPart:
    return PrepaidPart.model_validate(scope().program.prepaid)


@bp.get("/programs/<code:program_code>/card-provider")
def show(program_code: str) -> str:
    return _page(BenchForm(formdata=None))


@bp.post("/programs/<code:program_code>/card-provider/funding")
def funding(program_code: str) -> Response | tuple[str, int]:
    """Ask the provider whether it could pay for loads of an amount; nothing is loaded."""
    form = FundingForm()
    if not form.validate():
        return _page(BenchForm(formdata=None), funding=form), 400
    program, minor = scope().program, int(form.amount.data)
    try:
        provider = connect(provider_of(program), db.engine)
        currency = program.currency
        session().rollback()  # nothing is held while the provider is asked
        why = provider.refuse_run(currency, minor)
    except PrepaidError as error:
        flash(card_words.refusal(error), "danger")
    except ProviderError as error:
        flash(gettext("The card provider does not answer: %(why)s", why=formats.told(error.said)), "danger")
    else:
        amount = formats.cash(minor)
        fine = gettext("Nothing speaks against loads of %(amount)s.", amount=amount)
        told = fine if why is None else formats.told(why)
        flash(told, "success" if why is None else "warning")
    return redirect(url_for("cards_provider.show", program_code=program_code), 303)


def _page(bench: BenchForm, *, funding: FundingForm | None = None, **more: Any) -> str:
    program, part = scope().program, _part()
    preview, wrong, name = _preview(part.batch_file) if part.batch_file else ("", False, "")
    return render_template(
        "finance/cards/provider.html",
        part=part,
        words=card_words,
        preview=preview,
        wrong=wrong,
        file_name=name,
        limits=part.limits.get(program.country),
        checks=provider_checks.checks(session(), settings(), program),
        accounts=provider_checks.accounts_for(program),
        funding=funding or FundingForm(formdata=None),
        bench=bench,
        **more,
    )


def _preview(template: BatchFile) -> tuple[str, bool, str]:
    """Give three loads as a template writes them, or what is in the way, and whether that is so; the file's name."""
    program = scope().program
    batch, lines = example(program.currency, program.currency_decimals)
    try:
        return shown(template, batch, lines), False, batch_file_name(template, batch)
    except PrepaidError as error:
        return formats.told(error.said), True, batch_file_name(template, batch)


def _template() -> BatchFile:
    """Give the programme's template, or the one that is the commonest."""
    return _part().batch_file or READY["delimited"]


def _begun() -> BatchFile:
    """Give the template to begin with: a ready-made one, with its answers, or the programme's."""
    return READY.get(request.args.get("begin", "")) or _template()


@bp.route("/programs/<code:program_code>/card-provider/template", methods=["GET", "POST"])
def edit(program_code: str) -> str | Response | tuple[str, int]:
    """Say how the files for the operator are written."""
    begun = _begun()
    if request.method == "GET":
        return _editor(FilesForm(formdata=None, data=filled_files(begun)), begun)
    form = FilesForm()
    template = _meant(form, begun)
    if template is not None and _kept(form, template):
        flash(gettext("The template is kept. Order files are written by it from now on."), "success")
        return redirect(url_for("cards_provider.show", program_code=program_code), 303)
    offer_rows(form, begun)
    return _editor(form, template), 400


@bp.route("/programs/<code:program_code>/card-provider/answers", methods=["GET", "POST"])
def answers(program_code: str) -> str | Response | tuple[str, int]:
    """Say how the operator's answers are read."""
    template = _template()
    if request.method == "GET":
        form = AnswersForm(formdata=None, data=filled_answers(template.answers))
        return render_template("finance/cards/provider_answers.html", form=form)
    form = AnswersForm()
    form.validate()
    judge_answers(form)
    meant = None if form.problems() else _valid(form, {**template.model_dump(), "answers": typed_answers(form)})
    if meant is not None and _kept(form, meant):
        flash(gettext("The template is kept. Answers are read by it from now on."), "success")
        return redirect(url_for("cards_provider.show", program_code=program_code), 303)
    offer_places(form)
    return render_template("finance/cards/provider_answers.html", form=form), 400


@bp.post("/programs/<code:program_code>/card-provider/template/preview")
def preview(program_code: str) -> tuple[str, int]:
    """Give three loads as the form says by now: the editor asks while somebody types."""
    form = FilesForm()
    template = _meant(form, _begun())
    problems = "; ".join(": ".join(part for part in (one.label, one.text) if part) for one in form.problems())
    text, wrong, _name = _preview(template) if template else (problems, True, "")
    return render_template("finance/cards/_provider_preview.html", text=text, wrong=wrong), 200


def _editor(form: FilesForm, template: BatchFile | None) -> str:
    text, wrong, _name = _preview(template) if template else (gettext("The template is not whole yet."), True, "")
    begin = request.args.get("begin") if request.args.get("begin", "") in READY else None
    return render_template(
        "finance/cards/provider_edit.html", form=form, text=text, wrong=wrong, ready=list(READY), begin=begin
    )


def _meant(form: FilesForm, begun: BatchFile) -> BatchFile | None:
    """Give the template that a form says; None where something is wrong, which then stands beside its field."""
    form.validate()
    judge_files(form)
    return None if form.problems() else _valid(form, {**typed_files(form), "answers": begun.answers.model_dump()})


def _valid(form: Form, said: Mapping[str, Any]) -> BatchFile | None:
    try:
        return BatchFile.model_validate(said)
    except ValidationError as wrong:  # what the form has no field for
        for one in wrong.errors():
            place = ".".join(str(part) for part in one["loc"])
            form.refuse(None, f"{place}: {one['msg']}" if place else one["msg"])
        return None


def _kept(form: Form, template: BatchFile) -> bool:
    """Let the programme load its cards by files of a template; False where it cannot, which the form says then."""
    try:
        with transaction(db.session) as writing:
            provider_settings.put_template(writing, scope().program, template, actor=person().login, now=now())
    except ProgramFileInvalid as problem:
        form.refuse(None, str(problem))
        return False
    return True


@bp.post("/programs/<code:program_code>/card-provider/bench")
def bench(program_code: str) -> str | tuple[str, int]:
    """Read a response file as the template says; nothing is settled."""
    form, program = BenchForm(), scope().program
    if not form.validate():
        return _page(form), 400
    sent = form.file.data
    with tempfile.TemporaryDirectory(prefix="kontor-bench-") as folder:
        path = Path(folder) / "response"
        sent.save(path)
        template = _part().batch_file
        try:
            read = provider_settings.try_response(
                path,
                sent.filename or "response.csv",
                template.answers if template else Answers(),
                limits=Limits.of(settings()),
                decimals=program.currency_decimals,
            )
        except CardNumberFound as error:
            form.refuse("file", card_words.refusal(error))
            return _page(form), 400
        except ImportRefused as error:
            form.refuse("file", import_words.told(error.said))
            return _page(form), 400
    return _page(form, read=read, problems=_told(read.problems[:_MOST_PROBLEMS]))


def _told(problems: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Say problems of a response file in the reader's language: the row, and what is wrong with it."""
    return [
        {"row": one["row"], "words": said_of(one.get("said"), one["message"], gettext, formats.figure)}
        for one in problems
    ]
