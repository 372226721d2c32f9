"""A matrix as a grid: rates with where they come from, edited in place, pasted, taken away as a workbook."""

import io
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response
from wtforms import TextAreaField
from wtforms.validators import Length

from app.db.transaction import transaction
from app.domain.documents.catalogue import GroupTree
from app.domain.program_file.definition import Matrix
from app.domain.rules.rate_grid import (
    MOST_PASTED,
    Cell,
    PasteProblem,
    Place,
    grid_of,
    own_rates,
    pasted,
    plain,
    with_rates,
)
from app.domain.states import RuleDraftSubject
from app.exports import tables
from app.exports.workbook import Sheet, write_workbook
from app.extensions import db
from app.models.rule_drafts import RuleDraft
from app.services import audit, two_people
from app.services.rulebooks import rules_of
from app.services.rules import rule_drafts
from app.services.rules.rule_history import History, history_of
from app.web import formats
from app.web.admin.rules import speaking
from app.web.admin.rules.forms import rate_limits
from app.web.context import now, person, scope, session
from app.web.forms.fields import range_words, read_number
from app.web.forms.form import Form

bp = Blueprint("matrices", __name__)

Answer = str | Response | tuple[str, int]

RATE_DECIMALS = 6
PASTE_PROBLEM = {
    "number": _("this is no number here"),
    "negative": _("a rate is not below zero"),
    "product_group": _("no product group is called so"),
    "distributor_group": _("no distributor group is called so"),
}


class GridForm(Form):
    """What is pasted; the cells themselves have names of their places."""

    paste = TextAreaField(
        _("Paste from a spreadsheet"),
        [Length(max=MOST_PASTED)],
        description=_("Distributor groups above, product groups on the left. Empty cells take the rate away."),
    )


@dataclass(frozen=True)
class Shown:
    """A cell as it stands on the page: what is typed, what holds without it, and what is wrong."""

    name: str
    typed: str
    cell: Cell
    wrong: str | None
    label: str


@bp.get("/programs/<code:program_code>/rules/<id:rule_id>/grid")
def show(program_code: str, rule_id: int) -> str:
    """Show the rates of a version, the newest where none is named."""
    history = _matrix(rule_id)
    number = _version_asked(history)
    version = next(one for one in history.versions if one.number == number)
    matrix = version.rule
    assert isinstance(matrix, Matrix), "only a matrix has this page"
    products, distributors = _trees()
    return render_template(
        "admin/rules/grid.html",
        history=history,
        version=version,
        matrix=matrix,
        draft=rule_drafts.open_draft_of(session(), scope().program.id, history.code),
        products=products,
        distributors=distributors,
        grid=grid_of(matrix, products, distributors),
        decimal=formats.decimal,
    )


@bp.post("/programs/<code:program_code>/rules/<id:rule_id>/grid")
def begin(program_code: str, rule_id: int) -> Response:
    """Begin the next version of a matrix: a draft with the rates as they are, from today on."""
    history = _matrix(rule_id)
    held = rule_drafts.open_draft_of(session(), scope().program.id, history.code)
    if held is not None:
        return redirect(url_for("matrices.edit", program_code=program_code, rule_draft_id=held.id), 303)
    document = {**history.newest.document, "valid_from": speaking.today().isoformat()}
    with transaction(db.session) as writing:
        kept = rule_drafts.put(
            writing, scope().program, RuleDraftSubject.MATRIX, document, actor=person().login, now=now()
        ).id
    return redirect(url_for("matrices.edit", program_code=program_code, rule_draft_id=kept), 303)


@bp.route("/programs/<code:program_code>/rules/drafts/<id:rule_draft_id>/grid", methods=["GET", "POST"])
def edit(program_code: str, rule_draft_id: int) -> Answer:
    """Edit the rates of a draft, cell by cell or by what was pasted."""
    held = session().get(RuleDraft, rule_draft_id) or abort(404)
    if held.subject is not RuleDraftSubject.MATRIX or held.state not in two_people.OPEN:
        abort(404)
    matrix = Matrix.model_validate(dict(held.document))
    products, distributors = _trees()
    own: Mapping[Place, Decimal] = own_rates(matrix, products, distributors)
    typed = {place: rate_typed(rate) for place, rate in own.items()}
    wrong: dict[Place, str] = {}
    problems: list[PasteProblem] = []
    form = GridForm()
    if request.method == "POST":
        typed = _typed(len(products.code), len(distributors.code))
    if request.method == "POST" and form.validate():
        if form.paste.data:
            # as it was sent: the cell above the product groups is empty, and a field takes spaces off its ends
            read, problems = pasted(request.form["paste"], products, distributors, read_rate)
            typed |= {place: "" if rate is None else rate_typed(rate) for place, rate in read.items()}
        rates, wrong = _read(typed, matrix)
        if not wrong and not problems:
            form.paste.data, form.paste.raw_data = "", None  # it stands in the cells by now
        if not wrong and not problems and "look" not in request.form:
            made = {**held.document, "rates": with_rates(matrix, rates, products, distributors)}
            answer = _keep(form, held, made)
            if answer is not None:
                return answer
        matrix = matrix.model_copy(update={"rates": _as_rates(rates, products, distributors)})
    grid = grid_of(matrix, products, distributors)
    page = render_template(
        "admin/rules/grid_edit.html",
        form=form,
        held=held,
        matrix=matrix,
        products=products,
        distributors=distributors,
        grid=grid,
        shown=lambda row, column: _shown(row, column, typed, wrong, grid.cells[row, column], products, distributors),
        problems=problems,
        wrong=wrong,
        why=PASTE_PROBLEM,
        decimal=formats.decimal,
    )
    return (page, 400) if wrong or problems or form.problems() else page


