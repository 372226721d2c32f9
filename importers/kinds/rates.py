"""Rates of a matrix from a file: product group by distributor group. What changes is a new version of its rule."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from app.domain.rules.rate_grid import plain
from app.domain.states import Outcome, RuleDraftSubject
from app.domain.typed.codes import code_key
from app.services import two_people
from app.services.goods import catalogue
from app.services.participants import distributors
from app.services.rules import rule_drafts
from app.services.setup import program_files, programs
from importers.kinds.desk import Desk, Loaded
from importers.kinds.figures import rates_of
from importers.kinds.rows import ThingRows
from importers.kinds.twice import Twice
from importers.problems.problems import Problems


def load(desk: Desk, rows: ThingRows, problems: Problems) -> Loaded:
    """Put rates into the programme's matrices, and publish what reads otherwise than before.

    A group or a matrix that the programme does not have holds its row. The matrix may be left out where there is one.
    A second rate of the same, however its groups and its matrix are called there, is refused.
    """
    session, program = desk.session, desk.program
    document = programs.document_to_change(session, program)
    matrices: dict[str, dict[str, Any]] = {code_key(one["code"]): one for one in document.get("matrices", [])}
    only = next(iter(matrices)) if len(matrices) == 1 else ""
    points = rates_of(desk, rows, "points", problems)
    groups = {
        "product_group": catalogue.group_ids(session, program.id),
        "distributor_group": distributors.group_ids(session, program.id),
    }
    created = changed = 0
    twice = Twice(rows, "points", points, problems)
    touched: set[str] = set()
    for row, cells in rows:
        named = {field: str(cells[field]) for field in groups}
        matrix = matrices.get(code_key(cells.get("matrix") or only))
        if matrix is None:
            field, expected = rows.columns.get("matrix", "matrix"), ", ".join(one["code"] for one in matrices.values())
            found = repr(cells.get("matrix") or "")
            problems.add(row, Outcome.HELD, "no_such_value", field=field, found=found, expected=expected or "-")
        for field, group in named.items():
            if code_key(group) not in groups[field]:
                problems.add(row, Outcome.HELD, "unknown_group", found=repr(group))
        if points.get(row, 0) < 0:
            field, found = rows.columns["points"], repr(cells["points"])
            problems.add(row, Outcome.REFUSED, "no_such_value", field=field, found=found, expected="0, 1, 2")
        if row in problems.outcome or matrix is None:
            continue
        rated = tuple(groups[field][code_key(group)] for field, group in named.items())
        if twice.found((code_key(matrix["code"]), rated), row, cells):
            continue
        of_product = matrix["rates"].setdefault(
            _place(matrix["rates"], named["product_group"], groups["product_group"]), {}
        )
        place = _place(of_product, named["distributor_group"], groups["distributor_group"])
        rate = Decimal(points[row]).scaleb(-6)
        was = of_product.get(place)
        of_product[place] = plain(rate)
        touched.add(code_key(matrix["code"]))
        created, changed = created + (was is None), changed + (was is not None and Decimal(str(was)) != rate)
    if created or changed:
        _publish(desk, document, [matrices[code] for code in sorted(touched)])
    return Loaded(created, changed, twice.repeated)


def _publish(desk: Desk, document: dict[str, Any], touched: Sequence[Mapping[str, Any]]) -> None:
    """Publish the rates, or leave them as drafts that wait, where the programme asks for a second person."""
    session, program = desk.session, desk.program
    if not two_people.second_person(program):
        programs.load(session, program_files.read(document), actor=desk.actor, now=desk.now, deed="rates_loaded")
        return
    for matrix in touched:
        held = rule_drafts.open_draft_of(session, program.id, matrix["code"])
        written = rule_drafts.put(
            session,
            program,
            RuleDraftSubject.MATRIX,
            matrix,
            draft_id=None if held is None else held.id,
            actor=desk.actor,
            now=desk.now,
        )
        rule_drafts.ask(session, program, written.id, actor=desk.actor, now=desk.now)


def _place(rates: Mapping[str, Any], group: str, ids: Mapping[str, int]) -> str:
    """Find under which of its names a group has rates already; its name as the file has it where it has none."""
    return next((one for one in rates if ids.get(code_key(one)) == ids[code_key(group)]), group)
