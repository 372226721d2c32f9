"""Distributors from a file."""

from app.domain.calendar import local_date
from app.domain.codes import code_key
from app.domain.states import Outcome, TaxStatus
from app.services import distributors
from app.services.distributors import DistributorRow
from importers.kinds.desk import Desk, Loaded
from importers.kinds.rows import ThingRows
from importers.problems import Problems


def load(desk: Desk, rows: ThingRows, problems: Problems) -> Loaded:
    """Create and change distributors. A group that the programme does not have holds the row."""
    program = desk.program
    groups = distributors.group_ids(desk.session, program.id)
    good: list[DistributorRow] = []
    for row, cells in rows:
        group, status = cells.get("group"), cells.get("tax_status")
        group_id = groups.get(code_key(group)) if group is not None else None
        if group is not None and group_id is None:
            problems.add(row, Outcome.HELD, "unknown_group", found=repr(group))
            continue
        if status is not None and status.casefold() not in set(TaxStatus):
            expected = ", ".join(TaxStatus)
            problems.add(
                row, Outcome.REFUSED, "no_such_value", field="tax_status", found=repr(status), expected=expected
            )
            continue
        good.append(
            DistributorRow(
                code=str(cells["code"]),
                name=str(cells["name"]),
                group_id=group_id,
                tier=cells.get("tier"),
                tax_id=cells.get("tax_id"),
                tax_status=TaxStatus(status.casefold()) if status is not None else None,
                country=cells.get("country"),
                region=cells.get("region"),
                city=cells.get("city"),
            )
        )
    return Loaded(
        *distributors.put_distributors(
            desk.session,
            program.id,
            program.locale,
            good,
            enrolled_on=local_date(desk.now, program.time_zone),
            may_owe=desk.settings.returns == "negative",
        )
    )
