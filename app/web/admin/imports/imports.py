"""Imports: what came in, how far it is, and what became of its rows."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flask import Blueprint, abort, flash, jsonify, redirect, render_template, send_file, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.db.transaction import transaction
from app.domain.saying.reasons import sentence
from app.extensions import db
from app.jobs import messenger
from app.services.imported.undo_blocks import SPENT, Block
from app.web.admin.audit.words import state_words
from app.web.admin.imports import outcomes
from app.web.admin.imports.import_list import IMPORTS
from app.web.admin.imports.outcomes import ImportOf
from app.web.context import kontor, now, person, scope, session, settings
from app.web.formats import duration, figure, file_stem, shown
from app.web.forms.asked import Why
from app.web.lists.answering import answer
from app.web.lists.showing import Row
from app.web.words import imports as import_words
from importers import drafts
from importers.batches import batches
from importers.batches.batches import Progress
from importers.batches.store import BatchFiles
from importers.undoing import sales as undoing
from importers.undoing.sales import CannotUndo

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

bp = Blueprint("imports", __name__)


@bp.get("/programs/<code:program_code>/imports")
def index(program_code: str) -> str | Response:
    return answer(IMPORTS, "admin/imports/imports.html", standing=_standing)


def _standing(rows: Sequence[Row]) -> list[Progress]:
    """Tell how far the imports of some rows of the list are, in their order."""
    found = batches.progress_of_all(session(), [one.id for one in rows], now())
    return [found[one.id] for one in rows]


@bp.get("/programs/<code:program_code>/imports/<id:batch_id>")
def show(program_code: str, batch_id: int) -> str:
    return _page(batch_id, Why(formdata=None))


def _page(batch_id: int, undoing_form: Why, *, asked: bool = False) -> str:
    found, was = batches.progress_of(session(), batch_id, now()), outcomes.import_of(session(), batch_id)
    return render_template(
        "admin/imports/import.html",
        progress=found,
        was=was,
        earlier=batches.earlier_of(session(), batch_id),
        reasons=outcomes.reasons_of(session(), batch_id) if found.ended else [],
        waiting=outcomes.waiting_of(session(), scope().program.id, batch_id) if found.ended else 0,
        takes_workbook=_files(batch_id).problems.exists(),
        takes_original=_original(batch_id, was) is not None,
        draft=drafts.checked_by(session(), batch_id) if found.dry_run else None,
        form=undoing_form,
        asked=asked,
        say=_say,
        words=import_words,
        in_words=state_words,
    )


def _say(warning: Mapping[str, Any]) -> str:
    return sentence(warning, gettext, shown)


@bp.get("/programs/<code:program_code>/imports/<id:batch_id>/progress")
def progress(program_code: str, batch_id: int) -> Response:
    return jsonify(live(batches.progress_of(session(), batch_id, now())))


@bp.get("/programs/<code:program_code>/imports/<id:batch_id>/problems.xlsx")
def problems(program_code: str, batch_id: int) -> Response:
    workbook = _files(batch_id).problems
    if not workbook.exists():
        abort(404)
    name = file_stem(batches.progress_of(session(), batch_id, now()).file_name)
    return send_file(
        workbook, mimetype=WORKBOOK, as_attachment=True, download_name=f"{name}-problems-{batch_id}.xlsx", max_age=0
    )


@bp.get("/programs/<code:program_code>/imports/<id:batch_id>/original")
def original(program_code: str, batch_id: int) -> Response:
    """Give the file as it came: never shown by the browser, whatever somebody has put into it."""
    found = _original(batch_id, outcomes.import_of(session(), batch_id))
    if found is None:
        abort(404)
    stem, dot, ending = batches.progress_of(session(), batch_id, now()).file_name.rpartition(".")
    safe = re.sub(r"[^A-Za-z0-9]", "", ending)[:10] or "bin"
    name = f"{file_stem(stem if dot else ending)}-{batch_id}.{safe}"
    return send_file(found, mimetype="application/octet-stream", as_attachment=True, download_name=name, max_age=0)


@bp.post("/programs/<code:program_code>/imports/<id:batch_id>/undo")
def undo(program_code: str, batch_id: int) -> str | Response | tuple[str, int]:
    form = Why()
    if not form.validate():
        return _page(batch_id, form, asked=True), 400
    try:
        with transaction(db.session) as writing:
            jobs = undoing.begin(writing, batch_id, reason=form.reason.data or "", actor=person().login, now=now())
    except CannotUndo as problem:
        if problem.blocks:
            for one in problem.blocks:
                form.refuse(None, import_words.told(one.said))
            if any(isinstance(one, Block) and one.code == SPENT for one in problem.blocks):
                form.refuse(None, str(import_words.HOW_SPENT_COMES_BACK))
            return _page(batch_id, form, asked=True), 409
        flash(import_words.told(problem.said), "warning")  # somebody was quicker, or the page never offered it
    else:
        messenger.wake(kontor()["addresses"].redis_url, jobs)
    return redirect(url_for("imports.show", program_code=program_code, batch_id=batch_id), 303)


@bp.post("/programs/<code:program_code>/imports/<id:batch_id>/resume")
def resume(program_code: str, batch_id: int) -> Response:
    """Go on with an import that was given up, where it stopped: nothing that it counted is counted twice."""
    with transaction(db.session) as writing:
        jobs = batches.retry(writing, batch_id, actor=person().login, now=now())
    if jobs:
        messenger.wake(kontor()["addresses"].redis_url, jobs)
    else:
        flash(gettext("It goes on already, or has ended."), "info")
    return redirect(url_for("imports.show", program_code=program_code, batch_id=batch_id), 303)


def _files(batch_id: int) -> BatchFiles:
    """Give a batch's files, by its id: nothing that anybody wrote is part of the path."""
    return BatchFiles(settings().files, scope().thing_id or batch_id)


def _original(batch_id: int, was: ImportOf) -> Path | None:
    """Give the place of the file as it came; of rows that were held, that of the import that held them."""
    found = BatchFiles(settings().files, was.continues_id or batch_id).original
    return found if found.exists() else None


def live(one: Progress) -> dict[str, Any]:
    """Give how far an import has come, as a page shows it."""
    return {
        "ended": one.ended,
        "stage": one.stage,
        "share_bp": one.share_bp,
        "texts": {
            "share": f"{one.share_bp // 100}",
            "rows_read": figure(one.counts["rows_read"]),
            "rows_of_data": figure(one.rows_of_data),
            "lines_accepted": figure(one.counts["lines_accepted"]),
            "lines_held": figure(one.counts["lines_held"]),
            "lines_refused": figure(one.counts["lines_refused"]),
            "duplicates": figure(one.counts["duplicates"]),
            "seconds": duration(one.seconds),
            "seconds_left": "" if one.seconds_left is None else duration(max(1, one.seconds_left)),
        },
    }
