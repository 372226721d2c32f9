"""Points or money to be given or taken by hand, many at once: each row asks, and a second person decides.

What is given and what is taken stand in columns of their own, and neither has a sign: nobody takes by mistake what was
to be given. Points and money have two columns each, so that nobody gives as points what was to be money.
"""

from collections.abc import Sequence
from typing import Any

from app.domain.states import Outcome, Unit
from app.domain.typed.codes import code_key
from app.models.desk import AdjustmentRequest
from app.models.distributors import Distributor
from app.services.by_hand import adjustments
from app.services.by_hand.adjustments import AskedOtherwise, NoMoney
from app.services.participants import distributors
from app.services.rulebooks import rules_of
from importers.kinds.desk import Desk, Loaded
from importers.kinds.figures import money_of, points_of
from importers.kinds.rows import ThingRows
from importers.problems.problems import Problems

_MOST_NAMED = 10


def load(desk: Desk, rows: ThingRows, problems: Problems) -> Loaded:
    """Ask for the adjustments; a row that asked for the same before is known.

    It is told by its reference, which may ask for many distributors and once for each, or else as the same row of the
    same file. What asked for something else then is refused: numbers that begin with 1 in each file name nothing. A
    distributor that nobody knows holds its row. A row without a reference that asks for what another one did, in the
    same file or before, asks once more, which is noticed: the file may only have been saved anew.
    """
    amounts = _amounts(desk, rows, problems)
    known = distributors.distributor_ids(desk.session, desk.program.id)
    accounts = desk.settings.accounts
    owners = {owner for row, cells in rows if (owner := known.get(code_key(str(cells["distributor"])))) is not None}
    before = adjustments.asked_before(desk.session, desk.program, owners)
    again: list[int] = []
    asked = repeated = 0
    for row, cells in rows:
        if row not in amounts:
            continue
        unit, amount = amounts[row]
        code = str(cells["distributor"])
        written = cells.get("reason") or accounts.reasons()[-1][0]
        owner, reason = known.get(code_key(code)), accounts.reason_of(written)
        if owner is None:
            problems.add(row, Outcome.HELD, "unknown_distributor", found=repr(code))
        elif reason is None:
            expected = ", ".join(one for one, _ in accounts.reasons())
            field = rows.columns["reason"]
            problems.add(row, Outcome.REFUSED, "no_such_value", field=field, found=repr(written), expected=expected)
        else:
            reference = cells.get("reference")
            try:
                made = adjustments.request_once(
                    desk.session,
                    desk.program,
                    owner,
                    amount,
                    unit=unit,
                    key=reference or f"{desk.file.hex()}:{row}",
                    code=code if reference else None,
                    reason_code=reason,
                    note=str(cells["note"]),
                    actor=desk.actor,
                    now=desk.now,
                )
            except NoMoney:
                problems.add(row, Outcome.REFUSED, "no_money_here")
            except AskedOtherwise as taken:
                _refuse_taken(desk, rows, problems, row, reference, taken.before)
            else:
                asked, repeated = asked + (made is not None), repeated + (made is None)
                wanted = owner, unit, amount, reason, str(cells["note"]).strip()
                if made is not None and reference is None and wanted in before:
                    again.append(row)
                before.add(wanted)
    return Loaded(asked, 0, repeated, noticed=_once_more(again))


def _once_more(rows: Sequence[int]) -> list[dict[str, Any]]:
    """Tell of rows that ask for what was asked."""
    found = ", ".join([*map(str, rows[:_MOST_NAMED]), *(["…"] if len(rows) > _MOST_NAMED else [])])
    return [{"code": "asked_once_more", "count": len(rows), "found": found}] if rows else []


def _refuse_taken(
    desk: Desk, rows: ThingRows, problems: Problems, row: int, reference: str | None, before: AdjustmentRequest
) -> None:
    """Say what the reference, or the same row of the same file, asked for before."""
    told = {
        "points": rules_of(desk.session, desk.program.id).in_words(before.unit, before.amount),
        "distributor": desk.session.get_one(Distributor, before.distributor_id).code,
        "note": before.note,
    }
    if reference is None:
        problems.add(row, Outcome.REFUSED, "row_asked_before", **told)
    else:
        found = {"field": rows.columns["reference"], "found": repr(reference)}
        problems.add(row, Outcome.REFUSED, "reference_asked_before", **found, **told)


_GIVEN = ("credit", "money_credit")
_FIELDS = {Unit.POINTS: ("credit", "debit"), Unit.MONEY: ("money_credit", "money_debit")}


def _amounts(desk: Desk, rows: ThingRows, problems: Problems) -> dict[int, tuple[Unit, int]]:
    """Give what each row gives (above zero) or takes (below zero), and of what, of the one cell that says so."""
    reading = {Unit.POINTS: points_of, Unit.MONEY: money_of}
    units = {field: unit for unit, fields in _FIELDS.items() for field in fields}
    read = {field: reading[unit](desk, rows, field, problems) for field, unit in units.items()}
    found: dict[int, tuple[Unit, int]] = {}
    for row, cells in rows:
        filled = [field for field in read if cells.get(field) is not None]
        if len(filled) != 1:
            problems.add(row, Outcome.REFUSED, "credit_or_debit")
            continue
        (field,) = filled
        amount = read[field].get(row)
        if amount is None:
            continue  # it is no number, and was said to be none
        if amount < 0:
            told = {"field": rows.columns[field], "found": repr(cells[field])}
            problems.add(row, Outcome.REFUSED, "sign_in_a_column", **told)
        elif amount == 0:
            problems.add(row, Outcome.REFUSED, "nothing_to_adjust", field=rows.columns[field])
        else:
            found[row] = units[field], amount if field in _GIVEN else -amount
    return found
