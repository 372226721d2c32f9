"""Points to be given or taken by hand, many at once: each row asks, and a second person decides."""

from app.domain.codes import code_key
from app.domain.states import Outcome
from app.services import adjustments, distributors
from app.services.adjustments import REASONS
from importers.kinds.desk import Desk, Loaded
from importers.kinds.figures import points_of
from importers.kinds.rows import ThingRows
from importers.problems import Problems


def load(desk: Desk, rows: ThingRows, problems: Problems) -> Loaded:
    """Ask for the adjustments; a row that asked before, by its reference or as the same row of the same file, is known.

    A distributor that nobody knows holds its row.
    """
    points = points_of(desk, rows, "points", problems)
    known = distributors.distributor_ids(desk.session, desk.program.id)
    asked = repeated = 0
    for row, cells in rows:
        amount = points.get(row)
        if amount is None:
            continue
        code, reason = str(cells["distributor"]), (cells.get("reason") or "other").casefold()
        owner = known.get(code_key(code))
        if owner is None:
            problems.add(row, Outcome.HELD, "unknown_distributor", found=repr(code))
        elif reason not in REASONS:
            expected = ", ".join(REASONS)
            field = rows.columns["reason"]
            problems.add(row, Outcome.REFUSED, "no_such_value", field=field, found=repr(reason), expected=expected)
        elif amount == 0:
            problems.add(row, Outcome.REFUSED, "nothing_to_adjust", field=rows.columns["points"])
        else:
            made = adjustments.request_once(
                desk.session,
                desk.program,
                owner,
                amount,
                key=cells.get("reference") or f"{desk.file.hex()}:{row}",
                reason_code=reason,
                note=str(cells["note"]),
                actor=desk.actor,
                now=desk.now,
            )
            asked, repeated = asked + (made is not None), repeated + (made is None)
    return Loaded(asked, 0, repeated)
