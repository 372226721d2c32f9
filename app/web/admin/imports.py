"""Imports: what came in, how far it is, and what became of its rows."""

from typing import Any

from flask import Blueprint, abort, jsonify, render_template, send_file
from werkzeug.wrappers import Response

from app.web import paging, queries
from app.web.addresses import id_asked
from app.web.context import now, scope, session, settings
from app.web.formats import duration, figure, file_stem
from importers import batches
from importers.batches import Progress
from importers.store import BatchFiles

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

bp = Blueprint("imports", __name__)


@bp.get("/programs/<code:program_code>/imports")
def index(program_code: str) -> str:
    before = id_asked("before")
    found = batches.newest(session(), program_code, paging.ROWS + 1, now(), before=before)
    return render_template("admin/imports.html", page=paging.page(found, first=before is None))


@bp.get("/programs/<code:program_code>/imports/<id:batch_id>")
def show(program_code: str, batch_id: int) -> str:
    found = batches.progress_of(session(), batch_id, now())
    return render_template(
        "admin/import.html",
        progress=found,
        was=queries.import_of(session(), batch_id),
        reasons=queries.reasons_of(session(), batch_id) if found.ended else [],
        takes_workbook=_workbook(batch_id).exists(),
    )


@bp.get("/programs/<code:program_code>/imports/<id:batch_id>/progress")
def progress(program_code: str, batch_id: int) -> Response:
    return jsonify(_live(batches.progress_of(session(), batch_id, now())))


@bp.get("/programs/<code:program_code>/imports/<id:batch_id>/problems.xlsx")
def problems(program_code: str, batch_id: int) -> Response:
    workbook = _workbook(batch_id)
    if not workbook.exists():
        abort(404)
    name = file_stem(batches.progress_of(session(), batch_id, now()).file_name)
    return send_file(
        workbook, mimetype=WORKBOOK, as_attachment=True, download_name=f"{name}-problems-{batch_id}.xlsx", max_age=0
    )


def _workbook(batch_id: int) -> Any:
    """Give the place of a batch's problems workbook, by its id: nothing that anybody wrote is part of the path."""
    return BatchFiles(settings().files, scope().thing_id or batch_id).problems


def _live(one: Progress) -> dict[str, Any]:
    """Give how far an import has come, as a page shows it."""
    return {
        "ended": one.ended,
        "stage": one.stage,
        "share_bp": one.share_bp,
        "texts": {
            "share": f"{one.share_bp // 100}",
            "rows_read": figure(one.counts["rows_read"]),
            "lines_accepted": figure(one.counts["lines_accepted"]),
            "lines_held": figure(one.counts["lines_held"]),
            "lines_refused": figure(one.counts["lines_refused"]),
            "duplicates": figure(one.counts["duplicates"]),
            "seconds": duration(one.seconds),
            "seconds_left": "" if one.seconds_left is None else duration(max(1, one.seconds_left)),
        },
    }
