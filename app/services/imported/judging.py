"""What keeps something that an import created or changed from being taken back: use, changes, what was counted."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.db.many import any_of
from app.domain.saying.wording import Said, marked
from app.domain.states import COUNTING, ImportedThing
from app.models.catalogue import ProductGroup
from app.models.distributors import Distributor
from app.models.imports import ImportChange
from app.models.ledger import Account
from app.models.prepaid import Redemption
from app.models.sales import SalesDocument, SalesLine
from app.services.imported import going_back, uses
from app.services.imported.standing import COURSE, KINDS, Standing, standings

MOST_TOLD = 100
"""Things in the way that are told one by one."""

_ = marked
SENTENCES: Mapping[str, str] = {
    "used": _("%(name)s (%(code)s) is in use: %(uses)s."),
    "changed": _("%(name)s (%(code)s) was changed since%(batch)s."),
    "counted": _("%(name)s (%(code)s) was counted since by what this import changed: %(fields)s."),
    "left": _("%(name)s (%(code)s) had branches before import %(left_by)s; undo that first."),
    "no_office": _("%(name)s (%(code)s) cannot be a branch again: its head office of then is none any more."),
    "more": _("And %(count)s more."),
}
BATCH = _(" by import %(batch)s; undo that first")
FIELDS: Mapping[str, str] = {
    "group_id": _("group"),
    COURSE: _("group"),
    "tier": _("tier"),
    "tax_status": _("tax status"),
}
"""What sales are counted by, or what is taken from a reward: of the other fields nothing is made."""

Key: TypeAlias = tuple[ImportedThing, int]


@dataclass(frozen=True)
class InTheWay:
    """Why one thing stays as it is; ``values`` fill its sentence, of which lists are words to be translated."""

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def said(self) -> Said:
        """Give its sentence."""
        told = {
            name: [Said(one) for one in dict.fromkeys(value)] if isinstance(value, list) else value
            for name, value in self.values.items()
        }
        told["batch"] = Said(BATCH, {"batch": str(told["batch"])}) if told.get("batch") else ""
        return Said(SENTENCES[self.code], told)


def told(found: Iterable[InTheWay]) -> list[InTheWay]:
    """Give what can be told one by one, and how many more there are."""
    listed = list(found)
    more = len(listed) - MOST_TOLD
    return listed if more <= 0 else [*listed[:MOST_TOLD], InTheWay("more", {"count": more})]


def judge(session: Session, program_id: int, changes: Sequence[ImportChange]) -> dict[Key, InTheWay]:
    """Give what is in the way of taking these changes back, all together; what can be is not among them."""
    by_thing: dict[ImportedThing, dict[int, ImportChange]] = defaultdict(dict)
    for change in changes:
        by_thing[change.thing][change.thing_id] = change
    found: dict[Key, InTheWay] = {}
    for thing, mine in by_thing.items():
        here = standings(session, KINDS[thing], program_id, list(mine))
        for id_, why in {**_counted(session, thing, mine), **_changed(session, thing, mine, here)}.items():
            found[thing, id_] = why
        created = [id_ for id_, change in mine.items() if change.was is None and (thing, id_) not in found]
        for id_, words in _used(session, thing, created).items():
            found[thing, id_] = InTheWay("used", {**_named(mine[id_]), "uses": words})
        if thing is ImportedThing.DISTRIBUTOR:
            free = {id_: change for id_, change in mine.items() if (thing, id_) not in found}
            for id_, why in {**_left(session, free), **_misplaced(session, free)}.items():
                found[thing, id_] = why
    return found


def _named(change: ImportChange) -> dict[str, Any]:
    return {"name": change.became["name"], "code": change.code}


def _used(session: Session, thing: ImportedThing, ids: Sequence[int]) -> dict[int, list[str]]:
    """Give what uses things, but for those of them that go with them: branches with their head office, and groups."""
    found, free = uses.used(session, thing, ids), set(ids)
    below = _below(session, thing, ids)
    alone = {id_ for id_, words in found.items() if words == [_LED_BY.get(thing)] and below.get(id_, set()) <= free}
    free -= found.keys() - alone
    while stay := {id_ for id_ in alone & free if not below[id_] <= free}:
        free -= stay
    return {id_: words for id_, words in found.items() if id_ not in free}


_LED_BY: Mapping[ImportedThing, str] = {
    ImportedThing.DISTRIBUTOR: uses.USES["distributor.head_office_id"],
    ImportedThing.PRODUCT_GROUP: uses.USES["product_group.parent_id"],
}


def _below(session: Session, thing: ImportedThing, ids: Sequence[int]) -> dict[int, set[int]]:
    """Give who stands below each of these."""
    found: dict[int, set[int]] = defaultdict(set)
    if thing is ImportedThing.PRODUCT:
        return found
    wanted = any_of(ids)
    rows: Select[int | None, int]
    if thing is ImportedThing.DISTRIBUTOR:
        rows = select(Distributor.head_office_id, Distributor.id).where(Distributor.head_office_id == wanted)
    else:
        rows = select(ProductGroup.parent_id, ProductGroup.id).where(ProductGroup.parent_id == wanted)
    for above, id_ in session.execute(rows):
        if above is not None:
            found[above].add(id_)
    return found


def _left(session: Session, mine: Mapping[int, ImportChange]) -> dict[int, InTheWay]:
    """Find head offices to which branches go back once a later import is undone."""
    created = {id_: change for id_, change in mine.items() if change.was is None}
    first = min((change.batch_id for change in created.values()), default=0)
    later = going_back.left_by_later(session, list(created), first)
    return {
        id_: InTheWay("left", {**_named(created[id_]), "left_by": str(batch_id)}) for id_, batch_id in later.items()
    }


def _misplaced(session: Session, mine: Mapping[int, ImportChange]) -> dict[int, InTheWay]:
    """Find branches whose head office of then is gone, or a branch itself by now."""
    back = {
        id_: change.was["head_office_id"]
        for id_, change in mine.items()
        if change.was is not None and change.was["head_office_id"] != change.became["head_office_id"]
    }
    going = {id_ for id_, change in mine.items() if change.was is None}
    return {id_: InTheWay("no_office", _named(mine[id_])) for id_ in going_back.misplaced_again(session, back, going)}


def _changed(
    session: Session, thing: ImportedThing, mine: Mapping[int, ImportChange], here: Mapping[int, Standing]
) -> dict[int, InTheWay]:
    """Find what is not any more as the import left it, and the later import that made it so."""
    other = [id_ for id_, change in mine.items() if id_ not in here or not here[id_].is_as(change.became)]
    if not other:
        return {}
    batch_id = min(change.batch_id for change in mine.values())
    later = dict(
        session.execute(
            select(ImportChange.thing_id, func.max(ImportChange.batch_id))
            .where(
                ImportChange.thing == thing,
                ImportChange.thing_id == any_of(other),
                ImportChange.batch_id > batch_id,
                ImportChange.undone_at.is_(None),
            )
            .group_by(ImportChange.thing_id)
        ).all()
    )
    return {id_: InTheWay("changed", {**_named(mine[id_]), "batch": later.get(id_)}) for id_ in other}


def _counted(session: Session, thing: ImportedThing, mine: Mapping[int, ImportChange]) -> dict[int, InTheWay]:
    """Find what documents were counted by, or a tax was computed by, since the import changed it."""
    changed: dict[int, list[str]] = {}
    for id_, change in mine.items():
        was = change.was
        if was is not None:
            fields = [name for name in FIELDS if was.get(name) != change.became.get(name)]
            if fields:
                changed[id_] = [FIELDS[name] for name in fields]
    if not changed:
        return {}
    since = min(mine[id_].noted_at for id_ in changed)
    found = {id_ for rows in _since(thing, list(changed), since) for id_ in session.scalars(rows) if id_ is not None}
    return {id_: InTheWay("counted", {**_named(mine[id_]), "fields": changed[id_]}) for id_ in sorted(found)}


def _since(thing: ImportedThing, ids: Sequence[int], since: dt.datetime) -> list[Select[Any]]:
    wanted = any_of(ids)
    counted = (SalesDocument.counted_at >= since, SalesDocument.status.in_(COUNTING))
    if thing is ImportedThing.PRODUCT:
        lines = select(SalesLine.product_id).join(SalesDocument, SalesDocument.id == SalesLine.document_id)
        return [lines.where(SalesLine.product_id == wanted, *counted).distinct()]
    taxed = (
        select(Account.distributor_id)
        .join(Redemption, Redemption.account_id == Account.id)
        .where(Account.distributor_id == wanted, Redemption.created_at >= since)
    )
    documents = select(SalesDocument.distributor_id).where(SalesDocument.distributor_id == wanted, *counted)
    return [documents.distinct(), taxed.distinct()]
