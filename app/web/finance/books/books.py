"""What was owed at any day, in parts, and what each month brought."""

import datetime as dt
import io
import tempfile
from pathlib import Path
from typing import Any

from flask import Blueprint, render_template, request, send_file
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import SelectField

from app.db.transaction import transaction
from app.domain.measures.calendar import local_date
from app.domain.points.breakage import expected
from app.domain.program_file.definition import ProgramSettings
from app.exports.books import file_name, write_books
from app.extensions import db
from app.models.programs import Program
from app.services import audit
from app.services.books import history, owed
from app.services.books.booking import Basis
from app.services.books.totals import Until, totals_of
from app.services.ledger.liability import worth_minor
from app.web.context import now, person, scope, session
from app.web.forms.fields import DayField
from app.web.forms.form import Form, choice
from app.web.languages import language

bp = Blueprint("books", __name__)

MONTHS_SHOWN = 24


class DayOfBooks(Form):
    """Which day, and what counts by it."""

    on = DayField(_("At the end of"))
    basis = SelectField(
        _("Counted"),
        choices=[
            choice(Basis.BOOKS.value, _("as the books have it")),
            choice(Basis.RECORDED.value, _("as it was known then")),
        ],
        default=Basis.BOOKS.value,
    )


def _asked() -> tuple[DayOfBooks, dt.date, Basis]:
    """Read the day and the basis; what cannot be read is today, by the books, and the form says what is wrong."""
    form = DayOfBooks(formdata=request.args if request.args else None, meta={"csrf": False})
    today = local_date(now(), scope().program.time_zone)
    sound = not request.args or form.validate()
    day = form.on.data if sound and form.on.data else today
    if not form.on.data and not form.on.errors:
        form.on.data = today
    basis = Basis(form.basis.data) if form.basis.data in set(Basis) else Basis.BOOKS
    return form, day, basis


@bp.get("/programs/<code:program_code>/liability/day")
def day(program_code: str) -> str | tuple[str, int]:
    form, on, basis = _asked()
    page = _page(form, on, basis)
    return (page, 400) if form.errors else page


def _page(form: DayOfBooks, on: dt.date, basis: Basis) -> str:
    program = scope().program
    totals = totals_of(session(), program, until=Until(on, basis))
    parts = owed.parts_of(totals)
    points = [one for one in parts if not one.debt]
    breakage = history.breakage_in(totals)
    total = owed.Sum.of(points)
    return render_template(
        "finance/books/liability_day.html",
        form=form,
        on=on,
        basis=basis,
        total=total,
        debt=owed.Sum.of([one for one in parts if one.debt]),
        tiers=owed.together(points, lambda one: one.tier),
        sources=owed.together(sorted(points, key=lambda one: one.funded_by or ""), lambda one: one.funded_by),
        source_name=_source_names(program),
        months=_by_end(points),
        breakage=breakage,
        expected=lambda share: expected(total.points, share),
        worth=lambda some: worth_minor(some, program.point_value_micro),
        accruals=history.months_of(totals)[: -MONTHS_SHOWN - 1 : -1],
    )


def _source_names(program: Program) -> dict[str | None, str]:
    sources = ProgramSettings.model_validate(program.settings).funding.sources
    return dict([(None, program.sponsor), *sources.items()])


def _by_end(points: list[owed.Part]) -> list[tuple[Any, owed.Sum]]:
    """Group by the month in which points end; those that end when idle, and those that never do, come last."""
    order = sorted(points, key=lambda one: (one.month_on or dt.date.max, not one.idle))
    return owed.together(order, lambda one: (one.month_on, one.idle))


@bp.get("/programs/<code:program_code>/liability/day.xlsx")
def export(program_code: str) -> Response | tuple[str, int]:
    """Give the parts and the months as a workbook; where what is asked for cannot be read, the page that says so."""
    program = scope().program
    form, on, basis = _asked()
    if form.errors:
        return _page(form, on, basis), 400
    with tempfile.TemporaryDirectory(prefix="kontor-export-") as folder:
        path = Path(folder, "books.xlsx")
        with transaction(db.session) as reading:
            written = write_books(path, program, *_both(reading, program, on, basis), language())
            after = {"on": on.isoformat(), "basis": basis.value, "rows": written.rows, "sha256": written.sha256.hex()}
            audit.note(
                reading, person().login, "export.liability", program.code, now=now(), program_id=program.id, after=after
            )
        content = io.BytesIO(path.read_bytes())
    return send_file(content, as_attachment=True, download_name=file_name(program, on, language()))


def _both(
    reading: Session, program: Program, on: dt.date, basis: Basis
) -> tuple[list[owed.Part], list[history.MonthOfBooks]]:
    totals = totals_of(reading, program, until=Until(on, basis))
    return owed.parts_of(totals), history.months_of(totals)
