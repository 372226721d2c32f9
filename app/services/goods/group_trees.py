"""Groups of products and of distributors: made, renamed, and put below one another, without circles."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.domain.typed.codes import by_every_name, code_key
from app.models.catalogue import ProductGroup
from app.models.distributors import DistributorGroup
from app.models.programs import Program
from app.services import audit
from app.services.goods.catalogue import begin_change, mark_changed
from app.services.placing import regrouping
from app.services.placing.placements import Kind


@dataclass(frozen=True)
class Branch:
    """A group in its tree: how deep it stands, and how much is in it now."""

    id: int
    depth: int
    code: str
    name: str
    parent_id: int | None
    members: int


class NameTaken(ValueError):
    """Another group of the programme is called so already: rules could not tell them apart."""


class Circle(ValueError):
    """A group cannot stand below itself, or below what is below it."""


def tree(session: Session, kind: Kind, program_id: int) -> list[Branch]:
    """Lay the groups of a programme out, each below the one above it."""
    rows = session.execute(
        select(kind.group.id, kind.group.parent_id, kind.group.code, kind.group.name, func.count(kind.thing.id))
        .outerjoin(kind.thing, kind.thing.group_id == kind.group.id)
        .where(kind.group.program_id == program_id)
        .group_by(kind.group.id)
        .order_by(kind.group.name, kind.group.id)
    )
    below: dict[int | None, list[tuple[int, str, str, int]]] = {}
    for id_, parent, code, name, members in rows:
        below.setdefault(parent, []).append((id_, code, name, members))
    laid: list[Branch] = []
    waiting: list[tuple[int, int | None, tuple[int, str, str, int]]] = [
        (0, None, one) for one in reversed(below.get(None, []))
    ]
    while waiting:
        depth, parent, (id_, code, name, members) = waiting.pop()
        laid.append(Branch(id_, depth, code, name, parent, members))
        waiting += [(depth + 1, id_, one) for one in reversed(below.get(id_, []))]
    return laid


def create(
    session: Session,
    kind: Kind,
    program: Program,
    code: str,
    name: str,
    parent_id: int | None,
    *,
    actor: str,
    now: dt.datetime,
) -> int:
    """Make a group. Gives its id. The caller commits.

    Raises:
        NameTaken: A group is called by this code or name already.
        LookupError: There is no such group to stand below.
    """
    begin_change(session, program.id)
    _expect_free(session, kind, program.id, None, code, name)
    _expect_parent(session, kind, program.id, parent_id)
    made = kind.group(
        program_id=program.id, code=code, code_key=code_key(code), name=name, aliases=[], parent_id=parent_id
    )
    session.add(made)
    session.flush()
    mark_changed(session, program.id)
    after = {"name": name, "below": _name_of(session, kind, parent_id)}
    audit.note(session, actor, _action(kind, "create"), code, now=now, program_id=program.id, after=after)
    return made.id


def change(
    session: Session,
    kind: Kind,
    program: Program,
    group_id: int,
    name: str,
    parent_id: int | None,
    *,
    actor: str,
    now: dt.datetime,
) -> bool:
    """Rename a group, or put it below another one or at the top. False where it is so already. The caller commits.

    Rules that name it by its code go on; what stands below it goes with it.

    Raises:
        NameTaken: Another group is called so.
        Circle: It would stand below itself.
        LookupError: There is no such group.
    """
    begin_change(session, program.id)
    found = _held(session, kind, program.id, group_id)
    if (found.name, found.parent_id) == (name, parent_id):
        return False
    if found.name != name:
        _expect_free(session, kind, program.id, group_id, name)
    _expect_parent(session, kind, program.id, parent_id)
    _expect_no_circle(session, kind, program.id, group_id, parent_id)
    before = {"name": found.name, "below": _name_of(session, kind, found.parent_id)}
    with regrouping.watching(session, program.id, kind.group):
        found.name, found.parent_id = name, parent_id
        session.flush()
    mark_changed(session, program.id)
    after = {"name": name, "below": _name_of(session, kind, parent_id)}
    audit.note(
        session, actor, _action(kind, "change"), found.code, now=now, program_id=program.id, before=before, after=after
    )
    return True


def _action(kind: Kind, what: str) -> str:
    return f"{kind.group.__tablename__}.{what}"


def _held(session: Session, kind: Kind, program_id: int, group_id: int) -> ProductGroup | DistributorGroup:
    found: Any = session.scalars(
        select(kind.group)
        .where(kind.group.id == group_id, kind.group.program_id == program_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if not isinstance(found, ProductGroup | DistributorGroup):
        raise LookupError(group_id)
    return found


def _name_of(session: Session, kind: Kind, group_id: int | None) -> str | None:
    if group_id is None:
        return None
    return session.scalars(select(kind.group.name).where(kind.group.id == group_id)).one()


def _expect_free(session: Session, kind: Kind, program_id: int, but: int | None, *names: str) -> None:
    rows = session.execute(
        select(kind.group.id, kind.group.code, kind.group.name, kind.group.aliases).where(
            kind.group.program_id == program_id, kind.group.id.is_distinct_from(but)
        )
    )
    taken = by_every_name(row for row in rows)
    for name in names:
        if code_key(name) in taken:
            raise NameTaken(name)


def _expect_parent(session: Session, kind: Kind, program_id: int, parent_id: int | None) -> None:
    if parent_id is not None and parent_id not in _parents(session, kind, program_id):
        raise LookupError(parent_id)


def _expect_no_circle(session: Session, kind: Kind, program_id: int, group_id: int, parent_id: int | None) -> None:
    parents, above = _parents(session, kind, program_id), parent_id
    while above is not None:
        if above == group_id:
            raise Circle(group_id)
        above = parents.get(above)


def _parents(session: Session, kind: Kind, program_id: int) -> dict[int, int | None]:
    rows = session.execute(select(kind.group.id, kind.group.parent_id).where(kind.group.program_id == program_id))
    return dict(rows.all())
