"""Moving products and distributors between groups from a day on: a sale is judged by the group of its own day.

The present group stays on the product and the distributor. Who never moved has no rows: the first move writes where
they stood from the beginning, and where they stand from its day on.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.db.many import any_of
from app.domain.documents.placements import beside, in_order
from app.domain.measures.calendar import local_date
from app.models.catalogue import Product, ProductGroup
from app.models.distributors import Distributor, DistributorGroup
from app.models.placements import DistributorPlacement, ProductPlacement, TierChange
from app.models.programs import Program
from app.services.placing import regrouping
from app.services.placing.regrouping import Otherwise

Group: TypeAlias = int | None
Tier: TypeAlias = str | None
Placed: TypeAlias = type[ProductPlacement] | type[DistributorPlacement]


@dataclass(frozen=True)
class Moved:
    """What is about to be in another group: its id, where it stands now, and where it goes."""

    id: int
    was: Group
    becomes: Group


@dataclass(frozen=True)
class Moving:
    """From which day on moves hold that say no day themselves, and who says so when."""

    day: dt.date
    now: dt.datetime
    by: str | None = None


@dataclass(frozen=True)
class Stay:
    """A line of a history: from a day on (None: from the beginning) in this group."""

    from_on: dt.date | None
    group: str | None
    noted_at: dt.datetime
    noted_by: str | None
    reason: str | None


def product_courses(session: Session, program_id: int) -> dict[int, dict[dt.date | None, Group]]:
    """Give, of every product that ever moved, which group it was in from which day on."""
    return _courses(session, ProductPlacement, ProductPlacement.product_id, program_id)


def distributor_courses(
    session: Session, program_id: int, present: Mapping[int, tuple[Group, Tier]]
) -> dict[int, dict[dt.date | None, tuple[Group, Tier]]]:
    """Give, of every distributor that ever moved, which group and tier it was in from which day on."""
    groups = _courses(session, DistributorPlacement, DistributorPlacement.distributor_id, program_id)
    tiers: dict[int, dict[dt.date | None, Tier]] = defaultdict(dict)
    rows = session.execute(
        select(TierChange.distributor_id, TierChange.from_on, TierChange.tier)
        .where(TierChange.program_id == program_id)
        .order_by(TierChange.id)
    )
    for id_, day, tier in rows:
        tiers[id_][day] = tier
    return {
        id_: beside(groups.get(id_, {None: present[id_][0]}), tiers.get(id_, {None: present[id_][1]}))
        for id_ in groups.keys() | tiers.keys()
    }


def _courses(
    session: Session,
    model: Placed,
    thing: InstrumentedAttribute[int],
    program_id: int,
    only: Sequence[int] | None = None,
) -> dict[int, dict[dt.date | None, Group]]:
    courses: dict[int, dict[dt.date | None, Group]] = defaultdict(dict)
    query = select(thing, model.from_on, model.group_id).where(model.program_id == program_id)
    if only is not None:
        query = query.where(thing == any_of(only))
    for id_, day, group in session.execute(query):
        courses[id_][day] = group
    return dict(courses)


@dataclass(frozen=True)
class Kind:
    """What moves: its table, its groups, and the table of its placements."""

    thing: type[Product] | type[Distributor]
    group: type[ProductGroup] | type[DistributorGroup]
    placed: Placed
    key: InstrumentedAttribute[int]


PRODUCTS = Kind(Product, ProductGroup, ProductPlacement, ProductPlacement.product_id)
DISTRIBUTORS = Kind(Distributor, DistributorGroup, DistributorPlacement, DistributorPlacement.distributor_id)


def move(
    session: Session,
    kind: Kind,
    program: Program,
    wanted: Mapping[int, Group],
    from_on: dt.date | None,
    *,
    now: dt.datetime,
    by: str | None = None,
    reason: str | None = None,
) -> list[int]:
    """Put things into groups from a day on; what was noted for later days is dropped. Returns who is elsewhere now.

    A ``from_on`` of None says that they always were there: their history is forgotten. What was counted keeps what it
    earned. The caller holds the programme's row (`catalogue.begin_change`), marks it as changed, and commits.
    """
    here = _held(session, kind, program.id, wanted)
    courses = _courses(session, kind.placed, kind.key, program.id, list(here))
    moves = [
        Moved(id_, was, wanted[id_])
        for id_, was in here.items()
        if not _stands(courses.get(id_, {None: was}), from_on, wanted[id_])
    ]
    begins = from_on is None or from_on <= local_date(now, program.time_zone)
    regrouping.touch_moved(
        *(session, program.id, kind.group),
        _elsewhere(moves, courses, from_on),
        _now_in(moves) if begins else {},
    )
    note(session, kind, program.id, moves, from_on, now=now, by=by, reason=reason)
    if moves and begins:
        rows = [{"id": one.id, "group_id": one.becomes} for one in moves]
        session.execute(update(kind.thing), rows)
    elif moves:
        settle(session, program.id, local_date(now, program.time_zone))
    return [one.id for one in moves]


def _held(session: Session, kind: Kind, program_id: int, wanted: Iterable[int]) -> dict[int, Group]:
    """Hold the rows of things until the transaction ends, and give the group of each."""
    mine = kind.thing.id == any_of(wanted)
    rows = session.execute(
        select(kind.thing.id, kind.thing.group_id)
        .where(mine, kind.thing.program_id == program_id)
        .order_by(kind.thing.id)
        .with_for_update()
    )
    return dict(rows.all())


def _stands(course: Mapping[dt.date | None, Group], from_on: dt.date | None, group: Group) -> bool:
    """Tell whether something is in a group from a day on, and nowhere else after it."""
    if from_on is None:
        return set(course.values()) == {group}
    before = max((day for day in course if day is not None and day <= from_on), default=None)
    return {course[before], *(of for day, of in course.items() if day is not None and day > from_on)} == {group}


def _elsewhere(
    moves: Sequence[Moved], courses: Mapping[int, Mapping[dt.date | None, Group]], from_on: dt.date | None
) -> dict[Otherwise, list[int]]:
    """Give on which days moves change what, and which of them are alike: each stretch from a day on becomes another."""
    found: dict[Otherwise, list[int]] = defaultdict(list)
    for one in moves:
        course = courses.get(one.id, {None: one.was})
        days = in_order(course)
        for day, until in zip(days, [*days[1:], None], strict=True):
            if from_on is None or until is None or until > from_on:
                since = from_on if day is None or (from_on is not None and day < from_on) else day
                found[Otherwise(course[day], one.becomes, since, until)].append(one.id)
    return found


def _now_in(moves: Iterable[Moved]) -> dict[tuple[Group, Group], list[int]]:
    found: dict[tuple[Group, Group], list[int]] = defaultdict(list)
    for one in moves:
        found[one.was, one.becomes].append(one.id)
    return found


class FileMoves:
    """The moves that rows of a file ask for, gathered while the rows are read, and written by their days."""

    def __init__(self, moving: Moving | None) -> None:
        """Take the day that holds where a row says none; None: whatever moves always was where it goes."""
        self.moving = moving
        self.moved: set[int] = set()
        self._by_day: dict[dt.date | None, list[Moved]] = defaultdict(list)

    def note(self, id_: int, was: Group, becomes: Group, said: dt.date | None) -> Group:
        """Note where something goes. Gives the group that it is in now: a day that is still to come changes nothing."""
        if becomes == was:
            return was
        day = None
        if self.moving is not None:
            day = said or (None if was is None else self.moving.day)
        self.moved.add(id_)
        self._by_day[day].append(Moved(id_, was, becomes))
        return becomes if self._begins(day) else was

    def _begins(self, day: dt.date | None) -> bool:
        """Tell whether what moves on a day is there by now."""
        return self.moving is None or day is None or day <= self.moving.day

    def write(self, session: Session, kind: Kind, program_id: int) -> None:
        """Write what was noted; the present groups are written by whoever read the rows."""
        courses = _courses(session, kind.placed, kind.key, program_id, list(self.moved)) if self.moved else {}
        elsewhere: dict[Otherwise, list[int]] = defaultdict(list)
        for day, moves in self._by_day.items():
            for other, ids in _elsewhere(moves, courses, day).items():
                elsewhere[other] += ids
        begin = [one for day, moves in self._by_day.items() if self._begins(day) for one in moves]
        regrouping.touch_moved(session, program_id, kind.group, elsewhere, _now_in(begin))
        for day, moves in self._by_day.items():
            if self.moving is not None:
                note(session, kind, program_id, moves, day, now=self.moving.now, by=self.moving.by)
            else:
                _forget(session, kind, moves)


def day_noted(from_on: dt.date | None) -> dict[str, str]:
    """Say in the audit log from which day on something moved."""
    return {} if from_on is None else {"from": from_on.isoformat()}


def note(
    session: Session,
    kind: Kind,
    program_id: int,
    moves: Sequence[Moved],
    from_on: dt.date | None,
    *,
    now: dt.datetime,
    by: str | None = None,
    reason: str | None = None,
) -> None:
    """Write that things are in another group from a day on, and leave the present group to the caller."""
    if not moves:
        return
    if from_on is None:
        _forget(session, kind, moves)
        return
    same = {"program_id": program_id, "noted_at": now}
    began = [{**same, kind.key.key: one.id, "from_on": None, "group_id": one.was} for one in moves]
    session.execute(insert(kind.placed).on_conflict_do_nothing(), began)
    _forget(session, kind, moves, since=from_on)
    told = {**same, "from_on": from_on, "noted_by": by, "reason": reason}
    session.execute(insert(kind.placed), [{**told, kind.key.key: one.id, "group_id": one.becomes} for one in moves])


def _forget(session: Session, kind: Kind, moves: Sequence[Moved], since: dt.date | None = None) -> None:
    """Drop what was noted of things, or what was noted for a day and those after it."""
    gone = delete(kind.placed).where(kind.key == any_of([one.id for one in moves]))
    if since is not None:
        gone = gone.where(kind.placed.from_on >= since)
    session.execute(gone.execution_options(synchronize_session=False))


def settle(session: Session, program_id: int, today: dt.date) -> int:
    """Make the present group what was noted for today. Returns how many moved. The caller commits.

    Rules do not wait for this: they look at the days.
    """
    moved = 0
    for kind in (PRODUCTS, DISTRIBUTORS):
        newest = (
            select(kind.key.label("thing_id"), kind.placed.group_id)
            .where(kind.placed.program_id == program_id, kind.placed.from_on <= today)
            .ext(distinct_on(kind.key))
            .order_by(kind.key, kind.placed.from_on.desc())
            .subquery()
        )
        elsewhere = session.execute(
            select(kind.thing.id, kind.thing.group_id, newest.c.group_id)
            .join(newest, kind.thing.id == newest.c.thing_id)
            .where(kind.thing.group_id.is_distinct_from(newest.c.group_id))
            .order_by(kind.thing.id)
            .with_for_update(of=kind.thing)
        ).all()
        if elsewhere:
            session.execute(update(kind.thing), [{"id": id_, "group_id": becomes} for id_, _, becomes in elsewhere])
        if kind is DISTRIBUTORS:
            # scopes look at the days and were told before; the target is that of the present group
            now_in = _now_in(Moved(*one) for one in elsewhere)
            regrouping.touch_moved(session, program_id, kind.group, {}, now_in)
        moved += len(elsewhere)
    return moved


def history(session: Session, kind: Kind, thing_id: int) -> list[Stay]:
    """Give the groups that something was in, newest first; nothing where it never moved."""
    rows = session.execute(
        select(kind.placed.from_on, kind.group.name, kind.placed.noted_at, kind.placed.noted_by, kind.placed.reason)
        .outerjoin(kind.group, kind.group.id == kind.placed.group_id)
        .where(kind.key == thing_id)
        .order_by(kind.placed.from_on.desc().nulls_last())
    )
    return [Stay(*row) for row in rows]
