"""Distributors from a file."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from app.domain.documents.hierarchy import Misplaced, misplaced
from app.domain.measures.calendar import local_date
from app.domain.states import Outcome, TaxStatus
from app.domain.taxes.tax_ids import fault_of
from app.domain.typed.codes import code_key
from app.domain.typed.countries import country_kept, is_country
from app.services import audit
from app.services.goods.catalogue import begin_change
from app.services.participants import distributor_rows, distributors
from app.services.participants.distributor_rows import DistributorRow
from app.services.participants.head_offices import head_offices
from importers.kinds.desk import Desk, Loaded, moving_of
from importers.kinds.figures import days_of, past_days_of
from importers.kinds.lost_zeros import lost_zeros
from importers.kinds.named_rows import noticed
from importers.kinds.rows import Cells, ThingRows
from importers.kinds.shared_tax_ids import shared_tax_ids
from importers.layout.words.known import tax_status_called
from importers.problems.problems import Problems


def load(desk: Desk, rows: ThingRows, problems: Problems) -> Loaded:
    """Create and change distributors. A group, a tier or a head office that the programme lacks holds the row.

    A head office may come in the same file, in any row of it. A distributor that moves is in its new group from the day
    its row says, else from today on. Who is new takes part since the day that its row says, else since today, or since
    the programme's first day while nothing was sold in it: what was sold before is still to come.

    A country is kept by its two letters, whatever the file calls it. One that nobody knows is noticed and stays, and so
    is a tax id that cannot be, or that another company has: its distributor may be right all the same. So is a new code
    that somebody else has but for zeros in front.
    """
    program = desk.program
    good = _typed(desk, rows, problems)
    begin_change(desk.session, program.id)
    was = head_offices(desk.session, program.id)
    _leave_out_misplaced(was, good, problems)
    today = local_date(desk.now, program.time_zone)
    zeros = lost_zeros({row: one.code for row, one in good.items()}, was)
    shared = shared_tax_ids(good, distributors.tax_ids(desk.session, program.id), was)
    usual = distributor_rows.new_since(desk.session, program, desk.now)
    loaded = distributor_rows.put_distributors(
        desk.session,
        program.id,
        program.locale,
        list(good.values()),
        enrolled_on=usual,
        may_owe=desk.settings.returns == "negative",
        moving=moving_of(desk),
    )
    _note_head_offices(desk, was, good.values())
    since = _since(loaded[0], good.values(), usual, today)
    return Loaded(*loaded, noticed=[*_no_tax_ids(good, program.country), *_no_countries(good), *shared, *zeros, *since])


def _typed(desk: Desk, rows: ThingRows, problems: Problems) -> dict[int, DistributorRow]:
    """Read what each row says of a distributor; what is wrong with one is a problem of its row."""
    since = days_of(desk, rows, "group_from", problems)
    birthdays = past_days_of(desk, rows, "birthday", problems)
    enrolled = days_of(desk, rows, "enrolled_on", problems)
    groups = distributors.group_ids(desk.session, desk.program.id)
    good: dict[int, DistributorRow] = {}
    for row, cells in rows:
        if row in problems.outcome:
            continue
        group, told = cells.get("group"), cells.get("tax_status")
        status = tax_status_called(told) if told is not None else None
        group_id = groups.get(code_key(group)) if group is not None else None
        if group is not None and group_id is None:
            problems.add(row, Outcome.HELD, "unknown_group", found=repr(group))
            continue
        if told is not None and status is None:
            field, expected = rows.columns["tax_status"], ", ".join(TaxStatus)
            problems.add(row, Outcome.REFUSED, "no_such_value", field=field, found=repr(told), expected=expected)
            continue
        tier = _tier(desk, rows, row, cells, problems)
        if row in problems.outcome:
            continue
        good[row] = DistributorRow(
            code=str(cells["code"]),
            name=str(cells["name"]),
            head_office=cells.get("head_office"),
            group_id=group_id,
            tier=tier,
            tax_id=cells.get("tax_id"),
            tax_status=status,
            country=country_kept(cells.get("country")),
            region=cells.get("region"),
            city=cells.get("city"),
            group_from=since.get(row),
            birthday_on=birthdays.get(row),
            enrolled_on=enrolled.get(row),
        )
    return good


def _tier(desk: Desk, rows: ThingRows, row: int, cells: Cells, problems: Problems) -> str | None:
    """Read a tier by the code that the programme has for it; one that it does not have holds the row.

    A programme that has none of its own takes what files call so.
    """
    told, tiers = cells.get("tier"), desk.settings.tiers
    if told is None or not tiers.levels:
        return told
    level = tiers.level(told)
    if level is None:
        field, expected = rows.columns["tier"], ", ".join(one.code for one in tiers.levels)
        problems.add(row, Outcome.HELD, "no_such_value", field=field, found=repr(told), expected=expected)
        return None
    return level.code


def _no_tax_ids(rows: Mapping[int, DistributorRow], country: str | None) -> list[dict[str, Any]]:
    """Tell of tax ids that cannot be by the rules of their country, else of the programme's."""
    wrong = {
        row: one.tax_id
        for row, one in rows.items()
        if one.tax_id is not None and fault_of(one.tax_id, one.country or country) is not None
    }
    return noticed("tax_ids_cannot_be", wrong)


def _no_countries(rows: Mapping[int, DistributorRow]) -> list[dict[str, Any]]:
    """Tell of countries that nobody knows, by none of whose rules a tax id is checked."""
    wrong = {row: one.country for row, one in rows.items() if one.country and not is_country(one.country)}
    return noticed("countries_unknown", wrong)


def _since(created: int, rows: Iterable[DistributorRow], usual: dt.date, today: dt.date) -> list[dict[str, Any]]:
    """Tell since when those take part whose rows do not say it, where that is another day than today."""
    if not created or usual == today or all(row.enrolled_on for row in rows):
        return []
    return [{"code": "enrolled_since_the_start", "from_on": usual.isoformat()}]


def _leave_out_misplaced(here: Mapping[str, str | None], good: dict[int, DistributorRow], problems: Problems) -> None:
    """Take rows out whose head office cannot be one, until all that are left fit together."""
    while True:
        rows = {code_key(one.code): row for row, one in good.items()}
        said = {key: code_key(good[row].head_office or "") for key, row in rows.items() if good[row].head_office}
        wrong = misplaced({**dict.fromkeys(rows), **here}, said)
        if not wrong:
            return
        for key, why in wrong.items():
            outcome = Outcome.HELD if why is Misplaced.UNKNOWN else Outcome.REFUSED
            problems.add(rows[key], outcome, why.value, found=repr(good.pop(rows[key]).head_office))


def _note_head_offices(desk: Desk, was: Mapping[str, str | None], rows: Iterable[DistributorRow]) -> None:
    """Note who has another head office now: its owner reads what is theirs."""
    codes = {} if not any(row.head_office for row in rows) else distributors.codes(desk.session, desk.program.id)
    for row in rows:
        key, office = code_key(row.code), code_key(row.head_office) if row.head_office else None
        before = was.get(key)
        if office is not None and office != before:
            audit.note(
                desk.session,
                desk.actor,
                "distributor.change",
                codes[key],
                now=desk.now,
                program_id=desk.program.id,
                before={"head_office": codes[before] if before else None},
                after={"head_office": codes[office]},
            )
