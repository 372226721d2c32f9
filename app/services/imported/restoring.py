"""Taking back what an import did to things: what it created goes, what it changed is again what it was."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session

from app.db.letting_go import let_distributors_go, let_products_go
from app.db.many import any_of
from app.domain.measures.calendar import local_date
from app.domain.saying.sorting import sort_key
from app.domain.states import ImportedThing, TaxStatus
from app.models.aliases import UnknownName
from app.models.catalogue import ProductGroup
from app.models.imports import ImportChange
from app.models.placements import TierStanding
from app.models.programs import Program
from app.services import audit
from app.services.goods.catalogue import mark_changed
from app.services.imported.standing import COURSE, KINDS, Kind
from app.services.participants import tax_statuses
from app.services.placing import placements, tier_changes
from app.services.placing.placements import Moving


def take_back(
    session: Session, program: Program, changes: Sequence[ImportChange], *, actor: str, now: dt.datetime, reason: str
) -> list[ImportChange]:
    """Take changes back that nothing is in the way of. Gives those that are; the caller commits.

    Something may have come into use since it was judged: the database looks once more, and that stays.
    """
    done: list[ImportChange] = []
    for thing, kind in KINDS.items():
        mine = [one for one in changes if one.thing == thing]
        created = {one.thing_id: one for one in mine if one.was is None}
        gone = _let_go(session, kind, list(created))
        changed = [one for one in mine if one.was is not None]
        _make_as_before(session, program, kind, changed, actor=actor, now=now, reason=reason)
        done += [*(created[id_] for id_ in gone), *changed]
    for one in done:
        one.undone_at = now
    session.flush()
    if done:
        mark_changed(session, program.id)
    return done


def _let_go(session: Session, kind: Kind, ids: Sequence[int]) -> set[int]:
    if not ids:
        return set()
    mine = any_of(ids)
    if kind.thing is ImportedThing.PRODUCT_GROUP:
        gone = delete(ProductGroup).where(ProductGroup.id == mine).returning(ProductGroup.id)
        return set(session.scalars(gone.execution_options(synchronize_session=False)))
    proposed = UnknownName.product_id if kind.thing is ImportedThing.PRODUCT else UnknownName.distributor_id
    nothing: dict[str, Any] = {proposed.key: None, "score": 0, "why": None}
    unlike = update(UnknownName).where(proposed == mine).values(nothing)
    session.execute(unlike.execution_options(synchronize_session=False))
    if kind.thing is ImportedThing.PRODUCT:
        return let_products_go(session, ids)
    judged = delete(TierStanding).where(TierStanding.distributor_id == mine)
    session.execute(judged.execution_options(synchronize_session=False))
    return let_distributors_go(session, ids)


def _make_as_before(
    session: Session,
    program: Program,
    kind: Kind,
    changes: Sequence[ImportChange],
    *,
    actor: str,
    now: dt.datetime,
    reason: str,
) -> None:
    if not changes:
        return
    _move_back(session, program, kind, changes, actor=actor, now=now, reason=reason)
    rows = []
    for one in changes:
        was = dict(one.was or {})
        rows.append(
            {"id": one.thing_id}
            | {name: _value(name, was[name]) for name in kind.fields if name in was}
            | ({"sort_key": sort_key(was["name"], program.locale)} if kind.moves is not None else {})
        )
    session.execute(update(kind.model), rows)
    if kind.thing is ImportedThing.DISTRIBUTOR:
        _say_again(session, program, changes, actor=actor, now=now, reason=reason)


def _value(name: str, kept: Any) -> Any:
    """Give a value as the model has it."""
    if kept is not None and name.endswith("_on"):
        return dt.date.fromisoformat(kept)
    return TaxStatus(kept) if name == "tax_status" else kept


def _move_back(
    session: Session,
    program: Program,
    kind: Kind,
    changes: Sequence[ImportChange],
    *,
    actor: str,
    now: dt.datetime,
    reason: str,
) -> None:
    """Let things be in their groups on the days on which they were before.

    Promotions are told by the move; then the history is written as it was, for nothing was counted by the other one.
    """
    if kind.moves is None:
        return
    placed, key = kind.moves.placed, kind.moves.key
    back: dict[dt.date | None, dict[int, int | None]] = defaultdict(dict)
    for one in changes:
        was, became = dict(one.was or {}), one.became
        if (was.get(COURSE), was["group_id"]) != (became.get(COURSE), became["group_id"]):
            day = _first_other_day(_days(was), _days(became))
            back[day][one.thing_id] = _days(was).get(day, was["group_id"])
    for day, wanted in back.items():
        placements.move(session, kind.moves, program, wanted, day, now=now, by=actor, reason=reason)
    moved = {id_ for wanted in back.values() for id_ in wanted}
    forgotten = delete(placed).where(key == any_of(sorted(moved)))
    session.execute(forgotten.execution_options(synchronize_session=False))
    stays = [
        {**stay, "program_id": program.id, key.key: one.thing_id}
        | {"from_on": _value("from_on", stay["from_on"]), "noted_at": dt.datetime.fromisoformat(stay["noted_at"])}
        for one in changes
        if one.thing_id in moved
        for stay in (one.was or {}).get(COURSE, ())
    ]
    if stays:
        session.execute(insert(placed), stays)


def _days(values: Mapping[str, Any]) -> dict[dt.date | None, int | None]:
    """Give the group of a thing from each of its days on."""
    course = values.get(COURSE) or [{"from_on": None, "group_id": values["group_id"]}]
    return {_value("from_on", stay["from_on"]): stay["group_id"] for stay in course}


def _first_other_day(
    was: Mapping[dt.date | None, int | None], became: Mapping[dt.date | None, int | None]
) -> dt.date | None:
    """Give the first day on which something is in another group; none: from the beginning."""
    if was.get(None) != became.get(None):
        return None
    days = sorted(day for day in was.keys() | became.keys() if day is not None and was.get(day) != became.get(day))
    return days[0] if days else None


def _say_again(
    session: Session, program: Program, changes: Sequence[ImportChange], *, actor: str, now: dt.datetime, reason: str
) -> None:
    """Write into the histories of tiers and tax statuses what holds again, from the day on which the import said so."""
    by_day: dict[dt.date, list[tuple[ImportChange, Mapping[str, Any]]]] = defaultdict(list)
    for change in changes:
        by_day[local_date(change.noted_at, program.time_zone)].append((change, dict(change.was or {})))
    for day, mine in by_day.items():
        moving = Moving(day, now, actor)
        tiers = {
            one.thing_id: (one.became["tier"], was["tier"]) for one, was in mine if one.became["tier"] != was["tier"]
        }
        tier_changes.by_person(session, program.id, tiers, moving, reason)
        statuses = {
            one.thing_id: (TaxStatus(one.became["tax_status"]), TaxStatus(was["tax_status"]))
            for one, was in mine
            if one.became["tax_status"] != was["tax_status"]
        }
        tax_statuses.note(session, program.id, statuses, moving, reason=reason)
        for one, was in mine:
            if was["head_office_id"] != one.became["head_office_id"]:
                audit.note(
                    session,
                    actor,
                    "distributor.change",
                    one.code,
                    now=now,
                    program_id=program.id,
                    before={"head_office_id": one.became["head_office_id"]},
                    after={"head_office_id": was["head_office_id"]},
                    reason=reason,
                )