@bp.get("/programs/<code:program_code>/rules/<id:rule_id>/rates.xlsx")
def export(program_code: str, rule_id: int) -> Response:
    """Give the rates as a workbook that the import of rates reads again: one row a cell."""
    history = _matrix(rule_id)
    number = _version_asked(history)
    version = next(one for one in history.versions if one.number == number)
    matrix = version.rule
    assert isinstance(matrix, Matrix), "only a matrix has this page"
    rows = [(row, column, plain(rate)) for row, by_group in matrix.rates.items() for column, rate in by_group.items()]
    names = ("product_group", "distributor_group", "points", "matrix")
    layout = tables.Layout(tuple(tables.Column(name, name) for name in names))
    columns = [*zip(*rows, strict=True)] or [(), (), ()]
    filled = dict(zip(names, [*columns, (history.code,) * len(rows)], strict=True))
    with tempfile.TemporaryDirectory(prefix="kontor-export-") as folder:
        path = Path(folder, "rates.xlsx")
        written = write_workbook(
            path, [Sheet("rates", layout, {name: pa.array(list(cells), pa.string()) for name, cells in filled.items()})]
        )
        content = io.BytesIO(path.read_bytes())
    with transaction(db.session) as writing:
        audit.note(
            writing,
            person().login,
            "export.rates",
            history.code,
            now=now(),
            program_id=scope().program.id,
            after={"version": number, "rows": written.rows, "sha256": written.sha256.hex()},
        )
    name = f"{formats.file_stem(history.code)}-{number}.xlsx"
    return send_file(content, as_attachment=True, download_name=name)


def read_rate(typed: str) -> Decimal:
    """Read a rate as people here write numbers.

    Raises:
        ValueError: It is none.
    """
    return Decimal(formats.here().read(typed, RATE_DECIMALS)).scaleb(-RATE_DECIMALS)


def rate_typed(rate: Decimal) -> str:
    """Write a rate as it is typed."""
    return formats.decimal(rate)


def _matrix(rule_id: int) -> History:
    history = history_of(session(), rule_id)
    if "rates" not in history.newest.document:
        abort(404)
    return history


def _version_asked(history: History) -> int:
    asked = request.args.get("version", "")
    known = {str(one.number): one.number for one in history.versions if "rates" in one.document}
    return known.get(asked, history.newest.number)


def _trees() -> tuple[GroupTree, GroupTree]:
    catalogue = rules_of(session(), scope().program.id).book.catalogue
    return catalogue.product_groups, catalogue.distributor_groups


def _name(row: int, column: int) -> str:
    return f"rate-{row}-{column}"


def _typed(rows: int, columns: int) -> dict[Place, str]:
    """Give what stands in the cells that were sent."""
    return {
        (row, column): request.form.get(_name(row, column), "").strip()
        for row in range(rows)
        for column in range(columns)
    }


def _read(typed: Mapping[Place, str], matrix: Matrix) -> tuple[dict[Place, Decimal], dict[Place, str]]:
    decimals, most_micro = rate_limits(matrix.kind, matrix.unit)
    most = most_micro // 10 ** (RATE_DECIMALS - decimals)
    rates: dict[Place, Decimal] = {}
    wrong: dict[Place, str] = {}
    for place, text in typed.items():
        if not text:
            continue
        try:
            number = read_number(text, decimals, most)
        except ValueError as problem:
            wrong[place] = str(problem)
            continue
        if number < 0:
            wrong[place] = gettext("A rate is not below zero.")
        elif number > most:
            wrong[place] = range_words(0, most, decimals)
        rates[place] = Decimal(number).scaleb(-decimals)
    return rates, wrong


def _as_rates(
    rates: Mapping[Place, Decimal], products: GroupTree, distributors: GroupTree
) -> dict[str, dict[str, Decimal]]:
    found: dict[str, dict[str, Decimal]] = {}
    for (row, column), rate in rates.items():
        found.setdefault(products.code[row], {})[distributors.code[column]] = rate
    return found


def _shown(
    row: int,
    column: int,
    typed: Mapping[Place, str],
    wrong: Mapping[Place, str],
    cell: Cell,
    products: GroupTree,
    distributors: GroupTree,
) -> Shown:
    place = row, column
    label = f"{products.name[row]} × {distributors.name[column]}"
    return Shown(_name(row, column), typed.get(place, ""), cell, wrong.get(place), label)


def _keep(form: GridForm, held: RuleDraft, made: Mapping[str, Any]) -> Response | None:
    try:
        with transaction(db.session) as writing:
            rule_drafts.put(
                writing,
                scope().program,
                RuleDraftSubject.MATRIX,
                made,
                draft_id=held.id,
                actor=person().login,
                now=now(),
            )
    except rule_drafts.DraftInvalid as error:
        for _path, text in error.problems:
            form.refuse(None, text)
        return None
    flash(gettext("The draft is kept. It gives nothing until it is published."), "success")
    return redirect(url_for("rule_drafts.show", program_code=scope().program.code, rule_draft_id=held.id), 303)
