"""What happened beside sales, from a file: trainings, surveys, reviews, birthdays, events of the programme's own."""

from app.domain.rules.happening import BY_HAND
from app.domain.states import Event, Outcome
from app.domain.typed.codes import code_key
from app.services.occasions import events
from app.services.participants import distributors
from importers.kinds.desk import Desk, Loaded
from importers.kinds.figures import days_until
from importers.kinds.rows import ThingRows
from importers.problems.problems import Problems


def load(desk: Desk, rows: ThingRows, problems: Problems) -> Loaded:
    """Tell what happened, and let rules reward it; what was told before is known.

    A reference that told something else of the distributor is refused: numbers that begin with 1 in each file name
    nothing. A distributor that nobody knows holds its row. What the house sees itself, as a registration, is not told
    by files, and what is still to come has not happened.
    """
    days = days_until(desk, rows, "on", problems)
    known = distributors.distributor_ids(desk.session, desk.program.id)
    told: dict[int, events.Told] = {}
    for row, cells in rows:
        owner = known.get(code_key(str(cells["distributor"])))
        event = _event(row, str(cells["event"]), rows, problems)
        if owner is None:
            problems.add(row, Outcome.HELD, "unknown_distributor", found=repr(cells["distributor"]))
        if row in problems.outcome or owner is None or event is None:
            continue
        about, on = cells.get("about"), days[row]
        key = cells.get("reference") or events.key_by_hand(event, about, on)
        told[row] = events.Told(owner, event, key, on, about)
    _leave_out_taken(desk, rows, told, problems)
    new = events.record(desk.session, desk.program.id, list(told.values()), actor=desk.actor, now=desk.now).new
    return Loaded(new, 0, len(told) - new)


def _leave_out_taken(desk: Desk, rows: ThingRows, told: dict[int, events.Told], problems: Problems) -> None:
    """Refuse what has a reference under which another day, or something about something else, was told."""
    before = events.told_before(desk.session, desk.program.id, list(told.values()))
    cells = dict(rows)
    here: dict[tuple[int, Event, str], events.Told] = {}
    for (row, one), was in zip(list(told.items()), before, strict=True):
        first = was or here.setdefault((one.distributor_id, one.event, one.key), one)
        reference = cells[row].get("reference")
        if reference is None or _same(first, one):
            continue
        del told[row]
        found = {"field": rows.columns["reference"], "found": repr(reference)}
        said = {"told_on": first.on.isoformat(), "about": first.about or "-"}
        problems.add(row, Outcome.REFUSED, "reference_told_before", **found, **said)


def _same(one: events.Told, other: events.Told) -> bool:
    return one.on == other.on and code_key(one.about or "") == code_key(other.about or "")


def _event(row: int, typed: str, rows: ThingRows, problems: Problems) -> Event | None:
    try:
        event = Event(typed.casefold().replace("-", "_").replace(" ", "_"))
    except ValueError:
        event = None
    if event in BY_HAND:
        return event
    field, expected = rows.columns["event"], ", ".join(BY_HAND)
    problems.add(row, Outcome.REFUSED, "no_such_value", field=field, found=repr(typed), expected=expected)
    return None
